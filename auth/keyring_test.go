package auth_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/auth"
	"tocsin/auth/authtest"
)

func TestSealAndOpen(t *testing.T) {
	ring := auth.NewKeyring()
	for _, plaintext := range []string{"", "x", strings.Repeat("long ", 1000)} {
		blob := ring.Seal("bearer", []byte(plaintext))
		require.NotEqual(t, blob, ring.Seal("bearer", []byte(plaintext)))
		got, err := ring.Open("bearer", blob)
		require.NoError(t, err)
		require.Equal(t, plaintext, string(got))
		_, err = ring.Open("ticket", blob)
		require.ErrorIs(t, err, auth.ErrSeal)
		_, err = auth.NewKeyring().Open("bearer", blob)
		require.ErrorIs(t, err, auth.ErrSeal)
	}
}

// The purpose begins where the header ends, whatever either says.
func TestPurposesDoNotRunTogether(t *testing.T) {
	ring := auth.NewKeyring()
	blob := ring.Seal("ab", []byte("x"))
	for _, purpose := range []string{"", "a", "b", "abc", "AB"} {
		_, err := ring.Open(purpose, blob)
		require.ErrorIs(t, err, auth.ErrSeal, purpose)
	}
}

// Every change of every character of a blob is found.
func TestTamperedBlobs(t *testing.T) {
	ring := auth.NewKeyring()
	blob := ring.Seal("bearer", []byte("the desk's own"))
	bad := []string{"", "A", blob + "A", blob + "==", blob + blob, blob + "\n", " " + blob, strings.Repeat("A", 1<<20)}
	for i := range blob {
		bad = append(bad, blob[:i])
		for _, c := range "Aa0_" {
			if changed := blob[:i] + string(c) + blob[i+1:]; changed != blob {
				bad = append(bad, changed)
			}
		}
	}
	for _, b := range bad {
		_, err := ring.Open("bearer", b)
		require.ErrorIs(t, err, auth.ErrSeal)
	}
}

func TestKeyringFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ticket.keys")
	made, err := auth.NewKeyringFile(path)
	require.NoError(t, err)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode())
	_, err = auth.NewKeyringFile(path)
	require.ErrorIs(t, err, fs.ErrExist)

	loaded, err := auth.LoadKeyring(path)
	require.NoError(t, err)
	plaintext, err := loaded.Open("p", made.Seal("p", []byte("x")))
	require.NoError(t, err)
	require.Equal(t, "x", string(plaintext))
	require.Equal(t, made.Pseudonym("iss", "sub"), loaded.Pseudonym("iss", "sub"))

	for _, mode := range []os.FileMode{0o640, 0o604, 0o620, 0o602, 0o644, 0o666, 0o610} {
		require.NoError(t, os.Chmod(path, mode))
		_, err = auth.LoadKeyring(path)
		require.ErrorContains(t, err, "chmod 600", "%o", mode)
		_, err = loaded.Reload()
		require.ErrorContains(t, err, "chmod 600", "%o", mode)
	}
	_, err = auth.LoadKeyring(filepath.Dir(path))
	require.Error(t, err)
	_, err = auth.LoadKeyring(path + ".none")
	require.ErrorIs(t, err, fs.ErrNotExist)
}

func TestKeyringFilesThatAreRefused(t *testing.T) {
	const p = "pseudonym AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
	const k = "key AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\n"
	for name, text := range map[string]string{
		"empty":            "",
		"no key":           p,
		"no pseudonym":     k,
		"two pseudonyms":   p + strings.Replace(p, "AA\n", "AQ\n", 1) + k,
		"a key twice":      p + k + k,
		"one for both":     p + strings.Replace(p, "pseudonym", "key", 1),
		"short":            p + "key AAAA\n",
		"not base64url":    p + strings.Replace(k, "AAE", "A+E", 1),
		"padded":           p + strings.Replace(k, "\n", "=\n", 1),
		"unused bits":      p + strings.Replace(k, "AAE", "AAF", 1),
		"unknown word":     p + "Key " + k[4:],
		"three words":      p + strings.Replace(k, "\n", " x\n", 1),
		"binary":           "\x00\x01\x02",
		"too many keys":    p + manyKeys(17),
		"more than 8 KiB":  p + k + strings.Repeat("# comment\n", 1000),
		"one endless line": p + k + "#" + strings.Repeat("x", 8<<10),
	} {
		path := filepath.Join(t.TempDir(), "keys")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		_, err := auth.LoadKeyring(path)
		require.Error(t, err, name)
		require.NotContains(t, err.Error(), "AAAA", "%s: an error shows no key", name)
	}
	path := filepath.Join(t.TempDir(), "keys")
	require.NoError(t, os.WriteFile(path, []byte("# a\n\n"+p+" "+k+manyKeys(15)), 0o600))
	_, err := auth.LoadKeyring(path)
	require.NoError(t, err)
}

func manyKeys(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("key " + strings.Repeat("A", 40) + string(rune('B'+i)) + "AA\n")
	}
	return b.String()
}

// lines returns those of a keyring's file that hold keys.
func lines(t *testing.T, path string) []string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return slices.DeleteFunc(strings.Split(strings.TrimSpace(string(text)), "\n"), func(l string) bool { return strings.HasPrefix(l, "#") })
}

