// Package noticetest is the kit for testing what takes signed notices: a staff
// with keys, a trust, keysets, notices that pass the rules, and signing. Keys are
// the same in every run; times and identifiers are fresh unless they are set.
package noticetest

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"tocsin/notice"
)

// Staff is a small clinic's: one key for each owner, but for the two of Publisher.
// A Staff is not safe for concurrent use; its keys are.
type Staff struct {
	// Clock tells the builders what time it is. Default time.Now.
	Clock func() time.Time
	// NewID makes identifiers. Default: UUIDv7.
	NewID func() string
	// Dev marks the keysets as a developer's.
	Dev bool

	Root, Root2, NewRoot *notice.PrivateKey // Root is the one in force

	Publisher      *notice.PrivateKey // owner ana-ruiz
	PublisherSpare *notice.PrivateKey // a second key of ana-ruiz, publisher and approver
	Publisher2     *notice.PrivateKey // owner dan-okafor
	Approver       *notice.PrivateKey // owner ben-holt
	Approver2      *notice.PrivateKey // owner cara-lind
	Contacts       *notice.PrivateKey // owner finn-maas
	Contacts2      *notice.PrivateKey // owner gia-rossi
	Operator       *notice.PrivateKey // owner hana-sato
	Operator2      *notice.PrivateKey // owner ivo-brandt
	Beacon         *notice.PrivateKey // owner desk-1
	BreakGlass     *notice.PrivateKey // owner safe-deposit; publisher and operator
	Stranger       *notice.PrivateKey // in no keyset
	Removed        *notice.PrivateKey // owner lea-moor, publisher; in no keyset unless [With]

	tb testing.TB
}

// NewStaff makes the staff. tb may be nil: then what fails panics.
func NewStaff(tb testing.TB) *Staff {
	s := &Staff{Clock: time.Now, NewID: func() string { return uuid.Must(uuid.NewV7()).String() }, tb: tb}
	for _, k := range []struct {
		key         **notice.PrivateKey
		name, owner string
	}{
		{&s.Root, "root", "root"}, {&s.Root2, "root 2", "root-2"}, {&s.NewRoot, "new root", "new-root"},
		{&s.Publisher, "publisher", "ana-ruiz"}, {&s.PublisherSpare, "publisher spare", "ana-ruiz"},
		{&s.Publisher2, "publisher 2", "dan-okafor"},
		{&s.Approver, "approver", "ben-holt"}, {&s.Approver2, "approver 2", "cara-lind"},
		{&s.Contacts, "contacts", "finn-maas"}, {&s.Contacts2, "contacts 2", "gia-rossi"},
		{&s.Operator, "operator", "hana-sato"}, {&s.Operator2, "operator 2", "ivo-brandt"},
		{&s.Beacon, "beacon", "desk-1"}, {&s.BreakGlass, "break-glass", "safe-deposit"},
		{&s.Stranger, "stranger", "stranger"}, {&s.Removed, "removed", "lea-moor"},
	} {
		*k.key = must(s, func() (*notice.PrivateKey, error) { return key(k.name, k.owner) })
	}
	return s
}

// made holds the keys that are made already: tests make many a Staff.
var made sync.Map // name → *notice.PrivateKey

// key makes the key of that name, as the test's own copy.
func key(name, owner string) (*notice.PrivateKey, error) {
	if k, ok := made.Load(name); ok {
		own := *k.(*notice.PrivateKey)
		return &own, nil
	}
	seed := sha256.Sum256([]byte("noticetest " + name))
	k, err := notice.KeyFromSeed(owner, seed[:])
	if err == nil {
		made.Store(name, k)
		own := *k
		k = &own
	}
	return k, err
}

// must fails the test on an error.
func must[T any](s *Staff, f func() (T, error)) T {
	v, err := f()
	if err != nil {
		if s.tb == nil {
			panic(fmt.Sprintf("noticetest: %v", err))
		}
		s.tb.Helper()
		s.tb.Fatalf("noticetest: %v", err)
	}
	return v
}

// Trust pins Root alone.
func (s *Staff) Trust() notice.Trust {
	return notice.Trust{Roots: []notice.RootKey{notice.NewRootKey(s.Root.Public())}, Threshold: 1}
}

