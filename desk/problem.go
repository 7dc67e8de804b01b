package desk

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"tocsin/notice"
)

// problem is a problem document (RFC 9457) with the extensions of docs/protocol.md.
// As an error it is what handlers return to refuse a request.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`

	Rule       string   `json:"rule,omitempty"`
	Identifier string   `json:"identifier,omitempty"`
	Seq        uint64   `json:"seq,omitempty"`
	Missing    []string `json:"missing,omitempty"`

	retryAfter time.Duration // becomes Retry-After, in whole seconds
	allow      string        // becomes Allow
}

// Error is for logs: it leaves out Detail, which may quote a document.
func (p problem) Error() string {
	if p.Rule != "" {
		return p.Title + ": " + p.Rule
	}
	return p.Title
}

const problemPrefix = "urn:tocsin:problem:"

func newProblem(name string, status int, title string) problem {
	return problem{Type: problemPrefix + name, Status: status, Title: title}
}

// The problems that a desk answers with; each is varied by the functions below.
var (
	errBadRequest    = newProblem("bad-request", http.StatusBadRequest, "The request is not what this address takes")
	errMediaType     = newProblem("media-type", http.StatusUnsupportedMediaType, "The body is not application/json")
	errUnauthorized  = newProblem("unauthenticated", http.StatusUnauthorized, "Log in first")
	errLogin         = newProblem("login-refused", http.StatusUnauthorized, "The session envelope is not acceptable")
	errForbidden     = newProblem("forbidden", http.StatusForbidden, "Not allowed")
	errOrigin        = errForbidden.with("pages of this origin may not call the desk")
	errNotFound      = newProblem("not-found", http.StatusNotFound, "There is no such thing")
	errMethod        = newProblem("method", http.StatusMethodNotAllowed, "This address takes other methods")
	errTooBig        = newProblem("too-big", http.StatusRequestEntityTooLarge, "The body is too big")
	errHost          = newProblem("misdirected", http.StatusMisdirectedRequest, "This is not the host that was asked for")
	errAlready       = newProblem("already-published", http.StatusConflict, "It is published already")
	errSuperseded    = newProblem("superseded", http.StatusConflict, "Something newer holds")
	errOtherWaits    = newProblem("conflict", http.StatusConflict, "Something else waits under this identifier")
	errReused        = newProblem("withdrawn", http.StatusConflict, "Something else was withdrawn under this identifier")
	errRule          = newProblem("rule", http.StatusUnprocessableEntity, "A rule is broken")
	errTooMany       = newProblem("too-many", http.StatusTooManyRequests, "Too many").after(2 * time.Second)
	errInternal      = newProblem("internal", http.StatusInternalServerError, "The desk failed")
	errUnavailable   = newProblem("unavailable", http.StatusServiceUnavailable, "Nothing was tried: the log can't take it now").after(2 * time.Second)
	errNotRecorded   = newProblem("unavailable", http.StatusServiceUnavailable, "Nothing was tried: it could not be recorded").after(5 * time.Second)
	errUnconfirmed   = newProblem("unconfirmed", http.StatusGatewayTimeout, "Whether it is published is not known yet").after(2 * time.Second)
	errNotSigned     = errForbidden.with("only an owner who signed a proposal may withdraw it")
	errNotAcceptable = newProblem("not-acceptable", http.StatusNotAcceptable, "There is no such form of it")
)

func (p problem) with(detail string) problem       { p.Detail = detail; return p }
func (p problem) of(identifier string) problem     { p.Identifier = identifier; return p }
func (p problem) at(seq uint64) problem            { p.Seq = seq; return p }
func (p problem) after(wait time.Duration) problem { p.retryAfter = wait; return p }
func (p problem) allowing(methods string) problem  { p.allow = methods; return p }

// problemOf turns every error of the package into its problem document: the one
// place that decides about status codes.
func problemOf(err error) problem {
	var p problem
	var rule *notice.RuleError
	var already *alreadyError
	var tooBig *http.MaxBytesError
	switch {
	case errors.As(err, &p):
		return p
	case errors.As(err, &already):
		return errAlready.at(already.seq)
	case errors.As(err, &rule):
		p = errRule.with(rule.Detail)
		p.Rule = rule.Rule
		return p
	case errors.Is(err, errWithdrawn):
		return errNotFound.with("it was withdrawn")
	case errors.As(err, &tooBig):
		return errTooBig
	case errors.Is(err, ErrUnavailable):
		return errUnavailable
	}
	return errInternal
}

// writeProblem answers with err's problem document, and returns it.
func writeProblem(w http.ResponseWriter, err error) problem {
	p := problemOf(err)
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="tocsin desk"`)
	}
	if p.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int(p.retryAfter.Seconds())))
	}
	if p.allow != "" {
		h.Set("Allow", p.allow)
	}
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // the client is gone; nobody else to tell
	return p
}
