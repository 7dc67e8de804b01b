package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"tocsin/auth"
	"tocsin/broker"
	"tocsin/desk"
	"tocsin/hub"
	"tocsin/notice"
	webclient "tocsin/web-client"
)

// process is one hub: the parts that its roles ask for, wired together. open
// makes it, run runs it, close ends what open began.
type process struct {
	cmd      *serveCmd
	log      *slog.Logger
	metrics  *prometheus.Registry
	started  time.Time
	draining atomic.Bool
	overdue  chan struct{} // closed when a shutdown should long be over

	trust     notice.Trust
	issuers   []auth.IssuerConfig
	broker    *broker.Broker
	receipts  *receipts
	audiences *audiences
	tickets   *auth.Keyring // of tickets and pseudonyms
	cohorts   *cohorts
	watch     watch
	auth      *auth.Authority // nil without the role edge, as hub is
	hub       *hub.Hub
	desk      *desk.Desk // nil without the role desk, as its keys and journal are
	deskKeys  *auth.Keyring
	journal   *desk.Journal
	tokens    devTokens    // in dev mode
	provider  *devProvider // of an edge in dev mode
	tls       *tls.Config
	listener  listeners
	foreign   foreignRevocations
	lacks     atomic.Pointer[[]string] // rights at NATS; nil until it is known
}

// open makes a process, or nothing.
func open(ctx context.Context, cmd *serveCmd, log *slog.Logger) (*process, error) {
	p := &process{cmd: cmd, log: log, metrics: newRegistry(), started: time.Now(), overdue: make(chan struct{})}
	if err := p.open(ctx); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

// open takes the addresses first, then the store: a second hub by mistake fails
// on the former, with the clearer error.
func (p *process) open(ctx context.Context) (err error) {
	if p.trust, err = readTrust(p.cmd.Trust); err != nil {
		return err
	}
	if p.issuers, err = p.cmd.issuers(); err != nil {
		return err
	}
	if p.cmd.Dev && p.cmd.has("edge") {
		if p.provider, err = p.cmd.devMode().provider(); err != nil {
			return fmt.Errorf("opening the demo issuer: %w", err)
		}
		p.issuers = p.provider.over(p.issuers)
	}
	if p.tls, err = tlsConfig(p.cmd.TLSCert, p.cmd.TLSKey); err != nil {
		return err
	}
	if p.listener, err = p.cmd.openListeners(); err != nil {
		return err
	}
	if err := p.openBroker(ctx); err != nil {
		return err
	}
	if err := p.checkRights(ctx); err != nil {
		return err
	}
	if p.tickets, err = auth.LoadKeyring(p.cmd.TicketKeys); err != nil {
		return fmt.Errorf("--ticket-keys: %w", err)
	}
	if err := p.openEdge(); err != nil {
		return err
	}
	p.cohorts = newCohorts(p.broker, p.tickets, p.auth, newCohortCache(p.cmd.Cache), p.log)
	if err := p.openDesk(); err != nil {
		return err
	}
	return p.metrics.Register(processMetrics{p})
}

func newRegistry() *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return r
}

func (p *process) openBroker(ctx context.Context) error {
	config := broker.Config{
		URLs: p.cmd.NATS, CredsFile: p.cmd.NATSCreds, CAFile: p.cmd.NATSCA, InboxPrefix: p.cmd.NATSInbox,
		MaxBytes: p.cmd.MaxBytes, Trust: p.trust, AllowDev: p.cmd.Dev, Logger: p.log, Registerer: p.metrics,
	}
	if len(p.cmd.NATS) == 0 {
		config.Dir = p.cmd.Data
	}
	b, err := broker.Open(ctx, config)
	if errors.Is(err, broker.ErrLocked) {
		return fmt.Errorf("--data %s: another tocsin serve uses it; stop that one, or choose another folder", p.cmd.Data)
	}
	if err != nil {
		return err
	}
	p.broker = b
	if config.Dir != "" {
		p.openBackups()
	}
	incarnation := uuid.NewString()
	p.receipts = &receipts{
		store: b.Store(broker.StreamReceipts), incarnation: incarnation,
		revisions: make(map[string]uint64),
	}
	p.audiences = newAudiences(b.Store(broker.StreamReceipts), incarnation)
	if p.cmd.Dev {
		return p.openDev(ctx)
	}
	return nil
}

// openBackups offers backups of an embedded log. Without them it is served all the same.
func (p *process) openBackups() {
	l, err := listenForBackups(p.cmd.Data)
	if err != nil {
		p.log.Warn("no backups while this process runs", "socket", backupSocket(p.cmd.Data), "error", err)
		return
	}
	p.listener.backups = l
}

// openDev reads the demo issuer's key, and puts the dev keyset into a log that is
// still empty.
func (p *process) openDev(ctx context.Context) (err error) {
	if p.tokens, err = p.cmd.devMode().issuer(); err != nil {
		return err
	}
	return p.publishDevKeyset(ctx)
}

func (p *process) publishDevKeyset(ctx context.Context) error {
	d, err := readDraft(p.cmd.devMode().path(devKeyset))
	if err != nil {
		return err
	}
	_, err = p.broker.Append(ctx, notice.SubjectKeyset, d.envelope.Marshal(), 0)
	if err != nil && !errors.Is(err, broker.ErrConflict) {
		return fmt.Errorf("publishing the dev keyset: %w", err)
	}
	return nil
}

