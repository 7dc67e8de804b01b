package hub

import (
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"

	"tocsin/wire"
)

// deflateAnswer agrees to permessage-deflate (RFC 7692) without context takeover on either
// side: so a frame is compressed once for all clients, and no client has a compressor, or
// a window, of its own.
const deflateAnswer = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"

// offersDeflate tells whether a handshake offers permessage-deflate in a way that
// deflateAnswer agrees to.
func offersDeflate(r *http.Request) bool {
	for _, header := range r.Header.Values("Sec-WebSocket-Extensions") {
		for offer := range strings.SplitSeq(header, ",") {
			name, parameters, _ := strings.Cut(offer, ";")
			if strings.EqualFold(strings.TrimSpace(name), "permessage-deflate") && isAgreeable(parameters) {
				return true
			}
		}
	}
	return false
}

// isAgreeable judges an offer's parameters (RFC 7692, section 7.1).
func isAgreeable(parameters string) bool {
	for p := range strings.SplitSeq(parameters, ";") {
		switch name, _, given := strings.Cut(strings.TrimSpace(p), "="); strings.TrimSpace(name) {
		case "", "server_no_context_takeover", "client_no_context_takeover":
			if given {
				return false
			}
		case "client_max_window_bits": // the client may use less than it could
		default: // server_max_window_bits, too: compress/flate has one size alone, and it would have to be answered
			return false
		}
	}
	return true
}

const (
	// rsv1 marks the first frame of a compressed message.
	rsv1 = 0x40
	// leastDeflated is the size from which compressing a frame is tried.
	leastDeflated = 256
)

// emptyBlock ends what Flush wrote; a message goes without it (RFC 7692, section 7.2.1).
var emptyBlock = []byte{0x00, 0x00, 0xff, 0xff}

var deflaters = sync.Pool{New: func() any {
	w, _ := flate.NewWriter(nil, flate.DefaultCompression) // an error is for other levels
	return w
}}

// deflatedFrame is textFrame for clients that agreed to permessage-deflate; nil if it is
// not worth it. The payload is one that all clients get alike: nothing of one client, and
// nothing that another can choose, is ever compressed together.
func deflatedFrame(payload []byte) []byte {
	if len(payload) < leastDeflated {
		return nil
	}
	w := deflaters.Get().(*flate.Writer)
	defer deflaters.Put(w)
	var b bytes.Buffer
	w.Reset(&b)
	if _, err := w.Write(payload); err != nil || w.Flush() != nil {
		return nil // never: a Buffer takes everything
	}
	deflated := bytes.TrimSuffix(b.Bytes(), emptyBlock)
	if len(deflated) > len(payload)-len(payload)/16 {
		return nil
	}
	return appendFrame(make([]byte, 0, len(deflated)+10), opText|rsv1, deflated)
}

// inflater reads a compressed message of a client.
type inflater struct {
	in    bytes.Reader
	flate io.ReadCloser
}

var inflaters = sync.Pool{New: func() any { return &inflater{flate: flate.NewReader(nil)} }}

// inflate reads a compressed message into out, and tells how long it is. What is longer
// than out is [wire.ErrTooBig].
func inflate(message, out []byte) (n int, err error) {
	f := inflaters.Get().(*inflater)
	defer inflaters.Put(f)
	// A last, empty block makes what is a part of a stream a whole one.
	f.in.Reset(append(append(message[:len(message):len(message)], emptyBlock...), 1, 0, 0, 0xff, 0xff))
	defer f.in.Reset(nil)
	if err := f.flate.(flate.Resetter).Reset(&f.in, nil); err != nil {
		return 0, err
	}
	n, err = io.ReadFull(f.flate, out)
	switch {
	case err == nil:
		return n, wire.ErrTooBig
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF) && f.in.Len() == 0:
		return n, nil
	}
	return 0, fmt.Errorf("%w: not deflated as agreed", wire.ErrBadFrame)
}
