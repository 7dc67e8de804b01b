package desk

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"

	"tocsin/notice"
)

const (
	// maxBodies bounds the bodies read at a time: 64 MiB at most. A body that takes
	// longer than bodyTimeout is given up.
	maxBodies   = 512
	bodyTimeout = 10 * time.Second
	// verifyWait is how long a request waits for its turn to have signatures checked.
	verifyWait = 2 * time.Second
	// writeTimeout bounds one answer, or one event of a stream.
	writeTimeout = 30 * time.Second
)

// handler answers a request, or says why not.
type handler func(w http.ResponseWriter, r *http.Request) error

// Handler is the desk's API, under /v1/, and the console. It checks Host and Origin by
// itself. Serve it with the time-outs of [Server].
func (d *Desk) Handler() http.Handler {
	mux := http.NewServeMux()
	route := func(path string, methods map[string]handler) {
		mux.Handle(path, d.dispatch(path, methods))
	}
	get, post, put, del := http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete
	route("/v1/challenge", map[string]handler{get: d.getChallenge})
	route("/v1/session", map[string]handler{post: d.postSession})
	route("/v1/notices", map[string]handler{get: d.staffOnly(d.getNotices), post: d.postDocument(notice.TypeNotice)})
	route("/v1/notices/{identifier}", map[string]handler{get: d.staffOnly(d.getNotice)})
	route("/v1/notices/{identifier}/receipts", map[string]handler{get: d.staffOnly(d.getReceipts)})
	route("/v1/proposals", map[string]handler{get: d.staffOnly(d.getProposals)})
	route("/v1/proposals/{identifier}", map[string]handler{get: d.staffOnly(d.getProposal), del: d.staffOnly(d.deleteProposal)})
	route("/v1/proposals/{identifier}/signatures", map[string]handler{post: d.postSignature})
	route("/v1/keyset", map[string]handler{get: d.getDocument(notice.TypeKeyset), post: d.postDocument(notice.TypeKeyset)})
	route("/v1/contacts", map[string]handler{get: d.getDocument(notice.TypeContacts), post: d.postDocument(notice.TypeContacts)})
	route("/v1/posture", map[string]handler{get: d.staffOnly(d.readDocument(notice.TypePosture)), post: d.postDocument(notice.TypePosture)})
	route("/v1/trust", map[string]handler{get: d.getTrust})
	route("/v1/issuers", map[string]handler{get: d.staffOnly(d.getIssuers)})
	if d.config.Audiences != nil {
		route("/v1/audience", map[string]handler{get: d.staffOnly(d.getAudience)})
	}
	if d.config.Cohorts != nil {
		route("/v1/cohorts", map[string]handler{get: d.staffOnly(d.getCohorts)})
		route("/v1/cohorts/{name}", map[string]handler{put: d.staffOnly(d.putCohort), del: d.staffOnly(d.deleteCohort)})
		route("/v1/pseudonyms", map[string]handler{post: d.staffOnly(d.postPseudonyms)})
	}
	route("/v1/redaction", map[string]handler{post: d.postDocument(notice.TypeRedaction)})
	mux.Handle("/v1/", d.dispatch("other", nil))
	mux.Handle("/v1", d.dispatch("other", nil)) // else the mux redirects it, query and all
	mux.Handle("/", d.site())
	return d.guard.wrap(mux)
}

// Server is an HTTP server for h with the time-outs and limits that a desk should
// have. It has no WriteTimeout, since receipts are a stream: the handler sets one
// for each write.
func Server(h http.Handler, logger *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       60 * time.Second,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(cmp.Or(logger, slog.Default()).Handler(), slog.LevelInfo),
	}
}

