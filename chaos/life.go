//go:build linux

package main

import (
	"fmt"
	"maps"
	"slices"
)

// What a process may have after a fault. An edge, and a desk, hold each entry of the log
// (bytes, frame, and the notice that was read from it), and two logs while one takes the
// other's place; tocsin lets its heap be five times what lives (GOGC=400).
const (
	heapLimit    = 16 << 20 // bytes that live
	heapPerEntry = 32 << 10 // more of them for each entry of the log
	heapTimes    = 5        // memory in all
)

// heapBound is how many bytes may live with a log of that many entries.
func heapBound(entries uint64) int64 { return int64(heapLimit + heapPerEntry*entries) }

// bounded is whether v is no more than a log of that many entries explains.
func (v vitals) bounded(entries uint64) bool {
	heap := heapBound(entries)
	return v.Heap <= heap && v.Memory <= heapTimes*heap
}

// life is, of each process, what it had after the fault after which it had the most memory. Rows may
// be of several stages, so that the first and the last say nothing of each other.
func (p *player) life() (lines []string) {
	most := make(map[string]row)
	for _, r := range p.rows {
		for name, v := range r.After {
			if known, ok := most[name]; !ok || v.Memory > known.After[name].Memory {
				most[name] = r
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(most)) {
		r := most[name]
		v, heap, goroutines := r.After[name], "", ""
		if v.Goroutines > 0 {
			heap, goroutines = mebibytes(v.Heap), fmt.Sprint(v.Goroutines)
		}
		lines = append(lines, fmt.Sprintf("| %s | %s | %s | %s | %d | %s |", name, mebibytes(v.Memory), heap, goroutines, r.Entries, r.Name))
	}
	return lines
}
