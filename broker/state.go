package broker

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// peerSilence is how long a replica may not have been heard of by the leader and
// still count as online. The leader hears of each at least every second; the
// server's own verdict ("offline") takes ten.
const peerSilence = 4 * time.Second

var (
	errNoAnswer   = errors.New("no answer from the log's leader")
	errNoLeader   = errors.New("the log has no leader")
	errNoMajority = errors.New("no majority of the log's replicas is online")
)

// logState is what the log's leader says of the log at one moment.
type logState struct {
	epoch     string
	last      uint64
	clustered bool
	degraded  error     // why nothing can be appended, nil if it can
	asked     time.Time // when the question was sent
	marked    error     // that the log is being restored; nil if it is not
}

// logState asks the log's leader. An error means that there was no answer, or none
// from a leader.
func (b *Broker) logState(ctx context.Context) (logState, error) {
	state, err := b.markedState(ctx)
	if err == nil {
		err = state.marked
	}
	return state, err
}

// markedState is logState for the one who restores the log.
func (b *Broker) markedState(ctx context.Context) (logState, error) {
	ctx, done, err := b.link.within(ctx, requestTimeout)
	if err != nil {
		return logState{}, err
	}
	defer done()
	return insist(ctx, b.askState)
}

func (b *Broker) askState(ctx context.Context) (logState, error) {
	asked := time.Now()
	stream, err := b.js.Stream(ctx, StreamLog)
	switch {
	case errors.Is(err, jetstream.ErrStreamNotFound):
		return logState{}, fmt.Errorf("the broker has no stream %s; make it with \"broker init\"", StreamLog)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return logState{}, errNoAnswer
	case err != nil:
		return logState{}, fmt.Errorf("asking for the log's state: %w", err)
	}
	info := stream.CachedInfo()
	if info.Config.Name != StreamLog {
		return logState{}, fmt.Errorf("asking for the log's state: an answer about %s", info.Config.Name)
	}
	b.metrics.said(info)
	return logState{
		epoch:     epochOf(StreamLog, info.Created),
		last:      info.State.LastSeq,
		clustered: info.Cluster != nil && len(info.Cluster.Replicas) > 0,
		degraded:  degraded(info.Cluster),
		asked:     asked,
		marked:    restoring(info.Config),
	}, nil
}

// degraded is nil when the group has a leader and most of it is online. A server
// that is no cluster's has no group.
func degraded(group *jetstream.ClusterInfo) error {
	if group == nil {
		return nil
	}
	if group.Leader == "" {
		return errNoLeader
	}
	if online(group) <= (1+len(group.Replicas))/2 {
		return errNoMajority
	}
	return nil
}

// online counts the group's servers that are: the leader that speaks, and of the others
// those that it has heard of. A server that is no cluster's is one.
func online(group *jetstream.ClusterInfo) int {
	n := 1
	if group == nil {
		return n
	}
	for _, peer := range group.Replicas {
		if !peer.Offline && peer.Active <= peerSilence {
			n++
		}
	}
	return n
}

// epochOf names one life of a stream (docs/protocol.md, "Cursor"). It is the same on
// every node, and another when the stream was made anew.
func epochOf(stream string, created time.Time) string {
	sum := sha256.Sum256([]byte(stream + created.UTC().Format(time.RFC3339Nano)))
	return hex.EncodeToString(sum[:4])
}

// Available returns nil if the log has a leader and a majority of its replicas is
// online, so that an append is likely to succeed, and otherwise [ErrUnavailable]
// with the reason. It asks the broker each time, for two seconds at most.
func (b *Broker) Available(ctx context.Context) error {
	state, err := b.logState(ctx)
	if err == nil {
		err = state.degraded
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return nil
}
