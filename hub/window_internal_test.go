package hub

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"tocsin/notice"
	"tocsin/wire"
)

// The window against a list that never forgets: it holds the newest entries within
// its bounds, finds what is after any place, knows the hash at each, and no view
// changes after it was made.
func TestWindow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		maxItems, maxBytes := rapid.IntRange(1, 40).Draw(t, "items"), rapid.IntRange(300, 20_000).Draw(t, "bytes")
		w := newWindow(maxItems, maxBytes)
		var all []*item
		type kept struct {
			items []*item
			seqs  []uint64
		}
		var views []kept
		seq := uint64(0)
		for range rapid.IntRange(1, 200).Draw(t, "adds") {
			seq += uint64(rapid.SampledFrom([]int{1, 1, 1, 1, 2}).Draw(t, "step")) // a hole is a redacted entry
			it := &item{seq: seq, hash: fmt.Sprintf("%08x", seq), sum: [32]byte{byte(seq), byte(seq >> 8)}}
			if n := rapid.IntRange(0, 900).Draw(t, "size"); n > 0 {
				it.frame = make([]byte, n)
			}
			w.add(it)
			all = append(all, it)
			if void := rapid.IntRange(0, 30).Draw(t, "void"); void < 3 && void < len(all) {
				w.forget([]*notice.Accepted{{Hash: all[len(all)-1-void].sum}})
			}
			views = append(views, kept{w.items, seqsOf(w.items)})
		}
		require.LessOrEqual(t, len(w.items), maxItems)
		bytes := 0
		for _, it := range w.items {
			bytes += it.size()
		}
		require.Equal(t, bytes, w.bytes)
		require.True(t, bytes <= maxBytes || len(w.items) == 1)
		for _, v := range views {
			require.Equal(t, v.seqs, seqsOf(v.items))
		}
		v := &view{items: w.items, floor: w.floor, floorHash: w.floorHash, seq: seq, gen: &generation{}}
		for i, it := range all {
			_, rest, ok := v.due(place{v.gen, it.seq})
			require.Equal(t, it.seq >= w.floor, ok)
			if ok {
				require.Equal(t, seqsOf(all[i+1:]), seqsOf(rest))
				hash, known := v.hashAt(it.seq)
				require.True(t, known)
				require.Equal(t, it.hash, hash)
			}
		}
	})
}

func seqsOf(items []*item) []uint64 {
	seqs := []uint64{}
	for _, it := range items {
		seqs = append(seqs, it.seq)
	}
	return seqs
}

func TestTextFrame(t *testing.T) {
	for size, head := range map[int][]byte{
		0: {0x81, 0}, 125: {0x81, 125}, 126: {0x81, 126, 0, 126}, 65535: {0x81, 126, 0xff, 0xff},
		65536: {0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0},
	} {
		frame, body := textFrame(make([]byte, size))
		require.Equal(t, head, frame[:body])
		require.Len(t, frame[body:], size)
	}
}

// A session whose place the window has left gets everything that holds.
func TestDueAcrossGenerations(t *testing.T) {
	old := &generation{epoch: "aaaaaaaa"}
	base, delta := []*item{{seq: 1}, {seq: 2}}, []*item{{seq: 2}}
	gen := &generation{epoch: "bbbbbbbb", base: base, baseSeq: 2, former: old, formerSeq: 9, delta: delta}
	v := &view{gen: gen, items: []*item{{seq: 2}, {seq: 3}}, floor: 1, seq: 3}
	for name, test := range map[string]struct {
		at    place
		first []*item
		rest  []uint64
	}{
		"at the end of the former":    {place{old, 9}, delta, []uint64{3}},
		"not at its end":              {place{old, 8}, base, []uint64{3}},
		"of one long before":          {place{&generation{}, 5}, base, []uint64{3}},
		"of none":                     {place{}, base, []uint64{3}},
		"of the present one":          {place{gen, 2}, nil, []uint64{3}},
		"at the end of what is there": {place{gen, 3}, nil, []uint64{}},
	} {
		first, rest, ok := v.due(test.at)
		require.True(t, ok, name)
		require.Equal(t, test.first, first, name)
		require.Equal(t, test.rest, seqsOf(rest), name)
	}
	_, _, ok := v.due(place{gen, 0})
	require.False(t, ok)
	require.Equal(t, wire.Cursor{Epoch: "bbbbbbbb", Seq: 3}, v.cursor())
}
