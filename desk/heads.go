package desk

import (
	"context"
	"log/slog"
	"time"

	"tocsin/notice"
)

const (
	// headEvery is how often the desk says where the log stands. Clients call
	// themselves live for 45 s after one.
	headEvery = 10 * time.Second
	// maxStepBack is by how much the clock may be set back without its showing in heads: they
	// stay ahead of it. Clients would count the step as a lag, for which heads vouch less
	// long, for days. A larger one shows: their times must mean something. Between the two
	// there is nothing, since what lags by more than HeadLag is believed anew.
	maxStepBack = notice.HeadLag + 15*time.Second
	// catchUp is the part by which heads that are ahead of the clock go slower than it, until
	// it has caught up: half of what clients forgive. A desk that is started again signs by
	// its clock, whatever it said before.
	catchUp = 10_000
)

// Heads passes on what a desk signs of the log, to every node that listens now.
// Nothing is kept: a head that is lost is followed by another. Safe for concurrent use.
type Heads interface {
	PublishHead(head []byte) error
}

// Outcomes of an attempt to say where the log stands.
const (
	headPublished = "published"
	headFailed    = "failed"   // nobody took it
	headUnlisted  = "unlisted" // the keyset does not name the key as a beacon that is valid now
)

// signHeads says every headEvery where the log stands, while the desk stands at its
// end and can tell.
func (d *Desk) signHeads(ctx context.Context) {
	if d.config.Beacon == nil {
		return
	}
	var last signed
	said := headPublished
	for ctx.Err() == nil && d.await(ctx, d.atEnd) == nil {
		var outcome string
		if outcome, last = d.signHead(last); outcome != said {
			said = outcome
			d.sayHeads(outcome)
		}
		d.metrics.heads.WithLabelValues(outcome).Inc()
		select {
		case <-ctx.Done():
		case <-time.After(headEvery):
		}
	}
}

// Signing is how it stands with the heads of this desk, for those who run it.
type Signing struct {
	// KeyID is of its beacon's key; "" for a desk that signs no heads.
	KeyID string
	// Listed tells that the keyset in force names that key as a beacon that is valid now.
	// Heads of any other key are believed by nobody.
	Listed bool
	// Last is when the broker last took a head; zero if none was yet.
	Last time.Time
}

// Signing tells how it stands with the heads.
func (d *Desk) Signing() (s Signing) {
	if d.config.Beacon == nil {
		return s
	}
	s.KeyID = d.config.Beacon.KeyID()
	d.mu.Lock()
	defer d.mu.Unlock()
	s.Last = d.headed
	if ks := d.board.Keyset(); ks != nil {
		key := ks.Key(s.KeyID)
		s.Listed = key != nil && key.Has(notice.RoleBeacon) && key.ValidAt(d.now())
	}
	return s
}

// signed is when a head was.
type signed struct {
	head time.Time // by the head
	at   time.Time // by a clock that is never set: time.Now has one in it
}

// atEnd tells whether the desk has folded a live log to its end; the caller holds mu.
func (d *Desk) atEnd() bool {
	return d.source.Live && d.board.Seq() >= d.source.Head && d.board.Keyset() != nil
}

// signHead signs and publishes one head, later than last.
func (d *Desk) signHead(last signed) (outcome string, now signed) {
	now = signed{d.headTime(last), time.Now()}
	d.mu.Lock()
	head, ks := d.board.Head(d.epoch, now.head), d.board.Keyset()
	d.mu.Unlock()
	if head == nil { // another log has begun meanwhile
		return headFailed, last
	}
	body, err := notice.SignHead(head, d.config.Beacon)
	if err == nil {
		_, err = notice.VerifyHead(body, ks)
	}
	if err != nil {
		return headUnlisted, last
	}
	if err := d.config.Heads.PublishHead(body); err != nil {
		return headFailed, last
	}
	d.mu.Lock()
	d.headed = now.at
	d.mu.Unlock()
	return headPublished, now
}

// headTime is the time of the next head: now, or if the clock was set back a little, nearly
// as much later than the last as has passed.
func (d *Desk) headTime(last signed) time.Time {
	now := d.now().Round(0) // by the clock that may be set
	if last.at.IsZero() {
		return now
	}
	passed := time.Since(last.at)
	steady := last.head.Add(passed - passed/catchUp)
	switch back := steady.Sub(now); {
	case back <= 0:
		return now
	case back > maxStepBack:
		d.log.Warn("the clock was set back: clients believe this desk's heads again in ten minutes; another desk's meanwhile",
			slog.Duration("by", back))
		return now
	}
	return steady
}

// sayHeads tells operators what has changed.
func (d *Desk) sayHeads(outcome string) {
	switch outcome {
	case headUnlisted:
		d.log.Error("no heads: the keyset does not name --beacon-key as a beacon that is valid now; see tocsin keyset add --role beacon",
			slog.String("keyid", d.config.Beacon.KeyID()))
	case headFailed:
		d.log.Warn("no heads: the broker did not take one")
	default:
		d.log.Info("heads are signed again")
	}
}
