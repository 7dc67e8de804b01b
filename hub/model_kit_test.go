package hub_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"tocsin/auth/authtest"
	"tocsin/wire"
)

// The model: the table in the design, "Auth", for one issuer. It is written from the
// documents and calls nothing of auth or hub.

const (
	modelLeeway  = 2 * time.Minute
	modelDay     = 24 * time.Hour
	modelTicket  = 30 * modelDay
	modelRefresh = time.Hour   // as the authority under test is configured
	modelGap     = time.Minute // the same
)

// model is what the authority ought to go by.
type model struct {
	now     time.Time
	does    authtest.Behaviour
	round   int       // of the keys that the provider signs with
	held    int       // of those that were fetched last; 0: none
	fetched time.Time // when

	blocked  *time.Time // since when the issuer's keys are in wrong hands
	reset    time.Time  // older tokens are void
	epoch    int64
	revoked  map[string]time.Time // a subject or a login → until when
	affected []string             // the members of the cohort
	subjects map[string]string    // who → label, which is no secret of theirs
}

// modelToken is a token, and what it says.
type modelToken struct {
	raw        string
	who, login string
	labels     []string
	round      int // of the keys that signed it; 0: not the issuer's
	iat, exp   time.Time
}

// modelProof is what a token proved once, and all that a ticket keeps of it.
type modelProof struct {
	who, login string
	labels     []string
	at         time.Time
	epoch      int64
}

// heldTicket is a ticket that some client was given.
type heldTicket struct {
	ticket string
	proof  *modelProof
}

// standing is what one session goes by.
type standing struct {
	claims []string
	token  *modelToken // nil: none
	proof  *modelProof // by its ticket, or by the last good token; nil: none
	proven *modelProof // by token; nil: it was not good yet
}

// verdict is what a session ought to be told.
type verdict struct {
	reader
	state wire.Grade
	proof *modelProof // in its ticket; nil: it gets none
}

func (v verdict) same(o verdict) bool {
	return v.tier == o.tier && slices.Equal(v.labels, o.labels) && v.state == o.state && v.proof == o.proof
}

// judge is the table.
func (m *model) judge(s *standing) verdict {
	v := verdict{state: wire.AuthNone}
	v.labels = append(v.labels, s.claims...)
	if m.good(s.token) {
		if s.proven == nil || s.proven.epoch < m.epoch {
			s.proven = m.prove(s.token)
		}
		s.proof = s.proven
		v.tier, v.state = 2, wire.AuthOK
		if m.age() >= modelRefresh {
			v.state = wire.AuthDegraded
		}
		v.labels = append(append(v.labels, s.token.labels...), m.subjects[s.token.who])
	}
	if p := s.proof; p != nil && m.speaks(p) {
		v.proof = p
		if v.tier == 0 {
			v.tier, v.state = 1, wire.AuthDegraded
		}
		v.labels = append(v.labels, p.labels...)
		if slices.Contains(m.affected, p.who) {
			v.labels = append(v.labels, "cohort:breach")
		}
	}
	slices.Sort(v.labels)
	v.labels = slices.Compact(v.labels)
	return v
}

// good tells whether a token gives the private tier now.
func (m *model) good(t *modelToken) bool {
	return t != nil && t.round == m.held && t.round != 0 && m.age() < modelDay &&
		!m.now.Before(t.iat.Add(-modelLeeway)) && m.now.Before(t.exp.Add(modelLeeway)) && m.now.Before(t.iat.Add(modelDay)) &&
		m.blocked == nil && !t.iat.Before(m.reset) && !m.void(t.who, t.login)
}

// age is that of the keys.
func (m *model) age() time.Duration {
	if m.held == 0 {
		return 1000 * modelDay
	}
	return m.now.Sub(m.fetched)
}

func (m *model) void(who, login string) bool {
	return m.now.Before(m.revoked[who]) || m.now.Before(m.revoked[login])
}

func (m *model) prove(t *modelToken) *modelProof {
	p := &modelProof{who: t.who, login: t.login, at: m.now, epoch: m.epoch}
	for _, l := range t.labels {
		if !strings.HasPrefix(l, "session:") { // a call is over some time
			p.labels = append(p.labels, l)
		}
	}
	return p
}

// speaks tells whether a ticket with this proof gives the restricted tier now.
func (m *model) speaks(p *modelProof) bool {
	return p.epoch >= m.epoch && m.now.Before(p.at.Add(modelTicket)) && !m.void(p.who, p.login) &&
		(m.blocked == nil || p.at.Before(*m.blocked))
}

