package main

import (
	"sync"
	"time"

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

// watch follows the log for what /status tells. It implements broker.Follower.
type watch struct {
	trust notice.Trust
	dev   bool

	mu     sync.Mutex
	board  *notice.Board // guarded by mu
	source broker.Source // guarded by mu
}

func newWatch(trust notice.Trust, dev bool) *watch {
	return &watch{trust: trust, dev: dev, board: notice.NewBoard(trust, dev)}
}

// Begin forgets everything: another log is about to be read.
func (w *watch) Begin(string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.board = notice.NewBoard(w.trust, w.dev)
}

// Entry folds the next entry of the log.
func (w *watch) Entry(e notice.Entry) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.board.Fold(e)
}

// Source notes how fresh the log is.
func (w *watch) Source(s broker.Source) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.source = s
}

// describe fills in what the log says, and returns the keyset in force, or nil.
func (w *watch) describe(s *hubState) *notice.Keyset {
	w.mu.Lock()
	defer w.mu.Unlock()
	s.Source = sourceState{
		Live: w.source.Live, Since: w.source.Since, Checked: w.source.Checked,
		Head: max(w.source.Head, w.board.Seq()), Read: w.board.Seq(), Reason: w.source.Reason,
	}
	keyset := w.board.Keyset()
	if keyset != nil {
		s.Keyset = keysetStateOf(keyset)
	}
	for _, t := range w.board.Threads() {
		if t.Phase(time.Now()) == notice.Active {
			s.Active++
		}
	}
	return keyset
}
