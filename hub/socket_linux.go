package hub

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// unackedMs is how long sent data may stay unacknowledged before the kernel gives
// a connection up (TCP_USER_TIMEOUT, RFC 5482). Without it a client that vanished
// is found out after a quarter of an hour.
const unackedMs = 60_000

func prepareSocket(c net.Conn) {
	sc, ok := c.(syscall.Conn)
	if !ok {
		return
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) { // a Unix socket has no such option
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, unackedMs)
	})
}
