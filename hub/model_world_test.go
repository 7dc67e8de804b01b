package hub_test

import (
	"encoding/base64"
	"encoding/hex"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"tocsin/auth"
	"tocsin/auth/authtest"
	"tocsin/notice"
)

// What happens to the provider, the clock, the posture and the cohorts of a case, while its
// people come and go.

func (p *play) wait() {
	p.pass(rapid.SampledFrom([]time.Duration{
		time.Second, time.Minute, 3 * time.Minute, 10 * time.Minute, time.Hour, 13 * time.Hour, 25 * time.Hour, 31 * modelDay,
	}).Draw(p.t, "d"))
}

func (p *play) pass(d time.Duration) {
	p.now = p.now.Add(d)
	p.clock.Store(p.now.Unix())
}

func (p *play) provider() {
	does := rapid.SampledFrom([]authtest.Behaviour{
		authtest.Healthy, authtest.Healthy, authtest.Error500, authtest.Hang, authtest.Refuse, authtest.EmptySet, authtest.Garbage, authtest.Elsewhere,
	}).Draw(p.t, "does")
	if does == authtest.Healthy && p.does != does {
		p.pass(modelGap)
		p.ought()
		p.settle()
		defer p.ask()
	}
	p.does = does
	p.issuer.Behave(does)
}

// poll lets some time pass until the authority asks for keys again.
func (p *play) poll() {
	p.pass(modelGap)
	p.ought()
	p.settle()
	p.ask()
}

// ask makes the authority want keys.
func (p *play) ask() {
	p.authority.Admit(auth.Credentials{Tokens: []string{p.stranger.Token(map[string]any{
		"iss": p.issuer.URL, "iat": p.now.Unix(), "exp": p.now.Add(time.Hour).Unix(),
	})}})
	if p.does == authtest.Healthy {
		p.fetch()
	}
}

func (p *play) setPosture() {
	around := func() time.Time {
		return p.now.Add(rapid.SampledFrom([]time.Duration{-time.Hour, 0, time.Minute, time.Hour}).Draw(p.t, "at"))
	}
	p.version++
	doc := &notice.Posture{Version: p.version}
	p.blocked, p.reset, p.revoked = nil, time.Time{}, map[string]time.Time{}
	revoke := func(who, pseudonym string) {
		p.revoked[who] = around()
		sum, err := base64.RawURLEncoding.DecodeString(pseudonym)
		require.NoError(p.t, err)
		doc.Revoked = []notice.Revoked{{Hash: hex.EncodeToString(sum), Until: notice.FormatTime(p.revoked[who])}}
	}
	switch rapid.SampledFrom([]string{"clear", "clear", "login-down", "keys-stolen", "everyone-reset", "tickets-stolen", "revoked", "logged out"}).Draw(p.t, "posture") {
	case "clear":
		p.epoch = 0
	case "login-down":
		doc.Incident = true
	case "keys-stolen":
		since := around()
		p.blocked = &since
		doc.IssuerBlocked = map[string]notice.Blocked{p.issuer.URL: {Since: notice.FormatTime(since)}}
	case "everyone-reset":
		p.reset = around()
		doc.TokensNotBefore = map[string]notice.DateTime{p.issuer.URL: notice.FormatTime(p.reset)}
	case "tickets-stolen":
		p.epoch++
	case "revoked":
		revoke("ana", p.ring.Pseudonym(p.issuer.URL, "ana"))
	case "logged out":
		revoke("ana-1", p.ring.LoginPseudonym(p.issuer.URL, "ana-1"))
	}
	doc.TicketEpoch = p.epoch
	p.node.Entry(p.world.log.append(p.staff.PostureBody(doc)))
}

func (p *play) cohort() {
	p.affected = rapid.SliceOfDistinct(rapid.SampledFrom([]string{"ana", "bob"}), rapid.ID).Draw(p.t, "affected")
	if len(p.affected) == 0 {
		p.authority.SetCohort("breach", nil)
		return
	}
	c, err := p.ring.NewCohort(p.issuer.URL, p.affected)
	require.NoError(p.t, err)
	p.authority.SetCohort("breach", c)
}
