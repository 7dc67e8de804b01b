package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/broker"
	"tocsin/client"
	"tocsin/notice"
	"tocsin/wire"
)

// everythingVoid voids the tokens that were issued until now, and the tickets of before.
func (f *fleet) everythingVoid(version int64) *notice.Posture {
	return &notice.Posture{Version: version, TicketEpoch: 1, TokensNotBefore: map[string]notice.DateTime{
		f.issuer.URL: notice.FormatTime(time.Now().Add(time.Minute)),
	}}
}

// replay puts a posture into the log once more, as whoever has the broker's password
// can, and waits until m has read it.
func (f *fleet) replay(m *member, b *broker.Broker, body []byte) {
	f.t.Helper()
	refused := len(m.out.lines("entry not accepted"))
	_, err := b.Append(f.t.Context(), notice.SubjectPosture, body, m.state().Source.Read)
	require.NoError(f.t, err)
	witness, marker := f.connect(m), f.publish(f.Alert())
	witness.await("what follows it", showing(marker))
	require.Len(f.t, m.out.lines("entry not accepted"), refused+1)
}

// An older posture that is put into the log again is refused, by open sessions' node as
// by the desk: what the newer one voided stays void, for who is there and who comes.
func TestPostureReplayed(t *testing.T) {
	t.Parallel()
	t.Run("one process", func(t *testing.T) {
		f := newFleet(t)
		m := f.serve("hub")
		f.publishKeyset()
		newerStays(f, m.ready(t), m.process.broker)
	})
	t.Run("apart", func(t *testing.T) {
		f := newFleetApart(t)
		newerStays(f, f.serve("edge", "--roles", "edge").ready(t), f.broker())
	})
}

func newerStays(f *fleet, m *member, b *broker.Broker) {
	t := f.t
	token := f.token("ana")
	ana := f.connect(m, token)
	require.Equal(t, wire.TierPrivate, ana.tier())
	older := f.publishPosture(&notice.Posture{Version: 1})
	f.publishPosture(f.everythingVoid(2))
	ana.await("void", movedTo(wire.TierPublic))

	f.replay(m, b, older)
	marker := f.publish(f.Alert())
	ana.awaitWithout("marker", showing(marker), func(e client.Event) bool { _, ok := e.(client.AuthChanged); return ok })
	require.Equal(t, wire.TierPublic, f.connect(m, token, ticketOf(ana)).tier())
	doc, err := f.as(f.Operator).Posture(t.Context())
	require.NoError(t, err)
	env, err := doc.Envelope.Open()
	require.NoError(t, err)
	posture, err := notice.DecodePosture(env.Payload)
	require.NoError(t, err)
	require.EqualValues(t, 2, posture.Version)
}

// What an edge learned to be void stays so when it starts from its cache, without the
// broker; what became void while it was away is so as soon as it reads the log, and not
// undone by an older posture there.
func TestVoidWithoutBroker(t *testing.T) {
	t.Parallel()
	f := newFleetApart(t)
	start := func() *member { return f.serve("edge", "--roles", "edge", "--cache", f.path("state")).ready(t) }
	token := f.token("ana")
	edge := start()
	ana := f.connect(edge, token)
	older := f.publishPosture(&notice.Posture{Version: 1})
	marker := f.publish(f.Alert())
	ana.await("marker", showing(marker))
	ana.stop()
	edge.stop()

	f.publishPosture(f.everythingVoid(2))
	f.stopNATS()
	edge = start()
	again := f.connect(edge, ticketOf(ana))
	require.Equal(t, wire.TierRestricted, again.tier(), "it can't know yet")
	f.startNATS()
	again.await("void", movedTo(wire.TierPublic))
	again.stop()
	edge.stop()
	f.stopNATS()

	edge = start()
	again = f.connect(edge, token, ticketOf(ana))
	require.Equal(t, wire.TierPublic, again.tier())
	f.startNATS()
	require.Eventually(t, func() bool { return edge.state().Source.Live }, patience, 5*time.Millisecond)
	f.replay(edge, f.broker(), older)
	require.Equal(t, wire.TierPublic, f.connect(edge, token, ticketOf(ana)).tier())
}
