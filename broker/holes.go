package broker

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"

	"tocsin/notice"
)

// holeError: the log lacks the entries first to last, and nobody signed for it.
type holeError struct{ first, last uint64 }

func (e *holeError) Error() string {
	return fmt.Sprintf("entries %d to %d are missing and no redaction explains it", e.first, e.last)
}

// firstFrom asks the log's leader for the first entry at seq or later.
func (b *Broker) firstFrom(ctx context.Context, state logState, seq uint64) (message, bool, error) {
	ctx, done, err := b.link.within(ctx, requestTimeout)
	if err != nil {
		return message{}, false, err
	}
	defer done()
	m, err := state.stream.GetMsg(ctx, seq, jetstream.WithGetMsgSubject(">"))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return message{}, false, nil
	}
	if err != nil {
		return message{}, false, fmt.Errorf("reading entry %d: %w", seq, err)
	}
	return message{subject: m.Subject, seq: m.Sequence, body: m.Data, time: m.Time}, true, nil
}

// passHoles moves the follower over the empty places before the next entry that there
// is, at most to before. The leader is asked what there is: a gap in what a consumer
// delivers may be the consumer's, or a replica's, alone.
func (f *follow) passHoles(ctx context.Context, state logState, before uint64) error {
	next, found, err := f.b.firstFrom(ctx, state, f.seq+1)
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
	err := f.b.scan(ctx, StreamLog, func(m message) {
		board.Fold(notice.Entry{Seq: m.seq, Subject: m.subject, Body: m.body, Time: m.time})
	}, subjectKeyset, subjectRedaction)
	if err != nil {
		return fmt.Errorf("looking for redactions: %w", err)
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
