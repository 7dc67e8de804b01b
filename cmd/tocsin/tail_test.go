package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"tocsin/notice"
	"tocsin/notice/noticetest"
	"tocsin/wire"
)

func TestReadTokens(t *testing.T) {
	for content, want := range map[string]struct {
		tokens []string
		other  int
	}{
		"":                               {},
		"a.b-1.c_2\r\n\nd.e.f":           {tokens: []string{"a.b-1.c_2", "d.e.f"}},
		"\ufeffa.b.c\n":                  {tokens: []string{"a.b.c"}},
		"a.b.c\n# note\na.b\na.b.c.d\n":  {tokens: []string{"a.b.c"}, other: 4},
		"\xff\xfea\x00.\x00b\x00.\x00c":  {other: 1},
		strings.Repeat("\x01 ..", 1000):  {other: 1001},
		"{\"access_token\":\"a.b.c\"}\n": {other: 1},
	} {
		file := filepath.Join(t.TempDir(), "token")
		require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
		tokens, other, err := readTokens(file)
		require.NoError(t, err)
		require.Equal(t, want.tokens, tokens, content)
		require.Equal(t, want.other, other, content)
	}
	_, _, err := readTokens(filepath.Join(t.TempDir(), "none"))
	require.ErrorContains(t, err, "reading the tokens")
}

// A keyset that comes behind a notice, in one replay, makes it none that was replaced.
func TestTailBehindAKeyset(t *testing.T) {
	t.Parallel()
	staff := noticetest.NewStaff(t)
	trust := filepath.Join(t.TempDir(), "trust.pem")
	require.NoError(t, os.WriteFile(trust, staff.Trust().Marshal(), 0o600))
	holds, replaced := staff.Alert(), staff.Alert()
	update := staff.Update(replaced, nil)
	log := [][]byte{staff.KeysetBody(1), staff.Sign(holds), staff.Sign(replaced), staff.Sign(update), staff.KeysetBody(2)}
	from := wire.Cursor{Epoch: "0a1b2c3d", Seq: 1, Hash: wire.EntryHash(log[0])}
	node := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		replay(w, r, log, from)
	}))
	defer node.Close()
	for _, c := range []struct {
		name     string
		cmd      tailCmd
		shown    []*notice.Notice
		replaced int
	}{
		{"what holds", tailCmd{Once: true}, []*notice.Notice{holds, update}, 0},
		{"what was missed", tailCmd{Count: 3}, []*notice.Notice{holds, replaced, update}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out, diagnosis strings.Builder
			c.cmd.URL, c.cmd.Trust, c.cmd.Cursor, c.cmd.Timeout = "ws"+strings.TrimPrefix(node.URL, "http"), trust, from.String(), patience
			require.NoError(t, c.cmd.Run(t.Context(), console{Out: &out, Err: &diagnosis}), &diagnosis)
			for _, n := range c.shown {
				require.Contains(t, out.String(), n.Identifier)
			}
			require.Equal(t, c.replaced, strings.Count(out.String(), "Replaced since, it was:"), out.String())
		})
	}
}

// replay sends who has a cursor what of log is behind it, and anybody else what is not.
func replay(w http.ResponseWriter, r *http.Request, log [][]byte, from wire.Cursor) {
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{wire.Subprotocol}})
	if err != nil {
		return
	}
	defer conn.CloseNow()
	_, message, err := conn.Read(r.Context())
	if err != nil {
		return
	}
	resume, at, end := wire.ResumeSnapshot, 0, int(from.Seq)
	if hello, err := wire.DecodeClient(message); err == nil && hello.(wire.Hello).Cursor != "" {
		resume, at, end = wire.ResumeReplay, end, len(log)
	}
	frames := []wire.ServerFrame{wire.Welcome{
		Session: "s1", Tier: wire.TierPublic, Auth: wire.AuthState{State: wire.AuthNone}, Resume: resume,
		HeartbeatMs: 15_000, ServerTime: time.Now(), Source: wire.Source{State: wire.SourceLive},
	}}
	for ; at < end; at++ {
		frames = append(frames, wire.EntryFrame{Seq: uint64(at + 1), Envelope: log[at]})
	}
	frames = append(frames, wire.Synced{Cursor: wire.Cursor{Epoch: from.Epoch, Seq: uint64(end), Hash: wire.EntryHash(log[end-1])}})
	for _, f := range frames {
		if conn.Write(r.Context(), websocket.MessageText, f.AppendTo(nil)) != nil {
			return
		}
	}
	_, _, _ = conn.Read(r.Context()) // until the client goes
}

func TestWhyInWords(t *testing.T) {
	require.Equal(t, "the connection was lost", why(fmt.Errorf("reading: %w", io.EOF)))
	require.Equal(t, "the node is silent", why(errors.New("the node is silent")))
}
