//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/coder/websocket"

	"tocsin/notice"
	"tocsin/wire"
)

// witness is a client that forgives nothing: it takes every frame as it comes, keeps a
// cursor, and holds the node to what docs/protocol.md promises of a replay.
type witness struct {
	*listener
	url  string
	http *http.Client
}

// witnessSilence is for how long a node may say nothing: two heartbeats and some.
const witnessSilence = 32 * time.Second

func (w witness) run(ctx context.Context) {
	var cursor string
	for failures := 0; ctx.Err() == nil; failures++ {
		next, err := w.session(ctx, cursor)
		if next != cursor {
			cursor, failures = next, 0
		}
		w.says(false)
		retryIn := rand.N(min(time.Second<<min(failures, 6), time.Minute)) // as docs/protocol.md has it
		w.goes(retryIn)
		if errors.Is(err, errPromise) {
			w.complain(err.Error())
		}
		pause(ctx, retryIn)
	}
	w.http.CloseIdleConnections()
}

// errPromise is a node that breaks the protocol.
var errPromise = errors.New("against the protocol")

// session is one connection. It returns the cursor to go on with.
func (w witness) session(ctx context.Context, cursor string) (string, error) {
	dialing, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	conn, _, err := websocket.Dial(dialing, w.url+"/v1/connect", &websocket.DialOptions{
		HTTPClient: w.http, Subprotocols: []string{wire.Subprotocol},
	})
	if err != nil {
		return cursor, err
	}
	defer conn.CloseNow()
	conn.SetReadLimit(wire.MaxServerFrame)
	if err := conn.Write(dialing, websocket.MessageText, wire.Hello{Cursor: cursor}.AppendTo(nil)); err != nil {
		return cursor, err
	}
	s := visit{witness: w, cursor: cursor}
	for {
		reading, cancel := context.WithTimeout(ctx, witnessSilence)
		_, message, err := conn.Read(reading)
		cancel()
		if err != nil {
			return s.cursor, err
		}
		frame, err := wire.DecodeServer(message)
		if err != nil && !errors.Is(err, wire.ErrUnknownType) {
			return s.cursor, fmt.Errorf("%w: %w", errPromise, err)
		}
		if err := s.take(frame); err != nil {
			return s.cursor, err
		}
	}
}

// visit is a session as the witness follows it.
type visit struct {
	witness
	cursor string
	replay bool // what comes is in the log's order; a snapshot is ordered by thread
	synced bool
	live   bool   // the node says so in its welcome
	last   uint64 // sequence of the last entry
}

func (v *visit) take(frame wire.ServerFrame) error {
	switch f := frame.(type) {
	case wire.Welcome:
		v.replay = f.Resume == wire.ResumeReplay
		v.catchesUp(!v.replay)
		v.live = f.Source.State == wire.SourceLive
		if at, err := wire.ParseCursor(v.cursor); err == nil && v.replay {
			v.last = at.Seq
		}
	case wire.EntryFrame:
		return v.entry(f)
	case wire.Synced:
		v.replay = true
		v.catchesUp(false)
		if !f.Cursor.IsZero() {
			v.keep(f.Cursor)
		}
		if !v.synced {
			v.synced = true
			v.comes()
			v.says(v.live)
		}
	case wire.Heartbeat:
		if !f.Cursor.IsZero() {
			v.keep(f.Cursor)
		}
		v.says(f.Source.State == wire.SourceLive)
	}
	return nil
}

func (v *visit) keep(c wire.Cursor) {
	v.begins(c.Epoch)
	v.cursor, v.last = c.String(), max(v.last, c.Seq)
}

func (v *visit) entry(f wire.EntryFrame) error {
	if v.replay && f.Seq <= v.last {
		return fmt.Errorf("%w: entry %d after %d", errPromise, f.Seq, v.last)
	}
	v.last = max(v.last, f.Seq)
	e, err := notice.ParseEnvelope(f.Envelope)
	if err != nil {
		return fmt.Errorf("%w: entry %d: %w", errPromise, f.Seq, err)
	}
	if e.PayloadType != notice.TypeNotice {
		return nil
	}
	n, err := notice.Decode(e.Payload)
	if err != nil {
		return fmt.Errorf("%w: entry %d: %w", errPromise, f.Seq, err)
	}
	v.takes(n.Identifier, f.Seq, e.Payload, false)
	return nil
}
