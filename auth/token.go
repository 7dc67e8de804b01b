package auth

import (
	"crypto"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const (
	// MaxTokens is how many tokens of a client are looked at.
	MaxTokens = 8
	// MaxTokenBytes is the longest token that is looked at.
	MaxTokenBytes = 16 << 10

	// leeway is how far clocks may be apart.
	leeway = 120 * time.Second
	// tokenLife bounds a token whose issuer lets it live longer, counted from iat.
	tokenLife = 24 * time.Hour

	maxSubject = 256     // bytes; OpenID Connect has 255
	maxSeconds = 1 << 36 // of a NumericDate: year 4147
)

// token is one of a client's tokens. What never changes is found out once;
// whether it is good now, judge says.
type token struct {
	// fault is why the token gives nothing, for good; or, while raw is kept,
	// until the issuer's keys change.
	fault Reason
	raw   string  // kept only while its key is not known
	tried *keySet // the set that did not have its key

	issuer *issuer
	kid    string
	alg    string
	key    crypto.PublicKey // that verified it

	iat   time.Time
	from  time.Time // good from here, leeway included
	until time.Time // to here, exclusive
	proof proof     // provenAt is zero until the token was first good

	subject string // label
	labels  []string
}

// fault is a Reason on its way through the parser.
type fault Reason

func (f fault) Error() string { return "auth: " + string(f) }

func newParser() *jwt.Parser {
	return jwt.NewParser(
		jwt.WithValidMethods(algorithms),
		jwt.WithStrictDecoding(),
		jwt.WithoutClaimsValidation(), // time changes; see judge
	)
}

// inspect verifies a token, if its issuer's keys are at hand. A token whose
// key is not known is kept and tried again when the keys have changed.
func (a *Authority) inspect(raw string) token {
	if len(raw) > MaxTokenBytes {
		return token{fault: ReasonMalformed}
	}
	by := a.ring.ring.Load()
	if t, ok := a.verified.find(raw, a.now(), by); ok {
		return t
	}
	var t token
	claims := jwt.MapClaims{}
	parsed, err := a.parser.ParseWithClaims(raw, claims, func(p *jwt.Token) (any, error) {
		if f := a.match(&t, p, claims); f != "" {
			return nil, fault(f)
		}
		return t.key, nil
	})
	if err != nil {
		switch f := reasonOf(parsed, err); f {
		case ReasonKeyUnknown, ReasonKeysMissing:
			t.issuer.source.want()
			return token{fault: f, raw: strings.Clone(raw), issuer: t.issuer, tried: t.tried}
		default:
			return token{fault: f}
		}
	}
	t.labels = t.issuer.labelsOf(claims)
	t.subject = "subject:" + t.proof.sub.String()
	t.proof.labels = ticketed(t.labels)
	if a.ring.ring.Load() == by {
		a.verified.add(raw, t, by)
	}
	return t
}

// match finds a token's issuer, and only then, among that issuer's keys alone,
// the key. Nothing is verified yet. Header members that name a key or where to
// get one (jku, x5u, jwk, x5c) are not read; crit demands what we don't do.
func (a *Authority) match(t *token, p *jwt.Token, claims jwt.MapClaims) Reason {
	if _, ok := p.Header["crit"]; ok {
		return ReasonMalformed
	}
	kid, ok := p.Header["kid"].(string)
	if _, given := p.Header["kid"]; given && !ok {
		return ReasonMalformed
	}
	iss, _ := claims["iss"].(string)
	is := a.issuers[iss]
	if is == nil {
		return ReasonIssuerUnknown
	}
	t.issuer, t.kid, t.alg = is, strings.Clone(kid), p.Method.Alg()
	if f := t.read(claims, a.ring.ring.Load()); f != "" {
		return f
	}
	if !a.now().Before(t.until) {
		return ReasonExpired // whatever its key: no reason to fetch one
	}
	if t.tried = is.source.set(); t.tried == nil {
		return ReasonKeysMissing
	}
	var f Reason
	t.key, f = t.tried.choose(t.kid, t.alg)
	return f
}

// read takes over the registered claims. iss, aud, exp, iat and sub are
// required, nbf is honoured.
func (t *token) read(claims jwt.MapClaims, ring *ring) Reason {
	aud, err := claims.GetAudience()
	if err != nil || !slices.Contains(aud, t.issuer.audience) {
		return ReasonAudience
	}
	sub, _ := claims["sub"].(string)
	exp, okExp := seconds(claims["exp"])
	iat, okIat := seconds(claims["iat"])
	if sub == "" || len(sub) > maxSubject || !okExp || !okIat {
		return ReasonClaims
	}
	t.iat, t.from = iat, iat
	if v, given := claims["nbf"]; given {
		nbf, ok := seconds(v)
		if !ok {
			return ReasonClaims
		}
		if nbf.After(iat) {
			t.from = nbf
		}
	}
	t.from = t.from.Add(-leeway)
	t.until = exp.Add(leeway)
	if most := iat.Add(tokenLife); most.Before(t.until) {
		t.until = most
	}
	t.proof.issuer = t.issuer.name
	t.proof.sub = ring.pseudonymOf(t.issuer.name, sub)
	if sid, _ := claims[t.issuer.sessionClaim].(string); sid != "" {
		t.proof.sid = ring.sessionOf(t.issuer.name, sid)
	}
	return ""
}

// seconds reads a NumericDate (RFC 7519, section 2) within sensible years.
func seconds(v any) (time.Time, bool) {
	f, ok := v.(float64)
	if !ok || !(f > 0 && f < maxSeconds) {
		return time.Time{}, false
	}
	return time.Unix(int64(f), 0), true
}

// reasonOf names a parser's error. The error itself goes no further: it may
// quote the token.
func reasonOf(t *jwt.Token, err error) Reason {
	var f fault
	switch {
	case errors.As(err, &f):
		return Reason(f)
	case t != nil && t.Method != nil && !slices.Contains(algorithms, t.Method.Alg()),
		errors.Is(err, jwt.ErrTokenUnverifiable):
		return ReasonAlgorithm
	case errors.Is(err, jwt.ErrTokenSignatureInvalid):
		return ReasonSignature
	}
	return ReasonMalformed
}
