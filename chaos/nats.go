//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// servers is the size of the cluster.
const servers = 3

// natsServer is one server of the cluster.
type natsServer struct {
	*program
	store   string // folder of its JetStream
	client  string // address for clients
	cluster string // address for routes
	monitor string // address of its own account of itself
}

// newServers gives the cluster its places, without files yet.
func (s *stage) newServers() error {
	addresses, err := freeAddresses(3 * servers)
	if err != nil {
		return err
	}
	for i := range servers {
		name := fmt.Sprint("nats-", i+1)
		dir := filepath.Join(s.dir, name)
		n := &natsServer{
			program: &program{name: name, bin: s.bins.nats, log: filepath.Join(s.dir, name+".log"), quit: unix.SIGUSR2},
			store:   filepath.Join(dir, "store"),
			client:  addresses[3*i], cluster: addresses[3*i+1], monitor: addresses[3*i+2],
		}
		n.admin = "http://" + n.monitor
		if err := os.MkdirAll(n.store, 0o700); err != nil {
			return err
		}
		s.nats = append(s.nats, n)
	}
	return nil
}

// configure gives each server the configuration in deploy/nats, keys of its own, and a link
// to each other server.
func (s *stage) configure() error {
	args := []string{"broker", "keys", "keys"}
	for _, n := range s.nats {
		args = append(args, "--server", n.name+"=127.0.0.1")
	}
	if _, err := s.command(args...); err != nil {
		return err
	}
	shared, err := os.ReadFile(s.secret("nats.env"))
	if err != nil {
		return err
	}
	for _, n := range s.nats {
		routes, err := s.routes(n)
		if err != nil {
			return err
		}
		n.env = append(strings.Fields(string(shared)),
			"NATS_NAME="+n.name, "NATS_LISTEN="+n.client, "NATS_CLUSTER_LISTEN="+n.cluster, "NATS_MONITOR="+n.monitor,
			"NATS_ROUTES=["+strings.Join(routes, ", ")+"]",
			"NATS_STORE="+n.store, fmt.Sprint("NATS_MAX_STORE=", maxStore),
			"NATS_CA="+s.secret("ca.pem"), "NATS_CERT="+s.secret(n.name+".pem"), "NATS_KEY="+s.secret(n.name+".key"))
		// Servers tell each other where the others are: a way around the links is none.
		n.args = []string{"--config", s.bins.config, "--cluster_advertise", "127.0.0.1:9"}
	}
	return nil
}

const (
	maxStore = 512 << 20 // bytes that a server stores at most
	maxBytes = 64 << 20  // of all streams together
)

// routes are the ways from a server to the others.
func (s *stage) routes(n *natsServer) (routes []string, err error) {
	for _, other := range s.nats {
		if other == n {
			continue
		}
		l, err := s.link(n.name, other.name, other.cluster)
		if err != nil {
			return nil, err
		}
		routes = append(routes, "tls://"+l.addr())
	}
	return routes, nil
}

// secret is a file that "tocsin broker keys" made.
func (s *stage) secret(name string) string { return filepath.Join(s.dir, "keys", name) }

// natsFlags connect a tocsin as a user, at addresses.
func (s *stage) natsFlags(user string, addresses []string) []string {
	var urls []string
	for _, a := range addresses {
		urls = append(urls, "tls://"+a)
	}
	return []string{
		"--nats", strings.Join(urls, ","), "--nats-ca", s.secret("ca.pem"),
		"--nats-creds", s.secret(user + ".nk"), "--nats-inbox", "_INBOX_" + user,
	}
}

// streamState is a stream as its leader sees it.
type streamState struct {
	Name    string `json:"name"`
	Cluster struct {
		Leader   string `json:"leader"`
		Replicas []struct {
			Name    string `json:"name"`
			Current bool   `json:"current"`
			Offline bool   `json:"offline"`
			Lag     uint64 `json:"lag"`
		} `json:"replicas"`
	} `json:"cluster"`
	State struct {
		Messages uint64 `json:"messages"`
		FirstSeq uint64 `json:"first_seq"`
		LastSeq  uint64 `json:"last_seq"`
	} `json:"state"`
}

