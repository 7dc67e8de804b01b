package broker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"tocsin/notice"
)

// ErrNotEmpty: the log holds entries, and nothing is restored over them.
var ErrNotEmpty = errors.New("broker: the log holds entries")

// RestoreConfig says how a copy is restored. The zero value is the careful one.
type RestoreConfig struct {
	// Replicas of the log's stream where there is none yet; where an empty one is, its
	// settings are kept. 0 means 1.
	Replicas int
	// KeepRefused restores entries too that boards refuse, so that each keeps its place;
	// they will be refused again.
	KeepRefused bool
	// AcceptLoss fills places that no redaction explains with an entry that says so.
	AcceptLoss bool
	// Replace is the log that is to be replaced, as [Broker.ReadLog] has read it. If it
	// has changed since, nothing is. Nil: the log must be empty.
	Replace *Copy
	// Progress is told of each entry.
	Progress Progress
}

// Restore makes the log anew, with c in it, and returns the new log's epoch. Every place
// keeps its number, so that redactions go on explaining theirs; cursors of the former log
// are void with its epoch. It verifies c before, and what was written afterwards.
//
// It may be interrupted at any moment, and repeated: until the last step nodes and desks
// see [ErrRestoring], then all of it. On a cluster it needs an administrator's rights.
// The errors are those of [Review.Check], [ErrNotEmpty] and those of [Broker.Append].
func (b *Broker) Restore(ctx context.Context, c *Copy, config RestoreConfig) (epoch string, err error) {
	review := c.Review(b.config.Trust, b.config.AllowDev)
	if err := config.permit(review); err != nil {
		return "", fmt.Errorf("restoring the log: %w", err)
	}
	kept := *c
	kept.Entries = append([]notice.Entry(nil), c.Entries...)
	kept.drop(review.Due)
	r := &restore{RestoreConfig: config, b: b, copy: &kept, missing: review.Missing, digest: kept.digest()}
	if err := r.run(ctx); err != nil {
		return "", fmt.Errorf("restoring the log: %w", err)
	}
	return r.epoch, nil
}

// permit holds what a review found against what may be.
func (o *RestoreConfig) permit(r *Review) error {
	lenient := *r
	if o.KeepRefused {
		lenient.Refused = nil
	}
	if o.AcceptLoss {
		lenient.Missing = nil
	}
	return lenient.Check()
}

// restore is one restore under way.
type restore struct {
	RestoreConfig
	b       *Broker
	copy    *Copy
	missing []Span
	digest  string

	at        uint64                  // the last place that is as it should be
	epoch     string                  // of the stream that this restore made or went on with
	committed bool                    // the last step was taken, though perhaps in vain
	former    *jetstream.StreamConfig // what the stream that was found is to be in the end; nil if there was none
}

// errOther is a marked stream that does not hold what it should.
var errOther = errors.New("what was restored before is something else")

// restorePatience is how long a restore goes on without getting anywhere: longer than
// servers take to come back.
const restorePatience = time.Minute

// run tries until nothing goes forward any more.
func (r *restore) run(ctx context.Context) error {
	for moved := time.Now(); ; {
		before := r.at
		err := r.attempt(ctx)
		if r.at > before {
			moved = time.Now()
		}
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case time.Since(moved) > restorePatience, errors.Is(err, ErrNotEmpty), errors.Is(err, ErrFull), errors.Is(err, ErrReplicas):
			return err
		}
		r.b.log.Debug("restoring", "error", err, "sequence", r.at)
		if !r.b.sleep(ctx, readPause) {
			return errors.Join(ctx.Err(), err)
		}
	}
}

// attempt goes from whatever there is to the end.
func (r *restore) attempt(ctx context.Context) error {
	if err := r.wait(ctx); err != nil {
		return err
	}
	config, err := r.prepare(ctx)
	if err != nil || r.committed {
		return err
	}
	err = r.compare(ctx)
	if errors.Is(err, errOther) {
		return errors.Join(err, r.remove(ctx)) // the mark says that it is a restore's
	}
	if err != nil {
		return err
	}
	for seq := r.at + 1; seq <= r.copy.Last; seq++ {
		if err := r.put(ctx, seq); err != nil {
			return err
		}
		if r.at = seq; r.Progress != nil {
			r.Progress(seq, r.copy.Last)
		}
	}
	if err := r.compare(ctx); err != nil {
		return err
	}
	if r.at != r.copy.Last {
		return errSkipped
	}
	return r.commit(ctx, config)
}

