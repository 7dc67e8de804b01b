package broker

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// BucketCohorts is the object store of lists of affected people.
const BucketCohorts = "TOCSIN_COHORTS"

const (
	// objectChunk is the size of an object's messages, well below the streams' limit.
	objectChunk = 64 << 10
	// objectTimeout bounds the writing or reading of a whole object.
	objectTimeout = 20 * time.Second
	// objectTry is how much of that the first attempt to read gets; the next gets more.
	objectTry = 4 * time.Second
	// maxAhead bounds the memory that an object's description alone can claim.
	maxAhead = 32 << 20
)

// Objects keeps named values that are larger than a message. It is safe for
// concurrent use, by several processes too; the last write of a name counts.
type Objects struct {
	b      *Broker
	bucket string
}

// ObjectInfo describes an object.
type ObjectInfo struct {
	Name string
	// Digest changes with the value.
	Digest   string
	Size     uint64            // bytes
	Time     time.Time         // of the last write, by the broker's clock
	Metadata map[string]string // as given to Put
}

// Cohorts returns the store of [BucketCohorts].
func (b *Broker) Cohorts() *Objects { return &Objects{b: b, bucket: BucketCohorts} }

// Put keeps a value under a name, in place of an earlier one. [ErrUnavailable] means
// that nothing was written, [ErrUnconfirmed] that List must tell. A reader sees the
// old value or the new one, whole.
func (o *Objects) Put(ctx context.Context, name string, value []byte, metadata map[string]string) error {
	if err := o.b.Available(ctx); err != nil {
		return fmt.Errorf("storing object %s: %w", name, err)
	}
	err := o.with(ctx, objectTimeout, func(ctx context.Context, store jetstream.ObjectStore) error {
		_, err := store.Put(ctx, jetstream.ObjectMeta{
			Name: name, Metadata: metadata, Opts: &jetstream.ObjectMetaOptions{ChunkSize: objectChunk},
		}, bytes.NewReader(value))
		return err
	})
	return written("storing object "+name, err)
}

// Delete removes an object; [ErrNotFound] if there is none. Errors are Put's.
func (o *Objects) Delete(ctx context.Context, name string) error {
	if err := o.b.Available(ctx); err != nil {
		return fmt.Errorf("deleting object %s: %w", name, err)
	}
	err := o.with(ctx, objectTimeout, func(ctx context.Context, store jetstream.ObjectStore) error {
		if _, err := store.GetInfo(ctx, name); err != nil { // Delete takes what is deleted already
			return err
		}
		return store.Delete(ctx, name)
	})
	return written("deleting object "+name, err)
}

func written(doing string, err error) error {
	var api *jetstream.APIError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, jetstream.ErrObjectNotFound):
		return fmt.Errorf("%s: %w", doing, ErrNotFound)
	case errors.Is(err, ErrUnavailable):
		return fmt.Errorf("%s: %w", doing, err)
	case errors.As(err, &api) && strings.Contains(api.Description, "maximum bytes exceeded"):
		return fmt.Errorf("%s: %w", doing, ErrFull)
	}
	return fmt.Errorf("%s: %w: %w", doing, ErrUnconfirmed, err)
}

// Get returns a value, verified against its digest; [ErrNotFound] if there is none,
// [ErrUnavailable] if there was no answer in some seconds.
func (o *Objects) Get(ctx context.Context, name string) (value []byte, err error) {
	err = o.read(ctx, func(ctx context.Context, store jetstream.ObjectStore) error {
		info, err := store.GetInfo(ctx, name)
		if err == nil {
			value, err = o.chunks(ctx, store, info)
		}
		return err
	})
	return value, readError("reading object "+name, err)
}

// errObjectDamaged is an object of which the stream has lost messages.
var errObjectDamaged = errors.New("messages of it are lost")

