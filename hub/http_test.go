package hub_test

import (
	"bufio"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/hub"
	"tocsin/notice"
	"tocsin/notice/noticetest"
	"tocsin/wire"
)

// The snapshot is for anyone: public, without proven addresses, no tests.
func TestSnapshot(t *testing.T) {
	w := newWorld(t)
	w.alert()
	w.alert(noticetest.Addressed("surface:portal", "lang:en"))
	w.alert(noticetest.Addressed("tenant:north"))
	w.alert(noticetest.Addressed("surface:portal", "group:nurses"))
	w.alert(noticetest.Restricted("tenant:north"))
	w.alert(noticetest.Private("tenant:north"))
	w.alert(noticetest.Status(notice.StatusTest))
	w.alert(noticetest.Status(notice.StatusExercise))
	w.log.append(w.staff.ContactsBody(1))
	w.log.append(w.staff.PostureBody(&notice.Posture{Version: 1}))
	n := w.follow(func(c *hub.Config) { c.Origins = []string{"https://portal.example"} })

	resp, body := n.get("/v1/snapshot")
	require.Equal(t, http.StatusOK, resp.StatusCode)
	require.Equal(t, "application/json", resp.Header.Get("Content-Type"))
	require.Equal(t, "public, max-age=5, stale-while-revalidate=30, stale-if-error=86400", resp.Header.Get("Cache-Control"))
	require.Equal(t, []string{"Origin"}, resp.Header.Values("Vary"))
	require.Empty(t, resp.Header.Get("Access-Control-Allow-Origin"))
	etag := resp.Header.Get("ETag")
	require.Regexp(t, `^"[0-9a-f]{32}"$`, etag)
	snap, err := wire.DecodeSnapshot([]byte(body))
	require.NoError(t, err)
	require.Equal(t, w.log.cursor(), snap.Cursor)
	require.Equal(t, w.log.epoch, snap.Epoch)
	require.Equal(t, wire.SourceLive, snap.Source.State)
	require.WithinDuration(t, time.Now(), snap.ServerTime, time.Minute)
	var seqs []uint64
	for _, e := range snap.Entries {
		seqs = append(seqs, e.Seq)
		require.Equal(t, string(w.log.entries[e.Seq-1].Body), string(e.Envelope))
	}
	require.Equal(t, []uint64{1, 10, 2, 3, 9}, seqs)

	// Nothing changed: the same bytes, or none.
	again, same := n.get("/v1/snapshot")
	require.Equal(t, etag, again.Header.Get("ETag"))
	require.Equal(t, body, same)
	n.live(w.log) // a check that finds nothing new
	none, empty := n.get("/v1/snapshot", "If-None-Match", etag)
	require.Equal(t, http.StatusNotModified, none.StatusCode)
	require.Empty(t, empty)

	// Something changed: an entry, or the source.
	_, e := w.alert()
	n.Entry(e)
	resp, body = n.get("/v1/snapshot", "If-None-Match", etag)
	require.Equal(t, http.StatusOK, resp.StatusCode)
	require.NotEqual(t, etag, resp.Header.Get("ETag"))
	require.Contains(t, body, string(e.Body))
	n.stale()
	_, body = n.get("/v1/snapshot", "If-None-Match", resp.Header.Get("ETag"))
	snap, err = wire.DecodeSnapshot([]byte(body))
	require.NoError(t, err)
	require.Equal(t, wire.SourceStale, snap.Source.State)
}

func TestSnapshotIsWhole(t *testing.T) {
	n := newWorld(t).follow()
	_, whole := n.get("/v1/snapshot")
	resp, body := n.get("/v1/snapshot", "Range", "bytes=0-0"+strings.Repeat(",2-2", 100))
	require.Equal(t, http.StatusOK, resp.StatusCode, "ranges ask for more than there is")
	require.Equal(t, whole, body)
}

func TestNothingToServe(t *testing.T) {
	w := newWorld(t)
	n := w.start()
	for _, path := range []string{"/v1/snapshot", "/emergency"} {
		resp, _ := n.get(path)
		require.Equal(t, http.StatusServiceUnavailable, resp.StatusCode, path)
		require.Equal(t, "no-store", resp.Header.Get("Cache-Control"), path)
	}
}

