package desk_test

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/auth"
	"tocsin/desk"
	"tocsin/notice"
	"tocsin/notice/noticetest"
)

func TestLogin(t *testing.T) {
	t.Parallel()
	o := newSite(t).open()
	a := o.post("/v1/session", o.staff.SessionBody(o.session(), o.staff.PublisherSpare))
	require.Equal(t, http.StatusOK, a.Status, a.Text)
	require.Equal(t, "ana-ruiz", a.Body["owner"])
	require.Equal(t, []any{"approver", "publisher"}, a.Body["roles"])
	expires, err := time.Parse(time.RFC3339Nano, a.Body["expires"].(string))
	require.NoError(t, err)
	require.WithinDuration(t, o.now().Add(15*time.Minute), expires, 5*time.Second)
	require.Empty(t, a.Header.Values("Set-Cookie"))
}

func TestLoginRefused(t *testing.T) {
	t.Parallel()
	o := newSite(t).open()
	edited := func(edit func(*notice.Session)) []byte {
		s := o.session()
		edit(s)
		return o.staff.SessionBody(s, o.staff.Publisher)
	}
	foreign := auth.NewKeyring()
	forged := []byte(strings.Replace(string(o.staff.SessionBody(o.session(), o.staff.Publisher)), `"sig":"`, `"sig":"AAAA`, 1))
	two := noticetest.SignBytes(notice.TypeSession, sessionPayload(t, o.session()), o.staff.Publisher, o.staff.Approver)
	asNotice := noticetest.SignBytes(notice.TypeNotice, sessionPayload(t, o.session()), o.staff.Publisher)
	for name, body := range map[string][]byte{
		"another desk's origin": edited(func(s *notice.Session) { s.Origin = "https://desk.evil.example" }),
		"another port":          edited(func(s *notice.Session) { s.Origin = "http://127.0.0.1:1" }),
		"another loopback name": edited(func(s *notice.Session) { s.Origin = strings.Replace(s.Origin, "127.0.0.1", "localhost", 1) }),
		"origin with a path":    edited(func(s *notice.Session) { s.Origin += "/" }),
		"nonce of its own":      edited(func(s *notice.Session) { s.Nonce = "abc.def" }),
		"nonce changed":         edited(func(s *notice.Session) { s.Nonce = s.Nonce[:20] + flip(s.Nonce[20]) + s.Nonce[21:] }),
		"nonce without random":  edited(func(s *notice.Session) { s.Nonce, _, _ = strings.Cut(s.Nonce, ".") }),
		"foreign keyring":       edited(func(s *notice.Session) { s.Nonce = foreign.Seal("tocsin desk challenge v1", make([]byte, 8)) + ".x" }),
		"bearer as nonce":       edited(func(s *notice.Session) { s.Nonce = o.token(o.staff.Publisher) + ".x" }),
		"ends too late":         edited(func(s *notice.Session) { s.Expires = notice.FormatTime(o.now().Add(time.Hour)) }),
		"has ended":             edited(func(s *notice.Session) { s.Expires = notice.FormatTime(o.now().Add(-time.Second)) }),
		"stranger":              o.staff.SessionBody(o.session(), o.staff.Stranger),
		"beacon":                o.staff.SessionBody(o.session(), o.staff.Beacon),
		"root":                  o.staff.SessionBody(o.session(), o.staff.Root),
		"two signatures":        two.Marshal(),
		"a notice's type":       asNotice.Marshal(),
		"no document":           noticetest.SignBytes(notice.TypeSession, []byte(`{}`), o.staff.Publisher).Marshal(),
	} {
		a := o.post("/v1/session", body)
		require.Equal(t, http.StatusUnauthorized, a.Status, "%s: %s", name, a.Text)
		require.Equal(t, "login-refused", a.problem(), name)
		require.NotContains(t, a.Body, "detail", "%s: the answer tells an attacker nothing", name)
	}
	require.NotEqual(t, http.StatusOK, o.post("/v1/session", forged).Status)
}

