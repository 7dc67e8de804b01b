package client_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/client"
	"tocsin/wire"
)

func TestSourceGoesStale(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, l := newNode(t), newLogbook(t)
		w := watch(t, n, l.Trust())
		p := n.ready(l)
		w.take()
		time.Sleep(15 * time.Second)
		lastLive := time.Now()
		p.send(l.heartbeat())
		time.Sleep(15 * time.Second)
		beat := l.heartbeat()
		beat.Source = wire.Source{State: wire.SourceStale, SinceMs: 4_000}
		p.send(beat)
		synctest.Wait()
		events := of[client.FreshnessChanged](w.take())
		require.Len(t, events, 1)
		want := client.Freshness{Since: lastLive.Add(11 * time.Second), Reason: client.StaleSource}
		require.Equal(t, want.Reason, events[0].Reason)
		require.True(t, want.Since.Equal(events[0].Since))

		p.send(beat) // nothing new
		synctest.Wait()
		require.Empty(t, w.take())

		p.send(l.heartbeat())
		synctest.Wait()
		require.True(t, of[client.FreshnessChanged](w.take())[0].Live)
	})
}

// A node may say anything of itself.
func TestSourceThatLies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, l := newNode(t), newLogbook(t)
		w := watch(t, n, l.Trust())
		terms := welcome(wire.ResumeSnapshot, wire.TierPublic)
		terms.Source = wire.Source{State: wire.SourceStale, SinceMs: wire.MaxInt}
		n.open(l, terms)
		require.Equal(t, client.StaleSource, w.Freshness().Reason)
		require.True(t, w.Freshness().Since.Before(time.Now()))
	})
}

// A node that is behind the client holds it: the session lives on heartbeats, and is
// not fresh before synced.
func TestHeldSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, l := newNode(t), newLogbook(t)
		w := watch(t, n, l.Trust())
		n.ready(l).cut()
		p, _ := n.accept()
		cursor := l.cursor()
		w.take()
		terms := welcome(wire.ResumeReplay, wire.TierPublic)
		terms.Source = stale
		p.send(terms)
		for range 20 {
			p.send(wire.Heartbeat{ServerTime: time.Now(), Source: stale})
			time.Sleep(15 * time.Second)
		}
		synctest.Wait()
		require.False(t, w.Freshness().Live)
		require.Equal(t, []string{"client.Connected"}, types(w.take()))

		p.send(l.heartbeat(), l.synced())
		synctest.Wait()
		require.True(t, w.Freshness().Live)
		p.cut()
		_, hello := n.accept()
		require.Equal(t, cursor.String(), hello.Cursor)
	})
}

// A node that serves from a cache can vouch for no cursor; the one before it holds.
func TestNoCursorFromACache(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, l := newNode(t), newLogbook(t)
		w := watch(t, n, l.Trust())
		n.ready(l).cut()
		cursor := l.cursor()

		p, _ := n.accept()
		terms := welcome(wire.ResumeSnapshot, wire.TierPublic)
		terms.Source = stale
		alert := l.Alert()
		p.send(terms, l.entry(l.Sign(alert)), wire.Synced{}, wire.Heartbeat{ServerTime: time.Now(), Source: stale})
		synctest.Wait()
		require.Len(t, w.Threads(), 1)
		require.Equal(t, client.StaleSource, w.Freshness().Reason)
		p.cut()
		_, hello := n.accept()
		require.Equal(t, cursor.String(), hello.Cursor)
	})
}

// Freshness is reckoned when it is read: while a handler keeps Run busy, nothing
// fires, and yet old knowledge must not look new.
func TestFreshnessWithoutTimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, l := newNode(t), newLogbook(t)
		w := watchWith(t, n, l.Trust(), func(e client.Event) {
			if _, ok := e.(client.NoticeChanged); ok {
				time.Sleep(time.Hour)
			}
		})
		p := n.ready(l)
		p.send(l.entry(l.Sign(l.Alert())))
		synctest.Wait()
		require.True(t, w.Freshness().Live)
		time.Sleep(time.Minute)
		require.False(t, w.Freshness().Live)
		require.False(t, w.Freshness().Since.IsZero())
	})
}

// Notices end by the server's time.
func TestServerTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, l := newNode(t), newLogbook(t)
		w := watch(t, n, l.Trust())
		require.True(t, w.Now().Equal(time.Now()))
		alert := l.Alert() // ends in two hours
		p := n.ready(l, l.entry(l.Sign(alert)))
		require.Len(t, w.Threads(), 1)
		beat := l.heartbeat()
		beat.ServerTime = time.Now().Add(2*time.Hour - 10*time.Second)
		p.send(beat)
		synctest.Wait()
		require.Len(t, w.Threads(), 1)
		time.Sleep(10 * time.Second)
		require.Empty(t, w.Threads())
		require.True(t, w.Now().Equal(time.Now().Add(2*time.Hour-10*time.Second)))
	})
}
