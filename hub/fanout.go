package hub

import (
	"errors"
	"slices"
	"time"
)

// maxPicked is the number of entries of a batch whose readers are looked up.
const maxPicked = 64

// batch is what a shard is about to send: the same entries to each session, as far
// as each may see them. It belongs to its shard.
type batch struct {
	items  []*item // those with a frame, those sent again in their place
	open   bool    // everybody may see all of them
	pieces formed  // if open: all items, joined into few writes
	sent   []int   // to how many sessions each went
	whole  int     // to how many the only piece went besides

	buf    []byte // scratch: frames joined for one session
	picked []int  // scratch: which of items are in the piece under way
}

// formed are pieces in the form for clients that take compressed messages, or do not.
// Either is empty until the first such client is met.
type formed struct{ plain, deflated []piece }

// piece is one write: what is to be seen of items[from:end].
type piece struct {
	bytes     []byte
	from, end int
	reused    bool // bytes are scratch
}

// set fills the batch.
func (b *batch) set(first, rest []*item) {
	b.open = true
	b.add(first)
	b.add(rest)
	b.sent = append(b.sent[:0], make([]int, len(b.items))...)
}

// of are the pieces of an open batch.
func (b *batch) of(deflate bool) []piece {
	pieces := &b.pieces.plain
	if deflate {
		pieces = &b.pieces.deflated
	}
	if len(*pieces) == 0 && b.open {
		for i := 0; i < len(b.items); i = (*pieces)[len(*pieces)-1].end {
			*pieces = append(*pieces, b.join(i, deflate))
		}
	}
	return *pieces
}

func (b *batch) add(items []*item) {
	for _, it := range items {
		if it.frame != nil {
			b.items = append(b.items, it)
			b.open = b.open && it.open
		}
		b.add(it.resent)
	}
}

// join puts the frames from i on together that fit into one write. One alone is
// not copied.
func (b *batch) join(i int, deflate bool) piece {
	p := piece{bytes: b.items[i].frameFor(deflate), from: i, end: i + 1}
	size := len(p.bytes)
	for p.end < len(b.items) && size+len(b.items[p.end].frameFor(deflate)) <= batchBytes {
		size += len(b.items[p.end].frameFor(deflate))
		p.end++
	}
	if p.end == i+1 {
		return p
	}
	p.bytes = make([]byte, 0, size)
	for _, it := range b.items[i:p.end] {
		p.bytes = append(p.bytes, it.frameFor(deflate)...)
	}
	return p
}

// one is all there is, if everybody gets it and one write holds it; otherwise nil.
func (b *batch) one(deflate bool) []byte {
	if pieces := b.of(deflate); len(pieces) == 1 {
		return pieces[0].bytes
	}
	return nil
}

// next is the piece that begins at i for a session; without bytes if there is
// nothing more for it.
func (b *batch) next(a *access, deflate bool, i int) piece {
	if b.open {
		for _, p := range b.of(deflate) {
			if p.from == i {
				return p
			}
		}
	}
	return b.pick(a, deflate, i)
}

// pick is next for entries that not everybody may see.
func (b *batch) pick(a *access, deflate bool, i int) piece {
	b.buf, b.picked = b.buf[:0], b.picked[:0]
	p := piece{from: i, end: i}
	for ; p.end < len(b.items); p.end++ {
		it := b.items[p.end]
		if !a.sees(it) {
			continue
		}
		frame := it.frameFor(deflate)
		if len(b.picked) > 0 && len(p.bytes)+len(frame) > batchBytes {
			break
		}
		if len(b.picked) == 0 {
			p.bytes = frame
		} else {
			if !p.reused {
				b.buf, p.reused = append(b.buf, p.bytes...), true
			}
			b.buf = append(b.buf, frame...)
			p.bytes = b.buf
		}
		b.picked = append(b.picked, p.end)
	}
	return p
}

// count notes that a session took the piece.
func (b *batch) count(p piece) {
	if !b.open {
		for _, i := range b.picked {
			b.sent[i]++
		}
		return
	}
	for i := p.from; i < p.end; i++ {
		b.sent[i]++
	}
}

// finish hands the counts on, and lets go of the frames.
func (b *batch) finish() (delivered int) {
	for i, it := range b.items {
		it.tally.addSent(b.sent[i] + b.whole)
		delivered += b.sent[i] + b.whole
	}
	b.whole = 0
	clear(b.items)
	clear(b.pieces.plain)
	clear(b.pieces.deflated)
	b.items, b.pieces = b.items[:0], formed{b.pieces.plain[:0], b.pieces.deflated[:0]}
	return delivered
}

