package notice_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/notice"
	"tocsin/notice/noticetest"
)

// hearing writes one vector of what a client hears of two beacons.
type hearing struct {
	t       *testing.T
	beacons notice.Beacons
	keyset  *notice.Keyset
	keys    map[string]*notice.PrivateKey
	now     time.Duration
	steps   []advanceStep
}

// hears says that a head comes now that a beacon made when the time was off from that.
func (h *hearing) hears(beacon string, off time.Duration, want notice.Progress) {
	h.t.Helper()
	said := logEpoch.Add(h.now + off).Truncate(time.Second)
	got, lag := h.beacons.Hear(notice.SignedHead{KeyID: h.keys[beacon].KeyID(), Said: said}, h.keyset, logEpoch.Add(h.now))
	require.Equal(h.t, want, got, "step %d, at %s", len(h.steps), h.now)
	h.steps = append(h.steps, advanceStep{beacon, h.now.Milliseconds(), notice.FormatTime(said), got, lag.Round(100 * time.Millisecond).Milliseconds()})
}

// pass lets time pass in steps of d, calling what happens in each.
func (h *hearing) pass(n int, d time.Duration, each func(i int)) {
	for i := range n {
		h.now += d
		each(i)
	}
}

const beat = 15 * time.Second

// advances are what heads that a client hears do, which the two beacons of a keyset made.
func advances(t *testing.T) (vectors []advanceVector) {
	const ok, again, behind = notice.HeadAdvances, notice.HeadRepeats, notice.HeadBehind
	for _, test := range []struct {
		name string
		run  func(h *hearing)
	}{
		{"every ten seconds, heard every fifteen", func(h *hearing) {
			h.pass(20, beat, func(int) { h.hears("a", -h.now%(10*time.Second), ok) })
		}},
		{"the last one again and again", func(h *hearing) {
			h.hears("a", 0, ok)
			h.pass(50, beat, func(int) { h.hears("a", -h.now, again) })
		}},
		{"an old one in between", func(h *hearing) {
			h.pass(4, beat, func(int) { h.hears("a", 0, ok) })
			h.hears("a", -10*time.Second, behind)
			h.pass(4, beat, func(int) { h.hears("a", 0, ok) })
		}},
		{"old ones from the beginning on, late by 125 s", func(h *hearing) {
			h.pass(8, beat, func(int) { h.hears("a", 0, ok) })
			h.pass(8, beat, func(int) { h.hears("a", -125*time.Second, behind) })
		}},
		{"at half the speed", func(h *hearing) {
			h.hears("a", 0, ok)
			h.pass(40, beat, func(i int) {
				want := ok
				if h.now/2 > 45*time.Second {
					want = behind
				}
				h.hears("a", -h.now/2, want)
			})
		}},
		{"at 95 % of the speed: for ten minutes not believed, and again", func(h *hearing) {
			h.hears("a", 0, ok)
			h.pass(60, time.Minute, func(i int) {
				want := ok
				if i >= 15 && (i-15)%16 < 10 {
					want = behind
				}
				h.hears("a", -h.now/20, want)
			})
		}},
		{"a clock that is slow by one part in 10,000, for ten days", func(h *hearing) {
			h.pass(240, time.Hour, func(int) { h.hears("a", -h.now/10_000, ok) })
		}},
		{"delays that vary by 40 s", func(h *hearing) {
			h.pass(20, 50*time.Second, func(i int) { h.hears("a", -time.Duration(i%2)*40*time.Second, ok) })
		}},
		{"away for an hour", func(h *hearing) {
			h.hears("a", 0, ok)
			h.now += time.Hour
			h.hears("a", -10*time.Second, ok)
			h.now += beat
			h.hears("a", -10*time.Second, ok)
		}},
		{"away for an hour, and then what was an hour ago", func(h *hearing) {
			h.hears("a", 0, ok)
			h.now += time.Hour
			h.pass(20, beat, func(int) { h.hears("a", -time.Hour+time.Minute, behind) })
		}},
		{"a clock set forward by an hour, and back", func(h *hearing) {
			h.hears("a", 0, ok)
			h.pass(4, beat, func(int) { h.hears("a", time.Hour, ok) })
			h.pass(40, beat, func(int) { h.hears("a", 0, behind) })
			h.pass(4, beat, func(int) { h.hears("a", 0, ok) })
		}},
		{"one of two clocks is an hour behind", func(h *hearing) {
			h.pass(60, beat, func(int) { h.hears("a", 0, ok); h.hears("b", -time.Hour, behind) })
		}},
		{"and stays when the other is gone", func(h *hearing) {
			h.pass(60, beat, func(int) { h.hears("a", 0, ok); h.hears("b", -time.Hour, behind) })
			h.pass(39, beat, func(int) { h.hears("b", -time.Hour, behind) })
			h.pass(10, beat, func(int) { h.hears("b", -time.Hour, ok) })
		}},
		{"one of two clocks is an hour ahead", func(h *hearing) {
			h.pass(10, beat, func(int) { h.hears("a", 0, ok); h.hears("b", time.Hour, ok) })
		}},
		{"one of two clocks is set back by an hour", func(h *hearing) {
			h.pass(4, beat, func(int) { h.hears("a", 0, ok); h.hears("b", 0, ok) })
			h.pass(60, beat, func(int) { h.hears("a", 0, ok); h.hears("b", -time.Hour, behind) })
		}},
		{"one of two clocks was an hour ahead, and is set right", func(h *hearing) {
			h.pass(4, beat, func(int) { h.hears("a", 0, ok); h.hears("b", time.Hour, ok) })
			h.pass(40, beat, func(int) { h.hears("a", 0, ok); h.hears("b", 0, behind) })
			h.pass(4, beat, func(int) { h.hears("a", 0, ok); h.hears("b", 0, ok) })
		}},
		{"a beacon held back until its heads are old", func(h *hearing) {
			h.pass(8, beat, func(int) { h.hears("a", 0, ok) })
			h.pass(30, beat, func(int) { h.hears("b", -2*time.Minute, behind) })
		}},
		{"a beacon held back by less: it vouches for as much less", func(h *hearing) {
			h.pass(8, beat, func(int) { h.hears("a", 0, ok) })
			h.pass(30, beat, func(int) { h.hears("b", -40*time.Second, ok) })
		}},
		{"fits and starts do not end probation", func(h *hearing) {
			h.hears("a", 0, ok)
			h.pass(120, beat, func(i int) { h.hears("a", -time.Hour-time.Duration(i%8)*time.Minute, behind) })
		}},
	} {
		staff := noticetest.NewStaff(t)
		h := &hearing{
			t: t, keys: map[string]*notice.PrivateKey{"a": staff.Beacon, "b": staff.Stranger},
			keyset: staff.Keyset(1, staff.With(staff.Stranger, notice.RoleBeacon)),
		}
		t.Run(test.name, func(t *testing.T) { h.t = t; test.run(h) })
		vectors = append(vectors, advanceVector{test.name, h.steps})
	}
	return vectors
}

