//go:build linux

package crowd

import (
	"bytes"
	"hash/maphash"
	"sync"
	"sync/atomic"
)

// Groups is how many groups clients can be in. Arrivals are counted for each.
const Groups = 3

// maxPages bounds how many entries are remembered.
const maxPages = 1024

// book knows every entry that came, by the bytes of its frame. So the first client
// that gets one decodes it, and all others only compare.
type book struct {
	seed maphash.Seed
	room [Groups]atomic.Int64 // clients of each group: how many arrivals a page has room for
	wake chan struct{}        // a page may be complete

	mu     sync.RWMutex
	byHash map[uint64]*page
	bySeq  map[uint64]*page
	order  []*page // the oldest first
}

// page is one entry. Its frame is the same for all clients, by docs/protocol.md.
type page struct {
	seq    uint64
	hash   uint64
	packed bool
	frame  []byte // the payload as it came
	json   []byte // what it says
	tally  [Groups]tally
}

// tally counts the arrivals of an entry at a group.
type tally struct {
	n    atomic.Int64
	want atomic.Int64   // somebody waits for that many; 0: nobody
	at   []atomic.Int64 // when, of the first of them
}

func newBook() *book {
	return &book{
		seed: maphash.MakeSeed(), wake: make(chan struct{}, 1),
		byHash: make(map[uint64]*page), bySeq: make(map[uint64]*page),
	}
}

// find returns the page of a frame; nil if it is the first of its kind.
func (b *book) find(packed bool, frame []byte) *page {
	hash := maphash.Bytes(b.seed, frame)
	b.mu.RLock()
	pg := b.byHash[hash]
	b.mu.RUnlock()
	if pg == nil || pg.packed != packed || !bytes.Equal(pg.frame, frame) {
		return nil
	}
	return pg
}

// add makes a page. same is false if the sequence is known with other bytes; a frame
// in compressed and plain form says the same.
func (b *book) add(seq uint64, packed bool, frame, json []byte) (pg *page, same bool) {
	pg = &page{seq: seq, hash: maphash.Bytes(b.seed, frame), packed: packed, frame: bytes.Clone(frame)}
	if pg.json = pg.frame; packed {
		pg.json = bytes.Clone(json)
	}
	for g := range pg.tally {
		pg.tally[g].at = make([]atomic.Int64, b.room[g].Load())
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if other := b.bySeq[seq]; other != nil {
		if !bytes.Equal(other.json, pg.json) {
			return nil, false
		}
		b.byHash[pg.hash] = other
		return other, true
	}
	b.byHash[pg.hash], b.bySeq[seq] = pg, pg
	b.order = append(b.order, pg)
	if len(b.order) > maxPages {
		old := b.order[0]
		b.order = b.order[1:]
		delete(b.byHash, old.hash)
		delete(b.bySeq, old.seq)
	}
	return pg, true
}

// get returns the page of a sequence.
func (b *book) get(seq uint64) *page {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.bySeq[seq]
}

// arrived counts an entry at a client.
func (b *book) arrived(pg *page, group uint8, at int64) {
	t := &pg.tally[group]
	n := t.n.Add(1)
	if int(n) <= len(t.at) {
		t.at[n-1].Store(at)
	}
	if want := t.want.Load(); want != 0 && n >= want {
		select {
		case b.wake <- struct{}{}:
		default:
		}
	}
}
