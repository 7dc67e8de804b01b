package broker

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
)

// prepare sees to it that the log's stream is a marked one of this restore, and returns
// what it is to be when the mark goes.
func (r *restore) prepare(ctx context.Context) (config jetstream.StreamConfig, err error) {
	info, err := r.info(ctx)
	if err != nil {
		return config, err
	}
	err = r.asking(ctx, func(ctx context.Context) error {
		if info == nil {
			if config = streamConfigs(r.b.config.maxBytes(), max(r.Replicas, 1))[0]; r.former != nil {
				config = *r.former // an attempt removed it, and came no further
			}
			return r.make(ctx, config)
		}
		config = unmarked(info.Config)
		r.former = &config
		switch mark := info.Config.Metadata[restoreMark]; {
		case mark == r.digest:
			r.epoch, r.committed = entered(info), false // if the last step was taken, it was in vain
			return nil
		case mark == "" && r.committed && entered(info) == r.epoch:
			return nil // the answer to the last step was lost
		case mark == "":
			if err := r.retire(ctx, info); err != nil {
				return err
			}
		}
		if err := r.b.js.DeleteStream(ctx, StreamLog); err != nil {
			return fmt.Errorf("removing the former stream: %w", err)
		}
		return r.make(ctx, config)
	})
	return config, err
}

// info asks for the log's stream; nil if there is none. One without a leader does not
// answer, and is asked again by the next attempt.
func (r *restore) info(ctx context.Context) (*jetstream.StreamInfo, error) {
	ctx, done, err := r.b.link.within(ctx, requestTimeout)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	defer done()
	stream, err := r.b.js.Stream(ctx, StreamLog)
	switch {
	case errors.Is(err, jetstream.ErrStreamNotFound):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("asking for the log's stream: %w", err)
	}
	return stream.CachedInfo(), nil
}

// make makes the marked stream.
func (r *restore) make(ctx context.Context, config jetstream.StreamConfig) error {
	stream, err := r.b.js.CreateStream(ctx, marked(config, r.digest))
	if err != nil {
		return fmt.Errorf("making the stream: %w", tooFew(err))
	}
	r.at, r.epoch, r.committed = 0, entered(stream.CachedInfo()), false
	return nil
}

// retire makes sure that a stream in use may be removed: nobody can append to it any
// more, and it holds nothing but what is to be replaced.
func (r *restore) retire(ctx context.Context, info *jetstream.StreamInfo) error {
	if err := r.replaces(info); err != nil {
		return err
	}
	config := unmarked(info.Config)
	closed := config
	closed.Subjects = []string{closedSubjects}
	stream, err := r.b.js.UpdateStream(ctx, closed)
	if err != nil {
		return fmt.Errorf("closing the former stream: %w", err)
	}
	if err = r.replaces(stream.CachedInfo()); err == nil {
		err = r.fence(ctx, info.State.LastSeq)
	}
	if err != nil {
		_, opening := r.b.js.UpdateStream(ctx, config)
		return errors.Join(err, opening)
	}
	return nil
}

// fence asks a closed stream for its last sequence, by a write that it refuses. Its state
// would not tell: appends that came before it was closed may be on their way through the
// cluster, to be confirmed afterwards. One leader deals with writes in turn; what another, elected
// right then, might confirm is in docs/adr/0014.
func (r *restore) fence(ctx context.Context, last uint64) error {
	_, err := r.b.write(ctx, StreamLog, closedPrefix+"fence", []byte("{}"), jetstream.ExpectedLastSeqHeader, maxSeq)
	var refused *conflict
	switch {
	case !errors.As(err, &refused), !refused.told:
		return fmt.Errorf("looking whether the log has changed: %w", cmp.Or(err, errSkipped))
	case refused.last != last:
		return changed(refused.last)
	}
	return nil
}

// changed is the error for a log that is not what was read of it.
func changed(last uint64) error {
	return fmt.Errorf("%w: it has changed since it was read (it ends at %d now); begin again", ErrNotEmpty, last)
}

// replaces is nil if the stream is what the restore may replace.
func (r *restore) replaces(info *jetstream.StreamInfo) error {
	last, epoch := info.State.LastSeq, entered(info)
	switch old := r.Replace; {
	case old == nil && last > 0:
		return fmt.Errorf("%w: %d, up to number %d (epoch %s)", ErrNotEmpty, info.State.Msgs, last, epoch)
	case old != nil && (last != old.Last || epoch != old.Epoch):
		return changed(last)
	}
	return nil
}

// remove removes a marked stream.
func (r *restore) remove(ctx context.Context) error {
	r.at = 0
	return r.asking(ctx, func(ctx context.Context) error { return r.b.js.DeleteStream(ctx, StreamLog) })
}

// commit puts the log into use.
func (r *restore) commit(ctx context.Context, config jetstream.StreamConfig) error {
	r.committed = true
	err := r.asking(ctx, func(ctx context.Context) error {
		_, err := r.b.js.UpdateStream(ctx, config)
		return err
	})
	if err != nil {
		return fmt.Errorf("putting the log into use: %w", err)
	}
	if r.b.server == nil {
		return nil
	}
	return r.b.Init(ctx, 1) // the streams beside it
}
