//go:build linux

package main

import (
	"fmt"
	"maps"
	"slices"
)

// What a process may have when all is over. An edge, and a desk, hold each entry of the log
// (bytes, frame, and the notice that was read from it), and two logs while one takes the
// other's place; tocsin lets its heap be five times what lives (GOGC=400).
const (
	heapLimit    = 16 << 20 // bytes that live
	heapPerEntry = 32 << 10 // more of them for each entry of the log
	heapTimes    = 5        // memory in all
)

// life is what the processes had at the beginning and at the end of each stage, and what of it
// is not as it should be.
func (p *player) life() (lines, failures []string) {
	first, last, entries := make(map[string]vitals), make(map[string]vitals), make(map[string]uint64)
	for _, r := range p.rows {
		for name, v := range r.Before {
			if _, known := first[name]; !known {
				first[name] = v
			}
		}
		maps.Copy(last, r.After)
		for name := range r.After {
			entries[name] = r.Entries
		}
	}
	for _, name := range slices.Sorted(maps.Keys(first)) {
		a, b := first[name], last[name]
		line := fmt.Sprintf("| %s | %s | %s |", name, mebibytes(a.Memory), mebibytes(b.Memory))
		if a.Goroutines > 0 {
			line += fmt.Sprintf(" %s | %s | %d | %d |", mebibytes(a.Heap), mebibytes(b.Heap), a.Goroutines, b.Goroutines)
		} else {
			line += " | | | |"
		}
		lines = append(lines, line)
		if heap := int64(heapLimit + heapPerEntry*entries[name]); b.Heap > heap || b.Memory > heapTimes*heap {
			failures = append(failures, fmt.Sprintf("%s has %s, of which %s live, after %d entries: at most %s, and %s",
				name, mebibytes(b.Memory), mebibytes(b.Heap), entries[name], mebibytes(heapTimes*heap), mebibytes(heap)))
		}
	}
	return lines, failures
}
