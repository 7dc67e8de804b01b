package client

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"tocsin/notice"
	"tocsin/wire"
)

// Config of a [Subscriber]. URL and Trust are required; the zero value of
// everything else works.
type Config struct {
	// URL of a node: ws, wss, http or https. Without a path, /v1/connect is meant.
	URL string
	// Trust are the pinned roots.
	Trust notice.Trust
	// Labels are those that the client claims: surface:… and lang:…, at most 16.
	Labels []string

	// Tokens gives the tokens to show. It is asked whenever a connection is being made
	// and after [Subscriber.TokensChanged], in a goroutine of its own, one call at a
	// time, and nothing else waits for it: a session begins without tokens (but with the
	// ticket) if the answer is not there a quarter of a second after the connection, and
	// takes them up when it comes. An answer for a session that is over is dropped.
	//
	// To begin with, nil, an empty list and an error all mean: no tokens, the ticket
	// speaks. After TokensChanged an error changes nothing, and an empty list leaves the
	// open session in the public tier. Tokens must return when its context ends.
	Tokens func(context.Context) ([]string, error)
	// TokenTimeout bounds a call of Tokens; the next question waits for it. Default 3 s.
	TokenTimeout time.Duration
	// Tickets keeps the ticket. Default: in memory.
	Tickets TicketStore

	// State is what an earlier Subscriber knew ([Subscriber.State]): verified anew,
	// not reported, and continued from its cursor.
	State *State
	// Cursor, if State is nil, is where to begin: events tell of what came after it.
	// The Subscriber first connects without it, to learn what held until then.
	Cursor wire.Cursor

	// NoReceipts: send no "received" for what comes in. Ack still works.
	NoReceipts bool
	// AllowPlaintext permits ws:// and http:// to a server that is not on loopback.
	// Whoever is in between reads tokens and private notices.
	AllowPlaintext bool

	// HTTPClient makes the connection, without following redirects. Default: one of
	// its own over http.DefaultTransport.
	HTTPClient *http.Client
	// Jitter picks a random duration in [0, limit). Default: math/rand/v2.
	Jitter func(limit time.Duration) time.Duration
	// Logger takes what goes wrong without being an event. Default: none.
	Logger *slog.Logger
}

// ErrConfig is a Config or a Desk that can't work.
var ErrConfig = errors.New("bad configuration")

func (c Config) tokenTimeout() time.Duration { return cmp.Or(c.TokenTimeout, 3*time.Second) }

func (c Config) jitter(limit time.Duration) time.Duration {
	if limit <= 0 {
		return 0
	}
	if c.Jitter == nil {
		return rand.N(limit)
	}
	return c.Jitter(limit)
}

func (c Config) logger() *slog.Logger {
	if c.Logger == nil {
		return slog.New(slog.DiscardHandler)
	}
	return c.Logger
}

// endpoint is the address to dial, and whether it is on loopback.
func (c Config) endpoint() (address string, loopback bool, err error) {
	u, loopback, err := parseServer(c.URL, c.AllowPlaintext)
	if err != nil {
		return "", false, err
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = "/v1/connect"
	}
	return u.String(), loopback, nil
}

func (c Config) check() error {
	if len(c.Trust.Roots) == 0 {
		return fmt.Errorf("%w: no pinned roots", ErrConfig)
	}
	if len(c.Labels) > wire.MaxLabels {
		return fmt.Errorf("%w: more than %d labels", ErrConfig, wire.MaxLabels)
	}
	for _, s := range c.Labels {
		label, err := notice.ParseLabel(s)
		if err != nil || !notice.Claimable(label.Kind()) {
			return fmt.Errorf("%w: %q is not a label that can be claimed", ErrConfig, s)
		}
	}
	return nil
}

// parseServer reads the address of a server, as http or https. Plain text leaves
// this machine only if allowed.
func parseServer(address string, allowPlaintext bool) (u *url.URL, loopback bool, err error) {
	u, err = url.Parse(address)
	if err != nil {
		return nil, false, fmt.Errorf("%w: not an address", ErrConfig) // which is not quoted: it may hold a password
	}
	switch strings.ToLower(u.Scheme) {
	case "ws", "http":
		u.Scheme = "http"
	case "wss", "https":
		u.Scheme = "https"
	default:
		return nil, false, fmt.Errorf("%w: %q is not ws, wss, http or https", ErrConfig, u.Scheme)
	}
	switch {
	case u.Hostname() == "":
		return nil, false, fmt.Errorf("%w: the address names no host", ErrConfig)
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, false, fmt.Errorf("%w: an address carries no credentials, query or fragment", ErrConfig)
	}
	loopback = isLoopback(u.Hostname())
	if u.Scheme == "http" && !loopback && !allowPlaintext {
		return nil, false, fmt.Errorf("%w: plain text to %q, which is not this machine", ErrConfig, u.Hostname())
	}
	return u, loopback, nil
}

func isLoopback(host string) bool {
	if strings.EqualFold(strings.TrimSuffix(host, "."), "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// withoutRedirects copies c. What we send is meant for the server that was named.
func withoutRedirects(c *http.Client) *http.Client {
	var own http.Client
	if c != nil {
		own = *c
	}
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &own
}
