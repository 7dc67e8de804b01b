package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// What a caller of a [Desk] can act upon; found in its errors by errors.Is.
var (
	// ErrAlreadyPublished: the log holds this document; Problem.Seq says where.
	ErrAlreadyPublished = errors.New("already published")
	// ErrSuperseded: something newer holds, or the thread has gone on: Problem.Missing
	// are the references that lack.
	ErrSuperseded = errors.New("superseded")
	// ErrConflict: another document waits under this identifier, or it has just changed;
	// Problem.Detail says more.
	ErrConflict = errors.New("conflict")
	// ErrUnavailable: nothing was tried. Later it may work.
	ErrUnavailable = errors.New("the desk is not available")
	// ErrUnconfirmed: whether the document was published is not known. Submitting the
	// same envelope again is safe, and finds out.
	ErrUnconfirmed = errors.New("not known whether it was published")
	// ErrNotFound: there is no such proposal or notice.
	ErrNotFound = errors.New("not found")
	// ErrRule: a rule is broken; Problem.Rule names it.
	ErrRule = errors.New("a rule is broken")
	// ErrLogin: the desk does not accept the login.
	ErrLogin = errors.New("login refused")
)

const problemPrefix = "urn:tocsin:problem:"

// problemErrors are the problems that have a sentinel.
var problemErrors = map[string]error{
	"already-published": ErrAlreadyPublished,
	"superseded":        ErrSuperseded,
	"conflict":          ErrConflict,
	"unavailable":       ErrUnavailable,
	"unconfirmed":       ErrUnconfirmed,
	"not-found":         ErrNotFound,
	"rule":              ErrRule,
	"login-refused":     ErrLogin,
}

// Problem is a desk's refusal (RFC 9457), as an error.
type Problem struct {
	// Type is a URI, "urn:tocsin:problem:" and a name; "about:blank" if the answer was
	// not a problem document.
	Type   string `json:"type"`
	Title  string `json:"title"`
	Detail string `json:"detail"`
	// Status is HTTP's.
	Status int `json:"status"`
	// Rule is the name of a broken rule (docs/protocol.md).
	Rule       string `json:"rule"`
	Identifier string `json:"identifier"`
	Seq        uint64 `json:"seq"`
	// Missing are references that an Update or Cancel lacks.
	Missing []string `json:"missing"`
	// RetryAfter is when another attempt may work; 0 if the desk does not say.
	RetryAfter time.Duration `json:"-"`
}

// Error is the title, the rule and the detail.
func (p *Problem) Error() string {
	text := p.Title
	if p.Rule != "" {
		text += " (" + p.Rule + ")"
	}
	if p.Detail != "" {
		text += ": " + p.Detail
	}
	return text
}

// Is matches the sentinels of this file.
func (p *Problem) Is(target error) bool {
	known := problemErrors[strings.TrimPrefix(p.Type, problemPrefix)]
	return known != nil && known == target
}

// problemFrom reads the refusal in an answer. A proxy may have written it.
func problemFrom(response *http.Response) error {
	p := &Problem{}
	mediaType, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	if mediaType == "application/problem+json" {
		if body, err := io.ReadAll(io.LimitReader(response.Body, maxProblem)); err != nil || json.Unmarshal(body, p) != nil {
			p = &Problem{}
		}
	}
	if p.Type == "" {
		p.Type = "about:blank"
	}
	if p.Title == "" {
		p.Title = fmt.Sprintf("the desk answered %d %s", response.StatusCode, http.StatusText(response.StatusCode))
	}
	p.Status = response.StatusCode
	if seconds, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil && seconds > 0 {
		p.RetryAfter = time.Duration(min(seconds, 86400)) * time.Second
	}
	return p
}
