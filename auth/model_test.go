package auth_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"tocsin/auth"
	"tocsin/auth/authtest"
)

// Whatever happens to the provider, its keys, the clock and the posture: nobody
// is private without a token that is good, nobody is restricted without proof,
// and everybody is what they can be once things have settled.
func TestTiersAgainstModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		var failed any // rapid fails by panic, in the goroutine of its own
		synctest.Test(t, func(t *testing.T) {
			defer func() { failed = recover() }()
			newModel(t, r).play()
		})
		if failed != nil {
			panic(failed)
		}
	})
}

// settled is how long a healthy provider takes to be believed for sure: a
// refresh interval, which is longer than any wait after a failure.
const settled = time.Hour

// model is a small account of what should be so.
type model struct {
	r         *rapid.T
	issuer    *authtest.Issuer
	stranger  *authtest.Issuer
	ring      *auth.Keyring
	authority *auth.Authority

	healthySince time.Time // zero: it is down
	healthyLast  time.Time
	round        int
	rotatedAt    time.Time
	posture      auth.Posture
	sessions     []*modelSession
	tickets      []modelTicket
}

type modelSession struct {
	holder  *auth.Holder
	who     string
	genuine bool // the token is the issuer's
	iat     time.Time
	exp     time.Time
	round   int // of keys that signed it
	ticket  *modelTicket
	proven  time.Time // when last seen private
	epoch   int64     // then
}

type modelTicket struct {
	ticket string
	who    string
	proven time.Time // at the latest
	epoch  int64
}

func newModel(t *testing.T, r *rapid.T) *model {
	m := &model{r: r, issuer: authtest.NewOffline(t), stranger: authtest.NewOffline(t), ring: auth.NewKeyring()}
	m.stranger.Rotate()
	c := oneIssuer(m.issuer)
	c.Transport, c.TicketKeys = m.issuer.Transport(), m.ring
	c.Refresh, c.FetchGap = settled, 30*time.Minute // not the defaults: virtual days cost real time
	m.authority = newAuthority(t, c)
	m.healthySince, m.healthyLast, m.rotatedAt = time.Now(), time.Now(), time.Now()
	return m
}

func (m *model) play() {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		m.authority.Run(ctx)
	}()
	defer func() {
		cancel()
		<-done
	}()
	synctest.Wait()
	m.r.Repeat(map[string]func(*rapid.T){
		"wait":       m.wait,
		"waitLong":   m.wait,
		"provider":   m.provider,
		"rotate":     func(*rapid.T) { m.issuer.Rotate(); m.round++; m.rotatedAt = time.Now() },
		"setPosture": m.setPosture,
		"connect":    m.connect,
		"reconnect":  m.connect,
		"":           func(*rapid.T) { m.check() },
	})
}

func (m *model) wait(r *rapid.T) {
	d := rapid.SampledFrom([]time.Duration{time.Second, time.Minute, 2 * time.Minute, time.Hour, 13 * time.Hour, 25 * time.Hour}).Draw(r, "d")
	time.Sleep(d)
	synctest.Wait()
	if !m.healthySince.IsZero() {
		m.healthyLast = time.Now()
	}
}

func (m *model) provider(r *rapid.T) {
	b := rapid.SampledFrom([]authtest.Behaviour{authtest.Healthy, authtest.Error500, authtest.Refuse, authtest.Hang, authtest.EmptySet}).Draw(r, "behaviour")
	m.issuer.Behave(b)
	switch {
	case b != authtest.Healthy:
		m.healthySince = time.Time{}
	case m.healthySince.IsZero():
		m.healthySince, m.healthyLast = time.Now(), time.Now()
	}
}

func (m *model) setPosture(r *rapid.T) {
	at := time.Now().Add(rapid.SampledFrom([]time.Duration{-time.Hour, 0, time.Hour}).Draw(r, "at")).Truncate(time.Second)
	p := auth.Posture{TicketEpoch: m.posture.TicketEpoch}
	switch rapid.IntRange(0, 5).Draw(r, "posture") {
	case 0:
		p.TokensNotBefore = map[string]time.Time{m.issuer.URL: at}
	case 1:
		p.IssuerBlocked = map[string]auth.Blocked{m.issuer.URL: {Since: at}}
	case 2:
		p.TicketEpoch++
	case 3:
		p.Revoked = map[string]time.Time{m.ring.Pseudonym(m.issuer.URL, "ana"): at}
	}
	m.posture = p
	m.authority.SetPosture(p)
}