// Keyset is the staff's keyset, with every key but Stranger's and Removed's, valid
// from 30 days ago for 330 days, and the default policy with the link host
// clinic.example. Edits are applied in order.
func (s *Staff) Keyset(version int64, edits ...func(*notice.Keyset)) *notice.Keyset {
	now := s.Clock()
	ks := &notice.Keyset{
		Version: version, Expires: notice.FormatTime(now.AddDate(1, 0, 0)), Dev: s.Dev,
		Roots: s.Trust().Roots, RootThreshold: 1,
		Policy: notice.Policy{LinkHosts: []string{"clinic.example"}},
	}
	for _, k := range []struct {
		key   *notice.PrivateKey
		roles []notice.Role
	}{
		{s.Publisher, []notice.Role{notice.RolePublisher}},
		{s.PublisherSpare, []notice.Role{notice.RolePublisher, notice.RoleApprover}},
		{s.Publisher2, []notice.Role{notice.RolePublisher}},
		{s.Approver, []notice.Role{notice.RoleApprover}},
		{s.Approver2, []notice.Role{notice.RoleApprover}},
		{s.Contacts, []notice.Role{notice.RoleContacts}},
		{s.Contacts2, []notice.Role{notice.RoleContacts}},
		{s.Operator, []notice.Role{notice.RoleOperator}},
		{s.Operator2, []notice.Role{notice.RoleOperator}},
		{s.Beacon, []notice.Role{notice.RoleBeacon}},
		{s.BreakGlass, []notice.Role{notice.RolePublisher, notice.RoleOperator}},
	} {
		ks.Keys = append(ks.Keys, s.entry(k.key, k.roles...))
	}
	ks.Key(s.BreakGlass.KeyID()).BreakGlass = true
	for _, edit := range edits {
		edit(ks)
	}
	return ks
}

func (s *Staff) entry(k *notice.PrivateKey, roles ...notice.Role) notice.Key {
	now := s.Clock()
	return notice.NewKeysetKey(k.Public(), k.Owner, now.AddDate(0, 0, -30), now.AddDate(0, 0, 300), roles...)
}

// With adds a key to the keyset.
func (s *Staff) With(k *notice.PrivateKey, roles ...notice.Role) func(*notice.Keyset) {
	return func(ks *notice.Keyset) { ks.Keys = append(ks.Keys, s.entry(k, roles...)) }
}

// Without removes keys from the keyset.
func Without(keys ...*notice.PrivateKey) func(*notice.Keyset) {
	return func(ks *notice.Keyset) {
		ks.Keys = slices.DeleteFunc(ks.Keys, func(have notice.Key) bool {
			return slices.ContainsFunc(keys, func(k *notice.PrivateKey) bool { return k.KeyID() == have.KeyID })
		})
	}
}

// Thresholds sets the policy's.
func Thresholds(t notice.Thresholds) func(*notice.Keyset) {
	return func(ks *notice.Keyset) { ks.Policy.Thresholds = t }
}

// Roots sets the roots, and how many of them must sign the next keyset.
func Roots(threshold int, keys ...*notice.PrivateKey) func(*notice.Keyset) {
	return func(ks *notice.Keyset) {
		ks.Roots, ks.RootThreshold = nil, threshold
		for _, k := range keys {
			ks.Roots = append(ks.Roots, notice.NewRootKey(k.Public()))
		}
	}
}

// KeysetBody is the log entry of [Staff.Keyset], signed by Root.
func (s *Staff) KeysetBody(version int64, edits ...func(*notice.Keyset)) []byte {
	return s.SignKeyset(s.Keyset(version, edits...), s.Root)
}

// SignKeyset is the log entry of a keyset, signed by keys.
func (s *Staff) SignKeyset(ks *notice.Keyset, keys ...*notice.PrivateKey) []byte {
	return s.seal(notice.TypeKeyset, must(s, func() ([]byte, error) { return notice.EncodeKeyset(ks) }), keys)
}

// Board is a board that has folded the staff's keyset of version 1, at sequence 1.
func (s *Staff) Board() *notice.Board {
	b := notice.NewBoard(s.Trust(), s.Dev)
	must(s, func() (any, error) { o := b.Fold(notice.Entry{Seq: 1, Body: s.KeysetBody(1)}); return nil, o.Err })
	return b
}
