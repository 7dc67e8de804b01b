//go:build unix

package broker_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"tocsin/broker"
	"tocsin/broker/natstest"
)

// must says what a user must not do: send to subjects, listen to subjects; and, with
// requests that are permitted, have the server answer to subjects.
type must interface {
	notSend() map[string]string // bodies by subject; each would have an effect
	notHear() []string
	ask() map[string]string
	notBeAnswered() []string
}

const consumer = `{"stream_name":"TOCSIN_LOG","config":{"name":"x","deliver_subject":"tocsin.audit.forged","idle_heartbeat":100000000,"ack_policy":"none","deliver_policy":"all","mem_storage":true}}`

// management changes streams. None of it is for hubs.
func management() map[string]string {
	all := map[string]string{
		"$JS.API.STREAM.CREATE.FORGED":                      `{"name":"FORGED","subjects":["forged"],"storage":"file"}`,
		"$JS.API.STREAM.RESTORE.FORGED":                     `{"config":{"name":"FORGED","subjects":["forged"]},"state":{}}`,
		"$JS.API.STREAM.MSG.DELETE.TOCSIN_LOG":              `{"seq":1}`,
		"$JS.API.CONSUMER.CREATE.TOCSIN_LOG":                consumer,
		"$JS.API.CONSUMER.CREATE.TOCSIN_LOG.x":              consumer,
		"$JS.API.CONSUMER.CREATE.TOCSIN_LOG.x.tocsin.log.>": strings.Replace(consumer, `"name":"x"`, `"name":"x","filter_subject":"tocsin.log.>"`, 1),
		"$JS.API.CONSUMER.DURABLE.CREATE.TOCSIN_LOG.x":      strings.Replace(consumer, `"name":"x"`, `"durable_name":"x"`, 1),
		"$JS.API.CONSUMER.CREATE.OBJ_TOCSIN_COHORTS.x":      strings.Replace(consumer, "TOCSIN_LOG", "OBJ_TOCSIN_COHORTS", 1),
		"$JS.API.CONSUMER.CREATE.TOCSIN_RECEIPTS.x":         strings.Replace(consumer, "TOCSIN_LOG", "TOCSIN_RECEIPTS", 1),
		"$JS.API.STREAM.LEADER.STEPDOWN.TOCSIN_LOG":         "",
		"$JS.API.STREAM.PEER.REMOVE.TOCSIN_LOG":             `{"peer":"n1"}`,
		"$JS.API.STREAM.SNAPSHOT.TOCSIN_LOG":                `{"deliver_subject":"tocsin.audit.forged"}`,
		"tocsin.grown.forged":                               "forged",
		"$JS.API.DIRECT.GET.TOCSIN_LOG":                     `{"seq":1}`,
		"$SYS.REQ.SERVER.PING.VARZ":                         "",
		"$JS.API.STREAM.NAMES":                              "",
		"$JS.API.STREAM.LIST":                               "",
		"$JS.API.ACCOUNT.PURGE.TOCSIN":                      "",
		"$JS.API.SERVER.REMOVE":                             `{"peer":"n1"}`,
		"$JS.API.META.LEADER.STEPDOWN":                      "",
		"$JS.API.CONSUMER.MSG.NEXT.TOCSIN_LOG.x":            `{"batch":1,"no_wait":true}`,
	}
	for _, stream := range []string{"TOCSIN_LOG", "TOCSIN_DESK", "TOCSIN_RECEIPTS", "TOCSIN_AUDIT", "OBJ_TOCSIN_COHORTS"} {
		all["$JS.API.STREAM.DELETE."+stream] = ""
		all["$JS.API.STREAM.UPDATE."+stream] = `{"name":"` + stream + `","subjects":["forged.>"],"storage":"file","num_replicas":3}`
		if stream != "OBJ_TOCSIN_COHORTS" {
			all["$JS.API.STREAM.PURGE."+stream] = ""
		}
	}
	return all
}

var others = []string{">", "_INBOX.>", "_INBOX_*.>", "_INBOX_admin.>", "_INBOX_sys.>", "tocsin.>", "tocsin.log.>", "tocsin.desk.>", "tocsin.audit.>", "tocsin.receipts.>", "$JS.>", "$SYS.>"}

type edgeMust struct{}

func (edgeMust) notSend() map[string]string {
	all := management()
	all["tocsin.log.notice.forged"] = "forged"
	all["tocsin.log.keyset"] = "forged"
	all["tocsin.desk.forged"] = "forged"
	all["tocsin.audit.forged"] = "forged"
	all["tocsin.head"] = "forged"
	all["$O.TOCSIN_COHORTS.M.Zm9yZ2Vk"] = "{}"
	all["$O.TOCSIN_COHORTS.C.forged"] = "forged"
	all["$JS.API.STREAM.PURGE.OBJ_TOCSIN_COHORTS"] = ""
	all["$JS.API.STREAM.MSG.GET.TOCSIN_DESK"] = `{"seq":1}`
	all["$JS.API.STREAM.MSG.GET.TOCSIN_AUDIT"] = `{"seq":1}`
	all["$JS.API.STREAM.INFO.TOCSIN_DESK"] = ""
	return all
}

