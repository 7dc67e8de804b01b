package broker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus"

	"tocsin/notice"
)

// Limits of the store.
const (
	// MaxBody is the largest body of an entry or a record, in bytes. NATS counts a
	// message's headers in its size, so it is a little less than the streams'
	// MaxMsgSize, which is [notice.MaxBody].
	MaxBody = notice.MaxBody - 1<<10
	// DefaultMaxBytes is the size of a store when Config names none.
	DefaultMaxBytes = 1 << 30
	// MinMaxBytes is the smallest store that can be asked for.
	MinMaxBytes = 1 << 20
)

// What a caller can decide upon. They are wrapped: test with errors.Is.
var (
	// ErrConflict: the log's head, or the record's revision, is not the one named.
	// Nothing was written.
	ErrConflict = errors.New("broker: another write came first")
	// ErrUnavailable: there is no leader, no online majority or no connection.
	// Nothing was sent.
	ErrUnavailable = errors.New("broker: log unavailable")
	// ErrUnconfirmed: the write was sent, and its fate is unknown. It may yet appear.
	ErrUnconfirmed = errors.New("broker: write unconfirmed")
	// ErrFull: the stream or the store is at its limit. Nothing was written; reading
	// goes on.
	ErrFull = errors.New("broker: store full")
	// ErrReplicas: there are fewer servers, or fewer with room, than copies are wanted.
	ErrReplicas = errors.New("broker: too few servers for so many copies")
	// ErrTooLarge: the body exceeds [MaxBody]. Nothing was sent or written.
	ErrTooLarge = errors.New("broker: body too large")
	// ErrNotFound: there is no record with this key.
	ErrNotFound = errors.New("broker: no such record")
	// ErrLocked: another process has the embedded store open.
	ErrLocked = errors.New("broker: store in use")
	// ErrClosed: the Broker was closed.
	ErrClosed = errors.New("broker: closed")
)

// Config says where the log is kept. Either Dir or URLs is required, not both.
type Config struct {
	// Dir embeds a JetStream server that keeps its files in Dir/jetstream. Nothing
	// listens on the network. Dir is made if it is missing.
	Dir string
	// MaxBytes bounds the store: 0 means [DefaultMaxBytes], less than [MinMaxBytes]
	// is an error. Half of it is the log's. With URLs, Init gives it to the streams
	// on each replica. When the limit is reached new writes get [ErrFull].
	MaxBytes int64
	// AsIs opens an embedded store without making or changing its streams, for a backup
	// or a restore.
	AsIs bool

	// URLs are the servers of an external NATS cluster.
	URLs []string
	// CredsFile is a NATS credentials file (JWT and seed), or holds the seed of an nkey
	// alone; empty for none.
	CredsFile string
	// CAFile holds the PEM certificates that the servers' TLS certificates are
	// checked against; empty for the system's.
	CAFile string
	// InboxPrefix is the subject under which answers come, such as "_INBOX_edge1".
	// Give each user its own and permit nobody else to subscribe to it: otherwise
	// whoever may subscribe to "_INBOX.>", the default, reads every answer.
	InboxPrefix string

	// Trust holds the roots that redactions are verified against; see
	// [Broker.Follow] on missing entries.
	Trust notice.Trust
	// AllowDev accepts keysets marked dev, for the same purpose.
	AllowDev bool

	// Logger is slog.Default() if nil. No body is ever logged.
	Logger *slog.Logger
	// Registerer receives the metrics; nil for none.
	Registerer prometheus.Registerer
}

func (c *Config) validate() error {
	switch {
	case c.Dir == "" && len(c.URLs) == 0:
		return errors.New("broker: neither a directory nor a URL is configured")
	case c.Dir != "" && len(c.URLs) > 0:
		return errors.New("broker: both a directory and URLs are configured")
	case c.MaxBytes != 0 && c.MaxBytes < MinMaxBytes:
		return fmt.Errorf("broker: a store of %d bytes is too small, at least %d are needed", c.MaxBytes, int64(MinMaxBytes))
	}
	for i, s := range c.URLs {
		// The parser's own error repeats the URL, which may hold a password.
		if _, err := url.Parse(s); err != nil {
			return fmt.Errorf("broker: URL %d is malformed", i+1)
		}
	}
	return nil
}

func (c *Config) maxBytes() int64 { return cmp.Or(c.MaxBytes, DefaultMaxBytes) }

// Broker is an open log.
type Broker struct {
	config  Config
	log     *slog.Logger
	metrics *metrics
	link    *link
	conn    *nats.Conn
	js      jetstream.JetStream

	server  *embedded     // nil with an external broker
	suspect chan struct{} // asks Run to look at the embedded server now; buffered

	closeOnce sync.Once
	closed    chan struct{}
}

// Open opens the log. An embedded store is locked, started and given its streams
// before Open returns; ctx bounds that. An external broker may be down: Open
// returns, and the connection is made when it can be.
//
// It returns [ErrLocked] when another process has the store open, and an error that
// names the store when the store is unusable.
func Open(ctx context.Context, config Config) (*Broker, error) {
	if err := config.validate(); err != nil {
		return nil, err
	}
	b := &Broker{
		config:  config,
		log:     cmp.Or(config.Logger, slog.Default()),
		suspect: make(chan struct{}, 1),
		closed:  make(chan struct{}),
	}
	var err error
	if b.metrics, err = newMetrics(config.Registerer); err != nil {
		return nil, err
	}
	b.link = newLink(b.metrics)
	if config.Dir == "" {
		err = b.connect(nil)
	} else {
		err = b.openEmbedded(ctx)
	}
	if err != nil {
		b.Close()
		return nil, err
	}
	return b, nil
}

// openEmbedded starts the embedded server and makes what streams it lacks.
func (b *Broker) openEmbedded(ctx context.Context) error {
	server, err := newEmbedded(b.config.Dir, b.config.maxBytes(), b.log)
	if err != nil {
		return err
	}
	b.server = server
	if err := server.start(ctx); err != nil {
		return err
	}
	if err := b.connect(server); err != nil {
		return err
	}
	if err := b.link.wait(ctx); err != nil {
		return fmt.Errorf("connecting to the store %s: %w", b.config.Dir, err)
	}
	if b.config.AsIs {
		return nil
	}
	if err := b.Init(ctx, 1); err != nil {
		return fmt.Errorf("opening the store %s: %w", b.config.Dir, err)
	}
	return nil
}

// Run keeps an embedded server going: after a store error (a full disk, a failed
// write) a stream refuses every write until its server is restarted, so Run restarts
// it, again and again if need be. It returns nil when ctx ends or the Broker closes.
// With an external broker it only waits.
func (b *Broker) Run(ctx context.Context) error {
	if b.server != nil {
		b.supervise(ctx)
		return nil
	}
	select {
	case <-ctx.Done():
	case <-b.closed:
	}
	return nil
}

// Close ends the connection, stops an embedded server in order and unlocks its
// store. Running Follows return ErrClosed. Further calls do nothing.
func (b *Broker) Close() {
	b.closeOnce.Do(func() {
		close(b.closed)
		b.link.set(false)
		if b.conn != nil {
			b.conn.Close()
		}
		if b.server != nil {
			b.server.close()
		}
		b.metrics.unregister()
	})
}

// ended is whether ctx or the Broker has ended.
func (b *Broker) ended(ctx context.Context) bool {
	select {
	case <-ctx.Done():
	case <-b.closed:
	default:
		return false
	}
	return true
}

// sleep waits for d; it is false if ctx or the Broker ended first.
func (b *Broker) sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
	case <-b.closed:
	}
	return false
}
