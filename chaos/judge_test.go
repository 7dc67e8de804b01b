//go:build linux

package main

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// a publication that was answered so.
func answered(id string, f fate, statuses ...int) *publication {
	p := &publication{id: id, signed: time.Now(), fate: f, decided: time.Now(), done: make(chan struct{})}
	for _, status := range statuses {
		p.attempts = append(p.attempts, attempt{status: status, at: time.Now(), took: 20 * time.Millisecond})
	}
	close(p.done)
	return p
}

// in has an answer name a place of the log.
func (p *publication) in(seq uint64) *publication {
	p.seq = seq
	return p
}

// judged is a trial of some publications as clients got them.
func judged(t *testing.T, e expectations, all []*publication, listeners ...*listener) *trial {
	t.Helper()
	r := &trial{fault: fault{expect: e}, injected: time.Now()}
	r.seen.all = all
	judging(t, all, listeners...).judge(r)
	return r
}

// judging is a stage on which that was published, and not judged yet.
func judging(t *testing.T, all []*publication, listeners ...*listener) *stage {
	t.Helper()
	s := &stage{
		audience: &audience{listeners: listeners}, watch: newWatch(nil),
		publisher: &publisher{book: &book{all: all}}, faults: make([]faults, len(listeners)),
	}
	t.Cleanup(s.watch.close)
	return s
}

// What must not be is seen, whoever does it.
func TestJudgeSees(t *testing.T) {
	here := func() *listener {
		l := newListener("a client")
		l.begins("0badcafe")
		l.comes()
		return l
	}
	one, two := answered("one", fatePublished, 201).in(5), answered("two", fatePublished, 503, 201).in(6)
	good := here()
	good.takes("one", 5, []byte("1"), true)
	good.takes("two", 6, []byte("2"), true)
	require.Empty(t, judged(t, expectations{wait: time.Second}, []*publication{one, two}, good).failures)

	for name, c := range map[string]struct {
		say   string
		all   []*publication
		takes func(*listener)
	}{
		"missed": {"1 missed", []*publication{one, two}, func(l *listener) { l.takes("one", 5, []byte("1"), true) }},
		"shown twice": {"1 doubled", []*publication{one}, func(l *listener) {
			l.takes("one", 5, []byte("1"), true)
			l.takes("one", 5, []byte("1"), true)
		}},
		"twice in the log": {"1 doubled", []*publication{one}, func(l *listener) {
			l.takes("one", 4, []byte("1"), false)
			l.takes("one", 5, []byte("1"), false)
		}},
		"elsewhere": {"1 elsewhere in the log", []*publication{one}, func(l *listener) { l.takes("one", 9, []byte("1"), true) }},
		"out of order": {"1 out of order", []*publication{one, two}, func(l *listener) {
			l.takes("two", 6, []byte("2"), false)
			l.takes("one", 5, []byte("1"), false)
		}},
		"altered": {"1 altered", []*publication{one}, func(l *listener) {
			l.takes("one", 5, []byte("1"), false)
			l.takes("one", 5, []byte("!"), false)
		}},
		"absent, and shown": {"1 shown", []*publication{answered("three", fateAbsent, 504), one}, func(l *listener) {
			l.takes("three", 4, []byte("3"), true)
			l.takes("one", 5, []byte("1"), true)
		}},
		"forged": {"1 shown", []*publication{one}, func(l *listener) {
			l.takes("one", 5, []byte("1"), false)
			l.takes("four", 6, []byte("4"), false)
		}},
		"given up": {"given up after 2 attempts", []*publication{answered("three", fateGivenUp, 504, 0), one}, func(l *listener) {
			l.takes("one", 5, []byte("1"), true)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			l := here()
			c.takes(l)
			r := judged(t, expectations{}, c.all, l)
			require.Len(t, r.failures, 1)
			require.Contains(t, r.failures[0], c.say)
		})
	}
}

// What goes wrong between two trials, or comes late, is the next one's.
func TestJudgeSeesBetween(t *testing.T) {
	one, two, three := answered("one", fatePublished, 201).in(5), answered("two", fatePublished, 201).in(6), answered("three", fateAbsent, 504)
	l := newListener("a client")
	l.takes("one", 5, []byte("1"), false)
	s := judging(t, []*publication{three, one, two}, l)
	first := &trial{injected: time.Now()}
	first.seen.all = []*publication{three, one}
	s.judge(first)
	require.Empty(t, first.failures)

	l.takes("one", 9, []byte("1"), false)
	l.takes("three", 10, []byte("3"), false)
	second := &trial{injected: time.Now()}
	second.seen.all, second.seen.earlier = []*publication{one}, []*publication{two}
	s.judge(second)
	require.Len(t, second.failures, 4)
	for i, say := range []string{"1 missed", "1 doubled", "1 shown", "1 elsewhere"} {
		require.Contains(t, second.failures[i], say)
	}
	third := &trial{injected: time.Now(), fault: fault{expect: expectations{otherLog: true}}}
	third.seen.all = []*publication{one}
	s.judge(third)
	require.Len(t, third.failures, 1, "each is counted once")
	require.Contains(t, third.failures[0], "1 elsewhere", "a restore has no other places")
}

