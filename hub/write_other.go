//go:build !unix

package hub

import (
	"errors"
	"syscall"
)

// Where sockets are not files, every session has a lane of its own.
const canWriteRaw = false

type rawWriter struct{}

func newRawWriter() *rawWriter { return &rawWriter{} }

func (*rawWriter) write(syscall.RawConn, []byte) (int, error) { return 0, errors.ErrUnsupported }