// chunks reads what info describes. The library's own Get leaves a goroutine behind for
// ever when the answer to its question for the chunks is lost, and a chunk is not.
func (o *Objects) chunks(ctx context.Context, store jetstream.ObjectStore, info *jetstream.ObjectInfo) ([]byte, error) {
	value := make([]byte, 0, min(info.Size, maxAhead))
	subject := "$O." + o.bucket + ".C." + info.NUID
	err := o.b.scan(ctx, "OBJ_"+o.bucket, func(m message) {
		value = append(value, m.body...)
	}, subject)
	if err != nil {
		return nil, err
	}
	want, err := jetstream.DecodeObjectDigest(info.Digest)
	if err != nil {
		return nil, err
	}
	if sum := sha256.Sum256(value); bytes.Equal(sum[:], want) {
		return value, nil
	}
	switch now, err := store.GetInfo(ctx, info.Name); {
	case err != nil:
		return nil, err
	case now.NUID != info.NUID: // replaced, which takes the old messages away
		return nil, errMissedDelivery
	}
	stream, err := o.b.js.Stream(ctx, "OBJ_"+o.bucket)
	if err != nil {
		return nil, err
	}
	state, err := stream.Info(ctx, jetstream.WithSubjectFilter(subject))
	if err != nil {
		return nil, err
	}
	if state.State.Subjects[subject] < uint64(info.Chunks) {
		return nil, errObjectDamaged
	}
	return nil, errMissedDelivery
}

// List returns all objects. [ErrUnavailable] means that there was no answer in some
// seconds.
func (o *Objects) List(ctx context.Context) ([]ObjectInfo, error) {
	var list []ObjectInfo
	err := o.read(ctx, func(ctx context.Context, store jetstream.ObjectStore) error {
		infos, err := store.List(ctx)
		if errors.Is(err, jetstream.ErrNoObjectsFound) {
			return nil
		}
		list = make([]ObjectInfo, 0, len(infos))
		for _, i := range infos {
			list = append(list, ObjectInfo{
				Name: i.Name, Digest: i.NUID + "." + i.Digest, Size: i.Size, Time: i.ModTime, Metadata: i.Metadata,
			})
		}
		return err
	})
	return list, readError("listing "+o.bucket, err)
}

func readError(doing string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, jetstream.ErrObjectNotFound):
		return fmt.Errorf("%s: %w", doing, ErrNotFound)
	}
	return fmt.Errorf("%s: %w: %w", doing, ErrUnavailable, err)
}

// read is with for what may be done twice: the library, whose answer was lost, waits
// for it to the end.
func (o *Objects) read(ctx context.Context, act func(context.Context, jetstream.ObjectStore) error) error {
	ctx, cancel := context.WithTimeout(ctx, objectTimeout)
	defer cancel()
	limit := objectTry
	return o.b.again(ctx, objectTimeout, func() error {
		defer func() { limit = objectTimeout }()
		return o.with(ctx, limit, act)
	})
}

// with runs one act on the bucket, bounded in time and by the connection.
func (o *Objects) with(ctx context.Context, limit time.Duration, act func(context.Context, jetstream.ObjectStore) error) error {
	ctx, done, err := o.b.link.within(ctx, limit)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	defer done()
	store, err := o.b.js.ObjectStore(ctx, o.bucket)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return act(ctx, store)
}

// makeBucket makes the bucket on that many replicas. One that is there stays as it is:
// a disk that is too full to change it can still be read.
func (b *Broker) makeBucket(ctx context.Context, maxBytes int64, replicas int) error {
	ctx, done, err := b.link.within(ctx, makeTimeout)
	if err != nil {
		return err
	}
	defer done()
	if _, err := b.js.ObjectStore(ctx, BucketCohorts); !errors.Is(err, jetstream.ErrBucketNotFound) {
		return err
	}
	_, err = b.js.CreateObjectStore(ctx, jetstream.ObjectStoreConfig{
		Bucket: BucketCohorts, Description: "Tocsin: who is affected, by pseudonym, sealed",
		Storage: jetstream.FileStorage, Replicas: replicas, MaxBytes: maxBytes,
	})
	return err
}
