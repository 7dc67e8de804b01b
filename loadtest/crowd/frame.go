package crowd

import (
	"encoding/binary"
	"errors"
	"fmt"

	"tocsin/wire"
)

// Opcodes of RFC 6455, section 5.2.
const (
	opContinuation = 0x0
	opText         = 0x1
	opBinary       = 0x2
	opClose        = 0x8
	opPing         = 0x9
	opPong         = 0xa
)

// Bits of a frame's first two bytes.
const (
	bitFin  = 0x80
	bitRSV1 = 0x40 // the message is compressed (RFC 7692, section 6)
	bitRSV  = 0x30
	bitMask = 0x80
)

var errFrame = errors.New("not a frame of a WebSocket server")

// maxCarry is the buffer that a client keeps for unfinished frames; a larger one goes
// back when it is empty.
const maxCarry = 2 << 10

// parser cuts what a server sends into messages. It copies nothing but a frame whose
// end has not come yet.
type parser struct {
	carry   []byte // an unfinished frame
	message []byte // the fragments of an unfinished message
	opcode  byte   // of that message; 0: none
	packed  bool   // that message is compressed
}

// sink takes messages and control frames. The payload is valid during the call.
type sink interface {
	message(opcode byte, packed bool, payload []byte) error
}

// feed takes the next bytes of the stream.
func (ps *parser) feed(p []byte, to sink) error {
	rest := p
	if len(ps.carry) > 0 {
		ps.carry = append(ps.carry, p...)
		rest = ps.carry
	}
	for {
		first, payload, size, err := cut(rest)
		if err != nil {
			return err
		}
		if size == 0 {
			break
		}
		rest = rest[size:]
		if err := ps.frame(first, payload, to); err != nil {
			return err
		}
	}
	ps.keep(rest)
	return nil
}

// keep holds on to the beginning of a frame.
func (ps *parser) keep(rest []byte) {
	switch {
	case len(rest) == 0 && cap(ps.carry) > maxCarry:
		ps.carry = nil
		return
	case len(rest) > 0 && len(rest) == len(ps.carry) && &rest[0] == &ps.carry[0]:
		return // it is all still there
	}
	ps.carry = append(ps.carry[:0], rest...) // forwards within one array, if it is the same
}

// cut takes the first frame off p; size is 0 if it is not all there.
func cut(p []byte) (first byte, payload []byte, size int, err error) {
	if len(p) < 2 {
		return 0, nil, 0, nil
	}
	if p[1]&bitMask != 0 || p[0]&bitRSV != 0 {
		return 0, nil, 0, fmt.Errorf("%w: masked, or with reserved bits", errFrame)
	}
	head, length := 2, uint64(p[1])
	switch length {
	case 126:
		head = 4
	case 127:
		head = 10
	}
	if len(p) < head {
		return 0, nil, 0, nil
	}
	switch head {
	case 4:
		length = uint64(binary.BigEndian.Uint16(p[2:]))
	case 10:
		length = binary.BigEndian.Uint64(p[2:])
	}
	if length > wire.MaxServerFrame {
		return 0, nil, 0, fmt.Errorf("%w: %d bytes", errFrame, length)
	}
	size = head + int(length)
	if len(p) < size {
		return 0, nil, 0, nil
	}
	return p[0], p[head:size], size, nil
}

// frame hands on a control frame or a message that is complete.
func (ps *parser) frame(first byte, payload []byte, to sink) error {
	opcode, final, packed := first&0x0f, first&bitFin != 0, first&bitRSV1 != 0
	switch {
	case opcode >= opClose:
		if !final || packed || len(payload) > 125 {
			return fmt.Errorf("%w: a control frame in fragments, or too long", errFrame)
		}
		return to.message(opcode, false, payload)
	case opcode == opContinuation:
		if ps.opcode == 0 || packed {
			return fmt.Errorf("%w: a continuation of nothing", errFrame)
		}
	case opcode > opBinary || ps.opcode != 0:
		return fmt.Errorf("%w: opcode %d", errFrame, opcode)
	case final: // as nearly all are
		return to.message(opcode, packed, payload)
	default:
		ps.opcode, ps.packed = opcode, packed
	}
	if len(ps.message)+len(payload) > wire.MaxServerFrame {
		return fmt.Errorf("%w: %d bytes", errFrame, len(ps.message)+len(payload))
	}
	ps.message = append(ps.message, payload...)
	if !final {
		return nil
	}
	message, opcode, packed := ps.message, ps.opcode, ps.packed
	ps.message, ps.opcode, ps.packed = nil, 0, false
	return to.message(opcode, packed, message)
}

// maskKey masks every frame that a client sends. Masking protects proxies from what a
// page may choose (RFC 6455, section 10.3), and here nobody chooses.
var maskKey = [4]byte{0x5a, 0x17, 0xc3, 0x88}

// appendMasked appends a client's frame.
func appendMasked(dst []byte, opcode byte, payload []byte) []byte {
	dst = append(dst, bitFin|opcode)
	switch n := len(payload); {
	case n < 126:
		dst = append(dst, bitMask|byte(n))
	case n <= 0xffff:
		dst = binary.BigEndian.AppendUint16(append(dst, bitMask|126), uint16(n))
	default:
		dst = binary.BigEndian.AppendUint64(append(dst, bitMask|127), uint64(n))
	}
	dst = append(dst, maskKey[:]...)
	for i, b := range payload {
		dst = append(dst, b^maskKey[i%4])
	}
	return dst
}
