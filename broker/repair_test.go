package broker_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/broker"
	"tocsin/notice/noticetest"
)

func (a *archive) mend(log *broker.Copy, sources ...broker.Supply) *broker.Repair {
	return broker.Mend(log, sources, a.staff.Trust(), false)
}

func (a *archive) read() *broker.Copy {
	a.t.Helper()
	c, _, err := a.broker.Backup(testContext(a.t), nil)
	require.NoError(a.t, err)
	return c
}

// found is what a repair found, by place.
func found(list []broker.Found) map[uint64]string {
	m := map[uint64]string{}
	for _, f := range list {
		m[f.Seq] = f.Source
	}
	return m
}

// Entries are lost. A backup has some of them, a cache others, and followers go on by
// themselves, with each entry once.
func TestRepair(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	old := a.backup()
	a.append(a.staff.Sign(a.staff.Alert(noticetest.Headline("after the backup"))))
	whole := a.backup()
	r := newRecorder()
	follow(t, a.broker, r)
	r.awaitLive(t, len(whole.Entries))
	a.delete(1, 3, 4, 9)
	fresh := newRecorder()
	stop := follow(t, a.broker, fresh)
	fresh.await(t, "a hole", func(v view) bool { return !v.source.Live && len(v.begins) > 0 && v.source.Reason != "catching up" })
	stop()

	log := a.read()
	repair := a.mend(log, broker.Supply{Name: "old", Copy: old})
	require.True(t, repair.Changed())
	require.Equal(t, map[uint64]string{1: "old", 3: "old", 4: "old"}, found(repair.Filled))
	require.Equal(t, "[9]", fmt.Sprint(repair.Review.Missing))
	_, err := a.broker.Restore(testContext(t), repair.Copy, broker.RestoreConfig{Replace: log})
	require.ErrorIs(t, err, broker.ErrMissing)

	cache := broker.Supply{Name: "cache", Copy: a.cache(whole, 1, 9), Cache: true}
	repair = a.mend(log, broker.Supply{Name: "old", Copy: old}, cache)
	require.Equal(t, map[uint64]string{1: "old", 3: "old", 4: "old", 9: "cache"}, found(repair.Filled))
	require.Empty(t, repair.Replaced)
	require.Empty(t, repair.Added)
	require.Empty(t, repair.Left)
	require.NoError(t, repair.Review.Check())
	epoch, err := a.broker.Restore(testContext(t), repair.Copy, broker.RestoreConfig{Replace: log})
	require.NoError(t, err)
	v := r.await(t, "the mended log", func(v view) bool {
		return v.source.Live && v.begins[len(v.begins)-1] == epoch && len(v.bodies) == len(whole.Entries)
	})
	requireCopy(t, v, whole)
	require.Len(t, v.begins, 2)
	require.False(t, a.mend(a.read(), cache).Changed(), "nothing is left to do")
}

// A cache that lies, by someone who can write it, puts nothing into the log that staff
// have not signed, brings nothing back that was redacted, and makes the log no longer
// than it was.
func TestRepairWithALyingCache(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	whole := a.backup()
	a.delete(4)
	log := a.read()
	s := a.staff
	forged := s.Sign(s.Alert(noticetest.Headline("forged")), s.Stranger)
	lie := func(epoch string, seq uint64, body []byte) broker.Supply {
		c := a.cache(whole, seq)
		c.Epoch, c.Entries[0].Body = epoch, body
		return broker.Supply{Name: "liar", Copy: c, Cache: true}
	}
	far := lie(log.Epoch, 8, forged)
	far.Copy.Last, far.Copy.Entries[0].Seq = 1<<50, 1<<50
	secret := a.entries[a.redacted-1].Body
	for name, source := range map[string]broker.Supply{
		"forged":                  lie(log.Epoch, 4, forged),
		"altered":                 lie(log.Epoch, 4, bytes.Replace(a.entries[3].Body, []byte(`"payload":"eyJ`), []byte(`"payload":"eyK`), 1)),
		"no document":             lie(log.Epoch, 4, []byte("x")),
		"an old keyset":           lie(log.Epoch, 4, a.entries[0].Body),
		"over a good one":         lie(log.Epoch, 5, forged),
		"of another log":          lie("01020304", 4, forged),
		"far away":                far,
		"what was redacted":       lie(log.Epoch, a.redacted, secret),
		"it elsewhere":            lie(log.Epoch, 4, secret),
		"it in another log":       lie("01020304", 4, secret),
		"signed by other roots":   lie(log.Epoch, 4, s.SignKeyset(s.Keyset(3), s.Stranger)),
		"a redaction of no right": lie(log.Epoch, 4, s.RedactionBody(3, a.entries[2].Body, s.Operator)),
	} {
		t.Run(name, func(t *testing.T) {
			repair := a.mend(log, source)
			require.False(t, repair.Changed(), "%v %v %v", repair.Filled, repair.Replaced, repair.Added)
			require.Equal(t, bodies(log), bodies(repair.Copy))
			require.Equal(t, log.Last, repair.Copy.Last)
			require.Equal(t, "[4]", fmt.Sprint(repair.Review.Missing))
		})
	}
	// Beside an honest one it changes nothing either.
	repair := a.mend(log, lie(log.Epoch, 4, forged), broker.Supply{Name: "honest", Copy: whole})
	require.Equal(t, map[uint64]string{4: "honest"}, found(repair.Filled))
	require.Equal(t, map[uint64]string{4: "liar"}, found(repair.Left))
	require.Equal(t, bodies(whole), bodies(repair.Copy))
}

