//go:build unix

package main

import (
	"cmp"

	"golang.org/x/sys/unix"
)

// window is the width of a terminal's window in columns, 80 if it does not say;
// ok is false for what is no terminal.
func window(fd uintptr) (columns int, ok bool) {
	size, err := unix.IoctlGetWinsize(int(fd), unix.TIOCGWINSZ)
	if err != nil {
		return 0, false
	}
	return cmp.Or(int(size.Col), 80), true
}
