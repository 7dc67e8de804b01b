package hub

import (
	"encoding/binary"
	"slices"
	"sort"
	"sync"

	"tocsin/notice"
	"tocsin/wire"
)

// item is one entry of the log as clients get it. It is immutable once published.
type item struct {
	seq  uint64
	hash string // wire.EntryHash of the body
	// frame is the whole WebSocket frame, made once for all clients; nil if clients
	// do not get the entry: it was refused, no longer holds, or is not for them.
	frame    []byte
	deflated func() []byte  // frame, compressed when it is first asked for; nil: it is better as it is
	body     int            // where in frame the JSON begins
	envelope []byte         // the entry's body, verbatim
	sum      [32]byte       // SHA-256 of the payload, by which clients know it
	notice   *notice.Notice // nil: for everybody (keyset, contacts)
	open     bool           // everybody may see it, without a label
	tally    *tally         // counts its receipts; nil for what has none
	// resent are earlier entries that follow this one again, because it changed what
	// holds (a keyset, a redaction): clients that came meanwhile lack them. Clients
	// know by its hash what they have.
	resent []*item
}

// newItem makes the frame of an entry that the board accepted.
func (h *Hub) newItem(a *notice.Accepted) *item {
	it := &item{
		seq: a.Seq, hash: wire.EntryHash(a.Body), sum: a.Hash, envelope: a.Body,
		notice: a.Notice, tally: h.receipts.of(a),
	}
	it.open = a.Notice == nil || a.Notice.VisibleTo(notice.ScopePublic, notice.Labels{})
	it.frame, it.body = textFrame(wire.EncodeEntry(a.Seq, a.Body))
	payload := it.json() // not the item, which is copied and left (window.forget)
	it.deflated = sync.OnceValue(func() []byte { return deflatedFrame(payload) })
	return it
}

// frameFor is the frame for a client that takes compressed messages, or does not.
func (it *item) frameFor(deflate bool) []byte {
	if deflate && it.frame != nil {
		if deflated := it.deflated(); deflated != nil {
			return deflated
		}
	}
	return it.frame
}

// json is the entry frame's JSON.
func (it *item) json() []byte { return it.frame[it.body:] }

// textFrame wraps a payload in the frame of an unfragmented, unmasked text
// message (RFC 6455, section 5.2); body is where the payload begins.
func textFrame(payload []byte) (frame []byte, body int) {
	frame = make([]byte, 0, len(payload)+10)
	frame = appendFrame(frame, opText, payload)
	return frame, len(frame) - len(payload)
}

const (
	opText  = 0x1
	opClose = 0x8
)

// appendFrame appends a final, unmasked frame (RFC 6455, section 5.2).
func appendFrame(dst []byte, opcode byte, payload []byte) []byte {
	dst = append(dst, 0x80|opcode)
	switch n := len(payload); {
	case n <= 125:
		dst = append(dst, byte(n))
	case n <= 0xffff:
		dst = binary.BigEndian.AppendUint16(append(dst, 126), uint16(n))
	default:
		dst = binary.BigEndian.AppendUint64(append(dst, 127), uint64(n))
	}
	return append(dst, payload...)
}

// window is the bounded end of the log. It is guarded by Hub.mu; views of it are
// immutable.
type window struct {
	maxItems, maxBytes int

	items []*item // ascending seq; views share the array, so its elements never change
	bytes int     // of the frames in items
	dead  int     // elements in front of items that the array still holds
	// floor is the entry before items[0]: a cursor there can still be replayed.
	floor     uint64
	floorHash string
}

func newWindow(maxItems, maxBytes int) window {
	return window{maxItems: maxItems, maxBytes: maxBytes, floorHash: wire.StartOf("").Hash}
}

// add appends an entry, and drops the oldest beyond the bounds.
func (w *window) add(it *item) {
	w.items = append(w.items, it)
	w.bytes += it.size()
	drop := 0
	for len(w.items)-drop > w.maxItems || (w.bytes > w.maxBytes && drop < len(w.items)-1) {
		w.bytes -= w.items[drop].size()
		drop++
	}
	if drop == 0 {
		return
	}
	w.floor, w.floorHash = w.items[drop-1].seq, w.items[drop-1].hash
	w.items = w.items[drop:]
	// The array keeps what was dropped alive until it is left behind.
	if w.dead += drop; w.dead > max(w.maxItems/8, 1) || w.bytes > w.maxBytes/2 {
		w.items, w.dead = slices.Clone(w.items), 0
	}
}

// forget drops what no longer holds, wherever the window has it: a replay must not bring
// what the reader's own board would refuse. Entries keep their place and hash, so cursors
// there stay good.
func (w *window) forget(gone []*notice.Accepted) {
	if len(gone) == 0 {
		return
	}
	sums := make(map[[32]byte]struct{}, len(gone))
	for _, a := range gone {
		sums[a.Hash] = struct{}{}
	}
	isGone := func(it *item) bool {
		_, ok := sums[it.sum]
		return ok
	}
	items := slices.Clone(w.items)
	for i, it := range items {
		kept := *it
		if isGone(it) {
			kept = item{seq: it.seq, hash: it.hash}
		}
		kept.resent = slices.DeleteFunc(slices.Clone(it.resent), isGone)
		if !isGone(it) && len(kept.resent) == len(it.resent) {
			continue
		}
		items[i] = &kept
		w.bytes += kept.size() - it.size()
	}
	w.items, w.dead = items, 0
}

// length is what the item and those sent again with it take in a write, uncompressed.
func (it *item) length() int {
	n := len(it.frame)
	for _, r := range it.resent {
		n += r.length()
	}
	return n
}

// size is what the item costs in memory, roughly, once its frame is compressed as well.
func (it *item) size() int {
	n := 2*len(it.frame) + 200
	for _, r := range it.resent {
		n += r.size()
	}
	return n
}

// last is the newest entry's place, or the floor.
func (w *window) last() (seq uint64, hash string) {
	if len(w.items) == 0 {
		return w.floor, w.floorHash
	}
	it := w.items[len(w.items)-1]
	return it.seq, it.hash
}

// itemsAfter is the part of items behind seq.
func itemsAfter(items []*item, seq uint64) []*item {
	if n := len(items); n == 0 || items[n-1].seq <= seq {
		return nil
	}
	return items[sort.Search(len(items), func(i int) bool { return items[i].seq > seq }):]
}
