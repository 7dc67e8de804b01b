package notice

import "time"

const (
	// HeadLag is for how long a head vouches for what it fits, and by how much heads of
	// a beacon may come later than its quickest.
	HeadLag = 45 * time.Second
	// BeaconProbation is how long heads that fell behind must advance, before they
	// are believed after all: a desk's clock was set back.
	BeaconProbation = 10 * time.Minute
	// beaconDrift is by how much clocks may differ in speed: one part in so many. Less
	// than that, a node that plays heads in slow motion gains 17 s a day.
	beaconDrift = 5000
)

// Progress is what a head does to what its beacon said before.
type Progress string

// The kinds of progress.
const (
	HeadAdvances Progress = "advances"
	HeadRepeats  Progress = "repeats" // the same again
	HeadBehind   Progress = "behind"  // old, too slow, or against what other beacons say
)

// Beacons tells heads that advance from such as are repeated, old, or played in slow
// motion. Each desk has a clock of its own, which may be wrong by any amount, so the
// heads of each beacon are held against its own earlier ones, by the time that has
// passed here. One that is not known yet is held against the others: otherwise
// who held it back could play its heads with any delay. The zero value is ready; not
// safe for concurrent use.
type Beacons struct{ tracks map[string]*track }

// track is what one beacon said.
type track struct {
	steady run // believed; zero if nothing was yet
	// probation is what contradicts steady, or other beacons, and may yet prove to be
	// a clock that was set.
	probation run
}

// run is a row of heads that advance at the speed of time.
type run struct {
	said  time.Time     // by the last head
	heard time.Time     // when, here
	lag   time.Duration // by which the last is later than the quickest
	since time.Time     // when the first was heard
}

func newRun(said, heard time.Time) run { return run{said: said, heard: heard, since: heard} }

// next adds a head to the run, if it advances it.
func (r *run) next(said, heard time.Time) bool {
	passed, advanced := heard.Sub(r.heard), said.Sub(r.said)
	lag := max(0, r.lag+passed-passed/beaconDrift-advanced)
	if advanced <= 0 || lag > HeadLag {
		return false
	}
	r.said, r.heard, r.lag = said, heard, lag
	return true
}

// quickest is what a head that is heard now, and as quick as the quickest, would say.
func (r *run) quickest(now time.Time) time.Time {
	passed := now.Sub(r.heard)
	return r.said.Add(r.lag + passed - passed/beaconDrift)
}

// Hear takes a head that was verified under ks, heard at that time: by a clock that
// is never set (time.Now has one in it). lag is by how much an advancing one is later
// than the quickest of its beacon, or when that was not known yet, of all: it vouches for so
// much less.
func (b *Beacons) Hear(h SignedHead, ks *Keyset, heard time.Time) (_ Progress, lag time.Duration) {
	t := b.tracks[h.KeyID]
	if t == nil {
		if b.tracks == nil {
			b.tracks = make(map[string]*track)
		}
		t = new(track)
		b.tracks[h.KeyID] = t
	}
	known, behind := !t.steady.said.IsZero(), b.behind(h, ks, heard)
	switch {
	case known && h.Said.Equal(t.steady.said), h.Said.Equal(t.probation.said):
		return HeadRepeats, 0
	case known && t.steady.next(h.Said, heard):
		t.probation = run{}
		return HeadAdvances, t.steady.lag
	case !known && behind <= HeadLag:
		t.steady = newRun(h.Said, heard)
		t.steady.lag = behind
		return HeadAdvances, behind
	case t.probation.said.IsZero() || !t.probation.next(h.Said, heard):
		t.probation = newRun(h.Said, heard)
	case heard.Sub(t.probation.since) >= BeaconProbation && behind <= HeadLag:
		t.steady, t.probation = t.probation, run{}
		t.steady.lag = max(t.steady.lag, behind)
		return HeadAdvances, t.steady.lag
	}
	return HeadBehind, 0
}

// behind is by how much h is later than the quickest of other beacons of ks that were believed
// of late: without it, who kept back a beacon's heads could let it vouch, once those of
// the others cease, for what was 45 s ago.
func (b *Beacons) behind(h SignedHead, ks *Keyset, now time.Time) (lag time.Duration) {
	for id, t := range b.tracks {
		other := &t.steady
		if id == h.KeyID || other.said.IsZero() || now.Sub(other.heard) >= BeaconProbation {
			continue
		}
		if key := ks.Key(id); key != nil && key.Has(RoleBeacon) {
			lag = max(lag, other.quickest(now).Sub(h.Said))
		}
	}
	return lag
}
