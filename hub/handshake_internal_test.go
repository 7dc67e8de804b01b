package hub

import (
	"bufio"
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const ordinary = "GET /v1/connect HTTP/1.1\r\nHost: tocsin.example\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n" +
	"Origin: https://portal.example\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n" +
	"Sec-WebSocket-Protocol: tocsin.v1\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n" +
	"X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-For: 192.0.2.2, 192.0.2.3\r\nUser-Agent: a browser\r\n\r\n"

// What is taken is read as net/http reads it.
func FuzzHandshake(f *testing.F) {
	f.Add([]byte(ordinary))
	f.Add([]byte(ordinary + "more"))
	f.Add([]byte(strings.Replace(ordinary, "Host: tocsin.example\r\n", "Host: a\r\nHost: b\r\n", 1)))
	f.Add([]byte(strings.Replace(ordinary, "User-Agent: a browser", " folded", 1)))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, size, ok := parseHandshake(b)
		if !ok {
			return
		}
		in := bufio.NewReaderSize(bytes.NewReader(b), len(b)+16)
		want, err := http.ReadRequest(in)
		require.NoError(t, err)
		require.Equal(t, len(b)-size, in.Buffered(), "its end")
		require.Equal(t, want.Method, got.Method)
		require.Equal(t, want.RequestURI, got.RequestURI)
		require.Equal(t, want.URL.Path, got.URL.Path)
		require.Equal(t, want.Host, got.Host)
		require.Zero(t, want.ContentLength)
		require.Empty(t, want.TransferEncoding)
		for _, name := range known {
			require.Equal(t, want.Header[name], got.Header[name], name)
		}
	})
}

// What is not quite ordinary is left to net/http, whole.
func TestHandshakeLeftToHTTP(t *testing.T) {
	_, size, ok := parseHandshake([]byte(ordinary + "hello"))
	require.True(t, ok)
	require.Equal(t, len(ordinary), size)
	for name, change := range map[string][2]string{
		"method":          {"GET ", "POST "},
		"path":            {"/v1/connect ", "/v1/snapshot "},
		"query":           {"/v1/connect ", "/v1/connect?a=b "},
		"version":         {"HTTP/1.1", "HTTP/1.0"},
		"no end":          {"\r\n\r\n", "\r\n"},
		"bare LF":         {"Upgrade: websocket\r\n", "Upgrade: websocket\n"},
		"two hosts":       {"Host: tocsin.example\r\n", "Host: tocsin.example\r\nHost: b\r\n"},
		"no host":         {"Host: tocsin.example\r\n", ""},
		"odd host":        {"tocsin.example", "tocsin.example/a b"},
		"host of letters": {"tocsin.example", "tocsin\xe9"},
		"body":            {"User-Agent: a browser", "Content-Length: 4"},
		"chunked":         {"User-Agent: a browser", "Transfer-Encoding: chunked"},
		"folded":          {"User-Agent: a browser", "User-Agent: a\r\n browser"},
		"space before :":  {"User-Agent:", "User-Agent :"},
		"control":         {"a browser", "a\x00browser"},
		"old WebSocket":   {"Version: 13", "Version: 8"},
		"two versions":    {"Sec-WebSocket-Version: 13\r\n", "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Version: 13\r\n"},
		"short key":       {"AAAAAAAAAAAAAAAAAAAAAA==", "AAAA"},
		"odd key":         {"AAAAAAAAAAAAAAAAAAAAAA==", "AAAAAAAAAAAAAAAAAAAAAB=="},
		"no upgrade":      {"Connection: keep-alive, Upgrade", "Connection: keep-alive"},
		"other protocol":  {"tocsin.v1", "tocsin.v2"},
		"other upgrade":   {"Upgrade: websocket", "Upgrade: h2c"},
		"TLS ClientHello": {"GET ", "\x16\x03\x01\x02"},
	} {
		_, _, ok := parseHandshake([]byte(strings.Replace(ordinary, change[0], change[1], 1)))
		require.False(t, ok, name)
	}
}
