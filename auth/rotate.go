package auth

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
)

// ErrRing is what the editing of a ring can't do: there is no such key, or no room.
var ErrRing = errors.New("auth: not a possible ring")

// KeyIDs names the ring's keys, the first of which seals: 8 hex digits each, which tell
// nothing of the keys and stand in whatever they sealed.
func (k *Keyring) KeyIDs() []string {
	var ids []string
	for _, key := range k.ring.Load().keys {
		ids = append(ids, hex.EncodeToString(key.id[:]))
	}
	return ids
}

// Add appends a new random key, which opens but does not seal yet, and returns its id.
// The file is the caller's to write, as Promote's is.
func (k *Keyring) Add() (string, error) {
	next := k.edit()
	if err := next.add("key", randomKey()); err != nil {
		return "", fmt.Errorf("%w: %w", ErrRing, err)
	}
	k.ring.Store(next)
	ids := k.KeyIDs()
	return ids[len(ids)-1], nil
}

// Promote lets the key of that id seal, and keeps at most older of the keys behind it.
// What a key sealed that is dropped opens no more.
func (k *Keyring) Promote(id string, older int) error {
	at := slices.Index(k.KeyIDs(), id)
	if at < 0 {
		return fmt.Errorf("%w: no key %q", ErrRing, id)
	}
	next := k.edit()
	first := next.keys[at]
	next.keys = slices.Insert(slices.Delete(next.keys, at, at+1), 0, first)
	next.keys = next.keys[:min(len(next.keys), 1+max(0, older))]
	k.ring.Store(next)
	return nil
}

// Text is what the ring's file holds: secret. Comments are not kept.
func (k *Keyring) Text() []byte { return k.ring.Load().text() }

// edit is a copy to change: readings are immutable.
func (k *Keyring) edit() *ring {
	now := k.ring.Load()
	return &ring{pseudonym: now.pseudonym, keys: slices.Clone(now.keys)}
}
