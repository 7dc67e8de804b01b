package hub

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// spokes is how many parts the sessions of a shard fall into, so that heartbeats
// are spread over their interval and a broadcast never waits for all of them.
const spokes = 64

// shard owns the sessions that are caught up, and sends to them. Its fields belong
// to its goroutine, but for those that say otherwise.
type shard struct {
	hub  *Hub
	wake chan struct{} // for anybody
	// progress tells Hub.pace that seen has moved.
	progress chan struct{}
	seen     atomic.Pointer[view] // the last one walked; written by the shard alone

	mu    sync.Mutex
	inbox []event // guarded by mu

	wheel    [spokes][]seat // of those that are caught up with seen
	size     int            // sessions in the wheel
	labels   directory      // of the wheel
	held     map[*session]struct{}
	separate map[*session]struct{}

	releasedView   *view // what held sessions were last compared with
	releasedStatus *status

	batch batch
	walks uint64
	some  []*session // scratch: whom a walk visits

	turned  int64 // spokes since start that had their heartbeat
	granted uint64
	recheck int  // the next spoke whose grants are to be checked; spokes: none
	told    news // what sessions were last told, or are being told
	retell  int  // the next spoke to be told so; spokes: none
}

// seat is a session's place in the wheel. What a broadcast needs of it lies in the conn
// alone, so that it touches nothing else.
type seat struct {
	*session
	conn *conn
}

// event is news of a session for its shard. Each session has at most three there.
type event struct {
	session *session
	kind    eventKind
}

type eventKind int

const (
	// evJoin: the session is the shard's again, by its lane or for the first time.
	evJoin eventKind = iota
	// evSeparate: the session keeps its lane.
	evSeparate
	// evCheck: its grant may differ, or its socket has stalled.
	evCheck
	// evLeave: its reader has ended.
	evLeave
)

func newShard(h *Hub) *shard {
	sh := &shard{
		hub: h, wake: make(chan struct{}, 1), progress: make(chan struct{}, 1), labels: make(directory),
		held: make(map[*session]struct{}), separate: make(map[*session]struct{}),
		recheck: spokes, retell: spokes,
	}
	sh.seen.Store(&view{})
	return sh
}

// pick is the shard for a new session.
func (h *Hub) pick() *shard { return h.shards[rand.IntN(len(h.shards))] }

// poke wakes the shard; many at once are one.
func (sh *shard) poke() {
	select {
	case sh.wake <- struct{}{}:
	default:
	}
}

func (sh *shard) post(e event) {
	sh.mu.Lock()
	sh.inbox = append(sh.inbox, e)
	sh.mu.Unlock()
	sh.poke()
}

func (sh *shard) take() []event {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	events := sh.inbox
	sh.inbox = nil
	return events
}

// lag is how many entries of v the shard has not walked yet.
func (sh *shard) lag(v *view) int {
	seen := sh.seen.Load()
	if seen.gen != v.gen {
		return 0
	}
	return len(itemsAfter(v.items, seen.seq))
}

// run is the shard's goroutine. An entry goes before everything else, and
// housekeeping is done a spoke at a time.
func (sh *shard) run(ctx context.Context) {
	start := time.Now()
	step := max(sh.hub.config.Heartbeat/spokes, time.Millisecond)
	tick := time.NewTicker(step)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-sh.wake:
		case <-tick.C:
		}
		sh.fanOut(sh.hub.view.Load())
		for _, e := range sh.take() {
			sh.handle(e)
		}
		sh.release()
		for due := int64(time.Since(start) / step); sh.turned < due; {
			sh.turn(time.Now(), due)
			sh.fanOut(sh.hub.view.Load())
		}
		sh.checkGrants()
		sh.tellNews()
	}
}

func (sh *shard) handle(e event) {
	s := e.session
	switch e.kind {
	case evJoin:
		s.inLane = false
		sh.join(s)
	case evSeparate:
		s.inLane, s.where = true, separate
		sh.separate[s] = struct{}{}
	case evCheck:
		sh.check(s)
	case evLeave:
		s.gone = true
		sh.remove(s)
	}
	if s.gone && !s.inLane {
		sh.remove(s)
		s.enrol(nil)
		sh.hub.end(s)
	}
}

