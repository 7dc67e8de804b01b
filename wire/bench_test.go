package wire_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/wire"
)

// An envelope of about the size of a notice in one language.
var benchBody = []byte(`{"payloadType":"application/vnd.tocsin.notice+json","payload":"` + strings.Repeat("QUJD", 200) + `","signatures":[]}`)

// The frame of an entry, which a node makes once for all clients.
func BenchmarkEncodeEntry(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		wire.EncodeEntry(4711, benchBody)
	}
}

// A welcome is made for each client.
func BenchmarkWelcome(b *testing.B) {
	w := wire.Welcome{
		Session: strings.Repeat("S", 26), Tier: wire.TierPrivate, Labels: []string{"lang:en", "surface:portal", "tenant:north"},
		Auth: wire.AuthState{State: wire.AuthOK}, Ticket: strings.Repeat("t", 270), TicketExpires: time.Now(),
		Resume: wire.ResumeReplay, HeartbeatMs: 15_000, ServerTime: time.Now(), Source: wire.Source{State: wire.SourceLive},
	}
	buf := make([]byte, 0, 2048)
	b.ReportAllocs()
	for b.Loop() {
		buf = w.AppendTo(buf[:0])
	}
}

// What a client does with each entry, before it verifies it.
func BenchmarkDecodeEntry(b *testing.B) {
	frame := wire.EncodeEntry(4711, benchBody)
	b.ReportAllocs()
	for b.Loop() {
		_, err := wire.DecodeServer(frame)
		require.NoError(b, err)
	}
}
