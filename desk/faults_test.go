package desk_test

import (
	"context"
	"errors"
	"sync"

	"tocsin/desk"
)

var errNoAnswer = errors.New("no answer")

// call is an append under way.
type call struct {
	desk.Log
	subject string
	body    []byte
	after   uint64
}

// append lets the append through.
func (c call) append(ctx context.Context) (uint64, error) {
	return c.Log.Append(ctx, c.subject, c.body, c.after)
}

// fault decides what becomes of one append.
type fault func(ctx context.Context, c call) (uint64, error)

// What can become of an append, besides what the broker does by itself.

// lost: nothing reached the log, and nobody knows.
func lost(context.Context, call) (uint64, error) { return 0, errNoAnswer }

// unheard: the log has it, and nobody knows.
func unheard(ctx context.Context, c call) (uint64, error) {
	if _, err := c.append(ctx); err != nil {
		return 0, err
	}
	return 0, errNoAnswer
}

// faultyLog has faults instead of its next appends, and the last of them forever if
// it is told so.
type faultyLog struct {
	desk.Log
	mu      sync.Mutex
	faults  []fault
	forever bool
	down    error
	calls   int
}

func (l *faultyLog) set(forever bool, faults ...fault) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.faults, l.forever = faults, forever
}

func (l *faultyLog) setDown(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.down = err
}

func (l *faultyLog) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.calls
}

func (l *faultyLog) Append(ctx context.Context, subject string, body []byte, after uint64) (uint64, error) {
	l.mu.Lock()
	l.calls++
	var next fault
	if len(l.faults) > 0 {
		next = l.faults[0]
		if !l.forever || len(l.faults) > 1 {
			l.faults = l.faults[1:]
		}
	}
	l.mu.Unlock()
	c := call{Log: l.Log, subject: subject, body: body, after: after}
	if next == nil {
		return c.append(ctx)
	}
	return next(ctx, c)
}

func (l *faultyLog) Available(ctx context.Context) error {
	l.mu.Lock()
	down := l.down
	l.mu.Unlock()
	if down != nil {
		return down
	}
	return l.Log.Available(ctx)
}

// faulty puts a faultyLog before a desk's log.
func faulty(l *faultyLog) func(*desk.Config) {
	return func(c *desk.Config) { l.Log, c.Log = c.Log, l }
}

// faultyRecorder fails when it is told so.
type faultyRecorder struct {
	desk.Recorder
	mu   sync.Mutex
	fail func(desk.Record) bool
}

func (r *faultyRecorder) set(fail func(desk.Record) bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fail = fail
}

func (r *faultyRecorder) Record(ctx context.Context, rec desk.Record) error {
	r.mu.Lock()
	fail := r.fail
	r.mu.Unlock()
	if fail != nil && fail(rec) {
		return errors.New("no space left on device")
	}
	return r.Recorder.Record(ctx, rec)
}
