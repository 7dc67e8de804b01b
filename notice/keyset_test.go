package notice_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/require"

	"tocsin/notice"
	"tocsin/notice/noticetest"
)

// keysetVector is one case of testdata/keysets.json: a payload, and the rule that
// it breaks, if it is bad.
type keysetVector struct {
	Name    string `json:"name"`
	Payload string `json:"payload"`
	Rule    string `json:"rule,omitempty"`
}

func TestKeysets(t *testing.T) {
	s := noticetest.NewStaff(t)
	s.Clock = func() time.Time { return logEpoch }
	few := func(edits ...func(*notice.Keyset)) *notice.Keyset { // vectors stay small
		edits = append([]func(*notice.Keyset){func(ks *notice.Keyset) { ks.Keys = ks.Keys[:1] }, s.With(s.BreakGlass, notice.RolePublisher)}, edits...)
		return s.Keyset(1, edits...)
	}
	encode := func(ks *notice.Keyset) string {
		payload, err := notice.EncodeKeyset(ks)
		require.NoError(t, err)
		again, err := notice.DecodeKeyset(payload)
		require.NoError(t, err)
		require.Equal(t, ks, again)
		return string(payload)
	}
	good := encode(few())
	first := few().Keys[0]
	replace := func(old, new string) string {
		require.Contains(t, good, old)
		return strings.Replace(good, old, new, 1)
	}
	vectors := []keysetVector{
		{Name: "good", Payload: good},
		{Name: "the greatest version", Payload: replace(`"version":1,`, `"version":2147483647,`)},
		{Name: "a developer's", Payload: encode(few(func(ks *notice.Keyset) { ks.Dev = true }))},
		{Name: "no keys", Payload: encode(few(func(ks *notice.Keyset) { ks.Keys = []notice.Key{} }))},
		{Name: "two roots, all thresholds", Payload: encode(few(noticetest.Roots(2, s.Root, s.Root2), noticetest.Thresholds(notice.Thresholds{
			Patient: 3, Staff: 2, Cancel: 2, Contacts: 1, Posture: 1, Redaction: 16,
			BySeverity: map[notice.Severity]int{"Extreme": 1, "Unknown": 16},
		})))},
		{Name: "break-glass for 366 days", Payload: encode(few(func(ks *notice.Keyset) {
			k := &ks.Keys[1]
			k.BreakGlass, k.NotBefore, k.NotAfter = true, "2027-01-01T00:00:00-00:00", "2028-01-02T00:00:00-00:00"
		}))},
		{Name: "only what is required", Payload: fmt.Sprintf(
			`{"version":7,"expires":"2027-01-01T00:00:00+01:00","roots":[{"keyid":%q,"publicKey":%q}],"rootThreshold":1}`,
			s.Root.KeyID(), base64.StdEncoding.EncodeToString(s.Root.Public()))},

		{Name: "version 0", Rule: "keyset.version", Payload: replace(`"version":1,`, `"version":0,`)},
		{Name: "version 2^31", Rule: "keyset.version", Payload: replace(`"version":1,`, `"version":2147483648,`)},
		{Name: "version 1.0", Rule: "json.number", Payload: replace(`"version":1,`, `"version":1.0,`)},
		{Name: "version as text", Rule: "json.type", Payload: replace(`"version":1,`, `"version":"1",`)},
		{Name: "no expires", Rule: "keyset.expires", Payload: replace(`"expires":"2027-11-22T09:30:00-00:00",`, "")},
		{Name: "expires with Z", Rule: "keyset.expires", Payload: replace(`"expires":"2027-11-22T09:30:00-00:00",`, `"expires":"2027-11-22T09:30:00Z",`)},
		{Name: "no roots", Rule: "keyset.roots", Payload: broken(few(func(ks *notice.Keyset) { ks.Roots = nil }))},
		{Name: "a root twice", Rule: "keyset.roots", Payload: broken(few(noticetest.Roots(1, s.Root, s.Root)))},
		{Name: "rootThreshold 0", Rule: "keyset.roots", Payload: broken(few(noticetest.Roots(0, s.Root)))},
		{Name: "rootThreshold above the roots", Rule: "keyset.roots", Payload: broken(few(noticetest.Roots(2, s.Root)))},
		{Name: "a root with another's keyid", Rule: "keyset.roots", Payload: broken(few(func(ks *notice.Keyset) { ks.Roots[0].KeyID = s.Root2.KeyID() }))},
		{Name: "a key with another's keyid", Rule: "keyset.keyid", Payload: broken(few(func(ks *notice.Keyset) { ks.Keys[0].KeyID = s.Approver.KeyID() }))},
		{Name: "a key twice", Rule: "keyset.duplicate", Payload: broken(few(s.With(s.Publisher, notice.RoleApprover)))},
		{Name: "a root as signing key", Rule: "keyset.duplicate", Payload: broken(few(s.With(s.Root, notice.RolePublisher)))},
		{Name: "owner in upper case", Rule: "keyset.owner", Payload: replace(`"owner":"ana-ruiz"`, `"owner":"Ana"`)},
		{Name: "no owner", Rule: "keyset.owner", Payload: replace(`"owner":"ana-ruiz",`, ``)},
		{Name: "no roles", Rule: "keyset.roles", Payload: broken(few(func(ks *notice.Keyset) { ks.Keys[0].Roles = []notice.Role{} }))},
		{Name: "an unknown role", Rule: "keyset.roles", Payload: broken(few(func(ks *notice.Keyset) { ks.Keys[0].Roles = []notice.Role{"admin"} }))},
		{Name: "a role twice", Rule: "keyset.roles", Payload: broken(few(func(ks *notice.Keyset) { ks.Keys[0].Roles = []notice.Role{"publisher", "publisher"} }))},
		{Name: "a beacon that publishes", Rule: "keyset.roles", Payload: broken(few(func(ks *notice.Keyset) { ks.Keys[0].Roles = []notice.Role{"publisher", "beacon"} }))},
		{Name: "notBefore = notAfter", Rule: "keyset.validity", Payload: broken(few(func(ks *notice.Keyset) { ks.Keys[0].NotAfter = ks.Keys[0].NotBefore }))},
		{Name: "no notAfter", Rule: "keyset.validity", Payload: broken(few(func(ks *notice.Keyset) { ks.Keys[0].NotAfter = "" }))},
		{Name: "notBefore with a fraction", Rule: "keyset.validity", Payload: broken(few(func(ks *notice.Keyset) { ks.Keys[0].NotBefore = "2026-01-01T00:00:00.0-00:00" }))},
		{Name: "break-glass for longer", Rule: "keyset.breakGlass", Payload: broken(few(func(ks *notice.Keyset) {
			k := &ks.Keys[1]
			k.BreakGlass, k.NotBefore, k.NotAfter = true, "2027-01-01T00:00:00-00:00", "2028-01-02T00:00:01-00:00"
		}))},
		{Name: "a threshold below 0", Rule: "keyset.policy", Payload: broken(few(noticetest.Thresholds(notice.Thresholds{Patient: -1})))},
		{Name: "a threshold above 16", Rule: "keyset.policy", Payload: broken(few(noticetest.Thresholds(notice.Thresholds{Redaction: 17})))},
		{Name: "bySeverity 0", Rule: "keyset.policy", Payload: broken(few(noticetest.Thresholds(notice.Thresholds{BySeverity: map[notice.Severity]int{"Minor": 0}})))},
		{Name: "an unknown severity", Rule: "keyset.policy", Payload: broken(few(noticetest.Thresholds(notice.Thresholds{BySeverity: map[notice.Severity]int{"minor": 1}})))},
		{Name: "base64 that is not canonical", Rule: "json.type", Payload: strings.ReplaceAll(good, base64Text(first.PublicKey), base64Text(first.PublicKey)[:42]+"B=")},
		{Name: "a duplicate name", Rule: "json.duplicate", Payload: replace(`"dev":false,`, `"dev":false,"dev":true,`)},
		{Name: "another case", Rule: "json.unknown", Payload: replace(`"dev":`, `"Dev":`)},
		{Name: "an unknown member of a key", Rule: "json.unknown", Payload: replace(`"owner":`, `"email":"a","owner":`)},
		{Name: "null", Rule: "json.null", Payload: replace(`"dev":false`, `"dev":null`)},
		{Name: "too long", Rule: "json.size", Payload: good + strings.Repeat(" ", notice.MaxPayload)},
	}
	for _, host := range []string{"", "Clinic.example", "clinic.example.", ".clinic", "clinic..example", "-clinic.example", "clinic-.example", "clinic.example:443", "*.example", "clínica.example", strings.Repeat("a", 64) + ".example"} {
		vectors = append(vectors, keysetVector{Name: "link host " + host, Rule: "keyset.policy", Payload: broken(few(func(ks *notice.Keyset) { ks.Policy.LinkHosts = []string{host} }))})
	}
	points := badPoints(t)
	for _, name := range slices.Sorted(maps.Keys(points)) {
		raw, err := base64.StdEncoding.DecodeString(points[name])
		require.NoError(t, err)
		set := func(k *notice.Key) { k.PublicKey, k.KeyID = raw, notice.KeyID(raw) }
		vectors = append(vectors,
			keysetVector{Name: "a key that is none: " + name, Rule: "keyset.publicKey", Payload: broken(few(func(ks *notice.Keyset) { set(&ks.Keys[0]) }))},
			keysetVector{Name: "a root that is none: " + name, Rule: "keyset.roots", Payload: broken(few(func(ks *notice.Keyset) {
				ks.Roots = []notice.RootKey{notice.NewRootKey(raw)}
			}))})
	}
	for _, v := range vectors {
		t.Run(v.Name, func(t *testing.T) {
			_, err := notice.DecodeKeyset([]byte(v.Payload))
			if v.Rule == "" {
				require.NoError(t, err)
				return
			}
			require.Equal(t, v.Rule, ruleOf(t, err), "%v", err)
		})
	}
	golden(t, "keysets.json", vectors)
}

