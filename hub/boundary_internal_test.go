package hub

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// However frames are cut on their way, it is known when one is complete, and which of the
// messages were compressed; and nothing but the mark is changed.
func TestBoundary(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		deflate := rapid.Bool().Draw(t, "deflate")
		b := boundary{deflate: deflate}
		var stream, want []byte
		between := map[int]bool{0: true} // by bytes passed
		var marks []bool
		open := false
		for range rapid.IntRange(0, 12).Draw(t, "frames") {
			payload := make([]byte, rapid.SampledFrom([]int{0, 1, 125, 126, 300, 70_000}).Draw(t, "size"))
			first, mark := byte(0), false
			switch control := rapid.Bool().Draw(t, "control"); {
			case control:
				payload = payload[:min(len(payload), 125)]
				first = 0x80 | rapid.SampledFrom([]byte{0x8, 0x9, 0xa}).Draw(t, "opcode")
			default:
				if !open {
					mark = deflate && rapid.Bool().Draw(t, "compressed")
					marks = append(marks, mark)
					first = opText
				}
				if open = rapid.Bool().Draw(t, "more"); !open {
					first |= 0x80
				}
			}
			frame := clientFrame(first, payload)
			want = append(want, frame...)
			if mark {
				frame[0] |= rsv1
			}
			stream = append(stream, frame...)
			between[len(stream)] = !open
		}
		got := append([]byte(nil), stream...)
		for passed := 0; passed < len(got); {
			require.Equal(t, between[passed], b.between(), passed)
			n := rapid.IntRange(1, min(len(got)-passed, 400)).Draw(t, "cut")
			if len(got) > 5_000 {
				n = min(len(got)-passed, n*100)
			}
			complete := false
			for at := passed + 1; at <= passed+n; at++ {
				complete = complete || between[at]
			}
			require.Equal(t, complete, b.pass(got[passed:passed+n]))
			passed += n
		}
		require.Equal(t, between[len(stream)], b.between())
		require.Equal(t, want, got)
		if deflate {
			for _, mark := range marks {
				require.Equal(t, mark, b.wasDeflated())
			}
		}
		require.False(t, b.wasDeflated())
	})
}

func clientFrame(first byte, payload []byte) []byte {
	const masked = 0x80
	frame := []byte{first}
	switch n := len(payload); {
	case n <= 125:
		frame = append(frame, masked|byte(n))
	case n <= 0xffff:
		frame = binary.BigEndian.AppendUint16(append(frame, masked|126), uint16(n))
	default:
		frame = binary.BigEndian.AppendUint64(append(frame, masked|127), uint64(n))
	}
	return append(append(frame, 1, 2, 3, 4), payload...)
}
