package desk

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tocsin/auth"
	"tocsin/notice"
)

// What implementations of [Log] and [Proposals] report; wrap them.
var (
	// ErrConflict: another write came first. Nothing was written, nor will be.
	ErrConflict = errors.New("desk: another write came first")
	// ErrUnavailable: the write was refused before anything was sent, or by a store
	// that is full. Nothing was written, nor will be.
	ErrUnavailable = errors.New("desk: log unavailable")
	// ErrNotFound: there is no such item.
	ErrNotFound = errors.New("desk: no such item")
)

// Log is the one total order of what holds, shared by all desks and nodes.
// Methods are safe for concurrent use.
type Log interface {
	// Append writes one entry if the log's last sequence still is after, and returns
	// the entry's sequence once it is durable. Of its errors, those that wrap
	// ErrConflict or ErrUnavailable say that nothing was written; after any other the
	// entry's fate is unknown, and it may yet appear, in the place behind after.
	Append(ctx context.Context, subject string, body []byte, after uint64) (uint64, error)
	// Available returns nil if an append is likely to succeed now, and otherwise an
	// error that says why not.
	Available(ctx context.Context) error
}

// Item is one value in [Proposals].
type Item struct {
	Key      string
	Body     []byte
	Revision uint64 // of this value; 0 is no value's
}

// Proposals is a store shared by all desks: one value for each key, changed by
// compare and set. Keys are 1 to 128 of [A-Za-z0-9-]. Methods are safe for
// concurrent use; an error that wraps none of the package's leaves a write's fate
// unknown.
type Proposals interface {
	// Get returns the value of key, or ErrNotFound.
	Get(ctx context.Context, key string) (Item, error)
	// List returns all values, in any order.
	List(ctx context.Context) ([]Item, error)
	// Put sets key's value if its revision still is the one given, 0 meaning that
	// there is none, and returns the new revision; otherwise ErrConflict.
	Put(ctx context.Context, key string, body []byte, revision uint64) (uint64, error)
	// Delete drops the value if its revision still is the one given; otherwise
	// ErrConflict.
	Delete(ctx context.Context, key string, revision uint64) error
}

// Counts says how far one revision of a notice has come, summed over all nodes. A
// session counts once in each number; displayed means that a program drew it.
type Counts struct {
	Revision  int    `json:"revision"`
	Sent      uint64 `json:"sent"`
	Received  uint64 `json:"received"`
	Displayed uint64 `json:"displayed"`
	Confirmed uint64 `json:"confirmed"`
}

// Receipts tells what nodes have counted.
type Receipts interface {
	// Counts returns the sums for the thread of that Alert, by revision from 0 to below
	// revisions; none if nothing was counted. What else nodes have written is passed over.
	Counts(ctx context.Context, identifier string, revisions int) ([]Counts, error)
}

// Config says what a desk works with. Trust, Log, Proposals, Recorder and Keyring
// are required.
type Config struct {
	// Trust holds the roots that sign the first keyset.
	Trust notice.Trust
	// AllowDev accepts keysets marked dev. Dangerous: their keys lie in one folder.
	AllowDev bool

	Log       Log
	Proposals Proposals
	Recorder  Recorder
	// Receipts is nil where nothing is counted: all counts are empty then.
	Receipts Receipts
	// Audiences is nil where nobody tells who is connected; GET /v1/audience is 404 then.
	Audiences Audiences
	// Console serves the staff's pages, at every path outside /v1/, and says itself what
	// a browser may do there; nil for none.
	Console http.Handler
	// Keyring seals challenges and bearer tokens. Desks behind one address share it.
	Keyring *auth.Keyring

	// Cohorts keeps the lists of affected people, and Pseudonyms makes them: the
	// keyring that edges seal tickets with. Both or neither.
	Cohorts    Cohorts
	Pseudonyms *auth.Keyring

	// Issuers are the names (iss) of the issuers that edges believe; none: not known.
	Issuers []string

	// Beacon signs heads, and Heads passes them on. Both or neither: then clients rest on
	// the nodes' word.
	Beacon *notice.PrivateKey
	Heads  Heads

	// Origins are the addresses at which staff reach this desk, as
	// "https://desk.clinic.example". A login names one of them, and requests must name
	// one of their hosts. None given: loopback only, and a login names the loopback
	// address that it was sent to.
	Origins []string
	// Hosts are further Host headers that are answered, as a proxy may send; without
	// a port, any port.
	Hosts []string
	// ConsoleOrigins are further origins whose pages may call the desk (CORS).
	ConsoleOrigins []string

	// AudienceExists tells whether anybody can have a label; nil: everybody may. It is
	// called under the desk's lock: it answers from memory.
	AudienceExists func(notice.Label) bool
	// Now is the desk's clock; time.Now if nil.
	Now func() time.Time
	// PublishTimeout bounds how long a publication is tried before it is answered
	// with what is known: 8 s if 0.
	PublishTimeout time.Duration

	// Logger is slog.Default() if nil.
	Logger *slog.Logger
	// Registerer receives the metrics; nil for none.
	Registerer prometheus.Registerer
}

func (c *Config) validate() error {
	switch {
	case len(c.Trust.Roots) == 0:
		return errors.New("desk: no trusted roots")
	case c.Log == nil || c.Proposals == nil:
		return errors.New("desk: no log or no store of proposals")
	case c.Recorder == nil:
		return errors.New("desk: no recorder")
	case c.Keyring == nil:
		return errors.New("desk: no keyring")
	case (c.Cohorts == nil) != (c.Pseudonyms == nil):
		return errors.New("desk: cohorts need a store and the keyring of pseudonyms")
	case (c.Beacon == nil) != (c.Heads == nil):
		return errors.New("desk: heads need a beacon's key and somebody who passes them on")
	}
	return nil
}

// publishTimeout leaves room for an election (some seconds) and a retry, within
// what a person waits for: recording and all, the answer is there in ten
// seconds, also on a machine that is busy.
func (c *Config) publishTimeout() time.Duration { return cmp.Or(c.PublishTimeout, 8*time.Second) }

func (c *Config) logger() *slog.Logger { return cmp.Or(c.Logger, slog.Default()) }

func (c *Config) now() time.Time {
	if c.Now != nil {
		return c.Now()
	}
	return time.Now()
}
