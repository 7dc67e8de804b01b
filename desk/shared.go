package desk

import (
	"context"
	"sync"
	"time"
)

const (
	// sharedAge is how long one answer serves all who ask: nodes report every few seconds, and
	// every open console asks as often.
	sharedAge = 2 * time.Second
	// maxReading is how much is read at once. Whoever has a node's key can make a few readings
	// long, and others should not wait for those.
	maxReading = 4
)

// shared is what nodes have written, read once for all who ask for it at about the same time.
// Safe for concurrent use.
type shared[T any] struct {
	now     func() time.Time
	limit   time.Duration // of waiting and reading together
	reading chan struct{} // held by whoever reads

	mu      sync.Mutex // not held while anything is read
	answers map[string]*answer[T]
}

// answer is read-only once it is there.
type answer[T any] struct {
	there chan struct{} // closed then
	value T
	err   error
	at    time.Time // when it was read; zero before, and guarded by mu
}

func newShared[T any](now func() time.Time, limit time.Duration) *shared[T] {
	return &shared[T]{now: now, limit: limit, reading: make(chan struct{}, maxReading), answers: make(map[string]*answer[T])}
}

// get returns the answer under key, read anew if it is too old. All who ask meanwhile wait for
// it, and share it also if it is an error: [errUnavailable] if its turn to be read has not come
// within the limit. read gets what is left of that. [errTooMany] if ctx ends first.
func (s *shared[T]) get(ctx context.Context, key string, read func(context.Context) (T, error)) (*answer[T], error) {
	a, first := s.find(key)
	if first {
		s.read(context.WithoutCancel(ctx), a, read) // for all, whoever asked first
		return a, a.err
	}
	select {
	case <-a.there:
		return a, a.err
	case <-ctx.Done():
		return nil, errTooMany
	}
}

// find returns the answer under key; first tells the caller to read it.
func (s *shared[T]) find(key string) (a *answer[T], first bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for other, a := range s.answers {
		if age := s.now().Sub(a.at); !a.at.IsZero() && (age < 0 || age >= sharedAge) {
			delete(s.answers, other)
		}
	}
	a, ok := s.answers[key]
	if !ok {
		a = &answer[T]{there: make(chan struct{}), err: errUnavailable.with("too much else is being read now")}
		s.answers[key] = a
	}
	return a, !ok
}

// read reads an answer when its turn has come.
func (s *shared[T]) read(ctx context.Context, a *answer[T], read func(context.Context) (T, error)) {
	defer s.isThere(a)
	ctx, cancel := context.WithTimeout(ctx, s.limit)
	defer cancel()
	select {
	case s.reading <- struct{}{}:
		defer func() { <-s.reading }()
		a.value, a.err = read(ctx)
	case <-ctx.Done():
	}
}

func (s *shared[T]) isThere(a *answer[T]) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a.at = s.now()
	close(a.there)
}
