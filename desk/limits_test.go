package desk_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/desk"
	"tocsin/notice"
	"tocsin/notice/noticetest"
)

func TestBadRequests(t *testing.T) {
	t.Parallel()
	o := newSite(t).open()
	alert := o.staff.Alert()
	body := o.staff.Sign(alert)
	form := o.request(http.MethodPost, "/v1/notices", body)
	form.Header.Set("Content-Type", "text/plain") // what a page of another site can send unasked
	require.Equal(t, "media-type", o.do(form).problem())
	none := o.request(http.MethodPost, "/v1/notices", body)
	none.Header.Del("Content-Type")
	require.Equal(t, "media-type", o.do(none).problem())
	charset := o.request(http.MethodPost, "/v1/session", body)
	charset.Header.Set("Content-Type", "Application/JSON; charset=utf-8")
	require.Equal(t, "login-refused", o.do(charset).problem())

	a := o.post("/v1/notices", bytes.Repeat([]byte(" "), notice.MaxBody+1))
	require.Equal(t, http.StatusRequestEntityTooLarge, a.Status)
	require.Equal(t, "too-big", a.problem())
	a = o.do(o.request(http.MethodDelete, "/v1/notices", nil))
	require.Equal(t, http.StatusMethodNotAllowed, a.Status)
	require.Equal(t, "GET, POST", a.Header.Get("Allow"))
	require.Equal(t, "bad-request", o.post("/v1/contacts?check=true", o.staff.ContactsBody(1)).problem())

	require.Equal(t, http.StatusAccepted, o.publish(alert, o.staff.Publisher).Status)
	path := "/v1/proposals/" + alert.Identifier + "/signatures"
	good := string(signatureBody(o.staff.Envelope(alert, o.staff.Approver)))
	for name, body := range map[string]string{
		"empty":          "",
		"not JSON":       "signature",
		"two values":     good + good,
		"unknown member": strings.Replace(good, "{", `{"x":1,`, 1),
		"short":          `{"keyid":"` + o.staff.Approver.KeyID() + `","sig":"AAAA"}`,
		"keyid in caps":  strings.ToUpper(good),
		"null":           "null",
	} {
		a := o.post(path, []byte(body))
		require.Equal(t, http.StatusBadRequest, a.Status, "%s: %s", name, a.Text)
	}
	require.Equal(t, http.StatusNotFound, o.post("/v1/proposals/"+o.staff.NewID()+"/signatures", []byte(good)).Status)
	require.Equal(t, http.StatusNotFound, o.post("/v1/proposals/..%2F*/signatures", []byte(good)).Status)
	require.Equal(t, http.StatusCreated, o.post(path, []byte(good)).Status)
}

// A flood of junk is answered, leaves nothing behind, and does not keep staff out.
func TestFloodOfJunk(t *testing.T) {
	t.Parallel()
	o := newSite(t).open()
	stop := make(chan struct{})
	var flood sync.WaitGroup
	junk := o.staff.Envelope(o.staff.Alert(), o.staff.Publisher, o.staff.Approver)
	junk.Signatures[0].Sig[0] ^= 1
	body := junk.Marshal()
	for range 16 {
		flood.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				response, err := o.server.Client().Post(o.server.URL+"/v1/notices", "application/json", bytes.NewReader(body))
				if err != nil {
					continue
				}
				_, _ = io.Copy(io.Discard, response.Body)
				response.Body.Close()
			}
		})
	}
	for range 5 {
		a := o.publish(o.staff.Alert())
		require.Equal(t, http.StatusCreated, a.Status, a.Text)
	}
	close(stop)
	flood.Wait()
	require.Empty(t, o.get("/v1/proposals").Body["proposals"])
	require.EqualValues(t, 6, o.head())
}

