package broker

import (
	"fmt"
	"slices"
)

// Span is a run of places in the log.
type Span struct{ First, Last uint64 }

func (s Span) String() string {
	if s.First == s.Last {
		return fmt.Sprint(s.First)
	}
	return fmt.Sprintf("%d to %d", s.First, s.Last)
}

// Places counts those of spans.
func Places(spans []Span) (n uint64) {
	for _, s := range spans {
		n += s.Last - s.First + 1
	}
	return n
}

// addSpan adds the places first to last, which come after those that there are.
func addSpan(spans []Span, first, last uint64) []Span {
	if first > last {
		return spans
	}
	if n := len(spans); n > 0 && spans[n-1].Last+1 == first {
		spans[n-1].Last = last
		return spans
	}
	return append(spans, Span{first, last})
}

func within(spans []Span, seq uint64) bool {
	_, found := slices.BinarySearchFunc(spans, seq, func(s Span, seq uint64) int {
		switch {
		case s.Last < seq:
			return -1
		case s.First > seq:
			return 1
		}
		return 0
	})
	return found
}
