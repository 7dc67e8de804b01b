package hub

import (
	"cmp"
	"context"
	"log/slog"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"tocsin/auth"
	"tocsin/notice"
)

// Audience is who is connected to one hub: sessions that have said hello, counted. A
// session counts once for each of its labels. Labels that name one person or one call
// (subject:, session:) are in no count.
type Audience struct {
	Sessions  int            `json:"sessions"`
	ByTier    map[string]int `json:"byTier"`    // by the tier's name, all three
	BySurface map[string]int `json:"bySurface"` // by the value of surface:*
	ByLabel   map[string]int `json:"byLabel"`   // by label, surface:* left out
}

// Bounds of an [Audience]: the largest counts are kept, and together they take no more
// than maxAudienceBytes as JSON.
const (
	maxSurfaces      = 100
	maxLabels        = 1_000
	maxAudienceBytes = 32 << 10
)

// Audiences keeps who is connected, for example in the broker. Both methods are called
// by one goroutine.
type Audiences interface {
	// Put replaces what this hub said before. It is called within seconds of a change,
	// and now and then without one: what has not been repeated for 30 s is no longer
	// so. After an error it is called again later.
	Put(ctx context.Context, a Audience) error
	// Remove takes it back: the hub is about to end.
	Remove(ctx context.Context) error
}

// audience counts sessions as their grants change, so that telling of them costs
// nothing for each. Safe for concurrent use.
type audience struct {
	metrics *metrics

	mu      sync.Mutex // guards what follows
	tiers   [auth.Private + 1]int
	labels  map[string]int // by label, those that are counted
	changed bool           // since it was last taken
}

func newAudience(m *metrics) *audience {
	for tier := auth.Public; tier <= auth.Private; tier++ {
		m.audience.WithLabelValues(tier.String())
	}
	return &audience{metrics: m, labels: make(map[string]int)}
}

// enrol counts the session by what it may see now; nil: no longer. Called by the
// session's owner.
func (s *session) enrol(as *access) {
	s.hub.audience.move(s.enrolled, as)
	s.enrolled = as
}

// move takes a session from one count to another; nil is none.
func (c *audience) move(from, to *access) {
	if from == to || from != nil && to != nil && from.grant.Tier == to.grant.Tier && slices.Equal(from.grant.Labels, to.grant.Labels) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changed = true
	c.add(from, -1)
	c.add(to, +1)
}

// add counts n sessions of that access; the caller holds mu.
func (c *audience) add(a *access, n int) {
	if a == nil {
		return
	}
	c.tiers[a.grant.Tier] += n
	c.metrics.audience.WithLabelValues(a.grant.Tier.String()).Add(float64(n))
	for _, label := range a.grant.Labels {
		if !counts(label) {
			continue
		}
		if c.labels[label] += n; c.labels[label] == 0 {
			delete(c.labels, label)
		}
	}
}

// counts tells whether sessions are counted by a label: not by one that names a person
// or a call.
func counts(label string) bool {
	kind, _, _ := strings.Cut(label, ":")
	return kind != notice.KindSubject && kind != notice.KindSession
}

// take is the audience now.
func (c *audience) take() Audience {
	c.mu.Lock()
	labels, tiers := maps.Clone(c.labels), c.tiers
	c.changed = false
	c.mu.Unlock()
	a := Audience{ByTier: make(map[string]int, len(tiers))}
	for tier, n := range tiers {
		a.Sessions += n
		a.ByTier[auth.Tier(tier).String()] = n
	}
	surfaces := make(map[string]int)
	for label, n := range labels {
		if surface, ok := strings.CutPrefix(label, notice.KindSurface+":"); ok {
			surfaces[surface] = n
			delete(labels, label)
		}
	}
	room := maxAudienceBytes - 256 // for the rest of it
	a.BySurface = largest(surfaces, maxSurfaces, &room)
	a.ByLabel = largest(labels, maxLabels, &room)
	return a
}

// mostCounted is more sessions than a hub has. Whoever has an edge's key can write other counts,
// and names that no hub counts by; they are passed over.
const mostCounted = 100_000_000

// credible is a count that a hub may have, and 0 for any other.
func credible(n int) int {
	if n < 0 || n > mostCounted {
		return 0
	}
	return n
}

