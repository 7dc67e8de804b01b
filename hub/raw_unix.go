//go:build unix

package hub

import (
	"errors"
	"io"
	"sync"
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

// rawReader reads from a socket without blocking. One closure serves all its reads.
type rawReader struct {
	p    []byte
	peek bool // what is read stays to be read
	n    int
	err  error
	call func(fd uintptr)
}

var rawReaders = sync.Pool{New: func() any {
	r := &rawReader{}
	r.call = func(fd uintptr) {
		for {
			if r.peek {
				r.n, _, r.err = syscall.Recvfrom(int(fd), r.p, syscall.MSG_PEEK)
			} else {
				r.n, r.err = syscall.Read(int(fd), r.p)
			}
			if !errors.Is(r.err, syscall.EINTR) {
				return
			}
		}
	}
	return r
}}

// readNow reads what there is. errIdle: nothing yet.
func readNow(raw syscall.RawConn, p []byte) (n int, err error) { return read(raw, p, false) }

// peekNow is readNow, but what it reads stays to be read.
func peekNow(raw syscall.RawConn, p []byte) (n int, err error) { return read(raw, p, true) }

func read(raw syscall.RawConn, p []byte, peek bool) (n int, err error) {
	r := rawReaders.Get().(*rawReader)
	defer rawReaders.Put(r)
	r.p, r.peek = p, peek
	err = raw.Control(r.call)
	r.p = nil
	switch {
	case err != nil:
		return 0, err
	case errors.Is(r.err, syscall.EAGAIN):
		return 0, errIdle
	case r.err != nil:
		return 0, r.err
	case r.n == 0 && len(p) > 0:
		return 0, io.EOF
	}
	return r.n, nil
}

// canRaw tells whether this system has sockets that can be written to and read from
// without blocking.
const canRaw = true