// Bodies that do not come hold nobody up.
func TestSilentBodies(t *testing.T) {
	t.Parallel()
	o := newSite(t).open()
	for range 64 {
		conn, err := net.Dial("tcp", o.server.Listener.Addr().String())
		require.NoError(t, err)
		defer conn.Close()
		_, err = io.WriteString(conn, silentPost)
		require.NoError(t, err)
	}
	require.Equal(t, http.StatusCreated, o.publish(o.staff.Alert()).Status)
}

const silentPost = "POST /v1/session HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"

// They are given up after ten seconds, also where the answer does not wait for them.
func TestSilentBodyIsGivenUp(t *testing.T) {
	for name, test := range map[string]struct {
		request string
		status  int
		after   time.Duration
	}{
		"read":         {silentPost, http.StatusBadRequest, 10 * time.Second},
		"wrong host":   {strings.Replace(silentPost, "127.0.0.1", "evil.example", 1), http.StatusMisdirectedRequest, 10 * time.Second},
		"wrong type":   {strings.Replace(silentPost, "json", "xml", 1), http.StatusUnsupportedMediaType, 10 * time.Second},
		"wrong method": {strings.Replace(silentPost, "POST", "PUT", 1), http.StatusMethodNotAllowed, 10 * time.Second},
		"no header":    {"GET /v1/challenge HTTP/1.1\r\nHost:", 0, 10 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, server := net.Pipe()
				l := &oneConn{conn: server, done: make(chan struct{})}
				s := desk.Server(bare(t), testLog())
				go func() { _ = s.Serve(l) }()
				start := time.Now()
				go func() { _, _ = io.WriteString(client, test.request) }()
				answer, err := io.ReadAll(client)
				require.NoError(t, err)
				require.Equal(t, test.after, time.Since(start), "and then the connection is closed")
				if test.status != 0 {
					require.Contains(t, string(answer), fmt.Sprintf("HTTP/1.1 %d ", test.status))
				}
				require.NoError(t, s.Close())
				client.Close()
			})
		})
	}
}

