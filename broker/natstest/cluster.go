//go:build unix

package natstest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tocsin/broker"
)

// Config says what cluster is wanted; its zero value is good.
type Config struct {
	// Servers is how many there are: 3 if 0.
	Servers int
	// Dir names the folder that a server, counted from 0, keeps its store in; it need
	// not exist. By default it is one of the cluster's own.
	Dir func(server int) string
	// MaxStore bounds what each server stores: 256 MiB if 0.
	MaxStore int64
	// MaxBytes is what the streams are given ([broker.Config].MaxBytes): 64 MiB if 0.
	MaxBytes int64
	// NoStreams leaves the streams to be made by the caller.
	NoStreams bool
	// Client gives the address by which hubs reach a server that listens at address:
	// that of a proxy, say. It is called once for each server, before they start.
	Client func(server int, address string) string
	// Route gives the address by which server from reaches server to, whose cluster
	// listener is at address. Called once for each pair, before they start.
	Route func(from, to int, address string) string
}

// Cluster is a running cluster.
type Cluster struct {
	Servers []*Server

	config Config
	dir    string // of keys, logs and what else there is
	env    []string
}

// Start starts a cluster that ends with the test, and fails the test if it can't.
func Start(t testing.TB, config Config) *Cluster {
	t.Helper()
	dir := t.TempDir()
	c, err := New(t.Context(), dir, config)
	if c != nil {
		t.Cleanup(c.Close)
	}
	if err != nil {
		if c != nil {
			t.Log(c.logs())
		}
		t.Fatal(err)
	}
	return c
}

// New starts a cluster that keeps its files in dir, makes the streams, and returns when
// all servers hold them. The caller closes it, also after an error that came with one.
func New(ctx context.Context, dir string, config Config) (*Cluster, error) {
	config.Servers = cmp.Or(config.Servers, 3)
	config.MaxStore = cmp.Or(config.MaxStore, 256<<20)
	config.MaxBytes = cmp.Or(config.MaxBytes, 64<<20)
	c := &Cluster{config: config, dir: dir}
	program, err := serverProgram(ctx)
	if err != nil {
		return nil, err
	}
	if err := c.copyDeployed(); err != nil {
		return nil, err
	}
	for i := range config.Servers {
		s := &Server{Name: fmt.Sprintf("n%d", i+1), program: program, config: c.path("conf/nats.conf")}
		s.Dir = filepath.Join(dir, "store-"+s.Name)
		if config.Dir != nil {
			s.Dir = config.Dir(i)
		}
		s.LogFile = filepath.Join(dir, s.Name+".log")
		c.Servers = append(c.Servers, s)
	}
	if err := c.prepare(); err != nil {
		return nil, err
	}
	for _, s := range c.Servers {
		if err := s.Start(); err != nil {
			return c, err
		}
	}
	if config.NoStreams {
		return c, nil
	}
	return c, errors.Join(c.makeStreams(ctx), c.Await(ctx))
}

// prepare makes keys and certificates, and each server's environment.
func (c *Cluster) prepare() error {
	certificates := make(map[string][]string)
	for _, s := range c.Servers {
		certificates[s.Name] = []string{"127.0.0.1", "localhost"}
		for _, address := range []*string{&s.listen, &s.cluster, &s.monitor} {
			free, err := freeAddress()
			if err != nil {
				return err
			}
			*address = free
		}
	}
	if err := broker.MakeKeys(c.path("keys"), certificates); err != nil {
		return err
	}
	env, err := os.ReadFile(c.path("keys/nats.env"))
	if err != nil {
		return err
	}
	c.env = strings.Fields(string(env))
	for i, s := range c.Servers {
		s.client = s.listen
		if c.config.Client != nil {
			s.client = c.config.Client(i, s.listen)
		}
		s.env = append(c.env,
			"NATS_NAME="+s.Name, "NATS_LISTEN="+s.listen, "NATS_MONITOR="+s.monitor, "NATS_CLUSTER_LISTEN="+s.cluster,
			"NATS_ROUTES=["+strings.Join(c.routes(i), ",")+"]",
			"NATS_STORE="+s.Dir, fmt.Sprintf("NATS_MAX_STORE=%d", c.config.MaxStore),
			"NATS_CA="+c.path("keys/ca.pem"),
			"NATS_CERT="+c.path("keys/"+s.Name+".pem"), "NATS_KEY="+c.path("keys/"+s.Name+".key"),
			"HOME="+c.dir, "PATH="+os.Getenv("PATH"))
		s.env = s.env[:len(s.env):len(s.env)]
		if c.config.Route != nil {
			// Servers tell each other where the others are. A way around the proxies is none.
			s.flags = []string{"--cluster_advertise", "127.0.0.1:9"}
		}
	}
	return nil
}

