package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/client"
	"tocsin/notice"
	"tocsin/notice/noticetest"
)

func TestPublishAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newFakeDesk(t)
		desk := d.open(nil)
		expires := time.Now().Add(time.Hour).UTC()
		d.script("POST /v1/notices", func(w http.ResponseWriter, _ *http.Request) {
			d.answer(w, 202, map[string]any{"status": "waiting", "identifier": "i", "need": 2, "expires": expires,
				"signers": []any{map[string]any{"owner": "ana-ruiz", "keyid": "k", "role": "publisher"}}, "candidates": []string{"ben-holt"},
				"hint": "tocsin approve i", "later": 1})
		}, d.published)
		env := d.Envelope(d.Alert(), d.Publisher)

		answer, err := desk.Publish(t.Context(), env)
		require.NoError(t, err)
		require.False(t, answer.Published())
		require.Equal(t, client.Answer{Status: "waiting", Identifier: "i", Need: 2, Expires: expires, Hint: "tocsin approve i",
			Signers:    []client.Signer{{Owner: "ana-ruiz", KeyID: "k", Role: notice.RolePublisher}},
			Candidates: []string{"ben-holt"}}, answer)

		answer, err = desk.Publish(t.Context(), env)
		require.NoError(t, err)
		require.True(t, answer.Published())
		require.EqualValues(t, 7, answer.Seq)

		for _, c := range d.take() {
			require.Equal(t, call{"POST", "/v1/notices", "application/json", "application/json", "", string(env.Marshal())}, c)
		}
	})
}

func TestPublishDocuments(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newFakeDesk(t)
		desk := d.open(nil)
		d.script("POST /", d.published)
		env := d.Envelope(d.Alert())
		for path, publish := range map[string]func(context.Context, *notice.Envelope) (client.Answer, error){
			"/v1/keyset": desk.PublishKeyset, "/v1/keyset?check=true": desk.CheckKeyset, "/v1/contacts": desk.PublishContacts,
			"/v1/posture": desk.PublishPosture, "/v1/redaction": desk.PublishRedaction,
		} {
			_, err := publish(t.Context(), env)
			require.NoError(t, err)
			require.Equal(t, path, d.take()[0].path)
		}
	})
}

// An answer that is lost is no answer: the same envelope again finds out.
func TestPublishFindsOut(t *testing.T) {
	for name, steps := range map[string]func(*fakeDesk) []http.HandlerFunc{
		"504, then published":         func(d *fakeDesk) []http.HandlerFunc { return []http.HandlerFunc{d.unconfirmed, d.published} },
		"504, then already":           func(d *fakeDesk) []http.HandlerFunc { return []http.HandlerFunc{d.unconfirmed, d.already} },
		"lost, then already":          func(d *fakeDesk) []http.HandlerFunc { return []http.HandlerFunc{d.broken, d.already} },
		"cut short, then already":     func(d *fakeDesk) []http.HandlerFunc { return []http.HandlerFunc{cutShort, d.already} },
		"a proxy's 502, then already": func(d *fakeDesk) []http.HandlerFunc { return []http.HandlerFunc{status(502), d.already} },
		"four times, and then already": func(d *fakeDesk) []http.HandlerFunc {
			return []http.HandlerFunc{d.unconfirmed, d.broken, status(504), d.unconfirmed, d.already}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newFakeDesk(t)
				d.script("POST /v1/notices", steps(d)...)
				answer, err := d.open(nil).Publish(t.Context(), d.Envelope(d.Alert()))
				require.NoError(t, err)
				require.True(t, answer.Published())
				require.Equal(t, "i", answer.Identifier)
				require.EqualValues(t, 7, answer.Seq)
			})
		})
	}
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func cutShort(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "100")
	w.WriteHeader(201)
	_, _ = w.Write([]byte(`{"status":`))
	panic(http.ErrAbortHandler)
}

