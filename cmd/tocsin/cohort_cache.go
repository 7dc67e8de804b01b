package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"tocsin/auth"
)

// cohortCache keeps cohorts on disk for a start without the broker: a file for each,
// sealed as the broker has it, in a folder beside the file of --cache. Without that it
// keeps nothing.
type cohortCache struct{ dir string }

func newCohortCache(file string) cohortCache {
	if file == "" {
		return cohortCache{}
	}
	return cohortCache{file + ".cohorts"}
}

// names lists what is kept, read or not.
func (c cohortCache) names() ([]string, error) {
	if c.dir == "" {
		return nil, nil
	}
	files, err := os.ReadDir(c.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var names []string
	for _, f := range files {
		if auth.IsCohortName(f.Name()) { // nor what a crash left of a write
			names = append(names, f.Name())
		}
	}
	return names, err
}

func (c cohortCache) load(name string) ([]byte, error) {
	return os.ReadFile(filepath.Join(c.dir, name))
}

func (c cohortCache) save(name string, sealed []byte) error {
	if c.dir == "" {
		return nil
	}
	if err := os.MkdirAll(c.dir, 0o700); err != nil {
		return err
	}
	return replace(filepath.Join(c.dir, name), sealed, 0o600)
}

// drop forgets a cohort; that there is none is no error.
func (c cohortCache) drop(name string) error {
	if c.dir == "" {
		return nil
	}
	if err := os.Remove(filepath.Join(c.dir, name)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
