package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"path"
	"slices"
	"strings"
	"syscall"
	"time"

	"tocsin/hub"
)

// listen opens the address of one flag; its error names that flag.
func listen(flag, address string) (net.Listener, error) {
	// No keep-alive: sessions have heartbeats, and requests their time-outs.
	config := net.ListenConfig{KeepAlive: -1}
	l, err := config.Listen(context.Background(), "tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%s %s: something else listens there (another tocsin serve?); stop it, or choose another address", flag, address)
	}
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", flag, address, err)
	}
	return l, nil
}

// listeners are the open addresses of a process; those of roles that it lacks
// are nil.
type listeners struct{ public, desk, admin, backups net.Listener }

func (cmd *serveCmd) openListeners() (l listeners, err error) {
	defer func() {
		if err != nil {
			l.close()
		}
	}()
	if cmd.has("edge") {
		if l.public, err = listen("--listen", cmd.Listen); err != nil {
			return l, err
		}
	}
	if cmd.has("desk") {
		if l.desk, err = listen("--desk-listen", cmd.DeskListen); err != nil {
			return l, err
		}
	}
	l.admin, err = listen("--admin-listen", cmd.AdminListen)
	return l, err
}

// close closes what is open; a server may have closed it before.
func (l listeners) close() {
	for _, one := range []net.Listener{l.public, l.desk, l.admin, l.backups} {
		if one != nil {
			_ = one.Close()
		}
	}
}

// loopback reports whether an address to listen on can be reached from this
// machine alone.
func loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// newServer has the time-outs that keep silent and slow clients from holding
// connections. There is no time-out for a whole request or answer: sessions and
// streams of events are long; the hub bounds its own writes.
func newServer(handler http.Handler, logger *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           noRedirects(handler),
		ReadHeaderTimeout: hub.HeaderTimeout,
		IdleTimeout:       120 * time.Second,
		MaxHeaderBytes:    hub.MaxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelInfo),
	}
}

// tlsConfig is the configuration of a listener with that certificate, or nil
// when there is none.
func tlsConfig(certFile, keyFile string) (*tls.Config, error) {
	if certFile == "" {
		return nil, nil
	}
	cert, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return nil, fmt.Errorf("--tls-cert %s --tls-key %s: %w", certFile, keyFile, err)
	}
	return &tls.Config{
		Certificates: []tls.Certificate{cert},
		MinVersion:   tls.VersionTLS12,
		NextProtos:   []string{"http/1.1"}, // WebSocket needs a connection of its own
	}, nil
}

// withTLS is l, speaking TLS when there is a configuration.
func withTLS(l net.Listener, c *tls.Config) net.Listener {
	if c == nil {
		return l
	}
	return tls.NewListener(l, c)
}

// noRedirects answers 404 for a path that net/http's mux would write anew, and
// redirect to with its query: a token that was put there would be in one more URL, and
// in the answer.
func noRedirects(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked := r.URL.EscapedPath()
		clean := path.Clean(asked)
		if strings.HasSuffix(asked, "/") && clean != "/" {
			clean += "/"
		}
		if asked != clean {
			http.NotFound(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// checkHost refuses requests that were sent to a name this listener does not
// have: the sign of DNS rebinding, where a page in a browser on this network is
// made to talk to it. Addresses in figures can't be rebound, so any is good.
func checkHost(next http.Handler, names ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if h, _, err := net.SplitHostPort(host); err == nil {
			host = h
		}
		_, err := netip.ParseAddr(strings.Trim(host, "[]"))
		if err != nil && host != "localhost" && !slices.Contains(names, strings.ToLower(host)) {
			http.Error(w, "421: not a name of this listener", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}
