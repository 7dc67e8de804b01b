package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// writeWhole writes a file that others can't read, so that after any crash, and with a
// full disk, it is there whole or not at all. One that is there is kept unless replace.
func writeWhole(path string, replace bool, write func(io.Writer) error) (err error) {
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	if err = write(tmp); err == nil {
		err = tmp.Sync()
	}
	if err = errors.Join(err, tmp.Close()); err != nil {
		return err
	}
	if replace {
		err = os.Rename(tmp.Name(), path)
	} else {
		err = renameNew(tmp.Name(), path)
	}
	if err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// renameNew renames a file to a name that must be free.
func renameNew(from, to string) error {
	err := os.Link(from, to)
	switch {
	case err == nil:
		return nil // the other name goes with the deferred Remove
	case errors.Is(err, fs.ErrExist):
		return fmt.Errorf("%s exists, and is not overwritten", to)
	}
	// A file system without links: nothing there can tell and rename in one step.
	if _, err := os.Lstat(to); err == nil {
		return fmt.Errorf("%s exists, and is not overwritten", to)
	}
	return os.Rename(from, to)
}
