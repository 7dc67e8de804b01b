package wire

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
)

// ErrCursor is text that is no cursor. A node answers it with a snapshot.
var ErrCursor = errors.New("malformed cursor")

const noHash = "00000000"

// Cursor is a place in one log: everything up to the entry at Seq. It means the
// same on every node. The zero Cursor is none.
type Cursor struct {
	// Epoch names the log: 8 hex digits.
	Epoch string
	// Seq is the sequence of the last entry covered; 0 is before the first.
	Seq uint64
	// Hash is [EntryHash] of that entry, "00000000" for Seq 0.
	Hash string
}

// EntryHash is the first 8 hex digits of the SHA-256 of an entry's body.
func EntryHash(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:4])
}

// StartOf is the cursor before the first entry of an epoch.
func StartOf(epoch string) Cursor {
	return Cursor{Epoch: epoch, Hash: noHash}
}

// IsZero tells whether c is no cursor.
func (c Cursor) IsZero() bool { return c == Cursor{} }

// String is the form "epoch:seq:h"; "" for the zero Cursor.
func (c Cursor) String() string {
	if c.IsZero() {
		return ""
	}
	return string(c.AppendTo(nil))
}

// AppendTo appends what String gives.
func (c Cursor) AppendTo(dst []byte) []byte {
	if c.IsZero() {
		return dst
	}
	dst = append(append(dst, c.Epoch...), ':')
	dst = append(strconv.AppendUint(dst, c.Seq, 10), ':')
	return append(dst, c.Hash...)
}

// ParseCursor reads what String writes, and nothing else: lower-case digits, no
// leading zeros. Any error is ErrCursor.
func ParseCursor(s string) (Cursor, error) {
	epoch, rest, _ := strings.Cut(s, ":")
	digits, hash, _ := strings.Cut(rest, ":")
	seq, err := strconv.ParseUint(digits, 10, 64)
	if err != nil || seq > MaxInt || digits != strconv.FormatUint(seq, 10) ||
		!isHash(epoch) || !isHash(hash) || (seq == 0 && hash != noHash) {
		return Cursor{}, ErrCursor
	}
	return Cursor{Epoch: epoch, Seq: seq, Hash: hash}, nil
}

func isHash(s string) bool {
	return len(s) == 8 && strings.Trim(s, "0123456789abcdef") == ""
}
