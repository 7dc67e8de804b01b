package crowd

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"

	"tocsin/wire"
)

// tail is what RFC 7692, section 7.2.2, has the receiver append, and an empty last
// block that makes the end known.
var tail = []byte{0x00, 0x00, 0xff, 0xff, 0x01, 0x00, 0x00, 0xff, 0xff}

// newInflater returns a function that inflates messages, one at a time; what it gives
// is valid until the next. It is slow, and called once for each entry, not for each
// client.
func newInflater() func([]byte) ([]byte, error) {
	var out bytes.Buffer
	decompressor := flate.NewReader(nil)
	return func(p []byte) ([]byte, error) {
		in := io.MultiReader(bytes.NewReader(p), bytes.NewReader(tail))
		if err := decompressor.(flate.Resetter).Reset(in, nil); err != nil {
			return nil, fmt.Errorf("inflating: %w", err)
		}
		out.Reset()
		n, err := io.Copy(&out, io.LimitReader(decompressor, wire.MaxServerFrame+1))
		switch {
		case err != nil:
			return nil, fmt.Errorf("inflating: %w", err)
		case n > wire.MaxServerFrame:
			return nil, fmt.Errorf("%w: inflates to more than %d bytes", errFrame, wire.MaxServerFrame)
		}
		return out.Bytes(), nil
	}
}
