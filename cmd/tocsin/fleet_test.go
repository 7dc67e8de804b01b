package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	natsserver "github.com/nats-io/nats-server/v2/server"
	"github.com/stretchr/testify/require"

	"tocsin/auth/authtest"
	"tocsin/broker"
	"tocsin/client"
	"tocsin/notice"
	"tocsin/notice/noticetest"
	"tocsin/wire"
)

// patience bounds a wait for what must come; it is long because the machine may be busy.
const patience = 30 * time.Second

// fleet is what processes of serve share: staff, an issuer whose keys are a file, rings
// and, unless the log is embedded in the one process that there is, a NATS that a test
// can stop.
type fleet struct {
	*noticetest.Staff
	t      *testing.T
	dir    string
	issuer *authtest.Issuer
	url    string // of NATS; "" if the log is embedded
	nats   *natsserver.Server
	desk   string  // URL
	office *member // has the desk
}

func newFleet(t *testing.T) *fleet {
	f := &fleet{Staff: noticetest.NewStaff(t), t: t, dir: t.TempDir(), issuer: authtest.NewOffline(t)}
	issuer := f.issuer.Config()
	config, err := json.Marshal(map[string]any{"issuers": []any{map[string]any{
		"issuer": issuer.Issuer, "audience": issuer.Audience, "labels": issuer.Labels, "key-file": f.path("jwks.json"),
	}}})
	require.NoError(t, err)
	for name, body := range map[string][]byte{
		"trust.pem": f.Trust().Marshal(), "jwks.json": f.issuer.JWKS(), "config.json": config,
	} {
		require.NoError(t, os.WriteFile(f.path(name), body, 0o600))
	}
	require.NoError(t, newRing(f.path("ticket.keys")))
	require.NoError(t, newRing(f.path("desk.keys")))
	return f
}

// newFleetApart is a fleet whose log is a NATS, with a desk that has published a keyset.
func newFleetApart(t *testing.T) *fleet {
	f := newFleet(t)
	address := freeAddress()
	f.url = "nats://" + address
	f.startNATS()
	t.Cleanup(f.stopNATS)
	require.NoError(t, f.broker().Init(t.Context(), 1))
	f.office = f.serve("desk", "--roles", "desk")
	f.publishKeyset()
	return f
}

func (f *fleet) path(name string) string { return filepath.Join(f.dir, name) }

// startNATS returns when the desk, if there is one yet, can publish.
func (f *fleet) startNATS() {
	f.t.Helper()
	u, err := url.Parse(f.url)
	require.NoError(f.t, err)
	port, err := strconv.Atoi(u.Port())
	require.NoError(f.t, err)
	s, err := startNATS(f.path("nats"), func(o *natsserver.Options) { o.Port = port })
	require.NoError(f.t, err)
	f.nats = s
	if f.office != nil {
		require.Eventually(f.t, func() bool {
			return f.office.state().Source.Live && f.office.broker.Available(f.t.Context()) == nil
		}, patience, 20*time.Millisecond)
	}
}

func (f *fleet) stopNATS() {
	if f.nats != nil {
		stopNATS(f.nats)
		f.nats = nil
	}
}

// broker is a connection with all rights, as its thief would have it.
func (f *fleet) broker() *broker.Broker {
	b, err := broker.Open(f.t.Context(), broker.Config{
		URLs: []string{f.url}, Trust: f.Trust(), Logger: slog.New(slog.DiscardHandler),
	})
	require.NoError(f.t, err)
	f.t.Cleanup(b.Close)
	return b
}

// member is one process of the fleet.
type member struct {
	*process
	listen string
	out    *logged
	stop   func() // returns when it has ended
}

// logged keeps what a process logs.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// lines are those that hold word.
func (l *logged) lines(word string) (found []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range bytes.Lines(l.text.Bytes()) {
		if bytes.Contains(line, []byte(word)) {
			found = append(found, string(line))
		}
	}
	return found
}

