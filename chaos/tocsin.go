//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"tocsin/notice"
)

// makeKeys makes roots, staff, a keyset and rings, as docs/running.md says.
func (s *stage) makeKeys() error {
	for _, name := range []string{"root", "ana", "ben", "desk-1", "desk-2"} {
		public, err := s.command("key", "new", name+".key", "--owner", name)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(s.dir, name+".pub"), []byte(public), 0o600); err != nil {
			return err
		}
	}
	for _, line := range []string{
		"keyset new keyset.json --root root.pub --trust trust.pem",
		"keyset add keyset.json ana.pub --role publisher",
		"keyset add keyset.json ben.pub --role approver",
		"keyset add keyset.json desk-1.pub --role beacon",
		"keyset add keyset.json desk-2.pub --role beacon",
		"keyset sign keyset.json --key root.key",
		"key ring ticket.keys",
		"key ring desk.keys",
	} {
		if _, err := s.command(strings.Fields(line)...); err != nil {
			return err
		}
	}
	for _, name := range []string{"ana", "ben"} {
		data, err := os.ReadFile(filepath.Join(s.dir, name+".key"))
		if err != nil {
			return err
		}
		key, err := notice.ParsePrivateKey(data)
		if err != nil {
			return err
		}
		s.keys = append(s.keys, key)
	}
	return nil
}

func (s *stage) trust() (notice.Trust, error) {
	data, err := os.ReadFile(filepath.Join(s.dir, "trust.pem"))
	if err != nil {
		return notice.Trust{}, err
	}
	return notice.ParseTrust(data)
}

// initBroker makes the streams; it goes on trying, since the servers have just started.
func (s *stage) initBroker(ctx context.Context) error {
	var addresses []string
	for _, n := range s.nats {
		addresses = append(addresses, n.client)
	}
	args := append([]string{"broker", "init", "--timeout", "20s", "--max-bytes", fmt.Sprint(maxBytes)}, s.natsFlags("admin", addresses)...)
	return s.until(ctx, "the streams to be made", func(context.Context) error {
		_, err := s.command(args...)
		return err
	})
}

// newTocsins gives edges and desks their places.
func (s *stage) newTocsins(l layout) error {
	if l.nats == 0 {
		return s.newAlone()
	}
	for i := range l.edges {
		if _, err := s.newEdge(fmt.Sprint("edge-", i+1)); err != nil {
			return err
		}
	}
	for i := range l.desks {
		name := fmt.Sprint("desk-", i+1)
		p, err := s.newTocsin(name, "desk", "--desk-listen", name)
		if err != nil {
			return err
		}
		p.args = append(p.args, "--desk-keys", filepath.Join(s.dir, "desk.keys"), "--beacon-key", filepath.Join(s.dir, name+".key"))
		s.desks = append(s.desks, p)
	}
	return nil
}

// newEdge adds an edge, which keeps a cache.
func (s *stage) newEdge(name string) (*program, error) {
	p, err := s.newTocsin(name, "edge", "--listen", name)
	if err != nil {
		return nil, err
	}
	p.args = append(p.args, "--cache", filepath.Join(s.dir, name, "cache"))
	s.edges = append(s.edges, p)
	return p, nil
}

// newTocsin is a tocsin serve of one role, with a link of its own to each server, where it
// is the user of that name.
func (s *stage) newTocsin(name, role, listen, user string) (*program, error) {
	addresses, err := freeAddresses(2)
	if err != nil {
		return nil, err
	}
	var near []string
	for _, n := range s.nats {
		l, err := s.link(name, n.name, n.client)
		if err != nil {
			return nil, err
		}
		near = append(near, l.addr())
	}
	return &program{
		name: name, bin: s.bins.tocsin, log: filepath.Join(s.dir, name+".log"), admin: "http://" + addresses[1], metrics: true,
		args: append([]string{
			"serve", "--roles", role, "--data", filepath.Join(s.dir, name), "--trust", filepath.Join(s.dir, "trust.pem"),
			listen, addresses[0], "--admin-listen", addresses[1],
			"--ticket-keys", filepath.Join(s.dir, "ticket.keys"),
		}, s.natsFlags(user, near)...),
	}, nil
}

// newAlone is one tocsin with all roles and an embedded log. It is edge and desk at once.
func (s *stage) newAlone() error {
	addresses, err := freeAddresses(3)
	if err != nil {
		return err
	}
	if err := os.Mkdir(s.alone(), 0o700); err != nil {
		return err
	}
	if needsRoot() == "" {
		if err := s.mount(s.alone(), aloneStore+spareDisk); err != nil {
			return err
		}
	}
	p := &program{
		name: "alone", bin: s.bins.tocsin, log: filepath.Join(s.dir, "alone.log"), admin: "http://" + addresses[2], metrics: true,
		args: []string{
			"serve", "--data", s.alone(), "--trust", filepath.Join(s.dir, "trust.pem"),
			"--listen", addresses[0], "--desk-listen", addresses[1], "--admin-listen", addresses[2],
			"--max-bytes", fmt.Sprint(aloneStore), "--drain", "2s", "--beacon-key", filepath.Join(s.dir, "desk-1.key"),
		},
	}
	s.edges, s.desks = []*program{p}, []*program{p}
	return nil
}

// aloneStore is the size of an embedded store.
const aloneStore = 24 << 20

// publishKeyset hands the keyset to the first desk.
func (s *stage) publishKeyset(ctx context.Context) error {
	desk := s.desks[0].flag("--desk-listen")
	return s.until(ctx, "the keyset to be published", func(context.Context) error {
		_, err := s.command("keyset", "publish", "keyset.json", "--yes", "--desk", "http://"+desk)
		if err != nil && strings.Contains(err.Error(), "already published") {
			return nil
		}
		return err
	})
}

// allLive is nil when every tocsin is ready and follows the log live.
func (s *stage) allLive(context.Context) error {
	var problems []error
	for _, p := range s.tocsins() {
		if v := s.watch.now(p.name); !v.ready || !v.live {
			problems = append(problems, fmt.Errorf("%s: %s", p.name, v))
		}
	}
	return errors.Join(problems...)
}
