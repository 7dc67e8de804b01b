package hub

import (
	"bytes"
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// flooding is a connection with much to read, and then its end.
type flooding struct {
	net.Conn
	left      io.Reader
	reads     int
	deadlines []time.Duration
}

func (f *flooding) Read(p []byte) (int, error) {
	f.reads++
	return f.left.Read(p)
}

func (f *flooding) SetReadDeadline(t time.Time) error {
	f.deadlines = append(f.deadlines, time.Until(t))
	return nil
}

// What those send who are already cut off costs little, and is not read for ever; or
// a few of them keep others waiting for seconds.
func TestDiscardIsCheap(t *testing.T) {
	ping := []byte{0x89, 0x80, 0, 0, 0, 0}
	f := &flooding{left: bytes.NewReader(bytes.Repeat(ping, 2*maxDiscard/len(ping)))}
	discard(newConn(f, nil, time.Second))
	require.Less(t, f.reads, 100)
	require.Empty(t, f.deadlines, "not answered")

	answer := []byte{0x88, 0x82, 0, 0, 0, 0, 3, 232}
	f = &flooding{left: bytes.NewReader(append(bytes.Repeat(ping, 1_000), answer...))}
	discard(newConn(f, nil, time.Second))
	require.NotEmpty(t, f.deadlines, "answered: the end comes soon")
	for _, d := range f.deadlines {
		require.LessOrEqual(t, d, quiet)
	}
}
