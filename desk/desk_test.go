package desk_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"tocsin/auth"
	"tocsin/broker"
	"tocsin/desk"
	"tocsin/notice"
	"tocsin/notice/noticetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds a wait for what must come; it is long because the machine may be busy.
const patience = 30 * time.Second

// site is a clinic: a staff, a log on a real broker, and what its desks share.
type site struct {
	t       testing.TB
	staff   *noticetest.Staff
	broker  *broker.Broker
	keyring *auth.Keyring
	skew    atomic.Int64 // the desks' clock is this many nanoseconds ahead
}

func newSite(t testing.TB) *site {
	t.Helper()
	s := &site{t: t, staff: noticetest.NewStaff(t), keyring: auth.NewKeyring()}
	s.staff.Clock = s.now
	b, err := broker.Open(testContext(t), broker.Config{
		Dir: t.TempDir(), MaxBytes: 64 << 20, Trust: s.staff.Trust(), Logger: testLog(),
	})
	require.NoError(t, err)
	t.Cleanup(b.Close)
	s.broker = b
	s.append(s.staff.KeysetBody(1))
	return s
}

func (s *site) now() time.Time { return time.Now().Add(time.Duration(s.skew.Load())) }

func (s *site) advance(d time.Duration) { s.skew.Add(int64(d)) }

// append puts an entry into the log behind the desks' backs.
func (s *site) append(body []byte) uint64 {
	s.t.Helper()
	seq, err := s.broker.Append(testContext(s.t), "tocsin.log.test", body, s.head())
	require.NoError(s.t, err)
	return seq
}

func (s *site) head() uint64 {
	s.t.Helper()
	return uint64(len(s.entries()))
}

// entries is the whole log.
func (s *site) entries() []notice.Entry {
	s.t.Helper()
	ctx, cancel := context.WithCancel(testContext(s.t))
	defer cancel()
	r := &reader{live: cancel}
	require.NoError(s.t, s.broker.Follow(ctx, r))
	return r.entries
}

// reader reads a log until it is live.
type reader struct {
	entries []notice.Entry
	live    func()
}

func (r *reader) Begin(string)         { r.entries = nil }
func (r *reader) Entry(e notice.Entry) { r.entries = append(r.entries, e) }
func (r *reader) Source(s broker.Source) {
	if s.Live && uint64(len(r.entries)) >= s.Head {
		r.live()
	}
}

// onLog counts the places of the log that hold this payload.
func (s *site) onLog(env *notice.Envelope) int {
	s.t.Helper()
	n := 0
	for _, e := range s.entries() {
		if got, err := notice.ParseEnvelope(e.Body); err == nil && got.Hash() == env.Hash() {
			n++
		}
	}
	return n
}

// office is a running desk with its address.
type office struct {
	*site
	desk    *desk.Desk
	server  *httptest.Server
	journal *desk.Journal
	dir     string
	tokens  map[string]string
	gate    *sync.Mutex // while held, the desk folds nothing
	close   func()
}

// open starts a desk with a journal of its own.
func (s *site) open(edits ...func(*desk.Config)) *office {
	s.t.Helper()
	return s.openIn(s.t.TempDir(), edits...)
}

// openIn starts a desk with its journal in dir, and waits until it is ready.
func (s *site) openIn(dir string, edits ...func(*desk.Config)) *office {
	s.t.Helper()
	journal, err := desk.OpenJournal(dir)
	require.NoError(s.t, err)
	config := desk.Config{
		Trust: s.staff.Trust(), Log: deskLog{s.broker}, Proposals: deskStore{s.broker.Store(broker.StreamDesk)},
		Recorder: journal, Keyring: s.keyring, Now: s.now, Logger: testLog(),
	}
	for _, edit := range edits {
		edit(&config)
	}
	d, err := desk.New(config)
	require.NoError(s.t, err)
	o := &office{site: s, desk: d, journal: journal, dir: dir, tokens: map[string]string{}, gate: &sync.Mutex{}}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = s.broker.Follow(ctx, follower{d, o.gate}) })
	running.Go(func() { _ = d.Run(ctx) })
	o.server = httptest.NewServer(d.Handler())
	o.close = sync.OnceFunc(func() {
		o.server.CloseClientConnections()
		o.server.Close()
		cancel()
		running.Wait()
		require.NoError(s.t, journal.Close())
	})
	s.t.Cleanup(o.close)
	o.awaitReady()
	return o
}

func (o *office) awaitReady() {
	o.t.Helper()
	o.until("the desk is ready", func() bool { return o.desk.Ready() == nil })
}

// until waits for what the broker or another goroutine does.
func (o *office) until(what string, ok func() bool) {
	o.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for timeout := time.After(patience); !ok(); {
		select {
		case <-tick.C:
		case <-timeout:
			require.FailNow(o.t, "waited in vain: "+what)
		}
	}
}

