package desk

import (
	"context"
	"maps"
	"slices"
	"time"
)

// Sweep drops what lapsed, without waiting for the minute.
func Sweep(ctx context.Context, d *Desk) { d.sweep(ctx) }

// Occupy takes every place where strangers' signatures are checked.
func Occupy(d *Desk) (release func()) {
	for range cap(d.verify) {
		d.verify <- struct{}{}
	}
	return func() {
		for range cap(d.verify) {
			<-d.verify
		}
	}
}

// Shared is what is read once for all who ask.
type Shared struct{ s *shared[string] }

// NewShared is what a desk has of each.
func NewShared(limit time.Duration) Shared { return Shared{newShared[string](time.Now, limit)} }

// Get returns the answer under key.
func (s Shared) Get(ctx context.Context, key string, read func(context.Context) (string, error)) (string, error) {
	a, err := s.s.get(ctx, key, read)
	if err != nil {
		return "", err
	}
	return a.value, nil
}

// Keys are those that it has an answer for.
func (s Shared) Keys() []string { return slices.Sorted(maps.Keys(s.s.answers)) }

// Status is what an error is answered with.
func Status(err error) int { return problemOf(err).Status }

// For fuzzing: the decoders that are the package's own.

// DecodeSignature is the decoder of POST …/signatures.
var DecodeSignature = decodeSignature

// Offer is content negotiation.
var Offer = offer

// CheckProposal reads what the store of proposals holds.
func CheckProposal(key string, body []byte) (identifier string, signatures int, err error) {
	p, err := parseProposal(Item{Key: key, Body: body})
	if err != nil {
		return "", 0, err
	}
	return p.identifier, len(p.submission.env.Signatures), nil
}

// CheckOrigin reads an origin and writes it as it is compared.
func CheckOrigin(s string) (string, error) {
	u, err := parseOrigin(s)
	if err != nil {
		return "", err
	}
	return origin(u), nil
}
