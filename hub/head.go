package hub

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"tocsin/notice"
	"tocsin/wire"
)

// maxHeadRate bounds the heads that are looked at within a second: desks sign one in
// ten.
const maxHeadRate = 20

// headPoll is how often the hub looks whether heads still come.
const headPoll = 5 * time.Second

// headGap is for how long no head has come when clients may be waiting for one: they are
// told of it at once. A heartbeat brings it 15 s later otherwise, and what came before may
// no longer vouch then.
const headGap = notice.HeadLag - 15*time.Second

// What became of a head, besides what [notice.Progress] calls it.
const (
	headFlood   = "flood"
	headEarly   = "early"   // nothing of a log is served yet
	headRefused = "refused" // not signed by a beacon that is valid now
	headOther   = "other"   // of another log
)

// passedOn is the head that sessions get. It is immutable.
type passedOn struct {
	envelope []byte
	came     time.Time
}

// head is the newest head's envelope; nil if there is none.
func (s *status) head() []byte {
	if s.passed == nil {
		return nil
	}
	return s.passed.envelope
}

// headWatch is what the hub knows of heads.
type headWatch struct {
	mu      sync.Mutex // guards what follows
	second  time.Time
	count   int // of heads in that second
	beacons notice.Beacons
	since   time.Time // when heads began to be awaited; zero: the keyset names no beacon
	refused hush
	pace    pace
}

// Head takes a head that a desk published. One that is signed by a beacon of the keyset,
// is of the log that is served, and advances, is passed on in heartbeats, snapshots and
// synced, until another comes, of whatever beacon: a desk whose clock is ahead does not
// push out the others.
func (h *Hub) Head(envelope []byte) {
	h.metrics.heads.WithLabelValues(h.takeHead(envelope, time.Now())).Inc()
}

func (h *Hub) takeHead(envelope []byte, now time.Time) (outcome string) {
	w := &h.heads
	w.mu.Lock()
	defer w.mu.Unlock()
	if !isHead(envelope) {
		w.refused.log(h.log, slog.LevelWarn, "head not accepted", slog.String("rule", "head.envelope"))
		return headRefused
	}
	if now.Sub(w.second) >= time.Second {
		w.second, w.count = now, 0
	}
	if w.count++; w.count > maxHeadRate {
		return headFlood
	}
	epoch, ks := h.headTerms()
	if ks == nil {
		return headEarly
	}
	head, err := notice.VerifyHead(envelope, ks)
	if err == nil && !ks.Key(head.KeyID).ValidAt(now) {
		err = errBeaconOver
	}
	switch {
	case err != nil:
		rule := ""
		if broken := (*notice.RuleError)(nil); errors.As(err, &broken) {
			rule = broken.Rule
		}
		w.refused.log(h.log, slog.LevelWarn, "head not accepted", slog.String("rule", rule))
		return headRefused
	case head.Epoch != epoch:
		return headOther
	}
	w.pace.heard(head, now, h.sayShared)
	progress, _ := w.beacons.Hear(head, ks, now)
	if progress == notice.HeadAdvances {
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.serving.epoch != head.Epoch { // since headTerms
			return headOther
		}
		st := *h.status.Load()
		isFirst := st.passed == nil || now.Sub(st.passed.came) > headGap
		if isFirst {
			st.gaps++
		}
		st.passed = &passedOn{envelope, now}
		h.status.Store(&st)
		if isFirst {
			h.wakeShards() // sessions are told
		}
	}
	return string(progress)
}

// isHead tells what may be a head from what is none. That costs no signature, and takes
// nothing from the rate: an edge's credentials suffice to have NATS send its own answers
// here.
func isHead(envelope []byte) bool {
	if len(envelope) > notice.MaxHead {
		return false
	}
	e, err := notice.ParseEnvelope(envelope)
	return err == nil && e.PayloadType == notice.TypeHead
}

var errBeaconOver = &notice.RuleError{Rule: "head.key", Detail: "not valid now"}

// headTerms are the log and the keyset that a head is held against; nil if no log is
// served.
func (h *Hub) headTerms() (epoch string, ks *notice.Keyset) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.incoming == nil || h.incoming != h.serving {
		return "", nil
	}
	return h.incoming.epoch, h.incoming.board.Keyset()
}

// dropHead forgets the head of a log that is no longer served. mu is held.
func (h *Hub) dropHead() {
	st := *h.status.Load()
	st.passed = nil
	h.status.Store(&st)
}

// headAge is how long ago a head of the log that is served was passed on, or heads began to be
// awaited; ok is false if none is to come.
func (h *Hub) headAge(now time.Time) (age time.Duration, ok bool) {
	h.mu.Lock()
	ks, last := (*notice.Keyset)(nil), time.Time{}
	if h.serving != nil {
		ks, last = h.serving.board.Keyset(), h.serving.began
	}
	h.mu.Unlock()
	w := &h.heads
	w.mu.Lock()
	defer w.mu.Unlock()
	if ks == nil || !ks.HasBeacon(now) {
		w.since = time.Time{}
		return 0, false
	}
	if w.since.IsZero() {
		w.since = now
	}
	if w.since.After(last) {
		last = w.since
	}
	if p := h.status.Load().passed; p != nil && p.came.After(last) {
		last = p.came
	}
	return now.Sub(last), true
}

// watchHeads says once when heads no longer come, and when they do again. Clients are
// not live then, of their own accord.
func (h *Hub) watchHeads(ctx context.Context) {
	tick := time.NewTicker(headPoll)
	defer tick.Stop()
	for missing := false; ; {
		age, ok := h.headAge(time.Now())
		switch late := ok && age >= notice.HeadLag; {
		case late == missing:
		case late:
			h.log.Error("no signed head: clients do not call themselves live. Does a desk run, with --beacon-key, and reach the broker?",
				slog.Duration("for", age.Round(time.Second)))
			missing = true
		default:
			h.log.Info("signed heads come again, or are no longer to come")
			missing = false
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// syncedFrame is what ends a replay or snapshot over WebSockets, made once for all
// sessions that end theirs at the same place under the same head: in a storm, most.
type syncedFrame struct {
	view   *view
	passed *passedOn
	bytes  []byte // not to be changed
}

func (h *Hub) syncedFrame(v *view, st *status) []byte {
	if f := h.lastSynced.Load(); f != nil && f.view == v && f.passed == st.passed {
		return f.bytes
	}
	frame, _ := textFrame(wire.Synced{Cursor: v.cursor(), Head: st.head()}.AppendTo(nil))
	h.lastSynced.Store(&syncedFrame{v, st.passed, frame})
	return frame
}
