package wire

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What the quick decoder takes, the strict one takes alike.
func FuzzQuickHello(f *testing.F) {
	for _, h := range []Hello{
		{},
		{Tokens: []string{"a.b.c", "d"}, Ticket: "t", Cursor: "00c0ffee:1:00000000", Labels: []string{"surface:portal", "lang:é"}},
		{Tokens: make([]string, MaxTokens+1)},
	} {
		f.Add(h.AppendTo(nil))
	}
	for _, s := range []string{
		`{"type":"hello","tokens":[]}`, `{"type":"hello","tokens":[],"tokens":[]}`, `{"type":"hello","ticket":"a\"b"}`,
		`{"type":"hello","labels":["a",]}`, `{"type":"hello"} `, `{"type":"hello"}}`, "{\"type\":\"hello\",\"ticket\":\"\xff\"}",
		`{"type":"hello","more":1}`, `{"type":"hello","cursor":"` + "\x00" + `"}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		quick, ok := quickHello(frame)
		if !ok {
			return
		}
		kind, err := frameType(frame)
		require.NoError(t, err)
		require.Equal(t, "hello", kind)
		strict, err := decodeHello(frame)
		require.NoError(t, err)
		require.Equal(t, strict, quick)
	})
}

// What clients send is read quickly.
func TestQuickHelloTakesWhatClientsSend(t *testing.T) {
	h := Hello{Tokens: []string{strings.Repeat("x", 900)}, Ticket: "t", Cursor: "c", Labels: []string{"lang:en"}}
	quick, ok := quickHello(h.AppendTo(nil))
	require.True(t, ok)
	require.Equal(t, h, quick)
	asBrowsersDo := `{"type":"hello","tokens":[],"labels":["surface:portal","lang:en"]}`
	_, ok = quickHello([]byte(asBrowsersDo))
	require.True(t, ok)
}
