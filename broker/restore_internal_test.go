package broker

import (
	"log/slog"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
)

// emptyRestore is a restore of nothing into an embedded store as it stands.
func emptyRestore(t *testing.T) *restore {
	t.Helper()
	b, err := Open(t.Context(), Config{Dir: t.TempDir(), MaxBytes: MinMaxBytes, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(b.Close)
	c := &Copy{}
	return &restore{b: b, copy: c, digest: c.digest()}
}

func (r *restore) config(t *testing.T) jetstream.StreamConfig {
	t.Helper()
	stream, err := r.b.js.Stream(t.Context(), StreamLog)
	require.NoError(t, err)
	return stream.CachedInfo().Config
}

// The last step may be asked for and never arrive. Then the log is still marked, and to
// call it restored would leave it so.
func TestRestoreCommitsAgain(t *testing.T) {
	t.Parallel()
	r := emptyRestore(t)
	_, err := r.prepare(t.Context())
	require.NoError(t, err)
	r.committed = true
	require.ErrorIs(t, restoring(r.config(t)), ErrRestoring)
	require.NoError(t, r.attempt(t.Context()))
	require.NoError(t, restoring(r.config(t)))
}

// An attempt that came no further than to remove the former stream does not make the new
// one smaller, or with fewer copies.
func TestRestoreKeepsSettings(t *testing.T) {
	t.Parallel()
	r := emptyRestore(t)
	config := r.config(t)
	config.MaxBytes /= 2
	_, err := r.b.js.UpdateStream(t.Context(), config)
	require.NoError(t, err)
	_, err = r.prepare(t.Context())
	require.NoError(t, err)
	require.NoError(t, r.remove(t.Context()))
	_, err = r.prepare(t.Context())
	require.NoError(t, err)
	require.Equal(t, config.MaxBytes, r.config(t).MaxBytes)
}

// An append that came before the log was closed may be confirmed after its state was
// asked for. Whoever replaces the log hears of it all the same.
func TestFenceSeesWhatIsOnItsWay(t *testing.T) {
	t.Parallel()
	r := emptyRestore(t)
	config := r.config(t)
	config.Subjects = append(config.Subjects, closedSubjects)
	_, err := r.b.js.UpdateStream(t.Context(), config)
	require.NoError(t, err)
	require.NoError(t, r.fence(t.Context(), 0))

	// Behind many writes that are refused, one that is not.
	refused := nats.NewMsg(subjectKeyset)
	refused.Data = make([]byte, MaxBody/2)
	refused.Header.Set(jetstream.ExpectedLastSeqHeader, "7")
	for range 200 {
		require.NoError(t, r.b.conn.PublishMsg(refused))
	}
	inbox, err := r.b.conn.SubscribeSync(r.b.conn.NewInbox())
	require.NoError(t, err)
	require.NoError(t, r.b.conn.PublishRequest(subjectKeyset, inbox.Subject, []byte("x")))
	err = r.fence(t.Context(), 0)
	require.ErrorIs(t, err, ErrNotEmpty)
	require.ErrorContains(t, err, "it ends at 1 now")
	_, err = inbox.NextMsgWithContext(t.Context())
	require.NoError(t, err)
	require.NoError(t, r.fence(t.Context(), 1))
	require.EqualValues(t, 1, r.state(t).Msgs, "the question itself is not kept")
}

func (r *restore) state(t *testing.T) jetstream.StreamState {
	t.Helper()
	info, err := r.info(t.Context())
	require.NoError(t, err)
	return info.State
}

// Hubs are sent what is stored, and not a log that is being restored: all of it, to each of them.
func TestNothingOfARestoreIsSentAround(t *testing.T) {
	t.Parallel()
	log := streamConfigs(MinMaxBytes, 3)[0]
	require.Equal(t, sentAround(), log.RePublish)
	during := marked(log, "digest")
	require.Nil(t, during.RePublish)
	require.Equal(t, sentAround(), unmarked(during).RePublish)
}
