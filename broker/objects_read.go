package broker

import (
	"bytes"
	"context"
	"errors"
	"os"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	// objectLook is how often a read that goes on looks whether its value is still there.
	objectLook = 500 * time.Millisecond
	// objectPause bounds the time until a read notices that its context has ended.
	objectPause = 100 * time.Millisecond
)

var (
	// errObjectReplaced is a value that was replaced, or deleted, while it was read.
	errObjectReplaced = errors.New("replaced while it was read")
	// errObjectDamaged is a value of which the stream has lost messages.
	errObjectDamaged = errors.New("messages of it are lost")
)

// read reads a value as it is when the read begins, or returns errObjectReplaced or
// errObjectDamaged. Whoever replaces a value takes away the messages of the old one; the
// client library would wait for them, for as long as it may.
func (o *Objects) read(ctx context.Context, store jetstream.ObjectStore, name string) ([]byte, error) {
	info, err := store.GetInfo(ctx, name)
	if err != nil {
		return nil, err
	}
	ctx, end := context.WithCancelCause(ctx)
	var looking sync.WaitGroup
	looking.Go(func() { end(o.awaitLoss(ctx, store, info)) })
	value, err := readAll(patient{ctx}, store, name)
	end(nil)
	looking.Wait()
	if cause := context.Cause(ctx); err != nil && (cause == errObjectReplaced || cause == errObjectDamaged) {
		err = cause
	}
	return value, err
}

// awaitLoss returns errObjectReplaced or errObjectDamaged once it is so; nil if ctx ends
// first.
func (o *Objects) awaitLoss(ctx context.Context, store jetstream.ObjectStore, info *jetstream.ObjectInfo) error {
	tick := time.NewTicker(objectLook)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		chunks, err := o.chunks(ctx, info.NUID)
		if err != nil {
			continue
		}
		now, err := store.GetInfo(ctx, info.Name) // after chunks, which go when info has changed
		switch {
		case errors.Is(err, jetstream.ErrObjectNotFound), err == nil && now.NUID != info.NUID:
			return errObjectReplaced
		case err == nil && chunks < uint64(info.Chunks):
			return errObjectDamaged
		}
	}
}

// chunks counts the messages that there are of a value.
func (o *Objects) chunks(ctx context.Context, nuid string) (uint64, error) {
	stream, err := o.b.js.Stream(ctx, "OBJ_"+o.bucket)
	if err != nil {
		return 0, err
	}
	subject := "$O." + o.bucket + ".C." + nuid
	info, err := stream.Info(ctx, jetstream.WithSubjectFilter(subject))
	if err != nil {
		return 0, err
	}
	return info.State.Subjects[subject], nil
}

// readAll is the library's GetBytes, which reads until its context's deadline without
// looking whether the context has ended. The library looks after each deadline.
func readAll(ctx patient, store jetstream.ObjectStore, name string) ([]byte, error) {
	object, err := store.Get(ctx, name)
	if err != nil {
		return nil, err
	}
	defer object.Close()
	var value bytes.Buffer
	for err = os.ErrDeadlineExceeded; errors.Is(err, os.ErrDeadlineExceeded); {
		_, err = value.ReadFrom(object)
	}
	return value.Bytes(), err
}

// patient is a context whose deadline is always a moment ahead.
type patient struct{ context.Context }

func (p patient) Deadline() (time.Time, bool) { return time.Now().Add(objectPause), true }
