package hub

import (
	"time"

	"tocsin/wire"
)

// turn gives the next spoke its heartbeat, and looks at grants that time ends.
// due is the spoke that the clock has reached.
func (sh *shard) turn(now time.Time, due int64) {
	if due-sh.turned > spokes { // a pause of the whole process: once is enough
		sh.turned = due - spokes
	}
	spoke := int(sh.turned % spokes)
	sh.turned++
	sh.beat(spoke, now)
	const quarter = spokes / 4
	for i := spoke % quarter; i < spokes; i += quarter {
		list := sh.wheel[i]
		for j := len(list) - 1; j >= 0; j-- { // backwards: check may remove
			sh.checkEnd(list[j].session, now)
		}
	}
	for _, others := range []map[*session]struct{}{sh.held, sh.separate} {
		for s := range others {
			if s.slot%quarter == spoke%quarter {
				sh.checkEnd(s, now)
			}
		}
	}
}

// checkEnd is check for a session whose grant time has ended, if it has.
func (sh *shard) checkEnd(s *session, now time.Time) {
	if until := s.access.Load().grant.Until; !until.IsZero() && !now.Before(until) {
		sh.check(s)
	}
}

// beat sends heartbeats to the sessions of a spoke: to those that are caught up the
// same one, and to those that are held one without a cursor.
func (sh *shard) beat(spoke int, now time.Time) {
	st := sh.standing()
	sh.beatCaughtUp(spoke, st, now, func(*session) bool { return true })
	for s := range sh.held {
		if s.slot != spoke {
			continue
		}
		said := wire.Heartbeat{ServerTime: now, Source: s.source(st, now), Head: st.head()}
		frame, _ := textFrame(said.AppendTo(nil))
		if stalled, err := sh.say(s, frame, news{said.Source.State, st.gaps}); stalled || err != nil {
			sh.settle(s, err)
		}
	}
}

func (sh *shard) beatCaughtUp(spoke int, st *status, now time.Time, due func(*session) bool) {
	list := sh.wheel[spoke]
	if len(list) == 0 {
		return
	}
	v := sh.seen.Load()
	said := wire.Heartbeat{Cursor: v.cursor(), ServerTime: now, Source: st.wire(now), Head: st.head()}
	frame, _ := textFrame(said.AppendTo(nil))
	for j := len(list) - 1; j >= 0; j-- { // backwards: sessions may leave
		s := list[j].session
		if !due(s) {
			continue
		}
		if stalled, err := sh.say(s, frame, news{said.Source.State, st.gaps}); stalled || err != nil {
			s.at = v.place()
			sh.settle(s, err)
		}
	}
}

// say writes a heartbeat that tells the news.
func (sh *shard) say(s *session, frame []byte, told news) (stalled bool, err error) {
	stalled, err = s.conn.send(frame, false)
	if err == nil {
		s.told = told
	}
	return stalled, err
}

// standing is the status, and makes seen at least as new: a source is called live only
// behind what it is live with.
func (sh *shard) standing() *status {
	st := sh.hub.status.Load()
	sh.fanOut(sh.hub.view.Load())
	return st
}

// tellNews does not let sessions wait for their turn when the source has changed, or the
// first head after a gap has come. It takes some spokes at a time, so that entries go before, and comes back for the rest.
// Who was told by its lane, or by a turn that came between, is not told again.
func (sh *shard) tellNews() {
	st := sh.standing()
	now := time.Now()
	current := st.news(now)
	if current != sh.told {
		sh.told, sh.retell = current, 0
		for s := range sh.separate {
			s.poke()
		}
	}
	untold := func(s *session) bool { return s.told != current }
	for n := 0; n < spokes/16 && sh.retell < spokes; n++ {
		sh.beatCaughtUp(sh.retell, st, now, untold)
		sh.retell++
	}
	if sh.retell < spokes {
		sh.poke()
	}
}
