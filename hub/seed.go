package hub

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"tocsin/wire"
)

const (
	minSeedWait = 200 * time.Millisecond
	maxSeedWait = 30 * time.Second
)

// seed takes the public state from a peer while there is nothing to serve.
func (h *Hub) seed(ctx context.Context) {
	if h.config.SeedURL == "" {
		return
	}
	for wait := minSeedWait; h.view.Load().gen == nil; wait = min(2*wait, maxSeedWait) {
		err := h.fetchSeed(ctx)
		if err == nil {
			h.log.Info("serving a peer's snapshot until the broker answers", slog.String("seed", h.seedName()))
			return
		}
		h.log.Info("no state from the peer, trying again", slog.String("seed", h.seedName()),
			slog.Duration("after", wait), slog.Any("err", err))
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

// seedName is the peer's URL for people: without what may open it.
func (h *Hub) seedName() string {
	u, err := url.Parse(h.config.SeedURL)
	if err != nil {
		return ""
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}

func (h *Hub) fetchSeed(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, h.config.SeedURL, nil)
	if err != nil {
		return err
	}
	resp, err := h.config.Client.Do(req)
	if err != nil {
		var failed *url.Error
		if errors.As(err, &failed) {
			err = failed.Err // without the URL
		}
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("fetching %s: %s", h.seedName(), resp.Status)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, wire.MaxSnapshot+1))
	if err != nil {
		return fmt.Errorf("fetching %s: %w", h.seedName(), err)
	}
	return h.serveSaved(body, FromPeer)
}
