package broker_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"tocsin/broker"
	"tocsin/notice"
	"tocsin/notice/noticetest"
)

// archive is a log with everything that a backup has to keep: keysets, threads, contacts,
// and a notice that was redacted and deleted.
type archive struct {
	t        testing.TB
	staff    *noticetest.Staff
	config   broker.Config
	server   *natsServer
	broker   *broker.Broker
	entries  []notice.Entry // all that were appended, by place: entries[0] is number 1
	redacted uint64
}

func newArchive(t testing.TB) *archive {
	t.Helper()
	staff, config := staffTrust(t)
	a := &archive{t: t, staff: staff, config: config, server: startNATS(t)}
	a.broker = openExternal(t, a.server, config)
	a.append(staff.KeysetBody(1))
	secret := a.append(staff.Sign(staff.Alert(noticetest.Headline("names somebody"))))
	alert := staff.Alert(noticetest.Headline("goes on"))
	a.append(staff.Sign(alert))
	a.append(staff.ContactsBody(1))
	a.append(staff.Sign(staff.Cancel(alert, nil)))
	a.append(staff.RedactionBody(secret, a.entries[secret-1].Body))
	a.append(staff.KeysetBody(2))
	a.append(staff.Sign(staff.Alert(noticetest.Headline("still on"))))
	a.redacted = secret
	a.delete(secret)
	return a
}

func (a *archive) append(body []byte) uint64 {
	a.t.Helper()
	envelope, err := notice.ParseEnvelope(body)
	require.NoError(a.t, err)
	subject, err := notice.Subject(envelope)
	require.NoError(a.t, err)
	after := uint64(len(a.entries))
	seq, err := a.broker.Append(testContext(a.t), subject, body, after)
	require.NoError(a.t, err)
	a.entries = append(a.entries, notice.Entry{Seq: seq, Subject: subject, Body: body})
	return seq
}

// delete deletes entries as anyone with the broker's password can.
func (a *archive) delete(seqs ...uint64) {
	a.t.Helper()
	for _, seq := range seqs {
		require.NoError(a.t, a.stream().SecureDeleteMsg(testContext(a.t), seq))
	}
}

func (a *archive) stream() jetstream.Stream {
	a.t.Helper()
	_, js := a.server.admin()
	stream, err := js.Stream(testContext(a.t), broker.StreamLog)
	require.NoError(a.t, err)
	return stream
}

// backup is a backup that is as it should be.
func (a *archive) backup() *broker.Copy {
	a.t.Helper()
	c, review, err := a.broker.Backup(testContext(a.t), nil)
	require.NoError(a.t, err)
	require.NoError(a.t, review.Check())
	return c
}

// cache is what a node of the same log keeps that holds these places.
func (a *archive) cache(c *broker.Copy, seqs ...uint64) *broker.Copy {
	cache := &broker.Copy{Epoch: c.Epoch, Last: c.Last}
	for _, seq := range seqs {
		cache.Entries = append(cache.Entries, a.entries[seq-1])
	}
	return cache
}

func fileOf(t testing.TB, c *broker.Copy) []byte {
	t.Helper()
	var file bytes.Buffer
	_, err := c.WriteBackup(&file)
	require.NoError(t, err)
	return file.Bytes()
}

// bodies are those of a copy by place.
func bodies(c *broker.Copy) map[uint64]string {
	m := map[uint64]string{}
	for _, e := range c.Entries {
		m[e.Seq] = string(e.Body)
	}
	return m
}

// without empties places of a copy.
func without(c *broker.Copy, seqs ...uint64) *broker.Copy {
	c.Entries = slices.DeleteFunc(slices.Clone(c.Entries), func(e notice.Entry) bool { return slices.Contains(seqs, e.Seq) })
	return c
}

// emptyNATS is another server, with an empty log.
func (a *archive) emptyNATS() (*natsServer, *broker.Broker) {
	s := startNATS(a.t)
	return s, openExternal(a.t, s, a.config)
}

// awaitCopy follows b until it has what c holds, in the order and at the places of c.
func awaitCopy(t testing.TB, b *broker.Broker, c *broker.Copy) view {
	t.Helper()
	r := newRecorder()
	defer follow(t, b, r)()
	v := r.awaitLive(t, len(c.Entries))
	requireCopy(t, v, c)
	return v
}

func requireCopy(t testing.TB, v view, c *broker.Copy) {
	t.Helper()
	for i, e := range c.Entries {
		require.Equal(t, e.Seq, v.seqs[i])
		require.Equal(t, string(e.Body), v.bodies[i])
	}
}