// fanOut sends to every session of the shard what v has and they have not.
func (sh *shard) fanOut(v *view) {
	seen := sh.seen.Load()
	if v == seen {
		return
	}
	from := seen.place()
	if sh.size > 0 {
		started := time.Now()
		if sh.walk(v, from) > 0 {
			sh.hub.metrics.fanOut.Observe(time.Since(started).Seconds())
		}
	}
	sh.seen.Store(v)
	for s := range sh.separate {
		s.poke()
	}
	select {
	case sh.progress <- struct{}{}:
	default:
	}
}

// walk goes through all sessions that are due something, and tells how many entries were
// delivered.
func (sh *shard) walk(v *view, from place) (delivered int) {
	defer sh.hub.broadcast.begin()()
	first, rest, ok := v.due(from)
	if !ok {
		sh.eachOf(func(s seat) {
			s.at = from
			sh.toLane(s.session)
		})
		return 0
	}
	sh.batch.set(first, rest)
	if sh.pickSome() {
		for _, s := range sh.some {
			if s.where == slotted {
				sh.send(s, from, v.place())
			}
		}
		clear(sh.some)
	} else {
		sh.eachOf(func(s seat) {
			if one := sh.batch.one(s.conn.deflate); one == nil || !sh.sendOne(s, one, v.place()) {
				sh.send(s.session, from, v.place())
			}
		})
	}
	delivered = sh.batch.finish()
	sh.hub.metrics.delivered.Add(float64(delivered))
	return delivered
}

// eachOf calls do for all sessions in the wheel.
func (sh *shard) eachOf(do func(seat)) {
	for i := range sh.wheel {
		list := sh.wheel[i]
		for j := len(list) - 1; j >= 0; j-- { // backwards: sessions may leave
			do(list[j])
		}
	}
}

// pickSome fills some with all who may see an entry of the batch; false if it is better to
// ask everybody. Who is not there is not due anything: what a change of its grant lets it
// see, regrant sends.
func (sh *shard) pickSome() bool {
	if len(sh.batch.items) > maxPicked {
		return false
	}
	sh.walks++
	some := sh.some[:0]
	for _, it := range sh.batch.items {
		if it.open {
			return false
		}
		from := len(some)
		found, ok := sh.labels.find(some, it.notice, sh.size/2)
		if !ok {
			return false
		}
		twice := func(s *session) bool {
			seen := s.walked == sh.walks
			s.walked = sh.walks
			return seen
		}
		some = found[:from+len(slices.DeleteFunc(found[from:], twice))]
	}
	sh.some = some
	return true
}

// sendOne is send for a batch that everybody gets whole, in one write.
func (sh *shard) sendOne(s seat, one []byte, to place) bool {
	stalled, err := s.conn.send(one, false)
	if errors.Is(err, errStalled) {
		return false // nothing of it was taken
	}
	if err == nil {
		sh.batch.whole++
	}
	if stalled || err != nil {
		s.at = to
		sh.settle(s.session, err)
	}
	return true
}

// send writes the batch to one session, from one place to another. One that can't take
// it, or whose grant has changed, goes to a lane, with what is left.
func (sh *shard) send(s *session, from, to place) {
	b := &sh.batch
	if !b.open {
		if _, same := s.grantNow(); !same {
			s.at = from
			sh.toLane(s)
			return
		}
	}
	a := s.access.Load()
	for i := 0; i < len(b.items); {
		p := b.next(a, s.conn.deflate, i)
		if p.bytes == nil {
			return
		}
		stalled, err := s.conn.send(p.bytes, p.reused)
		if err == nil {
			b.count(p)
			i = p.end
		}
		if stalled || err != nil {
			s.at, s.owed = to, slices.Clone(b.items[i:])
			sh.settle(s, err)
			return
		}
	}
}

// settle decides what becomes of a session whose socket did not take everything.
func (sh *shard) settle(s *session, err error) {
	switch {
	case err == nil, errors.Is(err, errStalled):
		sh.hub.metrics.stalls.Inc()
		sh.toLane(s)
	case errors.Is(err, errEnded):
		s.ended = true
		sh.remove(s)
	default:
		s.ended = true
		sh.remove(s)
		s.conn.abort()
	}
}
