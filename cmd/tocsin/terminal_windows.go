package main

import (
	"cmp"

	"golang.org/x/sys/windows"
)

// window is the width of a console's window in columns, 80 if it does not say, as
// its input does not; ok is false for what is no console.
func window(fd uintptr) (columns int, ok bool) {
	var mode uint32
	if windows.GetConsoleMode(windows.Handle(fd), &mode) != nil {
		return 0, false
	}
	var info windows.ConsoleScreenBufferInfo
	_ = windows.GetConsoleScreenBufferInfo(windows.Handle(fd), &info) // zero for an input
	return cmp.Or(int(info.Window.Right)-int(info.Window.Left), 80), true
}
