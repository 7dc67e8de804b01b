package hub

import "encoding/binary"

// boundary follows the frames in what a client sends (RFC 6455, section 5.2), to know
// when nothing more need come: between messages. It checks nothing.
type boundary struct {
	header  [14]byte
	have    int    // bytes of the header that have come
	left    uint64 // bytes of the payload that have not
	message bool   // a fragmented message is not complete
	taken   int    // bytes of the message, and of control frames in it, until now
	frames  int    // that ended since the reader last had all of them
	// answered: a close frame has begun.
	answered bool

	// deflate: messages may be compressed. Then the mark of it is taken away, for a reader
	// that does not know of it, and deflated tells for each message that has begun and was
	// not yet asked for whether it had it.
	deflate  bool
	deflated []bool
}

// wasDeflated tells whether the next message that begins was compressed.
func (b *boundary) wasDeflated() bool {
	if len(b.deflated) == 0 {
		return false
	}
	was := b.deflated[0]
	b.deflated = b.deflated[:copy(b.deflated, b.deflated[1:])]
	return was
}

// between tells whether no message or control frame is under way.
func (b *boundary) between() bool { return b.have == 0 && b.left == 0 && !b.message }

// rest is how many bytes belong to the frame under way for certain, but one at least.
func (b *boundary) rest() int {
	if b.left > 0 {
		return int(min(b.left, maxFrameBytes))
	}
	return 1
}

// drained tells whether the reader, who has just got a message, has all that came: that
// message's one frame, or everything. It may be true and told false.
func (b *boundary) drained() bool {
	if !b.between() || b.frames != 1 {
		return false
	}
	b.frames = 0
	return true
}

// pass takes note of the next bytes, and tells whether a message ended in them. With
// deflate it changes them, see there.
func (b *boundary) pass(p []byte) (ended bool) {
	for len(p) > 0 {
		n := 1
		if b.left > 0 {
			n = int(min(b.left, uint64(len(p))))
			b.left -= uint64(n)
		} else {
			if b.have == 0 {
				p[0] = b.unmark(p[0])
			}
			b.header[b.have] = p[0]
			if b.have++; b.have >= 2 && b.have == b.length() {
				b.begin()
			}
		}
		p = p[n:]
		if b.have == 0 && b.left == 0 {
			b.frames++
		}
		if b.taken += n; b.between() {
			b.taken, ended = 0, true
		}
	}
	return ended
}

// unmark is the first byte of a frame as the reader gets it.
func (b *boundary) unmark(first byte) byte {
	const opcode, continuation, control = 0x0f, 0x00, 0x08
	if !b.deflate || b.message || first&control != 0 || first&opcode == continuation {
		return first
	}
	b.deflated = append(b.deflated, first&rsv1 != 0)
	return first &^ rsv1
}

// length is how long the header is, by its first two bytes.
func (b *boundary) length() int {
	n := 2
	switch b.header[1] & 0x7f {
	case 126:
		n += 2
	case 127:
		n += 8
	}
	if b.header[1]&0x80 != 0 {
		n += 4 // the mask
	}
	return n
}

// begin is called when the header is complete.
func (b *boundary) begin() {
	switch n := b.header[1] & 0x7f; n {
	case 126:
		b.left = uint64(binary.BigEndian.Uint16(b.header[2:]))
	case 127:
		b.left = binary.BigEndian.Uint64(b.header[2:])
	default:
		b.left = uint64(n)
	}
	const final, control = 0x80, 0x08
	if b.header[0]&control == 0 {
		b.message = b.header[0]&final == 0
	}
	b.answered = b.answered || b.header[0]&0x0f == opClose
	b.have = 0
}
