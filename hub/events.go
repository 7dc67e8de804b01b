package hub

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"tocsin/wire"
)

// events is GET /v1/events: the same frames as data of server-sent events, with the
// cursor as id. Credentials come in Authorization and Tocsin-Ticket; the cursor in
// Last-Event-ID or, since a page can't set that, like labels in the query.
func (h *Hub) events(w http.ResponseWriter, r *http.Request) {
	s, why := h.enter(r)
	if why != admitted {
		h.refuse(w, why)
		return
	}
	control := http.NewResponseController(w)
	st := &stream{w: w, control: control, timeout: h.config.SendTimeout}
	s.link, s.wake = st, make(chan struct{}, 1)
	st.poke = s.poke
	if !h.begin(s) {
		h.limits.leave(s.addr, false)
		h.refuse(w, refusedBye)
		return
	}
	_ = control.SetReadDeadline(time.Time{}) // the server's bounds the request alone
	header := w.Header()
	header.Set("Content-Type", "text/event-stream")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("X-Accel-Buffering", "no") // proxies that know it pass events on at once
	stop := context.AfterFunc(r.Context(), func() { close(s.done) })
	switch err := s.start(helloOf(r), time.Now()); {
	case err == nil:
		s.lane()
	case errors.Is(err, errReserve):
		h.refuse(w, refusedReserve)
	}
	if stop() {
		close(s.done)
	}
	h.limits.leave(s.addr, s.public)
	s.shard.post(event{s, evLeave})
}

// helloOf reads a request as a hello.
func helloOf(r *http.Request) wire.Hello {
	query := r.URL.Query()
	hello := wire.Hello{
		Ticket: r.Header.Get("Tocsin-Ticket"),
		Cursor: r.Header.Get("Last-Event-ID"),
		Labels: query["label"],
	}
	if hello.Cursor == "" {
		hello.Cursor = query.Get("cursor")
	}
	for _, v := range r.Header.Values("Authorization") {
		scheme, token, _ := strings.Cut(v, " ")
		if strings.EqualFold(scheme, "Bearer") && len(hello.Tokens) < wire.MaxTokens {
			hello.Tokens = append(hello.Tokens, strings.TrimSpace(token))
		}
	}
	return hello
}

// stream is the link of server-sent events. Its session has a lane of its own,
// which is the request's handler.
type stream struct {
	w       http.ResponseWriter // the lane's
	control *http.ResponseController
	timeout time.Duration
	poke    func()

	mu       sync.Mutex // guards what follows
	ended    bool
	farewell wire.ServerFrame
}

func (s *stream) write(p []byte) error {
	if err := s.flush(); err != nil {
		return err
	}
	return s.put(p)
}

// put writes by a deadline.
func (s *stream) put(p []byte) error {
	if err := s.control.SetWriteDeadline(time.Now().Add(s.timeout)); err != nil {
		return err
	}
	_, err := s.w.Write(p)
	if err == nil {
		err = s.control.Flush()
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return errSlow
	}
	return err
}

// flush says the farewell, once there is to be one.
func (s *stream) flush() error {
	s.mu.Lock()
	ended, farewell := s.ended, s.farewell
	s.farewell = nil
	s.mu.Unlock()
	if !ended {
		return nil
	}
	if farewell != nil {
		_ = s.put(s.appendJSON(nil, farewell.AppendTo(nil)))
	}
	return errEnded
}

func (s *stream) close(_ wire.CloseCode, farewell wire.ServerFrame) {
	s.mu.Lock()
	if !s.ended {
		s.ended, s.farewell = true, farewell
	}
	s.mu.Unlock()
	s.poke()
}

func (s *stream) abort() { _ = s.control.SetWriteDeadline(time.Now()) }

func (s *stream) appendItem(dst []byte, it *item) []byte { return s.appendJSON(dst, it.json()) }

// appendJSON makes an event of a frame. An envelope may be laid out over lines.
func (s *stream) appendJSON(dst, json []byte) []byte {
	for {
		i := bytes.IndexAny(json, "\r\n")
		if i < 0 {
			return append(append(append(dst, "data: "...), json...), "\n\n"...)
		}
		dst = append(append(append(dst, "data: "...), json[:i]...), '\n')
		json = json[i+1:]
	}
}

func (s *stream) appendPlace(dst []byte, c wire.Cursor) []byte {
	if c.IsZero() {
		return dst
	}
	return append(c.AppendTo(append(dst, "id: "...)), '\n')
}
