package broker_test

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/stretchr/testify/require"

	"tocsin/broker"
	"tocsin/notice"
	"tocsin/notice/noticetest"
)

// stored is how many of a server's files hold some bytes.
func (a *archive) stored(body []byte) (files int) {
	a.t.Helper()
	require.NoError(a.t, filepath.WalkDir(a.server.opts.StoreDir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if bytes.Contains(content, body) {
			files++
		}
		return err
	}))
	return files
}

// due is what is due, and nothing is amiss.
func (a *archive) due() []broker.Due {
	a.t.Helper()
	found, err := a.broker.Redactions(testContext(a.t), nil)
	require.NoError(a.t, err)
	require.Empty(a.t, found.Other)
	require.Empty(a.t, found.Copies)
	return found.Due
}

// What operators have signed for is deleted, and its bytes with it; those who follow go on,
// those who come find the log whole.
func TestRedact(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	require.Empty(t, a.due())
	r := newRecorder()
	follow(t, a.broker, r)
	r.awaitLive(t, len(a.entries)-1)

	alert := a.staff.Alert(noticetest.Headline("names another"))
	body := a.staff.Sign(alert)
	secret := a.append(body)
	cancel := a.append(a.staff.Sign(a.staff.Cancel(alert, nil)))
	require.Empty(t, a.due(), "a Cancel redacts nothing")
	require.NoError(t, a.broker.Redact(testContext(t), a.due()))
	by := a.append(a.staff.RedactionBody(secret, body))
	due := a.due()
	require.Len(t, due, 1)
	require.Equal(t, secret, due[0].Seq)
	require.Equal(t, by, due[0].Redaction)
	require.Equal(t, "Alert "+alert.Identifier, due[0].Entry)
	require.Equal(t, "named a patient", due[0].Reason)
	require.Len(t, due[0].Signers, 2)

	require.Equal(t, 1, a.stored(body))
	require.NoError(t, a.broker.Redact(testContext(t), due))
	require.Zero(t, a.stored(body), "deleted, and not overwritten")
	require.NoError(t, a.broker.Redact(testContext(t), due), "repeated")
	require.Empty(t, a.due())

	a.append(a.staff.Sign(a.staff.Alert(noticetest.Headline("goes on"))))
	v := r.awaitLive(t, len(a.entries)-1)
	require.Len(t, v.begins, 1)
	whole, review, err := a.broker.Backup(testContext(t), nil)
	require.NoError(t, err)
	require.Empty(t, review.Missing)
	require.EqualValues(t, 2, broker.Places(review.Redacted))
	require.NotContains(t, bodies(whole), secret)
	require.Contains(t, bodies(whole), cancel)
	awaitCopy(t, a.broker, whole)
	found, err := a.broker.Redactions(testContext(t), nil)
	require.NoError(t, err)
	require.EqualValues(t, 2, found.Done)

	// Of a log that was made anew, a list of before deletes nothing.
	_, other := a.emptyNATS()
	_, err = other.Restore(testContext(t), whole, broker.RestoreConfig{})
	require.ErrorIs(t, err, broker.ErrRefused, "the Cancel of what was redacted")
	_, err = other.Restore(testContext(t), whole, broker.RestoreConfig{KeepRefused: true})
	require.NoError(t, err)
	due[0].Seq = cancel
	require.ErrorContains(t, other.Redact(testContext(t), due), "the log was replaced")
	require.ErrorContains(t, a.broker.Redact(testContext(t), due), "the log was replaced")
	require.ErrorContains(t, a.broker.Redact(testContext(t), []broker.Due{{Seq: cancel}}), "the log was replaced")
	again, _, err := a.broker.Backup(testContext(t), nil)
	require.NoError(t, err)
	require.Equal(t, bodies(whole), bodies(again))
}

// What boards refuse redacts nothing, whoever wrote it into the log.
func TestRedactOnlyWhatIsSignedFor(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	s := a.staff
	body := s.Sign(s.Alert(noticetest.Headline("stays")))
	stays := a.append(body)
	for _, keys := range [][]*notice.PrivateKey{{s.Stranger}, {s.Operator}, {s.Publisher, s.Publisher2}, {s.Removed, s.Operator}} {
		a.append(s.RedactionBody(stays, body, keys...))
	}
	a.append(s.RedactionBody(stays, []byte("another"))) // of something else
	a.append(s.RedactionBody(1, a.entries[0].Body))     // of a keyset
	require.Empty(t, a.due())

	// An entry that boards refuse may be redacted: it, and none that was put in its place.
	junk := a.append(s.Sign(s.Alert(noticetest.Headline("junk")), s.Stranger))
	a.append(s.RedactionBody(junk, []byte("another")))
	copied := a.append(a.entries[a.redacted-1].Body)
	found, err := a.broker.Redactions(testContext(t), nil)
	require.NoError(t, err)
	require.Equal(t, &broker.Redactions{Done: 1, Due: []broker.Due{}, Other: []uint64{junk}, Copies: []uint64{copied}}, found)
	a.append(s.RedactionBody(copied, a.entries[copied-1].Body))
	found, err = a.broker.Redactions(testContext(t), nil)
	require.NoError(t, err)
	require.Len(t, found.Due, 1)
	require.NoError(t, a.broker.Redact(testContext(t), found.Due))
	require.Zero(t, a.stored(a.entries[copied-1].Body))

	// Roots of others, and a log that may lack a keyset.
	others := notice.Trust{Roots: []notice.RootKey{notice.NewRootKey(s.Stranger.Public())}, Threshold: 1}
	config := a.config
	config.URLs, config.Trust = []string{a.server.url()}, others
	_, err = open(t, config).Redactions(testContext(t), nil)
	require.ErrorIs(t, err, broker.ErrNotSigned)
	a.delete(3)
	_, err = a.broker.Redactions(testContext(t), nil)
	require.ErrorIs(t, err, broker.ErrMissing)
}

// Whoever may not delete is told nothing by the servers, and deletes nothing.
func TestRedactWithoutTheRight(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	body := a.staff.Sign(a.staff.Alert(noticetest.Headline("names another")))
	secret := a.append(body)
	a.append(a.staff.RedactionBody(secret, body))
	due := a.due()
	a.server.stop()
	a.server.opts.Users = []*server.User{
		{Username: "admin", Password: "a"},
		{Username: "hub", Password: "h", Permissions: &server.Permissions{
			Publish: &server.SubjectPermission{Allow: []string{">"}, Deny: []string{"$JS.API.STREAM.MSG.DELETE.>"}},
		}},
	}
	a.server.opts.NoAuthUser = "admin" // for what was connected before
	a.server.start()
	config := a.config
	config.URLs = []string{"nats://hub:h@" + a.server.url()[len("nats://"):]}
	hub := open(t, config)
	ctx, cancel := context.WithTimeout(testContext(t), 500*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, hub.Redact(ctx, due), context.DeadlineExceeded)
	require.Len(t, a.due(), 1)
	require.NoError(t, a.broker.Redact(testContext(t), due))
	require.Empty(t, a.due())
}
