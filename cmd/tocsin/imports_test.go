package main_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "tocsin"

// mayImport is the table of the design ("Packages"): which of our packages each
// of them may import. A test kit may also import what its tests need.
var mayImport = map[string][]string{
	"notice":            {},
	"notice/noticetest": {"notice"},
	"wire":              {"notice"},
	"broker":            {"notice"},
	"broker/natstest":   {"broker"},
	"auth":              {},
	"auth/authtest":     {"auth"},
	"hub":               {"notice", "wire", "auth"},
	"audit":             {},
	"desk":              {"notice", "auth", "audit"},
	"client":            {"notice", "wire"},
	"cmd/tocsin":        {"notice", "wire", "broker", "auth", "hub", "audit", "desk", "client", "web-client"},
	"loadtest":          {"client", "wire", "loadtest/crowd", "loadtest/bare", "loadtest/target", "loadtest/report"},
	"loadtest/crowd":    {"wire"},
	"loadtest/bare":     {},
	"loadtest/target":   {"client"},
	"loadtest/report":   {},
	"chaos":             {"notice", "wire", "client", "loadtest/target"},
	"web-client":        {},
}

// onlyIn names who alone may import an outside package: types of NATS, JOSE,
// DSSE and kong stay where they belong, and only commands read flags and signals.
var onlyIn = map[string][]string{
	"github.com/nats-io/":              {"broker"},
	"github.com/golang-jwt/":           {"auth", "auth/authtest"},
	"github.com/MicahParks/jwkset":     {"auth", "auth/authtest"},
	"github.com/secure-systems-lab/":   {"notice"},
	"github.com/go-json-experiment/":   {"notice", "wire"},
	"github.com/coder/websocket":       {"hub", "client", "loadtest", "chaos"},
	"github.com/alecthomas/kong":       {"cmd/tocsin", "loadtest", "chaos"},
	"github.com/HdrHistogram/":         {"loadtest"},
	"flag":                             {"cmd/tocsin", "loadtest"},
	"os/signal":                        {"cmd/tocsin", "loadtest", "chaos"},
	"github.com/stretchr/testify":      {},
	"github.com/rogpeppe/go-internal/": {},
	"go.uber.org/goleak":               {},
	"pgregory.net/rapid":               {},
}

// never names what a package stays free of, though others may use it.
var never = map[string][]string{
	"notice": {"net/http", "net", "os"},
	"wire":   {"net/http", "net", "os"},
	"audit":  {"net/http", "net"},
}

// listed is what "go list -json" says of a package.
type listed struct {
	ImportPath                         string
	Imports, TestImports, XTestImports []string
}

func TestImports(t *testing.T) {
	packages := goList(t)
	require.NotEmpty(t, packages)
	for _, p := range packages {
		for _, problem := range wrongEdges(p) {
			t.Error(problem)
		}
	}
}

// TestImportsFail proves that the rules bite.
func TestImportsFail(t *testing.T) {
	for _, p := range []listed{
		{ImportPath: "tocsin/notice", Imports: []string{"net/http"}},
		{ImportPath: "tocsin/notice", Imports: []string{"tocsin/wire"}},
		{ImportPath: "tocsin/hub", Imports: []string{"tocsin/broker"}},
		{ImportPath: "tocsin/hub", Imports: []string{"github.com/nats-io/nats.go/jetstream"}},
		{ImportPath: "tocsin/hub", Imports: []string{"tocsin/notice/noticetest"}},
		{ImportPath: "tocsin/desk", Imports: []string{"flag"}},
		{ImportPath: "tocsin/desk", Imports: []string{"github.com/stretchr/testify/require"}},
		{ImportPath: "tocsin/client", TestImports: []string{"tocsin/cmd/tocsin"}},
		{ImportPath: "tocsin/util"},
	} {
		require.NotEmpty(t, wrongEdges(p), "%v", p)
	}
	require.Empty(t, wrongEdges(listed{
		ImportPath: "tocsin/hub", Imports: []string{"tocsin/wire"},
		XTestImports: []string{"tocsin/notice/noticetest", "tocsin/broker", "flag"},
	}))
}

// wrongEdges lists the imports of p that the tables do not allow.
func wrongEdges(p listed) []string {
	name := strings.TrimPrefix(p.ImportPath, module+"/")
	allowed, known := mayImport[name]
	if !known {
		return []string{name + " is not in the design's table of packages"}
	}
	var wrong []string
	for _, imported := range p.Imports {
		if ours, ok := strings.CutPrefix(imported, module+"/"); ok && !slices.Contains(allowed, ours) {
			wrong = append(wrong, fmt.Sprintf("%s may not import %s", name, ours))
		}
		if !allowedOutside(name, imported) || slices.Contains(never[name], imported) {
			wrong = append(wrong, fmt.Sprintf("%s may not import %s", name, imported))
		}
	}
	for _, imported := range slices.Concat(p.TestImports, p.XTestImports) {
		if strings.HasPrefix(imported, module+"/cmd/") {
			wrong = append(wrong, fmt.Sprintf("tests of %s may not import %s", name, imported))
		}
	}
	return wrong
}

// allowedOutside reports whether a package may import one of another module or
// of the standard library. Test kits may use what tests use.
func allowedOutside(name, imported string) bool {
	for prefix, owners := range onlyIn {
		match := imported == prefix || strings.HasPrefix(imported, strings.TrimSuffix(prefix, "/")+"/")
		if match && !slices.Contains(owners, name) {
			return len(owners) == 0 && strings.Contains(name, "/") && strings.HasSuffix(name, "test")
		}
	}
	return true
}

func goList(t *testing.T) []listed {
	t.Helper()
	list := exec.Command("go", "list", "-json=ImportPath,Imports,TestImports,XTestImports", "./...")
	list.Dir = "../.."
	list.Stderr = t.Output()
	out, err := list.Output()
	require.NoError(t, err)
	var packages []listed
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			return packages
		}
		require.NoError(t, err)
		packages = append(packages, p)
	}
}
