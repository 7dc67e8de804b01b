package broker

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	// readPoll is how often a reader at the log's end looks by itself: a hint that the
	// log has grown may be lost.
	readPoll = time.Second
	// vainPause follows a hint that came to nothing. Whoever may ask a server anything can
	// make hints (docs/adr/0012), and must not keep all readers asking as fast as they can.
	vainPause = 50 * time.Millisecond
	// readAhead bounds the questions that are open at once: 4 MiB of the largest
	// messages in their answers.
	readAhead = 32
)

// reader delivers the messages of the log in order, from a place on, as they come.
type reader struct {
	messages chan message
	failed   chan error  // receives one error, after the last message
	pending  uint64      // 0 if there was nothing to read when it began; how much, it does not know
	unheard  func() bool // whether it has asked in vain, retries included, for overdueAfter
	stop     func()
}

// read begins to read the log of that epoch at sequence from. The caller stops the
// reader; ctx ends it too. It looks when grown hints that the log has, and by itself.
//
// It asks the leader for each message by its place, several at once while there are
// many. Places that are empty are passed over; whoever wants to know why asks. A stream
// that is made anew has the same places, so what was read is handed on only once the
// log is known to be the same still; else the reader ends with errReplaced.
func (b *Broker) read(ctx context.Context, grown <-chan struct{}, epoch string, from uint64) (*reader, error) {
	return b.readBy(ctx, b.logState, grown, epoch, from)
}

// readBy is read for who asks for the log's state in another way.
func (b *Broker) readBy(ctx context.Context, ask func(context.Context) (logState, error), grown <-chan struct{}, epoch string, from uint64) (*reader, error) {
	p := &place{b: b, state: ask, stream: StreamLog, subjects: anySubject, next: max(from, 1), ahead: 2, grown: grown}
	first, err := p.batchOf(ctx, epoch)
	if err != nil {
		return nil, err
	}
	r := &reader{messages: make(chan message), failed: make(chan error, 1), pending: uint64(len(first)), unheard: p.unheard}
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { r.failed <- p.run(ctx, epoch, first, r.messages) })
	r.stop = func() {
		cancel()
		wg.Wait()
	}
	return r, nil
}

// place is where a reader stands.
type place struct {
	b        *Broker
	state    func(context.Context) (logState, error)
	stream   string
	subjects string // what it reads
	next     uint64 // the first sequence not delivered yet
	ahead    int    // how many are asked for at once
	end      bool   // the latest batch reached the end
	hinted   bool   // it was asked for because of a hint
	grown    <-chan struct{}
	waiting  atomic.Pointer[time.Time] // since when for an answer; nil if for none
}

func (p *place) unheard() bool {
	since := p.waiting.Load()
	return since != nil && time.Since(*since) >= overdueAfter
}

// run delivers until ctx ends or a question fails, and returns why.
func (p *place) run(ctx context.Context, epoch string, batch []message, to chan<- message) error {
	for {
		for _, m := range batch {
			select {
			case to <- m:
			case <-ctx.Done():
				return ctx.Err()
			}
			p.next = m.seq + 1
		}
		if p.hinted && len(batch) == 0 {
			if err := sleep(ctx, vainPause); err != nil {
				return err
			}
		}
		if err := p.wait(ctx); err != nil {
			return err
		}
		var err error
		if batch, err = p.batchOf(ctx, epoch); err != nil {
			return err
		}
	}
}

// wait sets how much is asked for next, and waits at the end of what there is.
func (p *place) wait(ctx context.Context) error {
	if !p.end {
		p.ahead = min(2*p.ahead, readAhead)
		return nil
	}
	timer := time.NewTimer(readPoll)
	defer timer.Stop()
	select {
	case <-p.grown:
		p.ahead, p.hinted = 2, true // the entry, and that it is the last one
	case <-timer.C:
		p.ahead, p.hinted = 1, false // mostly there is nothing, and all nodes ask
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// batchOf is batch, of one life of the log.
func (p *place) batchOf(ctx context.Context, epoch string) ([]message, error) {
	now := time.Now()
	p.waiting.Store(&now)
	defer p.waiting.Store(nil)
	batch, err := p.batch(ctx)
	if err != nil || len(batch) == 0 {
		return nil, err
	}
	state, err := p.state(ctx)
	if err == nil && state.epoch != epoch {
		err = errReplaced
	}
	return batch, err
}

// batch asks for the next messages, p.ahead at most. It is asked again for some seconds,
// as any question that gets no answer, and then for less at once: it was too much for the
// link, perhaps, or for a leader whom all nodes ask after an outage.
func (p *place) batch(ctx context.Context) (batch []message, err error) {
	err = p.b.again(ctx, readPatience, func() (err error) {
		if batch, err = p.askOnce(ctx); err != nil {
			p.ahead = max(p.ahead/2, 1)
		}
		return err
	})
	return batch, err
}

// askOnce is ask, within the time of one question and the connection's life.
func (p *place) askOnce(ctx context.Context) ([]message, error) {
	ctx, done, err := p.b.link.within(ctx, requestTimeout)
	if err != nil {
		return nil, err
	}
	defer done()
	return p.ask(ctx)
}

// ask asks for each place the first message there or after it, so that an answer tells an
// empty place, which is passed over, from the end, where what follows does not count: it
// was written while this was asked.
func (p *place) ask(ctx context.Context) ([]message, error) {
	answers := make([]message, p.ahead)
	found := make([]bool, p.ahead)
	all, ctx := errgroup.WithContext(ctx)
	for i := range p.ahead {
		all.Go(func() (err error) {
			answers[i], err = p.fetch(ctx, lookup{Seq: p.next + uint64(i), Next: p.subjects})
			found[i] = answers[i].seq > 0
			return err
		})
	}
	if err := all.Wait(); err != nil {
		return nil, err
	}
	var batch []message
	for i, m := range answers {
		if !found[i] {
			break
		}
		if len(batch) > 0 && batch[len(batch)-1].seq >= m.seq { // of an empty place, again
			continue
		}
		m.pending = 1
		batch = append(batch, m)
	}
	p.end = slices.Contains(found, false)
	if p.end && len(batch) > 0 {
		batch[len(batch)-1].pending = 0
	}
	return batch, nil
}

// fetch asks for one message; its sequence is 0 if there is none. What stands at the end of
// the log is waited for by people, and is little to ask for: there it insists.
func (p *place) fetch(ctx context.Context, which lookup) (message, error) {
	question := func(ctx context.Context) (message, error) {
		m, _, err := p.b.fetch(ctx, p.stream, which)
		return m, err
	}
	if p.ahead > 2 {
		return question(ctx)
	}
	return insist(ctx, question)
}
