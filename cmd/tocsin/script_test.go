package main

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"tocsin": main})
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
			"field":    field,
			"mode":     mode,
			"contains": contains,
		},
	})
}

// setup gives each script addresses of its own by the variables of the flags, so
// that its lines read as someone would type them.
func setup(env *testscript.Env) error {
	listen, desk, admin := freeAddress(), freeAddress(), freeAddress()
	for name, value := range map[string]string{
		"TOCSIN_LISTEN": listen, "TOCSIN_URL": "ws://" + listen,
		"TOCSIN_DESK_LISTEN": desk, "TOCSIN_DESK": "http://" + desk,
		"TOCSIN_ADMIN_LISTEN": admin, "TOCSIN_ADMIN": "http://" + admin,
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

// until runs a command again and again until it succeeds: "until tocsin status".
func until(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: until program [args...]")
	}
	var err error
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if err = ts.Exec(args[0], args[1:]...); err == nil {
			return
		}
	}
	ts.Fatalf("%s: %v", strings.Join(args, " "), err)
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
