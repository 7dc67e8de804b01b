package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"

	"tocsin/notice"
)

// trustFlags say which root keys are believed.
type trustFlags struct {
	Trust string `placeholder:"FILE" help:"The pinned root keys (default, for a hub on this machine: DATA/dev/trust.pem)."`
	Data  string `default:".tocsin" placeholder:"DIR" help:"Where serve --dev keeps its files (default ${default})."`
}

// errNoRoots: no flag names pinned roots, and dev mode's are not for this server.
var errNoRoots = errors.New("no pinned root keys")

// roots reads the pinned root keys to use with a server. Dev mode's are taken for
// one on this machine only: its keys are nobody's secret.
func (f trustFlags) roots(server string) (notice.Trust, error) {
	if f.Trust != "" {
		return readTrust(f.Trust)
	}
	dev := devMode{filepath.Join(f.Data, "dev")}.path(devTrust)
	if !onThisMachine(server) {
		return notice.Trust{}, fmt.Errorf("%w: whoever runs %s has the file for --trust", errNoRoots, server)
	}
	if _, err := os.Stat(dev); errors.Is(err, fs.ErrNotExist) {
		return notice.Trust{}, fmt.Errorf("%w: there is no --trust FILE, and no %s either (does \"tocsin serve --dev\" run in another folder?)", errNoRoots, dev)
	}
	return readTrust(dev)
}

func onThisMachine(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return u.Hostname() == "localhost" || err == nil && ip.IsLoopback()
}

// keyset fetches the keyset in force from the desk, and believes it only if the
// pinned roots have signed it.
func (s *signIn) keyset(ctx context.Context, roots notice.Trust) (*notice.Keyset, error) {
	board, err := s.board(ctx, roots)
	if err != nil {
		return nil, err
	}
	return board.Keyset(), nil
}

// board is a board with that keyset and nothing else.
func (s *signIn) board(ctx context.Context, roots notice.Trust) (*notice.Board, error) {
	doc, err := s.desk.Keyset(ctx)
	if err != nil {
		return nil, deskFailure(s.flags.Desk, "fetching the keyset", err)
	}
	board := notice.NewBoard(roots, onThisMachine(s.flags.Desk))
	out := board.Fold(notice.Entry{Seq: doc.Seq, Body: doc.Envelope})
	if out.Verdict != notice.VerdictAccepted {
		return nil, fmt.Errorf("the desk's keyset is not signed by the pinned roots: %w", out.Err)
	}
	return board, nil
}
