//go:build linux || darwin

package broker_test

import (
	"os/signal"
	"testing"

	"golang.org/x/sys/unix"
)

// ignoreFileLimit makes a write beyond the limit an error, where it would end the process.
func ignoreFileLimit() { signal.Ignore(unix.SIGXFSZ) }

// limitFiles bounds the size of any file that this process writes.
func limitFiles(bytes uint64) error {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	limit.Cur = min(bytes, limit.Max)
	return unix.Setrlimit(unix.RLIMIT_FSIZE, &limit)
}

// needsFileLimit skips a test where the size of files can't be limited.
func needsFileLimit(testing.TB) {}
