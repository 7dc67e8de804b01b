package hub_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/auth"
	"tocsin/auth/authtest"
	"tocsin/notice/noticetest"
	"tocsin/wire"
)

// crowd is how many patients these tests have: a twentieth of what the design speaks of,
// unless TOCSIN_FULL is set (make storm).
func crowd() int {
	if os.Getenv("TOCSIN_FULL") != "" {
		return 10_000
	}
	return 500
}

// patients have logged in once and hold a ticket; their tokens have expired since.
type patients struct {
	tickets []string
	expired string
}

func subject(i int) string { return fmt.Sprintf("patient-%05d", i) }

// newBreach is a world whose keyring a desk shares.
func newBreach(t *testing.T) (*world, *auth.Keyring) {
	ring := auth.NewKeyring()
	w := &world{t: t, staff: noticetest.NewStaff(t), issuer: authtest.New(t)}
	w.authority = authtest.Run(t, auth.Config{TicketKeys: ring}, w.issuer)
	w.log = newHistory(w.staff)
	return w, ring
}

func (w *world) patients(n int) patients {
	p := patients{expired: w.issuer.Token(map[string]any{
		"tenant": "north", "iat": time.Now().Add(-2 * time.Hour).Unix(), "exp": time.Now().Add(-time.Hour).Unix(),
	})}
	for i := range n {
		token := w.issuer.Token(map[string]any{"tenant": "north", "sub": subject(i)})
		p.tickets = append(p.tickets, w.authority.Grant(w.authority.Admit(auth.Credentials{Tokens: []string{token}})).Ticket)
	}
	return p
}

// each runs act for 0 to n-1, some at a time.
func each(n int, act func(i int)) {
	var wg sync.WaitGroup
	next := make(chan int)
	for range 64 {
		wg.Go(func() {
			for i := range next {
				act(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
}

// raw reads frames as text until one contains mark, that one included.
func (c *client) raw(mark string) []string {
	c.t.Helper()
	var got []string
	for {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		_, text, err := c.ws.Read(ctx)
		cancel()
		if err != nil {
			c.t.Errorf("waiting for %s: %v", mark, err)
			return got
		}
		got = append(got, string(text))
		if strings.Contains(string(text), mark) {
			return got
		}
	}
}

func entryFrames(frames []string) (seqs []uint64) {
	for _, text := range frames {
		if f, err := wire.DecodeServer([]byte(text)); err == nil {
			if e, ok := f.(wire.EntryFrame); ok {
				seqs = append(seqs, e.Seq)
			}
		}
	}
	return seqs
}

const syncedMark = `"type":"synced"`

// Everybody comes back at once with an expired token and a good ticket, while the
// provider is down: all get what they missed, and the provider is left in peace.
func TestStormWhileLoginIsBroken(t *testing.T) {
	w, _ := newBreach(t)
	n := w.follow()
	p := w.patients(crowd())
	left := w.log.cursor().String()
	w.issuer.Behave(authtest.Error500)
	_, missed := w.alert(noticetest.Restricted("tenant:north"))
	n.Entry(missed)
	asked := w.issuer.Requests()
	started := time.Now()
	each(len(p.tickets), func(i int) {
		c := n.hello(wire.Hello{Tokens: []string{p.expired}, Ticket: p.tickets[i], Cursor: left})
		if got := entryFrames(c.raw(syncedMark)); !slices.Equal(got, []uint64{missed.Seq}) {
			t.Errorf("patient %d got %v", i, got)
		}
		_ = c.ws.CloseNow()
	})
	t.Logf("%d reconnects in %v; requests to the provider: %d", len(p.tickets), time.Since(started), w.issuer.Requests()-asked)
	require.LessOrEqual(t, w.issuer.Requests()-asked, 5)
}

// A breach of some patients among many, with sessions that are open and others that
// return, a cohort made after they left, and the provider down: exactly those on the list
// get the notice, and no byte sent to anybody else names them or the list.
func TestBreach(t *testing.T) {
	w, ring := newBreach(t)
	n := w.follow()
	p := w.patients(crowd())
	w.issuer.Behave(authtest.Hang)
	affected := func(i int) bool { return i*4_812/10_000 != (i+1)*4_812/10_000 } // 4,812 of 10,000, spread
	open := make([]*client, 0, len(p.tickets)/2)
	for i := range len(p.tickets) / 2 {
		c := n.hello(wire.Hello{Ticket: p.tickets[i]})
		c.raw(syncedMark)
		open = append(open, c)
	}

	var listed []string
	for i := range p.tickets {
		if affected(i) {
			listed = append(listed, subject(i))
		}
	}
	cohort, err := ring.NewCohort(w.issuer.URL, listed)
	require.NoError(t, err)
	require.Equal(t, crowd()*4_812/10_000, cohort.Len())
	w.authority.SetCohort("breach-7", cohort)
	_, breach := w.alert(noticetest.Restricted("cohort:breach-7"))
	n.Entry(breach)
	mark := func(seq uint64) string { return fmt.Sprintf(`"seq":%d,`, seq) }
	told := make([][]string, len(open))
	each(len(open), func(i int) {
		if affected(i) {
			told[i] = open[i].raw(mark(breach.Seq))
		}
	})
	_, last := w.alert() // once it is there, nothing else is still to come
	n.Entry(last)

	check := func(i int, frames []string) {
		got, all := entryFrames(frames), strings.Join(frames, "\n")
		if slices.Contains(got, breach.Seq) != affected(i) {
			t.Errorf("patient %d, affected %t: %v", i, affected(i), got)
		}
		if !affected(i) && strings.Contains(all, "cohort:") {
			t.Errorf("patient %d was told of the list", i)
		}
		for _, about := range []string{subject(i), "patient-", ring.Pseudonym(w.issuer.URL, subject((i+1)%len(p.tickets)))} {
			if strings.Contains(all, about) {
				t.Errorf("patient %d: a frame names %s", i, about)
			}
		}
	}
	each(len(p.tickets), func(i int) {
		if i < len(open) {
			check(i, append(told[i], open[i].raw(mark(last.Seq))...))
			return
		}
		c := n.hello(wire.Hello{Tokens: []string{p.expired}, Ticket: p.tickets[i]})
		check(i, c.raw(syncedMark))
		_ = c.ws.CloseNow()
	})
}

// Nobody waits for a provider that hangs: a connect takes as long as usual, even with a
// token whose key nobody knows yet.
func TestConnectWhileProviderHangs(t *testing.T) {
	w := newTierWorld(t)
	n := w.follow()
	stranger := authtest.New(t)
	unknown := w.token("north")
	stranger.Rotate()
	connect := func(does authtest.Behaviour) time.Duration {
		w.issuer.Behave(does)
		started := time.Now()
		c := n.hello(wire.Hello{Tokens: []string{unknown}})
		c.raw(syncedMark)
		took := time.Since(started)
		_ = c.ws.CloseNow()
		return took
	}
	var ratio float64
	for range 5 { // the machine may be busy just with one of the two
		var usual, hanging []time.Duration
		for range 31 {
			usual = append(usual, connect(authtest.Healthy))
			hanging = append(hanging, connect(authtest.Hang))
		}
		slices.Sort(usual)
		slices.Sort(hanging)
		ratio = float64(hanging[15]) / float64(usual[15])
		t.Logf("median connect: usual %v, provider hangs %v, ratio %.2f", usual[15], hanging[15], ratio)
		if ratio <= 1.5 {
			return
		}
	}
	require.LessOrEqual(t, ratio, 1.5)
}
