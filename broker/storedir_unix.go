//go:build linux || darwin || freebsd

package broker

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// lockDir takes the store's lock, which lasts until the file is closed or the
// process ends, however it ends. Two servers would open one store happily, and ruin
// it; nothing in JetStream prevents that.
func lockDir(dir string) (io.Closer, error) {
	path := filepath.Join(dir, "lock")
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("locking the store %s: %w", dir, err)
	}
	err = unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		holder, _ := io.ReadAll(io.LimitReader(file, 32))
		file.Close()
		return nil, fmt.Errorf("opening the store %s: process %s has it open: %w",
			dir, strings.TrimSpace(string(holder)), ErrLocked)
	}
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("locking the store %s: %w", dir, err)
	}
	// Only for the message above. A full disk, which can't take it, is no reason to
	// keep the store shut.
	if file.Truncate(0) == nil {
		_, _ = file.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
	return dirLock{file}, nil
}

// dirLock is a lock that is held.
type dirLock struct{ file *os.File }

// Close unlocks before it closes: a process that this one is just starting holds a
// copy of the file until it is running, and with it the lock.
func (l dirLock) Close() error {
	return errors.Join(unix.Flock(int(l.file.Fd()), unix.LOCK_UN), l.file.Close())
}

// freeBytes is what a process may still write on the volume that holds dir.
func freeBytes(dir string) (int64, error) {
	var stat unix.Statfs_t
	if err := unix.Statfs(dir, &stat); err != nil {
		return 0, fmt.Errorf("measuring the volume of %s: %w", dir, err)
	}
	return int64(stat.Bavail) * int64(stat.Bsize), nil
}