// serve runs a process until it is stopped, or the test ends. Its data is that of an
// earlier one of its name.
func (f *fleet) serve(name string, args ...string) *member {
	f.t.Helper()
	m := &member{listen: freeAddress(), out: new(logged)}
	desk := freeAddress()
	args = append([]string{
		"--data", f.path(name), "--trust", f.path("trust.pem"), "--config", f.path("config.json"),
		"--ticket-keys", f.path("ticket.keys"), "--desk-keys", f.path("desk.keys"), "--drain", "0s",
		"--listen", m.listen, "--desk-listen", desk, "--admin-listen", freeAddress(),
	}, args...)
	if f.url != "" {
		args = append(args, "--nats", f.url)
	}
	cmd, err := parse(f.t, args...)
	require.NoError(f.t, err)
	log := slog.New(slog.NewTextHandler(io.MultiWriter(f.t.Output(), m.out), nil))
	require.NoError(f.t, cmd.complete(log))
	ctx, cancel := context.WithCancel(context.Background())
	m.process, err = open(ctx, cmd, log)
	require.NoError(f.t, err)
	ended := make(chan error, 1)
	go func() { ended <- m.run(ctx) }()
	m.stop = sync.OnceFunc(func() {
		cancel()
		require.NoError(f.t, <-ended)
		m.close()
	})
	f.t.Cleanup(m.stop)
	if cmd.has("desk") {
		f.desk = "http://" + desk
		require.Eventually(f.t, func() bool { return m.process.desk.Ready() == nil }, patience, 5*time.Millisecond)
	}
	return m
}

// ready waits until the process is good for use, and returns it.
func (m *member) ready(t *testing.T) *member {
	t.Helper()
	require.Eventually(t, func() bool { return m.process.ready() == nil }, patience, 5*time.Millisecond, "not ready")
	return m
}

func (f *fleet) as(key *notice.PrivateKey) *client.Desk {
	d, err := client.NewDesk(client.DeskConfig{URL: f.desk, Key: key})
	require.NoError(f.t, err)
	return d
}

func (f *fleet) publishKeyset() {
	e, err := notice.ParseEnvelope(f.KeysetBody(1))
	require.NoError(f.t, err)
	_, err = f.as(nil).PublishKeyset(f.t.Context(), e)
	require.NoError(f.t, err)
}

func (f *fleet) publish(n *notice.Notice) *notice.Notice {
	f.t.Helper()
	answer, err := f.as(nil).Publish(f.t.Context(), f.Envelope(n))
	require.NoError(f.t, err)
	require.True(f.t, answer.Published())
	return n
}

// publishPosture returns the bytes that are in the log now.
func (f *fleet) publishPosture(p *notice.Posture) []byte {
	f.t.Helper()
	e, err := notice.ParseEnvelope(f.PostureBody(p))
	require.NoError(f.t, err)
	answer, err := f.as(nil).PublishPosture(f.t.Context(), e)
	require.NoError(f.t, err)
	require.True(f.t, answer.Published())
	return e.Marshal()
}

func (f *fleet) putCohort(name string, subjects ...string) {
	f.t.Helper()
	_, err := f.as(f.Publisher).PutCohort(f.t.Context(), name, client.CohortList{Issuer: f.issuer.URL, Subjects: subjects})
	require.NoError(f.t, err)
}

// toCohort publishes a notice to a cohort, once the desk knows it.
func (f *fleet) toCohort(name string) *notice.Notice {
	f.t.Helper()
	n := f.Alert(noticetest.Restricted("cohort:" + name))
	e := f.Envelope(n)
	require.Eventually(f.t, func() bool {
		answer, err := f.as(nil).Publish(f.t.Context(), e)
		return err == nil && answer.Published()
	}, patience, 5*time.Millisecond)
	return n
}

// patient is somebody with an open portal.
type patient struct {
	*client.Subscriber
	t      *testing.T
	ticket client.TicketFile
	stop   func()

	mu      sync.Mutex
	welcome wire.Welcome // the last
	seen    []seen
}

// seen is an event and when it came.
type seen struct {
	client.Event
	at time.Time
}

