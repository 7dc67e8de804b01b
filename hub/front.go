package hub

import (
	"errors"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// spareConnections is how many connections may be open beyond MaxSessions: those
// that are still to say what they want, and plain HTTP requests. Beyond that they
// are closed as they come, which costs less than any answer.
const spareConnections = 1_024

// listener counts connections, prepares their sockets, and sees to the handshakes of
// WebSockets itself, where it can: in a storm of reconnects most of what a connection
// costs is net/http's goroutine and buffers for it. All other connections, and all
// handshakes that are out of the ordinary or to be refused, are net/http's.
type listener struct {
	net.Listener
	hub  *Hub
	open atomic.Int64

	begin  sync.Once
	others chan net.Conn // for net/http
	err    error         // of the listener; set before ended is closed
	ended  chan struct{}

	leave sync.Once
	gone  chan struct{} // closed by Close
	hush  hush
}

// WrapListener prepares the connections that l accepts: a bound on their number,
// before any request is read, and the socket options that sessions rely on. TLS
// goes around it.
func (h *Hub) WrapListener(l net.Listener) net.Listener {
	return &listener{
		Listener: l, hub: h,
		others: make(chan net.Conn), ended: make(chan struct{}), gone: make(chan struct{}),
	}
}

// Accept returns the next connection that is not the hub's own.
func (l *listener) Accept() (net.Conn, error) {
	if l.hub.readers.poll == nil {
		return l.next()
	}
	l.begin.Do(func() { go l.run() })
	select {
	case c := <-l.others:
		return c, nil
	case <-l.ended:
		return nil, l.err
	}
}

// Close implements [net.Listener]. Who waits to be given to net/http is let go.
func (l *listener) Close() error {
	l.leave.Do(func() { close(l.gone) })
	return l.Listener.Close()
}

// run accepts until the listener is closed. What passes by itself, as that no more files
// may be open, is waited for, as in [http.Server.Serve].
func (l *listener) run() {
	defer close(l.ended)
	const least, most = 5 * time.Millisecond, time.Second
	pause := least
	for {
		c, err := l.next()
		if err == nil {
			pause = least
			l.hub.receive(c, l)
			continue
		}
		if passing, ok := err.(interface{ Temporary() bool }); !ok || !passing.Temporary() {
			l.err = err
			return
		}
		l.hush.log(l.hub.log, slog.LevelWarn, "no connection can be accepted for now", slog.Any("err", err))
		select {
		case <-time.After(pause):
		case <-l.gone:
		}
		pause = min(2*pause, most)
	}
}

// next is the next connection that there is room for.
func (l *listener) next() (*accepted, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if l.open.Add(1) > int64(l.hub.config.MaxSessions+spareConnections) {
			l.open.Add(-1)
			l.hub.metrics.refused.WithLabelValues(string(refusedFull)).Inc()
			_ = c.Close()
			continue
		}
		prepareSocket(c)
		return &accepted{Conn: c, listener: l}, nil
	}
}

// pass gives a connection to net/http.
func (l *listener) pass(c net.Conn) {
	select {
	case l.others <- c:
	case <-l.ended:
		_ = c.Close()
	case <-l.gone:
		_ = c.Close()
	}
}

// accepted is a connection that is counted until it is closed.
type accepted struct {
	net.Conn
	listener *listener
	closed   atomic.Bool
}

func (c *accepted) Close() error {
	if !c.closed.Swap(true) {
		c.listener.open.Add(-1)
	}
	return c.Conn.Close()
}

// NetConn is the connection below, as [tls.Conn.NetConn] is.
func (c *accepted) NetConn() net.Conn { return c.Conn }

// SyscallConn implements [syscall.Conn], for writes that do not block. It fails
// where the connection has no socket of its own.
func (c *accepted) SyscallConn() (syscall.RawConn, error) {
	sc, ok := c.Conn.(syscall.Conn)
	if !ok {
		return nil, syscall.EINVAL
	}
	return sc.SyscallConn()
}

// CloseWrite lets net/http end an answer without a reset.
func (c *accepted) CloseWrite() error {
	if cw, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return cw.CloseWrite()
	}
	return nil
}

// arrival is a connection that has not said what it wants.
type arrival struct {
	turn
	hub  *Hub
	conn *accepted
	raw  syscall.RawConn

	mu       sync.Mutex
	patience *time.Timer // until a request must have begun; guarded by mu
	over     bool        // guarded by mu
}

// receive waits for a connection's request. A connection that can't be waited for is
// net/http's.
func (h *Hub) receive(c *accepted, l *listener) {
	raw, err := c.SyscallConn()
	if err != nil {
		l.pass(c)
		return
	}
	a := &arrival{hub: h, conn: c, raw: raw}
	a.mu.Lock()
	a.patience = time.AfterFunc(HeaderTimeout, a.expire)
	a.mu.Unlock()
	if h.readers.poll.arm(a, raw) != nil && a.leave() {
		l.pass(c)
	}
}

// leave ends the wait, and tells whether it was not over.
func (a *arrival) leave() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	was := a.over
	a.over = true
	a.patience.Stop()
	return !was
}

// expire closes a connection that said nothing. If something has come, a reader is about
// to see it: a node that can't keep up is not its client's fault.
func (a *arrival) expire() {
	var one [1]byte
	if _, err := peekNow(a.raw, one[:]); err != nil {
		a.cutOff()
	}
}

// cutOff closes a connection that nobody has attended to.
func (a *arrival) cutOff() {
	if a.leave() {
		a.hub.readers.forget(a)
		_ = a.conn.Close()
	}
}

// attend looks at what has come. A fault in that ends the connection, not the node.
func (a *arrival) attend() {
	defer func() {
		if fault := recover(); fault != nil {
			a.hub.log.Error("handshake panicked", slog.Any("panic", fault), slog.String("stack", string(debug.Stack())))
			a.leave()
			a.hub.readers.forget(a)
			_ = a.conn.Close()
		}
	}()
	h := a.hub
	buf := requests.Get().(*[MaxHeaderBytes]byte)
	defer requests.Put(buf)
	n, err := peekNow(a.raw, buf[:])
	if errors.Is(err, errIdle) && h.readers.poll.arm(a, a.raw) == nil {
		return
	}
	if !a.leave() {
		return
	}
	if err == nil {
		if r, size, ok := parseHandshake(buf[:n]); ok && h.receiveSession(a, r, buf[:n], size) {
			return
		}
		if h.readers.poll.release(a, a.raw) == nil {
			go a.conn.listener.pass(a.conn)
			return
		}
	}
	h.readers.forget(a)
	_ = a.conn.Close()
}

// receiveSession makes a session of an arrival, whose request has come in buf, size bytes
// of it, and is still to be read. It does nothing if there is to be no session: then what
// was read is to be read yet.
func (h *Hub) receiveSession(a *arrival, r *http.Request, buf []byte, size int) bool {
	r.RemoteAddr = a.conn.RemoteAddr().String()
	s, why := h.enter(r)
	if why != admitted {
		return false
	}
	c := newConn(a.conn, append([]byte(nil), buf[size:]...), h.config.SendTimeout)
	if n, err := c.readNow(buf); err != nil || n != len(buf) { // urgent data; nobody else may make sense of the rest
		h.limits.leave(s.addr, false)
		h.readers.forget(a)
		_ = c.Close()
		return true
	}
	h.readers.poll.replace(a, s)
	h.accept(s, &upgrade{conn: c, header: make(http.Header, 4)}, r)
	return true
}
