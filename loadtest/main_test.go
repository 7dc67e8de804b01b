//go:build linux

package main

import (
	"os"
	"testing"
)

// TestMain lets the test binary be its own worker.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && serveWorker(os.Args[1]) {
		return
	}
	os.Exit(m.Run())
}
