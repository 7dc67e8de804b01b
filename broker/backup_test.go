package broker_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/broker"
	"tocsin/notice"
)

func TestBackupKeepsTheLog(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	c := a.backup()
	require.Equal(t, uint64(len(a.entries)), c.Last)
	read, err := broker.ReadBackup(bytes.NewReader(fileOf(t, c)))
	require.NoError(t, err)
	require.Equal(t, c.Epoch, read.Epoch)
	require.Equal(t, c.Last, read.Last)
	require.Len(t, read.SHA256, 64)
	for i, e := range a.entries {
		if e.Seq == a.redacted {
			require.NotContains(t, bodies(read), e.Seq)
			require.NotContains(t, string(fileOf(t, c)), "somebody")
			continue
		}
		require.Equal(t, string(e.Body), bodies(read)[uint64(i+1)])
	}
	review := read.Review(a.staff.Trust(), false)
	require.NoError(t, review.Check())
	require.Equal(t, []broker.Span{{First: a.redacted, Last: a.redacted}}, review.Redacted)
	require.Equal(t, int64(2), review.Keyset.Version)
}

// What is not JSON, or not even text, is kept to the byte.
func TestBackupKeepsAnyBytes(t *testing.T) {
	t.Parallel()
	c := &broker.Copy{Epoch: "0a0b0c0d", Last: 3, Entries: []notice.Entry{
		{Seq: 1, Subject: "tocsin.log.keyset", Body: []byte("{\n \"a\": \"\\u2028\"}\r\n")},
		{Seq: 3, Subject: "tocsin.log.notice.x", Body: []byte{0, 255, 254, '\n', '"'}},
	}}
	read, err := broker.ReadBackup(bytes.NewReader(fileOf(t, c)))
	require.NoError(t, err)
	require.Equal(t, bodies(c), bodies(read))
}

// A file that is not what was written says so, and where.
func TestBackupDamage(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	file := string(fileOf(t, a.backup()))
	lines := strings.SplitAfter(strings.TrimSuffix(file, "\n"), "\n")
	join := func(parts ...[]string) string {
		var all []string
		for _, p := range parts {
			all = append(all, p...)
		}
		return strings.Join(all, "")
	}
	n := len(lines)
	swapped := append([]string(nil), lines...)
	swapped[2], swapped[3] = swapped[3], swapped[2]
	lines[n-1] += "\n"
	for name, damaged := range map[string]struct{ file, why string }{
		"empty":           {"", "not even a first line"},
		"another file":    {"hello\n", "line 1 is no header"},
		"header cut off":  {lines[0][:20], "not even a first line"},
		"cut in a line":   {file[:len(file)/2], "it was cut off"},
		"cut off":         {join(lines[:n-1]), "it was cut off"},
		"end cut off":     {file[:len(file)-1], "it was cut off"},
		"line missing":    {join(lines[:2], lines[3:]), "checksum"},
		"last missing":    {join(lines[:n-2], lines[n-1:]), "checksum"},
		"reordered":       {join(swapped), "out of its place"},
		"doubled":         {join(lines[:3], lines[2:]), "out of its place, or there twice"},
		"time altered":    {strings.Replace(file, `"time":"20`, `"time":"10`, 1), "checksum"},
		"subject altered": {strings.Replace(file, "tocsin.log.contacts", "tocsin.log.posture", 1), "checksum"},
		"foreign subject": {strings.Replace(file, "tocsin.log.contacts", "tocsin.desk.contacts", 1), "not of the log"},
		"body altered":    {strings.Replace(file, `"envelope":"eyJ`, `"envelope":"eyK`, 1), "line 2 (entry 1) was altered"},
		"more":            {file + "x", "something follows"},
		"endless line":    {lines[0] + strings.Repeat("x", 1<<20), "too long"},
		"endless log":     {strings.Replace(file, `"last":8`, `"last":9223372036854775807`, 1), "entries"},
		"shorter log":     {strings.Replace(file, `"last":8`, `"last":7`, 1), "checksum"},
	} {
		t.Run(name, func(t *testing.T) {
			require.NotEqual(t, file, damaged.file)
			_, err := broker.ReadBackup(strings.NewReader(damaged.file))
			require.ErrorIs(t, err, broker.ErrBackupDamaged)
			require.ErrorContains(t, err, damaged.why)
		})
	}
}

// A flipped bit anywhere is found.
func TestBackupFlippedBits(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	file := fileOf(t, a.backup())
	for i := 0; i < len(file); i += 1009 {
		flipped := bytes.Clone(file)
		flipped[i] ^= 1
		_, err := broker.ReadBackup(bytes.NewReader(flipped))
		require.Error(t, err, "byte %d", i)
	}
}

func FuzzReadBackup(f *testing.F) {
	c := &broker.Copy{Epoch: "0a0b0c0d", Last: 1, Entries: []notice.Entry{{Seq: 1, Subject: subjectA, Body: []byte("x")}}}
	f.Add(fileOf(f, c))
	f.Fuzz(func(t *testing.T, file []byte) {
		c, err := broker.ReadBackup(bytes.NewReader(file))
		if err == nil {
			again, err := broker.ReadBackup(bytes.NewReader(fileOf(t, c)))
			require.NoError(t, err)
			require.Equal(t, bodies(c), bodies(again))
		}
	})
}

// The log of a backup that lacks entries is read nevertheless, and the review says so.
func TestBackupOfALogWithHoles(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	a.delete(3, 4, 6)
	c, review, err := a.broker.Backup(testContext(t), nil)
	require.NoError(t, err)
	require.ErrorIs(t, review.Check(), broker.ErrMissing)
	require.Equal(t, "[2 to 4 6]", fmt.Sprint(review.Missing))
	require.Equal(t, uint64(8), c.Last)
}

// A log that is redacted while it is read, or not deleted yet.
func TestBackupOfWhatIsDue(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	a.append(a.staff.RedactionBody(8, a.entries[7].Body)) // and nothing is deleted
	c := a.backup()
	require.NotContains(t, bodies(c), uint64(8))
	require.Equal(t, uint64(9), c.Last)
}

func TestBackupOfAnEmptyLog(t *testing.T) {
	t.Parallel()
	b := openEmbedded(t)
	c, review, err := b.Backup(testContext(t), nil)
	require.NoError(t, err)
	require.Empty(t, c.Entries)
	require.ErrorIs(t, review.Check(), broker.ErrNotSigned)
}

// A backup outlasts a restart of the server under it.
func TestBackupThroughARestart(t *testing.T) {
	t.Parallel()
	s := startNATS(t)
	b := openExternal(t, s, broker.Config{})
	appendAll(t, b, 0, numbered(1, 300)...)
	restarted := false
	c, err := b.ReadLog(testContext(t), func(done, _ uint64) {
		if done == 20 && !restarted {
			restarted = true
			s.stop()
			s.start()
		}
	})
	require.NoError(t, err)
	require.True(t, restarted)
	for i, e := range c.Entries {
		require.Equal(t, uint64(i+1), e.Seq)
	}
	require.Len(t, c.Entries, 300)
}

func TestBackupInterrupted(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	ctx, cancel := context.WithCancel(context.Background())
	_, _, err := a.broker.Backup(ctx, func(uint64, uint64) { cancel() })
	require.ErrorIs(t, err, context.Canceled)
}
