package hub_test

import (
	"context"
	"errors"
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"tocsin/hub"
	"tocsin/notice/noticetest"
	"tocsin/wire"
)

// book is a Receipts in memory, which refuses as often as it is told to.
type book struct {
	mu     sync.Mutex
	refuse int
	puts   map[string]map[int]hub.Counts
}

func (b *book) Put(_ context.Context, id string, revisions map[int]hub.Counts) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.refuse > 0 {
		b.refuse--
		return errors.New("not now")
	}
	if b.puts == nil {
		b.puts = make(map[string]map[int]hub.Counts)
	}
	b.puts[id] = maps.Clone(revisions)
	return nil
}

func (b *book) get(id string, revision int) hub.Counts {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.puts[id][revision]
}

// Each session counts once for each message and state, and only for what it may
// see; counts survive a store that is away.
func TestReceipts(t *testing.T) {
	w := newWorld(t)
	b := &book{refuse: 3}
	registry := prometheus.NewRegistry()
	n := w.follow(func(c *hub.Config) {
		c.Receipts, c.ReceiptInterval, c.Registerer = b, 10*time.Millisecond, registry
	})
	public, e := w.alert()
	n.Entry(e)
	update := w.staff.Update(public, nil)
	n.Entry(w.log.append(w.staff.Sign(update)))
	secret, e := w.alert(noticetest.Restricted("tenant:north"))
	n.Entry(e)
	for i := range 2 {
		c := n.hello(wire.Hello{})
		c.begin()
		for range 3 { // once is enough
			c.send(wire.Ack{Identifier: public.Identifier, State: wire.AckReceived})
			c.send(wire.Ack{Identifier: public.Identifier, Revision: 1, State: wire.AckReceived})
		}
		c.send(wire.Ack{Identifier: public.Identifier, Revision: 1, State: wire.AckDisplayed})
		if i == 1 {
			c.send(wire.Ack{Identifier: public.Identifier, Revision: 1, State: wire.AckConfirmed})
		}
		// Not theirs to acknowledge: unseen, unknown, of no such revision, not the Alert's.
		c.send(wire.Ack{Identifier: secret.Identifier, State: wire.AckReceived})
		c.send(wire.Ack{Identifier: "unknown", State: wire.AckReceived})
		c.send(wire.Ack{Identifier: public.Identifier, Revision: 2, State: wire.AckReceived})
		c.send(wire.Ack{Identifier: update.Identifier, State: wire.AckReceived})
	}
	want := hub.Counts{Sent: 2, Received: 2, Displayed: 2, Confirmed: 1}
	eventually(t, func() bool { return b.get(public.Identifier, 1) == want }, "counted")
	require.Equal(t, hub.Counts{Sent: 2, Received: 2}, b.get(public.Identifier, 0))
	require.Zero(t, b.get(secret.Identifier, 0))
	require.EqualValues(t, 3, metric(t, registry, "tocsin_hub_receipt_errors_total"))
	require.NotContains(t, b.puts, "unknown")
	require.NotContains(t, b.puts, update.Identifier)

	// Live deliveries count as well as those of a snapshot.
	live, e := w.alert()
	n.Entry(e)
	eventually(t, func() bool { return b.get(live.Identifier, 0) == hub.Counts{Sent: 2} }, "sent")
}

// What is counted last is handed over when the hub ends.
func TestReceiptsAtTheEnd(t *testing.T) {
	w := newWorld(t)
	alert, _ := w.alert()
	b := &book{}
	n := w.make(func(c *hub.Config) { c.Receipts, c.ReceiptInterval = b, time.Hour })
	stop := w.serve(n, plain)
	n.read(w.log)
	c := n.hello(wire.Hello{})
	c.begin()
	n.hangUp()
	stop()
	require.Equal(t, hub.Counts{Sent: 1}, b.get(alert.Identifier, 0))
}
