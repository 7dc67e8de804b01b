package hub_test

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"tocsin/auth"
	"tocsin/hub"
	"tocsin/notice"
	"tocsin/notice/noticetest"
	"tocsin/wire"
)

// postures is what a node was told, in order.
type postures struct {
	mu   sync.Mutex
	told []*notice.Posture
}

func (p *postures) take(doc *notice.Posture) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.told = append(p.told, doc)
}

func (p *postures) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.told)
}

// version of the one in force; 0 for none.
func (p *postures) version() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.told) == 0 || p.told[len(p.told)-1] == nil {
		return 0
	}
	return p.told[len(p.told)-1].Version
}

// applied makes the world's authority obey.
func (w *world) applied(c *hub.Config) {
	at := func(d notice.DateTime) time.Time {
		t, err := d.Time()
		require.NoError(w.t, err)
		return t
	}
	c.Posture = func(doc *notice.Posture) {
		if doc == nil {
			doc = &notice.Posture{}
		}
		p := auth.Posture{
			TokensNotBefore: map[string]time.Time{}, IssuerBlocked: map[string]auth.Blocked{},
			TicketEpoch: doc.TicketEpoch, Revoked: map[string]time.Time{},
		}
		for issuer, t := range doc.TokensNotBefore {
			p.TokensNotBefore[issuer] = at(t)
		}
		for issuer, b := range doc.IssuerBlocked {
			p.IssuerBlocked[issuer] = auth.Blocked{Since: at(b.Since)}
			if !b.Until.IsZero() {
				p.IssuerBlocked[issuer] = auth.Blocked{Since: at(b.Since), Until: at(b.Until)}
			}
		}
		for _, r := range doc.Revoked {
			sum, err := hex.DecodeString(r.Hash)
			require.NoError(w.t, err)
			p.Revoked[base64.RawURLEncoding.EncodeToString(sum)] = at(r.Until)
		}
		w.authority.SetPosture(p)
	}
}

// A node that starts from its cache, with the broker away, shuts out whom the posture
// shut out when it was last told: no void ticket opens a door again.
func TestCacheKeepsPosture(t *testing.T) {
	w := newWorld(t)
	first := w.follow()
	c := first.hello(wire.Hello{Tokens: []string{w.token("north")}})
	welcome, _, _ := c.begin()
	hello := wire.Hello{Ticket: welcome.Ticket}
	w.log.append(w.staff.PostureBody(&notice.Posture{Version: 1, TicketEpoch: 1}))

	file := filepath.Join(t.TempDir(), "cache.json")
	n := w.make(func(c *hub.Config) { c.CacheFile = file; w.applied(c) })
	stop := w.serve(n, plain)
	n.read(w.log)
	welcome, _, _ = n.hello(hello).begin()
	require.Equal(t, wire.TierPublic, welcome.Tier)
	n.hangUp()
	stop()

	w.authority.SetPosture(auth.Posture{}) // a new process knows none
	n = w.start(withCache(file), w.applied)
	welcome, seqs, _ := n.hello(hello).begin()
	require.Equal(t, wire.SourceStale, welcome.Source.State)
	require.Equal(t, wire.TierPublic, welcome.Tier, "the ticket stays void")
	require.Equal(t, []uint64{1}, seqs, "the posture is never sent")

	// The log brings another one.
	lifted := w.log.append(w.staff.PostureBody(&notice.Posture{Version: 2}))
	open := n.hello(hello)
	open.begin()
	n.read(w.log)
	require.Equal(t, wire.TierRestricted, expect[wire.Auth](open).Tier)
	_, body := n.get("/v1/snapshot")
	require.NotContains(t, body, string(lifted.Body))
}

// A posture in the cache that nobody signed is not applied.
func TestCacheWithForgedPosture(t *testing.T) {
	w := newWorld(t)
	forged := wire.Snapshot{Epoch: epoch, Source: wire.Source{State: wire.SourceStale}, Entries: []wire.EntryFrame{
		{Seq: 1, Envelope: w.staff.KeysetBody(1)},
		{Seq: 2, Envelope: w.staff.PostureBody(&notice.Posture{Version: 9}, w.staff.Stranger, w.staff.Operator)},
	}}
	file := filepath.Join(t.TempDir(), "cache")
	require.NoError(t, os.WriteFile(file, forged.AppendTo(nil), 0o600))
	var p postures
	n := w.make(withCache(file), func(c *hub.Config) { c.Posture = p.take })
	require.Equal(t, hub.FromCache, n.State().From)
	require.Zero(t, p.count())
}

