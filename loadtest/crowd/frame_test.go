package crowd

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// heard is what a sink was given.
type heard struct {
	opcode  byte
	packed  bool
	payload string
}

type recorder []heard

func (r *recorder) message(opcode byte, packed bool, payload []byte) error {
	*r = append(*r, heard{opcode, packed, string(payload)})
	return nil
}

// serverFrame makes a frame as servers do.
func serverFrame(first byte, payload []byte) []byte {
	switch n := len(payload); {
	case n < 126:
		return append([]byte{first, byte(n)}, payload...)
	case n <= 0xffff:
		return append(binary.BigEndian.AppendUint16([]byte{first, 126}, uint16(n)), payload...)
	default:
		return append(binary.BigEndian.AppendUint64([]byte{first, 127}, uint64(n)), payload...)
	}
}

// stream is one of all kinds of messages, and what is to be heard of it.
func stream() (bytes []byte, want []heard) {
	add := func(first byte, payload string) { bytes = append(bytes, serverFrame(first, []byte(payload))...) }
	long, longer := strings.Repeat("l", 300), strings.Repeat("x", 70_000)
	add(bitFin|opText, "hello")
	add(bitFin|bitRSV1|opText, long)
	add(opText|bitRSV1, "in ")
	add(bitFin|opPing, "?")
	add(opContinuation, "three ")
	add(bitFin|opContinuation, "parts")
	add(bitFin|opText, longer)
	add(bitFin|opText, "")
	add(bitFin|opClose, "\x03\xe9")
	return bytes, []heard{
		{opText, false, "hello"}, {opText, true, long}, {opPing, false, "?"}, {opText, true, "in three parts"},
		{opText, false, longer}, {opText, false, ""}, {opClose, false, "\x03\xe9"},
	}
}

func TestParserInPieces(t *testing.T) {
	all, want := stream()
	for _, size := range []int{1, 2, 3, 7, 125, 1000, 65_536, len(all)} {
		var got recorder
		var ps parser
		for p := all; len(p) > 0; p = p[min(size, len(p)):] {
			require.NoError(t, ps.feed(p[:min(size, len(p))], &got))
		}
		require.Equal(t, want, []heard(got), "in pieces of %d", size)
		require.Empty(t, ps.carry)
		require.LessOrEqual(t, cap(ps.carry), maxCarry, "what a large frame needed is given back")
	}
}

func TestParserRefuses(t *testing.T) {
	for name, p := range map[string][]byte{
		"masked":                  {bitFin | opText, bitMask | 1, 0, 0, 0, 0, 'x'},
		"reserved bit":            serverFrame(bitFin|0x20|opText, nil),
		"unknown opcode":          serverFrame(bitFin|0x3, nil),
		"control in fragments":    serverFrame(opPing, nil),
		"long control":            serverFrame(bitFin|opPing, make([]byte, 126)),
		"continuation of nothing": serverFrame(bitFin|opContinuation, nil),
		"text inside text":        append(serverFrame(opText, nil), serverFrame(bitFin|opText, nil)...),
		"endless":                 {bitFin | opText, 127, 0, 0, 1, 0, 0, 0, 0, 0},
	} {
		var ps parser
		require.ErrorIs(t, ps.feed(p, &recorder{}), errFrame, name)
	}
}

func TestParserDoesNotAllocate(t *testing.T) {
	p := bytes.Repeat(serverFrame(bitFin|opText, make([]byte, 1000)), 10)
	var ps parser
	var n counter
	require.Zero(t, testing.AllocsPerRun(100, func() { _ = ps.feed(p, &n) }))
	require.Positive(t, n)
}

type counter int

func (c *counter) message(byte, bool, []byte) error {
	*c++
	return nil
}

func TestInflate(t *testing.T) {
	inflate := newInflater()
	for _, text := range []string{"", "a crisis", strings.Repeat("again and ", 5000)} {
		var b bytes.Buffer
		w, err := flate.NewWriter(&b, 5)
		require.NoError(t, err)
		_, err = w.Write([]byte(text))
		require.NoError(t, err)
		require.NoError(t, w.Flush())
		got, err := inflate(bytes.TrimSuffix(b.Bytes(), tail[:4]))
		require.NoError(t, err)
		require.Equal(t, text, string(got))
	}
	_, err := inflate([]byte("no deflate"))
	require.Error(t, err)
}

// However a stream is cut, the same is heard of it, or the same is wrong with it.
func FuzzParser(f *testing.F) {
	all, _ := stream()
	f.Add(all[:400], 3)
	f.Add(serverFrame(bitFin|opPing, make([]byte, 126)), 1)
	f.Fuzz(func(t *testing.T, p []byte, size int) {
		var whole, pieces recorder
		var one, other parser
		want := one.feed(p, &whole)
		size = min(max(size, 1), 1<<16)
		var got error
		for rest := p; len(rest) > 0 && got == nil; rest = rest[min(size, len(rest)):] {
			got = other.feed(rest[:min(size, len(rest))], &pieces)
		}
		require.Equal(t, want, got)
		require.Equal(t, whole, pieces)
		if want == nil {
			require.Equal(t, string(one.carry), string(other.carry))
		}
	})
}
