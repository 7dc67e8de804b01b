package hub_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"tocsin/auth"
	"tocsin/notice"
	"tocsin/notice/noticetest"
	"tocsin/wire"
)

// reader is a client of the property test, and notification what it may be sent;
// both in the words of the model, which knows nothing of the hub.
type reader struct {
	tier   int // 0 public, 1 restricted, 2 private
	labels []string
}

type addressed struct {
	scope     int
	addresses []string
	test      bool
}

// mayGet is the model: docs/protocol.md, "Tiers", word for word.
func (r reader) mayGet(a addressed) bool {
	if a.scope > r.tier || (a.test && !slices.Contains(r.labels, "group:staff")) {
		return false
	}
	kinds := map[string]bool{}
	for _, address := range a.addresses {
		kind := address[:strings.Index(address, ":")]
		kinds[kind] = kinds[kind] || slices.Contains(r.labels, address)
	}
	for _, met := range kinds {
		if !met {
			return false
		}
	}
	return true
}

var provable = []string{"tenant:north", "tenant:south", "group:staff", "group:nurses", "session:1", "session:2"}
var claimable = []string{"surface:portal", "surface:visit", "lang:en", "lang:es"}

func drawReader(t *rapid.T) (reader, []string) {
	r := reader{tier: rapid.SampledFrom([]int{0, 1, 2, 2}).Draw(t, "tier")}
	claims := rapid.SliceOfDistinct(rapid.SampledFrom(claimable), rapid.ID).Draw(t, "claims")
	if r.tier > 0 {
		r.labels = rapid.SliceOfDistinct(rapid.SampledFrom(provable), rapid.ID).Draw(t, "labels")
	}
	r.labels = append(slices.Clone(r.labels), claims...)
	// What a client claims beyond what it may is dropped.
	return r, append(slices.Clone(claims), "tenant:north", "group:staff", "subject:x")
}

func drawAddressed(t *rapid.T) addressed {
	a := addressed{scope: rapid.IntRange(0, 2).Draw(t, "scope"), test: rapid.IntRange(0, 9).Draw(t, "test") == 0}
	a.addresses = rapid.SliceOfNDistinct(rapid.SampledFrom(slices.Concat(provable, claimable)), 0, 4, rapid.ID).Draw(t, "addresses")
	a.addresses = slices.DeleteFunc(a.addresses, func(s string) bool {
		return s == "session:2" && slices.Contains(a.addresses, "session:1") // one at most
	})
	proven := slices.ContainsFunc(a.addresses, func(s string) bool { return slices.Contains(provable, s) })
	if a.scope > 0 && !proven {
		a.addresses = append(a.addresses, "tenant:north")
	}
	return a
}

func (a addressed) edits() []noticetest.Edit {
	edits := []noticetest.Edit{[]noticetest.Edit{
		noticetest.Addressed(a.addresses...), noticetest.Restricted(a.addresses...), noticetest.Private(a.addresses...),
	}[a.scope]}
	if a.test {
		edits = append(edits, noticetest.Status(notice.StatusTest))
	}
	return edits
}

// Nothing is delivered beyond its addresses, and everything within them: by
// snapshot, by replay and live, for random readers and notices, against the model.
func TestVisibility(t *testing.T) {
	w := newWorld(t)
	sub := 0
	started, cases := time.Now(), 0
	rapid.Check(t, func(rt *rapid.T) {
		if enough(t, cases, started) {
			return
		}
		cases++
		w.log = newHistory(w.staff)
		notices := rapid.SliceOfN(rapid.Custom(drawAddressed), 3, 12).Draw(rt, "notices")
		half := len(notices) / 2
		for _, a := range notices[:half] {
			w.alert(a.edits()...)
		}
		n, stop := w.brief(rt)
		defer stop()
		n.read(w.log)

		type session struct {
			reader
			*client
			hello  wire.Hello
			replay bool
		}
		var sessions []session
		for range rapid.IntRange(1, 5).Draw(rt, "readers") {
			r, claims := drawReader(rt)
			hello := wire.Hello{Labels: claims}
			if r.tier > 0 {
				sub++
				token := w.issuer.Token(claimsFor(r.labels, fmt.Sprintf("p%d", sub)))
				if r.tier == 1 { // by a ticket, that is to say without what no ticket carries
					r.labels = slices.DeleteFunc(slices.Clone(r.labels), func(l string) bool { return strings.HasPrefix(l, "session:") })
					hello.Ticket = w.ticket(token)
				} else {
					hello.Tokens = []string{token}
				}
				if r.tier == 1 && hello.Ticket == "" {
					r = reader{labels: slices.DeleteFunc(r.labels, func(l string) bool { return !slices.Contains(claimable, l) })}
				}
			}
			s := session{reader: r, hello: hello, replay: rapid.Bool().Draw(rt, "replay")}
			if s.replay {
				s.hello.Cursor = w.log.cursorAt(1).String()
			}
			s.client = n.hello(s.hello)
			sessions = append(sessions, s)
		}
		for _, s := range sessions {
			want := s.expected(notices[:half], 2)
			if !s.replay {
				want = append([]uint64{1}, want...)
			}
			welcome, seqs, _ := s.begin()
			require.ElementsMatch(rt, s.labels, s.labelsOf(welcome.Labels))
			require.Equal(rt, want, orEmpty(seqs))
		}
		for _, a := range notices[half:] {
			_, e := w.alert(a.edits()...)
			n.Entry(e)
		}
		_, end := w.alert() // for everybody: what comes before it has come
		n.Entry(end)
		for _, s := range sessions {
			want := append(s.expected(notices[half:], uint64(half)+2), end.Seq)
			require.Equal(rt, want, s.until(rt, end.Seq))
		}
	})
}