// Who waits too long for a place to have signatures checked is told so.
func TestTooManyStrangers(t *testing.T) {
	t.Parallel()
	o := newSite(t).open()
	token := o.token(o.staff.Publisher)
	release := desk.Occupy(o.desk)
	a := o.publish(o.staff.Alert())
	require.Equal(t, http.StatusTooManyRequests, a.Status)
	require.NotEmpty(t, a.Header.Get("Retry-After"))
	r := o.request(http.MethodGet, "/v1/notices", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	require.Equal(t, http.StatusOK, o.do(r).Status, "staff who have logged in go on reading")
	release()
	require.Equal(t, http.StatusCreated, o.publish(o.staff.Alert()).Status)
}

func TestServerHasTimeouts(t *testing.T) {
	t.Parallel()
	s := desk.Server(http.NotFoundHandler(), nil)
	require.NotZero(t, s.ReadHeaderTimeout)
	require.NotZero(t, s.IdleTimeout)
	require.NotZero(t, s.MaxHeaderBytes)
	require.Zero(t, s.WriteTimeout, "receipts are a stream")
}

// Notice texts, tokens and nonces are in no log line, and not in the journal.
func TestNothingSecretIsLogged(t *testing.T) {
	t.Parallel()
	log := &lines{}
	o := newSite(t).open(func(c *desk.Config) { c.Logger = log.logger() })
	alert := o.staff.Alert(noticetest.Headline("HEADLINE-TEXT"), noticetest.Restricted("tenant:RECIPIENT"))
	bad := o.staff.Alert(noticetest.Headline("HEADLINE-TEXT\x00"))
	o.publish(alert, o.staff.Publisher)
	o.approve(alert, o.staff.Approver)
	o.publish(bad)
	o.post("/v1/notices", []byte(`{"HEADLINE-TEXT`))
	session := o.session()
	o.post("/v1/session", o.staff.SessionBody(session, o.staff.Publisher))
	o.post("/v1/session", o.staff.SessionBody(session, o.staff.Publisher))
	o.get("/v1/notices")
	r := o.request(http.MethodGet, "/v1/notices?x=SECRET-QUERY", nil)
	r.Header.Set("Authorization", "Bearer SECRET-TOKEN")
	o.do(r)

	journal, err := json.Marshal(records(t, o.dir))
	require.NoError(t, err)
	text := log.String() + string(journal)
	require.Contains(t, text, alert.Identifier)
	for _, secret := range []string{"HEADLINE-TEXT", "RECIPIENT", "SECRET", session.Nonce, o.token(o.staff.Publisher)} {
		require.NotContains(t, text, secret)
	}
}

func TestReceipts(t *testing.T) {
	t.Parallel()
	counts := &counted{}
	o := newSite(t).open(func(c *desk.Config) { c.Receipts = counts })
	alert := o.staff.Alert()
	require.Equal(t, http.StatusCreated, o.publish(alert).Status)
	path := "/v1/notices/" + alert.Identifier + "/receipts"
	require.Equal(t, []any{}, o.get(path).Body["revisions"])
	require.Equal(t, http.StatusNotFound, o.get("/v1/notices/none/receipts").Status)
	require.Equal(t, http.StatusUnauthorized, o.do(o.request(http.MethodGet, path, nil)).Status)

	r := o.request(http.MethodGet, path, nil)
	r.Header.Set("Authorization", "Bearer "+o.token(o.staff.Publisher))
	r.Header.Set("Accept", "text/event-stream")
	response, err := o.server.Client().Do(r)
	require.NoError(t, err)
	defer response.Body.Close()
	require.Equal(t, "text/event-stream", response.Header.Get("Content-Type"))
	events := newEvents(response.Body)
	require.Empty(t, events.next(t).Revisions)
	counts.set(desk.Counts{Revision: 0, Sent: 10, Received: 9, Displayed: 7, Confirmed: 1})
	e := events.next(t)
	require.Equal(t, alert.Identifier, e.Identifier)
	require.Equal(t, []desk.Counts{{Sent: 10, Received: 9, Displayed: 7, Confirmed: 1}}, e.Revisions)
	require.Equal(t, 1, len(o.get(path).Body["revisions"].([]any)))

	o.advance(3 * time.Second) // who asks at once is told the same
	counts.fail(true)          // what was sent last stays true
	require.Equal(t, "unavailable", o.get(path).problem())
	counts.fail(false)
	o.advance(3 * time.Second)
	counts.set(desk.Counts{Revision: 0, Sent: 11})
	require.EqualValues(t, 11, events.next(t).Revisions[0].Sent)
}

// Many ask for one thread's receipts, the store is asked once, and for no more revisions than
// there are. One thread's don't stand for another's.
func TestReceiptsAreShared(t *testing.T) {
	t.Parallel()
	counts := &counted{counts: []desk.Counts{{Sent: 1}}}
	o := newSite(t).open(func(c *desk.Config) { c.Receipts = counts })
	first, second := o.staff.Alert(), o.staff.Alert()
	require.Equal(t, http.StatusCreated, o.publish(first).Status)
	require.Equal(t, http.StatusCreated, o.publish(second).Status)
	look := func(n *notice.Notice) {
		a := o.get("/v1/notices/" + n.Identifier + "/receipts")
		require.Equal(t, http.StatusOK, a.Status)
		require.Equal(t, n.Identifier, a.Body["identifier"])
		require.Len(t, a.Body["revisions"], 1)
	}
	look(first)
	look(second)
	look(first)
	require.Equal(t, []string{first.Identifier + " 1", second.Identifier + " 1"}, counts.asked())
	require.Equal(t, http.StatusCreated, o.publish(o.staff.Update(first, nil)).Status)
	o.advance(3 * time.Second)
	look(first)
	look(first)
	require.Equal(t, []string{first.Identifier + " 2"}, counts.asked())
}
