package hub

import (
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"strings"
)

// clientAddr is the address that a request counts for: the peer's, or if that is a
// trusted proxy, the last one in X-Forwarded-For that is not. Anything before it
// the client may have written itself.
func (h *Hub) clientAddr(r *http.Request) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	addr := peer.Addr().Unmap()
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && h.trusted(addr); i-- {
		hop, err := parseHop(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		addr = hop
	}
	return addr
}

// parseHop reads an address as proxies write it, with or without a port.
func parseHop(s string) (netip.Addr, error) {
	if withPort, err := netip.ParseAddrPort(s); err == nil {
		return withPort.Addr().Unmap(), nil
	}
	addr, err := netip.ParseAddr(strings.Trim(s, "[]"))
	return addr.Unmap(), err
}

func (h *Hub) trusted(addr netip.Addr) bool {
	for _, prefix := range h.config.TrustedProxies {
		if prefix.Contains(addr) {
			return true
		}
	}
	return false
}

// allowed tells whether a page of this origin may talk to the hub. Browsers can't
// leave Origin out of a WebSocket handshake, so no Origin means no browser.
func (h *Hub) allowed(origin string) bool {
	if origin == "" {
		return true
	}
	u, err := url.Parse(strings.ToLower(origin))
	if err != nil || u.Scheme == "" || u.Host == "" {
		return false // "null" too: a sandboxed frame may be anybody's
	}
	for _, pattern := range h.config.Origins {
		target := u.Host
		if strings.Contains(pattern, "://") {
			target = u.Scheme + "://" + u.Host
		}
		if ok, _ := path.Match(strings.ToLower(pattern), target); ok { // New has parsed them
			return true
		}
	}
	return false
}
