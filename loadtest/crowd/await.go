//go:build linux

package crowd

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// Wait is for entries to arrive at a group.
type Wait struct {
	Seqs  []uint64
	Group int
	// Each is how many clients are to get each of them.
	Each int
	// Patience is how long they may take (default 30 s).
	Patience time.Duration
}

// Arrival is how entries arrived.
type Arrival struct {
	// First and Last are times of [Now]; 0 if nothing came.
	First, Last int64
	// At is when the last of the entries came, for each client, in the order of time.
	At []int64
	// Missing deliveries never came.
	Missing int
	// Frame is the payload of the last entry's frame, Packed if it is compressed;
	// Entries what each entry's frame says.
	Frame   []byte
	Packed  bool
	Entries [][]byte
}

const defaultAwait = 30 * time.Second

// Await waits until all entries have come, or its patience ends. What is missing then
// counts as missed.
func (c *Crowd) Await(ctx context.Context, w Wait) (Arrival, error) {
	if w.Patience == 0 {
		w.Patience = defaultAwait
	}
	timeout := time.After(w.Patience)
	for {
		missing := c.missing(w)
		if missing == 0 {
			return c.arrival(w), nil
		}
		select {
		case <-c.book.wake:
		case <-time.After(20 * time.Millisecond): // the first client of all makes the page
		case <-timeout:
			a := c.arrival(w)
			a.Missing = c.missing(w)
			c.missed.Add(int64(a.Missing))
			return a, nil
		case <-ctx.Done():
			return Arrival{}, ctx.Err()
		}
	}
}

// missing counts deliveries that have not come, and asks to be woken for them.
func (c *Crowd) missing(w Wait) (missing int) {
	for _, seq := range w.Seqs {
		pg := c.book.get(seq)
		if pg == nil {
			missing += w.Each
			continue
		}
		t := &pg.tally[w.Group]
		t.want.Store(int64(w.Each))
		missing += max(0, w.Each-int(t.n.Load()))
	}
	return missing
}

// arrival reads the pages of entries, and stops waiting for them.
func (c *Crowd) arrival(w Wait) (a Arrival) {
	for i, seq := range w.Seqs {
		pg := c.book.get(seq)
		if pg == nil {
			a.Entries = append(a.Entries, nil)
			continue
		}
		t := &pg.tally[w.Group]
		t.want.Store(0)
		at := make([]int64, 0, len(t.at))
		for j := range t.at[:min(int(t.n.Load()), len(t.at))] {
			if stamp := t.at[j].Load(); stamp != 0 {
				at = append(at, stamp)
			}
		}
		slices.Sort(at)
		if len(at) > 0 {
			if a.First == 0 || at[0] < a.First {
				a.First = at[0]
			}
			a.Last = max(a.Last, at[len(at)-1])
		}
		a.Entries = append(a.Entries, pg.json)
		if i == len(w.Seqs)-1 {
			a.At, a.Frame, a.Packed = at, pg.frame, pg.packed
		}
	}
	return a
}

// State is how a crowd is.
type State struct {
	Here, Lost                         int64 // connected; ended by the server or the network
	Frames, Bytes, Heartbeats, Byes    int64
	Inflated, Tickets                  int64 // frames that were; clients that hold one
	Missed, Doubled, Disorder, Altered int64 // Altered: a sequence that came with other bytes
	CPU                                time.Duration
	Complaints                         map[string]int // errors, and how often
}

// State adds up what the readers have counted.
func (c *Crowd) State() State {
	s := State{Missed: c.missed.Load(), Complaints: make(map[string]int)}
	for _, r := range c.readers {
		t := &r.stats
		s.Here, s.Lost = s.Here+t.here.Load(), s.Lost+t.lost.Load()
		s.Frames, s.Bytes = s.Frames+t.frames.Load(), s.Bytes+t.bytes.Load()
		s.Heartbeats, s.Byes = s.Heartbeats+t.heartbeats.Load(), s.Byes+t.byes.Load()
		s.Inflated += t.inflated.Load()
		s.Doubled, s.Disorder = s.Doubled+t.doubled.Load(), s.Disorder+t.disorder.Load()
		s.Altered += t.altered.Load()
	}
	var tickets atomic.Int64
	c.each(0, len(c.clients), func(_ *reader, one *client) {
		if one.ticket != "" {
			tickets.Add(1)
		}
	})
	s.Tickets = tickets.Load()
	var used unix.Timespec
	if unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &used) == nil {
		s.CPU = time.Duration(used.Nano())
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for text, n := range c.complaints {
		s.Complaints[text] = n
	}
	return s
}
