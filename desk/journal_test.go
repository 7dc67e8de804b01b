package desk_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/desk"
)

func openJournal(t testing.TB, dir string) *desk.Journal {
	t.Helper()
	j, err := desk.OpenJournal(dir)
	require.NoError(t, err)
	t.Cleanup(func() { j.Close() })
	return j
}

func rec(id string, phase desk.Phase) desk.Record {
	return desk.Record{Time: time.Unix(int64(len(id)), 0).UTC(), ID: id, Act: desk.ActPublish, Phase: phase, Identifier: "n-" + id}
}

func TestJournalReplay(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j := openJournal(t, dir)
	require.Empty(t, j.Pending())
	for _, r := range []desk.Record{
		rec("aaa", desk.PhaseIntended), rec("bb", desk.PhaseIntended), rec("bb", desk.PhaseDone),
		rec("c", desk.PhaseIntended), rec("aaa", desk.PhaseUnknown), rec("dddd", desk.PhaseIntended), rec("dddd", desk.PhaseRefused),
	} {
		require.NoError(t, j.Record(t.Context(), r))
	}
	require.NoError(t, j.Close())

	j = openJournal(t, dir)
	require.Equal(t, []desk.Record{rec("c", desk.PhaseIntended), rec("aaa", desk.PhaseUnknown)}, j.Pending())
	require.Zero(t, j.Damaged())
	info, err := os.Stat(filepath.Join(dir, "journal.jsonl"))
	require.NoError(t, err)
	require.EqualValues(t, 0o600, info.Mode().Perm())
}

// A crash cuts the last line anywhere; what stood before it holds, and what comes
// after it is not joined to the fragment.
func TestJournalCutShort(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j := openJournal(t, dir)
	require.NoError(t, j.Record(t.Context(), rec("a", desk.PhaseIntended)))
	require.NoError(t, j.Record(t.Context(), rec("bb", desk.PhaseIntended)))
	require.NoError(t, j.Close())
	path := filepath.Join(dir, "journal.jsonl")
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	first := bytes.IndexByte(whole, '\n') + 1
	for cut := first; cut < len(whole); cut++ {
		require.NoError(t, os.WriteFile(path, whole[:cut], 0o600))
		j, err := desk.OpenJournal(dir)
		require.NoError(t, err)
		require.Equal(t, []desk.Record{rec("a", desk.PhaseIntended)}, j.Pending(), "cut at %d", cut)
		require.NoError(t, j.Record(t.Context(), rec("ccc", desk.PhaseIntended)))
		require.NoError(t, j.Close())
		j, err = desk.OpenJournal(dir)
		require.NoError(t, err)
		require.Len(t, j.Pending(), 2, "cut at %d", cut)
		require.Zero(t, j.Damaged())
		require.NoError(t, j.Close())
	}
}

// A desk must start in a crisis: what can't be read is kept and counted.
func TestJournalDamaged(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	good, err := json.Marshal(rec("a", desk.PhaseIntended))
	require.NoError(t, err)
	text := bytes.Join([][]byte{[]byte("{"), good, {0, 0, 0}, bytes.Repeat([]byte("x"), 200_000), []byte(`{"id":"b"}`), nil}, []byte("\n"))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "journal.jsonl"), text, 0o600))
	j := openJournal(t, dir)
	require.Equal(t, 4, j.Damaged())
	require.Equal(t, []desk.Record{rec("a", desk.PhaseIntended)}, j.Pending())
	require.NoError(t, j.Record(t.Context(), rec("a", desk.PhaseDone)))
	now, err := os.ReadFile(filepath.Join(dir, "journal.jsonl"))
	require.NoError(t, err)
	require.True(t, bytes.HasPrefix(now, text), "nothing of it is thrown away")
}

func TestJournalIsLocked(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j := openJournal(t, dir)
	_, err := desk.OpenJournal(dir)
	require.ErrorIs(t, err, desk.ErrJournalLocked)
	require.NoError(t, j.Close())
	openJournal(t, dir)
}

// A full journal is put aside; what is open goes along.
func TestJournalIsPutAside(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var text bytes.Buffer
	for text.Len() < 16<<20 { // filled with what is quick to read
		text.Write(append(bytes.Repeat([]byte("x"), 1<<20), '\n'))
	}
	line, err := json.Marshal(rec("open", desk.PhaseUnknown))
	require.NoError(t, err)
	text.Write(append(line, '\n'))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "journal.jsonl"), text.Bytes(), 0o600))

	j := openJournal(t, dir)
	require.Equal(t, []desk.Record{rec("open", desk.PhaseUnknown)}, j.Pending())
	require.Equal(t, []desk.Record{rec("open", desk.PhaseUnknown)}, records(t, dir))
	_, err = desk.OpenJournal(dir)
	require.ErrorIs(t, err, desk.ErrJournalLocked, "the new file is locked as well")
	aside, err := filepath.Glob(filepath.Join(dir, "journal-*.jsonl"))
	require.NoError(t, err)
	require.Len(t, aside, 1)
	kept, err := os.ReadFile(aside[0])
	require.NoError(t, err)
	require.Equal(t, text.Len(), len(kept))
	require.NoError(t, j.Close())
	require.Len(t, openJournal(t, dir).Pending(), 1)
}

func TestJournalIsConcurrent(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j := openJournal(t, dir)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for k := range 5 {
				if err := j.Record(t.Context(), rec(fmt.Sprintf("%d-%d", i, k), desk.PhaseIntended)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	require.Len(t, records(t, dir), 40)
}

// A write that fails leaves no fragment before the next.
func TestJournalAfterAFailedWrite(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j := openJournal(t, dir)
	require.NoError(t, j.Record(t.Context(), rec("a", desk.PhaseIntended)))
	require.NoError(t, j.Close()) // what a disk error looks like from here
	require.Error(t, j.Record(t.Context(), rec("bb", desk.PhaseIntended)))
	require.Len(t, openJournal(t, dir).Pending(), 1)
}

func FuzzJournal(f *testing.F) {
	good, err := json.Marshal(rec("a", desk.PhaseIntended))
	require.NoError(f, err)
	f.Add(append(good, '\n'))
	f.Add([]byte("{\n\x00\n"))
	f.Add(good[:10])
	f.Fuzz(func(t *testing.T, text []byte) {
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, "journal.jsonl"), text, 0o600))
		j, err := desk.OpenJournal(dir)
		require.NoError(t, err)
		before := j.Pending()
		require.NoError(t, j.Record(t.Context(), rec("fuzz-marker", desk.PhaseIntended)))
		require.NoError(t, j.Close())
		j, err = desk.OpenJournal(dir)
		require.NoError(t, err)
		defer j.Close()
		var found bool
		for _, r := range j.Pending() {
			found = found || r.ID == "fuzz-marker"
		}
		require.True(t, found, "what is written after damage is read again")
		require.GreaterOrEqual(t, len(j.Pending()), len(before))
	})
}
