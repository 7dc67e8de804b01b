package desk

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"tocsin/auth"
	"tocsin/notice"
)

const (
	// challengeLife is how long a nonce can be used: reading, signing and sending it
	// is one act of a program.
	challengeLife = 60 * time.Second
	// challengeSkew is how far ahead of this desk's clock another desk's, which made
	// the nonce, may be.
	challengeSkew = 5 * time.Second
	// bearerLife is how long a login lasts. Its keys and roles are looked up in the
	// keyset in force at each request, so a removed key ends it at once.
	bearerLife = 15 * time.Minute
	// nonceLife is how long a used nonce is remembered: longer than check takes it.
	nonceLife = challengeLife + 2*challengeSkew
	// maxLogins bounds the logins of one key within nonceLife, and so the memory of used
	// nonces by the keys in force. A challenge serves any number of logins, so nothing
	// else keeps who has one key from filling it, to the harm of all others. People log
	// in once in bearerLife; scripts, for each command.
	maxLogins = 60

	// The purposes keep one from being opened as the other, or as a patient's ticket.
	purposeChallenge = "tocsin desk challenge v1"
	purposeBearer    = "tocsin desk bearer v1"
)

// nonces makes and checks challenges. A nonce is a sealed time, which any desk
// with the same keyring can open, and random text, which makes it unique: desks
// need no affinity and keep nothing for those who only ask. Each desk remembers the
// nonces that logged somebody in, until they lapse. So one login can't be used
// twice at a desk, and, since it names the origin, nowhere but under this name. At
// another desk of the same name, or after a restart, whoever took the envelope from the
// wire (inside TLS) within its minute could use it again. That is left so: who reads
// there has the bearer token of the answer as well, which is good for longer, and to
// prevent it desks would need a store in common to log anybody in, broker down or not.
type nonces struct {
	keyring *auth.Keyring

	mu     sync.Mutex
	second int64  // that sealed is of
	sealed string // one for each second: asking costs no use of the key
	used   map[[32]byte]usedNonce
	logins map[string]int // how many of used each key has
	swept  time.Time
}

// usedNonce is who logged in with a nonce, and until when that is remembered.
type usedNonce struct {
	keyID string
	until time.Time
}

func newNonces(k *auth.Keyring) *nonces {
	return &nonces{keyring: k, used: make(map[[32]byte]usedNonce), logins: make(map[string]int)}
}

// fresh makes a nonce of the second that now lies in.
func (n *nonces) fresh(now time.Time) string {
	n.mu.Lock()
	if second := now.Unix(); n.sealed == "" || second != n.second {
		n.second = second
		n.sealed = n.keyring.Seal(purposeChallenge, binary.BigEndian.AppendUint64(nil, uint64(second)))
	}
	sealed := n.sealed
	n.mu.Unlock()
	random := make([]byte, 16)
	rand.Read(random) // never fails: it ends the process instead
	return sealed + "." + base64.RawURLEncoding.EncodeToString(random)
}

// errExpired is the one reason of a refused login that is told: it is the one that
// an honest client can do something about.
var errExpired = errLogin.with("the nonce has expired, or was used: ask for another")

// check opens a nonce that was made in the last minute.
func (n *nonces) check(nonce string, now time.Time) error {
	sealed, _, ok := strings.Cut(nonce, ".")
	plain, err := n.keyring.Open(purposeChallenge, sealed)
	if !ok || err != nil || len(plain) != 8 {
		return errLogin
	}
	age := now.Sub(time.Unix(int64(binary.BigEndian.Uint64(plain)), 0))
	if age < -challengeSkew || age > challengeLife {
		return errExpired
	}
	return nil
}

// use takes a nonce that passed check, once, whoever signed it; and of each key only
// maxLogins, which a key that has them waits for, and no other.
func (n *nonces) use(nonce, keyID string, now time.Time) error {
	hash := sha256.Sum256([]byte(nonce))
	n.mu.Lock()
	defer n.mu.Unlock()
	n.sweep(now)
	if _, ok := n.used[hash]; ok {
		return errExpired
	}
	if n.logins[keyID] >= maxLogins {
		return errTooMany.with("this key has logged in too often just now").after(nonceLife)
	}
	n.used[hash] = usedNonce{keyID: keyID, until: now.Add(nonceLife)}
	n.logins[keyID]++
	return nil
}

