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
	for i := spoke % (spokes / 4); i < spokes; i += spokes / 4 {
		list := sh.wheel[i]
		for j := len(list) - 1; j >= 0; j-- { // backwards: check may remove
			if until := list[j].access.Load().grant.Until; !until.IsZero() && !now.Before(until) {
				sh.check(list[j])
			}
		}
	}
}

// beat sends heartbeats to the sessions of a spoke: to those that are caught up the
// same one, and to those that are held one without a cursor.
func (sh *shard) beat(spoke int, now time.Time) {
	v, st := sh.seen.Load(), sh.hub.status.Load()
	if list := sh.wheel[spoke]; len(list) > 0 {
		said := wire.Heartbeat{Cursor: v.cursor(), ServerTime: now, Source: st.wire(now), Head: st.head}
		frame, _ := textFrame(said.AppendTo(nil))
		for j := len(list) - 1; j >= 0; j-- { // backwards: sessions may leave
			s := list[j]
			if stalled, err := s.conn.send(sh.out, frame, false); stalled || err != nil {
				s.at = v.place()
				sh.settle(s, err)
			}
		}
	}
	for s := range sh.held {
		if s.slot != spoke {
			continue
		}
		said := wire.Heartbeat{ServerTime: now, Source: s.source(now), Head: st.head}
		frame, _ := textFrame(said.AppendTo(nil))
		if stalled, err := s.conn.send(sh.out, frame, false); stalled || err != nil {
			sh.settle(s, err)
		}
	}
}