func TestPublishGivesUp(t *testing.T) {
	for name, step := range map[string]func(*fakeDesk) http.HandlerFunc{
		"unconfirmed": func(d *fakeDesk) http.HandlerFunc { return d.unconfirmed },
		"lost":        func(d *fakeDesk) http.HandlerFunc { return d.broken },
		"a proxy":     func(*fakeDesk) http.HandlerFunc { return status(503) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newFakeDesk(t)
				d.script("POST /v1/notices", step(d))
				started := time.Now()
				_, err := d.open(nil).Publish(t.Context(), d.Envelope(d.Alert()))
				require.ErrorIs(t, err, client.ErrUnconfirmed)
				require.Equal(t, 15*time.Second, time.Since(started))
				require.Len(t, d.take(), 5)
			})
		})
	}
}

// Whoever gives up in between does not know either.
func TestPublishInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newFakeDesk(t)
		d.script("POST /v1/notices", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		_, err := d.open(nil).Publish(ctx, d.Envelope(d.Alert()))
		require.ErrorIs(t, err, client.ErrUnconfirmed)
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

// What never left, and what was refused, is certain: it is told at once.
func TestPublishIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newFakeDesk(t)
		var next http.HandlerFunc
		d.script("POST /v1/notices", func(w http.ResponseWriter, r *http.Request) { next(w, r) })
		for _, c := range []struct {
			answer http.HandlerFunc
			want   error
			text   string
		}{
			{d.already, client.ErrAlreadyPublished, "Title of already-published"},
			{func(w http.ResponseWriter, _ *http.Request) {
				d.refuse(w, 422, "rule", map[string]any{"rule": "info.languages", "detail": "twice"})
			}, client.ErrRule, "Title of rule (info.languages): twice"},
			{func(w http.ResponseWriter, _ *http.Request) {
				d.refuse(w, 409, "superseded", map[string]any{"missing": []string{"a,b,c"}})
			}, client.ErrSuperseded, "Title of superseded"},
			{func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", "2")
				d.refuse(w, 503, "unavailable", nil)
			}, client.ErrUnavailable, "Title of unavailable"},
			{func(w http.ResponseWriter, _ *http.Request) { d.refuse(w, 400, "bad-request", nil) }, nil, "Title of bad-request"},
			{status(307), nil, "the desk answered 307 Temporary Redirect"},
			{status(404), nil, "the desk answered 404 Not Found"},
		} {
			next = c.answer
			started := time.Now()
			_, err := d.open(nil).Publish(t.Context(), d.Envelope(d.Alert()))
			require.EqualError(t, err, c.text)
			var p *client.Problem
			require.ErrorAs(t, err, &p)
			if c.want != nil {
				require.ErrorIs(t, err, c.want)
			}
			require.NotErrorIs(t, err, client.ErrUnconfirmed)
			require.Zero(t, time.Since(started))
			require.Len(t, d.take(), 1)
			switch p.Status {
			case 503:
				require.Equal(t, 2*time.Second, p.RetryAfter)
			case 422:
				require.Equal(t, "info.languages", p.Rule)
			}
		}
		desk, err := client.NewDesk(client.DeskConfig{URL: "https://desk.invalid", HTTPClient: &http.Client{Transport: unreachable{}}})
		require.NoError(t, err)
		_, err = desk.Publish(t.Context(), d.Envelope(d.Alert()))
		require.NotErrorIs(t, err, client.ErrUnconfirmed)
		require.ErrorContains(t, err, "no route")
	})
}

type unreachable struct{}

func (unreachable) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("no route")
}

