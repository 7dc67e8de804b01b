package hub_test

import (
	"context"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"tocsin/auth"
	"tocsin/auth/authtest"
	"tocsin/hub"
	"tocsin/wire"
)

// Whatever happens to the provider, its keys, the clock, the posture, the cohorts and
// the clients: no Private notice reaches a session that has no token that is good at
// that moment; each session is told what it may see, and gets all of it, once and in
// order; and nothing else. Against the model, over real sockets.
func TestTiersAndDeliveryAgainstModel(t *testing.T) {
	w := newWorld(t)
	stranger := authtest.NewOffline(t)
	started, cases := time.Now(), 0
	rapid.Check(t, func(rt *rapid.T) {
		if enough(t, cases, started) {
			return
		}
		cases++
		newPlay(rt, w, stranger).run()
	})
	t.Logf("%d cases in %v", cases, time.Since(started))
}

// enough tells that a property has been tried for as long as it may: in as many cases as
// fit, in some on any machine, and in all of them with TOCSIN_FULL (make storm).
func enough(t *testing.T, cases int, started time.Time) bool {
	return os.Getenv("TOCSIN_FULL") == "" && cases >= 10 && time.Since(started) > 3*time.Second && !t.Failed()
}

// play is one case: a provider, an authority with a clock of its own, a node, and some
// people's clients.
type play struct {
	*world
	*model
	t         *rapid.T
	stranger  *authtest.Issuer
	ring      *auth.Keyring
	clock     atomic.Int64 // the authority's, in seconds
	metrics   *prometheus.Registry
	node      *node
	ctx       context.Context // ends with the case
	version   int64           // of the posture
	log       map[uint64]addressed
	followers []*follower
	tokens    []*modelToken
	tickets   []heldTicket
	waiting   sync.WaitGroup
}

func newPlay(t *rapid.T, w *world, stranger *authtest.Issuer) *play {
	p := &play{
		world: w, t: t, stranger: stranger, ring: auth.NewKeyring(), metrics: prometheus.NewRegistry(),
		log: map[uint64]addressed{1: {}},
		// Far back, so that the node always finds that it is time to look at grants again.
		model: &model{now: time.Now().AddDate(-20, 0, 0).Truncate(time.Second)},
	}
	p.subjects = map[string]string{}
	for _, who := range []string{"ana", "bob"} {
		p.subjects[who] = "subject:" + p.ring.Pseudonym(w.issuer.URL, who)
	}
	w.log = newHistory(w.staff)
	p.clock.Store(p.now.Unix())
	return p
}

func (p *play) run() {
	ctx, cancel := context.WithCancel(context.Background())
	p.ctx = ctx
	defer p.waiting.Wait()
	defer cancel()
	p.begin()
	n := p.make(p.applied, func(c *hub.Config) { c.Heartbeat, c.FrameBurst = 50*time.Millisecond, 1<<20 })
	stop := p.serve(n, plain)
	defer stop()
	defer n.hangUp()
	n.read(p.world.log)
	p.node = n
	p.come("token") // so that there is somebody to lose something
	p.come("ticket")
	most := 16
	if os.Getenv("TOCSIN_FULL") != "" {
		most = 40
	}
	for range rapid.IntRange(6, most).Draw(p.t, "steps") {
		p.step()
	}
}

// begin starts an authority.
func (p *play) begin() {
	p.does = rapid.SampledFrom([]authtest.Behaviour{authtest.Healthy, authtest.Healthy, authtest.Error500}).Draw(p.t, "at first")
	p.issuer.Behave(p.does)
	p.rotate()
	a, err := auth.New(auth.Config{
		Dev: true, Issuers: []auth.IssuerConfig{p.issuer.Config()}, TicketKeys: p.ring, Refresh: modelRefresh, FetchGap: modelGap,
		Now: func() time.Time { return time.Unix(p.clock.Load(), 0) }, Registerer: p.metrics,
	})
	require.NoError(p.t, err)
	p.authority = a
	p.waiting.Go(func() { _ = a.Run(p.ctx) })
	if p.does == authtest.Healthy {
		p.fetched = p.now.Add(-modelDay)
		p.fetch()
	}
}

