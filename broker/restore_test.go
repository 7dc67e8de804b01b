package broker_test

import (
	"bytes"
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/broker"
	"tocsin/notice"
	"tocsin/notice/noticetest"
)

// Every place keeps its number: what explains a hole in the old log does in the new one.
func TestRestore(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	c := a.backup()
	s, b := a.emptyNATS()
	epoch, err := b.Restore(testContext(t), c, broker.RestoreConfig{})
	require.NoError(t, err)
	v := awaitCopy(t, b, c)
	require.Equal(t, []string{epoch}, v.begins)
	require.NotEqual(t, c.Epoch, epoch)

	again, review, err := b.Backup(testContext(t), nil)
	require.NoError(t, err)
	require.NoError(t, review.Check())
	require.Equal(t, bodies(c), bodies(again))
	_, err = b.Append(testContext(t), subjectA, []byte("goes on"), c.Last)
	require.NoError(t, err)

	// The stream is as it was made, and nothing can be put in by the back door.
	_, js := s.admin()
	stream, err := js.Stream(testContext(t), broker.StreamLog)
	require.NoError(t, err)
	require.Equal(t, []string{"tocsin.log.>"}, stream.CachedInfo().Config.Subjects)
	require.Nil(t, stream.CachedInfo().Config.SubjectTransform)
	_, err = js.Publish(testContext(t), "tocsin.restore.keyset", []byte("x"))
	require.Error(t, err)
	require.NoError(t, b.Init(testContext(t), 1))
}

func TestRestoreTwice(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	c := a.backup()
	_, b := a.emptyNATS()
	epoch, err := b.Restore(testContext(t), c, broker.RestoreConfig{})
	require.NoError(t, err)
	_, err = b.Restore(testContext(t), c, broker.RestoreConfig{})
	require.ErrorIs(t, err, broker.ErrNotEmpty)
	_, err = a.broker.Restore(testContext(t), c, broker.RestoreConfig{})
	require.ErrorIs(t, err, broker.ErrNotEmpty)
	require.Equal(t, []string{epoch}, awaitCopy(t, b, c).begins)
	require.Equal(t, []string{c.Epoch}, awaitCopy(t, a.broker, c).begins)
}

// A restore that was interrupted goes on. Meanwhile nobody appends, nobody reads half a
// log, and no start of a process puts it into use.
func TestRestoreInterrupted(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	c := a.backup()
	for _, stop := range []uint64{1, 5} {
		s, b := a.emptyNATS()
		other := open(t, broker.Config{URLs: []string{s.url()}, Trust: a.config.Trust})
		r := newRecorder()
		follow(t, other, r)
		r.awaitLive(t, 0)
		ctx, cancel := context.WithCancel(testContext(t))
		_, err := b.Restore(ctx, c, broker.RestoreConfig{Progress: func(done, _ uint64) {
			if done == stop {
				cancel()
			}
		}})
		require.ErrorIs(t, err, context.Canceled)

		require.ErrorIs(t, other.Available(testContext(t)), broker.ErrRestoring)
		_, err = other.Append(testContext(t), subjectA, []byte("in between"), stop)
		requireOnly(t, err, broker.ErrUnavailable, "append")
		require.ErrorIs(t, other.Init(testContext(t), 1), broker.ErrRestoring)
		conn, _ := s.admin()
		_, err = conn.Request(subjectA, []byte("in between"), patience)
		require.Error(t, err, "not even who does not ask first")
		require.Empty(t, r.awaitStale(t).bodies)

		_, err = open(t, broker.Config{URLs: []string{s.url()}, Trust: a.config.Trust}).
			Restore(testContext(t), c, broker.RestoreConfig{})
		require.NoError(t, err)
		requireCopy(t, r.awaitLive(t, len(c.Entries)), c)
	}
}

