package broker

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Time limits of the connection. A server that hangs is noticed after pingInterval ×
// (maxPingsOut + 1) at the latest, and another takes over, since those whom this process serves
// wait (docs/adr/0017); the client's own defaults take six minutes.
const (
	pingInterval   = 650 * time.Millisecond
	maxPingsOut    = 2
	connectTimeout = 2 * time.Second
	// requestTimeout bounds each question to the broker. Liveness counts on it being
	// less than liveFor - checkInterval.
	requestTimeout = 2 * time.Second
)

// connect makes the connection, which then repairs itself for as long as the Broker
// is open. In-process, it goes to whatever server stands behind the embedded one at
// that moment, so that a restarted server is found again.
func (b *Broker) connect(server *embedded) error {
	options, err := b.connectOptions()
	if err != nil {
		return err
	}
	options = append(options, b.connectHandlers()...)
	servers := strings.Join(b.config.URLs, ",")
	if server != nil {
		servers = nats.DefaultURL // required by the client, and unused
		options = append(options, nats.InProcessServer(server),
			nats.ReconnectWait(50*time.Millisecond), nats.ReconnectJitter(10*time.Millisecond, 0))
	}
	if b.conn, err = nats.Connect(servers, options...); isMalformed(err) {
		return errors.New("connecting to the broker: a URL is malformed") // and not quoted: it may hold a password
	} else if err != nil {
		return fmt.Errorf("connecting to the broker: %w", err)
	}
	if b.js, err = jetstream.New(b.conn); err != nil {
		return fmt.Errorf("connecting to the broker: %w", err)
	}
	if b.conn.IsConnected() {
		// The handler that says so runs on the client's own goroutine, any moment now.
		ctx, cancel := context.WithTimeout(context.Background(), connectTimeout)
		defer cancel()
		_ = b.link.wait(ctx)
	}
	return nil
}

// isMalformed tells whether an error is that of a parser of URLs, which repeats them.
func isMalformed(err error) bool {
	var malformed *url.Error
	return errors.As(err, &malformed)
}

// connectOptions are design's "The log", "Connection options that matter".
func (b *Broker) connectOptions() ([]nats.Option, error) {
	options := []nats.Option{
		nats.Name("tocsin"),
		nats.Timeout(connectTimeout),
		nats.PingInterval(pingInterval),
		nats.MaxPingsOutstanding(maxPingsOut),
		// Never give up: not at the start, not after any number of attempts, and not
		// because a server refused the credentials twice (they may be mid-rotation).
		nats.RetryOnFailedConnect(true),
		nats.MaxReconnects(-1),
		nats.IgnoreAuthErrorAbort(),
		nats.ReconnectWait(time.Second),
		nats.ReconnectJitter(time.Second, time.Second),
		// Nothing is buffered while disconnected: an append that was answered
		// "unavailable" must not be sent later.
		nats.ReconnectBufSize(-1),
		nats.NoCallbacksAfterClientClose(),
	}
	if b.config.InboxPrefix != "" {
		options = append(options, nats.CustomInboxPrefix(b.config.InboxPrefix))
	}
	if file := b.config.CAFile; file != "" {
		options = append(options, nats.RootCAs(file))
	}
	if file := b.config.CredsFile; file != "" {
		option, err := credentials(file)
		if err != nil {
			return nil, fmt.Errorf("reading the broker's credentials: %w", err)
		}
		options = append(options, option)
	}
	return options, nil
}

// credentials are those in a file: a JWT with its seed, or a seed alone. The client
// reads it again at each attempt, and only logs what is wrong with it then.
func credentials(file string) (nats.Option, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	if bytes.Contains(text, []byte("BEGIN NATS USER JWT")) {
		return nats.UserCredentials(file), nil
	}
	option, err := nats.NkeyOptionFromSeed(file)
	if err != nil {
		// Whatever the file holds, it is not quoted.
		return nil, fmt.Errorf("%s holds neither the seed of a user (SU…) nor a JWT with one", file)
	}
	return option, nil
}

