//go:build !linux && !darwin && !freebsd

package broker

import (
	"errors"
	"io"
)

var errNoStore = errors.New("broker: an embedded store is not supported on this system; use an external broker")

func lockDir(string) (io.Closer, error) { return nil, errNoStore }

func freeBytes(string) (int64, error) { return 0, errNoStore }
