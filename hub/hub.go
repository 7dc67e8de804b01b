package hub

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"tocsin/notice"
)

// Hub serves one log to its clients. Make it with [New]; all methods are safe for
// concurrent use, but Begin, Entry and Source come from one goroutine.
type Hub struct {
	config   Config
	born     time.Time
	log      *slog.Logger
	metrics  *metrics
	limits   *limits
	receipts *receipts
	audience *audience
	shards   []*shard
	readers  *readers

	broadcast broadcast

	view          atomic.Pointer[view]   // never nil; replaced under mu
	status        atomic.Pointer[status] // never nil; replaced under mu
	page          httpSnapshot
	heads         headWatch
	lastSynced    atomic.Pointer[syncedFrame]
	emergencyPage *emergencyPage

	refusedSessions, refusedEntries hush

	mu         sync.Mutex       // guards what follows, up to the blank line
	incoming   *history         // what the log gives; nil before Begin
	serving    *history         // what clients get: incoming, or what came before it; nil at first
	snap       *snapshot        // of serving
	moved      time.Time        // when incoming last got an entry, or began
	wasReady   bool             // Ready has said so
	posture    *notice.Accepted // the one in force, as this node knows it; nil if none
	keyset     int64            // highest version that was in force here; 0 for none
	rolledBack bool             // it was said that the log lacks the posture
	dirty      chan struct{}

	registry sync.Mutex // guards what follows, up to the blank line
	sessions map[*session]struct{}
	stopped  bool // no session may begin any more

	draining atomic.Bool
	grants   atomic.Uint64  // counts changes of the authority
	incident atomic.Bool    // the posture declares one
	work     sync.WaitGroup // readers and lanes
	stopping chan struct{}  // closed when Run ends
	over     chan struct{}  // closed when it has waited for work
	running  atomic.Bool
}

// snapshot is what holds, ready to send. It is immutable.
type snapshot struct {
	view    *view
	items   []*item
	posture *notice.Accepted // never sent; for the cache
	made    time.Time
}

// snapshotAge is how long a snapshot is used: threads end by time alone. A client
// hides what is over by itself, so a little too much does no harm.
const snapshotAge = 5 * time.Second

// New makes a hub, and loads CacheFile. A cache that is absent or bad is no error:
// it is logged, and the hub begins with nothing.
func New(c Config) (*Hub, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	h := &Hub{
		config:   c,
		log:      c.Logger,
		limits:   newLimits(c),
		sessions: make(map[*session]struct{}),
		stopping: make(chan struct{}),
		over:     make(chan struct{}),
		dirty:    make(chan struct{}, 1),
	}
	h.readers = newReaders(h.broadcast.giveWay)
	h.view.Store(&view{})
	h.status.Store(&status{since: time.Now()})
	h.receipts = newReceipts(c.Receipts)
	if h.metrics, err = newMetrics(h, c.Registerer); err != nil {
		return nil, err
	}
	h.audience = newAudience(h.metrics)
	if h.emergencyPage, err = newEmergencyPage(); err != nil {
		return nil, err
	}
	for range c.Shards {
		h.shards = append(h.shards, newShard(h))
	}
	h.loadCache()
	h.born = time.Now() // a large cache takes its time
	return h, nil
}

// Handler serves /v1/connect, /v1/events, /v1/snapshot and /emergency; [WithoutBodies].
func (h *Hub) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/connect", h.connect)
	mux.HandleFunc("GET /v1/snapshot", h.cors(h.serveSnapshot))
	mux.HandleFunc("OPTIONS /v1/snapshot", h.cors(preflight))
	mux.HandleFunc("GET /v1/events", h.cors(h.events))
	mux.HandleFunc("HEAD /v1/events", notAllowed) // GET would include it, and a stream has no end
	mux.HandleFunc("OPTIONS /v1/events", h.cors(preflight))
	mux.HandleFunc("GET /emergency", h.emergency)
	return WithoutBodies(mux)
}

// Run serves until ctx ends. Then it ends what sessions are left, waits for them,
// and returns.
func (h *Hub) Run(ctx context.Context) error {
	h.running.Store(true)
	var service, shards sync.WaitGroup
	work, cancel := context.WithCancel(context.Background())
	defer cancel()
	for _, sh := range h.shards {
		shards.Go(func() { sh.run(work) })
	}
	h.readers.start()
	service.Go(func() { h.watchGrants(ctx) })
	service.Go(func() { h.settle(ctx) })
	service.Go(func() { h.watchHeads(ctx) })
	service.Go(func() { h.sendReceipts(ctx) })
	service.Go(func() { h.sendAudience(ctx) })
	service.Go(func() { h.keepCache(ctx) })
	service.Go(func() { h.seed(ctx) })
	<-ctx.Done()
	close(h.stopping)
	last := h.endAll()
	h.work.Wait()
	close(h.over)
	last.Stop()
	h.readers.stop()
	cancel()
	shards.Wait()
	service.Wait()
	return nil
}

// begin registers a session, unless the hub has stopped. Every true is followed by
// one end.
func (h *Hub) begin(s *session) bool {
	h.registry.Lock()
	defer h.registry.Unlock()
	if h.stopped {
		return false
	}
	h.sessions[s] = struct{}{}
	h.work.Add(1)
	h.metrics.sessions.Inc()
	return true
}

func (h *Hub) end(s *session) {
	h.registry.Lock()
	delete(h.sessions, s)
	h.registry.Unlock()
	h.metrics.sessions.Dec()
	h.work.Done()
}

// all lists the sessions of the moment, in random order.
func (h *Hub) all() []*session {
	h.registry.Lock()
	defer h.registry.Unlock()
	list := make([]*session, 0, len(h.sessions))
	for s := range h.sessions {
		list = append(list, s)
	}
	rand.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list
}
