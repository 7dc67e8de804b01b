package hub

import (
	"runtime"
	"sync"
)

// readers are the goroutines that read from sessions when there is something to read. A
// few serve all, so that deep stacks are few, and a storm of clients waits in their queue
// instead of crowding out those who are served. One that must wait for the rest of a frame
// is replaced meanwhile, so that no client holds up others.
type readers struct {
	poll *poller // nil: none; then each session reads in a goroutine of its own
	most int     // that are not waiting

	mu    sync.Mutex // guards what follows
	queue fifo[*session]
	idle  int // of working, those that wait for the queue
	more  *sync.Cond
	// working are all but those that wait for a client.
	working int
	stopped bool
	done    sync.WaitGroup
}

func newReaders() *readers {
	r := &readers{most: 2 * runtime.GOMAXPROCS(0)}
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
	r.poll.close()
	r.done.Wait()
}

// call has a reader look at the session, for whatever reason: there is something to read,
// its time is up, it was cut off. It does not block, and may be called by anybody. No two
// readers look at a session at once.
func (r *readers) call(s *session) {
	if s.calls.Add(1) > 1 {
		return // whoever is at it looks again
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopped {
		return // a timer of a session that has ended
	}
	r.queue.push(s)
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
	for {
		s := r.next()
		if s == nil {
			return
		}
		for {
			n := s.calls.Load()
			s.attend()
			if s.calls.CompareAndSwap(n, 0) {
				break
			}
		}
	}
}

// next waits for a session that was called; nil: the reader is to end.
func (r *readers) next() *session {
	r.mu.Lock()
	defer r.mu.Unlock()
	for {
		if r.working > r.most || (r.stopped && r.queue.len() == 0) {
			r.working--
			return nil
		}
		if s, ok := r.queue.pop(); ok {
			return s
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
	if r.queue.len() > 0 && r.idle == 0 {
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
