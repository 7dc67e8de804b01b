package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"tocsin/notice"
)

const (
	// requestTimeout bounds one request; a desk answers 504 sooner.
	requestTimeout = 30 * time.Second
	// maxAnswer bounds an answer in bytes: 100 proposals for each of 300 owners.
	maxAnswer = 32 << 20
	// maxProblem bounds a problem document.
	maxProblem = 64 << 10
	// submitAttempts is how often an envelope is submitted while its fate is open.
	submitAttempts = 5
	submitPause    = time.Second // before the second attempt; then doubled
	// sessionLife is what a login is signed for, of the 60 s that a desk allows.
	sessionLife = 50 * time.Second
	// renewBefore is how long before its end a bearer token is no longer used.
	renewBefore = 30 * time.Second
)

// DeskConfig says how to reach a desk. URL is required.
type DeskConfig struct {
	// URL is the desk's origin, as "https://desk.clinic.example". A login is valid for
	// this name alone.
	URL string
	// Key is the staff member's, for what needs a login, and for Approve.
	Key *notice.PrivateKey
	// AllowPlaintext permits http:// to a desk that is not on loopback. Whoever is in
	// between can use the login as long as it lasts, though not sign.
	AllowPlaintext bool
	// HTTPClient makes the requests, without following redirects. Default: one of its
	// own over http.DefaultTransport.
	HTTPClient *http.Client
}

// Desk talks to a desk's HTTP API. It logs in when it needs to. Safe for concurrent
// use. Errors that the desk gave are *[Problem].
type Desk struct {
	base string
	key  *notice.PrivateKey
	http *http.Client

	mu     sync.Mutex
	bearer bearer
}

type bearer struct {
	token   string
	expires time.Time // on this machine's clock
}

// NewDesk checks the configuration; its errors are ErrConfig.
func NewDesk(c DeskConfig) (*Desk, error) {
	u, _, err := parseServer(c.URL, c.AllowPlaintext)
	if err != nil {
		return nil, err
	}
	if u.Path != "" && u.Path != "/" {
		return nil, fmt.Errorf("%w: the desk's URL is an origin, without %q", ErrConfig, u.Path)
	}
	return &Desk{base: originOf(u), key: c.Key, http: withoutRedirects(c.HTTPClient)}, nil
}

// originOf is the origin of u as browsers write it (RFC 6454, section 6.2).
func originOf(u *url.URL) string {
	host, port := strings.ToLower(u.Hostname()), u.Port()
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port != "" && (u.Scheme != "http" || port != "80") && (u.Scheme != "https" || port != "443") {
		host += ":" + port
	}
	return u.Scheme + "://" + host
}

// Publish submits a signed notice. With signatures enough it is published when
// Publish returns; otherwise it waits for more (Answer.Published). If an answer is
// lost or 504, Publish submits again until it knows; ErrUnconfirmed says that it gave up.
func (d *Desk) Publish(ctx context.Context, e *notice.Envelope) (Answer, error) {
	return d.submit(ctx, "/v1/notices", e.Marshal())
}

// PublishKeyset submits a keyset, like Publish.
func (d *Desk) PublishKeyset(ctx context.Context, e *notice.Envelope) (Answer, error) {
	return d.submit(ctx, "/v1/keyset", e.Marshal())
}

// CheckKeyset tells what PublishKeyset would do, which messages it would void among
// it, and does nothing.
func (d *Desk) CheckKeyset(ctx context.Context, e *notice.Envelope) (Answer, error) {
	return d.submit(ctx, "/v1/keyset?check=true", e.Marshal())
}

// PublishContacts submits contact cards, like Publish.
func (d *Desk) PublishContacts(ctx context.Context, e *notice.Envelope) (Answer, error) {
	return d.submit(ctx, "/v1/contacts", e.Marshal())
}

// PublishPosture submits a posture, like Publish.
func (d *Desk) PublishPosture(ctx context.Context, e *notice.Envelope) (Answer, error) {
	return d.submit(ctx, "/v1/posture", e.Marshal())
}

