package hub

import (
	"encoding/binary"
	"errors"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"tocsin/wire"
)

var (
	// errStalled: the socket takes no more; a lane is to flush it.
	errStalled = errors.New("hub: the socket would block")
	// errEnded: a close frame is on its way, behind which nothing may follow.
	errEnded = errors.New("hub: the connection is ending")
	// errSlow: the socket took nothing for the whole send time-out.
	errSlow = errors.New("hub: slow client")
)

const (
	// maxPendingControl bounds what waits behind a stalled frame: some pongs, and
	// bye with its close frame. Who pings more without reading is cut off.
	maxPendingControl = 4 << 10
	// chunk bounds one blocking write, so that a deadline measures progress.
	chunk = 16 << 10
	// closeGrace is how long a client has to answer a close frame.
	closeGrace = 2 * time.Second
)

// conn is the connection that coder/websocket reads and writes, and that the hub
// writes frames to. Frames go out whole or not at all: what a socket does not take
// at once is kept, and everything else waits behind it. Reads belong to the reader.
type conn struct {
	// What a broadcast needs is in front, on one cache line.
	deflate bool       // the client takes compressed messages; set as owner is
	mu      sync.Mutex // guards what follows, up to the blank line
	stalled bool       // somebody is to flush, or is at it
	ended   bool       // a close frame was written, or is in pending
	late    bool       // what was awaited has not come in time
	hello   bool       // hello has come, and in time
	closed  bool       // fd is no longer its own
	fd      int        // of raw; -1: none
	queued  int        // bytes of control frames in pending
	pending [][]byte   // what the socket has not taken yet

	net.Conn
	raw     syscall.RawConn // nil: writes may block, and only a lane may write (TLS)
	timeout time.Duration   // how long the socket may take nothing
	owner   owner           // set before the first read and write; nil in tests
	pooled  bool            // reads do not wait between frames: errIdle; set as owner is
	in      inbound         // the reader's
}

// owner does for a conn what it can't do itself. Called without its lock.
type owner interface {
	// flushDue: somebody is to call flush.
	flushDue()
	// look: a reader is to read, or find out why it can't.
	look()
	// waiting runs what may take a reader's time.
	waiting(block func())
}

// newConn takes over a hijacked connection.
func newConn(nc net.Conn, pre []byte, timeout time.Duration) *conn {
	c := &conn{Conn: nc, fd: -1, in: inbound{pre: pre}, timeout: timeout}
	if sc, ok := nc.(syscall.Conn); ok && canRaw {
		if raw, err := sc.SyscallConn(); err == nil {
			if raw.Control(func(fd uintptr) { c.fd = int(fd) }) == nil {
				c.raw = raw
			}
		}
	}
	return c
}

// Write implements [net.Conn] for coder/websocket, which on this side writes
// control frames alone, each by one call. It never blocks.
func (c *conn) Write(frame []byte) (int, error) {
	if err := c.control(frame, isClose(frame)); err != nil {
		return 0, err
	}
	return len(frame), nil
}

func isClose(frame []byte) bool { return len(frame) > 0 && frame[0] == 0x80|opClose }

// send writes frames without blocking, as one piece. It is called by the session's
// owner. errStalled: nothing of p was taken, since a flush is due. Otherwise all of
// it was; stalled tells that the socket left some of it, which makes a flush due.
// What is left is kept as it is, unless the caller says that it will reuse p.
func (c *conn) send(p []byte, reuse bool) (stalled bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.ended:
		return false, errEnded
	case c.stalled:
		return true, errStalled
	}
	n, err := c.writeNow(p)
	if err != nil {
		return false, err
	}
	if n == len(p) {
		return false, nil
	}
	if p = p[n:]; reuse {
		p = append([]byte(nil), p...)
	}
	c.pending, c.stalled = append(c.pending, p), true
	return true, nil
}

// writeNow writes what the socket takes at once. mu is held, so that it is open.
func (c *conn) writeNow(p []byte) (n int, err error) {
	switch {
	case c.closed:
		return 0, net.ErrClosed
	case c.fd < 0:
		return 0, nil
	}
	return writeNow(c.fd, p)
}

