package client_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/auth"
	"tocsin/auth/authtest"
	"tocsin/broker"
	"tocsin/client"
	"tocsin/desk"
	"tocsin/hub"
	"tocsin/notice"
	"tocsin/notice/noticetest"
)

// patience bounds a wait for what must come; it is long because the machine may be busy.
const patience = 30 * time.Second

// site is the real thing: a log on an embedded broker, a desk, nodes, an identity
// provider; on loopback.
type site struct {
	*noticetest.Staff
	t         *testing.T
	broker    *broker.Broker
	issuer    *authtest.Issuer
	authority *auth.Authority
	receipts  *receipts
	hub       *hub.Hub // of the last node
	deskURL   string
}

func newSite(t *testing.T) *site {
	s := &site{Staff: noticetest.NewStaff(t), t: t, issuer: authtest.New(t),
		receipts: &receipts{counts: map[string]map[int]hub.Counts{}}}
	s.authority = authtest.Run(t, auth.Config{}, s.issuer)
	b, err := broker.Open(t.Context(), broker.Config{Dir: t.TempDir(), MaxBytes: 64 << 20, Trust: s.Trust(), Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(b.Close)
	s.broker = b
	_, err = b.Append(t.Context(), notice.SubjectKeyset, s.KeysetBody(1), 0)
	require.NoError(t, err)
	s.openDesk()
	return s
}

func (s *site) openDesk() {
	journal, err := desk.OpenJournal(s.t.TempDir())
	require.NoError(s.t, err)
	d, err := desk.New(desk.Config{Trust: s.Trust(), Log: deskLog{s.broker}, Recorder: journal, Receipts: s.receipts,
		Proposals: deskStore{s.broker.Store(broker.StreamDesk)}, Keyring: auth.NewKeyring(),
		Logger: slog.New(slog.DiscardHandler)})
	require.NoError(s.t, err)
	stop, address := s.serve(d.Handler(), "127.0.0.1:0", func(l net.Listener) net.Listener { return l },
		func(ctx context.Context) { _ = s.broker.Follow(ctx, deskFollower{d}) },
		func(ctx context.Context) { _ = d.Run(ctx) })
	s.t.Cleanup(func() {
		stop()
		require.NoError(s.t, journal.Close())
	})
	s.deskURL = "http://" + address
	require.Eventually(s.t, func() bool { return d.Ready() == nil }, patience, 5*time.Millisecond)
}

// openNode starts a node; stop ends it, as a crash would for its clients.
func (s *site) openNode(address string) (stop func(), at string) {
	h, err := hub.New(hub.Config{Trust: s.Trust(), Authority: s.authority, Receipts: s.receipts,
		ReceiptInterval: 50 * time.Millisecond, Heartbeat: 500 * time.Millisecond})
	require.NoError(s.t, err)
	s.hub = h
	stop, at = s.serve(h.Handler(), address, h.WrapListener,
		func(ctx context.Context) { _ = s.broker.Follow(ctx, hubFollower{h}) },
		func(ctx context.Context) { _ = h.Run(ctx) })
	s.t.Cleanup(stop)
	require.Eventually(s.t, func() bool { return h.Ready() == nil }, patience, 5*time.Millisecond)
	return stop, at
}

func (s *site) serve(handler http.Handler, address string, wrap func(net.Listener) net.Listener, run ...func(context.Context)) (stop func(), at string) {
	s.t.Helper()
	listener, err := net.Listen("tcp", address)
	require.NoError(s.t, err)
	server := &http.Server{Handler: handler}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	for _, f := range run {
		running.Go(func() { f(ctx) })
	}
	running.Go(func() { _ = server.Serve(wrap(listener)) })
	return sync.OnceFunc(func() {
		cancel()
		server.Close()
		running.Wait()
	}), listener.Addr().String()
}

func (s *site) desk(key *notice.PrivateKey) *client.Desk {
	d, err := client.NewDesk(client.DeskConfig{URL: s.deskURL, Key: key})
	require.NoError(s.t, err)
	return d
}

// publish publishes what has all its signatures.
func (s *site) publish(n *notice.Notice, keys ...*notice.PrivateKey) {
	s.t.Helper()
	answer, err := s.desk(nil).Publish(s.t.Context(), s.Envelope(n, keys...))
	require.NoError(s.t, err)
	require.True(s.t, answer.Published())
}

// follow runs a Subscriber against a real node.
func (s *site) follow(address string, edits ...func(*client.Config)) *watcher {
	edit := func(c *client.Config) {
		c.URL = "ws://" + address
		c.Jitter = func(time.Duration) time.Duration { return 20 * time.Millisecond }
		for _, e := range edits {
			e(c)
		}
	}
	return watch(s.t, &node{http: &http.Client{Transport: &http.Transport{}}}, s.Trust(), edit)
}

// await waits for an event that ok accepts, and returns all up to it.
func (w *watcher) await(t *testing.T, what string, ok func(client.Event) bool) []client.Event {
	t.Helper()
	var seen []client.Event
	require.Eventually(t, func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		for i, e := range w.events {
			if ok(e) {
				seen = append(seen, w.events[:i+1]...)
				w.events = w.events[i+1:]
				return true
			}
		}
		return false
	}, patience, 5*time.Millisecond, what)
	return seen
}

func isLive(e client.Event) bool { f, ok := e.(client.FreshnessChanged); return ok && f.Live }

func about(n *notice.Notice) func(client.Event) bool {
	return func(e client.Event) bool {
		c, ok := e.(client.NoticeChanged)
		return ok && c.Message.Notice.Identifier == n.Identifier
	}
}

// What fits the packages to each other; cmd/tocsin has the same.

type hubFollower struct{ *hub.Hub }

func (f hubFollower) Source(s broker.Source) {
	f.Hub.Source(hub.Source{Live: s.Live, Since: s.Since, Head: s.Head, Checked: s.Checked})
}

type deskFollower struct{ *desk.Desk }

func (f deskFollower) Source(s broker.Source) { f.Desk.Source(desk.Source(s)) }

type deskLog struct{ *broker.Broker }

func (l deskLog) Append(ctx context.Context, subject string, body []byte, after uint64) (uint64, error) {
	seq, err := l.Broker.Append(ctx, subject, body, after)
	return seq, translate(err)
}

func (l deskLog) Available(ctx context.Context) error { return translate(l.Broker.Available(ctx)) }

type deskStore struct{ *broker.Store }

func (s deskStore) Get(ctx context.Context, key string) (desk.Item, error) {
	r, err := s.Store.Get(ctx, key)
	return desk.Item{Key: r.Key, Body: r.Body, Revision: r.Revision}, translate(err)
}

func (s deskStore) List(ctx context.Context) ([]desk.Item, error) {
	records, err := s.Store.List(ctx)
	var items []desk.Item
	for _, r := range records {
		items = append(items, desk.Item{Key: r.Key, Body: r.Body, Revision: r.Revision})
	}
	return items, translate(err)
}

func (s deskStore) Put(ctx context.Context, key string, body []byte, revision uint64) (uint64, error) {
	written, err := s.Store.Put(ctx, key, body, revision)
	return written, translate(err)
}

func (s deskStore) Delete(ctx context.Context, key string, revision uint64) error {
	return translate(s.Store.Delete(ctx, key, revision))
}

func translate(err error) error {
	switch {
	case errors.Is(err, broker.ErrConflict):
		return errors.Join(desk.ErrConflict, err)
	case errors.Is(err, broker.ErrNotFound):
		return errors.Join(desk.ErrNotFound, err)
	case errors.Is(err, broker.ErrUnavailable):
		return errors.Join(desk.ErrUnavailable, err)
	}
	return err
}

// receipts hands the nodes' counts to the desk.
type receipts struct {
	mu     sync.Mutex
	counts map[string]map[int]hub.Counts
}

func (r *receipts) Put(_ context.Context, identifier string, revisions map[int]hub.Counts) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.counts[identifier] = revisions
	return nil
}

func (r *receipts) Counts(_ context.Context, identifier string, _ int) ([]desk.Counts, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []desk.Counts
	for revision := range len(r.counts[identifier]) {
		c := r.counts[identifier][revision]
		list = append(list, desk.Counts{Revision: revision, Sent: c.Sent, Received: c.Received, Displayed: c.Displayed, Confirmed: c.Confirmed})
	}
	return list, nil
}