// answer is a response with its body.
type answer struct {
	Status int
	Header http.Header
	Body   map[string]any
	Text   string
}

// problem is the name of the problem document, "" if it is none.
func (a answer) problem() string {
	kind, _ := a.Body["type"].(string)
	return strings.TrimPrefix(kind, "urn:tocsin:problem:")
}

func (a answer) rule() string { r, _ := a.Body["rule"].(string); return r }

func (a answer) seq() uint64 { n, _ := a.Body["seq"].(float64); return uint64(n) }

func (o *office) do(r *http.Request) answer {
	o.t.Helper()
	response, err := o.server.Client().Do(r)
	require.NoError(o.t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(o.t, err)
	a := answer{Status: response.StatusCode, Header: response.Header, Text: string(text)}
	if strings.Contains(response.Header.Get("Content-Type"), "json") {
		require.NoError(o.t, json.Unmarshal(text, &a.Body), "%s", text)
	}
	return a
}

func (o *office) request(method, path string, body []byte) *http.Request {
	o.t.Helper()
	r, err := http.NewRequestWithContext(testContext(o.t), method, o.server.URL+path, bytes.NewReader(body))
	require.NoError(o.t, err)
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/json")
	}
	return r
}

func (o *office) post(path string, body []byte) answer {
	o.t.Helper()
	return o.do(o.request(http.MethodPost, path, body))
}

// publish posts a notice signed by keys; by a publisher and an approver if none.
func (o *office) publish(n *notice.Notice, keys ...*notice.PrivateKey) answer {
	o.t.Helper()
	return o.post("/v1/notices", o.staff.Sign(n, keys...))
}

// approve posts one signature to the proposal of n.
func (o *office) approve(n *notice.Notice, key *notice.PrivateKey) answer {
	o.t.Helper()
	return o.post("/v1/proposals/"+n.Identifier+"/signatures", signatureBody(o.staff.Envelope(n, key)))
}

// signatureBody is an envelope's first signature, as the API takes it.
func signatureBody(env *notice.Envelope) []byte {
	body, err := json.Marshal(map[string]any{"keyid": env.Signatures[0].KeyID, "sig": notice.Base64(env.Signatures[0].Sig)})
	if err != nil {
		panic(err)
	}
	return body
}

// as sends a request with the login of a key's owner.
func (o *office) as(key *notice.PrivateKey, method, path string, edits ...func(*http.Request)) answer {
	o.t.Helper()
	r := o.request(method, path, nil)
	r.Header.Set("Authorization", "Bearer "+o.token(key))
	for _, edit := range edits {
		edit(r)
	}
	return o.do(r)
}

func (o *office) get(path string) answer {
	o.t.Helper()
	return o.as(o.staff.Publisher, http.MethodGet, path)
}

// token logs a key's owner in, once.
func (o *office) token(key *notice.PrivateKey) string {
	o.t.Helper()
	if o.tokens[key.KeyID()] == "" {
		a := o.post("/v1/session", o.staff.SessionBody(o.session(), key))
		require.Equal(o.t, http.StatusOK, a.Status, a.Text)
		o.tokens[key.KeyID()] = a.Body["token"].(string)
	}
	return o.tokens[key.KeyID()]
}

// session is a login document that the desk takes.
func (o *office) session() *notice.Session {
	o.t.Helper()
	a := o.do(o.request(http.MethodGet, "/v1/challenge", nil))
	require.Equal(o.t, http.StatusOK, a.Status, a.Text)
	server, err := time.Parse(time.RFC3339Nano, a.Body["serverTime"].(string))
	require.NoError(o.t, err)
	return &notice.Session{
		Origin: o.server.URL, Nonce: a.Body["nonce"].(string), Expires: notice.FormatTime(server.Add(50 * time.Second)),
	}
}

// records reads the journal's file.
func records(t testing.TB, dir string) []desk.Record {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "journal.jsonl"))
	require.NoError(t, err)
	var list []desk.Record
	for line := range strings.Lines(string(text)) {
		if !strings.HasSuffix(line, "\n") {
			break // being written
		}
		var r desk.Record
		require.NoError(t, json.Unmarshal([]byte(line), &r), line)
		list = append(list, r)
	}
	return list
}

// phases are the records' acts and phases, as "publish done".
func phases(list []desk.Record) []string {
	var out []string
	for _, r := range list {
		out = append(out, string(r.Act)+" "+string(r.Phase))
	}
	return out
}

func testContext(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	t.Cleanup(cancel)
	return ctx
}

// testLog discards the log, unless TOCSIN_DESK_TEST_LOG is set.
func testLog() *slog.Logger {
	if os.Getenv("TOCSIN_DESK_TEST_LOG") == "" {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(os.Stderr, nil))
}
