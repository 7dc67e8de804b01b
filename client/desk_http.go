package client

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"tocsin/notice"
)

// request is one of the desk's API.
type request struct {
	method string // default GET
	path   string
	body   []byte // JSON
	accept string // default JSON
	login  bool
}

// errTooLarge is an answer larger than any honest one.
var errTooLarge = errors.New("the answer is too large")

// unsentError is a request that never left: no connection, no trust in the server.
type unsentError struct{ error }

func (e *unsentError) Unwrap() error { return e.error }

// call makes a request and reads the answer into out: JSON, or all of it if out is
// a *[]byte.
func (d *Desk) call(ctx context.Context, r request, out any) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	response, err := d.open(ctx, r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	switch {
	case err != nil:
		return fmt.Errorf("reading the desk's answer: %w", err)
	case len(body) > maxAnswer:
		return errTooLarge
	}
	switch out := out.(type) {
	case nil:
		return nil
	case *[]byte:
		*out = body
		return nil
	default:
		if err := json.Unmarshal(body, out); err != nil {
			return fmt.Errorf("reading the desk's answer: %w", err)
		}
		return nil
	}
}

// open makes a request, with a login if it needs one. The caller closes the body.
func (d *Desk) open(ctx context.Context, r request) (*http.Response, error) {
	if !r.login {
		return d.send(ctx, r, "")
	}
	token, err := d.token(ctx, "")
	if err != nil {
		return nil, err
	}
	response, err := d.send(ctx, r, token)
	var p *Problem
	if errors.As(err, &p) && p.Status == http.StatusUnauthorized { // ended, or the desk has other keys now
		if token, err = d.token(ctx, token); err != nil {
			return nil, err
		}
		return d.send(ctx, r, token)
	}
	return response, err
}

// send makes one request. Any answer but a success is a *Problem.
func (d *Desk) send(ctx context.Context, r request, token string) (*http.Response, error) {
	q, err := http.NewRequestWithContext(ctx, cmp.Or(r.method, http.MethodGet), d.base+r.path, bytes.NewReader(r.body))
	if err != nil {
		return nil, fmt.Errorf("asking the desk: %w", err)
	}
	q.Header.Set("Accept", cmp.Or(r.accept, "application/json"))
	if r.body != nil {
		q.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		q.Header.Set("Authorization", "Bearer "+token)
	}
	var wrote atomic.Bool
	q = q.WithContext(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { wrote.Store(true) }}))
	response, err := d.http.Do(q)
	if err != nil {
		err = fmt.Errorf("asking the desk: %w", err)
		if !wrote.Load() {
			return nil, &unsentError{err}
		}
		return nil, err
	}
	if response.StatusCode < 200 || response.StatusCode > 299 {
		defer response.Body.Close()
		return nil, problemFrom(response)
	}
	return response, nil
}

// Login proves at the desk who holds the key. Methods that need it do it themselves.
// An error that is ErrLogin is the desk's refusal.
func (d *Desk) Login(ctx context.Context) error {
	_, err := d.token(ctx, "")
	return err
}

// token is a bearer token other than refused.
func (d *Desk) token(ctx context.Context, refused string) (string, error) {
	d.mu.Lock()
	have := d.bearer
	d.mu.Unlock()
	if have.token != "" && have.token != refused && time.Until(have.expires) > renewBefore {
		return have.token, nil
	}
	fresh, err := d.login(ctx)
	if err != nil {
		return "", fmt.Errorf("logging in: %w", err)
	}
	d.mu.Lock()
	d.bearer = fresh
	d.mu.Unlock()
	return fresh.token, nil
}

// login signs a session: for the desk that was dialled, whatever the desk says of
// itself, so that a desk can't use it at another one; and by the desk's clock, since
// a device's may be wrong.
func (d *Desk) login(ctx context.Context) (bearer, error) {
	if d.key == nil {
		return bearer{}, fmt.Errorf("%w: no key", ErrConfig)
	}
	var challenge struct {
		Nonce      string    `json:"nonce"`
		ServerTime time.Time `json:"serverTime"`
	}
	if err := d.call(ctx, request{path: "/v1/challenge"}, &challenge); err != nil {
		return bearer{}, err
	}
	payload, err := notice.EncodeSession(&notice.Session{
		Origin: d.base, Nonce: challenge.Nonce,
		Expires: notice.FormatTime(challenge.ServerTime.Add(sessionLife)),
	})
	if err != nil {
		return bearer{}, err
	}
	env := &notice.Envelope{PayloadType: notice.TypeSession, Payload: payload}
	env.Sign(d.key)
	var session struct {
		Token   string    `json:"token"`
		Expires time.Time `json:"expires"`
	}
	if err := d.call(ctx, request{method: http.MethodPost, path: "/v1/session", body: env.Marshal()}, &session); err != nil {
		return bearer{}, err
	}
	life := session.Expires.Sub(challenge.ServerTime) // by the desk's clock
	return bearer{token: session.Token, expires: time.Now().Add(life)}, nil
}
