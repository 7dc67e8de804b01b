//go:build unix

package hub

import (
	"errors"
	"io"
	"sync"
	"syscall"
)

// rawWriter writes to sockets without blocking. It belongs to one goroutine; one
// closure serves all its writes.
type rawWriter struct {
	p    []byte
	n    int
	err  error
	call func(fd uintptr)
}

func newRawWriter() *rawWriter {
	w := &rawWriter{}
	w.call = func(fd uintptr) {
		for {
			w.n, w.err = syscall.Write(int(fd), w.p)
			if !errors.Is(w.err, syscall.EINTR) {
				return
			}
		}
	}
	return w
}

// write writes what the socket takes at once, which may be nothing.
func (w *rawWriter) write(raw syscall.RawConn, p []byte) (n int, err error) {
	w.p, w.n, w.err = p, 0, nil
	err = raw.Control(w.call)
	w.p = nil
	if err == nil {
		err = w.err
	}
	if errors.Is(err, syscall.EAGAIN) {
		return 0, nil
	}
	return max(w.n, 0), err
}

// rawReader reads from sockets without blocking, like rawWriter.
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