// Close implements [net.Conn].
func (c *conn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	return c.Conn.Close()
}

// isStalled tells whether a flush is due.
func (c *conn) isStalled() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stalled
}

// control writes a control frame, or what ends the session, behind whatever frame
// is under way.
func (c *conn) control(frame []byte, last bool) error {
	stalled, err := c.enqueue(frame, last)
	if stalled && c.owner != nil {
		c.owner.flushDue()
	}
	return err
}

// enqueue is control with the lock; stalled tells that a flush has become due.
func (c *conn) enqueue(frame []byte, last bool) (stalled bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		return false, errEnded
	}
	if c.queued+len(frame) > maxPendingControl {
		return false, errSlow
	}
	c.ended = last
	if last {
		c.awaitAnswer()
	}
	n := 0
	if !c.stalled {
		if n, err = c.writeNow(frame); err != nil {
			return false, err
		}
	}
	if n == len(frame) {
		return false, nil
	}
	c.pending = append(c.pending, append([]byte(nil), frame[n:]...))
	c.queued += len(frame) - n
	stalled = !c.stalled
	c.stalled = true
	return stalled, nil
}

// close ends the connection with a close frame, after an optional text frame. It
// does not block, does not wait for the answer (the reader does), and only the
// first counts.
func (c *conn) close(code wire.CloseCode, farewell wire.ServerFrame) {
	var frame []byte
	if farewell != nil {
		frame = appendFrame(frame, opText, farewell.AppendTo(nil))
	}
	payload := append(binary.BigEndian.AppendUint16(nil, uint16(code)), code.String()...)
	if err := c.control(appendFrame(frame, opClose, payload), true); err != nil && !errors.Is(err, errEnded) {
		c.abort()
	}
}

// write implements [link].
func (c *conn) write(p []byte) error {
	stalled, err := c.send(p, false) // flushed before p can be reused
	if errors.Is(err, errStalled) {  // a pong came between
		if err = c.flush(); err != nil {
			return err
		}
		return c.write(p)
	}
	if err == nil && stalled {
		return c.flush()
	}
	return err
}

// flush implements [link]: it writes what is pending, and returns when nothing is
// left. errSlow: the socket took nothing for the whole time-out.
func (c *conn) flush() error {
	for {
		c.mu.Lock()
		bufs := c.pending
		c.pending, c.queued = nil, 0
		c.stalled = len(bufs) > 0
		c.mu.Unlock()
		if len(bufs) == 0 {
			return nil
		}
		for _, p := range bufs {
			if err := c.writeAll(p); err != nil {
				return err
			}
		}
	}
}

// writeAll writes p by blocking writes, as long as each makes progress.
func (c *conn) writeAll(p []byte) error {
	for len(p) > 0 {
		if err := c.SetWriteDeadline(time.Now().Add(c.timeout)); err != nil {
			return err
		}
		n, err := c.Conn.Write(p[:min(len(p), chunk)])
		p = p[n:]
		switch {
		case err == nil:
		case !errors.Is(err, os.ErrDeadlineExceeded):
			return err
		case n == 0 || c.raw == nil: // TLS can't go on after a time-out
			return errSlow
		}
	}
	return nil
}

// abort closes the connection at once. What the kernel still holds for a client
// that takes nothing is dropped.
func (c *conn) abort() {
	nc := c.Conn
	for {
		inner, ok := nc.(interface{ NetConn() net.Conn })
		if !ok {
			break
		}
		nc = inner.NetConn()
	}
	if tc, ok := nc.(*net.TCPConn); ok {
		_ = tc.SetLinger(0)
		if c.raw == nil {
			_ = tc.Close() // or TLS takes its time to say goodbye
		}
	}
	_ = c.Close()
	if c.owner != nil {
		c.owner.look()
	}
}

// appendItem, appendJSON and appendPlace implement [link].
func (c *conn) appendItem(dst []byte, it *item) []byte { return append(dst, it.frameFor(c.deflate)...) }

func (c *conn) appendJSON(dst, json []byte) []byte { return appendFrame(dst, opText, json) }

func (c *conn) appendPlace(dst []byte, _ wire.Cursor) []byte { return dst }
