package main

import (
	"sync"
	"time"

	"tocsin/auth"
	"tocsin/broker"
	"tocsin/notice"
)

// watch follows the log for what belongs to the process as a whole: the posture,
// which it hands to auth, and what /status tells. It implements broker.Follower.
type watch struct {
	trust   notice.Trust
	dev     bool
	posture func(auth.Posture) // nil without an edge

	told *notice.Posture // what posture was last called with; the follower's own

	mu     sync.Mutex
	board  *notice.Board // guarded by mu
	source broker.Source // guarded by mu
}

func newWatch(trust notice.Trust, dev bool, posture func(auth.Posture)) *watch {
	return &watch{trust: trust, dev: dev, posture: posture, board: notice.NewBoard(trust, dev)}
}

// Begin forgets everything: another log is about to be read.
func (w *watch) Begin(string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.board = notice.NewBoard(w.trust, w.dev)
}

// Entry folds the next entry of the log. Only a change of the posture is handed
// on, since auth judges every open session anew. A log that begins anew brings
// its posture with it: until then the old one holds.
func (w *watch) Entry(e notice.Entry) {
	w.mu.Lock()
	w.board.Fold(e)
	posture := w.board.Posture()
	w.mu.Unlock()
	if w.posture != nil && posture != w.told {
		w.told = posture
		w.posture(postureOf(posture))
	}
}

// Source notes how fresh the log is.
func (w *watch) Source(s broker.Source) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.source = s
}

// describe fills in what the log says.
func (w *watch) describe(s *hubState) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s.Source = sourceState{
		Live: w.source.Live, Since: w.source.Since, Checked: w.source.Checked,
		Head: max(w.source.Head, w.board.Seq()), Read: w.board.Seq(), Reason: w.source.Reason,
	}
	if ks := w.board.Keyset(); ks != nil {
		s.Keyset = keysetState{Version: ks.Version, Expires: string(ks.Expires), Keys: len(ks.Keys)}
	}
	for _, t := range w.board.Threads() {
		if t.Phase(time.Now()) == notice.Active {
			s.Active++
		}
	}
}
