package hub_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/auth"
	"tocsin/auth/authtest"
	"tocsin/hub"
	"tocsin/notice/noticetest"
	"tocsin/wire"
)

// tiers are what each kind of credential gives.
type tiers struct{ nobody, ticket, oldToken, newToken wire.Tier }

// breakage is one row of the table in the design, "Auth": what broke, and what each
// credential gives then.
type breakage struct {
	name    string
	happens func(w *world)
	want    tiers
	// open is what a session gets that was open with the old token: it also has what
	// that token proved.
	open wire.Tier
	// fresh makes the token that is issued afterwards; nil: as always.
	fresh func(w *world) string
	mend  func(w *world)
}

const (
	public, restricted, private = wire.TierPublic, wire.TierRestricted, wire.TierPrivate
)

func providerThat(does authtest.Behaviour) func(*world) {
	return func(w *world) {
		before := w.issuer.Requests()
		w.issuer.Behave(does)
		if does != authtest.Refuse { // the next fetch has found out
			eventually(w.t, func() bool { return w.issuer.Requests() > before }, "a fetch of the keys")
		}
	}
}

func posture(p func(w *world) auth.Posture) func(*world) {
	return func(w *world) { w.authority.SetPosture(p(w)) }
}

// issuedIn makes tokens of an issuer whose clock is ahead by that much.
func issuedIn(ahead time.Duration) func(*world) string {
	return func(w *world) string {
		return w.issuer.Token(map[string]any{"tenant": "north", "iat": time.Now().Add(ahead).Unix()})
	}
}

func breakages() []breakage {
	unharmed := tiers{public, restricted, private, private}
	healthy := func(w *world) { w.issuer.Behave(authtest.Healthy) }
	untouched := posture(func(*world) auth.Posture { return auth.Posture{} })
	rows := []breakage{{name: "nothing", happens: func(*world) {}, want: unharmed, open: private}}
	for name, does := range map[string]authtest.Behaviour{
		"provider answers 500": authtest.Error500, "provider hangs": authtest.Hang,
		"provider refuses": authtest.Refuse, "provider has an empty set": authtest.EmptySet,
		"provider talks garbage": authtest.Garbage, "provider sends 10 MB": authtest.Huge,
		"provider has a million keys": authtest.ManyKeys, "provider redirects elsewhere": authtest.Elsewhere,
	} {
		rows = append(rows, breakage{name: name, happens: providerThat(does), want: unharmed, open: private, mend: healthy})
	}
	return append(rows,
		breakage{
			name: "signing key stolen",
			happens: posture(func(w *world) auth.Posture {
				return auth.Posture{IssuerBlocked: map[string]auth.Blocked{w.issuer.URL: {Since: time.Now()}}}
			}),
			want: tiers{public, restricted, public, public}, open: restricted, mend: untouched,
		},
		breakage{
			name: "everyone reset",
			happens: posture(func(w *world) auth.Posture {
				return auth.Posture{TokensNotBefore: map[string]time.Time{w.issuer.URL: time.Now().Add(time.Minute)}}
			}),
			want: tiers{public, restricted, public, private}, open: restricted, mend: untouched,
			fresh: issuedIn(90 * time.Second),
		},
		breakage{
			name:    "ticket keys stolen",
			happens: posture(func(*world) auth.Posture { return auth.Posture{TicketEpoch: 1} }),
			want:    tiers{public, public, private, private}, open: private, mend: untouched,
		},
		breakage{
			name: "clocks off", happens: func(*world) {}, want: unharmed, open: private,
			fresh: issuedIn(110 * time.Second),
		},
	)
}

// Every row and column of the table, on open connections as on new ones, over real
// WebSockets and a real identity provider; and the way back, by itself.
func TestTiers(t *testing.T) {
	for _, row := range breakages() {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			tierTest{newTierWorld(t), row}.run(t)
		})
	}
}

// newTierWorld has an authority that fetches keys all the time, so that it finds out at
// once what became of the provider.
func newTierWorld(t *testing.T) *world {
	w := &world{t: t, staff: noticetest.NewStaff(t), issuer: authtest.New(t)}
	w.authority = authtest.Run(t, auth.Config{Refresh: 100 * time.Millisecond, FetchGap: 20 * time.Millisecond}, w.issuer)
	w.log = newHistory(w.staff)
	return w
}

type tierTest struct {
	*world
	row breakage
}

