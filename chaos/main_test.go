//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// built are the programs that all tests of a process break, built when first asked for.
var built = sync.OnceValues(func() (binaries, error) {
	return build(context.Background(), binaries{folder: folder})
})

var folder string

func programs(t *testing.T) binaries {
	t.Helper()
	b, err := built()
	require.NoError(t, err)
	b.folder = "" // which is not the player's to remove
	return b
}

// TestMain lets the test binary be what launches with a slow disk.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == slowArg {
		fmt.Fprintln(os.Stderr, becomeSlow(os.Args[2:]))
		os.Exit(1)
	}
	var err error
	if folder, err = os.MkdirTemp("", "tocsin-chaos-test-"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		_ = os.RemoveAll(folder)
		os.Exit(code)
	}))
}