func base64Text(data []byte) string { return base64.StdEncoding.EncodeToString(data) }

// broken encodes a keyset that EncodeKeyset would refuse, in the same form.
func broken(ks *notice.Keyset) string {
	data, err := json.Marshal(ks, json.Deterministic(true))
	if err != nil {
		panic(err)
	}
	return string(data)
}

func TestEncodeKeysetChecks(t *testing.T) {
	s := noticetest.NewStaff(t)
	_, err := notice.EncodeKeyset(s.Keyset(0))
	require.Equal(t, "keyset.version", ruleOf(t, err))
}

func TestKeyValidity(t *testing.T) {
	k := notice.Key{NotBefore: "2026-11-22T09:30:00-00:00", NotAfter: "2026-11-22T10:30:00+01:00"}
	require.True(t, k.ValidAt(logEpoch), "both ends are included")
	require.False(t, k.ValidAt(logEpoch.Add(-time.Nanosecond)))
	require.False(t, k.ValidAt(logEpoch.Add(time.Nanosecond)))
	require.False(t, (&notice.Key{}).ValidAt(logEpoch))
}

func FuzzKeyset(f *testing.F) {
	s := noticetest.NewStaff(f)
	good, err := notice.EncodeKeyset(s.Keyset(1))
	require.NoError(f, err)
	f.Add(good)
	f.Add(bytes.Replace(good, []byte(`"dev":false`), []byte(`"dev":true`), 1))
	b := s.Board()
	f.Fuzz(func(t *testing.T, payload []byte) {
		ks, err := notice.DecodeKeyset(payload)
		// Signed by the root, it is accepted or refused, and never panics.
		body := noticetest.SignBytes(notice.TypeKeyset, payload, s.Root).Marshal()
		if _, tryErr := b.Try(body); tryErr == nil {
			require.NoError(t, err)
			require.NoError(t, s.Board().Fold(notice.Entry{Seq: 2, Body: body}).Err)
		}
		if err != nil {
			ruleOf(t, err)
			return
		}
		again, err := notice.EncodeKeyset(ks)
		require.NoError(t, err)
		ks2, err := notice.DecodeKeyset(again)
		require.NoError(t, err)
		again2, err := notice.EncodeKeyset(ks2)
		require.NoError(t, err)
		require.Equal(t, again, again2)
	})
}