// wait waits for the connection, as long as an election may take.
func (r *restore) wait(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, makeTimeout)
	defer cancel()
	if r.b.link.wait(ctx) != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, errDisconnected)
	}
	return nil
}

// compare reads what has been restored, and sets at.
func (r *restore) compare(ctx context.Context) error {
	is, err := r.b.readLog(ctx, nil, r.b.markedState)
	for pass := 1; err == nil && pass < copyPasses && r.lacking(is); pass++ {
		var again *Copy // from another leader, perhaps
		if again, err = r.b.readLog(ctx, nil, r.b.markedState); err == nil {
			is.add(again)
		}
	}
	switch {
	case err != nil:
		return err
	case is.Last > r.copy.Last, r.lacking(is):
		return errOther
	}
	for _, e := range is.Entries {
		if want, ok := r.want(e.Seq); ok {
			if want.Subject != e.Subject || !bytes.Equal(want.Body, e.Body) {
				return errOther
			}
		} else if !bytes.Equal(e.Body, lost(e.Seq)) {
			return errOther
		} else if err := r.empty(ctx, e.Seq); err != nil {
			return err
		}
	}
	r.at = is.Last
	return nil
}

// lacking tells whether a place is empty that is not to be.
func (r *restore) lacking(is *Copy) bool {
	next := uint64(1)
	for i := 0; next <= is.Last; next++ {
		if i < len(is.Entries) && is.Entries[i].Seq == next {
			i++
		} else if _, ok := r.want(next); ok {
			return true
		}
	}
	return false
}

// want is what is to be at a place; ok is false for one that is to be empty.
func (r *restore) want(seq uint64) (e notice.Entry, ok bool) {
	if e, ok := r.copy.at(seq); ok {
		e.Subject = subjectOf(e)
		return e, true
	}
	if within(r.missing, seq) {
		return notice.Entry{Seq: seq, Subject: lostSubject, Body: lost(seq)}, true
	}
	return notice.Entry{}, false
}

// put writes one place. An empty one is made by writing, and by deleting when all is
// compared.
func (r *restore) put(ctx context.Context, seq uint64) error {
	e, ok := r.want(seq)
	if !ok {
		e = notice.Entry{Subject: lostSubject, Body: lost(seq)}
	}
	subject := restorePrefix + strings.TrimPrefix(e.Subject, logPrefix)
	if _, err := r.b.write(ctx, StreamLog, subject, e.Body, jetstream.ExpectedLastSeqHeader, seq-1); err != nil {
		return fmt.Errorf("entry %d: %w", seq, err)
	}
	return nil
}

// empty deletes what stands at a place.
func (r *restore) empty(ctx context.Context, seq uint64) error {
	return r.asking(ctx, func(ctx context.Context) error {
		stream, err := r.b.js.Stream(ctx, StreamLog)
		if err == nil {
			err = stream.DeleteMsg(ctx, seq)
		}
		if err != nil {
			return fmt.Errorf("emptying place %d: %w", seq, err)
		}
		return nil
	})
}

func (r *restore) asking(ctx context.Context, act func(context.Context) error) error {
	ctx, done, err := r.b.link.within(ctx, makeTimeout)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	defer done()
	return act(ctx)
}

const (
	lostSubject = logPrefix + "lost"
	// typeLost is of no document: boards skip it. It keeps a place whose entry nobody has.
	typeLost = "application/vnd.tocsin.lost+json"
)

// lost is what stands at a place whose entry was lost.
func lost(seq uint64) []byte {
	e := notice.Envelope{PayloadType: typeLost, Payload: fmt.Appendf(nil, `{"seq":%d}`, seq)}
	return e.Marshal()
}

// subjectOf is where an entry belongs: redactions and keysets are looked for by their
// subjects, which a file may have wrong.
func subjectOf(e notice.Entry) string {
	envelope, err := notice.ParseEnvelope(e.Body)
	if err == nil {
		if subject, err := notice.Subject(envelope); err == nil {
			return subject
		}
	}
	return e.Subject
}

// entered is the epoch that began when a stream was made.
func entered(info *jetstream.StreamInfo) string { return epochOf(StreamLog, info.Created) }