// labelsOf drops the pseudonym, which the model does not know.
func (r reader) labelsOf(labels []string) []string {
	return slices.DeleteFunc(slices.Clone(labels), func(l string) bool { return strings.HasPrefix(l, "subject:") })
}

// expected lists the sequences of what the reader may get, in order.
func (r reader) expected(notices []addressed, first uint64) []uint64 {
	seqs := []uint64{}
	for i, a := range notices {
		if r.mayGet(a) {
			seqs = append(seqs, first+uint64(i))
		}
	}
	return seqs
}

func orEmpty(seqs []uint64) []uint64 { return append([]uint64{}, seqs...) }

// until reads entries up to seq.
func (c *client) until(t require.TestingT, seq uint64) (seqs []uint64) {
	for {
		f, err := c.read(patience)
		require.NoError(t, err)
		switch f := f.(type) {
		case wire.EntryFrame:
			if seqs = append(seqs, f.Seq); f.Seq == seq {
				return seqs
			}
		case wire.Heartbeat:
		default:
			require.Failf(t, "unexpected frame", "%T", f)
		}
	}
}

// claimsFor makes the claims of a token that proves labels.
func claimsFor(labels []string, sub string) map[string]any {
	claims := map[string]any{"sub": sub}
	for _, l := range labels {
		kind, value, _ := strings.Cut(l, ":")
		if slices.Contains([]string{"tenant", "group", "session"}, kind) {
			values, _ := claims[kind].([]string)
			claims[kind] = append(values, value)
		}
	}
	return claims
}

// ticket is what a token's grant comes with.
func (w *world) ticket(token string) string {
	return w.authority.Grant(w.authority.Admit(auth.Credentials{Tokens: []string{token}})).Ticket
}

// No frame names another recipient: everything that is sent to patients while
// private notices go to each of them holds their own pseudonym and call alone.
func TestNoOtherRecipient(t *testing.T) {
	w := newWorld(t)
	n := w.follow(quick)
	const patients = 6
	var cs []*client
	var subjects []string
	for i := range patients {
		c := n.hello(wire.Hello{Tokens: []string{w.token("north", "sub", fmt.Sprintf("patient-%d", i), "session", fmt.Sprintf("call-%d", i))}})
		welcome, _, _ := c.begin()
		require.Equal(t, wire.TierPrivate, welcome.Tier)
		i := slices.IndexFunc(welcome.Labels, func(l string) bool { return strings.HasPrefix(l, "subject:") })
		require.GreaterOrEqual(t, i, 0)
		cs, subjects = append(cs, c), append(subjects, welcome.Labels[i])
		requireOwn(t, welcome.Labels, subjects[len(subjects)-1], len(cs)-1)
	}
	for i, subject := range subjects {
		for _, address := range []string{subject, fmt.Sprintf("session:call-%d", i)} {
			_, e := w.alert(noticetest.Private(address))
			n.Entry(e)
		}
	}
	_, end := w.alert()
	n.Entry(end)
	for i, c := range cs {
		c.send(wire.Tokens{Tokens: []string{w.token("south", "sub", fmt.Sprintf("patient-%d", i), "session", fmt.Sprintf("call-%d", i))}})
		private := 0
		for done := 0; done < 2; { // the last entry, and the auth frame
			f, err := c.read(patience)
			require.NoError(t, err)
			switch f := f.(type) {
			case wire.EntryFrame:
				env, err := notice.ParseEnvelope(f.Envelope)
				require.NoError(t, err)
				doc, err := notice.Decode(env.Payload)
				require.NoError(t, err)
				requireOwn(t, doc.Addresses, subjects[i], i)
				if private += len(doc.Addresses); f.Seq == end.Seq {
					done++
				}
			case wire.Auth:
				requireOwn(t, f.Labels, subjects[i], i)
				done++
			}
		}
		require.Equal(t, 2, private)
	}
}

func requireOwn(t *testing.T, labels []string, subject string, i int) {
	t.Helper()
	for _, l := range labels {
		switch kind, _, _ := strings.Cut(l, ":"); kind {
		case "subject":
			require.Equal(t, subject, l)
		case "session":
			require.Equal(t, fmt.Sprintf("session:call-%d", i), l)
		}
	}
}
