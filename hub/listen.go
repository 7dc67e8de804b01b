package hub

import (
	"net"
	"sync/atomic"
	"syscall"
)

// spareConnections is how many connections may be open beyond MaxSessions: those
// that are still to say what they want, and plain HTTP requests. Beyond that they
// are closed as they come, which costs less than any answer.
const spareConnections = 1_024

// listener counts connections and prepares their sockets.
type listener struct {
	net.Listener
	hub  *Hub
	open atomic.Int64
}

// Accept returns the next connection that there is room for.
func (l *listener) Accept() (net.Conn, error) {
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
