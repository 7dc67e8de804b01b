//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"tocsin/loadtest/target"
	"tocsin/notice"
)

// options say what is played.
type options struct {
	clients int
	pace    time.Duration // between notices
	keep    bool          // leave logs and data behind
	say     func(format string, args ...any)
}

// binaries are the programs under test.
type binaries struct {
	folder string // where they are built
	config string // of servers: deploy/nats/nats.conf
	tocsin string
	nats   string
	clock  string // tocsin with a clock that can be set; built when it is needed
}

// stage is everything that runs: servers, edges and desks as processes, the network
// between them, clients and a publisher.
type stage struct {
	options
	bins   binaries
	dir    string
	nats   []*natsServer // none: the log is embedded
	edges  []*program
	desks  []*program
	extras []*program // edges and clients of a fault
	links  []*link
	front  *front

	keys      []*notice.PrivateKey
	audience  *audience
	publisher *publisher
	watch     *watch
	publishes func() // ends the publisher
	undo      []func()

	judged   time.Time // what was signed before that is judged
	faults   []faults  // of each listener, as far as they are judged
	phantoms int       // as far as they are judged
	rejected rejected  // as far as they are judged
}

// settleLimit bounds a wait for what must come.
const settleLimit = 90 * time.Second

// build builds what is not given.
func build(ctx context.Context, b binaries) (binaries, error) {
	for _, given := range []*string{&b.tocsin, &b.nats} { // processes run in other folders
		if *given != "" {
			path, err := filepath.Abs(*given)
			if err != nil {
				return b, err
			}
			*given = path
		}
	}
	module, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "tocsin").Output()
	if err != nil {
		return b, fmt.Errorf("looking for deploy/nats: %w (run this inside the module)", err)
	}
	b.config = filepath.Join(strings.TrimSpace(string(module)), "deploy/nats/nats.conf")
	if b.tocsin == "" {
		b.tocsin = filepath.Join(b.folder, "tocsin")
		if err := target.Build(ctx, b.tocsin); err != nil {
			return b, err
		}
	}
	if b.nats == "" {
		b.nats = filepath.Join(b.folder, "nats-server")
		cmd := exec.CommandContext(ctx, "go", "build", "-o", b.nats, "github.com/nats-io/nats-server/v2")
		if out, err := cmd.CombinedOutput(); err != nil {
			return b, fmt.Errorf("building nats-server: %w (run this inside the module, or name a binary with --nats-server)\n%s", err, out)
		}
	}
	return b, nil
}

// layout is how many of each there are.
type layout struct{ edges, desks, nats int }

// open starts a stage. Whoever calls it calls close, also after an error.
func (s *stage) open(ctx context.Context, l layout) error {
	if l.nats > 0 {
		if err := s.newServers(); err != nil {
			return err
		}
		if err := s.configure(); err != nil {
			return err
		}
		for _, n := range s.nats {
			if err := n.start(); err != nil {
				return err
			}
		}
	}
	if err := s.makeKeys(); err != nil {
		return err
	}
	if l.nats > 0 {
		if err := s.initBroker(ctx); err != nil {
			return err
		}
	}
	if err := s.newTocsins(l); err != nil {
		return err
	}
	for _, p := range s.tocsins() {
		if err := p.start(); err != nil {
			return err
		}
	}
	if err := s.publishKeyset(ctx); err != nil {
		return err
	}
	return s.people(ctx)
}

// people opens the doors: the balancer, the clients, the publisher.
func (s *stage) people(ctx context.Context) (err error) {
	s.watch = newWatch(s.tocsins())
	var backends []*backend
	for _, e := range s.edges {
		l, err := s.link("clients", e.name, e.flag("--listen"))
		if err != nil {
			return err
		}
		backends = append(backends, &backend{link: l, ready: e.admin + "/readyz"})
	}
	if s.front, err = newFront(backends); err != nil {
		return err
	}
	trust, err := s.trust()
	if err != nil {
		return err
	}
	var urls, names []string
	for _, d := range s.desks {
		l, err := s.link("publisher", d.name, d.flag("--desk-listen"))
		if err != nil {
			return err
		}
		urls, names = append(urls, "http://"+l.addr()), append(names, d.name)
	}
	if s.publisher, err = newPublisher(urls, names, s.keys, s.pace); err != nil {
		return err
	}
	if err := s.until(ctx, "every process to be ready", s.allLive); err != nil {
		return err
	}
	if s.audience, err = newAudience(s.front.url(), trust, s.clients); err != nil {
		return err
	}
	s.faults = make([]faults, s.clients)
	publishing, stop := context.WithCancel(ctx)
	life, end := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.publisher.run(publishing, life)
	}()
	s.publishes = func() { stop(); end(); <-done }
	return s.until(ctx, everybody, s.everybody)
}

