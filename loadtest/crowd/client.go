//go:build linux

package crowd

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
)

// state is how far a client is.
type state uint8

const (
	absent    state = iota // has no socket
	dialing                // waits for TCP
	upgrading              // waits for the answer to its request
	greeting               // said hello; waits for synced
	here                   // gets what comes
)

// client is one subscriber. All of it is owned by its reader.
type client struct {
	fd       int32
	state    state
	group    uint8
	deaf     bool // stops reading once it is synced
	snapshot bool // what comes before synced is one, in any order
	deflate  bool // was negotiated
	parser

	last   uint64 // the highest sequence that came
	recent uint64 // which of the 64 up to last came; bit 0 is last

	index    int
	token    string
	ticket   string
	cursor   string
	began    int64 // of the attempt that counts: the first
	attempt  int64 // of the last attempt
	notUntil int64 // the next attempt
	synced   int64
}

var (
	errEnded = errors.New("the server ended the session")
	errText  = errors.New("not a frame of tocsin.v1")
)

// message implements [sink] for the client whose bytes are being read.
func (r *reader) message(opcode byte, packed bool, payload []byte) error {
	c := r.reading
	switch opcode {
	case opText:
	case opPing:
		r.out = appendMasked(r.out[:0], opPong, payload)
		return r.write(c, r.out)
	case opPong:
		return nil
	case opClose:
		code := 1005
		if len(payload) >= 2 {
			code = int(binary.BigEndian.Uint16(payload))
		}
		return fmt.Errorf("%w: %d", errEnded, code)
	default:
		return errText
	}
	r.stats.frames.Add(1)
	if pg := r.crowd.book.find(packed, payload); pg != nil {
		r.entry(c, pg)
		return nil
	}
	text := payload
	if packed {
		if !c.deflate {
			return fmt.Errorf("%w: compressed, which was not negotiated", errFrame)
		}
		var err error
		if text, err = r.inflate(payload); err != nil {
			return err
		}
		r.stats.inflated.Add(1)
	}
	return r.text(c, packed, payload, text)
}

// The beginnings of frames, as wire writes them.
var (
	isEntry     = []byte(`{"type":"entry","seq":`)
	isWelcome   = []byte(`{"type":"welcome"`)
	isSynced    = []byte(`{"type":"synced"`)
	isHeartbeat = []byte(`{"type":"heartbeat"`)
	isAuth      = []byte(`{"type":"auth"`)
	isBye       = []byte(`{"type":"bye"`)

	hasTicket   = []byte(`"ticket":"`)
	hasCursor   = []byte(`"cursor":"`)
	hasSnapshot = []byte(`"resume":"snapshot"`)
)

// text reads a frame that is not a known entry.
func (r *reader) text(c *client, packed bool, frame, text []byte) error {
	switch {
	case bytes.HasPrefix(text, isEntry):
		seq, err := entrySeq(text)
		if err != nil {
			return err
		}
		pg, same := r.crowd.book.add(seq, packed, frame, text)
		if !same {
			r.stats.altered.Add(1)
			return nil
		}
		r.entry(c, pg)
	case bytes.HasPrefix(text, isHeartbeat):
		r.stats.heartbeats.Add(1)
		c.keep(&c.cursor, text, hasCursor)
	case bytes.HasPrefix(text, isWelcome):
		c.snapshot = bytes.Contains(text, hasSnapshot)
		c.keep(&c.ticket, text, hasTicket)
	case bytes.HasPrefix(text, isSynced):
		c.keep(&c.cursor, text, hasCursor)
		r.arrive(c)
	case bytes.HasPrefix(text, isAuth):
		c.keep(&c.ticket, text, hasTicket)
	case bytes.HasPrefix(text, isBye):
		r.stats.byes.Add(1)
	default:
		return errText
	}
	return nil
}

func entrySeq(text []byte) (uint64, error) {
	rest := text[len(isEntry):]
	comma := bytes.IndexByte(rest, ',')
	if comma < 0 {
		return 0, errText
	}
	seq, err := strconv.ParseUint(string(rest[:comma]), 10, 64)
	if err != nil {
		return 0, errText
	}
	return seq, nil
}

// keep takes a string member of a frame, which has no escapes; an absent one leaves
// what the client had.
func (c *client) keep(to *string, text, member []byte) {
	i := bytes.Index(text, member)
	if i < 0 {
		return
	}
	rest := text[i+len(member):]
	if end := bytes.IndexByte(rest, '"'); end > 0 && string(rest[:end]) != *to {
		*to = string(rest[:end])
	}
}

// entry checks the sequence of an entry, and counts it if it is what should come.
func (r *reader) entry(c *client, pg *page) {
	ahead := int64(pg.seq) - int64(c.last)
	switch {
	case c.snapshot: // ordered by thread, not by sequence; what holds is checked by who awaits it
		if ahead > 0 {
			c.last = pg.seq
		}
	case ahead > 0:
		if c.recent <<= min(uint64(ahead), 64); ahead >= 64 {
			c.recent = 0
		}
		c.last, c.recent = pg.seq, c.recent|1
	case ahead > -64 && c.recent&(1<<-ahead) == 0:
		c.recent |= 1 << -ahead
		r.stats.disorder.Add(1)
	default:
		r.stats.doubled.Add(1)
		return
	}
	r.crowd.book.arrived(pg, c.group, r.now)
}

// forget makes the client one that has nothing but what it would keep on disk.
func (c *client) forget() {
	c.state, c.fd, c.snapshot, c.deflate = absent, -1, false, false
	c.parser = parser{carry: c.carry[:0]}
	if cap(c.carry) > maxCarry {
		c.carry = nil
	}
}
