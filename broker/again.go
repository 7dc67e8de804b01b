package broker

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	// readPatience is how long after its first attempt a read is begun again: longer
	// than an election, shorter than what a person waits for.
	readPatience = 6 * time.Second
	// The pauses between attempts double, from the one to the other.
	minReadPause = 50 * time.Millisecond
	maxReadPause = time.Second
	// insistAfter is about how long an answer, which takes milliseconds on a cluster, is waited
	// for before the question is asked once more; insistTimes, how often it is asked in all.
	insistAfter = 600 * time.Millisecond
	insistTimes = 3
)

// again asks the broker a question, and asks it once more, for as long as patience
// lasts, when what came was no answer: one was lost or late, the leader was just
// elected, the connection broke. Only what does no harm when it is done twice is
// asked for here: reads, and the making of streams. A broker that is away from the
// beginning is told at once.
func (b *Broker) again(ctx context.Context, patience time.Duration, question func() error) error {
	began := time.Now()
	for pause := minReadPause; ; pause = min(2*pause, maxReadPause) {
		up, _ := b.link.state()
		err := question()
		if !up || !notNow(err) || ctx.Err() != nil {
			return err
		}
		left, cancel := context.WithDeadline(ctx, began.Add(patience))
		waited := sleep(left, pause/2+rand.N(pause/2))
		if waited == nil {
			waited = b.link.wait(left)
		}
		cancel()
		if waited != nil {
			return err
		}
		b.log.Debug("asking the broker again", "error", err)
	}
}

// notNow tells an error that says nothing about what was asked for.
func notNow(err error) bool {
	for _, e := range []error{
		context.DeadlineExceeded, // of the one question
		context.Canceled,         // the connection broke meanwhile
		errDisconnected, errMoved,
		nats.ErrTimeout, nats.ErrNoResponders, nats.ErrReconnectBufExceeded,
		jetstream.ErrNoStreamResponse,
	} {
		if errors.Is(err, e) {
			return true
		}
	}
	var api *jetstream.APIError
	if !errors.As(err, &api) {
		return false
	}
	switch api.ErrorCode {
	case errCodeNoPeers: // a leader just elected has not heard of all servers yet
		return true
	case codeInsufficientResources: // a full disk
		return false
	}
	return api.Code == http.StatusServiceUnavailable
}

// insist asks a question, and asks it again beside itself while there is no answer: what was
// asked while there was no leader is lost, and who is elected next must not have to wait until
// that times out. The first outcome counts, an error too.
func insist[T any](ctx context.Context, question func(context.Context) (T, error)) (T, error) {
	type outcome struct {
		answer T
		err    error
	}
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	outcomes := make(chan outcome, insistTimes)
	later := time.NewTimer(0)
	defer later.Stop()
	for asked := 0; ; {
		select {
		case o := <-outcomes:
			return o.answer, o.err
		case <-later.C:
		}
		wg.Go(func() {
			answer, err := question(ctx)
			outcomes <- outcome{answer, err}
		})
		if asked++; asked < insistTimes {
			later.Reset(insistAfter*2/3 + rand.N(insistAfter*2/3)) // not all nodes at once
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
