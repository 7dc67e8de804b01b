//go:build unix

package hub

import (
	"errors"
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

// canWriteRaw tells whether this system has sockets that rawWriter can write to.
const canWriteRaw = true
