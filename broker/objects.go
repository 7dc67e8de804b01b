package broker

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
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
	// maxObject is an object's largest size in bytes: the longest list of affected people has
	// 32 million. Whoever can write to the bucket can describe any.
	maxObject = 33 << 20
	// maxChunks leaves room for pieces that are half as long.
	maxChunks = 2 * maxObject / objectChunk
)

// Objects keeps named values that are larger than a message. It is safe for
// concurrent use, by several processes too; the last write of a name counts.
type Objects struct {
	b      *Broker
	bucket string

	mu     sync.Mutex // not held while the broker is asked
	state  bucketState
	listed []ObjectInfo
	said   map[string]bool // subjects of forged descriptions that the log has named
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
func (b *Broker) Cohorts() *Objects {
	return &Objects{b: b, bucket: BucketCohorts, said: make(map[string]bool)}
}

// Put keeps a value of 33 MiB at most under a name, in place of an earlier one. [ErrUnavailable] means
// that nothing was written, [ErrUnconfirmed] that List must tell. A reader sees the
// old value or the new one, whole.
func (o *Objects) Put(ctx context.Context, name string, value []byte, metadata map[string]string) error {
	if len(value) > maxObject {
		return fmt.Errorf("storing object %s: %d bytes are more than %d", name, len(value), maxObject)
	}
	if err := o.b.Available(ctx); err != nil {
		return fmt.Errorf("storing object %s: %w", name, err)
	}
	if err := o.unforge(ctx, name); err != nil && !errors.Is(err, jetstream.ErrObjectNotFound) {
		return readError("storing object "+name, err)
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
	if err := o.unforge(ctx, name); err != nil {
		return readError("deleting object "+name, err)
	}
	err := o.with(ctx, objectTimeout, func(ctx context.Context, store jetstream.ObjectStore) error {
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
// [ErrUnavailable] if there was no answer in some seconds, [ErrDamaged] besides if the answers
// did not make it whole.
func (o *Objects) Get(ctx context.Context, name string) (value []byte, err error) {
	err = o.read(ctx, func(ctx context.Context) error {
		info, err := o.info(ctx, o.metaSubject(name))
		if err == nil {
			value, err = o.chunks(ctx, info)
		}
		return err
	})
	return value, readError("reading object "+name, err)
}

// The subjects of an object store: its descriptions by name, its pieces by the id of
// their object (NATS ADR-20).
func (o *Objects) metaSubject(name string) string {
	return "$O." + o.bucket + ".M." + base64.URLEncoding.EncodeToString([]byte(name))
}

func (o *Objects) metaSubjects() string { return "$O." + o.bucket + ".M.*" }

func (o *Objects) chunkSubject(nuid string) string { return "$O." + o.bucket + ".C." + nuid }

func (o *Objects) stream() string { return "OBJ_" + o.bucket }

// object is a description, and where it stands: behind the pieces of what it describes.
type object struct {
	jetstream.ObjectInfo
	seq uint64
}

// info reads the description on a subject, of which whoever may write to the bucket can have
// made anything: errObjectForged if it is no description, or one of other subjects than its own,
// with where it stands; with nothing if none can stand there.
func (o *Objects) info(ctx context.Context, subject string) (*object, error) {
	if !validSubject(subject) {
		return nil, errObjectForged
	}
	m, found, err := o.b.fetchWithin(ctx, o.stream(), lookup{Last: subject})
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, jetstream.ErrObjectNotFound
	}
	return o.describes(m)
}

// describes reads a description.
func (o *Objects) describes(m message) (*object, error) {
	info := &object{seq: m.seq}
	switch err := json.Unmarshal(m.body, &info.ObjectInfo); {
	case err != nil, info.Bucket != o.bucket, o.metaSubject(info.Name) != m.subject,
		!validSubject(info.NUID), strings.Contains(info.NUID, "."),
		info.Size > maxObject, info.Chunks > maxChunks:
		return &object{seq: m.seq}, errObjectForged
	case info.Deleted:
		return nil, jetstream.ErrObjectNotFound
	}
	info.ModTime = m.time
	return info, nil
}

// ErrDamaged is an object that can't be read whole: the stream has lost messages of it or never
// had them, or they are so far between that they don't come in time. To find that out asks much.
var ErrDamaged = errors.New("it is not whole")

// chunks reads what info describes. Its pieces mostly stand right before it; if others
// wrote between them, they are looked for from the beginning.
func (o *Objects) chunks(ctx context.Context, info *object) ([]byte, error) {
	want, err := jetstream.DecodeObjectDigest(info.Digest)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	for _, from := range []uint64{info.seq - min(info.seq, uint64(info.Chunks)), 1} {
		value, err := o.chunksFrom(ctx, info, from)
		switch {
		case err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded):
			return nil, fmt.Errorf("%w in time: %w", ErrDamaged, err)
		case err != nil:
			return nil, err
		}
		if sum := sha256.Sum256(value); bytes.Equal(sum[:], want) && uint64(len(value)) == info.Size {
			return value, nil
		}
	}
	switch now, err := o.info(ctx, o.metaSubject(info.Name)); {
	case err != nil:
		return nil, err
	case now.NUID != info.NUID: // replaced, which takes the old messages away
		return nil, errMoved
	}
	return nil, fmt.Errorf("%w: messages of it are lost", ErrDamaged)
}

// chunksFrom reads as many pieces as info names, from a place on; fewer if there are no more.
func (o *Objects) chunksFrom(ctx context.Context, info *object, from uint64) ([]byte, error) {
	p := &place{
		b: o.b, stream: o.stream(), subjects: o.chunkSubject(info.NUID),
		next: max(from, 1), ahead: min(max(int(info.Chunks), 2), readAhead),
	}
	var value []byte // grows with what is there: info may claim anything
	for left := int(info.Chunks); left > 0 && !p.end && uint64(len(value)) <= info.Size; {
		batch, err := p.batch(ctx)
		if err != nil {
			return nil, err
		}
		for _, m := range batch[:min(left, len(batch))] {
			value, p.next = append(value, m.body...), m.seq+1
			left--
		}
	}
	return value, nil
}

// List returns all objects. [ErrUnavailable] means that there was no answer in some
// seconds. While nothing changes it costs one question.
func (o *Objects) List(ctx context.Context) ([]ObjectInfo, error) {
	err := o.read(ctx, o.look)
	if err != nil {
		return nil, readError("listing "+o.bucket, err)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.listed), nil
}

// look brings what is listed up to date.
func (o *Objects) look(ctx context.Context) error {
	o.mu.Lock()
	known := o.state
	o.mu.Unlock()
	subjects, state, err := o.described(ctx, known)
	if err != nil || state == known {
		return err
	}
	list := []ObjectInfo{}
	for _, subject := range subjects {
		i, err := o.info(ctx, subject)
		switch {
		case errors.Is(err, jetstream.ErrObjectNotFound):
			continue
		case errors.Is(err, errObjectForged): // and keeps no other from being listed
			o.passOver(subject)
			continue
		case err != nil:
			return err
		}
		list = append(list, ObjectInfo{
			Name: i.Name, Digest: i.NUID + "." + i.Digest, Size: i.Size, Time: i.ModTime, Metadata: i.Metadata,
		})
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.state, o.listed = state, list
	return nil
}

// bucketState is the same as long as nothing was written or purged.
type bucketState struct {
	created time.Time
	last    uint64
	count   uint64 // of messages: a purge changes that alone
}

// described lists the subjects of all descriptions, unless nothing changed since known.
func (o *Objects) described(ctx context.Context, known bucketState) ([]string, bucketState, error) {
	ctx, done, err := o.b.link.within(ctx, requestTimeout)
	if err != nil {
		return nil, bucketState{}, err
	}
	defer done()
	stream, err := o.b.js.Stream(ctx, o.stream())
	if err != nil {
		return nil, bucketState{}, err
	}
	if stateOf(stream.CachedInfo()) == known {
		return nil, known, nil
	}
	info, err := stream.Info(ctx, jetstream.WithSubjectFilter(o.metaSubjects()))
	if err != nil {
		return nil, bucketState{}, err
	}
	return slices.Sorted(maps.Keys(info.State.Subjects)), stateOf(info), nil
}

func stateOf(info *jetstream.StreamInfo) bucketState {
	return bucketState{created: info.Created, last: info.State.LastSeq, count: info.State.Msgs}
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

// errMoved asks for another attempt: what was read was replaced meanwhile.
var errMoved = errors.New("it was replaced meanwhile")

// read does again what came to nothing.
func (o *Objects) read(ctx context.Context, act func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, objectTimeout)
	defer cancel()
	return o.b.again(ctx, objectTimeout, func() error {
		err := act(ctx)
		if errors.Is(err, errDisconnected) {
			err = fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
		return err
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
