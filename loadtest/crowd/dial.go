//go:build linux

package crowd

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"tocsin/wire"
)

const (
	// perAddress is how many clients share one address of loopback: far fewer than
	// there are ports.
	perAddress = 8_000
	// deafBuffer is the receive buffer of a client that is not going to read.
	deafBuffer = 4 << 10
	// handshakeLimit is how long an attempt may take, from TCP to synced.
	handshakeLimit = 30 * time.Second
	maxAnswer      = 8 << 10
)

// key and accept are RFC 6455's example (section 1.3).
const (
	key    = "dGhlIHNhbXBsZSBub25jZQ=="
	accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
)

// request is the handshake of every client.
func request(o Options) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\nSec-WebSocket-Protocol: %s\r\n", o.Path, o.Host, key, wire.Subprotocol)
	if o.Deflate {
		b.WriteString("Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover; server_no_context_takeover\r\n")
	}
	b.WriteString("\r\n")
	return b.Bytes()
}

// dial begins an attempt.
func (r *reader) dial(c *client) error {
	to := r.crowd.options.Address
	domain := unix.AF_INET
	if to.Addr().Is6() {
		domain = unix.AF_INET6
	}
	fd, err := unix.Socket(domain, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("opening a socket: %w", err)
	}
	c.fd, c.state, c.attempt = int32(fd), dialing, Now()
	c.last, c.recent = 0, 0
	r.byFD[fd] = c
	if err := r.prepare(fd, c, to); err != nil {
		return err
	}
	if err := unix.Connect(fd, sockaddr(to)); err != nil && !errors.Is(err, unix.EINPROGRESS) {
		return fmt.Errorf("connecting: %w", err)
	}
	// On loopback the connection stands already, and one round of epoll is saved.
	events := uint32(unix.EPOLLIN)
	if _, err := unix.Write(fd, r.crowd.request); err == nil {
		c.state = upgrading
	} else if errors.Is(err, unix.EAGAIN) {
		events |= unix.EPOLLOUT
	} else {
		return fmt.Errorf("connecting: %w", err)
	}
	return unix.EpollCtl(r.epoll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: events, Fd: c.fd})
}

func (r *reader) prepare(fd int, c *client, to netip.AddrPort) error {
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	if c.deaf {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, deafBuffer)
	}
	if !to.Addr().Is4() || !to.Addr().IsLoopback() {
		return nil
	}
	// Linux answers on all of 127/8, and each address has its own ports.
	from := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, byte(1 + c.index/perAddress%250)}), 0)
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1)
	if err := unix.Bind(fd, sockaddr(from)); err != nil {
		return fmt.Errorf("binding %s: %w", from.Addr(), err)
	}
	return nil
}

func sockaddr(a netip.AddrPort) unix.Sockaddr {
	if a.Addr().Is4() {
		return &unix.SockaddrInet4{Port: int(a.Port()), Addr: a.Addr().As4()}
	}
	return &unix.SockaddrInet6{Port: int(a.Port()), Addr: a.Addr().As16()}
}

// connected sends the handshake once TCP stands.
func (r *reader) connected(c *client) error {
	if code, err := unix.GetsockoptInt(int(c.fd), unix.SOL_SOCKET, unix.SO_ERROR); err == nil && code != 0 {
		return fmt.Errorf("connecting: %w", unix.Errno(code))
	}
	if err := r.write(c, r.crowd.request); err != nil {
		return err
	}
	c.state = upgrading
	return unix.EpollCtl(r.epoll, unix.EPOLL_CTL_MOD, int(c.fd), &unix.EpollEvent{Events: unix.EPOLLIN, Fd: c.fd})
}

// refusal is an HTTP answer other than 101.
type refusal struct {
	status int
	after  time.Duration
}

func (e *refusal) Error() string { return fmt.Sprintf("refused: HTTP %d", e.status) }

// upgraded reads the answer to the handshake. It returns what came behind it; nil
// while the answer is not all there.
func (r *reader) upgraded(c *client, p []byte) ([]byte, error) {
	if len(c.carry) > 0 {
		c.carry = append(c.carry, p...)
		p = bytes.Clone(c.carry) // feed is going to use carry
	}
	end := bytes.Index(p, []byte("\r\n\r\n"))
	switch {
	case end < 0 && len(p) > maxAnswer:
		return nil, errors.New("an endless answer to the handshake")
	case end < 0:
		c.keepAnswer(p)
		return nil, nil
	}
	c.carry = c.carry[:0]
	head := string(p[:end])
	if !strings.HasPrefix(head, "HTTP/1.1 101") {
		return nil, refused(head)
	}
	if !strings.Contains(head, accept) || !strings.EqualFold(header(head, "Sec-WebSocket-Protocol"), wire.Subprotocol) {
		return nil, errors.New("not an answer of a Tocsin (wrong Sec-WebSocket-Accept or -Protocol)")
	}
	c.deflate = strings.Contains(header(head, "Sec-WebSocket-Extensions"), "permessage-deflate")
	c.state = greeting
	return p[end+4:], r.hello(c)
}

func (c *client) keepAnswer(p []byte) {
	if len(c.carry) == 0 {
		c.carry = append(c.carry, p...)
	}
}

func refused(head string) error {
	e := &refusal{after: time.Second}
	if fields := strings.Fields(head); len(fields) > 1 {
		e.status, _ = strconv.Atoi(fields[1])
	}
	if s, err := strconv.Atoi(header(head, "Retry-After")); err == nil {
		e.after = time.Duration(s) * time.Second
	}
	return e
}

// header is the value of a header; "" if it is absent.
func header(head, name string) string {
	for line := range strings.SplitSeq(head, "\r\n") {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.EqualFold(key, name) {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// hello says hello with what the plan wants said.
func (r *reader) hello(c *client) error {
	plan := r.plan
	var h wire.Hello
	if plan.Token && c.token != "" {
		h.Tokens = append(r.tokens[:0], c.token)
	}
	if plan.Ticket {
		h.Ticket = c.ticket
	}
	if plan.Cursor {
		h.Cursor = c.cursor
		if cursor, err := wire.ParseCursor(c.cursor); err == nil {
			c.last = cursor.Seq
		}
	}
	for _, label := range plan.Labels {
		h.Labels = append(h.Labels, strings.ReplaceAll(label, "{i}", strconv.Itoa(c.index)))
	}
	r.said = h.AppendTo(r.said[:0])
	r.out = appendMasked(r.out[:0], opText, r.said)
	return r.write(c, r.out)
}

// write writes what a client says, which is little and fits its socket.
func (r *reader) write(c *client, p []byte) error {
	n, err := unix.Write(int(c.fd), p)
	switch {
	case err != nil:
		return fmt.Errorf("writing: %w", err)
	case n != len(p):
		return fmt.Errorf("writing: the socket took %d of %d bytes", n, len(p))
	}
	return nil
}
