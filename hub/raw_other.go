//go:build !unix

package hub

import (
	"errors"
	"syscall"
)

// Where sockets are not files, every session has a lane, and a reader, of its own.
const canRaw = false

func writeNow(int, []byte) (int, error) { return 0, errors.ErrUnsupported }

func readNow(int, []byte) (int, error) { return 0, errors.ErrUnsupported }

func peekNow(syscall.RawConn, []byte) (int, error) { return 0, errors.ErrUnsupported }
