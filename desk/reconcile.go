package desk

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

const (
	// settleEvery is how often open acts are looked at while the log stands still.
	settleEvery = 5 * time.Second
	// settleAfter is when a publication that is not in a live log counts as failed,
	// though the log has not gone past its place: long after the last answer, and the
	// last connection, that could still carry it.
	settleAfter = 10 * time.Minute
	// sweepEvery is how often proposals that lapsed are dropped.
	sweepEvery = time.Minute
	// maxOpen bounds the acts whose fate is open; further ones stay in the journal.
	maxOpen = 1000
	// settleTimeout bounds one look into the store of proposals.
	settleTimeout = 10 * time.Second
)

// unsettled is an act whose fate is open.
type unsettled struct {
	Record
	since time.Time // of the first doubt
}

// takeUp makes open acts of an earlier run this one's.
func (d *Desk) takeUp(pending []Record) {
	for _, r := range pending {
		d.log.Warn("act left open by an earlier run", "act", r.Act, "id", r.ID, "identifier", r.Identifier)
		d.open[r.ID] = &unsettled{Record: r, since: d.now()}
	}
	d.metrics.open.Set(float64(len(d.open)))
}

// keepOpen has Run find out what became of an act.
func (d *Desk) keepOpen(r Record) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.open) >= maxOpen {
		d.log.Error("too many acts are open: the journal alone has this one", "id", r.ID)
		return
	}
	d.open[r.ID] = &unsettled{Record: r, since: d.now()}
	d.metrics.open.Set(float64(len(d.open)))
	d.changed()
}

// openFor is the open publication of a payload; the caller holds mu.
func (d *Desk) openFor(sha256 string) (Record, bool) {
	for _, u := range d.open {
		if u.Act == ActPublish && u.SHA256 == sha256 {
			return u.Record, true
		}
	}
	return Record{}, false
}

// openOf lists the open publications of a notice, or of a thread, the oldest first.
func (d *Desk) openOf(identifier string) []unconfirmed {
	d.mu.Lock()
	defer d.mu.Unlock()
	list := []unconfirmed{}
	for _, u := range d.open {
		if u.Act != ActPublish || u.Identifier != identifier && u.Thread != identifier {
			continue
		}
		v := unconfirmed{Identifier: u.Identifier, SHA256: u.SHA256, Since: stamp(u.Time), After: u.After}
		if d.ready && d.source.Checked.After(u.Time) {
			checked := stamp(d.source.Checked)
			v.Checked = &checked
		}
		list = append(list, v)
	}
	slices.SortFunc(list, func(a, b unconfirmed) int { return time.Time(a.Since).Compare(time.Time(b.Since)) })
	return list
}

// Run finds out what became of acts whose fate is open, those of an earlier run
// included, and drops proposals that lapsed. It returns nil when ctx ends.
func (d *Desk) Run(ctx context.Context) error {
	var heads sync.WaitGroup
	heads.Go(func() { d.signHeads(ctx) })
	defer heads.Wait()
	settle, sweep := time.NewTicker(settleEvery), time.NewTicker(sweepEvery)
	defer settle.Stop()
	defer sweep.Stop()
	for {
		d.mu.Lock()
		moved := d.moved
		if len(d.open) == 0 {
			moved = nil // nothing to look for
		}
		d.mu.Unlock()
		d.settle(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-moved:
		case <-settle.C:
		case <-sweep.C:
			d.sweep(ctx)
		}
	}
}

// settle ends what is decided.
func (d *Desk) settle(ctx context.Context) {
	d.mu.Lock()
	var open []*unsettled
	for _, u := range d.open {
		open = append(open, u)
	}
	d.mu.Unlock()
	for _, u := range open {
		end, decided := d.fate(ctx, u)
		if !decided || !d.settled(u) {
			continue
		}
		if err := d.record(ctx, end); err != nil {
			d.mu.Lock() // the next round tries again; nobody is woken for it
			d.open[u.ID] = u
			d.mu.Unlock()
			continue
		}
		d.log.Info("open act settled", "act", end.Act, "id", end.ID, "identifier", end.Identifier,
			"phase", end.Phase, "seq", end.Seq, "rule", end.Rule)
		if end.Act == ActPublish && end.Phase == PhaseDone {
			d.metrics.publications.WithLabelValues("done late").Inc()
			d.alarm(end)
			d.dropPublished(ctx, end.Identifier, end.SHA256)
		}
	}
}

// settled takes u out, if nobody has taken it up meanwhile.
func (d *Desk) settled(u *unsettled) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.open[u.ID] != u {
		return false
	}
	d.close(u.ID)
	return true
}

// close takes an act out of the open ones; the caller holds mu.
func (d *Desk) close(id string) {
	delete(d.open, id)
	d.metrics.open.Set(float64(len(d.open)))
}

// fate is the record that ends an act, if that can be told.
func (d *Desk) fate(ctx context.Context, u *unsettled) (Record, bool) {
	end := u.Record
	d.mu.Lock()
	ready := d.ready
	seq, published := d.publishedAs(u.SHA256)
	past := d.past(u.Epoch, u.After) ||
		d.source.Live && d.source.Checked.After(u.since.Add(settleAfter))
	d.mu.Unlock()
	switch {
	case !ready:
		return end, false
	case u.Act == ActPublish && published:
		end.Phase, end.Seq = PhaseDone, seq
		return end, true
	case u.Act == ActPublish:
		end.Phase, end.Rule = PhaseRefused, "not-appended"
		return end, past
	}
	ctx, cancel := context.WithTimeout(ctx, settleTimeout)
	defer cancel()
	if u.Act == ActCohort || u.Act == ActCohortRemoved {
		return d.cohortFate(ctx, u)
	}
	kept, err := d.load(ctx, u.Identifier)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return end, false
	}
	there := err == nil && kept.submission.hex() == u.SHA256
	switch {
	case u.Act == ActWithdraw || u.Act == ActLapse:
		there = !there
	case there:
		there = kept.signedBy(d.keyset(), u.Owners)
	default:
		there = published
	}
	end.Phase = PhaseDone
	if !there {
		end.Phase, end.Rule = PhaseRefused, "not-kept"
	}
	return end, true
}

// publishedAs finds a payload by its hash in hex; the caller holds mu.
func (d *Desk) publishedAs(sha256 string) (uint64, bool) {
	hash, ok := parseHash(sha256)
	if !ok {
		return 0, false
	}
	a, ok := d.held[hash]
	if !ok {
		return 0, false
	}
	return a.Seq, true
}
