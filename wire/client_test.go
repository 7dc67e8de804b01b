package wire_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/wire"
)

func TestDecodeClientVectors(t *testing.T) {
	for _, v := range readVectors[frameVector](t, "client-frames.json") {
		t.Run(v.Name, func(t *testing.T) {
			frame, err := wire.DecodeClient(v.bytes(t))
			if v.Error != "" {
				require.ErrorIs(t, err, wire.ErrBadFrame)
				require.Equal(t, wire.CloseBadFrame, wire.CodeOf(err))
				require.Nil(t, frame)
				return
			}
			require.NoError(t, err)
			require.JSONEq(t, string(v.Decoded), string(frame.AppendTo(nil)))
		})
	}
}

func TestDecodeClientTypes(t *testing.T) {
	hello, err := wire.DecodeClient([]byte(`{"type":"hello","tokens":["a"],"ticket":"b","cursor":"c","labels":["d"]}`))
	require.NoError(t, err)
	require.Equal(t, wire.Hello{Tokens: []string{"a"}, Ticket: "b", Cursor: "c", Labels: []string{"d"}}, hello)

	tokens, err := wire.DecodeClient([]byte(`{"type":"tokens","tokens":["a","b"]}`))
	require.NoError(t, err)
	require.Equal(t, wire.Tokens{Tokens: []string{"a", "b"}}, tokens)

	ack, err := wire.DecodeClient([]byte(`{"type":"ack","identifier":"i","revision":3,"state":"confirmed"}`))
	require.NoError(t, err)
	require.Equal(t, wire.Ack{Identifier: "i", Revision: 3, State: wire.AckConfirmed}, ack)
}

func TestDecodeClientSize(t *testing.T) {
	fill := func(size int) []byte {
		frame := `{"type":"hello","ticket":""}`
		return []byte(strings.Replace(frame, `""`, `"`+strings.Repeat("x", size-len(frame))+`"`, 1))
	}
	_, err := wire.DecodeClient(fill(wire.MaxClientFrame))
	require.NoError(t, err)

	_, err = wire.DecodeClient(fill(wire.MaxClientFrame + 1))
	require.ErrorIs(t, err, wire.ErrTooBig)
	require.Equal(t, wire.CloseTooBig, wire.CodeOf(err))
}

func TestDecodeClientErrors(t *testing.T) {
	for frame, want := range map[string]string{
		`x`:                                  `bad frame: expected an object: not strict JSON (RFC 7493)`,
		`{"type":"hello"`:                    `bad frame: expected a name: the frame ends too early`,
		`[]`:                                 `bad frame: not an object`,
		`{}`:                                 `bad frame: no type`,
		`{"type":"x"}`:                       `bad frame: unknown type of frame`,
		`{"type":"hello","tokens":[1]}`:      `bad frame: "tokens": not a string`,
		`{"type":"hello","a":1,"a":2}`:       `bad frame: expected a name: a name occurs twice`,
		`{"type":"hello"} {}`:                `bad frame: something follows the frame`,
		`{"type":"ack"}`:                     `bad frame: identifier is missing`,
		`{"type":"hello","later":{"b":nul}}`: `bad frame: expected a value: not strict JSON (RFC 7493)`,
	} {
		_, err := wire.DecodeClient([]byte(frame))
		require.EqualError(t, err, want, frame)
	}
}

// A credential must not reach a log by way of an error.
func TestDecodeClientErrorsHideValues(t *testing.T) {
	for _, frame := range []string{
		`{"type":"hello","ticket":"s3cret`,
		`{"type":"hello","ticket":"s3cret"x}`,
		`{"type":"hello","ticket":["s3cret"]}`,
		`{"type":"hello","s3cret":[01]}`,
		`{"s3cret":{"x":nul},"type":"hello"}`,
		`{"type":"hello","tokens":["s3cret",1]}`,
		`{"type":"hello","tokens":["s3cret\ud800"]}`,
		`{"type":"hello","tokens":["s3cret"` + "\x00" + `]}`,
		`{"type":"ack","identifier":"x","revision":1,"state":"s3cret"}`,
		`{"type":"s3cret"}`,
	} {
		_, err := wire.DecodeClient([]byte(frame))
		require.Error(t, err, frame)
		require.NotContains(t, err.Error(), "s3cret")
	}
}

// The frames keep nothing of the buffer that they were read from, which a node
// reuses.
func TestDecodeClientCopies(t *testing.T) {
	buffer := []byte(`{"type":"hello","tokens":["aaa"],"ticket":"bbb"}`)
	frame, err := wire.DecodeClient(buffer)
	require.NoError(t, err)
	clear(buffer)
	require.Equal(t, wire.Hello{Tokens: []string{"aaa"}, Ticket: "bbb"}, frame)
}

func TestAppendClientInvalidUTF8(t *testing.T) {
	got := string(wire.Hello{Ticket: "a\xffb"}.AppendTo(nil))
	require.Equal(t, `{"type":"hello","ticket":"a`+"\ufffd"+`b"}`, got)
}

func TestCloseCodes(t *testing.T) {
	require.Equal(t, "going away", wire.CloseGoingAway.String())
	require.Equal(t, "too big", wire.CloseTooBig.String())
	require.Equal(t, "internal", wire.CloseInternal.String())
	require.Equal(t, "bad frame", wire.CloseBadFrame.String())
	require.Equal(t, "no hello", wire.CloseNoHello.String())
	require.Equal(t, "too many", wire.CloseTooMany.String())
	require.Equal(t, "1006", wire.CloseCode(1006).String())
	require.Equal(t, wire.CloseInternal, wire.CodeOf(nil))
}

func FuzzDecodeClient(f *testing.F) {
	for _, v := range readVectors[frameVector](f, "client-frames.json") {
		f.Add(v.bytes(f))
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		decoded, err := wire.DecodeClient(frame)
		if err != nil {
			require.True(t, wire.CodeOf(err) == wire.CloseBadFrame || wire.CodeOf(err) == wire.CloseTooBig)
			return
		}
		again, err := wire.DecodeClient(decoded.AppendTo(nil))
		require.NoError(t, err)
		require.Equal(t, decoded.AppendTo(nil), again.AppendTo(nil))
	})
}

func BenchmarkDecodeHello(b *testing.B) {
	token := strings.Repeat("x", 900)
	frame := wire.Hello{Tokens: []string{token}, Ticket: token[:300], Cursor: "0a1b2c3d:41:89abcdef",
		Labels: []string{"surface:portal", "lang:en"}}.AppendTo(nil)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := wire.DecodeClient(frame); err != nil {
			b.Fatal(err)
		}
	}
}