// unknown tells whether the authority wants other keys, to judge a token.
func (m *model) unknown(t *modelToken) bool {
	return t != nil && (t.round == 0 || t.round != m.held) &&
		m.now.Before(t.exp.Add(modelLeeway)) && m.now.Before(t.iat.Add(modelDay))
}

// mayFetch tells whether the authority asks for keys when it wants them, and gets them.
func (m *model) mayFetch() bool {
	return m.does == authtest.Healthy && m.now.Sub(m.fetched) >= modelGap
}

// follower is one open session, and what it ought to get.
type follower struct {
	*client
	t      *rapid.T
	frames chan wire.ServerFrame // closed when the connection ends
	standing

	told, want verdict
	given      string          // the ticket in the last frame that had room for one
	renewed    bool            // another one must come
	due        map[uint64]bool // entries that must come; nothing else may
	last       map[bool]uint64 // of those that came in this step, by whether they could be seen before
	before     verdict         // this step
}

// hear reads frames until ctx ends, as pings need it.
func (f *follower) hear(ctx context.Context) {
	defer close(f.frames)
	for {
		_, text, err := f.ws.Read(ctx)
		if err != nil {
			return
		}
		frame, err := wire.DecodeServer(text)
		if err != nil {
			return
		}
		select {
		case f.frames <- frame:
		case <-ctx.Done():
			return
		}
	}
}

// ought takes up what the session ought to be told from now on.
func (f *follower) ought(v verdict, log map[uint64]addressed, again bool) {
	f.before, f.last = f.told, map[bool]uint64{}
	f.want = v
	f.renewed = v.proof != nil && (again || v.proof != f.told.proof)
	for seq, a := range log {
		if v.mayGet(a) && !f.told.mayGet(a) {
			f.due[seq] = true
		}
	}
}

// settle reads until the session was told and sent what it ought to be.
func (f *follower) settle(p *play) {
	late := time.After(patience)
	for len(f.due) > 0 || !f.told.same(f.want) || f.renewed {
		select {
		case frame, open := <-f.frames:
			require.True(f.t, open, "the connection has ended")
			f.take(p, frame)
		case <-late:
			require.FailNow(f.t, "not settled", "%s", f.about(p))
		}
	}
}

func (f *follower) about(p *play) string {
	return fmt.Sprintf("now %v\ntold %+v\nwant %+v\nrenewed %v, due %v\nstanding %+v\nmodel %+v\nlog %+v",
		p.now, f.told, f.want, f.renewed, f.due, f.standing, p.model, p.log)
}

func (f *follower) take(p *play, frame wire.ServerFrame) {
	switch frame := frame.(type) {
	case wire.EntryFrame:
		f.entry(p, frame.Seq)
	case wire.Auth:
		f.auth(p, frame)
	case wire.Heartbeat: // its cursor vouches for all before it
		for seq := range f.due {
			require.False(f.t, seq <= frame.Cursor.Seq && f.told.mayGet(p.log[seq]), "heartbeat at %d without %d: %s", frame.Cursor.Seq, seq, f.about(p))
		}
	default:
		require.Failf(f.t, "unexpected frame", "%T: %+v", frame, frame)
	}
}

func (f *follower) entry(p *play, seq uint64) {
	a := p.log[seq]
	require.True(f.t, f.due[seq], "%d (%+v) is not due, or twice: %s", seq, a, f.about(p))
	require.True(f.t, f.told.mayGet(a), "%d (%+v) before the session was told: %s", seq, a, f.about(p))
	require.True(f.t, a.scope < 2 || p.good(f.token), "%d is private: %s", seq, f.about(p))
	old := f.before.mayGet(a)
	require.Less(f.t, f.last[old], seq, "out of order: %s", f.about(p))
	f.last[old] = seq
	delete(f.due, seq)
}

func (f *follower) auth(p *play, said wire.Auth) {
	is := func(v verdict) bool {
		return said.Tier == [...]wire.Tier{public, restricted, private}[v.tier] && slices.Equal(said.Labels, v.labels) &&
			said.Auth.State == v.state && (said.Ticket != "") == (v.proof != nil)
	}
	switch {
	case is(f.want) && (!f.renewed || said.Ticket != f.given):
		if f.told = f.want; said.Ticket != f.given && said.Ticket != "" {
			require.True(f.t, f.renewed, "a new ticket for nothing: %s", f.about(p))
			p.tickets = append(p.tickets, heldTicket{said.Ticket, f.want.proof})
		}
		f.given, f.renewed = said.Ticket, false
	case is(f.told) && said.Ticket == f.given: // another reason, from before
	default:
		require.Failf(f.t, "told what is not so", "%+v\n%s", said, f.about(p))
	}
}
