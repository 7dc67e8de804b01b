//go:build unix

package main

import "golang.org/x/sys/unix"

func hasWindow(fd uintptr) bool {
	_, err := unix.IoctlGetWinsize(int(fd), unix.TIOCGWINSZ)
	return err == nil
}
