package notice

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"
)

// MaxHead is the size in bytes of a head's envelope.
const MaxHead = 4 << 10

// Head is what a desk says of the log at one moment, so that clients see when a node
// withholds something. It is signed by one key of role beacon, and never in the log.
type Head struct {
	Epoch string   `json:"epoch"` // of the log: 8 hex digits
	Seq   uint64   `json:"seq"`   // of the last entry that the desk has folded
	Time  DateTime `json:"time"`  // by the desk's clock
	// KeysetVersion is of the keyset in force at Seq.
	KeysetVersion int64 `json:"keysetVersion"`
	// Board is the [BoardHash] of what stood at Seq, and had not ended at Time.
	Board string `json:"board"`
}

// SignedHead is a head whose signature counts.
type SignedHead struct {
	Head
	KeyID string    // of the beacon
	Said  time.Time // Head.Time
}

// DecodeHead reads a head strictly. Errors are *RuleError.
func DecodeHead(payload []byte) (*Head, error) { return decodeDocument[Head](payload) }

// SignHead is the envelope of a head, signed by a beacon's key.
func SignHead(h *Head, beacon *PrivateKey) ([]byte, error) {
	payload, err := encodeDocument(h)
	if err != nil {
		return nil, err
	}
	e := &Envelope{PayloadType: TypeHead, Payload: payload}
	e.Sign(beacon)
	return e.Marshal(), nil
}

// VerifyHead reads a head's envelope of at most MaxHead bytes: of TypeHead, with
// exactly one signature, by a key that ks names as a beacon and that is valid at the
// head's time. Errors are *RuleError.
func VerifyHead(body []byte, ks *Keyset) (SignedHead, error) {
	if len(body) > MaxHead {
		return SignedHead{}, broken("head.size", "%d bytes are more than %d", len(body), MaxHead)
	}
	e, err := ParseEnvelope(body)
	if err != nil {
		return SignedHead{}, err
	}
	if e.PayloadType != TypeHead || len(e.Signatures) != 1 {
		return SignedHead{}, broken("head.envelope", "not a head with one signature")
	}
	h, err := DecodeHead(e.Payload)
	if err != nil {
		return SignedHead{}, err
	}
	said, err := h.Time.Time()
	if err != nil {
		return SignedHead{}, err
	}
	key := ks.Key(e.Signatures[0].KeyID)
	if key == nil || !key.Has(RoleBeacon) || !key.ValidAt(said) {
		return SignedHead{}, broken("head.key", "no beacon that is valid at %s: %s", h.Time, e.Signatures[0].KeyID)
	}
	if !newVerifier(e).valid(0, key.PublicKey) {
		return SignedHead{}, broken("head.signature", "does not fit")
	}
	return SignedHead{Head: *h, KeyID: key.KeyID, Said: said}, nil
}

// HasBeacon tells whether ks names a beacon that is valid at one of these times.
func (ks *Keyset) HasBeacon(times ...time.Time) bool {
	return slices.ContainsFunc(ks.Keys, func(k Key) bool {
		return k.Has(RoleBeacon) && slices.ContainsFunc(times, k.ValidAt)
	})
}

func (h *Head) validate() error {
	switch {
	case len(h.Epoch) != 8 || strings.Trim(h.Epoch, "0123456789abcdef") != "":
		return broken("head.epoch", "%.80q is not 8 hex digits", h.Epoch)
	case h.Seq < 1 || h.Seq > maxInteger:
		return broken("head.seq", "%d is no sequence", h.Seq)
	case h.KeysetVersion < 1 || h.KeysetVersion > MaxVersion:
		return broken("head.keysetVersion", "%d is not within 1 to %d", h.KeysetVersion, MaxVersion)
	case !isKeyID(h.Board): // of the same form
		return broken("head.board", "%.80q is not a SHA-256 in lower-case hex", h.Board)
	}
	if _, err := h.Time.Time(); err != nil {
		return broken("head.time", "%v", err)
	}
	return nil
}

// Standing is the message that decides a thread which heads count.
type Standing struct {
	Hash    [32]byte // of its payload
	Expires time.Time
}

// Standing is the thread as heads count it. ok is false if they do not: it is
// cancelled, a Test, or not for everybody (docs/protocol.md, "Heads"). A session is
// sent what names a surface or a language only if it claimed that, and could not tell
// whether it was withheld.
func (t Thread) Standing() (s Standing, ok bool) {
	if t.Cancelled || !t.Alert.Notice.VisibleTo(ScopePublic, Labels{}) {
		return Standing{}, false
	}
	expires, err := t.Current.Notice.Info[0].Expires.Time()
	return Standing{Hash: t.Current.Hash, Expires: expires}, err == nil
}

// Only is the thread as if the messages that keep refuses were not there; ok is false
// without its Alert.
func (t Thread) Only(keep func(*Accepted) bool) (only Thread, ok bool) {
	if !keep(t.Alert) {
		return Thread{}, false
	}
	only = Thread{Alert: t.Alert, Current: t.Alert, Content: t.Alert, Messages: []*Accepted{t.Alert}}
	for _, a := range t.Messages {
		if a == t.Alert || !keep(a) {
			continue
		}
		only.Messages = append(only.Messages, a)
		only.choose(a, a.Notice.MsgType == MsgCancel)
	}
	return only, true
}

// BoardHash is the SHA-256, in lower-case hex, over the hashes of what of standing
// has not ended at t: in lower-case hex, sorted, a line feed behind each.
func BoardHash(standing []Standing, t time.Time) string {
	var lines []string
	for _, s := range standing {
		if s.Expires.After(t) {
			lines = append(lines, hex.EncodeToString(s.Hash[:])+"\n")
		}
	}
	slices.Sort(lines)
	sum := sha256.Sum256([]byte(strings.Join(lines, "")))
	return hex.EncodeToString(sum[:])
}

// Head is the head of the board at t, cut to seconds; nil before the first keyset.
func (b *Board) Head(epoch string, t time.Time) *Head {
	if b.keyset == nil {
		return nil
	}
	var standing []Standing
	for _, thread := range b.holds.order {
		if s, ok := thread.Standing(); ok {
			standing = append(standing, s)
		}
	}
	t = t.UTC().Truncate(time.Second)
	return &Head{
		Epoch: epoch, Seq: b.seq, Time: FormatTime(t), KeysetVersion: b.keyset.Version,
		Board: BoardHash(standing, t),
	}
}