func (m *model) connect(r *rapid.T) {
	if len(m.sessions) == 4 {
		m.sessions = m.sessions[1:]
	}
	now := time.Now()
	s := &modelSession{
		who:     rapid.SampledFrom([]string{"ana", "bob"}).Draw(r, "who"),
		genuine: rapid.IntRange(0, 3).Draw(r, "genuine") > 0,
		iat:     now.Add(rapid.SampledFrom([]time.Duration{0, 0, -time.Hour, 3 * time.Minute}).Draw(r, "iat")).Truncate(time.Second),
		round:   m.round,
	}
	s.exp = s.iat.Add(rapid.SampledFrom([]time.Duration{time.Minute, time.Hour, 48 * time.Hour}).Draw(r, "life"))
	by := m.issuer
	if !s.genuine {
		by = m.stranger
	}
	c := auth.Credentials{Tokens: []string{by.Token(map[string]any{
		"iss": m.issuer.URL, "sub": s.who, "tenant": s.who, "iat": s.iat.Unix(), "exp": s.exp.Unix(),
	})}}
	if len(m.tickets) > 0 && rapid.Bool().Draw(r, "with ticket") {
		s.ticket = &m.tickets[rapid.IntRange(0, len(m.tickets)-1).Draw(r, "ticket")]
		c.Ticket = s.ticket.ticket
	}
	s.holder = m.authority.Admit(c)
	m.sessions = append(m.sessions, s)
}

func (m *model) check() {
	synctest.Wait()
	for _, s := range m.sessions {
		g := m.authority.Grant(s.holder)
		m.checkTier(s, g)
		if g.Tier == auth.Private {
			s.proven, s.epoch = time.Now(), m.posture.TicketEpoch
		}
		if g.Ticket != "" && len(m.tickets) < 100 {
			m.tickets = append(m.tickets, s.proof(g.Ticket))
		}
	}
}

// proof is what a session's ticket can say at most.
func (s *modelSession) proof(ticket string) modelTicket {
	if s.proven.IsZero() {
		p := *s.ticket
		p.ticket = ticket
		return p
	}
	return modelTicket{ticket, s.who, s.proven, s.epoch}
}

func (m *model) checkTier(s *modelSession, g auth.Grant) {
	may := m.mayBePrivate(s)
	about := fmt.Sprintf("now %v, session %+v, grant %+v, model %+v", time.Now(), s, g, m.posture)
	require.False(m.r, g.Tier == auth.Private && !may, "private without right: %s", about)
	require.False(m.r, g.Tier != auth.Private && may && m.mustBeKnown(s), "not private with every right: %s", about)
	if g.Tier == auth.Restricted {
		require.True(m.r, m.mayBeRestricted(s), "restricted without proof: %s", about)
	}
	own := []string{}
	switch {
	case g.Tier == auth.Private:
		own = []string{"subject:" + m.ring.Pseudonym(m.issuer.URL, s.who), "tenant:" + s.who}
	case g.Tier == auth.Restricted && !s.proven.IsZero():
		own = []string{"tenant:" + s.who}
	case g.Tier == auth.Restricted:
		own = []string{"tenant:" + s.ticket.who}
	}
	require.Equal(m.r, own, slices.DeleteFunc(slices.Clone(g.Labels), func(l string) bool { return strings.HasPrefix(l, "lang:") }), about)
	require.Equal(m.r, g.Tier == auth.Public, g.Ticket == "", about)
}

func (m *model) void(who string) bool {
	until, revoked := m.posture.Revoked[m.ring.Pseudonym(m.issuer.URL, who)]
	return revoked && time.Now().Before(until)
}

func (m *model) mayBePrivate(s *modelSession) bool {
	now := time.Now()
	_, blocked := m.posture.IssuerBlocked[m.issuer.URL]
	return s.genuine && !blocked && !m.void(s.who) &&
		!s.iat.Before(m.posture.TokensNotBefore[m.issuer.URL]) &&
		!now.Before(s.iat.Add(-2*time.Minute)) && now.Before(s.exp.Add(2*time.Minute)) && now.Before(s.iat.Add(24*time.Hour)) &&
		now.Sub(m.healthyLast) < 24*time.Hour &&
		(s.round == m.round || !m.settledSince(m.rotatedAt))
}

// mustBeKnown tells whether the key that signed the session's token must have
// been fetched by now.
func (m *model) mustBeKnown(s *modelSession) bool {
	return s.round == m.round && m.settledSince(m.rotatedAt)
}

func (m *model) settledSince(t time.Time) bool {
	if m.healthySince.IsZero() {
		return false
	}
	if m.healthySince.After(t) {
		t = m.healthySince
	}
	return time.Since(t) >= settled
}

func (m *model) mayBeRestricted(s *modelSession) bool {
	var proofs []modelTicket
	if !s.proven.IsZero() {
		proofs = append(proofs, s.proof(""))
	} else if s.ticket != nil {
		proofs = append(proofs, *s.ticket)
	}
	// issuerBlocked is not looked at: the proof may be older than the model
	// knows. TestPosture has its edges.
	return slices.ContainsFunc(proofs, func(p modelTicket) bool {
		return time.Since(p.proven) < 30*24*time.Hour && p.epoch >= m.posture.TicketEpoch && !m.void(p.who)
	})
}
