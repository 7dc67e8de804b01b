package wire_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/notice"
	"tocsin/wire"
)

var serverTime = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

func TestDecodeServerVectors(t *testing.T) {
	for _, v := range readVectors[frameVector](t, "server-frames.json") {
		t.Run(v.Name, func(t *testing.T) {
			frame, err := wire.DecodeServer(v.bytes(t))
			switch v.Error {
			case "":
				require.NoError(t, err)
				require.JSONEq(t, string(v.Decoded), string(frame.AppendTo(nil)))
			case "unknown type":
				require.ErrorIs(t, err, wire.ErrUnknownType)
				require.NotErrorIs(t, err, wire.ErrBadFrame)
			default:
				require.ErrorIs(t, err, wire.ErrBadFrame)
			}
			if v.Envelope != "" {
				require.Equal(t, v.Envelope, string(frame.(wire.EntryFrame).Envelope))
			}
		})
	}
}

func TestServerFramesRoundTrip(t *testing.T) {
	cursor := wire.Cursor{Epoch: "0a1b2c3d", Seq: 41, Hash: "89abcdef"}
	for _, frame := range []wire.ServerFrame{
		wire.Welcome{Session: "s", Tier: wire.TierPrivate, Labels: []string{"a:b", "c:d"},
			Auth: wire.AuthState{State: wire.AuthDegraded, Reason: "keys are \"old\""}, Ticket: "t",
			TicketExpires: serverTime.Add(time.Hour), Resume: wire.ResumeSnapshot, HeartbeatMs: 15000,
			ServerTime: serverTime, Source: wire.Source{State: wire.SourceStale, SinceMs: 7}},
		wire.EntryFrame{Seq: 9, Envelope: []byte(`{"payload":"" }`)},
		wire.Synced{Cursor: cursor},
		wire.Synced{},
		wire.Synced{Cursor: cursor, Head: []byte(`{"payloadType":"x"}`)},
		wire.Heartbeat{Cursor: cursor, ServerTime: serverTime.Add(123 * time.Millisecond),
			Source: wire.Source{State: wire.SourceLive}, Head: []byte(`{"payload":""}`)},
		wire.Auth{Tier: wire.TierPublic, Labels: []string{}, Auth: wire.AuthState{State: wire.AuthNone}},
		wire.Bye{Reason: wire.ByeSlow, ReconnectAfterMs: [2]int64{3, 8000}},
	} {
		got, err := wire.DecodeServer(frame.AppendTo(nil))
		require.NoError(t, err)
		require.Equal(t, frame, got)
	}
}

// The largest entry of the log must reach clients, and no more than that.
func TestDecodeServerSize(t *testing.T) {
	body := append([]byte(`{"payload":"`), bytes.Repeat([]byte("x"), notice.MaxBody-14)...)
	body = append(body, `"}`...)
	require.Len(t, body, notice.MaxBody)

	frame, err := wire.DecodeServer(wire.EncodeEntry(wire.MaxInt, body))
	require.NoError(t, err)
	require.Equal(t, wire.EntryFrame{Seq: wire.MaxInt, Envelope: body}, frame)

	_, err = wire.DecodeServer(bytes.Repeat([]byte(" "), wire.MaxServerFrame+1))
	require.ErrorIs(t, err, wire.ErrTooBig)
}

func TestEncodeEntry(t *testing.T) {
	body := []byte("{ \"payload\" : \"\u00e9\" }\n")
	frame := wire.EncodeEntry(41, body)
	require.Equal(t, `{"type":"entry","seq":41,"envelope":`+string(body)+`}`, string(frame))
	require.LessOrEqual(t, cap(frame)-len(frame), 64, "the window holds many")
}

func TestHeartbeatAllocatesNothing(t *testing.T) {
	heartbeat := wire.Heartbeat{Cursor: wire.Cursor{Epoch: "0a1b2c3d", Seq: 41, Hash: "89abcdef"},
		ServerTime: serverTime, Source: wire.Source{State: wire.SourceLive}}
	buffer := make([]byte, 0, 512)
	require.Zero(t, testing.AllocsPerRun(100, func() { buffer = heartbeat.AppendTo(buffer[:0]) }))
}