// PublishRedaction submits a redaction, like Publish.
func (d *Desk) PublishRedaction(ctx context.Context, e *notice.Envelope) (Answer, error) {
	return d.submit(ctx, "/v1/redaction", e.Marshal())
}

// Approve adds the key's signature to a proposal, like Publish. The caller has shown
// the document to whoever approves it: what is signed is what p holds, not what the
// desk may hold by now. It refuses what does not belong in the log, so that no desk
// gets a login at another one signed, and what is not what its identifier says.
func (d *Desk) Approve(ctx context.Context, p Proposal) (Answer, error) {
	if d.key == nil {
		return Answer{}, fmt.Errorf("%w: no key", ErrConfig)
	}
	env, err := p.Envelope.Open()
	if err != nil {
		return Answer{}, fmt.Errorf("opening the proposal: %w", err)
	}
	identifier, err := Identifier(env)
	if err != nil {
		return Answer{}, fmt.Errorf("opening the proposal: %w", err)
	}
	if identifier != p.Identifier {
		return Answer{}, fmt.Errorf("opening the proposal: it is %q, not %q", identifier, p.Identifier)
	}
	fresh := &notice.Envelope{PayloadType: env.PayloadType, Payload: env.Payload}
	fresh.Sign(d.key)
	body, err := json.Marshal(struct {
		KeyID string `json:"keyid"`
		Sig   []byte `json:"sig"`
	}{fresh.Signatures[0].KeyID, fresh.Signatures[0].Sig})
	if err != nil {
		return Answer{}, fmt.Errorf("encoding a signature: %w", err)
	}
	return d.submit(ctx, proposalPath(identifier)+"/signatures", body)
}

// Identifier is how the API names a signed document of the log: a notice by its own
// identifier, others as "keyset-2". It fails for any other document.
func Identifier(e *notice.Envelope) (string, error) {
	switch e.PayloadType {
	case notice.TypeNotice:
		n, err := notice.Decode(e.Payload)
		if err != nil {
			return "", err
		}
		if n.Identifier == "" {
			return "", errors.New("a notice without identifier")
		}
		return n.Identifier, nil
	case notice.TypeKeyset:
		ks, err := notice.DecodeKeyset(e.Payload)
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("keyset-%d", ks.Version), nil
	case notice.TypeContacts:
		c, err := notice.DecodeContacts(e.Payload)
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("contacts-%d", c.Version), nil
	case notice.TypePosture:
		p, err := notice.DecodePosture(e.Payload)
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("posture-%d", p.Version), nil
	case notice.TypeRedaction:
		r, err := notice.DecodeRedaction(e.Payload)
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("redaction-%d", r.Seq), nil
	}
	return "", fmt.Errorf("%q does not belong in the log", e.PayloadType)
}

// submit posts until the document's fate is known.
func (d *Desk) submit(ctx context.Context, path string, body []byte) (Answer, error) {
	pause := submitPause
	for attempt := 1; ; attempt++ {
		var answer Answer
		err := d.call(ctx, request{method: http.MethodPost, path: path, body: body}, &answer)
		var p *Problem
		if attempt > 1 && errors.As(err, &p) && errors.Is(p, ErrAlreadyPublished) {
			// By an earlier attempt, or by another signer meanwhile: it is in the log.
			return Answer{Status: "published", Identifier: p.Identifier, Seq: p.Seq}, nil
		}
		if !isOpen(err) {
			return answer, err
		}
		if attempt == submitAttempts || sleep(ctx, pause) != nil {
			return Answer{}, fmt.Errorf("%w: %w", ErrUnconfirmed, err)
		}
		pause *= 2
	}
}

// isOpen tells whether err leaves open what became of a request.
func isOpen(err error) bool {
	var p *Problem
	var unsent *unsentError
	switch {
	case err == nil, errors.As(err, &unsent):
		return false
	case errors.As(err, &p):
		// A proxy that lost the desk says so without a problem document of ours.
		return errors.Is(p, ErrUnconfirmed) || p.Type == "about:blank" && p.Status >= 500
	}
	return true
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

func proposalPath(identifier string) string { return "/v1/proposals/" + url.PathEscape(identifier) }
func noticePath(identifier string) string   { return "/v1/notices/" + url.PathEscape(identifier) }
