//go:build !linux

package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "loadtest: it needs Linux, for epoll and for what it reads of processes. It can measure a Tocsin "+
		"on another system from a Linux machine: --url, --desk, --key.")
	os.Exit(1)
}
