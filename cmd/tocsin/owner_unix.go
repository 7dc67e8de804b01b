//go:build unix

package main

import (
	"io/fs"
	"os"
	"syscall"
)

// keepOwner gives a file that takes another's place its owner: an administrator who
// rotates a ring must not take it away from the server. Only an administrator can, and
// for anybody else there is nothing to change.
func keepOwner(f *os.File, old fs.FileInfo) {
	if was, ok := old.Sys().(*syscall.Stat_t); ok && os.Geteuid() == 0 {
		_ = f.Chown(int(was.Uid), int(was.Gid)) // a file system without owners
	}
}
