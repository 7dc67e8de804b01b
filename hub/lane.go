package hub

import (
	"errors"
	"sync"
	"time"

	"tocsin/wire"
)

// batchBytes is how much leaves in one write at most.
const batchBytes = 64 << 10

func isEnding(err error) bool { return errors.Is(err, errEnded) }
func isSlow(err error) bool   { return errors.Is(err, errSlow) }

// buffers are for writes that put several frames together.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// lane owns the session until it is caught up, and then gives it back to its shard;
// or for good, if the link can only block.
func (s *session) lane() {
	s.hub.metrics.lanes.Inc()
	defer s.hub.metrics.lanes.Dec()
	defer func() { s.shard.post(event{s, evJoin}) }()
	if s.conn != nil {
		if err := s.catchUp(true); err != nil {
			s.fail(err)
		}
		return
	}
	beat := time.NewTicker(s.hub.config.Heartbeat)
	defer beat.Stop()
	for {
		err := s.catchUp(true)
		if err != nil {
			s.fail(err)
			return
		}
		select {
		case <-s.done:
			s.ended = true
			return
		case <-s.wake:
		case <-beat.C:
			st := s.hub.status.Load()
			if err := s.link.write(s.beat(st, s.hub.view.Load(), time.Now())); err != nil {
				s.fail(err)
				return
			}
		}
	}
}

// beat is a heartbeat for a session in its own lane, caught up with v or held. st is no
// newer than v: a source is called live only behind what it is live with.
func (s *session) beat(st *status, v *view, now time.Time) []byte {
	var c wire.Cursor
	if s.held == nil && v.place() == s.at {
		c = v.cursor()
	}
	frame := wire.Heartbeat{Cursor: c, ServerTime: now, Source: s.source(st, now), Head: st.head()}
	s.told = news{frame.Source.State, st.gaps}
	return s.link.appendJSON(s.link.appendPlace(nil, c), frame.AppendTo(nil))
}

// tell sends a heartbeat ahead of its time, if the client is not to wait for it.
func (s *session) tell(st *status, v *view) error {
	now := time.Now()
	if s.told == s.news(st, now) {
		return nil
	}
	return s.link.write(s.beat(st, v, now))
}

// catchUp sends everything that the session is due, whatever the reason: a frame
// that the socket did not take, a change of its grant, the end of a hold, entries. One
// that may not wait leaves the rest to a lane when it would have to.
func (s *session) catchUp(wait bool) error {
	for {
		if !wait && s.conn.isStalled() {
			return nil
		}
		if err := s.link.flush(); err != nil {
			return err
		}
		if wait {
			if err := s.regrant(); err != nil {
				return err
			}
		}
		held := s.held != nil && s.resume(s.held.cursor, s.held.since) == resumeHold
		st := s.hub.status.Load()
		v := s.hub.view.Load()
		if held {
			return s.tell(st, v)
		}
		items, ok := s.due(v)
		if !ok {
			// What came meanwhile is gone from the window. Clients know what they have
			// by its hash, so all that holds now does as well.
			snap := s.hub.snapshot()
			items, v = snap.items, snap.view
		}
		if len(items) == 0 && !s.unsynced {
			s.at = v.place()
			return s.tell(st, v)
		}
		s.at, s.owed = v.place(), nil
		rest, err := s.sendItems(items, s.access.Load().sees, s.synced(v), wait)
		if err != nil {
			return err
		}
		if s.owed = rest; rest == nil {
			s.unsynced = false
		} else if !wait {
			return nil
		}
	}
}

// synced is the frame that ends a replay or snapshot, if the session is in one.
func (s *session) synced(v *view) []byte {
	if !s.unsynced {
		return nil
	}
	st := s.hub.status.Load()
	if s.conn != nil {
		return s.hub.syncedFrame(v, st)
	}
	c := v.cursor()
	return s.link.appendJSON(s.link.appendPlace(nil, c), wire.Synced{Cursor: c, Head: st.head()}.AppendTo(nil))
}

// due lists what is owed and what follows; ok is false if the window no longer
// reaches back.
func (s *session) due(v *view) (items []*item, ok bool) {
	first, rest, ok := v.due(s.at)
	if len(s.owed) == 0 && len(first) == 0 {
		return rest, ok
	}
	items = append(items, s.owed...)
	return append(append(items, first...), rest...), ok
}

// sendItems writes what is to go before (head), the items that sees allows, and
// tail, in as few writes as may be. When the grant changes under way, or it would have to
// wait and may not, it stops, and returns the items that are left, never nil.
func (s *session) sendItems(items []*item, sees func(*item) bool, tail []byte, wait bool) (rest []*item, err error) {
	// Asked for again, now that it is known what is to go: an entry that was published
	// after the grant was taken back must find it so.
	if _, same := s.grantNow(); !same && len(items) > 0 {
		return items, nil
	}
	pooled := buffers.Get().(*[]byte)
	buf := append((*pooled)[:0], s.head...)
	s.head = nil
	defer func() {
		*pooled = buf[:0]
		buffers.Put(pooled)
	}()
	for i, it := range items {
		if len(buf) > 0 && len(buf)+it.length() > batchBytes {
			stalled, err := s.write(buf, wait)
			if err != nil {
				return nil, err
			}
			buf = buf[:0]
			if _, same := s.grantNow(); stalled || !same {
				return items[i:], nil
			}
		}
		buf = s.appendVisible(buf, it, sees)
	}
	if buf = append(buf, tail...); len(buf) > 0 {
		_, err = s.write(buf, wait)
	}
	return nil, err
}

// write has the link take p, though it may be that a flush is due then: stalled.
func (s *session) write(p []byte, wait bool) (stalled bool, err error) {
	if wait {
		return false, s.link.write(p)
	}
	return s.conn.send(p, true)
}

// appendVisible appends an item and what goes with it again, as far as sees allows.
func (s *session) appendVisible(buf []byte, it *item, sees func(*item) bool) []byte {
	if it.frame != nil && sees(it) {
		buf = s.link.appendItem(buf, it)
		it.tally.addSent(1)
	}
	for _, resent := range it.resent {
		buf = s.appendVisible(buf, resent, sees)
	}
	return buf
}
