//go:build linux

package crowd

import (
	"time"

	"golang.org/x/sys/unix"
)

var (
	started   = time.Now()
	startedAt = monotonic()
)

// monotonic reads CLOCK_MONOTONIC, which all processes of a machine share.
func monotonic() int64 {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &t); err != nil {
		panic(err) // every Linux has it
	}
	return t.Nano()
}

// Now is CLOCK_MONOTONIC in nanoseconds, by the runtime's cheaper way.
func Now() int64 { return startedAt + int64(time.Since(started)) }