func TestApprove(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newFakeDesk(t)
		alert := d.Alert()
		proposed := d.Envelope(alert, d.Publisher)
		d.script("POST /v1/proposals/{identifier}/signatures", d.published)
		answer, err := d.open(d.Approver).Approve(t.Context(), client.Proposal{Identifier: alert.Identifier, Envelope: proposed.Marshal()})
		require.NoError(t, err)
		require.True(t, answer.Published())
		sent := d.take()[0]
		require.Equal(t, "/v1/proposals/"+alert.Identifier+"/signatures", sent.path)
		var sig struct {
			KeyID string
			Sig   notice.Base64
		}
		require.NoError(t, json.Unmarshal([]byte(sent.body), &sig))
		want := d.Envelope(alert, d.Approver).Signatures[0]
		require.Equal(t, want, notice.Signature{KeyID: sig.KeyID, Sig: sig.Sig})
	})
}

// A key signs what its owner was shown, and nothing that a desk makes up.
func TestApproveRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newFakeDesk(t)
		d.script("POST /", d.published)
		alert := d.Alert()
		session := d.SessionBody(&notice.Session{Origin: "https://another.example", Nonce: "n", Expires: alert.Sent}, d.Stranger)
		for name, p := range map[string]client.Proposal{
			"a login":        {Identifier: "session", Envelope: session},
			"another notice": {Identifier: alert.Identifier, Envelope: d.Sign(d.Alert())},
			"a head":         {Identifier: "x", Envelope: noticetest.SignBytes(notice.TypeHead, []byte(`{}`)).Marshal()},
			"unknown type":   {Identifier: "x", Envelope: noticetest.SignBytes("x/y", []byte(`{}`)).Marshal()},
			"not a notice":   {Identifier: "x", Envelope: noticetest.SignBytes(notice.TypeNotice, []byte(`{}`)).Marshal()},
			"not envelope":   {Identifier: "x", Envelope: []byte(`{}`)},
		} {
			_, err := d.open(d.Approver).Approve(t.Context(), p)
			require.ErrorContains(t, err, "opening the proposal", name)
		}
		_, err := d.open(nil).Approve(t.Context(), client.Proposal{Identifier: alert.Identifier, Envelope: d.Sign(alert)})
		require.ErrorIs(t, err, client.ErrConfig)
		require.Empty(t, d.take())
	})
}

func TestIdentifier(t *testing.T) {
	s := noticetest.NewStaff(t)
	alert := s.Alert()
	for want, body := range map[string][]byte{
		alert.Identifier: s.Sign(alert),
		"keyset-3":       s.KeysetBody(3),
		"contacts-4":     s.ContactsBody(4),
		"posture-5":      s.PostureBody(&notice.Posture{Version: 5}),
		"redaction-6":    s.RedactionBody(6, []byte("x")),
	} {
		env, err := notice.ParseEnvelope(body)
		require.NoError(t, err)
		got, err := client.Identifier(env)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	for _, kind := range []string{notice.TypeNotice, notice.TypeKeyset, notice.TypeContacts, notice.TypePosture,
		notice.TypeRedaction, notice.TypeHead, notice.TypeSession, "x/y"} {
		_, err := client.Identifier(noticetest.SignBytes(kind, []byte(`{}`)))
		require.Error(t, err, kind)
	}
}

func TestReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newFakeDesk(t)
		desk := d.open(d.Publisher)
		body := `{ "payloadType":"x", "odd" : 1}`
		raw := func(text string) http.HandlerFunc {
			return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) }
		}
		d.script("GET /v1/proposals/{identifier}", raw(`{"identifier":"a/b","envelope":`+body+`}`))
		d.script("DELETE /v1/proposals/{identifier}", status(204))
		d.script("GET /v1/notices", raw(`{"notices":[{"identifier":"i","phase":"active","current":{"seq":4}}]}`))
		d.script("GET /v1/notices/{identifier}", raw(`{"identifier":"i","messages":[{"seq":3},{"seq":4}]}`), raw("<alert/>"))
		d.script("GET /v1/notices/{identifier}/receipts", raw(`{"identifier":"i","revisions":[{"revision":1,"displayed":7}]}`))
		d.script("GET /v1/keyset", raw(`{"seq":1,"envelope":`+body+`}`))
		d.script("GET /v1/contacts", raw(`{"seq":2,"envelope":`+body+`}`))
		d.script("GET /v1/posture", raw(`{"seq":3,"envelope":`+body+`}`))

		p, err := desk.Proposal(t.Context(), "a/b")
		require.NoError(t, err)
		require.Equal(t, body, string(p.Envelope), "verbatim")
		calls := d.take()
		require.Equal(t, "/v1/proposals/a%2Fb", calls[len(calls)-1].path)
		require.NoError(t, desk.Withdraw(t.Context(), "i"))
		list, err := desk.Notices(t.Context(), "active")
		require.NoError(t, err)
		require.EqualValues(t, 4, list.Notices[0].Current.Seq)
		thread, err := desk.Notice(t.Context(), "i")
		require.NoError(t, err)
		require.Len(t, thread.Messages, 2)
		xml, err := desk.NoticeCAP(t.Context(), "i")
		require.NoError(t, err)
		require.Equal(t, "<alert/>", string(xml))
		counts, err := desk.Receipts(t.Context(), "i")
		require.NoError(t, err)
		require.Equal(t, []client.Counts{{Revision: 1, Displayed: 7}}, counts.Revisions)
		for _, get := range []func(context.Context) (client.Document, error){desk.Keyset, desk.Contacts, desk.Posture} {
			doc, err := get(t.Context())
			require.NoError(t, err)
			require.Equal(t, body, string(doc.Envelope))
		}
		calls = d.take()
		require.Equal(t, "DELETE", calls[0].method)
		require.Equal(t, "/v1/notices?phase=active", calls[1].path)
		require.Equal(t, "application/cap+xml", calls[3].accept)
		require.Empty(t, calls[5].bearer+calls[6].bearer)
		require.NotEmpty(t, calls[7].bearer)
	})
}