func sessionPayload(t *testing.T, s *notice.Session) []byte {
	t.Helper()
	payload, err := notice.EncodeSession(s)
	require.NoError(t, err)
	return payload
}

func TestNonceServesOnce(t *testing.T) {
	t.Parallel()
	o := newSite(t).open()
	session := o.session()
	body := o.staff.SessionBody(session, o.staff.Publisher)
	statuses := make([]int, 8)
	var all sync.WaitGroup
	for i := range statuses {
		all.Go(func() { statuses[i] = o.post("/v1/session", body).Status })
	}
	all.Wait()
	ok := 0
	for _, status := range statuses {
		if status == http.StatusOK {
			ok++
		}
	}
	require.Equal(t, 1, ok, "%v", statuses)
	a := o.post("/v1/session", o.staff.SessionBody(session, o.staff.Approver))
	require.Equal(t, "login-refused", a.problem(), "nor for another key")
}

func TestNonceEnds(t *testing.T) {
	t.Parallel()
	o := newSite(t).open()
	session := o.session()
	o.advance(62 * time.Second)
	session.Expires = notice.FormatTime(o.now().Add(30 * time.Second)) // a document that is fresh otherwise
	a := o.post("/v1/session", o.staff.SessionBody(session, o.staff.Publisher))
	require.Equal(t, "login-refused", a.problem())
	require.Contains(t, a.Body["detail"], "expired")

	// A nonce from the future: of a desk whose clock is far ahead.
	session = o.session()
	o.advance(-10 * time.Second)
	require.Equal(t, "login-refused", o.post("/v1/session", o.staff.SessionBody(session, o.staff.Publisher)).problem())
}

// Challenges are stateless: any desk with the same keyring takes another's.
func TestChallengeOfAnotherDesk(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	configured := func(c *desk.Config) {
		c.Origins, c.Hosts = []string{"https://desk.clinic.example"}, []string{"127.0.0.1"}
	}
	one, two := s.open(configured), s.open(configured)
	session := one.session()
	require.Equal(t, "login-refused", one.post("/v1/session", s.staff.SessionBody(session, s.staff.Publisher)).problem(),
		"configured origins replace the loopback default")
	session.Origin = "https://desk.clinic.example"
	a := two.post("/v1/session", s.staff.SessionBody(session, s.staff.Publisher))
	require.Equal(t, http.StatusOK, a.Status, a.Text)

	r := one.request(http.MethodGet, "/v1/notices", nil)
	r.Header.Set("Authorization", "bearer "+a.Body["token"].(string))
	require.Equal(t, http.StatusOK, one.do(r).Status)

	// Used again: at the same desk, and at one that goes by another name.
	replay := s.staff.SessionBody(session, s.staff.Publisher)
	require.Equal(t, "login-refused", two.post("/v1/session", replay).problem())
	elsewhere := s.open(func(c *desk.Config) {
		c.Origins, c.Hosts = []string{"https://desk.other.example"}, []string{"127.0.0.1"}
	})
	require.Equal(t, "login-refused", elsewhere.post("/v1/session", replay).problem())
}

