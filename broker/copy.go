package broker

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"time"

	"tocsin/notice"
)

// Copy is one life of the log, as it was at some moment.
type Copy struct {
	Epoch   string
	Last    uint64         // the log's last sequence
	Entries []notice.Entry // ascending; a place without one is empty
	// Time is when it was made. SHA256 is the checksum of the file it was read from.
	Time   time.Time
	SHA256 string
	// Doubt is why the newest entries may be missing, of a copy that was read from a log:
	// nil if most of the log's replicas were online. No file keeps it.
	Doubt error
}

func (c *Copy) first() uint64 {
	if len(c.Entries) == 0 {
		return 0
	}
	return c.Entries[0].Seq
}

func (c *Copy) top() uint64 {
	if len(c.Entries) == 0 {
		return 0
	}
	return c.Entries[len(c.Entries)-1].Seq
}

// search is where a place's entry is, or would be.
func (c *Copy) search(seq uint64) (int, bool) {
	return slices.BinarySearchFunc(c.Entries, seq, func(e notice.Entry, seq uint64) int { return cmp.Compare(e.Seq, seq) })
}

// digest tells copies apart by what they would restore.
func (c *Copy) digest() string {
	sum := sha256.New()
	place := binary.BigEndian.AppendUint64(nil, c.Last)
	sum.Write(place)
	for _, e := range c.Entries {
		body := sha256.Sum256(e.Body)
		sum.Write(binary.BigEndian.AppendUint64(place[:0], e.Seq))
		sum.Write(append([]byte(e.Subject), 0))
		sum.Write(body[:])
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// at is the entry at a place.
func (c *Copy) at(seq uint64) (notice.Entry, bool) {
	i, found := c.search(seq)
	if !found {
		return notice.Entry{}, false
	}
	return c.Entries[i], true
}

// add fills the empty places of c from a later copy of the same log.
func (c *Copy) add(later *Copy) {
	entries := slices.Concat(c.Entries, later.Entries)
	slices.SortStableFunc(entries, func(a, b notice.Entry) int { return cmp.Compare(a.Seq, b.Seq) })
	c.Entries = slices.CompactFunc(entries, func(a, b notice.Entry) bool { return a.Seq == b.Seq })
	c.Last, c.Time = max(c.Last, later.Last), later.Time
}

// drop empties places.
func (c *Copy) drop(seqs []uint64) {
	c.Entries = slices.DeleteFunc(c.Entries, func(e notice.Entry) bool { return slices.Contains(seqs, e.Seq) })
}

// Sorted is c with its entries in order, and one for each place.
func (c *Copy) Sorted() *Copy {
	c.add(&Copy{Last: c.Last, Time: c.Time})
	return c
}
