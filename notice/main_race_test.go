//go:build race

package notice_test

import (
	"flag"
	"os"
	"testing"
)

// TestMain asks for fewer random cases under the race detector, which makes them
// ten times as slow and has nothing to find: a board is one goroutine's. The plain
// run has rapid's default of 100, and -rapid.checks goes before both.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "25"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}
