package auth

import (
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"time"
)

const (
	ticketPurpose = "tocsin ticket v1"

	// TicketLife counts from the proof, not from the renewal: a chain of renewals ends.
	TicketLife = 30 * 24 * time.Hour

	maxProofs = MaxTokens
	// maxTicketLabels bounds the bytes of one proof's labels, and maxTicket those
	// of a plaintext, so that a ticket fits a hello (16 KiB) beside tokens. What
	// is beyond holds only while the token does.
	maxTicketLabels = 2 << 10
	maxTicket       = 4 << 10
)

// unticketed are the kinds that a ticket never carries: subject: exists in the
// private tier alone, and a ticket that carried session: would go on naming a
// call for a month after it was left.
var unticketed = []string{"subject", "session"}

// proof is what one token proved, and all that remains of it in a ticket.
type proof struct {
	issuer   string
	sub      hash // pseudonym; revocation and cohort lists name it
	sid      hash // zero: the token had none
	provenAt time.Time
	epoch    int64    // ticket epoch in force when it was proven
	labels   []string // sorted; immutable
	// key of the ring that vouches for it; zero: a token did, on this node. Not in a ticket.
	key keyID
}

func (p *proof) equal(o *proof) bool {
	return p.issuer == o.issuer && p.sub == o.sub && p.sid == o.sid &&
		p.provenAt.Equal(o.provenAt) && p.epoch == o.epoch && slices.Equal(p.labels, o.labels)
}

func (p *proof) expires() time.Time { return p.provenAt.Add(TicketLife) }

// ticketed returns the labels that may go into a ticket.
func ticketed(labels []string) []string {
	room := maxTicketLabels
	out := make([]string, 0, len(labels))
	for _, l := range labels {
		if kind, _, _ := strings.Cut(l, ":"); slices.Contains(unticketed, kind) {
			continue
		}
		if room -= len(l); room < 0 {
			break
		}
		out = append(out, l)
	}
	return out
}

var errTicket = errors.New("auth: malformed ticket")

const ticketFormat = 1

// encodeTicket writes the plaintext of a ticket: format, count, and for each
// proof issuer, sub, sid, provenAt (seconds), epoch, labels; numbers as uvarint,
// strings with their length before them.
func encodeTicket(proofs []proof) []byte {
	b := make([]byte, 0, 512)
	b = append(b, ticketFormat)
	b = binary.AppendUvarint(b, uint64(len(proofs)))
	for i := range proofs {
		p := &proofs[i]
		b = appendString(b, p.issuer)
		b = append(b, p.sub[:]...)
		b = append(b, p.sid[:]...)
		b = binary.AppendUvarint(b, uint64(p.provenAt.Unix()))
		b = binary.AppendUvarint(b, uint64(p.epoch))
		b = binary.AppendUvarint(b, uint64(len(p.labels)))
		for _, l := range p.labels {
			b = appendString(b, l)
		}
	}
	return b
}

func appendString(b []byte, s string) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}

// decodeTicket reads what encodeTicket wrote, and nothing else. Its input was
// sealed by a node, but perhaps by another version, or with a stolen key.
func decodeTicket(plaintext []byte) ([]proof, error) {
	r := ticketReader{rest: string(plaintext)}
	if r.byte() != ticketFormat {
		return nil, errTicket
	}
	n := r.number(maxProofs)
	proofs := make([]proof, 0, n)
	for range n {
		p := proof{issuer: r.string(), sub: r.hash(), sid: r.hash()}
		p.provenAt = time.Unix(r.number(maxSeconds), 0)
		p.epoch = r.number(1<<62 - 1)
		for range r.number(maxLabels) {
			p.labels = append(p.labels, r.string())
		}
		proofs = append(proofs, p)
	}
	if r.bad || r.rest != "" {
		return nil, errTicket
	}
	return proofs, nil
}

// ticketReader keeps the first error, so that its caller asks once. The strings
// that it gives share the plaintext: one allocation for all.
type ticketReader struct {
	rest string
	bad  bool
}

func (r *ticketReader) take(n int) string {
	if r.bad || n > len(r.rest) {
		r.bad = true
		return ""
	}
	s := r.rest[:n]
	r.rest = r.rest[n:]
	return s
}

func (r *ticketReader) byte() byte {
	if s := r.take(1); s != "" {
		return s[0]
	}
	return 0
}

func (r *ticketReader) number(most int64) int64 {
	var n uint64
	for shift := 0; shift < 63; shift += 7 {
		b := r.byte()
		n |= uint64(b&0x7f) << shift
		if b < 0x80 {
			if r.bad || n > uint64(most) || (b == 0 && shift > 0) {
				break
			}
			return int64(n)
		}
	}
	r.bad = true
	return 0
}

func (r *ticketReader) string() string { return r.take(int(r.number(maxBlob))) }

func (r *ticketReader) hash() (h hash) {
	copy(h[:], r.take(len(h)))
	return h
}
