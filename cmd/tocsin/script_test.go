package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	crand "crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	natsserver "github.com/nats-io/nats-server/v2/server"
	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	testscript.Main(leakless{m}, map[string]func(){"tocsin": main})
}

// unwatchedDir is what unwatch has made; "" for nothing.
var unwatchedDir string

// leakless runs the tests, and fails if one of them leaves a goroutine behind.
type leakless struct{ *testing.M }

func (l leakless) Run() int {
	code := l.M.Run()
	_ = os.RemoveAll(unwatchedDir)
	http.DefaultClient.CloseIdleConnections()
	// The client library's own: a quick Put of an object may end before the goroutine that it
	// began has looked for what to wait for, which then waits for nothing, for good.
	theirs := goleak.IgnoreTopFunction("github.com/nats-io/nats.go/jetstream.(*jetStream).resetPendingAcksOnReconnect")
	if err := goleak.Find(theirs); code == 0 && err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// TestScripts runs the real command, servers included, as testdata/script says.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup:               setup,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"until":    until,
			"tick":     tick,
			"field":    field,
			"mode":     mode,
			"contains": contains,
			"fetch":    fetch,
			"nats":     nats,
			"append":   appendLines,
			"post":     post,

			"certificate": certificate,
		},
	})
}

// setup gives each script addresses of its own by the variables of the flags, so
// that its lines read as someone would type them.
func setup(env *testscript.Env) error {
	if err := unwatch(); err != nil {
		return err
	}
	env.Setenv("PATH", os.Getenv("PATH"))
	listen, desk, admin := freeAddress(), freeAddress(), freeAddress()
	for name, value := range map[string]string{
		"TOCSIN_LISTEN": listen, "TOCSIN_URL": "ws://" + listen,
		"TOCSIN_DESK_LISTEN": desk, "TOCSIN_DESK": "http://" + desk,
		"TOCSIN_ADMIN_LISTEN": admin, "TOCSIN_ADMIN": "http://" + admin,
		"SPARE1": freeAddress(), "SPARE2": freeAddress(), "SPARE3": freeAddress(), "SPARE4": freeAddress(),
		"GORACE":       "atexit_sleep_ms=0", // otherwise every command ends with a second of waiting
		"TOCSIN_DRAIN": "100ms", "TZ": "UTC", "LISTEN": listen, "DESK": desk, "ADMIN": admin,
	} {
		env.Setenv(name, value)
	}
	return copyFile("../../notice/testdata/cap/amber-alert.xml", filepath.Join(env.WorkDir, "amber-alert.xml"))
}

func copyFile(from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o600)
}

var taken sync.Map

// freeAddress finds a port that nobody listens on, below the range from which
// systems take the ports of outgoing connections, so that it stays free until
// the script's server wants it, also after that server was killed.
func freeAddress() string {
	for {
		address := fmt.Sprintf("127.0.0.1:%d", 12000+rand.IntN(18000))
		if _, used := taken.LoadOrStore(address, true); used {
			continue
		}
		if l, err := net.Listen("tcp", address); err == nil {
			l.Close()
			return address
		}
	}
}

// until runs a command again and again until it succeeds, or until it fails:
// until [!] tocsin status.
func until(ts *testscript.TestScript, neg bool, args []string) {
	failure := len(args) > 0 && args[0] == "!"
	if failure {
		args = args[1:]
	}
	if neg || len(args) == 0 {
		ts.Fatalf("usage: until [!] program [args...]")
	}
	var err error
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if err = ts.Exec(args[0], args[1:]...); (err != nil) == failure {
			return
		}
	}
	ts.Fatalf("%s: %v", strings.Join(args, " "), err)
}

// tick waits for the clock's next second: times in documents and tokens have no fraction.
func tick(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: tick")
	}
	for now := time.Now(); time.Now().Unix() == now.Unix(); {
		time.Sleep(time.Until(now.Truncate(time.Second).Add(time.Second)))
	}
}

// field puts the text between two others, in the last output, into a variable:
// field ID stdout 'id        ' '\n'.
func field(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 4 {
		ts.Fatalf("usage: field NAME file before after")
	}
	unescape := strings.NewReplacer(`\n`, "\n")
	_, rest, found := strings.Cut(ts.ReadFile(args[1]), unescape.Replace(args[2]))
	value, _, ended := strings.Cut(rest, unescape.Replace(args[3]))
	if !found || !ended {
		ts.Fatalf("no text between %q and %q in %s:\n%s", args[2], args[3], args[1], ts.ReadFile(args[1]))
	}
	ts.Setenv(args[0], value)
}

