//go:build race

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
)

// unwatch puts another tocsin on the PATH, once: without the race detector, with which every
// command takes seven times as long to begin. Where goroutines meet, in serve and tail, the
// detector stays.
var unwatch = sync.OnceValue(func() error {
	whole, err := exec.LookPath("tocsin")
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "tocsin-unwatched-")
	if err != nil {
		return err
	}
	unwatchedDir = dir
	plain := filepath.Join(dir, "plain", "tocsin")
	if out, err := exec.Command("go", "build", "-o", plain, ".").CombinedOutput(); err != nil {
		return fmt.Errorf("building tocsin: %w\n%s", err, out)
	}
	choose := fmt.Sprintf("#!/bin/sh\ncase \"$1\" in\nserve | tail) exec '%s' \"$@\" ;;\n*) exec '%s' \"$@\" ;;\nesac\n", whole, plain)
	if err := os.WriteFile(filepath.Join(dir, "tocsin"), []byte(choose), 0o700); err != nil {
		return err
	}
	return os.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
})