// Someone with the broker's password appends postures again, in any order and in
// between good ones, cuts the log back, or replaces it by one without them: what a
// node applies never goes back.
func TestPostureReplayed(t *testing.T) {
	w := newWorld(t)
	started, cases, whole := time.Now(), 0, t
	rapid.Check(t, func(t *rapid.T) {
		if enough(whole, cases, started) {
			return
		}
		cases++
		var p postures
		n := w.make(func(c *hub.Config) { c.Posture = p.take })
		l := newHistory(w.staff)
		n.read(l)
		var bodies [][]byte
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			told, version := p.count(), int64(len(bodies))
			switch rapid.SampledFrom([]string{"publish", "again", "weak", "cut", "restart"}).Draw(t, "act") {
			case "publish":
				version++
				bodies = append(bodies, w.staff.PostureBody(&notice.Posture{Version: version, TicketEpoch: version}))
				n.Entry(l.append(bodies[version-1]))
				require.Equal(t, told+1, p.count())
			case "again":
				if version > 0 {
					n.Entry(l.append(rapid.SampledFrom(bodies).Draw(t, "which")))
				}
				require.Equal(t, told, p.count())
			case "weak": // signed by one, or by nobody who may
				n.Entry(l.append(w.staff.PostureBody(&notice.Posture{Version: version + 1}, w.staff.Operator)))
				n.Entry(l.append(w.staff.PostureBody(&notice.Posture{Version: version + 1}, w.staff.Publisher, w.staff.Stranger)))
				require.Equal(t, told, p.count())
			case "cut": // another log, with a part of what was there
				other := &history{epoch: "0badf00d"}
				other.entries = append(other.entries, l.entries[:rapid.IntRange(1, len(l.entries)).Draw(t, "length")]...)
				l = other
				n.read(l)
				require.Equal(t, told, p.count())
			case "restart": // the same log, read again
				n.read(l)
				require.Equal(t, told, p.count())
			}
			require.Equal(t, version, p.version())
		}
	})
}

// When a keyset no longer supports the posture, it gives way, and the one before it
// holds again.
func TestPostureVoidedByKeyset(t *testing.T) {
	w := newWorld(t)
	var p postures
	n := w.make(func(c *hub.Config) { c.Posture = p.take })
	n.read(w.log)
	n.Entry(w.log.append(w.staff.PostureBody(&notice.Posture{Version: 1})))
	n.Entry(w.log.append(w.staff.PostureBody(&notice.Posture{Version: 2, Note: "the vault was opened"}, w.staff.BreakGlass)))
	require.EqualValues(t, 2, p.version())
	ks := w.staff.Keyset(2)
	for i := range ks.Keys {
		if ks.Keys[i].KeyID == w.staff.BreakGlass.KeyID() {
			ks.Keys = append(ks.Keys[:i:i], ks.Keys[i+1:]...)
			break
		}
	}
	n.Entry(w.log.append(w.staff.SignKeyset(ks, w.staff.Root)))
	require.EqualValues(t, 1, p.version())
}

// A log that was cut back to before a keyset says nothing of the posture: neither that
// today's operators do not exist, nor that those of before may speak. The next keyset does.
func TestPostureOutlivesOlderKeyset(t *testing.T) {
	w := newWorld(t)
	var p postures
	n := w.make(func(c *hub.Config) { c.Posture = p.take })
	former := w.staff.BreakGlass
	l := &history{epoch: epoch}
	l.append(w.staff.KeysetBody(1, noticetest.Without(w.staff.Operator)))
	l.append(w.staff.KeysetBody(2, noticetest.Without(former)))
	l.append(w.staff.PostureBody(&notice.Posture{Version: 1, TicketEpoch: 1}))
	n.read(l)
	require.EqualValues(t, 1, p.version())

	cut := &history{epoch: "0badf00d", entries: l.entries[:1:1]}
	n.read(cut)
	require.EqualValues(t, 1, p.version())
	n.Entry(cut.append(w.staff.PostureBody(&notice.Posture{Version: 2, Note: "of a removed key"}, former)))
	require.EqualValues(t, 1, p.version())
	require.Equal(t, 1, p.count(), "told of nothing else")

	n.Entry(cut.append(w.staff.KeysetBody(3, noticetest.Without(former, w.staff.Operator))))
	require.Zero(t, p.version())
}

// puts counts how often counts are handed over.
type puts struct {
	mu sync.Mutex
	n  int
}

func (p *puts) Put(context.Context, string, map[int]hub.Counts) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.n++
	return nil
}

// Declared, an incident leaves the broker to notices: receipts come ten times less often.
func TestIncidentShedsReceipts(t *testing.T) {
	for _, incident := range []bool{false, true} {
		var p puts
		w := newWorld(t)
		w.log.append(w.staff.PostureBody(&notice.Posture{Version: 1, Incident: incident}))
		n := w.make(func(c *hub.Config) { c.Receipts, c.ReceiptInterval = &p, 20*time.Millisecond })
		stop := w.serve(n, plain)
		n.read(w.log)
		alert, e := w.alert()
		n.Entry(e)
		for start := time.Now(); time.Since(start) < 400*time.Millisecond; {
			c := n.hello(wire.Hello{})
			c.begin()
			c.send(wire.Ack{Identifier: alert.Identifier, State: wire.AckReceived})
			time.Sleep(time.Millisecond)
		}
		p.mu.Lock()
		if incident {
			require.LessOrEqual(t, p.n, 3)
		} else {
			require.Greater(t, p.n, 3)
		}
		p.mu.Unlock()
		n.hangUp()
		stop()
	}
}