// What was not measured is no success.
func TestJudgeMeasures(t *testing.T) {
	r := &trial{injected: time.Now(), before: map[string]vitals{"edge-1": {Goroutines: 100, Memory: 50 << 20}}}
	r.expect = expectations{displaced: true, goesOn: true, refused: saysNo}
	one := answered("one", fatePublished, 503, 0, 201)
	one.attempts[1].took = answerLimit
	one.signed, r.healed = r.injected.Add(-time.Second), time.Now().Add(time.Second)
	r.seen.all, r.seen.everybody = []*publication{one}, recoverLimit+time.Second
	judging(t, r.seen.all).judge(r)
	require.Equal(t, []string{
		"what edge-1 takes could not be measured", "every client had it after: 31 s, at most 30 s", "a desk answered after: 15 s, at most 10 s",
		"no client lost its session", "nothing was published while it was broken",
	}, r.failures)
}

// Who goes on does so to the end, and who is left alone stays.
func TestJudgeStays(t *testing.T) {
	var clients []*listener
	for range 3 {
		l := newListener("a client")
		l.comes()
		clients = append(clients, l)
	}
	one := answered("one", fatePublished, 201).in(5)
	s := judging(t, []*publication{one}, clients...)
	for _, l := range clients {
		l.takes("one", 5, []byte("1"), false)
	}
	r := &trial{injected: one.signed.Add(-time.Millisecond), healed: one.decided.Add(lateWindow + time.Second)}
	r.expect = expectations{stay: true, goesOn: true}
	r.seen.all = []*publication{one}
	for _, l := range clients[:2] {
		l.goes(0)
		l.comes()
	}
	s.judge(r)
	require.Equal(t, []string{"2 of 3 clients lost their session", "nothing was published any more after it had been broken for a while"}, r.failures)
}

// A second copy of a notice is refused by every edge, and no client sees it.
func TestJudgeEntries(t *testing.T) {
	one := answered("one", fatePublished, 201)
	s := judging(t, []*publication{one})
	s.edges = []*program{{name: "edge-1"}, {name: "edge-2"}}
	for i, c := range []struct {
		one, two reading
		otherLog bool
		say      string
	}{
		{one: reading{1, 0}, two: reading{2, 0}},
		{one: reading{1, 1}, two: reading{2, 1}, say: "1 not taken"},
		{one: reading{1, 1}, two: reading{3, 1}}, // edge-2 was started again, and reads it again
		{one: reading{1, 2}, two: reading{3, 2}, otherLog: true},
		{one: reading{1, 2}, two: reading{4, 2}, say: "1 not taken"},
	} {
		r := &trial{injected: time.Now(), fault: fault{expect: expectations{otherLog: c.otherLog}}}
		r.seen.all, r.seen.readings = []*publication{one}, map[string]reading{"edge-1": c.one, "edge-2": c.two}
		s.judge(r)
		if c.say == "" {
			require.Empty(t, r.failures, i)
			continue
		}
		require.Len(t, r.failures, 1, i)
		require.Contains(t, r.failures[0], c.say, i)
	}
	r := &trial{injected: time.Now()}
	r.seen.all = []*publication{one}
	s.judge(r)
	require.Len(t, r.failures, 2, "what was not measured is no success")
}

// An edge that misses one look is in service; one that is silent is not.
func TestInService(t *testing.T) {
	w := newWatch(nil)
	defer w.close()
	began := time.Now()
	look := func(after time.Duration, answered bool) {
		w.note("edge-1", sight{at: began.Add(after), answered: answered, ready: answered, live: answered})
	}
	in := func() bool { return w.always("edge-1", began, began.Add(time.Minute), sight.inService) }
	look(0, true)
	look(time.Second, false)
	look(2*time.Second, true)
	require.True(t, in())
	look(3*time.Second, false)
	look(4*time.Second, false)
	require.False(t, in())
}

// Whoever mends a bit that flipped is seen to.
func TestFlip(t *testing.T) {
	file := filepath.Join(t.TempDir(), "1.blk")
	require.NoError(t, os.WriteFile(file, []byte("abcdef"), 0o600))
	d, err := flipMiddle(file)
	require.NoError(t, err)
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, "abctef", string(data))
	require.True(t, d.remains())
	require.NoError(t, os.WriteFile(file, []byte("abcdefgh"), 0o600))
	require.False(t, d.remains())
}