// Another backup than the one of the interrupted restore begins anew.
func TestRestoreOfAnotherAfterAnInterruption(t *testing.T) {
	t.Parallel()
	a, other := newArchive(t), newArchive(t)
	s, b := a.emptyNATS()
	ctx, cancel := context.WithCancel(testContext(t))
	_, err := b.Restore(ctx, a.backup(), broker.RestoreConfig{Progress: func(uint64, uint64) { cancel() }})
	require.ErrorIs(t, err, context.Canceled)
	config := other.config
	config.URLs = []string{s.url()}
	_, err = open(t, config).Restore(testContext(t), other.backup(), broker.RestoreConfig{})
	require.NoError(t, err)
	awaitCopy(t, b, other.backup())
}

// The server goes away in the middle, and comes back.
func TestRestoreThroughARestart(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	c := a.backup()
	s, b := a.emptyNATS()
	restarted := false
	_, err := b.Restore(testContext(t), c, broker.RestoreConfig{Progress: func(done, _ uint64) {
		if done == 4 && !restarted {
			restarted = true
			s.stop()
			s.start()
		}
	}})
	require.NoError(t, err)
	awaitCopy(t, b, c)
}

// Attacks on a backup, by someone who can write the file, checksum and all.
func TestRestoreRefuses(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	good := a.backup()
	s, b := a.emptyNATS()
	edit := func(edit func(c *broker.Copy)) *broker.Copy {
		c, err := broker.ReadBackup(bytes.NewReader(fileOf(t, good)))
		require.NoError(t, err)
		edit(c)
		return c
	}
	forged := a.staff.Sign(a.staff.Alert(noticetest.Headline("forged")), a.staff.Stranger)
	others := notice.Trust{Roots: []notice.RootKey{notice.NewRootKey(a.staff.Stranger.Public())}, Threshold: 1}
	last := len(good.Entries) - 1
	for name, attack := range map[string]struct {
		copy *broker.Copy
		err  error
	}{
		"foreign signature": {edit(func(c *broker.Copy) { c.Entries[last].Body = forged }), broker.ErrRefused},
		"altered": {edit(func(c *broker.Copy) {
			c.Entries[last].Body = bytes.Replace(c.Entries[last].Body, []byte(`"payload":"eyJ`), []byte(`"payload":"eyK`), 1)
		}), broker.ErrRefused},
		"the same one twice": {edit(func(c *broker.Copy) { c.Entries[last].Body = c.Entries[1].Body }), broker.ErrRefused},
		"reordered": {edit(func(c *broker.Copy) { // the Cancel before its Alert
			c.Entries[1].Body, c.Entries[3].Body = c.Entries[3].Body, c.Entries[1].Body
		}), broker.ErrRefused},
		"an old keyset again": {edit(func(c *broker.Copy) { c.Entries[last].Body = c.Entries[0].Body }), broker.ErrRefused},
		"without the Cancel": {edit(func(c *broker.Copy) {
			c.Entries = append(c.Entries[:3:3], c.Entries[4:]...)
		}), broker.ErrMissing},
		"without the end":    {edit(func(c *broker.Copy) { c.Entries = c.Entries[:last] }), broker.ErrMissing},
		"without the keyset": {edit(func(c *broker.Copy) { c.Entries = c.Entries[1:] }), broker.ErrMissing},
		"all by others": {edit(func(c *broker.Copy) {
			c.Last, c.Entries = 1, []notice.Entry{{Seq: 1, Subject: "tocsin.log.keyset", Body: a.staff.SignKeyset(a.staff.Keyset(1), a.staff.Stranger)}}
		}), broker.ErrNotSigned},
		"nothing": {&broker.Copy{Epoch: good.Epoch}, broker.ErrNotSigned},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := b.Restore(testContext(t), attack.copy, broker.RestoreConfig{})
			require.ErrorIs(t, err, attack.err)
		})
	}
	// The roots of other people count for nothing, whatever is asked for.
	theirs := open(t, broker.Config{URLs: []string{s.url()}, Trust: others})
	_, err := theirs.Restore(testContext(t), good, broker.RestoreConfig{KeepRefused: true, AcceptLoss: true})
	require.ErrorIs(t, err, broker.ErrNotSigned)
	require.NoError(t, b.Available(testContext(t)), "and nothing was touched")
	_, err = b.Restore(testContext(t), good, broker.RestoreConfig{})
	require.NoError(t, err)
}

