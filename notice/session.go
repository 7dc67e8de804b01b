package notice

import "time"

const (
	// SessionLife is how long a staff login is meant to be good for.
	SessionLife = 60 * time.Second
	// sessionLeeway lets a device whose clock is ahead log in.
	sessionLeeway = 120 * time.Second
)

// VerifySession checks a staff login: an envelope of TypeSession with exactly one
// signature, by a key of ks that is valid at now and is not a beacon's; for this
// desk's origin; that ends after now and at most SessionLife after it, or 120 s more
// for a clock that is ahead. The nonce, and that it serves once, are the desk's to
// check. Errors are *RuleError.
func VerifySession(e *Envelope, ks *Keyset, origin string, now time.Time) (*Session, *Key, error) {
	if e.PayloadType != TypeSession || len(e.Signatures) != 1 {
		return nil, nil, broken("session.envelope", "not a session document with one signature")
	}
	s, err := DecodeSession(e.Payload)
	if err != nil {
		return nil, nil, err
	}
	key := ks.Key(e.Signatures[0].KeyID)
	if key == nil || key.Has(RoleBeacon) || !key.ValidAt(now) {
		return nil, nil, broken("session.key", "no staff key that is valid now: %s", e.Signatures[0].KeyID)
	}
	if !newVerifier(e).valid(0, key.PublicKey) {
		return nil, nil, broken("session.signature", "does not fit")
	}
	if s.Origin != origin {
		return nil, nil, broken("session.origin", "%.300q is not this desk", s.Origin)
	}
	expires, err := s.Expires.Time()
	if err != nil {
		return nil, nil, err
	}
	if !expires.After(now) || expires.After(now.Add(SessionLife+sessionLeeway)) {
		return nil, nil, broken("session.expires", "%s is past, or more than %s ahead of %s", s.Expires, SessionLife, FormatTime(now))
	}
	return s, key, nil
}