// A client that comes back gets again what came after its cursor, and all of it in a snapshot or
// of a log that was restored; that is no doubling. Each entry is where it was.
func TestNotDoubled(t *testing.T) {
	l := newListener("a witness")
	l.begins("0badcafe")
	l.takes("one", 5, []byte("1"), false)
	l.takes("one", 5, []byte("1"), false)
	l.catchesUp(true)
	l.takes("one", 5, []byte("1"), false)
	l.begins("deadbeef")
	l.catchesUp(false)
	l.takes("two", 3, []byte("2"), false)
	require.Zero(t, l.faults())
	l.catchesUp(true)
	l.takes("one", 2, []byte("1"), false)
	require.Equal(t, faults{doubled: 1}, l.faults())
}

func TestWaited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newListener("a client")
		l.comes()
		time.Sleep(time.Second)
		published := time.Now()
		time.Sleep(2 * time.Second)
		wait, stayed := l.waited(published, time.Now())
		require.True(t, stayed)
		require.Equal(t, 2*time.Second, wait)

		l.goes(1500 * time.Millisecond)
		l.goes(time.Second) // an attempt that failed
		time.Sleep(3 * time.Second)
		_, stayed = l.waited(published, time.Now())
		require.False(t, stayed, "it had no session")
		l.comes()
		time.Sleep(time.Second)
		_, stayed = l.waited(published, time.Now())
		require.False(t, stayed, "it was away")
		away, delayed := l.moved(published)
		require.Equal(t, 3*time.Second, away)
		require.Equal(t, 1500*time.Millisecond, delayed)
	})
}

func TestUnaware(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newListener("a client")
		l.says(true)
		time.Sleep(time.Second)
		published := time.Now()
		require.Zero(t, l.unaware(published, time.Now()))
		time.Sleep(2 * time.Second)
		l.says(false)
		time.Sleep(4 * time.Second)
		l.says(true)
		time.Sleep(8 * time.Second)
		require.Equal(t, 10*time.Second, l.unaware(published, time.Now()))
		require.Equal(t, time.Second, l.unaware(published, published.Add(time.Second)))
	})
}

// Clients that are all at one edge are sent away from it, once every edge is up.
func TestSpread(t *testing.T) {
	far, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer far.Close()
	f := new(front)
	for _, name := range []string{"edge-1", "edge-2"} {
		l, err := newLink("clients", name, far.Addr().String())
		require.NoError(t, err)
		defer l.close()
		f.edges = append(f.edges, &backend{link: l})
	}
	near, err := net.Dial("tcp", f.edges[0].link.addr())
	require.NoError(t, err)
	defer near.Close()
	_, err = far.Accept()
	require.NoError(t, err)
	f.edges[0].up.Store(true)
	f.edges[0].open.Store(4)
	require.ErrorContains(t, f.spread(), "edge-2 is not up")
	f.edges[1].up.Store(true)
	f.edges[1].open.Store(2)
	require.NoError(t, f.spread())
	f.edges[1].open.Store(1)
	require.ErrorContains(t, f.spread(), "edge-2 has 1, edge-1 4")
	_, err = near.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF)
}

// A link that is held swallows, and closes nothing; what was sent comes when it is let go.
func TestLink(t *testing.T) {
	far, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer far.Close()
	go func() {
		for {
			c, err := far.Accept()
			if err != nil {
				return
			}
			_, _ = io.Copy(c, c)
			c.Close()
		}
	}()
	l, err := newLink("here", "there", far.Addr().String())
	require.NoError(t, err)
	defer l.close()
	c, err := net.Dial("tcp", l.addr())
	require.NoError(t, err)
	defer c.Close()
	echo := func(text string, within time.Duration) error {
		_, err := c.Write([]byte(text))
		require.NoError(t, err)
		require.NoError(t, c.SetReadDeadline(time.Now().Add(within)))
		_, err = io.ReadFull(c, make([]byte, len(text)))
		return err
	}
	require.NoError(t, echo("one", 10*time.Second))
	l.hold()
	err = echo("two", 50*time.Millisecond)
	var timeout net.Error
	require.ErrorAs(t, err, &timeout)
	require.True(t, timeout.Timeout(), "it is silent, and open")
	l.letGo()
	require.NoError(t, c.SetReadDeadline(time.Now().Add(10*time.Second)))
	_, err = io.ReadFull(c, make([]byte, 3))
	require.NoError(t, err)
}