// With leave, all keep their places: what is refused is refused again, and what is lost
// stops no follower.
func TestRestoreWithLosses(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	c := a.backup()
	last := len(c.Entries) - 1
	c.Entries[last].Body = a.staff.Sign(a.staff.Alert(), a.staff.Stranger)
	without(c, 4)
	_, b := a.emptyNATS()
	_, err := b.Restore(testContext(t), c, broker.RestoreConfig{KeepRefused: true})
	require.ErrorIs(t, err, broker.ErrMissing)
	_, err = b.Restore(testContext(t), c, broker.RestoreConfig{KeepRefused: true, AcceptLoss: true})
	require.NoError(t, err)
	r := newRecorder()
	follow(t, b, r)
	v := r.awaitLive(t, len(c.Entries)+1)
	require.Equal(t, []uint64{1, 3, 4, 5, 6, 7, 8}, v.seqs)
	board := notice.NewBoard(a.staff.Trust(), false)
	var verdicts []notice.Verdict
	for i, body := range v.bodies {
		verdicts = append(verdicts, board.Fold(notice.Entry{Seq: v.seqs[i], Body: []byte(body)}).Verdict)
	}
	const yes, no, skipped = notice.VerdictAccepted, notice.VerdictRejected, notice.VerdictSkipped
	require.Equal(t, []notice.Verdict{yes, yes, skipped, yes, yes, yes, no}, verdicts)
}

// Keysets and redactions are looked for by their subjects. A file that has them wrong
// must not leave a log that nobody can follow.
func TestRestoreMendsSubjects(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	c := a.backup()
	for i := range c.Entries {
		c.Entries[i].Subject = "tocsin.log.notice.x"
	}
	_, b := a.emptyNATS()
	_, err := b.Restore(testContext(t), c, broker.RestoreConfig{})
	require.NoError(t, err)
	awaitCopy(t, b, c)
}

// Embedded, a store whose restore was interrupted is not put into use by a start.
func TestRestoreEmbedded(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	c := a.backup()
	config := withDefaults(a.config)
	config.Dir, config.AsIs = t.TempDir(), true
	b, err := broker.Open(testContext(t), config)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(testContext(t))
	_, err = b.Restore(ctx, c, broker.RestoreConfig{Progress: func(done, _ uint64) {
		if done == 3 {
			cancel()
		}
	}})
	require.ErrorIs(t, err, context.Canceled)
	b.Close()

	served := config
	served.AsIs = false
	_, err = broker.Open(testContext(t), served)
	require.ErrorIs(t, err, broker.ErrRestoring)

	b, err = broker.Open(testContext(t), config)
	require.NoError(t, err)
	_, err = b.Restore(testContext(t), c, broker.RestoreConfig{})
	require.NoError(t, err)
	b.Close()

	b = open(t, served)
	awaitCopy(t, b, c)
	_, err = b.Store(broker.StreamDesk).Put(testContext(t), "a", []byte("x"), 0)
	require.NoError(t, err, "the streams beside the log are there")
}

// A copy that changes while it is being replaced is left alone, and can be appended to.
func TestReplaceOfAChangedLog(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	was := a.backup()
	a.append(a.staff.Sign(a.staff.Alert()))
	_, err := a.broker.Restore(testContext(t), was, broker.RestoreConfig{Replace: was})
	require.ErrorIs(t, err, broker.ErrNotEmpty)
	a.append(a.staff.Sign(a.staff.Alert()))
	r := newRecorder()
	follow(t, a.broker, r)
	require.Equal(t, []string{was.Epoch}, r.awaitLive(t, 9).begins)
}
