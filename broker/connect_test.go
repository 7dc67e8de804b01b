package broker_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/stretchr/testify/require"

	"tocsin/broker"
)

func awaitAvailable(t testing.TB, b *broker.Broker) {
	t.Helper()
	require.Eventually(t, func() bool { return b.Available(testContext(t)) == nil }, patience, 20*time.Millisecond)
}

// A server that refuses the credentials, again and again, is no reason to give up:
// they may be on their way.
func TestConnectOutlastsRefusedCredentials(t *testing.T) {
	t.Parallel()
	s := startNATS(t, func(o *server.Options) { o.Username, o.Password = "edge", "secret" })
	b := open(t, broker.Config{URLs: []string{s.url()}})
	// The client would give up at the second refusal, some two seconds from here.
	require.Never(t, func() bool { return b.Available(testContext(t)) == nil }, 5*time.Second, 100*time.Millisecond)
	s.stop()
	s.opts.Username, s.opts.Password = "", ""
	s.start()
	openExternal(t, s, broker.Config{})
	awaitAvailable(t, b)
}

// A user who may not listen to others' answers.
func TestConnectInboxPrefix(t *testing.T) {
	t.Parallel()
	s := startNATS(t, func(o *server.Options) {
		o.Users = []*server.User{{
			Username: "edge", Password: "secret",
			Permissions: &server.Permissions{
				Publish:   &server.SubjectPermission{Allow: []string{"$JS.API.>", "tocsin.log.>"}},
				Subscribe: &server.SubjectPermission{Allow: []string{"_INBOX_edge.>"}},
			},
		}}
	})
	url := "nats://edge:secret@" + s.url()[len("nats://"):]
	b := open(t, broker.Config{URLs: []string{url}, InboxPrefix: "_INBOX_edge"})
	require.NoError(t, b.Init(testContext(t), 1))
	r := newRecorder()
	follow(t, b, r)
	appendAll(t, b, 0, numbered(1, 3)...)
	r.awaitLive(t, 3)

	var log lockedBuffer
	other := open(t, broker.Config{URLs: []string{url}, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	require.ErrorIs(t, other.Available(testContext(t)), broker.ErrUnavailable, "the default prefix is not permitted")
	require.Eventually(t, func() bool { return strings.Contains(log.String(), "--nats-inbox") }, patience, time.Millisecond)

	for _, prefix := range []string{"_INBOX.", "a.>", "*"} {
		_, err := broker.Open(testContext(t), broker.Config{URLs: []string{url}, InboxPrefix: prefix, Logger: testLog()})
		require.Error(t, err, prefix)
	}
}

func TestConnectFilesThatAreMissing(t *testing.T) {
	t.Parallel()
	missing := filepath.Join(t.TempDir(), "missing")
	for _, config := range []broker.Config{{CredsFile: missing}, {CAFile: missing}} {
		config.URLs, config.Logger = []string{"nats://127.0.0.1:1"}, testLog()
		_, err := broker.Open(testContext(t), config)
		require.ErrorContains(t, err, missing)
	}
}

// What the file holds is in no error.
func TestConnectCredentialsThatAreNone(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "creds")
	for text, wrong := range map[string]bool{
		"s3cret": true,
		"SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCUS3cret": true,
		"-----BEGIN NATS USER JWT-----\neyJ0\n":                         false, // read at each attempt, when it may be whole
	} {
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		b, err := broker.Open(testContext(t), broker.Config{URLs: []string{"nats://127.0.0.1:1"}, CredsFile: file, Logger: testLog()})
		if wrong {
			require.ErrorContains(t, err, file+" holds neither the seed of a user")
			require.NotContains(t, err.Error(), "3cret")
			continue
		}
		require.NoError(t, err)
		b.Close()
	}
}

func TestConnectChecksTheServersCertificate(t *testing.T) {
	t.Parallel()
	certificate, ca := selfSigned(t)
	s := startNATS(t, func(o *server.Options) {
		o.TLSConfig = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	})
	url := "tls://" + s.url()[len("nats://"):]
	b := open(t, broker.Config{URLs: []string{url}, CAFile: ca})
	require.NoError(t, b.Init(testContext(t), 1))
	awaitAvailable(t, b)

	_, otherCA := selfSigned(t)
	for _, file := range []string{"", otherCA} {
		b := open(t, broker.Config{URLs: []string{url}, CAFile: file})
		require.Never(t, func() bool { return b.Available(testContext(t)) == nil }, time.Second, 50*time.Millisecond)
	}
}

// selfSigned returns a certificate for 127.0.0.1 and a file that holds it.
func selfSigned(t testing.TB) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, file
}

func TestConnectKeepsPasswordsOutOfErrors(t *testing.T) {
	t.Parallel()
	_, err := broker.Open(testContext(t), broker.Config{URLs: []string{"nats://edge:s3cret@[::1"}, Logger: testLog()})
	require.Error(t, err)
	require.NotContains(t, err.Error(), "s3cret")
}

// lockedBuffer is what a logger writes to while the test reads.
type lockedBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
