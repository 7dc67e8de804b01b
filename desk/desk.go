package desk

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"time"

	"tocsin/notice"
)

// Source says how the desk stands to the log; [broker.Source] has the same form.
type Source struct {
	Live    bool
	Since   time.Time // when Live took its value
	Head    uint64    // the log's last sequence when it was checked
	Checked time.Time
	Reason  string // why not live
}

// Desk is the staff API of one process.
type Desk struct {
	config  Config
	log     *slog.Logger
	metrics *metrics
	guard   *guard
	nonces  *nonces
	room    room

	audience *shared[Audience] // under ""
	receipts *shared[[]Counts] // by the Alert's identifier

	turn chan struct{} // held for one attempt to append: attempts would only conflict
	// What strangers can cause has bounds: signatures being checked, bodies being read,
	// proposals being looked up; and event streams, which staff open.
	verify, bodies, lookups, events, cohorts chan struct{}

	mu    sync.Mutex // guards what follows; never held across I/O
	board *notice.Board
	epoch string
	// ready: the log was folded to its end once. Before, a keyset that was replaced
	// long ago may still seem to be in force.
	ready  bool
	source Source
	held   map[[32]byte]*notice.Accepted // what holds, by payload
	taken  map[uint64]taken              // what was ever accepted, by sequence
	watch  map[*publication]struct{}     // being appended now
	open   map[string]*unsettled         // by act
	moved  chan struct{}                 // closed and replaced when any of this changes
	headed time.Time                     // when the broker last took a head
	active activeCount                   // of threads; none once something was folded
}

// activeFor is how long a count of active threads is told again: to count looks at every
// thread that ever was, while entries wait.
const activeFor = time.Minute

// activeCount is how many threads were active at a time, zero for none.
type activeCount struct {
	threads int
	at      time.Time
}

// taken is what the API says of an accepted entry besides what the board knows.
type taken struct {
	identifier string
	at         time.Time // when the log took it
}

// New makes a desk. It has folded nothing yet, and answers 503 until it has.
func New(config Config) (*Desk, error) {
	if err := config.validate(); err != nil {
		return nil, err
	}
	g, err := newGuard(config)
	if err != nil {
		return nil, fmt.Errorf("desk: %w", err)
	}
	m, err := newMetrics(config.Registerer)
	if err != nil {
		return nil, fmt.Errorf("desk: %w", err)
	}
	d := &Desk{
		config: config, log: config.logger(), metrics: m, guard: g, nonces: newNonces(config.Keyring), room: newRoom(),
		turn:     make(chan struct{}, 1),
		audience: newShared[Audience](config.now, config.publishTimeout()),
		receipts: newShared[[]Counts](config.now, config.publishTimeout()),
		verify:   make(chan struct{}, max(4, 2*runtime.GOMAXPROCS(0))),
		bodies:   make(chan struct{}, maxBodies),
		lookups:  make(chan struct{}, maxLookups),
		events:   make(chan struct{}, maxEvents),
		cohorts:  make(chan struct{}, 1),
		watch:    make(map[*publication]struct{}), open: make(map[string]*unsettled),
		moved: make(chan struct{}),
	}
	d.empty()
	d.takeUp(config.Recorder.Pending())
	return d, nil
}

// empty forgets the log.
func (d *Desk) empty() {
	d.board = notice.NewBoard(d.config.Trust, d.config.AllowDev)
	d.held = make(map[[32]byte]*notice.Accepted)
	d.taken = make(map[uint64]taken)
	d.ready = false
	d.active = activeCount{}
}

// Begin forgets all and starts on the log of that epoch.
func (d *Desk) Begin(epoch string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.empty()
	d.epoch = epoch
	for p := range d.watch {
		p.landed = nil // that was another log
	}
	d.changed()
}

// Entry folds the next entry of the log. What is bad stops nothing.
func (d *Desk) Entry(e notice.Entry) {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := d.board.Fold(e)
	d.active = activeCount{}
	if out.Refolded {
		for _, a := range out.Voided {
			delete(d.held, a.Hash)
		}
		for _, a := range out.Revived {
			d.held[a.Hash] = a
		}
	}
	if out.Verdict == notice.VerdictAccepted {
		d.held[out.Accepted.Hash] = out.Accepted
		d.taken[e.Seq] = taken{identifier: identifierOf(out.Accepted), at: e.Time}
	}
	for p := range d.watch {
		p.saw(e, out)
	}
	d.changed()
}

// Source takes the follower's word on how it stands to the log.
func (d *Desk) Source(s Source) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.source = s
	d.ready = d.ready || s.Live
	d.changed()
}

// changed wakes all who wait; the caller holds mu.
func (d *Desk) changed() {
	close(d.moved)
	d.moved = make(chan struct{})
}

// await returns nil once condition, which is called under mu, holds.
func (d *Desk) await(ctx context.Context, condition func() bool) error {
	for {
		d.mu.Lock()
		ok, moved := condition(), d.moved
		d.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Ready returns nil once the desk has folded the log to its end.
func (d *Desk) Ready() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.readyLocked()
}

func (d *Desk) readyLocked() error {
	if !d.ready {
		return errUnavailable.with("the desk is still reading the log")
	}
	return nil
}

// Board tells what the log says, as far as the desk has read it: the keyset in force (nil: none),
// and how many threads are active, perhaps with some that expired within the last minute. Safe
// for concurrent use.
func (d *Desk) Board() (keyset *notice.Keyset, active int) {
	now := d.now()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.active.at.IsZero() || now.Sub(d.active.at).Abs() >= activeFor {
		d.active = activeCount{threads: d.board.Active(now), at: now}
	}
	return d.board.Keyset(), d.active.threads
}

// keyset is the one in force, or nil.
func (d *Desk) keyset() *notice.Keyset {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.board.Keyset()
}

func (d *Desk) now() time.Time { return d.config.now() }
