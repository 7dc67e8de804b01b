//go:build !linux

package hub

import "errors"

// poller is for systems with epoll; on others each session waits in a goroutine.
type poller struct{}

func newPoller() (*poller, error) { return nil, errors.ErrUnsupported }

func (*poller) run(func(*session)) {}
func (*poller) arm(*session) error { return errors.ErrUnsupported }
func (*poller) forget(*session)    {}
func (*poller) close()             {}