func TestBearer(t *testing.T) {
	t.Parallel()
	o := newSite(t).open()
	token := o.token(o.staff.Publisher)
	ask := func(authorization string) int {
		r := o.request(http.MethodGet, "/v1/notices", nil)
		if authorization != "" {
			r.Header.Set("Authorization", authorization)
		}
		a := o.do(r)
		if a.Status != http.StatusOK {
			require.Equal(t, "unauthenticated", a.problem())
			require.Contains(t, a.Header.Get("WWW-Authenticate"), "Bearer")
		}
		return a.Status
	}
	require.Equal(t, http.StatusOK, ask("Bearer "+token))
	challenge := o.do(o.request(http.MethodGet, "/v1/challenge", nil)).Body["nonce"].(string)
	sealed, _, _ := strings.Cut(challenge, ".")
	ticket := o.keyring.Seal("ticket", []byte(`{"owner":"ana-ruiz","keyid":"`+o.staff.Publisher.KeyID()+`","expires":9999999999}`))
	for name, authorization := range map[string]string{
		"none": "", "empty": "Bearer ", "basic": "Basic " + token, "cut": "Bearer " + token[:len(token)-1],
		"extended": "Bearer " + token + "A", "changed": "Bearer " + token[:40] + flip(token[40]) + token[41:],
		"challenge": "Bearer " + sealed, "sealed for another purpose": "Bearer " + ticket,
		"foreign": "Bearer " + auth.NewKeyring().Seal("tocsin desk bearer v1", []byte(`{"owner":"ana-ruiz"}`)),
	} {
		require.Equal(t, http.StatusUnauthorized, ask(authorization), name)
	}
	// A token in a URL is none.
	require.Equal(t, http.StatusUnauthorized, o.do(o.request(http.MethodGet, "/v1/notices?access_token="+token, nil)).Status)

	o.advance(15*time.Minute + time.Second)
	require.Equal(t, http.StatusUnauthorized, ask("Bearer "+token), "it lasts 15 minutes")
}

func flip(c byte) string {
	if c == 'A' {
		return "B"
	}
	return "A"
}

// Roles, and the key itself, are looked up in the keyset in force.
func TestRemovedKeyEndsLogin(t *testing.T) {
	t.Parallel()
	o := newSite(t).open()
	require.Equal(t, http.StatusOK, o.get("/v1/notices").Status)
	require.Equal(t, http.StatusOK, o.as(o.staff.PublisherSpare, http.MethodGet, "/v1/notices").Status)
	require.Equal(t, http.StatusCreated, o.post("/v1/keyset", o.staff.KeysetBody(2, noticetest.Without(o.staff.Publisher))).Status)
	require.Equal(t, http.StatusUnauthorized, o.get("/v1/notices").Status)
	require.Equal(t, http.StatusOK, o.as(o.staff.PublisherSpare, http.MethodGet, "/v1/notices").Status)
	a := o.post("/v1/session", o.staff.SessionBody(o.session(), o.staff.Publisher))
	require.Equal(t, "login-refused", a.problem())
}

// A bearer token is no ticket, and a ticket no bearer token, though one ring seals both.
func TestBearerIsNoTicket(t *testing.T) {
	t.Parallel()
	o := newSite(t).open()
	token := o.token(o.staff.Publisher)
	a, err := auth.New(auth.Config{TicketKeys: o.keyring, Logger: testLog()})
	require.NoError(t, err)
	grant := a.Grant(a.Admit(auth.Credentials{Ticket: token}))
	require.Equal(t, auth.Public, grant.Tier)
	require.Empty(t, grant.Labels)
}

// Who has one staff key, of the smallest role, can't keep the others from logging in,
// though one challenge serves for any number of logins.
func TestLoginsOfOneKey(t *testing.T) {
	t.Parallel()
	o := newSite(t).open()
	session := o.session()
	sealed, _, _ := strings.Cut(session.Nonce, ".")
	login := func(i int, key *notice.PrivateKey) answer {
		s := *session
		s.Nonce = sealed + "." + strconv.Itoa(i)
		return o.post("/v1/session", o.staff.SessionBody(&s, key))
	}
	for i := range 60 {
		require.Equal(t, http.StatusOK, login(i, o.staff.Approver).Status, i)
	}
	for i := range 20 {
		a := login(60+i, o.staff.Approver)
		require.Equal(t, "too-many", a.problem(), a.Text)
		require.Equal(t, "70", a.Header.Get("Retry-After"))
	}
	require.Equal(t, http.StatusOK, login(100, o.staff.Publisher).Status, "a colleague, by the same challenge")
	require.Equal(t, "login-refused", login(0, o.staff.Publisher2).problem(), "a nonce serves once, whoever signs it")
	require.Equal(t, "login-refused", login(0, o.staff.Approver).problem())

	o.advance(71 * time.Second)
	require.Equal(t, http.StatusOK, o.post("/v1/session", o.staff.SessionBody(o.session(), o.staff.Approver)).Status, "it passes")
}
