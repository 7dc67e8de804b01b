package hub

import (
	"bufio"
	"bytes"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"tocsin/wire"
)

// requests are for reading what a connection begins with.
var requests = sync.Pool{New: func() any { return new([MaxHeaderBytes]byte) }}

var connectURL = &url.URL{Path: "/v1/connect"}

// known are the header fields that a handshake is judged by. Others are not kept.
var known = []string{
	"Connection", "Upgrade", "Origin", "X-Forwarded-For",
	"Sec-Websocket-Key", "Sec-Websocket-Version", "Sec-Websocket-Protocol", "Sec-Websocket-Extensions",
}

// parseHandshake reads an ordinary opening handshake (RFC 6455, section 4.1) at the
// beginning of b. ok is false for everything else, which is not to say that it is wrong:
// net/http looks at it. size is its length.
func parseHandshake(b []byte) (r *http.Request, size int, ok bool) {
	const begin = "GET /v1/connect HTTP/1.1\r\n"
	end := bytes.Index(b, []byte("\r\n\r\n"))
	if end < 0 || !bytes.HasPrefix(b, []byte(begin)) {
		return nil, 0, false
	}
	text := string(b[len(begin) : end+2]) // the header's values are parts of it
	r = &http.Request{
		Method: http.MethodGet, URL: connectURL, RequestURI: connectURL.Path,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: make(http.Header, len(known)), Body: http.NoBody,
	}
	hosts := 0
	for text != "" {
		line, rest, _ := strings.Cut(text, "\r\n")
		text = rest
		name, value, found := strings.Cut(line, ":")
		if !found || !isToken(name) || !isValue(value) {
			return nil, 0, false
		}
		value = strings.Trim(value, " \t")
		switch {
		case strings.EqualFold(name, "Host"):
			r.Host = value
			hosts++
		case strings.EqualFold(name, "Content-Length"), strings.EqualFold(name, "Transfer-Encoding"),
			strings.EqualFold(name, "Expect"):
			return nil, 0, false
		}
		for _, k := range known {
			if strings.EqualFold(name, k) {
				r.Header[k] = append(r.Header[k], value)
			}
		}
	}
	return r, end + 4, hosts == 1 && isHost(r.Host) && isHandshake(r)
}

// isHandshake tells whether a handshake can but succeed.
func isHandshake(r *http.Request) bool {
	one := func(name, value string) bool {
		values := r.Header[name]
		return len(values) == 1 && strings.EqualFold(values[0], value)
	}
	key := r.Header["Sec-Websocket-Key"]
	return one("Upgrade", "websocket") && one("Sec-Websocket-Version", "13") &&
		len(r.Header["Connection"]) == 1 && mentions(r.Header["Connection"][0], "Upgrade") &&
		len(key) == 1 && isKey(key[0]) && offers(r, wire.Subprotocol)
}

// mentions tells whether a list of tokens has one.
func mentions(list, token string) bool {
	for one := range strings.SplitSeq(list, ",") {
		if strings.EqualFold(strings.Trim(one, " \t"), token) {
			return true
		}
	}
	return false
}

// isKey tells whether a key is 16 bytes in base64, as encoders write them.
func isKey(key string) bool {
	if len(key) != 24 || key[22:] != "==" || !strings.ContainsRune("AQgw", rune(key[21])) {
		return false
	}
	for i := range 22 {
		if c := key[i]; !isAlphanumeric(c) && c != '+' && c != '/' {
			return false
		}
	}
	return true
}

func isAlphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
}

// isHost tells whether a Host field is a name or an address, with or without a port.
func isHost(host string) bool {
	for i := range len(host) {
		if !isAlphanumeric(host[i]) && strings.IndexByte("-._:[]", host[i]) < 0 {
			return false
		}
	}
	return host != ""
}

// isToken tells whether a field's name is one (RFC 9110, section 5.6.2).
func isToken(name string) bool {
	for i := range len(name) {
		if !isAlphanumeric(name[i]) && strings.IndexByte("!#$%&'*+-.^_`|~", name[i]) < 0 {
			return false
		}
	}
	return name != ""
}

// isValue tells whether a field's value has no control characters but tabs.
func isValue(value string) bool {
	for i := range len(value) {
		if c := value[i]; c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}

// upgrade answers a handshake in the place of net/http.
type upgrade struct {
	conn   *conn
	header http.Header
	err    error
}

// Header implements [http.ResponseWriter].
func (u *upgrade) Header() http.Header { return u.header }

// WriteHeader implements [http.ResponseWriter]. A new socket takes the answer at once.
func (u *upgrade) WriteHeader(code int) {
	b := make([]byte, 0, 256)
	b = append(b, "HTTP/1.1 101 Switching Protocols\r\n"...)
	for name, values := range u.header {
		b = append(append(append(append(b, name...), ": "...), values[0]...), "\r\n"...)
	}
	b = append(b, "\r\n"...)
	if code != http.StatusSwitchingProtocols {
		u.err = errors.New("hub: a handshake failed that could not")
		return
	}
	u.conn.mu.Lock()
	defer u.conn.mu.Unlock()
	n, err := u.conn.writeNow(b)
	if u.err = err; err == nil && n < len(b) {
		u.err = errSlow
	}
}

// Write implements [http.ResponseWriter].
func (u *upgrade) Write([]byte) (int, error) { return 0, http.ErrHijacked }

// Hijack implements [http.Hijacker].
func (u *upgrade) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return u.conn, buffered(u.conn), u.err
}

// buffered are the small buffers that coder/websocket gets.
func buffered(c *conn) *bufio.ReadWriter {
	return bufio.NewReadWriter(bufio.NewReaderSize(c, readBuffer), bufio.NewWriterSize(c, controlBuffer))
}

func (u *upgrade) socket() *conn { return u.conn }
