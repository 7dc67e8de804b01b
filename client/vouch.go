package client

import (
	"errors"
	"time"

	"tocsin/notice"
	"tocsin/wire"
)

// Reasons for the end of a session that heads give, found in [Disconnected].
var (
	// ErrMismatch: what the node has sent is not what a desk signed. The next session
	// begins without a cursor.
	ErrMismatch = errors.New("what this node shows is not what the desk signed")
	// ErrUnvouched: no head has come for so long that another node may be better.
	ErrUnvouched = errors.New("no signed head from this node")
)

// timeSlack is how far a node's clock may be from a desk's, beside a heartbeat's
// delay.
const timeSlack = time.Minute

const (
	// firstLeave bounds the time, at random, until a client without heads looks for another
	// node; it doubles up to maxLeave. Not sooner: a desk that fails is no reason for
	// all clients to come and go at once.
	firstLeave = time.Minute
	maxLeave   = 10 * time.Minute
)

// vouchers say until when heads vouch for what the client holds, and what to do when
// they no longer do. Guarded by Subscriber.mu.
type vouchers struct {
	expected bool      // the keyset names a beacon
	wrong    bool      // the last head that could be judged did not fit
	until    time.Time // on this machine
	at       time.Time // in server time, when the last one came that fitted, or heads began to be expected
	leave    time.Time // when to look for another node; zero: not decided
	left     int       // so often since the last head that fitted
}

// expects notes whether heads are to come. Once they are, there is time for the first.
func (v *vouchers) expects(expected bool, now, serverTime time.Time) {
	if expected && !v.expected {
		v.until, v.at = now.Add(notice.HeadLag), serverTime
	}
	v.expected = expected
}

// fits notes a head that fitted and came at a time of this machine, which was at in
// server time.
func (v *vouchers) fits(came, at time.Time) {
	until := came.Add(notice.HeadLag)
	if v.wrong || until.After(v.until) {
		*v = vouchers{expected: v.expected, until: until, at: at}
	}
}

// missing tells whether no head vouches at now, though one should.
func (v *vouchers) missing(now time.Time) bool { return v.expected && !now.Before(v.until) }

// refuted tells whether what a node showed was not what a desk signed, and no head has fitted
// since.
func (v *vouchers) refuted() bool { return v.expected && v.wrong }

// heads takes the head of a frame, if there is one. What waits is judged before another takes
// its place: nodes may always be a little behind the newest. The error ends the session.
func (x *session) heads(body []byte) error {
	now := time.Now()
	if err := x.judge(now); err != nil {
		return err
	}
	x.feed.hear(body, now)
	return x.judge(now)
}

func (x *session) judge(now time.Time) error {
	serverTime := x.clock.now()
	came, verdict := x.feed.judge(serverTime)
	switch verdict {
	case headFits:
		x.fresh.heads.fits(came, serverTime.Add(-now.Sub(came)))
	case headWrong:
		x.fresh.heads.wrong = true
		x.feed.cursor = wire.Cursor{}
		return ErrMismatch
	}
	return nil
}

// expectHeads looks whether heads are to come. A node's word on the time alone does not
// end that.
func (x *session) expectHeads() {
	now, serverTime := time.Now(), x.clock.now()
	x.fresh.heads.expects(x.feed.expectsHeads(serverTime, now), now, serverTime)
}

// watchHeads sets the timer for when heads no longer vouch, or it is time to leave.
func (x *session) watchHeads() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.vigil.Stop()
	if v := &x.fresh.heads; v.expected {
		next := v.until
		if !v.leave.IsZero() {
			next = v.leave
		}
		x.vigil.Reset(max(time.Until(next), 0))
	}
}

// unvouched is called when the timer fires. If it is not for want of heads, or of one that
// fits, that the client is not live, the next frame sets the timer again.
func (x *session) unvouched() error {
	x.mu.Lock()
	now := time.Now()
	events := x.withFreshness(nil)
	v := &x.fresh.heads
	var err error
	reason := x.fresh.at(now).Reason
	switch {
	case reason != StaleHeads && (reason != StaleMismatch || x.fresh.source.State != wire.SourceLive):
	case v.leave.IsZero():
		v.leave = now.Add(x.config.jitter(min(firstLeave<<min(v.left, 8), maxLeave)))
		x.vigil.Reset(v.leave.Sub(now))
	case !now.Before(v.leave):
		v.leave, err = time.Time{}, ErrUnvouched
		v.left++
	}
	x.mu.Unlock()
	x.report(x.handle, events...)
	return err
}