// sweep forgets what has lapsed, at most once a second: all of it is read. A clock that
// was set back sweeps, too. The caller holds mu.
func (n *nonces) sweep(now time.Time) {
	if since := now.Sub(n.swept); since >= 0 && since < time.Second {
		return
	}
	n.swept = now
	for hash, u := range n.used {
		if !u.until.Before(now) {
			continue
		}
		delete(n.used, hash)
		if n.logins[u.keyID]--; n.logins[u.keyID] == 0 {
			delete(n.logins, u.keyID)
		}
	}
}

// bearer is what a token carries. Roles are not in it.
type bearer struct {
	Owner   string `json:"owner"`
	KeyID   string `json:"keyid"`
	Expires int64  `json:"expires"` // Unix seconds
}

// staff is who asks.
type staff struct {
	owner string
	roles []notice.Role
}

func (d *Desk) getChallenge(w http.ResponseWriter, _ *http.Request) error {
	now := d.now()
	return writeJSON(w, http.StatusOK, challenge{
		Nonce: d.nonces.fresh(now), ServerTime: stamp(now), Expires: stamp(now.Add(challengeLife)),
	})
}

// postSession turns a session envelope into a bearer token.
func (d *Desk) postSession(w http.ResponseWriter, r *http.Request) error {
	body, err := d.readBody(w, r)
	if err == nil {
		err = d.Ready()
	}
	if err != nil {
		return err
	}
	var key *notice.Key
	err = d.checking(r.Context(), func() error {
		env, err := notice.ParseEnvelope(body)
		if err == nil {
			key, err = d.login(r, env)
		}
		return err
	})
	if err != nil {
		d.metrics.logins.WithLabelValues("refused").Inc()
		return err
	}
	d.metrics.logins.WithLabelValues("ok").Inc()
	now := d.now()
	d.log.Info("staff login", "owner", key.Owner, "keyid", key.KeyID)
	expires := now.Add(bearerLife)
	plain, err := json.Marshal(bearer{Owner: key.Owner, KeyID: key.KeyID, Expires: expires.Unix()})
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, session{
		Token:   d.config.Keyring.Seal(purposeBearer, plain),
		Expires: stamp(time.Unix(expires.Unix(), 0)), Owner: key.Owner,
		Roles: rolesOf(d.keyset(), key.Owner, now),
	})
}

// login checks a session envelope. The origin in it is what the person's client
// dialled, so an envelope that another site was given is of no use here.
func (d *Desk) login(r *http.Request, env *notice.Envelope) (*notice.Key, error) {
	doc, err := notice.DecodeSession(env.Payload)
	if err != nil || env.PayloadType != notice.TypeSession || !d.guard.isDesk(doc.Origin, r.Host) {
		return nil, errLogin
	}
	now := d.now()
	if err := d.nonces.check(doc.Nonce, now); err != nil {
		return nil, err
	}
	ks := d.keyset()
	if ks == nil {
		return nil, errLogin
	}
	_, key, err := notice.VerifySession(env, ks, doc.Origin, now)
	if err != nil {
		return nil, errLogin
	}
	return key, d.nonces.use(doc.Nonce, key.KeyID, now)
}

// authenticate tells who asks, by the bearer token and the keyset in force.
func (d *Desk) authenticate(r *http.Request) (staff, error) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		return staff{}, errUnauthorized
	}
	plain, err := d.config.Keyring.Open(purposeBearer, token)
	if err != nil {
		return staff{}, errUnauthorized
	}
	var b bearer
	if err := json.Unmarshal(plain, &b); err != nil {
		return staff{}, errUnauthorized
	}
	now, ks := d.now(), d.keyset()
	if !now.Before(time.Unix(b.Expires, 0)) || ks == nil {
		return staff{}, errUnauthorized
	}
	key := ks.Key(b.KeyID)
	if key == nil || key.Owner != b.Owner || !key.ValidAt(now) || key.Has(notice.RoleBeacon) {
		return staff{}, errUnauthorized
	}
	return staff{owner: b.Owner, roles: rolesOf(ks, b.Owner, now)}, nil
}

// rolesOf are the roles of an owner's keys that are valid now, sorted.
func rolesOf(ks *notice.Keyset, owner string, now time.Time) []notice.Role {
	roles := []notice.Role{}
	if ks == nil {
		return roles
	}
	for i := range ks.Keys {
		if key := &ks.Keys[i]; key.Owner == owner && key.ValidAt(now) {
			roles = append(roles, key.Roles...)
		}
	}
	slices.Sort(roles)
	return slices.Compact(roles)
}