func (edgeMust) notHear() []string { return append(others, "_INBOX_edge-2.>", "_INBOX_desk-1.>") }

func (edgeMust) ask() map[string]string {
	return map[string]string{
		"$JS.API.STREAM.INFO.TOCSIN_LOG":    "",
		"$JS.API.STREAM.MSG.GET.TOCSIN_LOG": `{"seq":1}`,
		"tocsin.receipts.forged":            "1",
	}
}

func (edgeMust) notBeAnswered() []string {
	return append(deputies, "tocsin.log.notice.forged", "tocsin.desk.forged", "tocsin.audit.forged",
		"$O.TOCSIN_COHORTS.C.forged", "$JS.API.STREAM.PURGE.OBJ_TOCSIN_COHORTS")
}

// deputies are subjects by which an answer of the server would be a request to it.
var deputies = []string{
	"$JS.API.STREAM.DELETE.TOCSIN_LOG", "$JS.API.STREAM.DELETE.TOCSIN_DESK", "$JS.API.STREAM.DELETE.OBJ_TOCSIN_COHORTS",
	"$JS.API.STREAM.PURGE.TOCSIN_DESK", "$JS.API.STREAM.MSG.DELETE.TOCSIN_LOG",
	"$JS.API.STREAM.CREATE.FORGED", "$JS.API.CONSUMER.CREATE.TOCSIN_LOG.x",
}

type deskMust struct{}

func (deskMust) notSend() map[string]string {
	all := management()
	all["tocsin.receipts.forged"] = "forged"
	return all
}

func (deskMust) notHear() []string {
	return append(others, "_INBOX_edge-1.>", "_INBOX_desk-2.>", "tocsin.head")
}

func (deskMust) ask() map[string]string {
	return map[string]string{
		"$JS.API.STREAM.INFO.TOCSIN_LOG":          "",
		"$JS.API.STREAM.MSG.GET.TOCSIN_LOG":       `{"seq":1}`,
		"$JS.API.STREAM.PURGE.OBJ_TOCSIN_COHORTS": `{"filter":"$O.TOCSIN_COHORTS.C.none"}`,
	}
}

func (deskMust) notBeAnswered() []string { return deputies }

// attack does with a user's key what must not be possible, and requires that nothing
// came of it.
func attack(t *testing.T, c *natstest.Cluster, user string, m must) {
	t.Helper()
	admin, err := jetstream.New(connect(t, c, "admin"))
	require.NoError(t, err)
	_, err = admin.CreateOrUpdateStream(testContext(t), jetstream.StreamConfig{
		Name: "TOCSIN_AUDIT", Subjects: []string{"tocsin.audit.>"}, Replicas: 3,
	})
	require.NoError(t, err)
	before := streams(t, c)

	refused := &refusals{all: make(map[string]bool)}
	conn := connect(t, c, user, nats.ErrorHandler(refused.add))
	for subject, body := range m.notSend() {
		require.NoError(t, conn.PublishRequest(subject, conn.NewInbox(), []byte(body)))
	}
	for _, subject := range m.notHear() {
		_, err := conn.Subscribe(subject, func(*nats.Msg) {})
		require.NoError(t, err)
	}
	require.NoError(t, conn.Flush())
	for subject := range m.notSend() {
		refused.await(t, subject, user+" may send to")
	}
	for _, subject := range m.notHear() {
		refused.await(t, subject, user+" may listen to")
	}

	for subject, body := range m.ask() {
		for _, reply := range m.notBeAnswered() {
			require.NoError(t, conn.PublishRequest(subject, reply, []byte(body)))
		}
	}
	require.NoError(t, conn.Flush())
	awaitAnswers(t, conn, user)
	require.Equal(t, before, streams(t, c), user)
	require.NoError(t, admin.DeleteStream(testContext(t), "TOCSIN_AUDIT"))
}

// awaitAnswers returns when what was asked on this connection before has been answered:
// the log's leader deals with questions in turn.
func awaitAnswers(t testing.TB, conn *nats.Conn, user string) {
	t.Helper()
	for range 3 {
		_, err := conn.Request("$JS.API.STREAM.INFO."+broker.StreamLog, nil, patience)
		require.NoError(t, err, user)
		_, err = conn.Request("$JS.API.STREAM.MSG.GET."+broker.StreamLog, []byte(`{"seq":1}`), patience)
		require.NoError(t, err, user)
	}
}

// refusals are the subjects that the server refused.
type refusals struct {
	mu  sync.Mutex
	all map[string]bool
}

func (r *refusals) add(_ *nats.Conn, _ *nats.Subscription, err error) {
	if !errors.Is(err, nats.ErrPermissionViolation) {
		return
	}
	if parts := strings.Split(err.Error(), `"`); len(parts) > 1 {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.all[parts[1]] = true
	}
}

func (r *refusals) await(t testing.TB, subject, why string) {
	t.Helper()
	require.Eventually(t, func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.all[subject]
	}, 5*time.Second, 5*time.Millisecond, "%s %s", why, subject)
}
