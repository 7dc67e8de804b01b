package hub_test

import (
	"bufio"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"tocsin/notice/noticetest"
	"tocsin/wire"
)

// Clients that compress get, live and replayed, what others get.
func TestDeflate(t *testing.T) {
	w := newWorld(t)
	n := w.follow()
	plain := n.hello(wire.Hello{})
	plain.begin()
	for name, mode := range map[string]websocket.CompressionMode{
		"without context": websocket.CompressionNoContextTakeover, "with context": websocket.CompressionContextTakeover,
	} {
		n.compression = mode
		c := n.hello(wire.Hello{Labels: []string{"surface:portal", "lang:" + strings.Repeat("e", 8)}})
		c.begin()
		var want []uint64
		for range 3 {
			_, e := w.alert(noticetest.Headline("a headline that repeats, a headline that repeats"))
			n.Entry(e)
			want = append(want, e.Seq)
		}
		require.Equal(t, want, c.entries(3), name)
		require.Equal(t, want, plain.entries(3), name)
		c.send(wire.Tokens{Tokens: []string{w.token("north")}}) // compressed, too
		require.Equal(t, wire.TierPrivate, expect[wire.Auth](c).Tier, name)
		again := n.hello(wire.Hello{Cursor: w.log.cursor().String()})
		_, seqs, _ := again.begin()
		require.Empty(t, seqs)
		all := n.hello(wire.Hello{})
		_, seqs, _ = all.begin()
		require.Subset(t, seqs, want, name)
	}
}

// rawDeflate connects with an offer, and returns what was agreed to.
func (n *node) rawDeflate(t *testing.T, offer string) (conn io.ReadWriteCloser, br *bufio.Reader, agreed string) {
	t.Helper()
	c, err := net.Dial("tcp", n.addr)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	require.NoError(t, c.SetDeadline(time.Now().Add(patience)))
	_, err = io.WriteString(c, "GET /v1/connect HTTP/1.1\r\nHost: "+n.addr+"\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"+
		"Sec-WebSocket-Protocol: tocsin.v1\r\nSec-WebSocket-Extensions: "+offer+"\r\n\r\n")
	require.NoError(t, err)
	br = bufio.NewReader(c)
	resp, err := http.ReadResponse(br, nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusSwitchingProtocols, resp.StatusCode)
	return c, br, resp.Header.Get("Sec-WebSocket-Extensions")
}

func TestDeflateOffers(t *testing.T) {
	n := newWorld(t).follow()
	for offer, agreed := range map[string]bool{
		"permessage-deflate":                                                       true,
		"permessage-deflate; client_max_window_bits":                               true, // Chromium, Firefox
		"x-webkit-deflate-frame, permessage-deflate; client_max_window_bits":       true,
		"permessage-deflate; server_no_context_takeover; client_max_window_bits=9": true,
		`permessage-deflate; server_max_window_bits="15"`:                          false, // the answer would have to say so
		"permessage-deflate; server_max_window_bits=10":                            false, // what is sent would not fit
		"permessage-deflate; server_max_window_bits=10, permessage-deflate":        true,
		"permessage-deflate; something_else":                                       false,
		"permessage-deflate; server_no_context_takeover=1":                         false,
		"permessage-bzip2": false,
	} {
		_, _, got := n.rawDeflate(t, offer)
		if agreed {
			require.Equal(t, "permessage-deflate; server_no_context_takeover; client_no_context_takeover", got, offer)
		} else {
			require.Empty(t, got, offer)
		}
	}
}

// maskedDeflated is a compressed text message, masked with zeros.
func maskedDeflated(message []byte) []byte {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, flate.BestCompression)
	_, _ = w.Write(message)
	_ = w.Flush()
	return maskedRSV1(bytes.TrimSuffix(b.Bytes(), []byte{0, 0, 0xff, 0xff}))
}

func maskedRSV1(payload []byte) []byte {
	frame := []byte{0xc1, 0x80 | 126}
	frame = binary.BigEndian.AppendUint16(frame, uint16(len(payload)))
	return append(append(frame, 0, 0, 0, 0), payload...)
}

// Bombs, rubbish, and compression that was not agreed to end the session that sent them.
func TestDeflateAttacks(t *testing.T) {
	t.Parallel()
	n := newWorld(t).follow()
	const agree = "permessage-deflate"
	for name, test := range map[string]struct {
		offer string
		frame []byte
		code  wire.CloseCode // 0: cut off
	}{
		"bomb":         {agree, maskedDeflated(make([]byte, 8<<20)), wire.CloseTooBig},
		"just too big": {agree, maskedDeflated(bytes.Repeat([]byte(" "), wire.MaxClientFrame+1)), wire.CloseTooBig},
		"rubbish":      {agree, maskedRSV1([]byte(strings.Repeat("\xff\x07", 50))), wire.CloseBadFrame},
		"cut":          {agree, maskedRSV1([]byte{0xed}), wire.CloseBadFrame},
		"not agreed":   {"permessage-bzip2", maskedDeflated([]byte(`{"type":"hello"}`)), 1002},
	} {
		conn, br, _ := n.rawDeflate(t, test.offer)
		_, err := conn.Write(test.frame)
		require.NoError(t, err, name)
		got, _ := io.ReadAll(br)
		require.GreaterOrEqual(t, len(got), 4, name)
		require.EqualValues(t, 0x88, got[0], name)
		require.EqualValues(t, test.code, binary.BigEndian.Uint16(got[2:]), "%s: %q", name, got)
	}
}

// A notice is compressed once: the same bytes for every client, marked so.
func TestDeflatedOnce(t *testing.T) {
	w := newWorld(t)
	n := w.follow(seldom)
	_, first := w.alert(noticetest.Headline(strings.Repeat("crisis ", 14)))
	var got [3][]byte
	var readers []*bufio.Reader
	for range got {
		conn, br, _ := n.rawDeflate(t, "permessage-deflate")
		_, err := conn.Write(maskedText(`{"type":"hello"}`))
		require.NoError(t, err)
		for { // to synced, which is small and stays as it is
			head, err := br.Peek(4)
			require.NoError(t, err)
			size := 2 + int(head[1])
			if head[1] == 126 {
				size = 4 + int(binary.BigEndian.Uint16(head[2:]))
			}
			frame := make([]byte, size)
			_, err = io.ReadFull(br, frame)
			require.NoError(t, err)
			if bytes.Contains(frame, []byte(`"synced"`)) {
				break
			}
		}
		readers = append(readers, br)
	}
	n.Entry(first)
	for i, br := range readers {
		head := make([]byte, 4)
		_, err := io.ReadFull(br, head)
		require.NoError(t, err)
		require.EqualValues(t, 0xc1, head[0])
		got[i] = make([]byte, binary.BigEndian.Uint16(head[2:]))
		_, err = io.ReadFull(br, got[i])
		require.NoError(t, err)
		require.Equal(t, got[0], got[i])
	}
	text, err := io.ReadAll(flate.NewReader(io.MultiReader(bytes.NewReader(got[0]), strings.NewReader("\x00\x00\xff\xff\x01\x00\x00\xff\xff"))))
	require.NoError(t, err)
	frame, err := wire.DecodeServer(text)
	require.NoError(t, err)
	require.Equal(t, first.Seq, frame.(wire.EntryFrame).Seq)
	require.Less(t, len(got[0]), len(text)*9/10)
}
