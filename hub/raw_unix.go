//go:build unix

package hub

import (
	"errors"
	"io"
	"syscall"
	"unsafe"
)

// writeNow writes what a socket takes at once, which may be nothing. The socket must not
// be closed meanwhile. The scheduler is not told of the call: it never blocks, and the
// telling would cost a good part of it.
func writeNow(fd int, p []byte) (n int, err error) {
	if len(p) == 0 {
		return 0, nil
	}
	for {
		n, _, errno := syscall.RawSyscall(syscall.SYS_WRITE, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)))
		switch errno {
		case 0:
			return int(n), nil
		case syscall.EINTR:
		case syscall.EAGAIN:
			return 0, nil
		default:
			return 0, errno
		}
	}
}

// readNow reads what there is. errIdle: nothing yet. As for writeNow, the socket must not
// be closed meanwhile.
func readNow(fd int, p []byte) (n int, err error) {
	for {
		n, _, errno := syscall.RawSyscall(syscall.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)))
		switch {
		case errno == syscall.EINTR:
		case errno == syscall.EAGAIN:
			return 0, errIdle
		case errno != 0:
			return 0, errno
		case n == 0 && len(p) > 0:
			return 0, io.EOF
		default:
			return int(n), nil
		}
	}
}

// peekNow is readNow, but what it reads stays to be read, and the socket may be closed by
// others.
func peekNow(raw syscall.RawConn, p []byte) (n int, err error) {
	closed := raw.Control(func(fd uintptr) {
		for {
			if n, _, err = syscall.Recvfrom(int(fd), p, syscall.MSG_PEEK); !errors.Is(err, syscall.EINTR) {
				return
			}
		}
	})
	switch {
	case closed != nil:
		return 0, closed
	case errors.Is(err, syscall.EAGAIN):
		return 0, errIdle
	case err == nil && n == 0:
		return 0, io.EOF
	}
	return n, err
}

// canRaw tells whether this system has sockets that can be written to and read from
// without blocking.
const canRaw = true