// mode checks the permissions of files: mode 600 root.key.
func mode(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: [!] mode octal file...")
	}
	for _, name := range args[1:] {
		info, err := os.Stat(ts.MkAbs(name))
		ts.Check(err)
		if is := fmt.Sprintf("%o", info.Mode().Perm()); (is == args[0]) == neg {
			ts.Fatalf("%s has mode %s", name, is)
		}
	}
}

// contains checks a file, or stdout, for text without regular expressions.
func contains(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: [!] contains file text")
	}
	if text := ts.ReadFile(args[0]); strings.Contains(text, args[1]) == neg {
		ts.Fatalf("%s holds %q: %v; it is:\n%s", args[0], args[1], neg, text)
	}
}

// fetch gets a resource into a file: fetch [-host NAME] URL file.
func fetch(ts *testscript.TestScript, neg bool, args []string) {
	host := ""
	if len(args) == 4 && args[0] == "-host" {
		host, args = args[1], args[2:]
	}
	if len(args) != 2 {
		ts.Fatalf("usage: [!] fetch [-host NAME] URL file")
	}
	req, err := http.NewRequest(http.MethodGet, args[0], nil)
	ts.Check(err)
	req.Host = host
	resp, err := http.DefaultClient.Do(req)
	ts.Check(err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	ts.Check(err)
	if (resp.StatusCode == http.StatusOK) == neg {
		ts.Fatalf("%s: %s\n%s", args[0], resp.Status, body)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), body, 0o600))
}

// post hands a file to an API: post file URL.
func post(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: [!] post file URL")
	}
	resp, err := http.Post(args[1], "application/json", strings.NewReader(ts.ReadFile(args[0])))
	ts.Check(err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	ts.Check(err)
	if (resp.StatusCode < 300) == neg {
		ts.Fatalf("%s: %s\n%s", args[1], resp.Status, body)
	}
}

// appendLines appends the lines of a file that begin with a word to another:
// append to from word.
func appendLines(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: append to from word")
	}
	f, err := os.OpenFile(ts.MkAbs(args[0]), os.O_WRONLY|os.O_APPEND, 0)
	ts.Check(err)
	defer f.Close()
	for line := range strings.Lines(ts.ReadFile(args[1])) {
		if strings.HasPrefix(line, args[2]) {
			_, err := f.WriteString(line)
			ts.Check(err)
		}
	}
}

// nats starts a NATS server with JetStream, and puts its URL into $NATS.
func nats(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: nats")
	}
	s, err := startNATS(ts.MkAbs("nats"))
	ts.Check(err)
	ts.Defer(func() { stopNATS(s) })
	ts.Setenv("NATS", s.ClientURL())
}

// startNATS starts a NATS server with JetStream, at a free port of loopback unless an
// edit names one.
func startNATS(dir string, edits ...func(*natsserver.Options)) (*natsserver.Server, error) {
	options := &natsserver.Options{
		Host: "127.0.0.1", Port: natsserver.RANDOM_PORT, JetStream: true, StoreDir: dir, NoSigs: true,
	}
	for _, edit := range edits {
		edit(options)
	}
	s, err := natsserver.NewServer(options)
	if err != nil {
		return nil, err
	}
	s.Start()
	if !s.ReadyForConnections(20 * time.Second) {
		stopNATS(s)
		return nil, errors.New("the NATS server does not start")
	}
	return s, nil
}

func stopNATS(s *natsserver.Server) {
	s.Shutdown()
	s.WaitForShutdown()
}

// certificate makes a certificate for 127.0.0.1 that is its own authority:
// certificate cert-file key-file.
func certificate(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: certificate cert-file key-file")
	}
	cert, key, err := newCertificate()
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), cert, 0o600))
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), key, 0o600))
}

// newCertificate is a certificate for 127.0.0.1, and its key, in PEM.
func newCertificate() (cert, key []byte, err error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), crand.Reader)
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), IsCA: true, BasicConstraintsValid: true,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore:   time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(crand.Reader, template, template, private.Public(), private)
	if err != nil {
		return nil, nil, err
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}), err
}