const everybody = "every client to be connected and to say that it is live"

func (s *stage) everybody(context.Context) error {
	if here, live := s.audience.here(); here < s.clients || live < s.clients {
		return fmt.Errorf("%d of %d are connected, %d live", here, s.clients, live)
	}
	return nil
}

// spread is nil when every edge has its share of the clients: who broke one that has none
// would break nothing.
func (s *stage) spread(ctx context.Context) error {
	if err := s.everybody(ctx); err != nil {
		return err
	}
	if open := s.front.connections(); open < s.clients { // one that was sent away may not know it yet
		return fmt.Errorf("%d of %d connections are open", open, s.clients)
	}
	return s.front.spread()
}

// until waits until ok returns nil.
func (s *stage) until(ctx context.Context, what string, ok func(context.Context) error) error {
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, settleLimit)
	defer cancel()
	var err error
	for ; ctx.Err() == nil; pause(ctx, 50*time.Millisecond) {
		if err = ok(ctx); err == nil {
			return nil
		}
	}
	return fmt.Errorf("waited %s for %s: %w", seconds(time.Since(began)), what, errors.Join(err, ctx.Err()))
}

// link makes a piece of network.
func (s *stage) link(from, to, address string) (*link, error) {
	l, err := newLink(from, to, address)
	if err == nil {
		s.links = append(s.links, l)
	}
	return l, err
}

// between are the links between any of some parts and any of others, either way; others
// empty means everybody else.
func (s *stage) between(some []string, others ...string) (found []*link) {
	far := func(name string) bool {
		return len(others) == 0 && !slices.Contains(some, name) || slices.Contains(others, name)
	}
	for _, l := range s.links {
		if slices.Contains(some, l.from) && far(l.to) || slices.Contains(some, l.to) && far(l.from) {
			found = append(found, l)
		}
	}
	return found
}

// tocsins are edges and desks; one that is both, once.
func (s *stage) tocsins() []*program { return slices.Compact(slices.Concat(s.edges, s.desks)) }

// processes are all that run, the servers first.
func (s *stage) processes() (all []*program) {
	for _, n := range s.nats {
		all = append(all, n.program)
	}
	return append(all, s.tocsins()...)
}

// process is the one of that name.
func (s *stage) process(name string) *program {
	for _, p := range slices.Concat(s.processes(), s.extras) {
		if p.name == name {
			return p
		}
	}
	panic("no process " + name) // names come from the table of faults
}

// close ends everything, also after an open that failed.
func (s *stage) close() {
	if s.publishes != nil {
		s.publishes()
	}
	if s.audience != nil {
		s.audience.close()
	}
	if s.front != nil {
		s.front.close()
	}
	if s.watch != nil {
		s.watch.close()
	}
	for _, p := range slices.Concat(s.extras, s.processes()) {
		_ = p.kill()
	}
	for _, l := range s.links {
		l.close()
	}
	for _, undo := range slices.Backward(s.undo) {
		undo()
	}
	if s.publisher != nil {
		s.publisher.http.CloseIdleConnections()
	}
	if s.keep {
		s.say("logs and data are left in %s", s.dir)
		return
	}
	_ = os.RemoveAll(s.dir)
}

// The ports of processes lie below those that the kernel gives to outgoing connections: one
// that is started again must find its own free.
const firstPort, ports = 20_000, 12_000

// freeAddresses finds addresses of loopback where nobody listens.
func freeAddresses(n int) (addresses []string, err error) {
	var open []io.Closer
	defer func() {
		for _, l := range open {
			_ = l.Close()
		}
	}()
	for tries := 0; len(addresses) < n; tries++ {
		l, err := net.Listen("tcp", fmt.Sprint("127.0.0.1:", firstPort+rand.N(ports)))
		if err != nil {
			if tries > 100 {
				return nil, fmt.Errorf("looking for a free port: %w", err)
			}
			continue
		}
		open = append(open, l)
		addresses = append(addresses, l.Addr().String())
	}
	return addresses, nil
}

// command runs tocsin to its end, as an operator does.
func (s *stage) command(args ...string) (string, error) {
	cmd := exec.Command(s.bins.tocsin, args...)
	cmd.Dir = s.dir
	var out, problems strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &problems
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("tocsin %s: %w\n%s", strings.Join(args, " "), err, problems.String())
	}
	return out.String(), nil
}
