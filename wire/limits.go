package wire

import "tocsin/notice"

// Subprotocol is the WebSocket subprotocol of this version.
const Subprotocol = "tocsin.v1"

// Limits (docs/protocol.md, "Connecting").
const (
	// MaxClientFrame is the size in bytes of any frame from a client. A hello with
	// eight tokens of an identity provider that is fond of claims fits.
	MaxClientFrame = 16 << 10
	// MaxServerFrame is the size in bytes of any frame from a node: the largest
	// envelope and room around it, or a welcome that hands back a large ticket.
	MaxServerFrame = notice.MaxBody + MaxClientFrame
	// MaxSnapshot is the size in bytes of an HTTP snapshot, like a node's window.
	MaxSnapshot = 64 << 20
	// MaxTokens is the number of tokens in a hello or tokens frame.
	MaxTokens = 8
	// MaxLabels is the number of labels that a hello claims.
	MaxLabels = 16
	// MaxDepth is how deep objects and arrays nest in a frame, the frame counted.
	MaxDepth = 8
	// MaxInt bounds every number: what JSON carries exactly (RFC 7493, section 2.2).
	MaxInt = 1<<53 - 1
)

// maxIdentifier is the length of an identifier in an ack. A UUID has 36.
const maxIdentifier = 256
