package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"tocsin/auth"
	"tocsin/notice"
)

// writeNew writes a file that must not be there yet, and syncs it: an existing
// key is never overwritten.
func writeNew(path string, data []byte, perm fs.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists, and is not overwritten", path)
	}
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Sync(), f.Close())
}

// replace puts data in path's place in one step, so that a reader sees the old
// file or the new one.
func replace(path string, data []byte, perm fs.FileMode) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(data)
	if old, missing := os.Stat(path); missing == nil {
		keepOwner(tmp, old)
	}
	if err = errors.Join(err, tmp.Chmod(perm), tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}

// readSecret reads a file of keys, and refuses one that others can read.
func readSecret(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if runtime.GOOS != "windows" && auth.Exposed(info) {
		return nil, fmt.Errorf("%s can be read by others; run: chmod 600 %s", path, path)
	}
	return os.ReadFile(path)
}

// readKey reads a private key file made by "key new".
func readKey(path string) (*notice.PrivateKey, error) {
	// Others may read that. A pipe, which can be read but once, is none.
	if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && isPublicHalf(path) {
		return nil, fmt.Errorf("%s is the public half of a key. What is needed here is the private one: the FILE of \"tocsin key new FILE\"", path)
	}
	data, err := readSecret(path)
	if err != nil {
		return nil, fmt.Errorf("reading the key: %w", err)
	}
	key, err := notice.ParsePrivateKey(data)
	if err != nil {
		return nil, fmt.Errorf("reading the key %s: %w", path, err)
	}
	return key, nil
}

// readTrust reads a file of pinned root keys.
func readTrust(path string) (notice.Trust, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return notice.Trust{}, fmt.Errorf("reading the pinned root keys: %w", err)
	}
	trust, err := notice.ParseTrust(data)
	if err != nil {
		return notice.Trust{}, fmt.Errorf("reading the pinned root keys %s: %w", path, err)
	}
	return trust, nil
}
