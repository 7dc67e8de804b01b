//go:build linux

package main

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"tocsin/loadtest/target"
)

// binary is the tocsin that all tests of a process measure. It is built when first
// asked for, in a folder that goes with the process.
var binary = sync.OnceValues(func() (string, error) {
	path := filepath.Join(folder, "tocsin")
	return path, target.Build(context.Background(), path)
})

var folder string

// TestMain lets the test binary be its own worker.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && serveWorker(os.Args[1]) {
		return
	}
	var err error
	if folder, err = os.MkdirTemp("", "tocsin-loadtest-test-"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		_ = os.RemoveAll(folder)
		os.Exit(code)
	}))
}
