package hub

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"sync"
	"time"

	"tocsin/notice"
	"tocsin/wire"
)

// pageAge is how long the HTTP snapshot stays the same while nothing changes, signed
// heads included: so long do caches get 304, and so old may its serverTime be.
const pageAge = 30 * time.Second

// httpSnapshot keeps the body of /v1/snapshot between requests.
type httpSnapshot struct {
	mu     sync.Mutex // guards all
	view   *view
	status *status
	made   time.Time
	body   []byte
	etag   string
}

// serveSnapshot is GET /v1/snapshot: the public tier, for anyone, and for caches.
func (h *Hub) serveSnapshot(w http.ResponseWriter, r *http.Request) {
	body, etag := h.publicSnapshot()
	if body == nil {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Retry-After", "5")
		http.Error(w, "This node has nothing to serve yet.", http.StatusServiceUnavailable)
		return
	}
	header := w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("Cache-Control", "public, max-age=5, stale-while-revalidate=30, stale-if-error=86400")
	header.Set("ETag", etag)
	header.Set("X-Content-Type-Options", "nosniff")
	r.Header.Del("Range") // many small ones cost far more than the whole
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}

// publicSnapshot is the body and its entity tag; nil if nothing is served.
func (h *Hub) publicSnapshot() (body []byte, etag string) {
	p := &h.page
	p.mu.Lock()
	defer p.mu.Unlock()
	now, st := time.Now(), h.status.Load()
	// A check of the source that changes nothing makes a new status, but no new page.
	same := p.status != nil && p.status.live == st.live && p.status.passed == st.passed
	if p.body != nil && p.view == h.view.Load() && same && now.Sub(p.made) < pageAge {
		return p.body, p.etag
	}
	snap := h.snapshot()
	if snap == nil {
		return nil, ""
	}
	s := wire.Snapshot{
		Epoch: snap.view.gen.epoch, Cursor: snap.view.cursor(),
		ServerTime: now, Source: st.wire(now), Head: st.head(),
	}
	for _, it := range snap.items {
		if it.public() {
			s.Entries = append(s.Entries, it.entry())
		}
	}
	p.body = s.AppendTo(nil)
	sum := sha256.Sum256(p.body)
	p.view, p.status, p.made, p.etag = snap.view, st, now, `"`+hex.EncodeToString(sum[:16])+`"`
	return p.body, p.etag
}

// public tells whether anybody may read the item unasked: addresses that clients
// claim for themselves they also apply themselves.
func (it *item) public() bool { return it.notice == nil || forAnybody(it.notice) }

func forAnybody(n *notice.Notice) bool {
	return n.Scope == notice.ScopePublic && n.Status != notice.StatusTest && !n.NamesProven()
}

// entry is the item in a snapshot.
func (it *item) entry() wire.EntryFrame { return wire.EntryFrame{Seq: it.seq, Envelope: it.envelope} }

// cors lets pages of the configured origins read an answer.
func (h *Hub) cors(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Vary", "Origin")
		if origin := r.Header.Get("Origin"); origin != "" && h.allowed(origin) {
			w.Header().Set("Access-Control-Allow-Origin", origin)
			w.Header().Set("Access-Control-Expose-Headers", "Age, Date, ETag, Retry-After")
		}
		next(w, r)
	}
}

func notAllowed(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Allow", "GET, OPTIONS")
	http.Error(w, "Only GET.", http.StatusMethodNotAllowed)
}

// preflight answers for the headers that the two endpoints read.
func preflight(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Access-Control-Allow-Methods", "GET")
	w.Header().Set("Access-Control-Allow-Headers", "Authorization, Tocsin-Ticket, Last-Event-ID, If-None-Match, Cache-Control")
	w.Header().Set("Access-Control-Max-Age", "600")
	w.WriteHeader(http.StatusNoContent)
}
