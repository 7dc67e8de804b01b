package bare

import (
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"errors"
)

var keyHeader = []byte("Sec-WebSocket-Key: ")

// accepting appends the answer to a request of a WebSocket (RFC 6455, section 4.2.2).
func accepting(dst, head []byte) ([]byte, error) {
	_, rest, ok := bytes.Cut(head, keyHeader)
	if !ok {
		return dst, errors.New("no Sec-WebSocket-Key")
	}
	key, _, _ := bytes.Cut(rest, []byte("\r\n"))
	sum := sha1.Sum(append(bytes.Clone(key), "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"...))
	dst = append(dst, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Protocol: tocsin.v1\r\nSec-WebSocket-Accept: "...)
	dst = base64.StdEncoding.AppendEncode(dst, sum[:])
	if bytes.Contains(head, []byte("permessage-deflate")) { // rounds may then be compressed
		dst = append(dst, "\r\nSec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover; server_no_context_takeover"...)
	}
	return append(dst, "\r\n\r\n"...), nil
}

// unmask reads one masked frame in place; size is 0 if it is not all there.
func unmask(p []byte) (size int, err error) {
	if len(p) < 6 {
		return 0, nil
	}
	head, length := 2, int(p[1]&0x7f)
	switch length {
	case 126:
		head, length = 4, int(p[2])<<8|int(p[3])
	case 127:
		return 0, errors.New("a frame of more than 64 KiB")
	}
	if len(p) < head+4+length {
		return 0, nil
	}
	key, payload := p[head:head+4], p[head+4:head+4+length]
	for i := range payload {
		payload[i] ^= key[i%4]
	}
	return head + 4 + length, nil
}
