package hub

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"tocsin/notice"
	"tocsin/wire"
)

// A cache, or a peer's snapshot, is what a node serves until the log answers. It is
// trusted for the same reason that clients trust nodes: the board verifies every
// signature again.
//
// It vouches for no cursor. A client's cursor says "everything visible to me up to
// here was sent"; a cache has nothing private, a peer's snapshot nothing restricted
// either, so no cursor that a node gave out from it would be true. Sessions that
// begin from it get synced and heartbeats without one, and keep the one they have.
// A client whose cursor is of the same log and not before the cached state has all
// that the cache could give it: it is held, like on any node that is behind.
//
// When the log has been read to its end, it takes the cache's place (Hub.promote):
// sessions get what the log holds and the cache did not, then what follows, and
// with the next heartbeat a true cursor.

// cacheDelay gathers changes that come together into one save.
const cacheDelay = time.Second

// loadCache begins from the cache file, if there is a good one.
func (h *Hub) loadCache() {
	if h.config.CacheFile == "" {
		return
	}
	body, err := os.ReadFile(h.config.CacheFile)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err == nil {
		err = h.serveSaved(body, FromCache)
	}
	if err != nil {
		h.log.Warn("cache not used", slog.String("file", h.config.CacheFile), slog.Any("err", err))
		return
	}
	h.log.Info("serving the cache until the broker answers", slog.String("file", h.config.CacheFile))
}

var errNothingVerified = errors.New("no keyset that the pinned roots support")

// serveSaved verifies a saved state and serves it, unless something better is
// served by now.
func (h *Hub) serveSaved(body []byte, from string) error {
	saved, err := wire.DecodeSnapshot(body)
	if err != nil {
		return fmt.Errorf("reading the saved state: %w", err)
	}
	l := h.newHistory("")
	l.gen = &generation{cached: true}
	l.from, l.saved = from, saved.ServerTime
	if !saved.Cursor.IsZero() {
		l.epoch, l.gen.epoch = saved.Cursor.Epoch, saved.Cursor.Epoch
		l.window.floor, l.window.floorHash = saved.Cursor.Seq, saved.Cursor.Hash
		l.gen.baseSeq = saved.Cursor.Seq
	}
	refused := 0
	for _, e := range saved.Entries {
		if out := l.board.Fold(notice.Entry{Seq: e.Seq, Body: e.Envelope}); out.Accepted == nil {
			refused++
		}
	}
	if l.board.Keyset() == nil {
		return errNothingVerified
	}
	if refused > 0 {
		h.log.Warn("the saved state has entries that do not verify; they are left out", slog.Int("entries", refused), slog.String("from", from))
	}
	l.gen.base = l.snapshot(time.Now())
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.serving != nil {
		return nil
	}
	h.adopt(l)
	h.serving = l
	h.publish()
	return nil
}

// keepCache saves the state after changes, and once more at the end.
func (h *Hub) keepCache(ctx context.Context) {
	if h.config.CacheFile == "" {
		return
	}
	for last := false; !last; {
		select {
		case <-ctx.Done():
		case <-h.dirty:
			select {
			case <-ctx.Done():
			case <-time.After(cacheDelay):
			}
		}
		last = ctx.Err() != nil
		result := "saved"
		if err := h.saveCache(); err != nil {
			result = "failed"
			h.log.Error("cache not saved", slog.String("file", h.config.CacheFile), slog.Any("err", err))
		}
		h.metrics.cache.WithLabelValues(result).Inc()
	}
}

// saveCache replaces the cache file by what is served, private notices left out, and
// the posture.
func (h *Hub) saveCache() error {
	snap := h.snapshot()
	if snap == nil || snap.view.gen.cached {
		return nil
	}
	saved := wire.Snapshot{
		Epoch: snap.view.gen.epoch, Cursor: snap.view.cursor(), ServerTime: time.Now(),
		Source: staleSince(time.Now(), time.Now()),
	}
	for _, it := range snap.items {
		if it.notice == nil || it.notice.Scope != notice.ScopePrivate {
			saved.Entries = append(saved.Entries, it.entry())
		}
	}
	if a := snap.posture; a != nil {
		// Otherwise a node that starts without the broker would let in again whom the
		// posture shuts out. Last, so that its signers' keyset is before it.
		saved.Entries = append(saved.Entries, wire.EntryFrame{Seq: a.Seq, Envelope: a.Body})
	}
	return replaceFile(h.config.CacheFile, saved.AppendTo(nil))
}

// replaceFile writes a file so that after any crash either the old or the new one
// is there, whole.
func replaceFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
