package main

import (
	"sync"

	"tocsin/broker"
	"tocsin/notice"
)

// watched is a follower with the watch beside it. What reads the log asks the cluster
// some questions a second, so a process does not read it for the watch alone. The watch
// comes second, and waits for nothing.
type watched struct {
	broker.Follower
	watch *watch
}

func (w watched) Begin(epoch string) {
	w.Follower.Begin(epoch)
	w.watch.Begin(epoch)
}

func (w watched) Entry(e notice.Entry) {
	w.Follower.Entry(e)
	w.watch.Entry(e)
}

func (w watched) Source(s broker.Source) {
	w.Follower.Source(s)
	w.watch.Source(s)
}

// watch notes how far the log was read, for what /status tells; what it says is for the hub or
// the desk to know. It implements broker.Follower. The zero value is ready.
type watch struct {
	mu     sync.Mutex
	read   uint64        // guarded by mu
	source broker.Source // guarded by mu
}

// Begin says that another log is about to be read.
func (w *watch) Begin(string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.read = 0
}

// Entry notes the next entry of the log.
func (w *watch) Entry(e notice.Entry) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.read = e.Seq
}

// Source notes how fresh the log is.
func (w *watch) Source(s broker.Source) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.source = s
}

// describe tells how far the log was read, and how fresh that is.
func (w *watch) describe() sourceState {
	w.mu.Lock()
	defer w.mu.Unlock()
	return sourceState{
		Live: w.source.Live, Since: w.source.Since, Checked: w.source.Checked,
		Head: max(w.source.Head, w.read), Read: w.read, Reason: w.source.Reason,
	}
}