func write(t *testing.T, path string, lines ...string) {
	t.Helper()
	require.NoError(t, os.WriteFile(path+".next", []byte(strings.Join(lines, "\n")+"\n"), 0o600))
	require.NoError(t, os.Rename(path+".next", path))
}

// Rotation as documented: append, move up, delete. No ticket is lost before
// the last step, and open sessions get new ones by then.
func TestRotatingKeys(t *testing.T) { synctest.Test(t, testRotatingKeys) }

func testRotatingKeys(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "keys")
	ring, err := auth.NewKeyringFile(path)
	require.NoError(t, err)
	_, err = auth.NewKeyringFile(path + ".other")
	require.NoError(t, err)
	was := lines(t, path)
	pseudonym, old, fresh := was[0], was[1], lines(t, path+".other")[1]

	issuer := authtest.NewOffline(t)
	c := oneIssuer(issuer)
	c.TicketKeys, c.Transport = ring, issuer.Transport()
	a := authtest.Run(t, c, issuer)
	h := a.Admit(auth.Credentials{Tokens: []string{issuer.Token(map[string]any{"tenant": "north"})}})
	first := a.Grant(h)

	write(t, path, pseudonym, old, fresh)
	wait(t, a, func() {}) // Run watches the file
	require.Equal(t, auth.Restricted, byTicket(a, first.Ticket).Tier)

	write(t, path, pseudonym, fresh, old)
	wait(t, a, func() {})
	second := a.Grant(h)
	require.NotEqual(t, first.Ticket, second.Ticket)
	require.Equal(t, first.Labels, second.Labels)
	require.Equal(t, first.TicketExpires, second.TicketExpires)
	renewed := byTicket(a, first.Ticket)
	require.Equal(t, auth.Restricted, renewed.Tier)

	write(t, path, pseudonym, fresh)
	wait(t, a, func() {})
	require.Equal(t, auth.ReasonTicketInvalid, byTicket(a, first.Ticket).Reason)
	require.Equal(t, auth.Restricted, byTicket(a, second.Ticket).Tier)
	require.Equal(t, auth.Restricted, byTicket(a, renewed.Ticket).Tier)
}

// A file that has become unusable is not taken up; the ring goes on.
func TestReloadKeepsTheRingOnErrors(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys")
	ring, err := auth.NewKeyringFile(path)
	require.NoError(t, err)
	_, err = auth.NewKeyringFile(path + ".other")
	require.NoError(t, err)
	was, other := lines(t, path), lines(t, path+".other")
	blob := ring.Seal("p", []byte("x"))

	changed, err := ring.Reload()
	require.NoError(t, err)
	require.False(t, changed)
	for name, text := range map[string][]string{
		"another pseudonym key": {other[0], was[1]},
		"no key":                {was[0]},
		"nothing":               {""},
	} {
		write(t, path, text...)
		changed, err := ring.Reload()
		require.Error(t, err, name)
		require.False(t, changed, name)
		_, err = ring.Open("p", blob)
		require.NoError(t, err, name)
	}
	require.NoError(t, os.Remove(path))
	_, err = ring.Reload()
	require.ErrorIs(t, err, fs.ErrNotExist)
	changed, err = auth.NewKeyring().Reload()
	require.NoError(t, err)
	require.False(t, changed)
}

func TestPseudonyms(t *testing.T) {
	ring := auth.NewKeyring()
	p := ring.Pseudonym("https://a.example", "ana")
	require.Len(t, p, 43)
	require.Equal(t, p, ring.Pseudonym("https://a.example", "ana"))
	for _, other := range []string{
		ring.Pseudonym("https://b.example", "ana"),
		ring.Pseudonym("https://a.example", "bob"),
		ring.Pseudonym("https://a.exampl", "eana"),
		ring.LoginPseudonym("https://a.example", "ana"),
		auth.NewKeyring().Pseudonym("https://a.example", "ana"),
	} {
		require.NotEqual(t, p, other)
	}
}

// A broken keyring is said once, not every five seconds.
func TestBrokenKeyringIsSaidOnce(t *testing.T) { synctest.Test(t, testBrokenKeyringIsSaidOnce) }

func testBrokenKeyringIsSaidOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys")
	ring, err := auth.NewKeyringFile(path)
	require.NoError(t, err)
	secret := strings.Fields(lines(t, path)[1])[1]
	out := &log{}
	a := newAuthority(t, auth.Config{TicketKeys: ring, Logger: out.Logger()})
	require.NoError(t, os.Chmod(path, 0o644))
	authtest.Start(t, a)
	time.Sleep(time.Minute)
	require.Equal(t, 1, strings.Count(out.String(), "keyring not reloaded"))
	require.NoError(t, os.Chmod(path, 0o600))
	time.Sleep(time.Minute)
	require.NoError(t, os.Chmod(path, 0o644))
	time.Sleep(time.Minute)
	require.Equal(t, 2, strings.Count(out.String(), "keyring not reloaded"), "and again when it breaks again")
	require.NotContains(t, out.String(), secret)
}
