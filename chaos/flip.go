//go:build linux

package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// damage is a place of a file where one bit is not what it was.
type damage struct {
	file   string
	at     int
	around []byte // what is there since
}

// flip changes one bit in the middle of the first block of the log on a server. It lies in an
// entry, in which part of it is not to be seen: blocks are encrypted.
func (s *stage) flip(name string) (d damage, err error) {
	blocks, err := filepath.Glob(filepath.Join(s.server(name).store, "jetstream/*/streams", logStream, "msgs/*.blk"))
	if err != nil || len(blocks) == 0 {
		return d, fmt.Errorf("%s has no block of the log: %w", name, err)
	}
	return flipMiddle(slices.Min(blocks))
}

func flipMiddle(file string) (d damage, err error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return d, err
	}
	d.file, d.at = file, len(data)/2
	d.around = bytes.Clone(data[d.at:min(d.at+64, len(data))])
	if len(d.around) == 0 {
		return d, fmt.Errorf("%s is empty", file)
	}
	d.around[0] ^= 0x10
	f, err := os.OpenFile(file, os.O_WRONLY, 0)
	if err != nil {
		return d, err
	}
	defer f.Close()
	_, err = f.WriteAt(d.around[:1], int64(d.at))
	return d, err
}

// remains is whether it is there still: who has met it puts other bytes in that place.
func (d damage) remains() bool {
	data, err := os.ReadFile(d.file)
	return err == nil && len(data) >= d.at+len(d.around) && bytes.Equal(data[d.at:d.at+len(d.around)], d.around)
}