// lacks is how many entries of the log each server's own copy lacks between its first and
// its last. Nothing is redacted here.
func (s *stage) lacks(ctx context.Context) (lacking []string) {
	for _, n := range s.nats {
		streams, err := n.streams(ctx)
		if err != nil {
			continue
		}
		for _, st := range streams {
			if lack := st.State.LastSeq - st.State.FirstSeq + 1 - st.State.Messages; st.Name == logStream && st.State.Messages > 0 && (lack > 0 || st.State.FirstSeq > 1) {
				lacking = append(lacking, fmt.Sprintf("%s lacks %d entries of %d (from %d on)", n.name, lack+st.State.FirstSeq-1, st.State.LastSeq, st.State.FirstSeq))
			}
		}
	}
	return lacking
}

// streams asks a server for the streams that it knows.
func (n *natsServer) streams(ctx context.Context) (all []streamState, err error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, n.admin+"/jsz?accounts=true&streams=true", nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	var answer struct {
		Accounts []struct {
			Streams []streamState `json:"stream_detail"`
		} `json:"account_details"`
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return nil, err
	}
	for _, a := range answer.Accounts {
		all = append(all, a.Streams...)
	}
	return all, nil
}

// logStream is the stream of the log.
const logStream = "TOCSIN_LOG"

// leader is the server that leads the log, and the others.
func (s *stage) leader(ctx context.Context) (leader *natsServer, others []*natsServer, err error) {
	ctx, cancel := context.WithTimeout(ctx, settleLimit)
	defer cancel()
	for ; ctx.Err() == nil; pause(ctx, 100*time.Millisecond) {
		for _, n := range s.nats {
			streams, err := n.streams(ctx)
			if err != nil {
				continue
			}
			for _, st := range streams {
				if st.Name == logStream && st.Cluster.Leader == n.name {
					leader = n
				}
			}
		}
		if leader != nil {
			for _, n := range s.nats {
				if n != leader {
					others = append(others, n)
				}
			}
			return leader, others, nil
		}
	}
	return nil, nil, fmt.Errorf("nobody leads %s: %w", logStream, ctx.Err())
}

// takenOver waits a little until a server leads the log beside the one that did.
func (s *stage) takenOver(ctx context.Context, from string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	leads := func(n *natsServer) bool {
		streams, err := n.streams(ctx)
		return err == nil && n.name != from && slices.ContainsFunc(streams, func(st streamState) bool {
			return st.Name == logStream && st.Cluster.Leader == n.name
		})
	}
	return s.until(ctx, "another to lead", func(context.Context) error {
		if !slices.ContainsFunc(s.nats, leads) {
			return errors.New("none does")
		}
		return nil
	})
}

// wholeCluster is nil when every server has every stream, as new as its leader has it.
func (s *stage) wholeCluster(ctx context.Context) error {
	led := make(map[string]bool)
	known := make(map[string]bool)
	for _, n := range s.nats {
		streams, err := n.streams(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", n.name, err)
		}
		for _, st := range streams {
			known[st.Name] = true
			if st.Cluster.Leader != n.name {
				continue
			}
			led[st.Name] = true
			if len(st.Cluster.Replicas) != servers-1 {
				return fmt.Errorf("%s has %d replicas", st.Name, len(st.Cluster.Replicas)+1)
			}
			for _, r := range st.Cluster.Replicas {
				if r.Offline || !r.Current {
					return fmt.Errorf("%s of %s is not current (lag %d)", st.Name, r.Name, r.Lag)
				}
			}
		}
	}
	for name := range known {
		if !led[name] {
			return fmt.Errorf("nobody leads %s", name)
		}
	}
	if !known[logStream] {
		return fmt.Errorf("no server knows %s", logStream)
	}
	return nil
}
