package hub

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// attendee is what readers attend to: a session, or a connection that may become one.
type attendee interface {
	// attend reads what there is. No two do at once.
	attend()
	booked() *turn
}

// turn is how readers and poller know an attendee.
type turn struct {
	calls atomic.Int32
	fd    int32 // by which the poller knows it; 0: it does not. Guarded by the poller's lock
	stay  int32 // of the descriptor in the poller's set; guarded likewise
}

func (t *turn) booked() *turn { return t }

// readers are the goroutines that read from sessions when there is something to read. A
// few serve all, so that deep stacks are few, and a storm of clients waits in their queue
// instead of crowding out those who are served. One that must wait for the rest of a frame
// is replaced meanwhile, so that no client holds up others.
type readers struct {
	poll    *poller     // nil: none; then each session reads in a goroutine of its own
	giveWay func() bool // see broadcast
	most    int         // that are not waiting

	mu    sync.Mutex // guards what follows
	queue fifo[attendee]
	idle  int // of working, those that wait for the queue
	more  *sync.Cond
	// working are all but those that wait for a client.
	working int
	stopped bool
	done    sync.WaitGroup
}

func newReaders(giveWay func() bool) *readers {
	r := &readers{giveWay: giveWay, most: 2 * runtime.GOMAXPROCS(0)}
	r.more = sync.NewCond(&r.mu)
	r.poll, _ = newPoller() // not on this system: nil
	return r
}

// start lets the poller go. What was called before is read now.
func (r *readers) start() {
	if r.poll == nil {
		return
	}
	r.done.Go(func() { r.poll.run(r.call) })
}

// stop ends all readers, once no session is left.
func (r *readers) stop() {
	if r.poll == nil {
		return
	}
	r.mu.Lock()
	r.stopped = true
	r.more.Broadcast()
	r.mu.Unlock()
	for _, a := range r.poll.close() {
		if a, ok := a.(*arrival); ok {
			a.cutOff()
		}
	}
	r.done.Wait()
}

// forget is called once nobody is to attend any more.
func (r *readers) forget(a attendee) {
	if r.poll != nil {
		r.poll.forget(a)
	}
}

// call has a reader attend, for whatever reason: there is something to read,
// its time is up, it was cut off. It does not block, and may be called by anybody.
func (r *readers) call(a attendee) {
	if a.booked().calls.Add(1) > 1 {
		return // whoever is at it looks again
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopped {
		return // a timer of a session that has ended
	}
	r.queue.push(a)
	switch {
	case r.idle > 0:
		r.more.Signal()
	case r.working < r.most:
		r.working++
		r.done.Go(r.work)
	}
}

// work is the goroutine of a reader.
func (r *readers) work() {
	var given time.Time
	for {
		a := r.next()
		if a == nil {
			return
		}
		if time.Since(given) > leastWork && r.giveWay() {
			given = time.Now()
		}
		for t := a.booked(); ; {
			n := t.calls.Load()
			a.attend()
			if t.calls.CompareAndSwap(n, 0) {
				break
			}
		}
	}
}

// next waits for one that was called; nil: the reader is to end.
func (r *readers) next() attendee {
	r.mu.Lock()
	defer r.mu.Unlock()
	for {
		if r.working > r.most || (r.stopped && r.queue.len() == 0) {
			r.working--
			r.more.Signal() // one that waits may have what this one was called for
			return nil
		}
		if a, ok := r.queue.pop(); ok {
			return a
		}
		r.idle++
		r.more.Wait()
		r.idle--
	}
}

// waiting is called by a reader around what may block: others go on meanwhile.
func (r *readers) waiting(block func()) {
	r.mu.Lock()
	r.working--
	switch {
	case r.queue.len() == 0:
	case r.idle > 0:
		r.more.Signal()
	case r.working < r.most:
		r.working++
		r.done.Go(r.work)
	}
	r.mu.Unlock()
	block()
	r.mu.Lock()
	r.working++
	r.mu.Unlock()
}

// fifo is a queue without a bound.
type fifo[T any] struct {
	in, out []T // pushed; reversed, to be popped
}

func (q *fifo[T]) len() int { return len(q.in) + len(q.out) }

func (q *fifo[T]) push(v T) { q.in = append(q.in, v) }

func (q *fifo[T]) pop() (v T, ok bool) {
	if len(q.out) == 0 {
		if len(q.in) == 0 {
			return v, false
		}
		q.out, q.in = q.in, q.out[:0]
		for i, j := 0, len(q.out)-1; i < j; i, j = i+1, j-1 {
			q.out[i], q.out[j] = q.out[j], q.out[i]
		}
	}
	last := len(q.out) - 1
	v = q.out[last]
	clear(q.out[last:])
	q.out = q.out[:last]
	return v, true
}
