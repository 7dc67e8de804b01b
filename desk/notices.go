package desk

import (
	"cmp"
	"encoding/json"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"tocsin/notice"
)

const typeCAP = "application/cap+xml" // RFC 6838 registration of CAP 1.2

// sourceView says how fresh an answer is.
type sourceView struct {
	State   string `json:"state"` // live or stale
	SinceMs int64  `json:"sinceMs"`
}

func (d *Desk) sourceView() sourceView {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.source.Live {
		return sourceView{State: "live"}
	}
	return sourceView{State: "stale", SinceMs: max(0, d.now().Sub(d.source.Since).Milliseconds())}
}

func (d *Desk) getNotices(w http.ResponseWriter, r *http.Request, _ staff) error {
	want := r.URL.Query().Get("phase")
	if want != "" && !slices.Contains([]string{"active", "withdrawn", "over"}, want) {
		return errBadRequest.with("phase is active, withdrawn or over")
	}
	d.mu.Lock()
	threads := d.board.Threads()
	d.mu.Unlock()
	now := d.now()
	views := make([]thread, 0, len(threads))
	for _, t := range slices.Backward(threads) {
		if v := d.threadView(t, now); want == "" || v.Phase == want {
			views = append(views, v)
		}
	}
	return writeJSON(w, http.StatusOK, struct {
		Notices []thread   `json:"notices"`
		Source  sourceView `json:"source"`
	}{views, d.sourceView()})
}

// getNotice answers with a thread, named by any of its messages, or with one message
// as CAP XML.
func (d *Desk) getNotice(w http.ResponseWriter, r *http.Request, _ staff) error {
	identifier := r.PathValue("identifier")
	t, m := d.find(identifier)
	switch offer(r.Header.Get("Accept"), "application/json", typeCAP) {
	case "":
		return errNotAcceptable
	case typeCAP:
		if m == nil {
			return errNotFound
		}
		xml, err := notice.EncodeCAP(m.Notice)
		if err != nil {
			return err
		}
		w.Header().Set("Content-Type", typeCAP)
		w.Header().Add("Vary", "Accept")
		_, err = w.Write(xml)
		return err
	}
	w.Header().Add("Vary", "Accept")
	v := thread{Identifier: identifier, Phase: "unconfirmed"}
	if m != nil {
		v = d.threadView(t, d.now())
		for _, m := range t.Messages {
			v.Messages = append(v.Messages, d.messageView(m))
		}
	}
	v.Unconfirmed = d.openOf(identifier)
	if m == nil && len(v.Unconfirmed) == 0 {
		return errNotFound
	}
	source := d.sourceView()
	v.Source = &source
	return writeJSON(w, http.StatusOK, v)
}

// find is the thread that has a message of that identifier, and the message.
func (d *Desk) find(identifier string) (notice.Thread, *notice.Accepted) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if t, ok := d.board.Thread(identifier); ok {
		return t, t.Alert
	}
	for _, a := range d.held {
		if a.Notice == nil || a.Notice.Identifier != identifier {
			continue
		}
		id, err := a.Notice.ThreadID()
		if err != nil {
			continue
		}
		if t, ok := d.board.Thread(id); ok {
			return t, a
		}
	}
	return notice.Thread{}, nil
}

func (d *Desk) threadView(t notice.Thread, now time.Time) thread {
	current := d.messageView(t.Current)
	return thread{Identifier: t.Alert.Notice.Identifier, Phase: phaseName(t.Phase(now)), Current: &current}
}

func phaseName(p notice.Phase) string {
	switch p {
	case notice.Active:
		return "active"
	case notice.Withdrawn:
		return "withdrawn"
	}
	return "over"
}

func (d *Desk) messageView(a *notice.Accepted) message {
	d.mu.Lock()
	at := d.taken[a.Seq].at
	d.mu.Unlock()
	return message{
		Seq: a.Seq, Identifier: a.Notice.Identifier, Revision: a.Revision, Time: stamp(at),
		Signers: signersOf(a.Signers), BreakGlass: a.BreakGlass, Envelope: json.RawMessage(a.Body),
	}
}

// offer picks the media type that an Accept header prefers (RFC 9110, section
// 12.5.1), the first of equals; empty if it wants none of them.
func offer(accept string, types ...string) string {
	if strings.TrimSpace(accept) == "" {
		return types[0]
	}
	best, bestQ := "", 0.0
	for _, t := range types {
		if q := quality(accept, t); q > bestQ {
			best, bestQ = t, q
		}
	}
	return best
}

// quality is the weight of media type t in an Accept header; the most specific range
// that fits decides.
func quality(accept, t string) float64 {
	major, _, _ := strings.Cut(t, "/")
	q, specific := 0.0, -1
	for _, part := range strings.Split(accept, ",") {
		kind, params, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		fit := slices.Index([]string{"*/*", major + "/*", t}, kind)
		if fit < 0 || fit <= specific {
			continue
		}
		weight, err := strconv.ParseFloat(cmp.Or(params["q"], "1"), 64)
		if err != nil || weight < 0 || weight > 1 {
			continue
		}
		q, specific = weight, fit
	}
	return q
}
