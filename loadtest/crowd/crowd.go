//go:build linux

package crowd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// Options say what a crowd is of. Address is required.
type Options struct {
	// Address is the server's.
	Address netip.AddrPort
	// Host and Path are those of the handshake (defaults: Address, "/v1/connect").
	Host, Path string
	// Size is the number of clients.
	Size int
	// Readers is the number of threads (default 1).
	Readers int
	// Deflate offers permessage-deflate.
	Deflate bool
	// Files is the limit of open files (default: the process's).
	Files int
}

// spareFiles is what a process needs besides its clients' sockets.
const spareFiles = 64

// ErrFiles is a crowd larger than the process may have sockets.
var ErrFiles = errors.New("too few open files allowed")

// Crowd is a number of clients.
type Crowd struct {
	options Options
	request []byte
	book    *book
	readers []*reader
	clients []*client
	running sync.WaitGroup
	missed  atomic.Int64

	mu         sync.Mutex
	group      []uint8 // of each client
	complaints map[string]int
}

// New makes a crowd; nobody is connected yet. Whoever calls it calls Close.
func New(o Options) (*Crowd, error) {
	o.Host, o.Path = cmp.Or(o.Host, o.Address.String()), cmp.Or(o.Path, "/v1/connect")
	o.Readers = min(cmp.Or(o.Readers, 1), max(o.Size, 1))
	if o.Files == 0 {
		var limit unix.Rlimit
		if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
			return nil, fmt.Errorf("asking for the limit of open files: %w", err)
		}
		o.Files = int(min(limit.Cur, 1<<20))
	}
	if o.Size+spareFiles > o.Files {
		return nil, fmt.Errorf("%w: %d clients need %d, and this process may have %d", ErrFiles, o.Size, o.Size+spareFiles, o.Files)
	}
	c := &Crowd{
		options: o, request: request(o), book: newBook(),
		group: make([]uint8, o.Size), complaints: make(map[string]int),
	}
	for i := range o.Size {
		c.clients = append(c.clients, &client{index: i, fd: -1})
	}
	for range o.Readers {
		r, err := newReader(c)
		if err != nil {
			c.Close()
			return nil, err
		}
		c.readers = append(c.readers, r)
		c.running.Go(r.run)
	}
	return c, nil
}

// Close hangs up and ends the readers.
func (c *Crowd) Close() {
	c.each(0, len(c.clients), func(r *reader, one *client) { r.close(one, true) })
	for _, r := range c.readers {
		r.do(func() {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.ended = true
		})
	}
	c.running.Wait()
}

// each runs f for clients in their readers' threads, and waits for it.
func (c *Crowd) each(from, to int, f func(*reader, *client)) {
	var done sync.WaitGroup
	for i, r := range c.readers {
		done.Add(1)
		if !r.do(func() {
			defer done.Done()
			for _, one := range c.share(i, from, to) {
				f(r, one)
			}
		}) {
			done.Done()
		}
	}
	done.Wait()
}

// share is the part of the clients that belongs to a reader.
func (c *Crowd) share(reader, from, to int) (mine []*client) {
	for _, one := range c.clients[from:to] {
		if one.index%len(c.readers) == reader {
			mine = append(mine, one)
		}
	}
	return mine
}

// SetTokens gives the clients from an index on their tokens.
func (c *Crowd) SetTokens(from int, tokens []string) {
	c.each(from, from+len(tokens), func(_ *reader, one *client) { one.token = tokens[one.index-from] })
}

// Connect connects clients that are not, and returns when all are synced, or have run
// out of patience. One plan at a time.
func (c *Crowd) Connect(ctx context.Context, p Plan) (Outcome, error) {
	if p.From < 0 || p.To > len(c.clients) || p.Group < 0 || p.Group >= Groups {
		return Outcome{}, fmt.Errorf("clients %d to %d of %d, group %d", p.From, p.To, len(c.clients), p.Group)
	}
	p.InFlight, p.Patience = cmp.Or(p.InFlight, defaultInFlight), cmp.Or(p.Patience, defaultPatience)
	c.regroup(p)
	var parts []*campaign
	for i, r := range c.readers {
		part := newCampaign(p, len(c.readers), c.share(i, p.From, p.To))
		parts = append(parts, part)
		r.do(func() { r.begin(part) })
	}
	var all Outcome
	for _, part := range parts {
		select {
		case <-part.done:
		case <-ctx.Done():
			return Outcome{}, ctx.Err()
		}
		all.add(part.Outcome)
	}
	slices.Sort(all.Synced)
	return all, nil
}

func (o *Outcome) add(p Outcome) {
	if o.Began == 0 || p.Began < o.Began {
		o.Began = p.Began
	}
	o.Ended = max(o.Ended, p.Ended)
	o.Synced, o.Took = append(o.Synced, p.Synced...), append(o.Took, p.Took...)
	o.Failed, o.Refused, o.Broken = o.Failed+p.Failed, o.Refused+p.Refused, o.Broken+p.Broken
}

// regroup counts how many clients each group has.
func (c *Crowd) regroup(p Plan) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := p.From; i < p.To; i++ {
		c.group[i] = uint8(p.Group)
	}
	var room [Groups]int64
	for _, g := range c.group {
		room[g]++
	}
	for g := range room {
		c.book.room[g].Store(room[g])
	}
}

// Drop closes clients' sockets: abruptly with a reset.
func (c *Crowd) Drop(from, to int, abruptly bool) {
	c.each(from, to, func(r *reader, one *client) { r.close(one, abruptly) })
}

// complain counts an error by its text. There are few different ones.
func (c *Crowd) complain(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if text := err.Error(); len(c.complaints) < 100 || c.complaints[text] > 0 {
		c.complaints[text]++
	}
}
