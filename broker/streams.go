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
	grownPrefix       = "tocsin.grown."
	subjectGrown      = grownPrefix + ">"
	deskPrefix        = "tocsin.desk."
	receiptsPrefix    = "tocsin.receipts."
	proposalRetention = 7 * 24 * time.Hour
	// receiptRetention counts from a record's last change: as long as a notice can run
	// (docs/protocol.md, "Fold rules on the document"), so that no count shrinks while
	// its notice shows. Without it every start of a node would leave records for good.
	receiptRetention = 400 * 24 * time.Hour
)

// Making streams is patient: a cluster that has just started elects a leader first, and
// then, on machines that are busy, takes its time to place a stream.
const (
	// makeTimeout bounds one change of a stream.
	makeTimeout = 10 * time.Second
	// makePatience is how long the making of one stream is tried: what is asked while
	// there is no leader is never answered.
	makePatience = time.Minute
)

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

// makeStream makes a stream, or changes one that exists and differs. To do either twice
// does no harm, so it is tried again until there is an answer.
func (b *Broker) makeStream(ctx context.Context, config jetstream.StreamConfig) error {
	return b.again(ctx, makePatience, func() error { return b.tryMakeStream(ctx, config) })
}

func (b *Broker) tryMakeStream(ctx context.Context, config jetstream.StreamConfig) error {
	ctx, done, err := b.link.within(ctx, makeTimeout)
	if err != nil {
		return err
	}
	defer done()
	asking, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	stream, err := b.js.Stream(asking, config.Name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		_, err = b.js.CreateStream(ctx, config)
		return err
	}
	if err == nil {
		err = restoring(stream.CachedInfo().Config)
		config = b.sized(stream.CachedInfo().Config, config)
	}
	if err != nil || len(differences(stream.CachedInfo().Config, config)) == 0 {
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

// sized is want with the size of the stream that is there, on a cluster where no other
// was asked for: a size that is forgotten must not shrink the log.
func (b *Broker) sized(is, want jetstream.StreamConfig) jetstream.StreamConfig {
	if b.server == nil && b.config.MaxBytes == 0 {
		want.MaxBytes = is.MaxBytes
		boundRecords(&want)
	}
	return want
}

// difference is a setting of a stream that is not as streamConfigs wants it. What the
// server adds by itself is none.
type difference struct {
	setting  string
	is, want any
}

func differences(is, want jetstream.StreamConfig) (all []difference) {
	add := func(same bool, setting string, is, want any) {
		if !same {
			all = append(all, difference{setting, is, want})
		}
	}
	add(slices.Equal(is.Subjects, want.Subjects), "subjects", is.Subjects, want.Subjects)
	add(is.Description == want.Description, "description", is.Description, want.Description)
	add(is.Storage == want.Storage, "storage", is.Storage, want.Storage)
	add(is.Retention == want.Retention, "retention", is.Retention, want.Retention)
	add(is.Replicas == want.Replicas, "num_replicas", is.Replicas, want.Replicas)
	add(is.MaxBytes == want.MaxBytes, "max_bytes", is.MaxBytes, want.MaxBytes)
	add(is.MaxMsgSize == want.MaxMsgSize, "max_msg_size", is.MaxMsgSize, want.MaxMsgSize)
	add(is.MaxMsgs == want.MaxMsgs, "max_msgs", is.MaxMsgs, want.MaxMsgs)
	add(is.MaxAge == want.MaxAge, "max_age", is.MaxAge, want.MaxAge)
	add(max(is.MaxMsgsPerSubject, 0) == max(want.MaxMsgsPerSubject, 0),
		"max_msgs_per_subject", is.MaxMsgsPerSubject, want.MaxMsgsPerSubject)
	add(is.Discard == want.Discard, "discard", is.Discard, want.Discard)
	add(is.DenyDelete == want.DenyDelete, "deny_delete", is.DenyDelete, want.DenyDelete)
	add(is.DenyPurge == want.DenyPurge, "deny_purge", is.DenyPurge, want.DenyPurge)
	add(is.AllowDirect == want.AllowDirect, "allow_direct", is.AllowDirect, want.AllowDirect)
	add(is.AllowRollup == want.AllowRollup, "allow_rollup_hdrs", is.AllowRollup, want.AllowRollup)
	isTo, wantTo := valueOf(is.RePublish), valueOf(want.RePublish)
	add(isTo == wantTo, "republish", isTo, wantTo)
	isTransform, wantTransform := valueOf(is.SubjectTransform), valueOf(want.SubjectTransform)
	add(isTransform == wantTransform, "subject_transform", isTransform, wantTransform)
	add(!is.AllowMsgTTL, "allow_msg_ttl", is.AllowMsgTTL, false) // a writer could have entries lapse
	add(is.PersistMode == jetstream.DefaultPersistMode, "persist_mode", is.PersistMode, jetstream.DefaultPersistMode)
	add(!is.NoAck, "no_ack", is.NoAck, false)
	add(!is.Sealed, "sealed", is.Sealed, false)
	add(is.Mirror == nil && len(is.Sources) == 0, "mirror or sources", "another stream", "none")
	return all
}

func valueOf[T any](p *T) (value T) {
	if p != nil {
		value = *p
	}
	return value
}

// streamConfigs divides maxBytes: half is the log's, an eighth each is the desk's,
// the receipts' and the cohorts', and an eighth is kept for the audit record.
func streamConfigs(maxBytes int64, replicas int) []jetstream.StreamConfig {
	log := streamConfig(StreamLog, logSubjects, maxBytes/2, replicas)
	log.Description = "Tocsin: the log"
	// Redaction deletes single messages from the log, behind a signed document that
	// says so; that is the one reason why deleting is not denied here. A hole without
	// such a document stops every follower with an alarm.
	log.DenyDelete = false
	log.RePublish = sentAround()

	desk := streamConfig(StreamDesk, deskPrefix+">", maxBytes/8, replicas)
	desk.Description = "Tocsin: proposals"
	desk.MaxMsgsPerSubject = 1
	desk.MaxAge = proposalRetention

	receipts := streamConfig(StreamReceipts, receiptsPrefix+">", maxBytes/8, replicas)
	receipts.Description = "Tocsin: receipts"
	receipts.MaxMsgsPerSubject = 1
	receipts.MaxAge = receiptRetention
	boundRecords(&receipts)

	// An object store, of which a new description replaces the older one, and whose
	// pieces go with it.
	objects := "$O." + BucketCohorts
	cohorts := streamConfig("OBJ_"+BucketCohorts, objects+".C.>", maxBytes/8, replicas)
	cohorts.Subjects = append(cohorts.Subjects, objects+".M.>")
	cohorts.Description = "Tocsin: who is affected, by pseudonym, sealed"
	cohorts.AllowRollup, cohorts.DenyDelete, cohorts.DenyPurge = true, false, false

	return []jetstream.StreamConfig{log, desk, receipts, cohorts}
}

// receiptBytes is less than a hub's record of receipts takes in the store.
const receiptBytes = 256

// boundRecords bounds the receipts' number by their size, since servers keep an index of
// them in memory: a thief of an edge's key could fill the stream with ones of a few bytes.
func boundRecords(config *jetstream.StreamConfig) {
	if config.Name == StreamReceipts {
		config.MaxMsgs = config.MaxBytes / receiptBytes
	}
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
