package desk

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"slices"
	"strings"
)

// guard decides who may speak to the desk at all, before any handler runs: by the
// Host that a request names (so that a page of another site can't reach a desk on
// loopback by DNS rebinding) and by the Origin that a browser adds.
type guard struct {
	loopback bool // nothing configured: loopback names, same-origin pages
	hosts    []string
	origins  []string // where staff reach this desk; what a session may name
	consoles []string // further origins whose pages may call it
}

func newGuard(c Config) (*guard, error) {
	g := &guard{loopback: len(c.Origins) == 0 && len(c.Hosts) == 0}
	for _, o := range c.Origins {
		u, err := parseOrigin(o)
		if err != nil {
			return nil, fmt.Errorf("origin: %w", err)
		}
		g.origins = append(g.origins, origin(u))
		g.hosts = append(g.hosts, u.Host)
	}
	for _, o := range c.ConsoleOrigins {
		u, err := parseOrigin(o)
		if err != nil {
			return nil, fmt.Errorf("console origin: %w", err)
		}
		g.consoles = append(g.consoles, origin(u))
	}
	for _, h := range c.Hosts {
		if h == "" || strings.ContainsAny(h, "/@*?# ") {
			return nil, fmt.Errorf("host %q is not a host name with or without port", h)
		}
		g.hosts = append(g.hosts, strings.ToLower(h))
	}
	return g, nil
}

// parseOrigin reads "scheme://host[:port]" and nothing more (RFC 6454, section 6.2);
// a default port is dropped.
func parseOrigin(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil {
		return nil, fmt.Errorf("%q is not an origin", s)
	}
	bare := url.URL{Scheme: u.Scheme, Host: u.Host}
	if u.Host == "" || u.Hostname() == "" || (u.Scheme != "https" && u.Scheme != "http") || bare.String() != s {
		return nil, fmt.Errorf("%q is not an origin of the form https://host[:port]", s)
	}
	u.Host = strings.ToLower(u.Host)
	switch {
	case u.Scheme == "https":
		u.Host = strings.TrimSuffix(u.Host, ":443")
	default:
		u.Host = strings.TrimSuffix(u.Host, ":80")
	}
	return u, nil
}

func origin(u *url.URL) string { return u.Scheme + "://" + u.Host }

// hostAllowed compares the Host header with the configured ones; one without a port
// allows every port.
func (g *guard) hostAllowed(host string) bool {
	host = strings.ToLower(host)
	name := hostName(host)
	if g.loopback {
		return isLoopback(name)
	}
	return slices.Contains(g.hosts, host) || slices.Contains(g.hosts, name)
}

// originAllowed says whether a page of the Origin header's site may call the desk.
// Programs send none.
func (g *guard) originAllowed(r *http.Request) bool {
	values := r.Header.Values("Origin")
	if len(values) == 0 {
		return true
	}
	u, err := parseOrigin(values[0])
	if err != nil || len(values) > 1 {
		return false
	}
	o := origin(u)
	return g.isDesk(o, r.Host) || slices.Contains(g.consoles, o)
}

// isDesk says whether o is an address of this desk. With nothing configured it is
// the loopback address that the request itself went to.
func (g *guard) isDesk(o, host string) bool {
	if !g.loopback {
		return slices.Contains(g.origins, o)
	}
	u, err := parseOrigin(o)
	if err != nil || !isLoopback(u.Hostname()) {
		return false
	}
	asked, err := parseOrigin(u.Scheme + "://" + host)
	return err == nil && asked.Host == u.Host
}

func hostName(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return strings.Trim(host, "[]")
}

func isLoopback(name string) bool {
	if name == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(name)
	return err == nil && ip.IsLoopback()
}

// wrap checks Host and Origin, answers CORS preflights and sets the headers that
// keep an answer from being cached, sniffed or framed. There are no cookies, so a
// page of another site has nothing to ride on; the checks are the second wall.
func (g *guard) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hurried(w)
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Add("Vary", "Origin")
		if r.TLS != nil {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		if !g.hostAllowed(r.Host) {
			writeProblem(w, errHost.with("a desk answers at the addresses of its --desk-origin, and without one at loopback names"))
			return
		}
		if !g.originAllowed(r) {
			writeProblem(w, errOrigin)
			return
		}
		if o := r.Header.Get("Origin"); o != "" {
			h.Set("Access-Control-Allow-Origin", o)
			h.Set("Access-Control-Expose-Headers", "Location, Retry-After")
			if r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" {
				h.Set("Access-Control-Allow-Methods", "GET, POST, PUT, DELETE")
				h.Set("Access-Control-Allow-Headers", "Accept, Authorization, Content-Type, Last-Event-ID")
				h.Set("Access-Control-Max-Age", "600")
				w.WriteHeader(http.StatusNoContent)
				return
			}
		}
		if p := r.URL.EscapedPath(); p != path.Clean(p) { // the mux would redirect, query and all
			writeProblem(w, errNotFound)
			return
		}
		next.ServeHTTP(w, r)
	})
}
