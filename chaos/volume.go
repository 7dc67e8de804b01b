//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// small puts a folder on a volume of its own that holds little more than it has.
func (s *stage) small(dir string) error {
	used, err := sizeOf(dir)
	if err != nil {
		return err
	}
	aside := dir + ".aside"
	if err := os.Rename(dir, aside); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	if err := s.mount(dir, used+spareDisk); err != nil {
		return err
	}
	return move(aside, dir)
}

// large takes it back.
func (s *stage) large(dir string) error {
	aside := dir + ".aside"
	if err := move(dir, aside); err != nil {
		return err
	}
	if err := unix.Unmount(dir, 0); err != nil {
		return fmt.Errorf("unmounting: %w", err)
	}
	if err := os.Remove(dir); err != nil {
		return err
	}
	return os.Rename(aside, dir)
}

// mount makes dir a volume of so many bytes, which goes with the stage.
func (s *stage) mount(dir string, size int64) error {
	if err := unix.Mount("chaos", dir, "tmpfs", 0, fmt.Sprintf("size=%d,mode=700", size)); err != nil {
		return fmt.Errorf("mounting a small volume: %w", err)
	}
	s.undo = append(s.undo, func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	return nil
}

// move moves what is in a folder to another volume.
func move(from, to string) error {
	if out, err := exec.Command("cp", "-a", from+"/.", to+"/").CombinedOutput(); err != nil {
		return fmt.Errorf("copying %s: %w: %s", from, err, out)
	}
	return empty(from)
}

// empty removes what is in a folder.
func empty(dir string) error {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
	}
	return err
}

func sizeOf(dir string) (size int64, err error) {
	err = filepath.WalkDir(dir, func(_ string, e os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() {
			size += info.Size()
		}
		return nil
	})
	return size, err
}

func ballast(dir string) string { return filepath.Join(dir, "ballast") }

// fill leaves no room on the volume of dir.
func fill(dir string) error {
	f, err := os.Create(ballast(dir))
	if err != nil {
		return err
	}
	defer f.Close()
	for block := make([]byte, 64<<10); len(block) > 0; {
		if _, err := f.Write(block); errors.Is(err, unix.ENOSPC) {
			block = block[:len(block)/2]
		} else if err != nil {
			return err
		}
	}
	return nil
}
