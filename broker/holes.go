package broker

import (
	"context"
	"fmt"

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
	if f.redacted.all(first, last) {
		return nil
	}
	state, err := f.b.logState(ctx)
	switch {
	case err != nil:
		return fmt.Errorf("looking for redactions: %w", err)
	case state.epoch != f.epoch:
		return errReplaced
	}
	if err := f.redacted.read(ctx, f.b, state.last); err != nil {
		return fmt.Errorf("looking for redactions: %w", err)
	}
	if !f.redacted.all(first, last) {
		return &holeError{first: first, last: last}
	}
	return nil
}

// redacted is what the redactions of a log explain. Whoever has a desk's key of NATS can fill
// the log with what reads like redactions: each is read once, and few are held at a time.
type redacted struct {
	board *notice.Board // nil before the first reading
	to    uint64        // the last place that was read
	whole bool          // that was the log's end when it was read
}

// all tells whether redactions explain every place from first to last.
func (r *redacted) all(first, last uint64) bool {
	for seq := first; seq <= last; seq++ {
		if !r.whole || !r.board.Redacted(seq) {
			return false
		}
	}
	return true
}

// read folds the keysets and redactions that have come, up to the log's end. What it has read
// when it fails it need not read again.
func (r *redacted) read(ctx context.Context, b *Broker, end uint64) error {
	if r.board == nil {
		r.board = notice.NewBoard(b.config.Trust, b.config.AllowDev)
	}
	r.whole = false
	lists := []*listing{b.list(StreamLog, subjectKeyset, r.to+1), b.list(StreamLog, subjectRedaction, r.to+1)}
	for {
		from, next, err := nextOf(ctx, lists)
		if err != nil {
			return err
		}
		if from == nil || next.seq > end {
			break
		}
		r.board.Fold(notice.Entry{Seq: next.seq, Subject: next.subject, Body: next.body, Time: next.time})
		r.to = next.seq
		from.take()
	}
	r.to, r.whole = max(r.to, end), true
	return nil
}

// nextOf is the first message of several lists, and which has it; nil for none.
func nextOf(ctx context.Context, lists []*listing) (from *listing, next message, err error) {
	for _, l := range lists {
		m, found, err := l.peek(ctx)
		if err != nil {
			return nil, message{}, err
		}
		if found && (from == nil || m.seq < next.seq) {
			from, next = l, m
		}
	}
	return from, next, nil
}
