package desk_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/desk"
)

// lines keeps what is logged.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (l *lines) logger() *slog.Logger {
	return slog.New(slog.NewJSONHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// counted is a source of receipts.
type counted struct {
	mu     sync.Mutex
	counts []desk.Counts
	err    error
	asks   []string // thread and number of revisions
}

func (c *counted) Counts(_ context.Context, identifier string, revisions int) ([]desk.Counts, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asks = append(c.asks, fmt.Sprint(identifier, " ", revisions))
	return c.counts, c.err
}

func (c *counted) set(counts ...desk.Counts) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts = counts
}

// asked returns what was asked for since it was last called.
func (c *counted) asked() (asks []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	asks, c.asks = c.asks, nil
	return asks
}

func (c *counted) fail(yes bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err = nil
	if yes {
		c.err = errors.New("no answer")
	}
}

// events reads a stream of server-sent events.
type events struct{ lines *bufio.Scanner }

func newEvents(r io.Reader) events { return events{bufio.NewScanner(r)} }

type receiptsEvent struct {
	Identifier string        `json:"identifier"`
	Revisions  []desk.Counts `json:"revisions"`
}

func (e events) next(t testing.TB) receiptsEvent {
	t.Helper()
	name := ""
	for e.lines.Scan() {
		line := e.lines.Text()
		if n, ok := strings.CutPrefix(line, "event: "); ok {
			name = n
		}
		if data, ok := strings.CutPrefix(line, "data: "); ok {
			require.Equal(t, "receipts", name)
			var v receiptsEvent
			require.NoError(t, json.Unmarshal([]byte(data), &v))
			return v
		}
	}
	require.FailNow(t, "the stream ended", "%v", e.lines.Err())
	return receiptsEvent{}
}

// oneConn is a listener that has one connection to give.
type oneConn struct {
	conn net.Conn
	done chan struct{}
	once sync.Once
}

func (l *oneConn) Accept() (net.Conn, error) {
	if c := l.conn; c != nil {
		l.conn = nil
		return c, nil
	}
	<-l.done
	return nil, net.ErrClosed
}

func (l *oneConn) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

func (l *oneConn) Addr() net.Addr { return &net.TCPAddr{} }
