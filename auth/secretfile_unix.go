//go:build unix

package auth

import (
	"io/fs"
	"os"
	"syscall"
)

// rootGives reports whether a file is root's, and this process is not.
func rootGives(info fs.FileInfo) bool {
	owner, ok := info.Sys().(*syscall.Stat_t)
	return ok && owner.Uid == 0 && os.Geteuid() != 0
}
