package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"
)

const (
	// maxEvents bounds the event streams that are open.
	maxEvents = 256
	// receiptsEvery is how often a stream looks for counts.
	receiptsEvery = sharedAge + 100*time.Millisecond
	// quietEvery is when a stream with nothing to say sends a comment, so that proxies
	// keep it; the login is checked again as well.
	quietEvery = 15 * time.Second
)

// getReceipts answers with how far a thread has come, once or as a stream of
// server-sent events (WHATWG HTML, section 9.2).
func (d *Desk) getReceipts(w http.ResponseWriter, r *http.Request, _ staff) error {
	t, m := d.find(r.PathValue("identifier"))
	if m == nil {
		return errNotFound
	}
	identifier := t.Alert.Notice.Identifier
	switch offer(r.Header.Get("Accept"), "application/json", "text/event-stream") {
	case "":
		return errNotAcceptable
	case "text/event-stream":
		return d.streamReceipts(w, r, identifier)
	}
	v, err := d.counted(r.Context(), identifier)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, v)
}

// counted reads the counts of a thread.
func (d *Desk) counted(ctx context.Context, identifier string) (receipts, error) {
	v := receipts{Identifier: identifier, Updated: stamp(d.now()), Revisions: []Counts{}}
	if d.config.Receipts == nil {
		return v, nil
	}
	latest, err := d.receipts.get(ctx, identifier, func(ctx context.Context) ([]Counts, error) {
		return d.readCounts(ctx, identifier)
	})
	if err != nil {
		return v, err
	}
	v.Updated, v.Revisions = stamp(latest.at), append(v.Revisions, latest.value...)
	return v, nil
}

func (d *Desk) readCounts(ctx context.Context, identifier string) ([]Counts, error) {
	t, _ := d.find(identifier)
	revisions := 0
	for _, m := range t.Messages {
		revisions = max(revisions, m.Revision+1)
	}
	counts, err := d.config.Receipts.Counts(ctx, identifier, revisions)
	if err != nil {
		d.log.Warn("receipts not read", "error", err)
		return nil, errUnavailable.with("the receipts can't be read now")
	}
	return counts, nil
}

// streamReceipts sends the counts at once and whenever they change, until the
// client goes or its login ends.
func (d *Desk) streamReceipts(w http.ResponseWriter, r *http.Request, identifier string) error {
	select {
	case d.events <- struct{}{}:
		defer func() { <-d.events }()
	default:
		return errTooMany.with("too many streams are open").after(quietEvery)
	}
	v, err := d.counted(r.Context(), identifier)
	if err != nil {
		return err
	}
	if err := unhurried(w); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no") // nginx would keep events back
	s := stream{w: w, control: http.NewResponseController(w)}
	if err := s.event("receipts", v); err != nil {
		return err
	}
	poll, quiet := time.NewTicker(receiptsEvery), time.NewTicker(quietEvery)
	defer poll.Stop()
	defer quiet.Stop()
	for {
		select {
		case <-r.Context().Done():
			return nil
		case <-quiet.C:
			if _, err := d.authenticate(r); err != nil {
				return nil
			}
			err = s.send(": quiet\n\n")
		case <-poll.C:
			next, readErr := d.counted(r.Context(), identifier)
			if readErr != nil || slices.Equal(next.Revisions, v.Revisions) {
				continue // what was sent last stays true as far as anybody knows
			}
			v = next
			err = s.event("receipts", v)
		}
		if err != nil {
			return nil // the client is gone
		}
	}
}

// stream writes server-sent events, each under a deadline of its own.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

func (s stream) event(name string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return s.send(fmt.Sprintf("event: %s\ndata: %s\n\n", name, data))
}

func (s stream) send(text string) error {
	_ = s.control.SetWriteDeadline(time.Now().Add(writeTimeout)) // where there is a connection
	if _, err := s.w.Write([]byte(text)); err != nil {
		return err
	}
	return s.control.Flush()
}
