package broker

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// A question that got lost costs half a second or so, not what it is given; no question outlives
// the answer.
func TestInsist(t *testing.T) {
	t.Parallel()
	refused := errors.New("refused")
	for name, c := range map[string]struct {
		answers int // which question is answered; 0: none
		err     error
		most    time.Duration
	}{
		"at once": {1, nil, 0}, "the second": {2, nil, insistAfter * 4 / 3}, "the third": {3, nil, insistAfter * 8 / 3},
		"none": {0, context.DeadlineExceeded, requestTimeout}, "an error": {2, refused, insistAfter * 4 / 3},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), requestTimeout)
				defer cancel()
				began := time.Now()
				var asked atomic.Int32
				answer, err := insist(ctx, func(ctx context.Context) (int, error) {
					if n := int(asked.Add(1)); n == c.answers {
						return n, c.err
					}
					<-ctx.Done()
					return 0, ctx.Err()
				})
				took := time.Since(began)
				require.ErrorIs(t, err, c.err)
				if c.err == nil {
					require.Equal(t, c.answers, answer)
				}
				require.LessOrEqual(t, took, c.most)
				require.LessOrEqual(t, int(asked.Load()), insistTimes)
			})
		})
	}
}

// Growth ends the pause of who waits for a leader, and of nobody else: whoever can make hints
// must not make a node ask and ask.
func TestPause(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err   error
		hint  bool
		short bool
	}{
		"no leader, and growth":      {errNoAnswer, true, true},
		"no leader":                  {errNoAnswer, false, false},
		"a restore, and growth":      {ErrRestoring, true, false},
		"a hole, and growth":         {&holeError{1, 1}, true, false},
		"a shorter log, and growth":  {errShorter, true, false},
		"a replaced log, and growth": {errReplaced, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m, err := newMetrics(nil)
				require.NoError(t, err)
				f := &follow{
					b:     &Broker{log: slog.New(slog.DiscardHandler), metrics: m, link: newLink(m)},
					grown: &growth{hints: make(chan struct{}, 1)},
				}
				f.b.link.set(true)
				if c.hint {
					f.grown.hints <- struct{}{}
				}
				began := time.Now()
				f.pause(t.Context(), c.err, retryMax)
				require.Equal(t, c.short, time.Since(began) <= vainPause)
				require.LessOrEqual(t, time.Since(began), retryMax*3/2)
			})
		})
	}
}
