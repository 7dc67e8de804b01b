package client_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"tocsin/broker"
	"tocsin/client"
	"tocsin/hub"
	"tocsin/notice"
	"tocsin/wire"
)

// clerk signs heads of a real log, as a desk does, but as often as a test can bear to
// wait: the clock that it signs by runs fast.
type clerk struct {
	beacon *notice.PrivateKey
	hub    *hub.Hub

	mu    sync.Mutex // guards what follows
	board *notice.Board
	trust notice.Trust
	epoch string
}

func (c *clerk) Begin(epoch string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.epoch, c.board = epoch, notice.NewBoard(c.trust, false)
}

func (c *clerk) Entry(e notice.Entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.board.Fold(e)
}

func (c *clerk) Source(broker.Source) {}

func (c *clerk) sign(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.board == nil {
		return
	}
	if h := c.board.Head(c.epoch, at); h != nil {
		body, _ := notice.SignHead(h, c.beacon)
		c.hub.Head(body)
	}
}

// work signs until ctx ends.
func (c *clerk) work(ctx context.Context) {
	at := time.Now()
	for ctx.Err() == nil {
		at = at.Add(time.Second)
		c.sign(at)
		select {
		case <-ctx.Done():
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// withholder stands between clients and a node, and passes everything on but, while it is
// told to, notices.
type withholder struct {
	*httptest.Server
	withholds atomic.Bool
	withheld  atomic.Int64
}

func newWithholder(t *testing.T, node string) *withholder {
	p := new(withholder)
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		options := []string{wire.Subprotocol}
		front, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: options})
		if err != nil {
			return
		}
		defer front.CloseNow()
		back, _, err := websocket.Dial(r.Context(), "ws://"+node+"/v1/connect", &websocket.DialOptions{Subprotocols: options})
		if err != nil {
			return
		}
		defer back.CloseNow()
		back.SetReadLimit(wire.MaxServerFrame)
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		var copying sync.WaitGroup
		pass := func(from, to *websocket.Conn, drop func([]byte) bool) {
			defer cancel()
			for {
				kind, frame, err := from.Read(ctx)
				if err != nil {
					return
				}
				if !drop(frame) && to.Write(ctx, kind, frame) != nil {
					return
				}
			}
		}
		copying.Go(func() { pass(front, back, func([]byte) bool { return false }) })
		pass(back, front, p.drops)
		front.CloseNow()
		copying.Wait()
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *withholder) drops(frame []byte) bool {
	f, err := wire.DecodeServer(frame)
	e, ok := f.(wire.EntryFrame)
	if err != nil || !ok || !p.withholds.Load() {
		return false
	}
	env, err := notice.ParseEnvelope(e.Envelope)
	if err != nil || env.PayloadType != notice.TypeNotice {
		return false
	}
	p.withheld.Add(1)
	return true
}

// A proxy before a real node that withholds one notice from its client, and passes on all
// else, is found out by the next head; and once it passes all on, believed again.
func TestProxyThatWithholds(t *testing.T) {
	s := newSite(t)
	_, address := s.openNode("127.0.0.1:0")
	c := &clerk{beacon: s.Beacon, hub: s.hub, trust: s.Trust()}
	ctx, cancel := context.WithCancel(t.Context())
	var working sync.WaitGroup
	working.Go(func() { _ = s.broker.Follow(ctx, c) })
	working.Go(func() { c.work(ctx) })
	t.Cleanup(func() { cancel(); working.Wait() })
	proxy := newWithholder(t, address)
	w := s.follow(strings.TrimPrefix(proxy.URL, "http://"))
	w.await(t, "live", isLive)
	first, second := s.Alert(), s.Alert()
	s.publish(first)
	w.await(t, "the first", about(first))

	proxy.withholds.Store(true)
	s.publish(second)
	for range 3 { // and again, as often as it tries
		w.await(t, "the mismatch", func(e client.Event) bool {
			d, ok := e.(client.Disconnected)
			return ok && errors.Is(d.Err, client.ErrMismatch)
		})
		require.False(t, w.Freshness().Live)
	}
	require.NotZero(t, proxy.withheld.Load())
	proxy.withholds.Store(false)
	seen := w.await(t, "live again", isLive)
	require.NotEmpty(t, seen)
	require.Len(t, w.Threads(), 2)
}
