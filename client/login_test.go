package client_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/client"
)

func TestLogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newFakeDesk(t)
		d.skew = -2 * time.Hour // nobody's clock is right; the desk's counts
		d.script("GET /v1/proposals", func(w http.ResponseWriter, _ *http.Request) {
			d.answer(w, 200, map[string]any{"proposals": []any{}, "source": map[string]any{"state": "stale", "sinceMs": 9}})
		})
		desk := d.open(d.Publisher)
		list, err := desk.Proposals(t.Context())
		require.NoError(t, err)
		require.EqualValues(t, 9, list.Source.SinceMs)
		require.Equal(t, "bearer!", d.take()[2].bearer)

		time.Sleep(14 * time.Minute)
		_, err = desk.Proposals(t.Context())
		require.NoError(t, err)
		require.Equal(t, 1, d.logins)

		time.Sleep(time.Minute)
		_, err = desk.Proposals(t.Context())
		require.NoError(t, err)
		require.Equal(t, 2, d.logins, "one that is about to end is renewed")

		d.expired = true
		_, err = desk.Proposals(t.Context())
		require.NoError(t, err)
		require.Equal(t, 3, d.logins, "one that is refused is renewed, once")
	})
}

func TestLoginRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newFakeDesk(t)
		_, err := d.open(d.Stranger).Proposals(t.Context())
		require.ErrorIs(t, err, client.ErrLogin)
		require.Len(t, d.take(), 2)
		_, err = d.open(nil).Proposals(t.Context())
		require.ErrorIs(t, err, client.ErrConfig)
		require.NoError(t, d.open(d.Approver).Login(t.Context()))
	})
}

// The login is signed for the desk that was dialled, not for the one that answers
// claims to be: a desk can't have a login at another desk signed.
func TestLoginNamesTheDeskThatWasDialled(t *testing.T) {
	for dialled, origin := range map[string]string{
		"http://localhost:8081":   "http://localhost:8081",
		"http://LOCALHOST:8081/":  "http://localhost:8081",
		"http://127.0.0.1:80":     "http://127.0.0.1",
		"http://[::1]:8081":       "http://[::1]:8081",
		"http://localhost:8081/x": "",
	} {
		synctest.Test(t, func(t *testing.T) {
			d := newFakeDesk(t)
			desk, err := client.NewDesk(client.DeskConfig{URL: dialled, Key: d.Publisher, HTTPClient: d.http})
			if origin == "" {
				require.ErrorIs(t, err, client.ErrConfig)
				return
			}
			require.NoError(t, err)
			d.origin = origin
			require.NoError(t, desk.Login(t.Context()), dialled)
			d.origin = "https://another.example"
			desk, err = client.NewDesk(client.DeskConfig{URL: dialled, Key: d.Publisher, HTTPClient: d.http})
			require.NoError(t, err)
			require.ErrorIs(t, desk.Login(t.Context()), client.ErrLogin)
		})
	}
}
