package hub

import (
	"errors"
	"net"
	"os"
	"time"

	"tocsin/wire"
)

// errIdle: nothing has come, and nothing is under way.
var errIdle = errors.New("hub: nothing to read")

const (
	// maxFrameBytes is what a message of a client may come to on its way: it can be in
	// fragments of one byte, but not in endless empty ones.
	maxFrameBytes = 8 * wire.MaxClientFrame
	// readsInTurn is how many reads a reader does for one session while others wait.
	readsInTurn = 64
	// frameTime is how long the rest of a message may take, once its first bytes are there.
	frameTime = 10 * time.Second
)

// inbound is what a conn's reader knows of what comes in.
type inbound struct {
	pre     []byte    // read before the handshake ended
	bounds  boundary  // of what was passed on
	by      time.Time // when the message under way must be complete; zero: none is, or not waited for
	reads   int       // since there was last nothing to read, or others were let before
	discard bool      // what comes is thrown away: it is waited for, and left bytes at most are read
	left    int
}

// Read implements [net.Conn] for coder/websocket, which asks for more only when it has
// used what it got. Between messages a pooled conn does not wait, but answers errIdle, also
// when others are to have their turn first; within one it waits for a bounded time, and so
// for a bounded number of bytes.
func (c *conn) Read(p []byte) (int, error) {
	n, err := c.receive(p)
	if n > 0 {
		if flood := c.passed(p[:n]); flood != nil {
			return 0, flood
		}
	}
	return n, err
}

// receive is Read without the bounds.
func (c *conn) receive(p []byte) (n int, err error) {
	in := &c.in
	if len(in.pre) > 0 {
		n = copy(p, in.pre)
		if in.pre = in.pre[n:]; len(in.pre) == 0 {
			in.pre = nil
		}
		return n, nil
	}
	if c.pooled {
		between := in.bounds.between() && !in.discard
		in.reads++
		enough := in.reads > readsInTurn && !in.discard && !in.bounds.message
		if enough { // others first, once this frame is at its end
			p = p[:min(len(p), in.bounds.rest())]
		}
		if !enough || !between {
			if n, err = c.readNow(p); !errors.Is(err, errIdle) {
				return n, err
			}
		}
		if between {
			if c.isLate() {
				return 0, os.ErrDeadlineExceeded
			}
			in.bounds.frames, in.reads = 0, 0
			return 0, errIdle
		}
	}
	if !in.bounds.between() && !in.discard && in.by.IsZero() {
		in.by = time.Now().Add(frameTime)
		c.setReadDeadline(in.by)
	}
	if !c.pooled {
		return c.Conn.Read(p)
	}
	c.owner.waiting(func() { n, err = c.Conn.Read(p) })
	return n, err
}

// readNow reads what there is. errIdle: nothing yet.
func (c *conn) readNow(p []byte) (n int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return 0, net.ErrClosed
	}
	return readNow(c.fd, p)
}

// passed takes note of what was read.
func (c *conn) passed(p []byte) error {
	in := &c.in
	if in.bounds.pass(p) && !in.by.IsZero() {
		in.by = time.Time{}
		c.setReadDeadline(time.Time{})
	}
	if in.discard {
		if in.left -= len(p); in.left < 0 {
			return errFlood
		}
	} else if in.bounds.taken > maxFrameBytes {
		return errFlood
	}
	return nil
}

// setReadDeadline gives way to what is set for good: that of a close handshake, and the
// time that is up. Called by the reader.
func (c *conn) setReadDeadline(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.ended && !c.late {
		_ = c.SetReadDeadline(t)
	}
}

// awaitAnswer bounds the time for the answer to a close frame. mu is held.
func (c *conn) awaitAnswer() {
	_ = c.SetReadDeadline(time.Now().Add(closeGrace))
	if c.pooled {
		time.AfterFunc(closeGrace, c.expire)
	}
}

// expire says that what is awaited did not come in time: the reader gets
// [os.ErrDeadlineExceeded]. It may be called by anybody.
func (c *conn) expire() {
	c.mu.Lock()
	c.late = true
	_ = c.SetReadDeadline(time.Unix(1, 0))
	c.mu.Unlock()
	if c.owner != nil {
		c.owner.look()
	}
}

// expireHello is expire, unless hello has come.
func (c *conn) expireHello() {
	c.mu.Lock()
	come := c.hello
	c.late = c.late || !come
	c.mu.Unlock()
	if !come {
		c.expire()
	}
}

// gotHello notes that hello has come, and tells whether that was in time.
func (c *conn) gotHello() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hello = !c.late
	return c.hello
}

func (c *conn) isLate() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.late
}

// isEnded tells whether a close frame was sent, or is about to be.
func (c *conn) isEnded() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ended
}

// throwAway has at most so many bytes more be read, in their time, whatever they are.
func (c *conn) throwAway(bytes int) {
	c.in.discard, c.in.left = true, bytes
	c.in.bounds.deflate = false
}