// dispatch picks the handler of the method, turns errors into problem documents and
// counts the answers.
func (d *Desk) dispatch(route string, methods map[string]handler) http.Handler {
	var allow []string
	for m := range methods {
		allow = append(allow, m)
	}
	slices.Sort(allow)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rw := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		h := methods[r.Method]
		var err error
		switch {
		case h != nil:
			err = h(rw, r)
		case methods == nil:
			err = errNotFound
		default:
			err = errMethod.allowing(strings.Join(allow, ", "))
		}
		if err != nil {
			d.refuse(rw, r, route, err)
		}
		d.metrics.requests.WithLabelValues(route, statusClass(rw.status)).Inc()
	})
}

// refuse answers with a problem document, unless an answer has begun.
func (d *Desk) refuse(w *statusWriter, r *http.Request, route string, err error) {
	if w.began {
		d.log.Info("answer cut short", "route", route)
		return
	}
	p := writeProblem(w, err)
	switch {
	case p.Status == http.StatusInternalServerError:
		d.log.Error("request failed", "route", route, "method", r.Method, "error", err)
	case p.Status > http.StatusInternalServerError:
		d.log.Info("request refused", "route", route, "method", r.Method, "status", p.Status, "problem", ruleOf(p))
	default: // anybody can cause these, in any number; they are counted
		d.log.Debug("request refused", "route", route, "method", r.Method, "status", p.Status, "problem", ruleOf(p))
	}
}

// statusWriter notes the status of an answer.
type statusWriter struct {
	http.ResponseWriter
	status int
	began  bool
}

func (r *statusWriter) WriteHeader(status int) {
	r.status, r.began = status, true
	r.ResponseWriter.WriteHeader(status)
}

func (r *statusWriter) Write(b []byte) (int, error) {
	r.began = true
	return r.ResponseWriter.Write(b)
}

// Unwrap lets [http.ResponseController] through.
func (r *statusWriter) Unwrap() http.ResponseWriter { return r.ResponseWriter }

func statusClass(status int) string { return string('0'+byte(status/100)) + "xx" }

// staffOnly lets a handler run for those who have logged in, once the desk knows
// the keyset in force. A desk that is cut off from the log goes by the last one that it
// knows: reading must work while the broker is down.
func (d *Desk) staffOnly(next func(http.ResponseWriter, *http.Request, staff) error) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if err := d.Ready(); err != nil {
			return err
		}
		who, err := d.authenticate(r)
		if err != nil {
			return err
		}
		return next(w, r, who)
	}
}

// readBody reads a JSON body of at most [notice.MaxBody] bytes.
func (d *Desk) readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		return nil, errMediaType
	}
	select {
	case d.bodies <- struct{}{}:
		defer func() { <-d.bodies }()
	default:
		d.metrics.busy.Inc()
		return nil, errTooMany
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, notice.MaxBody))
	var tooBig *http.MaxBytesError
	switch {
	case errors.As(err, &tooBig):
		return nil, err
	case err != nil:
		return nil, errBadRequest.with("the body could not be read")
	}
	return body, unhurried(w)
}

// hurried bounds what is left of a request and its answer, where there is a
// connection. Without it, net/http would wait for a refused request's body for ever.
func hurried(w http.ResponseWriter) {
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(bodyTimeout))
	_ = control.SetWriteDeadline(time.Now().Add(writeTimeout))
}

// unhurried is for a request that was read whole: a deadline that passed while it is
// worked on would cancel it.
func unhurried(w http.ResponseWriter) error {
	if err := http.NewResponseController(w).SetReadDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}

// checking runs check, which parses or verifies what somebody sent whom nobody knows
// yet, in one of few places: a flood of junk leaves the processors to others. Who waits
// too long for a place is told so.
func (d *Desk) checking(ctx context.Context, check func() error) error {
	timer := time.NewTimer(verifyWait)
	defer timer.Stop()
	select {
	case d.verify <- struct{}{}:
		defer func() { <-d.verify }()
		return check()
	case <-timer.C:
		d.metrics.busy.Inc()
		return errTooMany
	case <-ctx.Done():
		return errTooMany
	}
}

func writeJSON(w http.ResponseWriter, status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, err = w.Write(append(body, '\n'))
	return err
}
