package broker

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	// overdueAfter is how long the leader is waited for with an entry that it has sent around.
	overdueAfter = time.Second
	// keptGrowth bounds the entries that are kept for it, the newest: 4 MiB of the largest.
	keptGrowth = 32
)

// growth is what the log's leader says to everybody when it has stored an entry, before it
// answers who wrote it: that there is something to read, and what. The first is a hint:
// one may be lost, and anything may make one. The second is for the case that the leader dies
// before it was asked (docs/adr/0017).
type growth struct {
	hints chan struct{} // gets a token after the log grew

	mu      sync.Mutex
	entries []said // as they came
}

// said is an entry, and when it came.
type said struct {
	message
	at time.Time
}

// watchGrowth listens until the function returned is called.
func (b *Broker) watchGrowth() (*growth, func(), error) {
	g := &growth{hints: make(chan struct{}, 1)}
	sub, err := b.conn.Subscribe(subjectGrown, g.hear)
	if err != nil { // nothing else keeps it from that
		return nil, nil, fmt.Errorf("listening for growth: %w: %w", ErrClosed, err)
	}
	return g, func() { _ = sub.Unsubscribe() }, nil
}

func (g *growth) hear(msg *nats.Msg) {
	if m, ok := entryOf(msg); ok {
		g.mu.Lock()
		g.entries = append(g.entries, said{message: m, at: time.Now()})
		if n := len(g.entries) - keptGrowth; n > 0 {
			g.entries = append(g.entries[:0:0], g.entries[n:]...)
		}
		g.mu.Unlock()
	}
	select {
	case g.hints <- struct{}{}:
	default:
	}
}

// entryOf is the entry that a server sent around, with the headers that it adds behind the
// author's own. Who appends may have written the same: what is said twice is not believed.
func entryOf(msg *nats.Msg) (m message, ok bool) {
	once := func(name string) string {
		if values := msg.Header.Values(name); len(values) == 1 {
			return values[0]
		}
		return ""
	}
	m = message{subject: once(jetstream.SubjectHeader), body: msg.Data}
	var err error
	if m.seq, err = strconv.ParseUint(once(jetstream.SequenceHeader), 10, 64); err != nil {
		return message{}, false
	}
	if m.time, err = time.Parse(time.RFC3339Nano, once(jetstream.TimeStampHeaer)); err != nil {
		return message{}, false
	}
	tail, ok := strings.CutPrefix(m.subject, logPrefix)
	ok = ok && msg.Subject == grownPrefix+tail && once(jetstream.StreamHeader) == StreamLog && checkBody(m.body) == nil
	return m, ok
}

// overdue returns the entry in place seq, if it was sent around so long ago that the leader
// should have handed it out, and forgets those before it.
func (g *growth) overdue(seq uint64) (m message, ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.entries = slices.DeleteFunc(g.entries, func(s said) bool { return s.seq < seq })
	for _, s := range g.entries {
		switch {
		case s.seq != seq:
		case ok && !bytes.Equal(s.body, m.body): // of two logs
			return message{}, false
		case time.Since(s.at) >= overdueAfter:
			m, ok = s.message, true
		}
	}
	return m, ok
}

// forget forgets all entries: what follows is another log.
func (g *growth) forget() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.entries = nil
}
