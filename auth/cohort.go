package auth

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// MaxCohort is the number of people in one cohort: their list is 32 bytes each.
const MaxCohort = 1_000_000

// cohortName is the form of a cohort's name: the value of a cohort: label.
var cohortName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,63}$`)

// IsCohortName reports whether name can be a cohort's: 1 to 64 of a-z, 0-9 and -, the
// first no -.
func IsCohortName(name string) bool { return cohortName.MatchString(name) }

// Cohort is a list of people who are known only afterwards to be affected, by
// pseudonym. It is immutable. Whoever has a member's token or ticket gains the label
// cohort:<name>; nobody is told who else is on it.
type Cohort struct{ members []hash } // sorted, distinct

// NewCohort makes the cohort of an issuer's subjects. Only their pseudonyms are kept;
// a subject that is there twice counts once. More than [MaxCohort] subjects, or one that
// is empty or longer than 256 bytes, are an error, which names its place and not it.
func (k *Keyring) NewCohort(issuer string, subjects []string) (*Cohort, error) {
	if len(subjects) > MaxCohort {
		return nil, fmt.Errorf("auth: %d subjects are more than %d", len(subjects), MaxCohort)
	}
	ring := k.ring.Load()
	c := &Cohort{members: make([]hash, 0, len(subjects))}
	for i, sub := range subjects {
		if sub == "" || len(sub) > maxSubject {
			return nil, fmt.Errorf("auth: subject %d is empty, or longer than %d bytes", i+1, maxSubject)
		}
		c.members = append(c.members, ring.pseudonymOf(issuer, sub))
	}
	slices.SortFunc(c.members, compareHash)
	c.members = slices.Compact(c.members)
	return c, nil
}

func compareHash(a, b hash) int { return bytes.Compare(a[:], b[:]) }

// Len is the number of people.
func (c *Cohort) Len() int { return len(c.members) }

// has tells whether a pseudonym is on the list; some 20 steps of a binary search.
func (c *Cohort) has(sub hash) bool {
	_, found := slices.BinarySearchFunc(c.members, sub, compareHash)
	return found
}

// SealCohort writes a cohort so that OpenCohort gives it back under this name alone.
// Where it is kept, nobody can read or change it. The key is made of the pseudonym
// key, so that a rotation of the other keys does not lose a cohort.
func (k *Keyring) SealCohort(name string, c *Cohort) []byte {
	plain := make([]byte, 0, len(c.members)*len(hash{}))
	for i := range c.members {
		plain = append(plain, c.members[i][:]...)
	}
	return k.ring.Load().cohortCipher().Seal(nil, nil, plain, cohortData(name))
}

var errCohort = errors.New("auth: not a cohort of this name that these keys sealed")

// OpenCohort reads what SealCohort wrote.
func (k *Keyring) OpenCohort(name string, sealed []byte) (*Cohort, error) {
	if !IsCohortName(name) {
		return nil, errCohort
	}
	plain, err := k.ring.Load().cohortCipher().Open(nil, nil, sealed, cohortData(name))
	if err != nil || len(plain)%len(hash{}) != 0 || len(plain)/len(hash{}) > MaxCohort {
		return nil, errCohort
	}
	c := &Cohort{members: make([]hash, 0, len(plain)/len(hash{}))}
	for member := range slices.Chunk(plain, len(hash{})) {
		c.members = append(c.members, hash(member))
	}
	if !slices.IsSortedFunc(c.members, compareHash) {
		return nil, errCohort
	}
	return c, nil
}

func cohortData(name string) []byte { return []byte("tocsin cohort v1\x00" + name) }

// cohortCipher seals cohorts. No issuer is called "cohort", so its key is no pseudonym.
func (r *ring) cohortCipher() cipher.AEAD {
	secret := r.hmac("cohort", "seal", "v1")
	block, err := aes.NewCipher(secret[:])
	if err != nil {
		panic(err) // the length is right
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err)
	}
	return aead
}

// SetCohort puts a cohort into force, in place of one of the same name; nil takes it
// out. Open sessions gain or lose its label: Changed fires.
func (a *Authority) SetCohort(name string, c *Cohort) {
	a.cohortsMu.Lock()
	defer a.cohortsMu.Unlock()
	next := maps.Clone(*a.cohorts.Load())
	if c == nil {
		delete(next, name)
	} else {
		next[name] = c
	}
	a.cohorts.Store(&next)
	a.touch()
}

// cohortsOf lists the labels that the pseudonyms of proofs give, in order.
func (a *Authority) cohortsOf(proofs []proof) []string {
	var labels []string
	for name, c := range *a.cohorts.Load() {
		if slices.ContainsFunc(proofs, func(p proof) bool { return c.has(p.sub) }) {
			labels = append(labels, "cohort:"+name)
		}
	}
	slices.SortFunc(labels, strings.Compare)
	return labels
}
