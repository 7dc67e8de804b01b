package broker

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"

	"tocsin/notice"
)

const (
	// shorterFor is how long a cluster's log must be seen to end before the follower's
	// position until that is believed: a new leader may still be catching up.
	shorterFor = 2 * checkInterval
	retryMin   = 100 * time.Millisecond
	retryMax   = 3 * time.Second
)

// Follower receives the log. All calls come from the goroutine that called
// [Broker.Follow]; a slow one delays the entries after it, and the liveness of its
// source, and nobody else.
type Follower interface {
	// Begin says that a log begins: forget all entries of any earlier one. epoch names
	// this life of the log, 8 hex digits, the same on every node. It is called before
	// the first entry, and again when the log turns out to be another one, or to have
	// another history.
	Begin(epoch string)
	// Entry hands on one entry. Sequences rise by one, but for places whose entry was
	// deleted and that a signed redaction explains. The body may be kept, and never changed.
	Entry(notice.Entry)
	// Source tells how fresh this is: at every change, and after every check.
	Source(Source)
}

// Source says whether what a follower holds is the whole log.
type Source struct {
	// Live means: the log has a leader, most of its replicas are online, and the
	// follower stood at its end less than five seconds ago.
	Live bool
	// Since is when it became live, or ceased to be.
	Since time.Time
	// Head is the log's last sequence at the last check that got an answer.
	Head uint64
	// Checked is when that check began.
	Checked time.Time
	// Reason says in a few words why it is not live.
	Reason string
}

// What ends a session with the broker, besides plain failures.
var (
	errReplaced = errors.New("the log was replaced")
	errShorter  = errors.New("the log ends before what was read")
	errSkipped  = errors.New("the broker passed over an entry, or repeated one")
	errStuck    = errors.New("the broker has entries and does not deliver them")
)

// follow is one follower's place in the log.
type follow struct {
	b     *Broker
	to    Follower
	grown *growth

	epoch string    // of the log that was begun; empty before the first
	seq   uint64    // the last place dealt with
	sum   [32]byte  // SHA-256 of the entry there
	hole  bool      // that place is empty: its entry was redacted
	taken []message // what was handed on while no leader answered, and was not read since

	redacted redacted  // what explains holes
	shorter  time.Time // since when the log was seen to end before seq

	liveness
}

// Follow hands the log to to, from its beginning, and goes on until ctx ends (then
// it returns nil) or the Broker is closed ([ErrClosed]). It survives restarts of the
// broker, lost answers and lost majorities by itself, and says meanwhile that its
// source is not live. Several followers may run.
//
// An empty place in the log is passed only if the roots' keys signed for it: a
// redaction that the board accepts. Any other stops the follower there, with an error
// in the log, until the place is explained.
func (b *Broker) Follow(ctx context.Context, to Follower) error {
	grown, quiet, err := b.watchGrowth()
	if err != nil {
		return err
	}
	defer quiet()
	f := &follow{b: b, to: to, grown: grown, liveness: newLiveness()}
	b.metrics.followers.Inc()
	defer f.leave()
	f.stale("starting")
	for retry := retryMin; !b.ended(ctx); retry = min(2*retry, retryMax) {
		err := f.session(ctx)
		if b.ended(ctx) {
			break
		}
		f.failed(err)
		if unanswered(err) {
			f.takeOverdue()
		}
		if f.fresh {
			retry, f.fresh = retryMin, false
		}
		f.pause(ctx, err, retry)
	}
	if ctx.Err() != nil {
		return nil
	}
	return ErrClosed
}

// pause waits for d before the next session, or until there is reason to hope: the connection
// that was missing, or growth of the log, which needs a leader.
func (f *follow) pause(ctx context.Context, err error, d time.Duration) {
	if errors.Is(err, errReplaced) {
		return
	}
	up, changed := f.b.link.state()
	var grown <-chan struct{}
	if unanswered(err) { // of what else is wrong, growth tells nothing new
		grown = f.grown.hints
	}
	if up {
		changed = nil
	}
	timer := time.NewTimer(d/2 + rand.N(d)) // a cluster that comes back is asked by all its nodes
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-grown:
		f.b.sleep(ctx, vainPause)
	case <-changed:
	case <-ctx.Done():
	case <-f.b.closed:
	}
}

// session reads with one reader until something ends it, and returns what.
func (f *follow) session(ctx context.Context) error {
	state, err := f.b.logState(ctx)
	if err != nil {
		return err
	}
	if err := f.resume(ctx, state); err != nil {
		return err
	}
	up, down := f.b.link.state()
	if !up {
		return errDisconnected
	}
	next := f.seq + 1
	if len(f.taken) > 0 {
		next = f.taken[0].seq
	}
	r, err := f.b.read(ctx, f.grown.hints, f.epoch, next)
	if err != nil {
		return err
	}
	defer r.stop()
	f.idleAt, f.waiting = f.seq, false // so that holes at the very end are passed at once
	if err := f.checked(ctx, check{state: state, from: f.seq}); err != nil {
		return err
	}
	err = f.listen(ctx, r, down)
	if !f.b.ended(ctx) {
		f.failed(err) // at once: stopping the reader may take a moment
	}
	return err
}

