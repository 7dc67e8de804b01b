package wire

import (
	"fmt"
	"strconv"
)

// ClientFrame is a frame from a client to a node: [Hello], [Tokens] or [Ack].
type ClientFrame interface {
	// AppendTo appends the frame's JSON.
	AppendTo(dst []byte) []byte
	clientFrame()
}

// Hello is a client's first frame. All its members are optional.
type Hello struct {
	// Tokens are JWTs, at most [MaxTokens], of one or several issuers.
	Tokens []string
	// Ticket is the newest that a node gave.
	Ticket string
	// Cursor is the newest that a node gave, unparsed: a malformed one means a
	// snapshot, not a bad frame.
	Cursor string
	// Labels are what the client claims, at most [MaxLabels].
	Labels []string
}

// Tokens replaces the tokens of a session; none at all signs it out.
type Tokens struct {
	Tokens []string
}

// Ack says what became of a notice at the client.
type Ack struct {
	// Identifier is the one of the thread's Alert, whichever revision is meant.
	Identifier string
	// Revision is 0 for the Alert, and for a later message the number of its
	// references.
	Revision int64
	State    AckState
}

// AckState is how far a notice got.
type AckState string

// The states of an ack.
const (
	// AckReceived: verified, and on the client's board.
	AckReceived AckState = "received"
	// AckDisplayed: a program drew it.
	AckDisplayed AckState = "displayed"
	// AckConfirmed: somebody pressed a button.
	AckConfirmed AckState = "confirmed"
)

func (Hello) clientFrame()  {}
func (Tokens) clientFrame() {}
func (Ack) clientFrame()    {}

// DecodeClient reads any frame of a client. Its errors are ErrTooBig and
// ErrBadFrame, which [CodeOf] turns into a close code; their text names the
// member at fault, if the protocol knows it, and never its value.
func DecodeClient(frame []byte) (ClientFrame, error) {
	if len(frame) > MaxClientFrame {
		return nil, ErrTooBig
	}
	if h, ok := quickHello(frame); ok {
		return h, nil
	}
	kind, err := frameType(frame)
	if err != nil {
		return nil, err
	}
	switch kind {
	case "hello":
		return decodeHello(frame)
	case "tokens":
		return decodeTokens(frame)
	case "ack":
		return decodeAck(frame)
	default:
		return nil, fmt.Errorf("%w: %w", ErrBadFrame, ErrUnknownType)
	}
}

func decodeHello(frame []byte) (ClientFrame, error) {
	var h Hello
	err := readFrame(frame, func(r *reader, name string) {
		switch name {
		case "tokens":
			h.Tokens = r.strings(MaxTokens)
		case "ticket":
			h.Ticket = r.string()
		case "cursor":
			h.Cursor = r.string()
		case "labels":
			h.Labels = r.strings(MaxLabels)
		default:
			r.skip()
		}
	})
	if err != nil {
		return nil, err
	}
	return h, nil
}

func decodeTokens(frame []byte) (ClientFrame, error) {
	var t Tokens
	err := readFrame(frame, func(r *reader, name string) {
		if name == "tokens" {
			t.Tokens = r.strings(MaxTokens)
		} else {
			r.skip()
		}
	}, "tokens")
	if err != nil {
		return nil, err
	}
	return t, nil
}

func decodeAck(frame []byte) (ClientFrame, error) {
	var a Ack
	err := readFrame(frame, func(r *reader, name string) {
		switch name {
		case "identifier":
			a.Identifier = r.string()
			r.check(a.Identifier != "" && len(a.Identifier) <= maxIdentifier, "no identifier")
		case "revision":
			a.Revision = r.int()
		case "state":
			a.State = AckState(r.string())
			r.check(a.State == AckReceived || a.State == AckDisplayed || a.State == AckConfirmed,
				"not received, displayed or confirmed")
		default:
			r.skip()
		}
	}, "identifier", "revision", "state")
	if err != nil {
		return nil, err
	}
	return a, nil
}

// AppendTo appends the frame's JSON. Empty members are left out.
func (h Hello) AppendTo(dst []byte) []byte {
	dst = append(dst, `{"type":"hello"`...)
	if len(h.Tokens) > 0 {
		dst = appendStrings(append(dst, `,"tokens":`...), h.Tokens)
	}
	if h.Ticket != "" {
		dst = appendString(append(dst, `,"ticket":`...), h.Ticket)
	}
	if h.Cursor != "" {
		dst = appendString(append(dst, `,"cursor":`...), h.Cursor)
	}
	if len(h.Labels) > 0 {
		dst = appendStrings(append(dst, `,"labels":`...), h.Labels)
	}
	return append(dst, '}')
}

// AppendTo appends the frame's JSON.
func (t Tokens) AppendTo(dst []byte) []byte {
	dst = appendStrings(append(dst, `{"type":"tokens","tokens":`...), t.Tokens)
	return append(dst, '}')
}

// AppendTo appends the frame's JSON.
func (a Ack) AppendTo(dst []byte) []byte {
	dst = appendString(append(dst, `{"type":"ack","identifier":`...), a.Identifier)
	dst = strconv.AppendInt(append(dst, `,"revision":`...), a.Revision, 10)
	dst = appendString(append(dst, `,"state":`...), string(a.State))
	return append(dst, '}')
}