func (w tierTest) run(t *testing.T) {
	for _, edit := range [][]noticetest.Edit{nil, {noticetest.Restricted("tenant:north")}, {noticetest.Private("tenant:north")}} {
		w.alert(edit...)
	}
	n := w.follow()
	old := w.token("north")
	ticket := w.authority.Grant(w.authority.Admit(auth.Credentials{Tokens: []string{old}})).Ticket
	open := n.hello(wire.Hello{Tokens: []string{old}})
	nobody := n.hello(wire.Hello{})
	held := n.hello(wire.Hello{Ticket: ticket})
	for c, tier := range map[*client]wire.Tier{open: private, nobody: public, held: restricted} {
		c.sees(t, tier)
	}

	w.row.happens(w.world)
	for c, tier := range map[*client]wire.Tier{open: w.row.open, nobody: w.row.want.nobody, held: w.row.want.ticket} {
		c.becomes(t, tier)
	}
	w.publish(n)
	for c, tier := range map[*client]wire.Tier{open: w.row.open, nobody: w.row.want.nobody, held: w.row.want.ticket} {
		c.gets(t, w.log.head(), tier)
	}

	fresh := w.token("north")
	if w.row.fresh != nil {
		fresh = w.row.fresh(w.world)
	}
	for _, c := range []struct {
		hello wire.Hello
		want  wire.Tier
	}{
		{wire.Hello{}, w.row.want.nobody},
		{wire.Hello{Ticket: ticket}, w.row.want.ticket},
		{wire.Hello{Tokens: []string{old}}, w.row.want.oldToken},
		{wire.Hello{Tokens: []string{fresh}}, w.row.want.newToken},
	} {
		n.hello(c.hello).sees(t, c.want)
	}

	if w.row.mend == nil {
		return
	}
	w.row.mend(w.world)
	open.becomes(t, private)
	held.becomes(t, restricted)
}

// publish appends one notice of each scope, the widest last.
func (w tierTest) publish(n *node) {
	for _, edit := range [][]noticetest.Edit{{noticetest.Private("tenant:north")}, {noticetest.Restricted("tenant:north")}, nil} {
		_, e := w.alert(edit...)
		n.Entry(e)
	}
}

// sees reads the beginning of a session, which has the first three notices as far as
// its tier goes.
func (c *client) sees(t *testing.T, tier wire.Tier) {
	t.Helper()
	c.tier = expect[wire.Welcome](c).Tier
	require.Equal(t, tier, c.tier)
	seen := map[uint64]bool{}
	for synced := false; !synced; {
		switch f := c.next().(type) {
		case wire.EntryFrame:
			seen[f.Seq] = true
		case wire.Auth: // the keys may grow stale at any moment
			c.tier = f.Tier
		case wire.Synced:
			synced = true
		}
	}
	require.True(t, seen[2], "the public one")
	require.Equal(t, tier != public, seen[3], "the restricted one")
	require.Equal(t, tier == private, seen[4], "the private one")
}

// becomes waits until the session is told of that tier, if it has another, and lets
// what comes with it pass.
func (c *client) becomes(t *testing.T, tier wire.Tier) {
	t.Helper()
	for c.tier != tier {
		if said, ok := c.next().(wire.Auth); ok {
			c.tier = said.Tier
		}
	}
}

// gets reads on to the last notice, which is public, and checks that those before it,
// which are private and restricted, came as the tier has it.
func (c *client) gets(t *testing.T, last uint64, tier wire.Tier) {
	t.Helper()
	var got []uint64
	for len(got) == 0 || got[len(got)-1] != last {
		if e, ok := c.next().(wire.EntryFrame); ok && e.Seq > last-3 {
			got = append(got, e.Seq)
		}
	}
	want := map[wire.Tier][]uint64{public: {last}, restricted: {last - 1, last}, private: {last - 2, last - 1, last}}[tier]
	require.Equal(t, want, got)
}

// The last row: the broker is down. What the node holds is there for whoever may see
// it, marked stale; a node that starts then has what its disk holds, which is nothing
// private.
func TestTiersWithoutBroker(t *testing.T) {
	w := newTierWorld(t)
	for _, edit := range [][]noticetest.Edit{nil, {noticetest.Restricted("tenant:north")}, {noticetest.Private("tenant:north")}} {
		w.alert(edit...)
	}
	cache := filepath.Join(t.TempDir(), "cache")
	caching := func(c *hub.Config) { c.CacheFile = cache }
	n := w.make(caching)
	stop := w.serve(n, plain)
	n.read(w.log)
	n.stale()
	hellos := map[wire.Tier]wire.Hello{public: {}, private: {Tokens: []string{w.token("north")}}}
	hellos[restricted] = wire.Hello{Ticket: w.authority.Grant(w.authority.Admit(auth.Credentials{Tokens: hellos[private].Tokens})).Ticket}
	for tier, hello := range hellos {
		c := n.hello(hello)
		welcome, seqs, _ := c.begin()
		require.Equal(t, wire.SourceStale, welcome.Source.State)
		require.Len(t, seqs, map[wire.Tier]int{public: 2, restricted: 3, private: 4}[tier])
	}
	n.hangUp()
	stop()

	again := w.start(caching)
	for tier, hello := range hellos {
		welcome, seqs, _ := again.hello(hello).begin()
		require.Equal(t, tier, welcome.Tier)
		require.Equal(t, wire.SourceStale, welcome.Source.State)
		require.Len(t, seqs, map[wire.Tier]int{public: 2, restricted: 3, private: 3}[tier], "no private notice comes from a disk")
	}
}
