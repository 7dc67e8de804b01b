package broker

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
)

// errObjectForged is a description that can't be read, or names what is not its own.
var errObjectForged = errors.New("no desk wrote its description")

// unforge takes a forged description away before its name is written to: the client's library
// believes what is stored there, and would drop the pieces of another object or of all, write
// under another's name, or refuse for good. [jetstream.ErrObjectNotFound] says that no object
// is left. A thief who still has a key could do all that without this process's help.
func (o *Objects) unforge(ctx context.Context, name string) error {
	return o.read(ctx, func(ctx context.Context) error {
		subject := o.metaSubject(name)
		info, err := o.info(ctx, subject)
		if err == nil {
			err = o.owned(ctx, info)
		}
		if !errors.Is(err, errObjectForged) || info == nil {
			return err
		}
		if err := o.purge(ctx, subject, info.seq); err != nil {
			return fmt.Errorf("removing a forged description: %w", err)
		}
		o.b.log.Warn("forged description removed", "bucket", o.bucket, "object", name)
		return jetstream.ErrObjectNotFound
	})
}

// owned is nil unless the pieces that info names are those of an object described before it:
// then that description stands between the first of them and info's.
func (o *Objects) owned(ctx context.Context, info *object) error {
	first, found, err := o.b.fetchWithin(ctx, o.stream(), lookup{Seq: 1, Next: o.chunkSubject(info.NUID)})
	if err != nil || !found {
		return err
	}
	enough := errors.New("all that stood before it was read")
	err = o.b.scan(ctx, o.stream(), o.metaSubjects(), lookup{Seq: first.seq}, func(m message) error {
		if m.seq >= info.seq {
			return enough
		}
		other, err := o.describes(m)
		if err == nil && other.Name != info.Name && other.NUID == info.NUID {
			return errObjectForged
		}
		return nil
	})
	if errors.Is(err, enough) {
		return nil
	}
	return err
}

// purge removes what stands on a subject, which is no pattern, up to what was judged: another
// may have been written since.
func (o *Objects) purge(ctx context.Context, subject string, judged uint64) error {
	ctx, done, err := o.b.link.within(ctx, requestTimeout)
	if err != nil {
		return err
	}
	defer done()
	stream, err := o.b.js.Stream(ctx, o.stream())
	if err != nil {
		return err
	}
	return stream.Purge(ctx, jetstream.WithPurgeSubject(subject), jetstream.WithPurgeSequence(judged+1))
}

// maxSaid bounds how many forged descriptions the log names.
const maxSaid = 100

// passOver has the log name a forged description, once: the bucket is looked at after each
// write to it.
func (o *Objects) passOver(subject string) {
	o.mu.Lock()
	silent := o.said[subject] || len(o.said) >= maxSaid
	if !silent {
		o.said[subject] = true
	}
	o.mu.Unlock()
	if !silent {
		o.b.log.Warn("object passed over", "bucket", o.bucket, "subject", subject, "error", errObjectForged)
	}
}
