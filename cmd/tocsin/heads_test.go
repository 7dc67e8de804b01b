package main

import (
	"log/slog"
	"os"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/notice"
	"tocsin/notice/noticetest"
)

// What a desk signs reaches an edge in another process, and what the edge tells of it.
func TestHeadsReachAnEdge(t *testing.T) {
	f := newFleetApart(t)
	edge := f.serve("edge", "--roles", "edge").ready(t)
	require.Contains(t, edge.state().words(), "heads     awaited for 0s")
	require.NoError(t, os.WriteFile(f.path("beacon.key"), f.Beacon.Marshal(), 0o600))
	second := f.serve("desk-2", "--roles", "desk", "--beacon-key", f.path("beacon.key"))
	require.Eventually(t, func() bool { return !edge.hub.State().HeadCame.IsZero() }, patience, 10*time.Millisecond)
	require.Regexp(t, `heads     signed \d+s ago`, edge.state().words())
	require.NotContains(t, edge.state().words(), "signing")
	says := func(m *member, text string) {
		require.Eventually(t, func() bool { return regexp.MustCompile(text).MatchString(m.state().words()) }, patience, 10*time.Millisecond, text)
	}
	says(second, `signing   heads, the last \d+s ago, by `+f.Beacon.KeyID())
	says(f.office, "signing   no heads: this desk has no --beacon-key")
	require.NoError(t, os.WriteFile(f.path("stranger.key"), f.Stranger.Marshal(), 0o600))
	third := f.serve("desk-3", "--roles", "desk", "--beacon-key", f.path("stranger.key"))
	says(third, `signing   NO HEADS: the keyset does not name the --beacon-key(?s:.*)`+f.Stranger.KeyID())
}

func TestSigningInWords(t *testing.T) {
	const keyset = true
	for want, state := range map[string]signingState{
		"no heads: this desk has no --beacon-key":             {},
		"NO HEADS: the keyset does not name the --beacon-key": {Beacon: "0a1b", Last: time.Now()},
		"no heads yet, by 0a1b":                               {Beacon: "0a1b", Listed: true},
		"heads, the last 9s ago, by 0a1b":                     {Beacon: "0a1b", Listed: true, Last: time.Now().Add(-9 * time.Second)},
		"NO HEADS for 1m0s: ":                                 {Beacon: "0a1b", Listed: true, Last: time.Now().Add(-time.Minute)},
	} {
		require.Contains(t, state.words(keyset), want)
	}
	require.Equal(t, "no heads yet: there is no keyset", (&signingState{Beacon: "0a1b"}).words(!keyset))
}

func TestHeadsInWords(t *testing.T) {
	for want, state := range map[string]headsState{
		"none: the keyset names no beacon, so clients rest on the nodes' word": {},
		"awaited for 44s": {Beacon: true, AgeMs: 44_000},
		"signed 3s ago":   {Beacon: true, AgeMs: 3_000, Came: time.Now()},
		"MISSING for 45s: clients do not call themselves live":  {Beacon: true, AgeMs: 45_000, Came: time.Now()},
		"MISSING for 1m0s: clients do not call themselves live": {Beacon: true, AgeMs: 60_000},
	} {
		require.Equal(t, want, state.words())
	}
}

// A beacon's key is a desk's, and a secret.
func TestBeaconKeyRefused(t *testing.T) {
	f := newFleet(t)
	require.NoError(t, os.WriteFile(f.path("beacon.key"), f.Beacon.Marshal(), 0o644))
	cmd, err := parse(t, "--trust", f.path("trust.pem"), "--roles", "edge", "--beacon-key", f.path("beacon.key"))
	if err == nil {
		err = cmd.check()
	}
	require.ErrorContains(t, err, "--beacon-key is for desks")
	_, err = readKey(f.path("beacon.key"))
	require.ErrorContains(t, err, "can be read by others")

	half := publicHalf{Owner: f.Beacon.Owner, Key: f.Beacon.Public()}
	require.NoError(t, os.WriteFile(f.path("beacon.pub"), half.marshal(), 0o644))
	cmd, err = parse(t, "--trust", f.path("trust.pem"), "--roles", "desk", "--beacon-key", f.path("beacon.pub"), "--data", f.path("desk"),
		"--desk-keys", f.path("desk.keys"), "--ticket-keys", f.path("ticket.keys"), "--desk-listen", freeAddress(), "--admin-listen", freeAddress())
	require.NoError(t, err)
	log := slog.New(slog.DiscardHandler)
	require.NoError(t, cmd.complete(log))
	_, err = open(t.Context(), cmd, log)
	require.ErrorContains(t, err, "--beacon-key: "+f.path("beacon.pub")+" is the public half of a key")
}

// An older folder of dev mode has no beacon, and goes on without heads.
func TestDevFolderWithoutBeacon(t *testing.T) {
	d := devMode{t.TempDir()}
	require.NoError(t, d.fill())
	read, err := readDraft(d.path(devKeyset))
	require.NoError(t, err)
	require.True(t, read.keyset.HasBeacon(time.Now()))
	key, err := readKey(d.path(devBeacon))
	require.NoError(t, err)
	require.True(t, read.keyset.Key(key.KeyID()).Has(notice.RoleBeacon))
	require.False(t, noticetest.NewStaff(t).Keyset(1, noticetest.Without(noticetest.NewStaff(t).Beacon)).HasBeacon(time.Now()))

	for _, exists := range []bool{true, false} {
		if !exists {
			require.NoError(t, os.Remove(d.path(devBeacon)))
		}
		cmd := &serveCmd{Dev: true, Roles: []string{"edge", "desk"}}
		cmd.useBeacon(d)
		require.Equal(t, exists, cmd.BeaconKey != "")
	}
}

func TestKeysetInWords(t *testing.T) {
	const read = true
	require.Equal(t, "NONE: nothing can be published; see tocsin keyset --help", keysetState{}.words(read))
	require.Equal(t, "not known: the log has not been read to its end", keysetState{}.words(!read))
	require.Equal(t, "version 3, 2 keys, to be renewed by 2030-01-01", keysetState{Version: 3, Keys: 2, Expires: "2030-01-01"}.words(!read))
}
