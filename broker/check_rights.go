package broker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Role is what credentials are for.
type Role string

// The roles whose rights [CheckRights] knows.
const (
	RoleEdge Role = "edge"
	RoleDesk Role = "desk"
)

// attempt is something that credentials must not permit. Where they do, it fails by
// what is sent: a body that the server can't read, a sequence that there never is.
type attempt struct {
	what      string
	publish   string
	condition bool // send it as a write whose condition fails
	subscribe string
}

// attempts are forbidden to every hub.
var attempts = []attempt{
	{what: "delete the log", publish: "$JS.API.STREAM.DELETE." + StreamLog},
	{what: "delete proposals", publish: "$JS.API.STREAM.DELETE." + StreamDesk},
	{what: "purge the log", publish: "$JS.API.STREAM.PURGE." + StreamLog},
	{what: "change the log's settings", publish: "$JS.API.STREAM.UPDATE." + StreamLog},
	{what: "make streams", publish: "$JS.API.STREAM.CREATE.TOCSIN_CHECK"},
	{what: "make the log", publish: "$JS.API.STREAM.CREATE." + StreamLog},
	{what: "restore streams", publish: "$JS.API.STREAM.RESTORE.TOCSIN_CHECK"},
	{what: "delete entries", publish: "$JS.API.STREAM.MSG.DELETE." + StreamLog},
	{what: "make consumers, whose server sends where they say", publish: "$JS.API.CONSUMER.CREATE." + StreamLog + ".check"},
	{what: "make consumers of one subject", publish: "$JS.API.CONSUMER.CREATE." + StreamLog + ".check.tocsin.log.keyset"},
	{what: "make durable consumers", publish: "$JS.API.CONSUMER.DURABLE.CREATE." + StreamLog + ".check"},
	{what: "pull from consumers", publish: "$JS.API.CONSUMER.MSG.NEXT." + StreamLog + ".check"},
	{what: "pretend that the log has grown", publish: "tocsin.grown.check"},
	{what: "read everybody's answers", subscribe: "_INBOX.>"},
	{what: "read the administrator's answers", subscribe: "_INBOX_admin.>"},
	{what: "read all that is sent", subscribe: ">"},
	{what: "read what is appended, past the log", subscribe: "tocsin.log.>"},
	{what: "read proposals on their way", subscribe: "tocsin.desk.>"},
}

// attemptsOf are those that are forbidden to one role alone.
var attemptsOf = map[Role][]attempt{
	RoleEdge: {
		{what: "append to the log", publish: "tocsin.log.keyset", condition: true},
		{what: "write proposals", publish: "tocsin.desk.check", condition: true},
		{what: "read proposals", publish: "$JS.API.STREAM.MSG.GET." + StreamDesk},
		{what: "write the record", publish: "tocsin.audit.check", condition: true},
		{what: "read the record", publish: "$JS.API.STREAM.MSG.GET.TOCSIN_AUDIT"},
		{what: "sign heads in a desk's place", publish: SubjectHead},
		{what: "write cohorts", publish: "$O." + BucketCohorts + ".M.check", condition: true},
		{what: "drop cohorts", publish: "$JS.API.STREAM.PURGE.OBJ_" + BucketCohorts},
	},
	RoleDesk: {
		{what: "write receipts", publish: receiptsPrefix + "check", condition: true},
		{what: "purge receipts", publish: "$JS.API.STREAM.PURGE." + StreamReceipts},
	},
}

// CheckRights tries, with a hub's credentials, what they must not permit, and reports
// what they do. No attempt does harm where it is permitted.
func CheckRights(ctx context.Context, config Config, role Role) ([]Finding, error) {
	b, err := Open(ctx, config)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	if err := b.link.wait(ctx); err != nil {
		return nil, fmt.Errorf("connecting: %w", err)
	}
	user := "user " + string(role)
	var all []Finding
	tried := slices.Concat(attempts, attemptsOf[role])
	refused, err := b.try(ctx, tried)
	if err != nil {
		return nil, err
	}
	for _, a := range tried {
		if !refused[a.subject()] {
			all = append(all, Finding{user, "it may " + a.what + " (" + a.subject() + ")",
				"Take that right away, as in deploy/nats/accounts.conf"})
		}
	}
	is, err := b.user(ctx)
	if err != nil {
		return all, err
	}
	if slices.Contains(streamAccounts, is.Account) {
		all = append(all, Finding{user, "its account, " + is.Account + ", is that of the streams",
			"Move it to one that imports what it needs, as in deploy/nats/accounts.conf: " +
				"within that of the streams, the server answers to any subject that a request names"})
	}
	return all, nil
}

func (a attempt) subject() string { return a.publish + a.subscribe }

// verdictWait is how long refusals may take to be told after the server has answered
// what was sent later.
const verdictWait = 500 * time.Millisecond

// try makes all attempts and returns the subjects that the server refused.
func (b *Broker) try(ctx context.Context, all []attempt) (map[string]bool, error) {
	verdicts := make(chan string, 2*len(all))
	b.conn.SetErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
		if _, subject, ok := strings.Cut(err.Error(), `"`); ok && errors.Is(err, nats.ErrPermissionViolation) {
			subject, _, _ = strings.Cut(subject, `"`)
			select {
			case verdicts <- subject:
			default:
			}
		}
	})
	for _, a := range all {
		if err := b.attempt(a); err != nil {
			return nil, fmt.Errorf("trying to %s: %w", a.what, err)
		}
	}
	if err := b.conn.FlushWithContext(ctx); err != nil {
		return nil, fmt.Errorf("trying what is forbidden: %w", err)
	}
	refused := make(map[string]bool)
	for end := time.After(verdictWait); len(refused) < len(all); {
		select {
		case subject := <-verdicts:
			refused[subject] = true
		case <-end:
			return refused, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return refused, nil
}

func (b *Broker) attempt(a attempt) error {
	if a.subscribe != "" {
		_, err := b.conn.Subscribe(a.subscribe, func(*nats.Msg) {}) // until the connection closes
		return err
	}
	msg := &nats.Msg{Subject: a.publish, Data: []byte("{check"), Header: nats.Header{}}
	if a.condition {
		msg.Header.Set(jetstream.ExpectedLastSeqHeader, "9000000000000000000")
		msg.Header.Set(jetstream.ExpectedStreamHeader, "TOCSIN_CHECK")
	}
	return b.conn.PublishMsg(msg)
}

// streamAccounts are where the streams may lie: that of deploy/nats/accounts.conf, and
// that of a server without accounts.
var streamAccounts = []string{"TOCSIN", "$G"}