func (p *process) openEdge() error {
	if !p.cmd.has("edge") {
		return nil
	}
	jwks := filepath.Join(p.cmd.Data, "jwks")
	if p.cmd.Dev {
		jwks = "" // the demo issuer is at another port each time
	}
	var err error
	p.metrics.MustRegister(p.foreign.gauge())
	p.auth, err = auth.New(auth.Config{
		Issuers: p.issuers, TicketKeys: p.tickets, Dev: p.cmd.Dev, CacheDir: jwks,
		LabelOK: func(s string) bool { _, err := notice.ParseLabel(s); return err == nil },
		Logger:  p.log, Registerer: p.metrics,
	})
	if err != nil {
		return err
	}
	p.hub, err = hub.New(hub.Config{
		Trust: p.trust, AllowDev: p.cmd.Dev, Authority: p.auth,
		Posture: p.setPosture,
		Origins: p.cmd.origins(), TrustedProxies: p.cmd.TrustedProxy,
		MaxSessions: p.cmd.MaxSessions, MaxPerAddress: p.cmd.MaxPerAddress,
		CacheFile: p.cmd.Cache, SeedURL: p.cmd.Seed, Receipts: p.receipts, Audiences: p.audiences,
		Logger: p.log, Registerer: p.metrics,
	})
	return err
}

func (p *process) openDesk() error {
	if !p.cmd.has("desk") {
		return nil
	}
	var err error
	if p.deskKeys, err = auth.LoadKeyring(p.cmd.DeskKeys); err != nil {
		return fmt.Errorf("--desk-keys: %w", err)
	}
	if p.journal, err = desk.OpenJournal(filepath.Join(p.cmd.Data, "desk")); err != nil {
		return err
	}
	if n := p.journal.Damaged(); n > 0 {
		p.log.Error("the journal has lines that can't be read: acts may be missing from the record", "lines", n)
	}
	config := desk.Config{
		Trust: p.trust, AllowDev: p.cmd.Dev, Keyring: p.deskKeys,
		Log: deskLog{p.broker}, Proposals: proposals{p.broker.Store(broker.StreamDesk)},
		Recorder: p.journal, AudienceExists: audience(p.issuers, p.cohorts.exists),
		Cohorts: p.cohorts, Pseudonyms: p.tickets, Issuers: issuerNames(p.issuers),
		Origins: p.cmd.DeskOrigin, Receipts: p.receipts, Audiences: p.audiences, Console: webclient.Console(),
		Logger: p.log, Registerer: p.metrics,
	}
	if p.cmd.BeaconKey != "" {
		if config.Beacon, err = readKey(p.cmd.BeaconKey); err != nil {
			return fmt.Errorf("--beacon-key: %w", err)
		}
		config.Heads = p.broker
	}
	p.desk, err = desk.New(config)
	return err
}

// close ends what open began, in the opposite order.
func (p *process) close() {
	if p.journal != nil {
		if err := p.journal.Close(); err != nil {
			p.log.Error("closing the journal", "error", err)
		}
	}
	if p.broker != nil {
		p.broker.Close()
	}
	p.listener.close()
	p.provider.close()
}

// seen is what it knows of the log, or serves in its place, with the keyset in force.
func (p *process) seen() (s hubState, keyset *notice.Keyset) {
	s.Source = p.watch.describe()
	if p.hub != nil {
		serving := p.hub.State()
		s.serves(serving)
		keyset, s.Active = serving.Keyset, serving.Active
	}
	if p.desk != nil && keyset == nil {
		keyset, s.Active = p.desk.Board()
	}
	if keyset != nil {
		s.Keyset = keysetStateOf(keyset)
	}
	return s, keyset
}

// state is what /status tells.
func (p *process) state() hubState {
	s, _ := p.seen()
	s.Version, s.Roles, s.Dev, s.Started = build().Version, p.cmd.Roles, p.cmd.Dev, p.started
	s.Foreign = int(p.foreign.Load())
	s.TicketKeys = p.tickets.KeyIDs()
	if p.deskKeys != nil {
		s.DeskKeys = p.deskKeys.KeyIDs()
	}
	if p.hub != nil {
		s.Integrity = webclient.Integrity()
	}
	if lacks := p.lacks.Load(); lacks != nil {
		s.Lacks = *lacks
	}
	if p.desk != nil {
		s.Signing = signingStateOf(p.desk.Signing())
	}
	s.Sessions = int(gauge(p.metrics, "tocsin_hub_sessions"))
	err := p.ready()
	s.Ready = err == nil
	if err != nil {
		s.Reason = strings.TrimPrefix(err.Error(), "hub: ")
	}
	return s
}

var errDraining = errors.New("shutting down")

// ready is nil when every role that the process has is good for use.
func (p *process) ready() error {
	if p.draining.Load() {
		return errDraining
	}
	if p.hub != nil {
		if err := p.hub.Ready(); err != nil {
			return err
		}
	}
	if p.desk != nil {
		return p.desk.Ready()
	}
	return nil
}
