package hub

import (
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"tocsin/auth"
	"tocsin/wire"
)

// link is how a session reaches its client: a WebSocket ([conn]) or an event
// stream ([stream]).
type link interface {
	// appendItem, appendJSON and appendPlace put an entry, a frame's JSON, and the
	// cursor that the next frame tells of, into the form of the link.
	appendItem(dst []byte, it *item) []byte
	appendJSON(dst, json []byte) []byte
	appendPlace(dst []byte, c wire.Cursor) []byte
	// write sends p and returns when it was taken; flush, what was left of earlier
	// writes. Both block, within the send time-out, and are for lanes alone.
	write(p []byte) error
	flush() error
	// close ends the link in order: a farewell, if any, and the code. It does not
	// block, and only the first counts.
	close(code wire.CloseCode, farewell wire.ServerFrame)
	// abort ends it at once.
	abort()
}

// session is one client's cursor over the window.
type session struct {
	hub   *Hub
	id    string
	addr  netip.Addr
	link  link
	conn  *conn // link, if a shard may write to it without blocking; otherwise nil
	shard *shard
	wake  chan struct{} // pokes the lane of a session that has one of its own
	done  chan struct{} // closed when the reader has ended

	turn

	// What the reader owns. claims are as hello gave them.
	ws       *websocket.Conn // nil: an event stream
	socket   *conn           // below ws
	patience *time.Timer     // for hello
	attended atomic.Bool     // the reader has looked once
	greeted  bool            // hello has come
	over     bool            // the reader has ended
	meter    meter
	acked    map[*tally]uint8
	claims   []string
	public   bool // counted by limits.greet

	holder  atomic.Pointer[auth.Holder] // replaced by the reader
	access  atomic.Pointer[access]      // replaced by the owner
	closing atomic.Bool                 // close was called, by anybody

	// What the owner owns: a shard, or a lane.
	at       place   // not kept up to date while a shard owns it: it is the shard's then
	head     []byte  // the welcome, until it leaves with what follows it
	owed     []*item // to be sent before what follows at
	unsynced bool    // synced is still to come
	held     *hold   // waits for the node to reach the client; nil otherwise
	told     news    // by the last welcome or heartbeat
	ended    bool    // nothing can be sent any more
	enrolled *access // as what the audience counts it; nil: not yet, or no longer

	// What the shard owns, always.
	where  whereabouts
	inLane bool
	gone   bool // the reader has ended
	slot   int  // of the heartbeat wheel, fixed
	index  int  // in its slot
	filed  []filing
	walked uint64 // the last walk that came by
}

// whereabouts is the list of the shard that a session is in.
type whereabouts int

const (
	nowhere  whereabouts = iota
	slotted              // caught up, and written to by the shard
	holding              // waits for the node
	separate             // has a lane of its own
)

// hold is a session that waits, because its client knows more than the node.
type hold struct {
	cursor wire.Cursor
	since  time.Time // of hello
	// grown: the grant came to allow more meanwhile. Then a replay would not do: what
	// the client could not see before may lie before its cursor.
	grown bool
}

// by tells whether v still holds the session.
func (h *hold) by(v *view, st *status) bool {
	return v.resumeAt(h.cursor, st.Source, h.since) == resumeHold
}

// grantNow asks for the session's grant, and tells whether it is what the session
// was told.
func (s *session) grantNow() (g auth.Grant, same bool) {
	g = s.hub.config.Authority.Grant(s.holder.Load())
	return g, s.access.Load().same(g)
}

// close ends the session in order. It may be called by anybody, and does not block.
func (s *session) close(code wire.CloseCode, farewell wire.ServerFrame) {
	if s.closing.Swap(true) {
		return
	}
	s.hub.metrics.closed.WithLabelValues(code.String()).Inc()
	s.link.close(code, farewell)
}

// bye is the farewell before a close that is no fault of the client.
func (h *Hub) bye(reason string) wire.Bye {
	return wire.Bye{Reason: reason, ReconnectAfterMs: [2]int64{0, h.config.ReconnectWindow.Milliseconds()}}
}

// fail ends a session whose link did not take what was written.
func (s *session) fail(err error) {
	s.ended = true
	switch {
	case isEnding(err):
		// The close frame is out, and the reader sees to the rest.
	case isSlow(err):
		s.hub.metrics.slow.Inc()
		s.link.close(wire.CloseGoingAway, s.hub.bye(wire.ByeSlow)) // should it fit after all
		s.link.abort()
	default:
		s.link.abort()
	}
}