// token is a config with a token for a subject that is of tenant north.
func (f *fleet) token(subject string) func(*client.Config) {
	token := f.issuer.Token(map[string]any{"sub": subject, "tenant": "north"})
	return func(c *client.Config) {
		c.Tokens = func(context.Context) ([]string, error) { return []string{token}, nil }
	}
}

// connect opens a portal at an edge. Its ticket outlives it: see again.
func (f *fleet) connect(m *member, edits ...func(*client.Config)) *patient {
	f.t.Helper()
	p := f.subscribe(m, edits...)
	p.await("synced", func(e client.Event) bool { _, ok := e.(client.Synced); return ok })
	return p
}

// subscribe is connect, and does not wait for anything.
func (f *fleet) subscribe(m *member, edits ...func(*client.Config)) *patient {
	f.t.Helper()
	p := &patient{t: f.t, ticket: client.TicketFile(filepath.Join(f.t.TempDir(), "ticket"))}
	transport := &http.Transport{}
	config := client.Config{
		URL: "ws://" + m.listen, Trust: f.Trust(), Tickets: p.ticket, HTTPClient: &http.Client{Transport: transport},
		Jitter: func(time.Duration) time.Duration { return 20 * time.Millisecond },
	}
	for _, edit := range edits {
		edit(&config)
	}
	var err error
	p.Subscriber, err = client.NewSubscriber(config)
	require.NoError(f.t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = p.Run(ctx, func(e client.Event) {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.seen = append(p.seen, seen{e, time.Now()})
			if c, ok := e.(client.Connected); ok {
				p.welcome = c.Welcome
			}
		})
	}()
	p.stop = sync.OnceFunc(func() {
		cancel()
		<-done
		transport.CloseIdleConnections()
	})
	f.t.Cleanup(p.stop)
	return p
}

// ticketOf is a config that has another's ticket and nothing else.
func ticketOf(p *patient) func(*client.Config) {
	return func(c *client.Config) { c.Tickets = p.ticket }
}

// await waits for an event that ok accepts, forgets it and what was before it, and
// returns when it came.
func (p *patient) await(what string, ok func(client.Event) bool) (at time.Time) {
	p.t.Helper()
	return p.awaitWithout(what, ok, func(client.Event) bool { return false })
}

// awaitWithout is await, and fails if an event that bad accepts comes first.
func (p *patient) awaitWithout(what string, ok, bad func(client.Event) bool) (at time.Time) {
	p.t.Helper()
	spoilt := false
	require.Eventually(p.t, func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		i := slices.IndexFunc(p.seen, func(s seen) bool { return ok(s.Event) })
		if i < 0 {
			return false
		}
		spoilt = slices.ContainsFunc(p.seen[:i], func(s seen) bool { return bad(s.Event) })
		at = p.seen[i].at
		p.seen = p.seen[i+1:]
		return true
	}, patience, 2*time.Millisecond, what)
	require.False(p.t, spoilt, "something else came before: %s", what)
	return at
}

// labels are those of the welcome, as is the tier.
func (p *patient) labels() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.welcome.Labels
}

func (p *patient) tier() wire.Tier {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.welcome.Tier
}

// has tells whether the patient was ever sent the notice.
func (p *patient) has(n *notice.Notice) bool {
	_, ok := p.Thread(n.Identifier)
	return ok
}

func showing(n *notice.Notice) func(client.Event) bool {
	return func(e client.Event) bool {
		c, ok := e.(client.NoticeChanged)
		return ok && c.Message.Notice.Identifier == n.Identifier
	}
}

func movedTo(tier wire.Tier) func(client.Event) bool {
	return func(e client.Event) bool { a, ok := e.(client.AuthChanged); return ok && a.Tier == tier }
}

// labelled accepts the auth frame that gives a label, or takes it.
func labelled(label string, has bool) func(client.Event) bool {
	return func(e client.Event) bool {
		a, ok := e.(client.AuthChanged)
		return ok && slices.Contains(a.Labels, label) == has
	}
}