// An old backup still has what was redacted since.
func TestRepairKeepsRedactions(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	old := a.backup()
	a.append(a.staff.RedactionBody(8, a.entries[7].Body))
	a.delete(4, 8)
	repair := a.mend(a.read(), broker.Supply{Name: "old", Copy: old})
	require.Equal(t, map[uint64]string{4: "old"}, found(repair.Filled))
	require.NotContains(t, bodies(repair.Copy), uint64(8))
	require.NoError(t, repair.Review.Check())

	// Also in a log that was wiped, and begun anew, where its redaction has no place.
	s, b := a.emptyNATS()
	fresh := &archive{t: t, staff: a.staff, config: a.config, server: s, broker: b}
	fresh.append(a.staff.KeysetBody(2))
	repair = a.mend(fresh.read(), broker.Supply{Name: "new", Copy: a.read()}, broker.Supply{Name: "old", Copy: old})
	for _, body := range bodies(repair.Copy) {
		require.NotEqual(t, string(a.entries[7].Body), body)
	}
	require.Contains(t, fmt.Sprint(repair.Left), "it was redacted")
}

// The volume was wiped. A backup keeps its places; caches alone are lined up anew.
func TestRepairOfAWipedLog(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	old := a.backup()
	a.append(a.staff.Sign(a.staff.Alert(noticetest.Headline("after the backup"))))
	cache := broker.Supply{Name: "cache", Copy: a.cache(old, 1, 7, 8, 9), Cache: true}
	_, b := a.emptyNATS()
	log, err := b.ReadLog(testContext(t), nil)
	require.NoError(t, err)

	repair := a.mend(log, broker.Supply{Name: "old", Copy: old}, cache)
	require.NoError(t, repair.Review.Check())
	require.Equal(t, map[uint64]string{9: "cache"}, found(repair.Added))
	require.Len(t, repair.Filled, len(old.Entries))
	_, err = b.Restore(testContext(t), repair.Copy, broker.RestoreConfig{Replace: log})
	require.NoError(t, err)
	awaitCopy(t, b, repair.Copy)

	repair = a.mend(log, cache)
	require.NoError(t, repair.Review.Check())
	require.Equal(t, uint64(4), repair.Copy.Last)
	require.Equal(t, 2, repair.Review.Active)
}

// It was wiped, and desks went on in the new log: what both held is there once.
func TestRepairOfALogThatWentOn(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	old := a.backup()
	s, b := a.emptyNATS()
	fresh := &archive{t: t, staff: a.staff, config: a.config, server: s, broker: b}
	fresh.append(a.staff.KeysetBody(2))
	fresh.append(a.staff.Sign(a.staff.Alert(noticetest.Headline("after the fire"))))
	log := fresh.read()
	repair := a.mend(log, broker.Supply{Name: "old", Copy: old})
	require.NoError(t, repair.Review.Check())
	require.Equal(t, 3-1, repair.Review.Active) // and the cancelled one is not
	require.Equal(t, bodies(log)[2], bodies(repair.Copy)[2])
	seen := map[string]bool{}
	for _, body := range bodies(repair.Copy) {
		require.False(t, seen[body])
		seen[body] = true
	}
}

// A bit flips in a block file. Whatever the server makes of it, the backup mends it.
func TestRepairOfAFlippedBit(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	good := a.backup()
	config := withDefaults(a.config)
	config.Dir, config.AsIs = t.TempDir(), true
	b, err := broker.Open(testContext(t), config)
	require.NoError(t, err)
	_, err = b.Restore(testContext(t), good, broker.RestoreConfig{})
	require.NoError(t, err)
	b.Close()

	files, err := filepath.Glob(filepath.Join(config.Dir, "jetstream", "*", "streams", broker.StreamLog, "msgs", "*.blk"))
	require.NoError(t, err)
	flipped := 0
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		if i := bytes.Index(data, a.entries[4].Body); i >= 0 {
			data[i+40] ^= 1
			flipped++
			require.NoError(t, os.WriteFile(file, data, 0o600))
		}
	}
	require.Equal(t, 1, flipped)

	b = open(t, config)
	log, review, err := b.Backup(testContext(t), nil)
	require.NoError(t, err)
	t.Logf("after the flip: %d of %d entries, up to %d; missing %v, refused %v", len(log.Entries), len(good.Entries), log.Last, review.Missing, review.Refused)
	repair := broker.Mend(log, []broker.Supply{{Name: "backup", Copy: good}}, config.Trust, false)
	require.True(t, repair.Changed())
	require.NoError(t, repair.Review.Check())
	_, err = b.Restore(testContext(t), repair.Copy, broker.RestoreConfig{Replace: log})
	require.NoError(t, err)
	b.Close()
	served := config
	served.AsIs = false
	require.Equal(t, bodies(good), bodies(repair.Copy))
	awaitCopy(t, open(t, served), good)
}

// Of a damaged backup, what is whole mends a log, and nothing else.
func TestRepairFromADamagedBackup(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	whole := a.backup()
	file := bytes.SplitAfter(fileOf(t, whole), []byte("\n"))
	file[3] = bytes.Replace(file[3], []byte(`"envelope":"eyJ`), []byte(`"envelope":"eyK`), 1) // entry 4
	saved, err := broker.ReadBackup(bytes.NewReader(bytes.Join(file[:7], nil)))               // up to entry 7
	require.ErrorIs(t, err, broker.ErrBackupDamaged)
	a.delete(3, 4, 5, 8)
	repair := a.mend(a.read(), broker.Supply{Name: "damaged", Copy: saved})
	require.Equal(t, map[uint64]string{3: "damaged", 5: "damaged"}, found(repair.Filled))
	require.Equal(t, "[4 8]", fmt.Sprint(repair.Review.Missing))
}
