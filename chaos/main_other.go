//go:build !linux

// Chaos breaks a running Tocsin; it needs Linux.
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "chaos: Linux alone is supported, for its signals, mounts and system call filters")
	os.Exit(1)
}
