//go:build linux

package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"

	"golang.org/x/sys/unix"
)

// crowdFlags say how large a crowd is, and how often it is measured.
type crowdFlags struct {
	Clients int  `group:"crowd" default:"10000" placeholder:"N" help:"Clients (default ${default})."`
	Runs    int  `group:"crowd" default:"5" placeholder:"N" help:"Runs; results are their medians (default ${default})."`
	Readers int  `group:"crowd" default:"1" placeholder:"N" help:"Threads that read for the clients (default ${default})."`
	Deflate bool `group:"crowd" help:"Offer permessage-deflate."`
}

// targetFlags say what is measured.
type targetFlags struct {
	URL      string   `name:"url" group:"target" placeholder:"URL" help:"Measure this one: ws://host:port/v1/connect. TLS is not spoken: measure behind what ends it."`
	Desk     string   `group:"target" placeholder:"URL" help:"Its desk, to publish at."`
	Key      []string `group:"target" placeholder:"FILE" help:"Whose signatures to publish with (repeat: two are needed unless the policy says otherwise)."`
	Admin    string   `group:"target" placeholder:"URL" help:"Its admin address, for metrics."`
	PID      int      `name:"pid" group:"target" placeholder:"N" help:"Its process on this machine, for CPU and memory."`
	TokenURL string   `group:"target" placeholder:"URL" help:"Where to get a token for client {i}, such as http://127.0.0.1:8080/dev/token?tenant=north&sub={i}."`

	IMayPublishThere bool `name:"i-may-publish-there" group:"target" help:"Needed unless URL is on loopback: everybody who is connected there gets exercise notices."`

	Tocsin   string   `group:"target" placeholder:"FILE" help:"The binary to start instead of building one."`
	ServeArg []string `group:"target" sep:"none" placeholder:"ARG" help:"A further argument of tocsin serve, such as --serve-arg=--max-sessions=20000 (repeat for more)."`
	ServeEnv []string `group:"target" sep:"none" placeholder:"K=V" help:"A variable for it, such as GOGC=400 (repeat for more)."`
}

// outFlags say where results go besides the table.
type outFlags struct {
	JSON string `name:"json" group:"out" placeholder:"FILE" help:"Write all figures as JSON."`
	HTML string `name:"html" group:"out" placeholder:"FILE" help:"Write a page with pictures."`
}

// spareFiles is what server and crowd need besides sockets of clients.
const spareFiles = 200

// check refuses a crowd that the machine does not allow.
func (f crowdFlags) check(sockets int) error {
	switch {
	case f.Clients < 1 || f.Runs < 1 || f.Readers < 1:
		return misusef("--clients, --runs and --readers are 1 or more")
	}
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("asking for the limit of open files: %w", err)
	}
	if allowed := int(min(limit.Max, 1<<30)); sockets+spareFiles > allowed {
		return misusef("%d clients need %d open files in one process, and the hard limit (ulimit -Hn) is %d. "+
			"Raise it (as root: ulimit -Hn %d; or LimitNOFILE of systemd, or --ulimit nofile of the container), "+
			"or ask for at most %d clients", sockets, sockets+spareFiles, allowed, sockets+spareFiles, max(allowed-spareFiles, 0))
	}
	return nil
}

// check says what a foreign target lacks.
func (f targetFlags) check() error {
	if f.URL == "" {
		if f.Desk != "" || f.Admin != "" || f.PID != 0 || len(f.Key) > 0 {
			return misusef("--desk, --key, --admin and --pid belong to a --url")
		}
		return nil
	}
	u, err := url.Parse(f.URL)
	switch {
	case err != nil || u.Host == "":
		return misusef("--url %q: not a URL such as ws://127.0.0.1:8080/v1/connect", f.URL)
	case u.Scheme != "ws":
		return misusef("--url %s: only ws:// is spoken. Ending TLS costs as much again at either end; measure behind what ends it", f.URL)
	case f.Desk == "" || len(f.Key) == 0:
		return misusef("--url needs --desk URL and --key FILE, to publish what is measured")
	}
	address, err := addressOf(f.URL)
	if err != nil {
		return err
	}
	if !address.Addr().IsLoopback() && !f.IMayPublishThere {
		return misusef("--url %s is not on this machine: whoever is connected there would get notices (marked as an exercise). "+
			"If that is what you want, add --i-may-publish-there", f.URL)
	}
	return nil
}

// addressOf is where a URL leads to.
func addressOf(raw string) (netip.AddrPort, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return netip.AddrPort{}, err
	}
	port := 80
	if p := u.Port(); p != "" {
		if port, err = strconv.Atoi(p); err != nil {
			return netip.AddrPort{}, fmt.Errorf("the port of %s: %w", raw, err)
		}
	}
	addresses, err := net.LookupIP(u.Hostname())
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("looking up %s: %w", u.Hostname(), err)
	}
	for _, ip := range addresses {
		if address, ok := netip.AddrFromSlice(ip); ok {
			return netip.AddrPortFrom(address.Unmap(), uint16(port)), nil
		}
	}
	return netip.AddrPort{}, errors.New("no address")
}
