package desk

import (
	"context"
	"time"
)

// sharedAge is how long one answer serves all who ask: nodes report every few seconds, and
// every open console asks as often.
const sharedAge = 2 * time.Second

// shared is what nodes have written, read once for all who ask for it at about the same time,
// and one thing after the other: whoever has a node's key can make it long. Safe for
// concurrent use.
type shared[T any] struct {
	turn    chan struct{} // held to read, or to look at answers
	answers map[string]answer[T]
}

type answer[T any] struct {
	value T
	err   error
	at    time.Time // when it was read
}

func newShared[T any]() shared[T] {
	return shared[T]{turn: make(chan struct{}, 1), answers: make(map[string]answer[T])}
}

// get returns the answer under key, read anew if it is too old. All who ask meanwhile wait for
// it, and share it also if it is an error; [errTooMany] if ctx ends first.
func (s *shared[T]) get(ctx context.Context, key string, now func() time.Time, read func(context.Context) (T, error)) (answer[T], error) {
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return answer[T]{}, errTooMany
	}
	for other, a := range s.answers {
		if age := now().Sub(a.at); age < 0 || age >= sharedAge {
			delete(s.answers, other)
		}
	}
	a, ok := s.answers[key]
	if !ok {
		a.value, a.err = read(context.WithoutCancel(ctx)) // for all, whoever asked first
		a.at = now()
		s.answers[key] = a
	}
	return a, a.err
}