func TestAnswersThatAreWrong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newFakeDesk(t)
		d.script("GET /v1/keyset",
			func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"seq":"one"}`) },
			func(w http.ResponseWriter, _ *http.Request) { _, _ = io.CopyN(w, zeros{}, 32<<20+1) },
			func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/problem+json")
				w.WriteHeader(500)
				_, _ = io.WriteString(w, `not JSON`)
			})
		desk := d.open(nil)
		_, err := desk.Keyset(t.Context())
		require.ErrorContains(t, err, "reading the desk's answer")
		_, err = desk.Keyset(t.Context())
		require.ErrorContains(t, err, "too large")
		_, err = desk.Keyset(t.Context())
		require.EqualError(t, err, "the desk answered 500 Internal Server Error")
	})
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { return len(b), nil }

func TestFollowReceipts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newFakeDesk(t)
		d.script("GET /v1/notices/{identifier}/receipts", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			_, _ = io.WriteString(w, ": hello\n\nevent: receipts\ndata: {\"revisions\":[{\"received\":1}]}\n\n")
			w.(http.Flusher).Flush()
			time.Sleep(time.Hour) // longer than any request takes
			_, _ = io.WriteString(w, ": still here\n\nevent: receipts\ndata: {\"revisions\":[{\"received\":2}]}\n\n")
		})
		var got []int64
		err := d.open(d.Publisher).FollowReceipts(t.Context(), "i", func(r client.Receipts) {
			got = append(got, r.Revisions[0].Received)
		})
		require.NoError(t, err)
		require.Equal(t, []int64{1, 2}, got)
	})
}

func TestDeskConfigErrors(t *testing.T) {
	for _, address := range []string{"", "desk.example", "http://desk.example", "https://desk.example/v1", "https://u:p@desk.example"} {
		_, err := client.NewDesk(client.DeskConfig{URL: address})
		require.ErrorIs(t, err, client.ErrConfig, address)
	}
	_, err := client.NewDesk(client.DeskConfig{URL: "http://desk.example", AllowPlaintext: true})
	require.NoError(t, err)
}