// join takes a session over from a lane.
func (sh *shard) join(s *session) {
	switch {
	case s.gone || s.ended || s.conn == nil:
		sh.remove(s)
	case s.held != nil:
		s.where = holding
		sh.held[s] = struct{}{}
		if !s.held.by(sh.hub.view.Load(), sh.hub.status.Load()) {
			sh.toLane(s)
			return
		}
		sh.check(s)
	default:
		sh.fanOut(sh.hub.view.Load()) // the session may be ahead of the shard
		sh.admit(s)
	}
}

// admit puts a session into the wheel, and brings it to where the shard is: behind
// that it is by no more than what was published since its lane was done.
func (sh *shard) admit(s *session) {
	v := sh.seen.Load()
	first, rest, ok := v.due(s.at)
	if !ok || len(s.owed) > 0 || s.unsynced {
		sh.toLane(s)
		return
	}
	s.where = slotted
	s.index = len(sh.wheel[s.slot])
	sh.wheel[s.slot] = append(sh.wheel[s.slot], seat{s, s.conn})
	sh.size++
	sh.labels.add(s)
	sh.batch.set(first, rest)
	sh.send(s, s.at, v.place())
	sh.hub.metrics.delivered.Add(float64(sh.batch.finish()))
	sh.check(s)
}

// remove takes a session out of whatever list it is in.
func (sh *shard) remove(s *session) {
	switch s.where {
	case slotted:
		list := sh.wheel[s.slot]
		last := len(list) - 1
		list[s.index] = list[last]
		list[s.index].index = s.index
		list[last] = seat{}
		sh.wheel[s.slot] = list[:last]
		sh.size--
		sh.labels.remove(s)
	case holding:
		delete(sh.held, s)
	case separate:
		delete(sh.separate, s)
	}
	s.where = nowhere
}

// toLane hands a session to a lane of its own. What it is due is in at and owed.
func (sh *shard) toLane(s *session) {
	sh.remove(s)
	s.inLane = true
	go s.lane()
}

// check looks whether a session must leave the shard: for a grant that is no longer
// the one that it was told, a heartbeat that it missed elsewhere, or a socket to be
// flushed.
func (sh *shard) check(s *session) {
	switch s.where {
	case separate:
		s.poke()
	case slotted, holding:
		_, same := s.grantNow()
		if same && s.told == s.news(sh.hub.status.Load(), time.Now()) && !s.conn.isStalled() {
			return
		}
		if s.where == slotted {
			s.at = sh.seen.Load().place()
		}
		sh.toLane(s)
	}
}

// poke wakes the lane that the session has for good.
func (s *session) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// release lets go of held sessions that the node has reached.
func (sh *shard) release() {
	v, st := sh.hub.view.Load(), sh.hub.status.Load()
	if v == sh.releasedView && st == sh.releasedStatus {
		return
	}
	sh.releasedView, sh.releasedStatus = v, st
	for s := range sh.held {
		if !s.held.by(v, st) {
			sh.toLane(s)
		}
	}
}

// checkGrants looks at some spokes' grants, if the authority says that they may
// differ, and comes back for the rest.
func (sh *shard) checkGrants() {
	if n := sh.hub.grants.Load(); n != sh.granted {
		sh.granted, sh.recheck = n, 0
		for s := range sh.held {
			sh.check(s)
		}
		for s := range sh.separate {
			s.poke()
		}
	}
	for n := 0; n < spokes/16 && sh.recheck < spokes; n++ {
		sh.checkSpoke(sh.recheck)
		sh.recheck++
	}
	if sh.recheck < spokes {
		sh.poke()
	}
}

func (sh *shard) checkSpoke(i int) {
	list := sh.wheel[i]
	for j := len(list) - 1; j >= 0; j-- { // backwards: check may remove
		sh.check(list[j].session)
	}
}