// isSurface tells whether a hub may count by that name in BySurface.
func isSurface(name string) bool {
	_, err := notice.ParseLabel(notice.KindSurface + ":" + name)
	return err == nil
}

// isCounted tells whether a hub may count by that name in ByLabel.
func isCounted(name string) bool {
	label, err := notice.ParseLabel(name)
	return err == nil && label.Kind() != notice.KindSurface && counts(name)
}

// SumAudiences is the audience of several hubs. Of labels, the largest are kept.
func SumAudiences(all []Audience) Audience {
	sum := Audience{ByTier: make(map[string]int), BySurface: make(map[string]int), ByLabel: make(map[string]int)}
	add := func(to, from map[string]int, known func(name string) bool) {
		for name, n := range from {
			if n = credible(n); n > 0 && known(name) {
				to[name] += n
			}
		}
	}
	for tier := auth.Public; tier <= auth.Private; tier++ {
		sum.ByTier[tier.String()] = 0
	}
	for _, a := range all {
		sum.Sessions += credible(a.Sessions)
		for tier := range sum.ByTier {
			sum.ByTier[tier] += credible(a.ByTier[tier])
		}
		add(sum.BySurface, a.BySurface, isSurface)
		add(sum.ByLabel, a.ByLabel, isCounted)
	}
	room := math.MaxInt
	sum.BySurface = largest(sum.BySurface, maxSurfaces, &room)
	sum.ByLabel = largest(sum.ByLabel, maxLabels, &room)
	return sum
}

// largest keeps the largest of some counts: at most so many, and no more than fit into
// room bytes of JSON, which it diminishes. Of equal ones the first by name stay. Anybody
// can make up labels, so it does not sort them all.
func largest(counts map[string]int, most int, room *int) map[string]int {
	type count struct {
		name string
		n    int
	}
	byCount := func(a, b count) int { return cmp.Or(cmp.Compare(b.n, a.n), cmp.Compare(a.name, b.name)) }
	top := make([]count, 0, most+1)
	for name, n := range counts {
		c := count{name, n}
		if len(top) == most && byCount(top[most-1], c) < 0 {
			continue
		}
		at, _ := slices.BinarySearchFunc(top, c, byCount)
		top = slices.Insert(top, at, c)
		top = top[:min(len(top), most)]
	}
	kept := make(map[string]int, len(top))
	for _, c := range top {
		// Quotes, colon, comma and ten digits; what HTML might take amiss is escaped.
		size := len(c.name) + 14 + 5*(strings.Count(c.name, "<")+strings.Count(c.name, ">")+strings.Count(c.name, "&"))
		if *room < size {
			break
		}
		*room -= size
		kept[c.name] = c.n
	}
	return kept
}

// audienceCheck is how often it is looked whether the audience is to be told of.
const audienceCheck = time.Second

// sendAudience hands the audience over: an interval after the last time if it changed
// (an incident makes that longer, as for receipts), and repeats it before anybody would
// take it for gone. At the end it takes it back.
func (h *Hub) sendAudience(ctx context.Context) {
	to := h.config.Audiences
	if to == nil {
		return
	}
	repeat := 3 * h.config.AudienceInterval
	tick := time.NewTicker(min(audienceCheck, h.config.AudienceInterval))
	defer tick.Stop()
	var last time.Time
	failed := false
	for {
		select {
		case <-ctx.Done():
			end, cancel := context.WithTimeout(context.WithoutCancel(ctx), h.config.AudienceInterval)
			defer cancel()
			if err := to.Remove(end); err != nil {
				h.log.Info("audience not taken back, it lapses by itself", slog.Any("err", err))
			}
			return
		case <-tick.C:
		}
		wait := repeat
		if h.audience.hasChanged() && !h.incident.Load() {
			wait = h.config.AudienceInterval
		}
		if time.Since(last) < wait {
			continue
		}
		last = time.Now()
		err := to.Put(ctx, h.audience.take())
		if err != nil && !failed && ctx.Err() == nil {
			h.log.Warn("audience not told, trying again", slog.Any("err", err))
		}
		if failed = err != nil; failed {
			h.audience.again()
		}
	}
}

func (c *audience) hasChanged() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.changed
}

// again has what could not be told be told again.
func (c *audience) again() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changed = true
}
