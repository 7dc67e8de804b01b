//go:build !linux

package hub

import (
	"errors"
	"syscall"
)

// poller is for systems with epoll; on others each session waits in a goroutine.
type poller struct{}

func newPoller() (*poller, error) { return nil, errors.ErrUnsupported }

func (*poller) run(func(attendee))                      {}
func (*poller) arm(attendee, syscall.RawConn) error     { return errors.ErrUnsupported }
func (*poller) release(attendee, syscall.RawConn) error { return errors.ErrUnsupported }
func (*poller) replace(a, by attendee)                  {}
func (*poller) forget(attendee)                         {}
func (*poller) close() []attendee                       { return nil }