// What a beacon said that is one no longer is held against nobody.
func TestBeaconTakenOut(t *testing.T) {
	staff := noticetest.NewStaff(t)
	both := staff.Keyset(1, staff.With(staff.Stranger, notice.RoleBeacon))
	var b notice.Beacons
	now := time.Now()
	hear := func(key *notice.PrivateKey, said time.Time, ks *notice.Keyset, want notice.Progress) {
		t.Helper()
		got, _ := b.Hear(notice.SignedHead{KeyID: key.KeyID(), Said: said}, ks, now)
		require.Equal(t, want, got)
	}
	hear(staff.Stranger, now.AddDate(1, 0, 0), both, notice.HeadAdvances)
	hear(staff.Beacon, now, both, notice.HeadBehind)
	hear(staff.Beacon, now.Add(time.Second), staff.Keyset(2), notice.HeadAdvances)
}

// Two desks: who keeps back the heads of one, to play them when those of the other cease, hides
// nothing for longer than by freezing.
func TestLagOfABeaconHeldBack(t *testing.T) {
	staff := noticetest.NewStaff(t)
	ks, start := staff.Keyset(1, staff.With(staff.Stranger, notice.RoleBeacon)), time.Now()
	var b notice.Beacons
	var until time.Duration
	for now := time.Duration(0); now < 10*time.Minute; now += time.Second {
		key, said := staff.Beacon, now
		if now > 2*time.Minute { // when something was published
			key, said = staff.Stranger, min(now-40*time.Second, 2*time.Minute)
		}
		h := notice.SignedHead{KeyID: key.KeyID(), Said: logEpoch.Add(said)}
		if progress, lag := b.Hear(h, ks, start.Add(now)); progress == notice.HeadAdvances {
			until = max(until, now-lag+notice.HeadLag)
		}
	}
	require.LessOrEqual(t, until, 2*time.Minute+notice.HeadLag+time.Second)
}

func TestLagOfHeads(t *testing.T) {
	staff := noticetest.NewStaff(t)
	ks, now := staff.Keyset(1), time.Now()
	var b notice.Beacons
	for _, step := range []struct{ passed, said, lag time.Duration }{
		{0, -5 * time.Second, 0}, {15 * time.Second, 0, 10 * time.Second}, {10 * time.Second, 10 * time.Second, 10 * time.Second},
		{10 * time.Second, 35 * time.Second, 0}, {20 * time.Second, 40 * time.Second, 15 * time.Second},
	} {
		now = now.Add(step.passed)
		got, lag := b.Hear(notice.SignedHead{KeyID: staff.Beacon.KeyID(), Said: logEpoch.Add(step.said)}, ks, now)
		require.Equal(t, notice.HeadAdvances, got)
		require.InDelta(t, step.lag, lag, float64(10*time.Millisecond))
	}
}