// rotate makes other keys. Their kids are never the stranger's, which are of the first
// round.
func (p *play) rotate() {
	p.issuer.Rotate()
	p.round++
}

// step is one event; at times something is published in the same breath. Then all is as
// it ought to be, and a notice for everybody proves that nothing more was sent.
func (p *play) step() {
	event := rapid.SampledFrom([]string{
		"connect", "connect", "connect", "leave", "tokens", "tokens", "sign out", "wait", "wait",
		"provider", "provider", "rotate", "poll", "posture", "posture", "cohort", "nothing",
	}).Draw(p.t, "event")
	map[string]func(){
		"connect": p.connect, "leave": p.leave, "tokens": p.newTokens, "sign out": p.signOut, "wait": p.wait,
		"provider": p.provider, "rotate": p.rotate, "poll": p.poll, "posture": p.setPosture, "cohort": p.cohort, "nothing": func() {},
	}[event]()
	p.ought()
	for range rapid.IntRange(1, 4).Draw(p.t, "at once") {
		p.publish(rapid.Custom(p.drawNotice).Draw(p.t, "notice"))
	}
	p.settle()
	p.publish(addressed{})
	p.settle()
}

func (p *play) ought() {
	for _, f := range p.followers {
		f.ought(p.judge(&f.standing), p.log, false)
	}
}

func (p *play) settle() {
	for _, f := range p.followers {
		f.settle(p)
	}
}

func (p *play) publish(a addressed) {
	_, e := p.alert(a.edits()...)
	p.log[e.Seq] = a
	for _, f := range p.followers {
		if f.want.mayGet(a) {
			f.due[e.Seq] = true
		}
	}
	p.node.Entry(e)
}

func (p *play) drawNotice(t *rapid.T) addressed {
	a := addressed{scope: rapid.SampledFrom([]int{0, 1, 2, 2}).Draw(t, "scope"), test: rapid.IntRange(0, 9).Draw(t, "test") == 0}
	some := []string{"tenant:north", "tenant:north", "tenant:south", "group:staff", "session:1", "cohort:breach", "cohort:breach", p.subjects["ana"], "lang:en"}
	a.addresses = rapid.SliceOfNDistinct(rapid.SampledFrom(some), 0, 2, rapid.ID).Draw(t, "addresses")
	if a.scope < 2 {
		a.addresses = slices.DeleteFunc(a.addresses, func(s string) bool { return s == p.subjects["ana"] })
	}
	if proven := slices.DeleteFunc(slices.Clone(a.addresses), func(s string) bool { return s == "lang:en" }); a.scope > 0 && len(proven) == 0 {
		a.addresses = append(a.addresses, "tenant:north")
	}
	return a
}

// token is one that was made before, or another.
func (p *play) token() *modelToken {
	if len(p.tokens) > 0 && rapid.IntRange(0, 2).Draw(p.t, "used") == 0 {
		return p.tokens[rapid.IntRange(0, len(p.tokens)-1).Draw(p.t, "token")]
	}
	t := &modelToken{who: rapid.SampledFrom([]string{"ana", "ana", "bob"}).Draw(p.t, "who"), round: p.round}
	t.login = t.who + rapid.SampledFrom([]string{"-1", "-2"}).Draw(p.t, "login")
	t.labels = []string{map[string]string{"ana": "tenant:north", "bob": "tenant:south"}[t.who]}
	t.labels = append(t.labels, rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"group:staff", "session:1"}), 0, 2, rapid.ID).Draw(p.t, "labels")...)
	t.iat = p.now.Add(rapid.SampledFrom([]time.Duration{0, 0, -time.Hour, time.Minute, 3 * time.Minute}).Draw(p.t, "issued"))
	t.exp = t.iat.Add(rapid.SampledFrom([]time.Duration{time.Minute, 10 * time.Minute, 2 * time.Hour, 48 * time.Hour}).Draw(p.t, "life"))
	by := p.issuer
	if rapid.IntRange(0, 7).Draw(p.t, "forged") == 0 {
		by, t.round = p.stranger, 0
	}
	claims := claimsFor(t.labels, t.who)
	claims["iss"], claims["sid"], claims["iat"], claims["exp"] = p.issuer.URL, t.login, t.iat.Unix(), t.exp.Unix()
	t.raw = by.Token(claims)
	p.tokens = append(p.tokens, t)
	p.present(t)
	return t
}

