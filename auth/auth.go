package auth

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/prometheus/client_golang/prometheus"
)

// Config of an Authority. The zero value works: nobody can prove anything.
type Config struct {
	// Issuers are those whose tokens count.
	Issuers []IssuerConfig
	// TicketKeys seal tickets and make pseudonyms; all nodes share them. Nil:
	// keys of this process alone, whose tickets end with it.
	TicketKeys *Keyring
	// LabelOK is the grammar of labels; nil: that of docs/protocol.md.
	LabelOK func(label string) bool
	// CacheDir holds the last good keys of each issuer over restarts. The
	// folder is made, for its owner alone. "": they are not kept.
	CacheDir string
	// Refresh is how long fetched keys count as fresh; 0: 5 min, at most 24 h.
	Refresh time.Duration
	// FetchGap is the least time between two fetches of one issuer's keys,
	// whatever asks for them; 0: 10 s.
	FetchGap time.Duration
	// Transport carries fetches; nil: direct connections, system roots.
	Transport http.RoundTripper
	// Dev also allows http to loopback addresses, for keys. Dangerous elsewhere.
	Dev bool
	// Now is the clock; nil: time.Now.
	Now func() time.Time
	// Logger gets the states of key sources; nil: none of it.
	Logger *slog.Logger
	// Registerer gets the metrics; nil: nobody does.
	Registerer prometheus.Registerer
}

// Authority judges credentials. Make it with New; its methods are safe for
// concurrent use.
type Authority struct {
	issuers map[string]*issuer // by name; immutable, like order
	order   []*issuer          // as configured
	ring    *Keyring
	labelOK func(string) bool
	now     func() time.Time
	log     *slog.Logger
	metrics *metrics
	parser  *jwt.Parser

	verified verified

	posture atomic.Pointer[Posture]
	cohorts atomic.Pointer[map[string]*Cohort] // by name; replaced under cohortsMu
	version atomic.Uint64                      // counts all that may change a grant

	cohortsMu sync.Mutex

	mu      sync.Mutex
	changed chan struct{} // closed and replaced by touch; guarded by mu
}

// New checks the configuration, reads key files and the last good keys that
// CacheDir holds. It does not wait for the network: Run fetches.
func New(c Config) (*Authority, error) {
	if c.Refresh < 0 || c.FetchGap < 0 {
		return nil, errors.New("auth: a negative time")
	}
	c.Refresh = min(cmp.Or(c.Refresh, 5*time.Minute), staleLimit)
	c.FetchGap = cmp.Or(c.FetchGap, 10*time.Second)
	a := &Authority{
		issuers: make(map[string]*issuer, len(c.Issuers)),
		ring:    c.TicketKeys,
		labelOK: c.LabelOK,
		now:     c.Now,
		log:     c.Logger,
		metrics: newMetrics(),
		parser:  newParser(),
		changed: make(chan struct{}),
	}
	if a.now == nil {
		a.now = time.Now
	}
	if a.log == nil {
		a.log = slog.New(slog.DiscardHandler)
	}
	if a.labelOK == nil {
		a.labelOK = labelOK
	}
	if a.ring == nil {
		a.ring = NewKeyring()
	}
	a.posture.Store(&Posture{})
	a.cohorts.Store(&map[string]*Cohort{})
	for _, ic := range c.Issuers {
		is, err := a.newIssuer(c, ic)
		if err != nil {
			return nil, fmt.Errorf("issuer %q: %w", ic.Issuer, err)
		}
		if a.issuers[is.name] != nil {
			return nil, fmt.Errorf("issuer %q is configured twice", is.name)
		}
		a.issuers[is.name] = is
		a.order = append(a.order, is)
	}
	if err := a.register(c.Registerer); err != nil {
		return nil, fmt.Errorf("registering metrics: %w", err)
	}
	return a, nil
}

// Run keeps the issuers' keys and the keyring up to date until ctx ends.
func (a *Authority) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	for _, is := range a.order {
		wg.Go(func() { is.source.run(ctx) })
	}
	// Open sessions get new tickets when another key seals.
	wg.Go(func() { a.ring.Watch(ctx, a.log, a.touch) })
	wg.Wait()
	return ctx.Err()
}

// Changed returns a channel that is closed when grants may differ from what
// they were: ask for all of them again. A caller that must not miss a change
// takes the channel before it asks.
func (a *Authority) Changed() <-chan struct{} {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.changed
}

// touch says that grants may differ.
func (a *Authority) touch() {
	a.version.Add(1)
	a.mu.Lock()
	defer a.mu.Unlock()
	close(a.changed)
	a.changed = make(chan struct{})
}