func TestCORS(t *testing.T) {
	w := newWorld(t)
	n := w.follow(func(c *hub.Config) { c.Origins = []string{"https://portal.example"} })
	for origin, allowed := range map[string]string{"https://portal.example": "https://portal.example", "https://evil.example": "", "null": ""} {
		resp, _ := n.get("/v1/snapshot", "Origin", origin)
		require.Equal(t, http.StatusOK, resp.StatusCode)
		require.Equal(t, allowed, resp.Header.Get("Access-Control-Allow-Origin"))
		require.Empty(t, resp.Header.Get("Access-Control-Allow-Credentials"))
		resp, _ = n.request(http.MethodOptions, "/v1/events", "Origin", origin, "Access-Control-Request-Method", "GET",
			"Access-Control-Request-Headers", "authorization, tocsin-ticket")
		require.Equal(t, http.StatusNoContent, resp.StatusCode)
		require.Equal(t, allowed, resp.Header.Get("Access-Control-Allow-Origin"))
	}
	resp, _ := n.get("/v1/events", "Origin", "https://evil.example")
	require.Equal(t, http.StatusForbidden, resp.StatusCode)
	resp, _ = n.request(http.MethodHead, "/v1/events")
	require.Equal(t, http.StatusMethodNotAllowed, resp.StatusCode)
}

// events reads server-sent events as a browser would.
type events struct {
	t       *testing.T
	scanner *bufio.Scanner
	id      string
}

func (n *node) events(t *testing.T, query string, header ...string) *events {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+n.addr+"/v1/events"+query, nil)
	require.NoError(t, err)
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Add(header[i], header[i+1])
	}
	transport := &http.Transport{}
	resp, err := transport.RoundTrip(req)
	require.NoError(t, err)
	t.Cleanup(func() {
		cancel()
		_ = resp.Body.Close()
		transport.CloseIdleConnections()
	})
	require.Equal(t, http.StatusOK, resp.StatusCode)
	require.Equal(t, "text/event-stream", resp.Header.Get("Content-Type"))
	require.Equal(t, "no-store", resp.Header.Get("Cache-Control"))
	scanner := bufio.NewScanner(resp.Body)
	scanner.Buffer(nil, 1<<20)
	return &events{t: t, scanner: scanner}
}

// next is the next frame but for heartbeats; nil at the end.
func (e *events) next() wire.ServerFrame {
	e.t.Helper()
	for {
		f := e.read()
		if _, beat := f.(wire.Heartbeat); !beat {
			return f
		}
	}
}

// read is the next frame; nil at the end.
func (e *events) read() wire.ServerFrame {
	e.t.Helper()
	var data []string
	for e.scanner.Scan() {
		line := e.scanner.Text()
		if id, ok := strings.CutPrefix(line, "id: "); ok {
			e.id = id
		}
		if d, ok := strings.CutPrefix(line, "data: "); ok {
			data = append(data, d)
		}
		if line != "" || data == nil {
			continue
		}
		f, err := wire.DecodeServer([]byte(strings.Join(data, "\n")))
		require.NoError(e.t, err)
		return f
	}
	return nil
}

// The event stream has the same frames and the same rules.
func TestEvents(t *testing.T) {
	w := newWorld(t)
	_, public := w.alert(noticetest.Addressed("surface:portal"))
	_, restricted := w.alert(noticetest.Restricted("tenant:north"))
	n := w.follow()
	next := func(e *events, seq uint64) {
		t.Helper()
		f, ok := e.next().(wire.EntryFrame)
		require.True(t, ok)
		require.Equal(t, seq, f.Seq)
		require.Equal(t, string(w.log.entries[seq-1].Body), string(f.Envelope))
	}
	e := n.events(t, "?label=surface:portal&label=tenant:north")
	require.Equal(t, wire.TierPublic, e.next().(wire.Welcome).Tier)
	next(e, 1)
	next(e, public.Seq)
	require.Equal(t, w.log.cursor(), e.next().(wire.Synced).Cursor)
	require.Equal(t, w.log.cursor().String(), e.id)
	_, later := w.alert()
	n.Entry(later)
	next(e, later.Seq)

	e = n.events(t, "", "Authorization", "Bearer "+w.token("north"), "Last-Event-ID", w.log.cursorAt(1).String())
	welcome := e.next().(wire.Welcome)
	require.Equal(t, wire.TierPrivate, welcome.Tier)
	require.Equal(t, wire.ResumeReplay, welcome.Resume)
	next(e, restricted.Seq)
	next(e, later.Seq)
	require.Equal(t, w.log.cursor(), e.next().(wire.Synced).Cursor)

	e = n.events(t, "?cursor="+w.log.cursor().String(), "Tocsin-Ticket", welcome.Ticket)
	require.Equal(t, wire.TierRestricted, e.next().(wire.Welcome).Tier)
	require.Equal(t, w.log.cursor(), e.next().(wire.Synced).Cursor)
	require.NoError(t, n.Drain(context.Background(), 0))
	require.Equal(t, wire.ByeDrain, e.next().(wire.Bye).Reason)
	require.Nil(t, e.next())
}

// An envelope that is laid out over lines stays what it is.
func TestEventsOfLaidOutEnvelope(t *testing.T) {
	w := newWorld(t)
	body := strings.ReplaceAll(string(w.staff.Sign(w.staff.Alert())), `,"`, ",\n\t\"")
	w.log.append([]byte(body))
	n := w.follow()
	e := n.events(t, "")
	e.next()
	e.next()
	require.Equal(t, body, string(e.next().(wire.EntryFrame).Envelope))
	_, seqs, _ := n.hello(wire.Hello{}).begin()
	require.Equal(t, []uint64{1, 2}, seqs)
}

