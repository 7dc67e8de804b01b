package broker

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"tocsin/notice"
)

// holeError: the log lacks the entries first to last, and nobody signed for it.
type holeError struct{ first, last uint64 }

func (e *holeError) Error() string {
	return fmt.Sprintf("entries %d to %d are missing and no redaction explains it", e.first, e.last)
}

// firstFrom asks the log's leader for the first entry at seq or later.
func (b *Broker) firstFrom(ctx context.Context, seq uint64) (message, bool, error) {
	return b.fetchWithin(ctx, StreamLog, lookup{Seq: seq, Next: anySubject})
}

// passHoles moves the follower over the empty places before the next entry that there
// is, at most to before. The leader is asked once more what there is.
func (f *follow) passHoles(ctx context.Context, before uint64) error {
	next, found, err := f.b.firstFrom(ctx, f.seq+1)
	if err != nil {
		return err
	}
	if found {
		before = min(before, next.seq)
	}
	first, last := f.seq+1, before-1
	if first > last {
		return nil
	}
	if err := f.explain(ctx, first, last); err != nil {
		return err
	}
	f.b.log.Info("passing redacted entries", "first", first, "last", last)
	f.seq, f.sum, f.hole = last, [32]byte{}, true
	return nil
}

// explain returns nil if redactions explain every empty place from first to last. The
// board that tells is folded from the keysets and redactions of the whole log, also
// those after the place: that is where a redaction stands.
func (f *follow) explain(ctx context.Context, first, last uint64) error {
	if f.explained(first, last) {
		return nil
	}
	board := notice.NewBoard(f.b.config.Trust, f.b.config.AllowDev)
	var entries []notice.Entry
	for _, subject := range []string{subjectKeyset, subjectRedaction} {
		err := f.b.scan(ctx, StreamLog, subject, lookup{Seq: 1}, func(m message) {
			entries = append(entries, notice.Entry{Seq: m.seq, Subject: m.subject, Body: m.body, Time: m.time})
		})
		if err != nil {
			return fmt.Errorf("looking for redactions: %w", err)
		}
	}
	slices.SortFunc(entries, func(a, b notice.Entry) int { return cmp.Compare(a.Seq, b.Seq) })
	for _, e := range entries {
		board.Fold(e)
	}
	f.redactions = board
	if !f.explained(first, last) {
		return &holeError{first: first, last: last}
	}
	return nil
}

func (f *follow) explained(first, last uint64) bool {
	if f.redactions == nil {
		return false
	}
	for seq := first; seq <= last; seq++ {
		if !f.redactions.Redacted(seq) {
			return false
		}
	}
	return true
}