// present lets the authority fetch the keys that a token asks for, before a session
// brings it: the order is then known.
func (p *play) present(t *modelToken) {
	if p.unknown(t) && p.mayFetch() {
		p.authority.Admit(auth.Credentials{Tokens: []string{t.raw}})
		p.fetch()
	}
}

// fetch waits until the authority has asked for the keys, and all know.
func (p *play) fetch() {
	p.held, p.fetched = p.round, p.now
	eventually(p.world.t, func() bool { return metric(p.world.t, p.metrics, "tocsin_auth_keys_age_seconds") == 0 }, "a fetch")
	p.ought()
	p.settle()
}

func (p *play) connect() {
	p.come(rapid.SampledFrom([]string{"token", "token", "both", "ticket", "ticket", "nothing"}).Draw(p.t, "with"))
}

func (p *play) come(how string) {
	if len(p.followers) == 4 {
		p.leave()
	}
	f := &follower{t: p.t, frames: make(chan wire.ServerFrame, 64), due: map[uint64]bool{}, last: map[bool]uint64{}}
	hello := wire.Hello{}
	if rapid.IntRange(0, 3).Draw(p.t, "claims") == 0 {
		f.claims = []string{"lang:en"}
		hello.Labels = []string{"lang:en", "tenant:north", "cohort:breach"}
	}
	if how == "token" || how == "both" {
		f.token = p.token()
		p.present(f.token)
		hello.Tokens = []string{f.token.raw}
	}
	if len(p.tickets) > 0 && (how == "ticket" || how == "both") {
		held := p.tickets[max(0, len(p.tickets)-1-rapid.IntRange(0, 5).Draw(p.t, "ticket"))]
		hello.Ticket, f.proof = held.ticket, held.proof
	}
	from := uint64(0)
	if rapid.Bool().Draw(p.t, "resume") {
		from = rapid.Uint64Range(1, p.world.log.head()).Draw(p.t, "cursor")
		hello.Cursor = p.world.log.cursorAt(from).String()
	}
	f.told = p.judge(&f.standing)
	f.want, f.before, f.renewed = f.told, f.told, f.told.proof != nil
	f.client = p.node.hello(hello)
	p.greeted(f, from)
	p.waiting.Go(func() { f.hear(p.ctx) })
	p.followers = append(p.followers, f)
}

// greeted reads the beginning of a session.
func (p *play) greeted(f *follower, from uint64) {
	welcome, seqs, _ := f.begin()
	f.auth(p, wire.Auth{Tier: welcome.Tier, Labels: welcome.Labels, Auth: welcome.Auth, Ticket: welcome.Ticket})
	want := []uint64{}
	for seq := from + 1; seq <= p.world.log.head(); seq++ {
		if a, isNotice := p.log[seq]; isNotice && f.want.mayGet(a) {
			want = append(want, seq)
		}
	}
	require.Equal(p.t, want, orEmpty(seqs), f.about(p))
}

func (p *play) some() *follower {
	if len(p.followers) == 0 {
		p.connect()
	}
	return p.followers[rapid.IntRange(0, len(p.followers)-1).Draw(p.t, "session")]
}

func (p *play) leave() {
	f := p.some()
	_ = f.ws.CloseNow()
	p.followers = slices.DeleteFunc(p.followers, func(o *follower) bool { return o == f })
}

// newTokens are sent on an open session, whose ticket goes on to speak.
func (p *play) newTokens() {
	f, t := p.some(), p.token()
	p.present(t)
	p.bring(f, standing{claims: f.claims, token: t, proof: f.proof}, wire.Tokens{Tokens: []string{t.raw}})
}

// signOut leaves nothing of what was proven.
func (p *play) signOut() {
	f := p.some()
	p.bring(f, standing{claims: f.claims}, wire.Tokens{})
}

func (p *play) bring(f *follower, s standing, frame wire.Tokens) {
	f.standing = s
	f.ought(p.judge(&f.standing), p.log, true)
	f.send(frame)
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	require.NoError(p.t, f.ws.Ping(ctx)) // behind the frame
	f.settle(p)
}