func TestTimesAreUTC(t *testing.T) {
	local := serverTime.In(time.FixedZone("", 3600))
	frame := wire.Heartbeat{ServerTime: local, Source: wire.Source{State: wire.SourceLive}}.AppendTo(nil)
	require.Contains(t, string(frame), `"serverTime":"2026-11-22T10:00:00.000Z"`)
}

func TestSnapshotRoundTrip(t *testing.T) {
	for _, s := range []wire.Snapshot{
		{ServerTime: serverTime, Source: wire.Source{State: wire.SourceStale, SinceMs: 5}, Entries: []wire.EntryFrame{}},
		{Epoch: "0a1b2c3d", Cursor: wire.Cursor{Epoch: "0a1b2c3d", Seq: 2, Hash: "89abcdef"}, ServerTime: serverTime,
			Source: wire.Source{State: wire.SourceLive}, Head: []byte(`{"h":1}`),
			Entries: []wire.EntryFrame{{Seq: 1, Envelope: []byte(`{"a": 1}`)}, {Seq: 2, Envelope: []byte(`{}`)}}},
	} {
		got, err := wire.DecodeSnapshot(s.AppendTo(nil))
		require.NoError(t, err)
		require.Equal(t, s, got)
	}
}

func TestDecodeSnapshotRefuses(t *testing.T) {
	const source = `"serverTime":"2026-11-22T10:00:00.000Z","source":{"state":"live","sinceMs":0}`
	_, err := wire.DecodeSnapshot([]byte(`{"epoch":"0a1b2c3d",` + source + `,"entries":[],"later":1}`))
	require.NoError(t, err)
	for _, body := range []string{
		``, `[]`, `{}`,
		`{"epoch":"0a1b2c3d",` + source + `}`,
		`{"epoch":"zz",` + source + `,"entries":[]}`,
		`{"epoch":"0a1b2c3d",` + source + `,"entries":{}}`,
		`{"epoch":"0a1b2c3d",` + source + `,"entries":[{}]}`,
		`{"epoch":"0a1b2c3d",` + source + `,"entries":[{"seq":1}]}`,
		`{"epoch":"0a1b2c3d",` + source + `,"entries":[{"envelope":{}}]}`,
		`{"epoch":"0a1b2c3d",` + source + `,"entries":[{"seq":1,"envelope":{}}]}{}`,
		`{"epoch":"0a1b2c3d","cursor":"x",` + source + `,"entries":[]}`,
	} {
		_, err := wire.DecodeSnapshot([]byte(body))
		require.ErrorIs(t, err, wire.ErrBadFrame, body)
	}
	_, err = wire.DecodeSnapshot(make([]byte, wire.MaxSnapshot+1))
	require.ErrorIs(t, err, wire.ErrTooBig)
}

func FuzzDecodeServer(f *testing.F) {
	for _, v := range readVectors[frameVector](f, "server-frames.json") {
		f.Add(v.bytes(f))
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		decoded, err := wire.DecodeServer(frame)
		if err != nil {
			return
		}
		again, err := wire.DecodeServer(decoded.AppendTo(nil))
		require.NoError(t, err)
		require.Equal(t, decoded.AppendTo(nil), again.AppendTo(nil))
	})
}

func FuzzDecodeSnapshot(f *testing.F) {
	f.Add([]byte(`{"epoch":"0a1b2c3d","cursor":"0a1b2c3d:2:89abcdef","serverTime":"2026-11-22T10:00:00.000Z",` +
		`"source":{"state":"live","sinceMs":0},"head":{},"entries":[{"seq":1,"envelope":{"a":[1]}}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		s, err := wire.DecodeSnapshot(body)
		if err != nil {
			return
		}
		again, err := wire.DecodeSnapshot(s.AppendTo(nil))
		require.NoError(t, err)
		require.Equal(t, s.AppendTo(nil), again.AppendTo(nil))
	})
}

func BenchmarkHeartbeat(b *testing.B) {
	heartbeat := wire.Heartbeat{Cursor: wire.Cursor{Epoch: "0a1b2c3d", Seq: 41, Hash: "89abcdef"},
		ServerTime: serverTime, Source: wire.Source{State: wire.SourceLive}}
	buffer := make([]byte, 0, 512)
	b.ReportAllocs()
	for b.Loop() {
		buffer = heartbeat.AppendTo(buffer[:0])
	}
}
