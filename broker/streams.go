package broker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"tocsin/notice"
)

// The streams (docs/protocol.md, "The log").
const (
	// StreamLog holds the log: all that nodes and clients need, in one order.
	StreamLog = "TOCSIN_LOG"
	// StreamDesk holds proposals, one message per subject, for a week.
	StreamDesk = "TOCSIN_DESK"
	// StreamReceipts holds cumulative counts, one message per subject, for 400 days.
	StreamReceipts = "TOCSIN_RECEIPTS"
)

// Subjects.
const (
	logSubjects       = "tocsin.log.>"
	subjectKeyset     = "tocsin.log.keyset"
	subjectRedaction  = "tocsin.log.redaction"
	logPrefix         = "tocsin.log."
	deskPrefix        = "tocsin.desk."
	receiptsPrefix    = "tocsin.receipts."
	proposalRetention = 7 * 24 * time.Hour
	// receiptRetention counts from a record's last change: as long as a notice can run
	// (docs/protocol.md, "Fold rules on the document"), so that no count shrinks while
	// its notice shows. Without it every start of a node would leave records for good.
	receiptRetention = 400 * 24 * time.Hour
)

// makeTimeout bounds the making of one stream. A cluster that has just started, on
// machines that are busy, takes its time to place one.
const makeTimeout = 15 * time.Second

// Init makes the streams on a cluster with that many replicas each (1, 3 or 5), or
// brings those that exist in line. It needs rights that a node should not have; with
// an embedded store Open has done it. It is safe to repeat.
func (b *Broker) Init(ctx context.Context, replicas int) error {
	switch replicas {
	case 1, 3, 5:
	default:
		return fmt.Errorf("broker: %d replicas; 1, 3 or 5 are possible", replicas)
	}
	if err := b.link.wait(ctx); err != nil {
		return fmt.Errorf("making the streams: %w", err)
	}
	for _, config := range streamConfigs(b.config.maxBytes(), replicas) {
		if err := b.makeStream(ctx, config); err != nil {
			return fmt.Errorf("making stream %s: %w", config.Name, tooFew(err))
		}
	}
	if err := b.makeBucket(ctx, b.config.maxBytes()/8, replicas); err != nil {
		return fmt.Errorf("making bucket %s: %w", BucketCohorts, err)
	}
	return nil
}

// The error codes of NATS for a stream that has no place for all its copies.
const (
	errCodeNoPeers      jetstream.ErrorCode = 10005
	errCodeNotClustered jetstream.ErrorCode = 10074
)

// tooFew marks what NATS answers when it can't make as many copies.
func tooFew(err error) error {
	var api *jetstream.APIError
	if errors.As(err, &api) && (api.ErrorCode == errCodeNoPeers || api.ErrorCode == errCodeNotClustered) {
		return fmt.Errorf("%w (%w)", ErrReplicas, err)
	}
	return err
}

// makeStream makes a stream, or changes one that exists and differs. The wait is
// bounded: a cluster without a leader does not answer at all.
func (b *Broker) makeStream(ctx context.Context, config jetstream.StreamConfig) error {
	ctx, done, err := b.link.within(ctx, makeTimeout)
	if err != nil {
		return err
	}
	defer done()
	stream, err := b.js.Stream(ctx, config.Name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		_, err = b.js.CreateStream(ctx, config)
		return err
	}
	if err == nil {
		err = restoring(stream.CachedInfo().Config)
	}
	if err != nil || sameConfig(stream.CachedInfo().Config, config) {
		return err
	}
	_, err = b.js.UpdateStream(ctx, config)
	if err != nil && b.server != nil {
		// A disk that is too full to change a description can still be read.
		b.log.Warn("store keeps its old limits", "stream", config.Name, "error", err)
		return nil
	}
	return err
}

// sameConfig is whether a stream is as streamConfigs wants it. What the server adds by
// itself does not count.
func sameConfig(is, want jetstream.StreamConfig) bool {
	return slices.Equal(is.Subjects, want.Subjects) &&
		is.Description == want.Description &&
		is.Replicas == want.Replicas &&
		is.MaxBytes == want.MaxBytes &&
		is.MaxMsgSize == want.MaxMsgSize &&
		is.MaxAge == want.MaxAge &&
		max(is.MaxMsgsPerSubject, 0) == max(want.MaxMsgsPerSubject, 0) &&
		is.Discard == want.Discard &&
		is.DenyDelete == want.DenyDelete &&
		is.DenyPurge == want.DenyPurge &&
		is.AllowDirect == want.AllowDirect &&
		is.AllowRollup == want.AllowRollup
}

// streamConfigs divides maxBytes: half is the log's, an eighth each is the desk's,
// the receipts' and the cohorts' ([Broker.makeBucket]), and an eighth is kept for the
// audit record.
func streamConfigs(maxBytes int64, replicas int) []jetstream.StreamConfig {
	log := streamConfig(StreamLog, logSubjects, maxBytes/2, replicas)
	log.Description = "Tocsin: the log"
	// Redaction deletes single messages from the log, behind a signed document that
	// says so; that is the one reason why deleting is not denied here. A hole without
	// such a document stops every follower with an alarm.
	log.DenyDelete = false

	desk := streamConfig(StreamDesk, deskPrefix+">", maxBytes/8, replicas)
	desk.Description = "Tocsin: proposals"
	desk.MaxMsgsPerSubject = 1
	desk.MaxAge = proposalRetention

	receipts := streamConfig(StreamReceipts, receiptsPrefix+">", maxBytes/8, replicas)
	receipts.Description = "Tocsin: receipts"
	receipts.MaxMsgsPerSubject = 1
	receipts.MaxAge = receiptRetention

	return []jetstream.StreamConfig{log, desk, receipts}
}

func streamConfig(name, subjects string, maxBytes int64, replicas int) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name:       name,
		Subjects:   []string{subjects},
		Retention:  jetstream.LimitsPolicy,
		Storage:    jetstream.FileStorage,
		Replicas:   replicas,
		MaxBytes:   maxBytes,
		MaxMsgSize: notice.MaxBody,
		MaxMsgs:    -1,
		// What is in the log stays; what does not fit is refused, and its author told.
		Discard:    jetstream.DiscardNew,
		DenyDelete: true,
		DenyPurge:  true,
		// Direct reads may be answered by a replica that lags. A node asks whether the
		// log still holds what it has seen, and must not take a lagging replica's "not
		// found" for an answer, so it reads from the leader.
		AllowDirect: false,
	}
}