// connectHandlers keep the link and the log. The client calls them one at a time, in
// order.
func (b *Broker) connectHandlers() []nats.Option {
	var said, reported string // the last failures logged: an outage is one line, not one a second
	up := func(*nats.Conn) {
		said = ""
		b.log.Info("broker connected")
		b.link.set(true)
	}
	return []nats.Option{
		nats.ConnectHandler(up),
		nats.ReconnectHandler(up),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			b.link.set(false)
			b.log.Warn("broker disconnected", "error", err)
		}),
		nats.ReconnectErrHandler(func(_ *nats.Conn, err error) {
			if err.Error() != said {
				said = err.Error()
				b.log.Warn("broker unreachable, retrying", "error", err)
			}
		}),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			subject, refused := refusal(err)
			if refused {
				b.link.refuse(subject)
			}
			if inbox := cmp.Or(b.config.InboxPrefix, nats.InboxPrefix); refused && strings.HasPrefix(subject, strings.TrimSuffix(inbox, ".")) {
				b.log.Error("the broker does not let this user hear answers to its questions: its inboxes are to be others (--nats-inbox)",
					"inbox", inbox, "error", err)
				return
			}
			if err.Error() != reported {
				reported = err.Error()
				b.log.Warn("broker reports", "error", err)
			}
		}),
	}
}

// refusal tells whether err says that a subscription was refused, and to what.
func refusal(err error) (subject string, refused bool) {
	if !errors.Is(err, nats.ErrPermissionViolation) {
		return "", false
	}
	_, rest, refused := strings.Cut(err.Error(), `Subscription to "`)
	subject, _, _ = strings.Cut(rest, `"`)
	return subject, refused
}

// Reachable waits until there is a connection. An error says that ctx ended before.
func (b *Broker) Reachable(ctx context.Context) error {
	if err := b.link.wait(ctx); err != nil {
		return fmt.Errorf("%w: no server answers, or none lets this user in: %w", ErrUnavailable, err)
	}
	return nil
}

var errDisconnected = errors.New("not connected to the broker")

// maxRefusals bounds what is kept of refusals: each question may have a subscription of its
// own. The first are those that were made when the connection was.
const maxRefusals = 16

// link tells whether the connection is up, and when that changes.
type link struct {
	metrics *metrics

	mu      sync.Mutex
	up      bool
	changed chan struct{} // closed and replaced when up changes
	refused []string      // subjects that this connection was refused a subscription to
}

func newLink(m *metrics) *link { return &link{metrics: m, changed: make(chan struct{})} }

func (l *link) set(up bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.up == up {
		return
	}
	l.up = up
	if !up {
		l.refused = nil
	}
	close(l.changed)
	l.changed = make(chan struct{})
	l.metrics.setConnected(up)
}

// refuse notes that the connection was refused a subscription to subject.
func (l *link) refuse(subject string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.refused) < maxRefusals && !slices.Contains(l.refused, subject) {
		l.refused = append(l.refused, subject)
	}
}

// refusals are the subjects that were refused since the connection is up.
func (l *link) refusals() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.refused)
}

// state returns whether the connection is up, and what is closed when it no longer
// is, or is again.
func (l *link) state() (up bool, changed <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.up, l.changed
}

// wait returns when the connection is up, or with ctx's error.
func (l *link) wait(ctx context.Context) error {
	for {
		up, changed := l.state()
		if up {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// within derives the context of one question to the broker: it ends after d, and
// when the connection is lost, since the answer was lost with it and the client
// would wait for it in vain. The caller calls the function returned when done.
func (l *link) within(ctx context.Context, d time.Duration) (context.Context, func(), error) {
	up, changed := l.state()
	if !up {
		return nil, nil, errDisconnected
	}
	ctx, cancel := context.WithTimeout(ctx, d)
	var wg sync.WaitGroup
	wg.Go(func() {
		select {
		case <-changed:
			cancel()
		case <-ctx.Done():
		}
	})
	return ctx, func() { cancel(); wg.Wait() }, nil
}
