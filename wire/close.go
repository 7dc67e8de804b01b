package wire

import (
	"errors"
	"strconv"
)

// CloseCode is a WebSocket close code (RFC 6455, section 7.4). None of them means
// "never come back", and none is for a bad credential.
type CloseCode uint16

// The close codes that a node uses.
const (
	// CloseGoingAway ends a session by no fault of its frames: drain, or slow.
	CloseGoingAway CloseCode = 1001
	// CloseTooBig answers a frame over [MaxClientFrame].
	CloseTooBig CloseCode = 1009
	// CloseInternal is a fault of the node.
	CloseInternal CloseCode = 1011
	// CloseBadFrame answers a frame that breaks the protocol.
	CloseBadFrame CloseCode = 4400
	// CloseNoHello answers silence.
	CloseNoHello CloseCode = 4408
	// CloseTooMany answers too many frames, or too many connections.
	CloseTooMany CloseCode = 4429
)

var closeNames = map[CloseCode]string{
	CloseGoingAway: "going away",
	CloseTooBig:    "too big",
	CloseInternal:  "internal",
	CloseBadFrame:  "bad frame",
	CloseNoHello:   "no hello",
	CloseTooMany:   "too many",
}

// String names the code, for logs and metrics; another code is its number.
func (c CloseCode) String() string {
	if name, ok := closeNames[c]; ok {
		return name
	}
	return strconv.Itoa(int(c))
}

// Errors of decoding; every error of DecodeClient and DecodeServer is one of them.
var (
	// ErrTooBig is a frame over its limit.
	ErrTooBig = errors.New("frame too big")
	// ErrBadFrame is a frame that is not strict JSON, or whose members are not
	// what its type asks for.
	ErrBadFrame = errors.New("bad frame")
	// ErrUnknownType is a well-formed frame of a type that this version does not
	// know. Clients ignore it; for a node it is also an ErrBadFrame.
	ErrUnknownType = errors.New("unknown type of frame")
)

// CodeOf is the close code with which a node answers an error of [DecodeClient].
func CodeOf(err error) CloseCode {
	switch {
	case errors.Is(err, ErrTooBig):
		return CloseTooBig
	case errors.Is(err, ErrBadFrame):
		return CloseBadFrame
	default:
		return CloseInternal
	}
}
