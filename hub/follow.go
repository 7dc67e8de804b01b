package hub

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"tocsin/notice"
)

// Begin says that a log begins, and that entries of an earlier one no longer count.
// What was served before stays in service until the new log has been read to its
// end; then sessions pass over to it without being dropped.
func (h *Hub) Begin(epoch string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.incoming = h.newHistory(epoch)
	h.moved = time.Now()
	h.setStatus(Source{Since: time.Now(), Reason: "reading the log"})
}

// Entry folds the next entry. It returns when shards have nearly caught up, so
// that a flood of entries never runs past the window.
func (h *Hub) Entry(e notice.Entry) {
	h.mu.Lock()
	if h.incoming == nil {
		h.mu.Unlock()
		return
	}
	out := h.incoming.fold(e)
	h.moved = time.Now()
	serving := h.incoming == h.serving
	if serving {
		h.adopt(h.incoming)
		h.publish()
	}
	h.mu.Unlock()
	h.note(e, out)
	if serving {
		h.pace()
	}
}

// Source tells how fresh the log is. It is called at every change, and after every
// check.
func (h *Hub) Source(s Source) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.setStatus(s)
	if h.incoming != nil && h.incoming != h.serving && h.settled(s) {
		h.promote()
	}
	h.wakeShards() // sessions may wait for this check
}

// setStatus is called with mu held.
func (h *Hub) setStatus(s Source) {
	now, old := time.Now(), h.status.Load()
	st := &status{Source: s, since: old.since, passed: old.passed, gaps: old.gaps}
	st.live = s.Live && h.incoming != nil && h.incoming == h.serving
	if st.live != old.live {
		st.since = now
	}
	h.status.Store(st)
	h.metrics.setLive(st.live)
	if st.live != old.live {
		h.wakeShards() // sessions are told
	}
}

// settled decides whether incoming is fit to be served. mu is held.
func (h *Hub) settled(s Source) bool {
	seq, _ := h.incoming.window.last()
	switch {
	case h.serving == nil && s.Live:
		return true
	case h.incoming.board.Keyset() == nil:
		// A new, empty log is no reason to forget what is known.
		return false
	case s.Live:
		return true
	case s.Checked.IsZero() || seq < s.Head:
		return false
	}
	// All that can be read has been read; but a cache may be further on.
	behind := h.serving != nil && h.serving.epoch == h.incoming.epoch && h.serving.seq() > seq
	return !behind
}

// settle promotes a log that stopped in the middle, when there is nothing better.
func (h *Hub) settle(ctx context.Context) {
	tick := time.NewTicker(max(h.config.Settle/10, time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		h.mu.Lock()
		if h.serving == nil && h.incoming != nil && h.incoming.board.Keyset() != nil &&
			time.Since(h.moved) >= h.config.Settle {
			h.promote()
		}
		h.mu.Unlock()
	}
}

// promote puts incoming into service. mu is held.
func (h *Hub) promote() {
	h.adopt(h.incoming)
	former := h.serving
	if former != nil && former.epoch == h.incoming.epoch {
		h.incoming.began = former.began
	} else {
		h.incoming.began = time.Now()
		h.dropHead()
	}
	gen := &generation{epoch: h.incoming.epoch, base: h.incoming.snapshot(time.Now())}
	gen.baseSeq, _ = h.incoming.window.last()
	if former != nil {
		gen.former, gen.formerSeq = former.gen, former.seq()
		gen.delta = former.lacking(gen.base)
	}
	h.incoming.gen = gen
	h.serving = h.incoming
	h.publish()
	h.setStatus(h.status.Load().Source) // behind the view: see shard.standing
	h.log.Info("serving the log", slog.String("epoch", gen.epoch), slog.Uint64("seq", gen.baseSeq),
		slog.Bool("after_cache", former != nil && former.gen.cached))
}

// publish shows sessions what serving holds now. mu is held.
func (h *Hub) publish() {
	h.view.Store(h.serving.view())
	h.metrics.setWindow(&h.serving.window)
	h.wakeShards()
	select {
	case h.dirty <- struct{}{}:
	default:
	}
}

func (h *Hub) wakeShards() {
	for _, sh := range h.shards {
		sh.poke()
	}
}

// pace waits while a shard is half a window behind. Shards never block, so this is
// short, and it ends when the hub stops.
func (h *Hub) pace() {
	v := h.view.Load()
	for _, sh := range h.shards {
		for h.running.Load() && sh.lag(v) > h.config.WindowEntries/2 {
			select {
			case <-sh.progress:
			case <-h.stopping:
				return
			}
		}
	}
}

// note counts what became of an entry, and says what an operator should look at.
func (h *Hub) note(e notice.Entry, out notice.Outcome) {
	h.metrics.entries.WithLabelValues(string(out.Verdict)).Inc()
	if out.Accepted != nil {
		return
	}
	rule := "" // its name alone: the detail may quote a recipient
	if broken := (*notice.RuleError)(nil); errors.As(out.Err, &broken) {
		rule = broken.Rule
	}
	h.refusedEntries.log(h.log, slog.LevelWarn, "entry not accepted", slog.Uint64("seq", e.Seq),
		slog.String("verdict", string(out.Verdict)), slog.String("rule", rule))
}

// snapshot is what holds now; nil if nothing is served. It is shared by all who
// ask within a short time.
func (h *Hub) snapshot() *snapshot {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.serving == nil {
		return nil
	}
	v, now := h.view.Load(), time.Now()
	if h.snap == nil || h.snap.view != v || now.Sub(h.snap.made) > snapshotAge {
		h.snap = &snapshot{view: v, items: h.serving.snapshot(now), posture: h.posture, made: now}
	}
	return h.snap
}