// listen hands on what comes, until something ends that.
func (f *follow) listen(ctx context.Context, r *reader, down <-chan struct{}) (err error) {
	checks := f.b.newChecks(ctx)
	defer checks.stop()
	overdue := time.NewTicker(overdueAfter / 4)
	defer overdue.Stop()
	for err == nil {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-down:
			return errDisconnected
		case m := <-r.messages:
			err = f.read(ctx, m)
		case <-overdue.C:
			if r.unheard() {
				f.takeOverdue()
			}
		case err = <-r.failed:
		case <-checks.tick.C:
			checks.begin(f.seq)
		case c := <-checks.results:
			err = f.checked(ctx, c)
		case <-f.expiry.C:
			f.expire()
		}
	}
	return err
}

// resume compares the log with what was read of it before, and begins again if it is
// another one.
func (f *follow) resume(ctx context.Context, state logState) error {
	if state.epoch != f.epoch {
		f.begin(state.epoch)
		return nil
	}
	if f.seq == 0 {
		return nil
	}
	if state.last < f.seq {
		return f.resumeShorter(state)
	}
	f.shorter = time.Time{}
	m, found, err := f.b.firstFrom(ctx, f.seq)
	if err != nil {
		return err
	}
	found = found && m.seq == f.seq
	switch {
	case found && (f.hole || sha256.Sum256(m.body) != f.sum):
		f.begin(state.epoch)
	case !found && !f.hole:
		if err := f.explain(ctx, f.seq, f.seq); err != nil {
			return err
		}
		f.hole = true
	}
	return nil
}

// resumeShorter begins again when the log's files were put back from an older copy,
// which keeps the epoch. One server is believed at once, a cluster after a while.
func (f *follow) resumeShorter(state logState) error {
	if f.shorter.IsZero() {
		f.shorter = state.asked
	}
	if state.clustered && state.asked.Sub(f.shorter) < shorterFor {
		return errShorter
	}
	f.begin(state.epoch)
	return nil
}

func (f *follow) begin(epoch string) {
	if f.epoch != "" {
		f.b.metrics.replaced.Inc()
		level, text := slog.LevelWarn, "the log was made anew, beginning again"
		if epoch == f.epoch {
			level, text = slog.LevelError, "the log has lost or changed entries that were read, beginning again"
		}
		f.b.log.Log(context.Background(), level, text, "epoch", f.epoch, "new_epoch", epoch, "sequence", f.seq)
	}
	f.epoch, f.seq, f.sum, f.hole, f.taken = epoch, 0, [32]byte{}, false, nil
	f.grown.forget()
	f.redacted, f.shorter = redacted{}, time.Time{}
	f.stale("catching up")
	f.to.Begin(epoch)
}

// read hands on one entry that the leader handed out. One that was taken before must be the same.
func (f *follow) read(ctx context.Context, m message) error {
	if len(f.taken) == 0 {
		return f.entry(ctx, m)
	}
	t := f.taken[0]
	if m.seq != t.seq || m.subject != t.subject || !m.time.Equal(t.time) || !bytes.Equal(m.body, t.body) {
		f.begin(f.epoch)
		return errReplaced
	}
	f.taken = f.taken[1:]
	f.reached()
	return nil
}

// unanswered tells an error for which nobody is to blame but the lack of a leader.
func unanswered(err error) bool {
	return errors.Is(err, errNoAnswer) || errors.Is(err, errDisconnected) || notNow(err)
}

// takeOverdue hands on, while no leader answers, the entries that follow and that the leader sent
// around when it had stored them: it may be dead, and the next one not elected. They make nobody
// live; that they are the log's is seen when there is a leader to read them from.
func (f *follow) takeOverdue() {
	for f.epoch != "" {
		m, ok := f.grown.overdue(f.seq + 1)
		if !ok {
			return
		}
		f.hand(m)
		f.taken = append(f.taken, m)
		f.b.log.Info("taking an entry that the log's leader stored before it fell silent", "sequence", m.seq)
	}
}

// entry hands on one entry, if nothing is missing before it.
func (f *follow) entry(ctx context.Context, m message) error {
	if m.seq > f.seq+1 {
		if err := f.passHoles(ctx, m.seq); err != nil {
			return err
		}
	}
	if m.seq != f.seq+1 {
		return errSkipped
	}
	f.hand(m)
	f.reached()
	return nil
}

func (f *follow) hand(m message) {
	f.seq, f.sum, f.hole = m.seq, sha256.Sum256(m.body), false
	f.setStuck(false)
	f.b.metrics.entries.Inc()
	f.to.Entry(notice.Entry{Seq: m.seq, Subject: m.subject, Body: m.body, Time: m.time})
}
