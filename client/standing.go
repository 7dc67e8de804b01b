package client

import (
	"slices"

	"tocsin/notice"
)

// standings keep what heads count of a board, so that a notice costs no look at the threads
// that it does not touch. The zero value has everything to look at.
type standings struct {
	list    []notice.Standing          // by hash; never changed, since marks keep it
	threads map[string]notice.Standing // by the Alert's identifier
	touched []string                   // threads that may stand otherwise by now
	whole   bool                       // list is of the board, but for touched
}

// changed says that a notice was accepted, or is counted.
func (s *standings) changed(n *notice.Notice) {
	if id, err := n.ThreadID(); err == nil {
		s.touched = append(s.touched, id)
	}
}

// refolded says that any thread may stand otherwise.
func (s *standings) refolded() { *s = standings{} }

// now is what stands: of the messages that are counted, the one that decides each thread.
func (s *standings) now(board *notice.Board, counted map[[32]byte]struct{}) []notice.Standing {
	isCounted := func(a *notice.Accepted) bool { _, ok := counted[a.Hash]; return ok }
	if !s.whole {
		*s = standings{threads: make(map[string]notice.Standing), whole: true}
		for _, t := range board.Threads() {
			if stands, ok := standingOf(t, isCounted); ok {
				s.threads[t.Alert.Notice.Identifier] = stands
				s.list = append(s.list, stands)
			}
		}
		slices.SortFunc(s.list, byHash)
		return s.list
	}
	if len(s.touched) > 0 {
		s.list = slices.Clone(s.list)
	}
	for _, id := range s.touched {
		if before, stood := s.threads[id]; stood {
			at, _ := slices.BinarySearchFunc(s.list, before, byHash)
			s.list = slices.Delete(s.list, at, at+1)
			delete(s.threads, id)
		}
		t, ok := board.Thread(id)
		if !ok {
			continue
		}
		if stands, ok := standingOf(t, isCounted); ok {
			at, _ := slices.BinarySearchFunc(s.list, stands, byHash)
			s.list = slices.Insert(s.list, at, stands)
			s.threads[id] = stands
		}
	}
	s.touched = nil
	return s.list
}

func standingOf(t notice.Thread, isCounted func(*notice.Accepted) bool) (s notice.Standing, ok bool) {
	if t, ok = t.Only(isCounted); !ok {
		return s, false
	}
	return t.Standing()
}

func byHash(a, b notice.Standing) int { return slices.Compare(a.Hash[:], b.Hash[:]) }
