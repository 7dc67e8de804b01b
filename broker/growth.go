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

// sentAround has the log's leader send what it has stored to all hubs.
func sentAround() *jetstream.RePublish {
	return &jetstream.RePublish{Source: logSubjects, Destination: subjectGrown}
}

// growth is what the log's leader sends around: that there is something to read, and what.
// The first is a hint: one may be lost, and anything may make one. The second is for the case
// that the leader dies before it was asked (docs/adr/0017).
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

// entryHeaders are those that the leader sends an entry around with: its own, behind those of
// the desk that appended it.
var entryHeaders = []string{
	jetstream.StreamHeader, jetstream.SubjectHeader, jetstream.SequenceHeader, jetstream.TimeStampHeaer, jetstream.LastSequenceHeader,
	jetstream.ExpectedStreamHeader, jetstream.ExpectedLastSeqHeader,
}

// entryOf is the entry that a server sent around. Who appends may write headers as well, the
// server's among them, and an end of all headers before the server's: so there must be each
// once, no others, and not a byte more than they take.
func entryOf(msg *nats.Msg) (m message, ok bool) {
	length := len("NATS/1.0\r\n\r\n")
	for name, values := range msg.Header {
		if len(values) != 1 || !slices.Contains(entryHeaders, name) {
			return message{}, false
		}
		length += len(name) + len(": ") + len(values[0]) + len("\r\n")
	}
	if length != msg.Size()-len(msg.Subject)-len(msg.Reply)-len(msg.Data) {
		return message{}, false
	}
	m = message{subject: msg.Header.Get(jetstream.SubjectHeader), body: msg.Data}
	var err error
	if m.seq, err = strconv.ParseUint(msg.Header.Get(jetstream.SequenceHeader), 10, 64); err != nil {
		return message{}, false
	}
	if m.time, err = time.Parse(time.RFC3339Nano, msg.Header.Get(jetstream.TimeStampHeaer)); err != nil {
		return message{}, false
	}
	tail, ok := strings.CutPrefix(m.subject, logPrefix)
	ok = ok && msg.Subject == grownPrefix+tail && msg.Header.Get(jetstream.StreamHeader) == StreamLog && checkBody(m.body) == nil
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
