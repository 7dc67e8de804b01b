package target

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"tocsin/notice"
	"tocsin/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// keys are written as "tocsin key new" does, and read as this package does.
func keys(t *testing.T, owners ...string) (read []*Key, private []*notice.PrivateKey) {
	t.Helper()
	for _, owner := range owners {
		k, err := notice.NewKey(owner)
		require.NoError(t, err)
		path := filepath.Join(t.TempDir(), owner)
		require.NoError(t, os.WriteFile(path, k.Marshal(), 0o600))
		one, err := ReadKey(path)
		require.NoError(t, err)
		read, private = append(read, one), append(private, k)
	}
	return read, private
}

// What is made without package notice is what package notice makes and accepts.
func TestNotices(t *testing.T) {
	read, private := keys(t, "ana", "ben")
	for _, size := range []int{0, 900, 2_000, 30_000} {
		for _, addresses := range [][]string{nil, {"surface:loadtest-deaf"}} {
			body, err := Text{Size: size, Addresses: addresses}.seal(read, time.Now())
			require.NoError(t, err)
			envelope, err := notice.ParseEnvelope(body)
			require.NoError(t, err)
			again := &notice.Envelope{PayloadType: envelope.PayloadType, Payload: envelope.Payload}
			for _, k := range private {
				again.Sign(k)
			}
			require.Equal(t, again, envelope)
			n, err := notice.Decode(envelope.Payload)
			require.NoError(t, err)
			require.Equal(t, addresses, n.Addresses)
			require.Equal(t, notice.StatusExercise, n.Status)
			if size == 0 {
				size = defaultSize
			}
			require.InDelta(t, max(size, 1_000), len(wire.EncodeEntry(1000, envelope.Marshal())), 120, "asked for %d", size)
		}
	}
}

func TestBadKeys(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	_, err := ReadKey(path)
	require.ErrorIs(t, err, os.ErrNotExist)
	for _, text := range []string{"", "no PEM", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"} {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		_, err := ReadKey(path)
		require.Error(t, err)
		require.NotContains(t, err.Error(), "AAAA")
	}
	_, err = Text{}.seal(nil, time.Now())
	require.Error(t, err)
}

func TestTokens(t *testing.T) {
	i, err := NewIssuer()
	require.NoError(t, err)
	defer http.DefaultClient.CloseIdleConnections()
	defer i.Close()
	seen := make(map[string]bool)
	for _, alg := range []string{RS256, EdDSA} {
		tokens, err := i.Tokens(alg, 5)
		require.NoError(t, err)
		for _, token := range tokens {
			require.False(t, seen[token], "each is new")
			seen[token] = true
			require.Len(t, strings.Split(token, "."), 3)
		}
	}
	response, err := http.Get(i.URL + "/jwks.json")
	require.NoError(t, err)
	defer response.Body.Close()
	var set struct{ Keys []map[string]string }
	require.NoError(t, json.NewDecoder(response.Body).Decode(&set))
	require.Len(t, set.Keys, 2)
	fetched, err := FetchTokens(t.Context(), i.URL+"/jwks.json?{i}", 2)
	require.NoError(t, err)
	require.Len(t, fetched, 2)
	_, err = FetchTokens(t.Context(), i.URL+"/absent", 1)
	require.Error(t, err)
}