func (c *Cluster) routes(from int) []string {
	var routes []string
	for to, s := range c.Servers {
		address := s.cluster
		if c.config.Route != nil && to != from {
			address = c.config.Route(from, to, address)
		}
		routes = append(routes, "tls://"+address)
	}
	return routes
}

// copyDeployed copies the files of deploy/nats, for tests that change them.
func (c *Cluster) copyDeployed() error {
	files, err := deployed()
	if err != nil {
		return err
	}
	return os.CopyFS(c.path("conf"), os.DirFS(files))
}

// EditAccounts changes the accounts.conf that all servers read when they start, and by
// [Server.Reload].
func (c *Cluster) EditAccounts(edit func(conf string) string) error {
	file := c.path("conf/accounts.conf")
	conf, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	return os.WriteFile(file, []byte(edit(string(conf))), 0o600)
}

func (c *Cluster) path(name string) string { return filepath.Join(c.dir, filepath.FromSlash(name)) }

// URLs are those of all servers, as hubs reach them.
func (c *Cluster) URLs() []string {
	var urls []string
	for _, s := range c.Servers {
		urls = append(urls, s.URL())
	}
	return urls
}

// CA is the file of the authority that signed the servers' certificates.
func (c *Cluster) CA() string { return c.path("keys/ca.pem") }

// Creds is the file of a user's key; user is one of [broker.Users].
func (c *Cluster) Creds(user string) string { return c.path("keys/" + user + ".nk") }

// Broker is how package broker connects as a user.
func (c *Cluster) Broker(user string) broker.Config {
	return broker.Config{
		URLs: c.URLs(), CredsFile: c.Creds(user), CAFile: c.CA(), InboxPrefix: broker.InboxOf(user),
		MaxBytes: c.config.MaxBytes, Logger: slog.New(slog.DiscardHandler),
	}
}

// Flags are those of "tocsin serve" that connect it as a user; "tocsin broker …" takes
// them too.
func (c *Cluster) Flags(user string) []string {
	return []string{
		"--nats", strings.Join(c.URLs(), ","), "--nats-creds", c.Creds(user),
		"--nats-ca", c.CA(), "--nats-inbox", broker.InboxOf(user),
	}
}

// Close ends all servers, as kill -9 does. Files stay.
func (c *Cluster) Close() {
	for _, s := range c.Servers {
		s.Kill()
	}
}

// makeStreams makes the streams, of servers that have only just started, as
// "tocsin broker init" does.
func (c *Cluster) makeStreams(ctx context.Context) error {
	b, err := broker.Open(ctx, c.Broker("admin"))
	if err != nil {
		return err
	}
	defer b.Close()
	return b.Init(ctx, c.config.Servers)
}

// patience is how long a cluster may take to be well; machines of tests are busy.
const patience = time.Minute

// again repeats what does not work yet.
func again(ctx context.Context, act func() error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		err := act()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// Await returns when every server says that it has all its streams, and is up to date.
func (c *Cluster) Await(ctx context.Context) error {
	for _, s := range c.Servers {
		if err := again(ctx, func() error { return s.healthy(ctx) }); err != nil {
			return fmt.Errorf("waiting for %s: %w", s.Name, err)
		}
	}
	return nil
}

// logs is the end of what each server said.
func (c *Cluster) logs() string {
	var b strings.Builder
	for _, s := range c.Servers {
		text, _ := os.ReadFile(s.LogFile)
		fmt.Fprintf(&b, "%s:\n%s\n", s.Name, text[max(0, len(text)-2000):])
	}
	return b.String()
}

// freeAddress is one that nobody listens at now.
func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer listener.Close()
	return listener.Addr().String(), nil
}

// serverProgram builds nats-server, at the version that go.mod names, and keeps it in
// Go's cache.
func serverProgram(ctx context.Context) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "tool", "-n", "nats-server")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("building nats-server: %w: %s", err, stderr.String())
	}
	return strings.TrimSpace(string(out)), nil
}

// deployed finds deploy/nats above the folder that the test runs in.
func deployed() (string, error) {
	dir, err := os.Getwd()
	for err == nil {
		if _, missing := os.Stat(filepath.Join(dir, "go.mod")); missing == nil {
			return filepath.Join(dir, "deploy", "nats"), nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("no go.mod above the working folder")
		}
		dir = filepath.Dir(dir)
	}
	return "", err
}
