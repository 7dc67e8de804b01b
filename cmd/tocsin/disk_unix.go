//go:build linux || darwin || freebsd

package main

import "golang.org/x/sys/unix"

// diskOf is how many bytes of a folder's file system are free for this process, and how
// many there are.
func diskOf(dir string) (free, all uint64, err error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, 0, err
	}
	return uint64(s.Bavail) * uint64(s.Bsize), uint64(s.Blocks) * uint64(s.Bsize), nil // whose types differ between systems
}