func TestEmergency(t *testing.T) {
	w := newWorld(t)
	w.alert(noticetest.Headline(`<script>alert("1")</script>`), noticetest.Languages("en", "ar"),
		func(n *notice.Notice) { n.Info[1].Contact = "+1 555 010 0142" })
	w.alert(noticetest.Headline("for the north"), noticetest.Restricted("tenant:north"))
	w.alert(noticetest.Headline("for north only"), noticetest.Addressed("tenant:north"))
	w.alert(noticetest.Headline("of a drill"), noticetest.Status(notice.StatusExercise))
	gone, _ := w.alert(noticetest.Headline("that is gone"))
	cancel := w.staff.Cancel(gone, nil, noticetest.Note("It was nothing."))
	w.log.append(w.staff.Sign(cancel))
	cards := w.staff.Cards(1)
	cards.Cards = append(cards.Cards, notice.Card{Language: "en", Audience: "staff", Name: "Staff bridge line", Telephone: "+1 555 0199"})
	w.log.append(w.staff.SignContacts(cards))
	n := w.follow()
	resp, body := n.get("/emergency")
	require.Equal(t, http.StatusOK, resp.StatusCode)
	require.Equal(t, "text/html; charset=utf-8", resp.Header.Get("Content-Type"))
	csp := resp.Header.Get("Content-Security-Policy")
	require.True(t, contains(csp, "default-src 'none'", "frame-ancestors 'none'", "style-src 'sha256-"), csp)
	require.NotContains(t, csp, "unsafe")
	require.True(t, contains(body, "&lt;script&gt;", `lang="ar"`, "EXERCISE", "of a drill", "It was nothing.", "that is gone", "Front desk"), body)
	require.Contains(t, body, "<p><bdi>&#43;1 555 010 0142</bdi></p>", "a number's groups keep their places beside Arabic")
	for _, hidden := range []string{"<script", "for the north", "for north only", "out of date", "Staff bridge line"} {
		require.NotContains(t, body, hidden)
	}
	withdrawn := body[strings.Index(body, "<article class=\"withdrawn\">"):]
	withdrawn = withdrawn[:strings.Index(withdrawn, "</article>")]
	require.Contains(t, withdrawn, utc(t, cancel.Sent), "when, with why")
	require.NotContains(t, withdrawn, utc(t, gone.Info[0].Expires), "an end that holds no longer")
	require.Contains(t, body, utc(t, gone.Info[0].Expires), "an end that holds")
	require.Contains(t, body, "overflow-wrap: anywhere", "a long word stays on a narrow screen")
	n.stale()
	_, body = n.get("/emergency")
	require.Contains(t, body, "out of date")
}

// utc is how the page shows a time.
func utc(t testing.TB, d notice.DateTime) string {
	t.Helper()
	at, err := d.Time()
	require.NoError(t, err)
	at = at.UTC()
	return `datetime="` + at.Format(time.RFC3339) + `">` + at.Format("2 Jan 2006, 15:04 UTC") + "</time>"
}

// What is happening comes first, the gravest of it at the top, whatever came last.
func TestEmergencyOrder(t *testing.T) {
	w := newWorld(t)
	alert := func(name string, edits ...noticetest.Edit) *notice.Notice {
		n, _ := w.alert(append(edits, noticetest.Headline(name))...)
		return n
	}
	alert("is-1", noticetest.Severity(notice.SeverityExtreme))
	alert("is-3", noticetest.Severity(notice.SeveritySevere))
	alert("is-2", noticetest.Severity(notice.SeveritySevere))
	alert("is-4", noticetest.Severity(notice.SeverityMinor))
	alert("is-5", noticetest.Severity(notice.SeverityUnknown))
	gone := alert("is-7", noticetest.Severity(notice.SeverityExtreme))
	w.log.append(w.staff.Sign(w.staff.Cancel(gone, nil, noticetest.Note("It was nothing."))))
	alert("is-6", noticetest.Severity(notice.SeverityExtreme), noticetest.Status(notice.StatusExercise))
	_, body := w.follow().get("/emergency")
	at := 0
	for _, want := range []string{"Severity: extreme", "is-1", "Severity: severe", "is-2", "is-3", "Severity: minor", "is-4", "is-5",
		"EXERCISE", "Severity: extreme", "is-6", "Withdrawn", "is-7"} {
		i := strings.Index(body[at:], want)
		require.GreaterOrEqual(t, i, 0, "%s in its place:\n%s", want, body)
		at += i
	}
	require.NotContains(t, body, "unknown")
}
