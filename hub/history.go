package hub

import (
	"time"

	"tocsin/notice"
	"tocsin/wire"
)

// history is one log as this node has folded it. It is guarded by Hub.mu.
type history struct {
	hub    *Hub
	epoch  string
	board  *notice.Board
	window window
	gen    *generation // set when it is served
	frames map[[32]byte]*item
	from   string    // see State
	saved  time.Time // see State
	began  time.Time // when its epoch began to be served; zero: it is not served, or of a cache
}

func (h *Hub) newHistory(epoch string) *history {
	return &history{
		hub:    h,
		epoch:  epoch,
		board:  notice.NewBoard(h.config.Trust, h.config.AllowDev),
		window: newWindow(h.config.WindowEntries, h.config.WindowBytes),
		frames: make(map[[32]byte]*item),
	}
}

// fold applies an entry, and puts it into the window whatever becomes of it: a
// cursor may stand on an entry that was refused.
func (l *history) fold(e notice.Entry) notice.Outcome {
	out := l.board.Fold(e)
	it := &item{seq: e.Seq, hash: wire.EntryHash(e.Body)}
	if a := out.Accepted; a != nil {
		if forClients(a) {
			it = l.hub.newItem(a)
		}
	}
	l.window.forget(out.Voided)
	for _, a := range out.Resend {
		if forClients(a) {
			it.resent = append(it.resent, l.hub.newItem(a))
		}
	}
	l.window.add(it)
	return out
}

// forClients tells whether clients are ever sent an entry of this type.
func forClients(a *notice.Accepted) bool {
	switch a.Envelope.PayloadType {
	case notice.TypeNotice, notice.TypeKeyset, notice.TypeContacts:
		return true
	}
	return false
}

// snapshot is what holds at now, as frames, in the order to fold them. Frames are
// made once, however many snapshots they are in.
func (l *history) snapshot(now time.Time) []*item {
	accepted := l.board.Snapshot(now)
	items := make([]*item, 0, len(accepted))
	frames := make(map[[32]byte]*item, len(accepted))
	for _, a := range accepted {
		it, ok := l.frames[a.Hash]
		if !ok || it.seq != a.Seq {
			it = l.hub.newItem(a)
		}
		frames[a.Hash] = it
		items = append(items, it)
	}
	l.frames = frames
	return items
}

// view is the history's window as sessions see it.
func (l *history) view() *view {
	seq, hash := l.window.last()
	return &view{
		gen: l.gen, items: l.window.items,
		floor: l.window.floor, floorHash: l.window.floorHash,
		seq: seq, hash: hash,
	}
}

// seq is the newest entry's sequence.
func (l *history) seq() uint64 {
	seq, _ := l.window.last()
	return seq
}

// lacking lists those of items that l never sent to anyone, whatever their labels.
func (l *history) lacking(items []*item) []*item {
	known := make(map[[32]byte]struct{}, len(l.window.items))
	for _, it := range l.snapshot(time.Now()) {
		known[it.sum] = struct{}{}
	}
	for _, it := range l.window.items {
		known[it.sum] = struct{}{}
	}
	var lacking []*item
	for _, it := range items {
		if _, ok := known[it.sum]; !ok {
			lacking = append(lacking, it)
		}
	}
	return lacking
}
