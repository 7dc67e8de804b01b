package webclient

import (
	"io/fs"
	"net/http"
	"strings"
)

// policy is the Content-Security-Policy of both apps: their own files, their own
// server, nothing inline, and no string that becomes script: nor may any script make a
// policy by which one would.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; " +
	"media-src 'self'; manifest-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; " +
	"form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// Portal serves the demo portal: / and /call, with their assets.
func Portal() http.Handler { return app("apps/portal") }

// Console serves the staff console: / (it routes by the fragment) and its assets.
func Console() http.Handler { return app("apps/console") }

// site is one app: its files by the path at which they are asked for.
type site struct {
	assets  map[string]*asset
	missing bool // only the placeholder is there
}

func app(folder string) http.Handler {
	files, ok := open(folder, "index.html")
	return newSite(files, !ok)
}

// newSite reads all files, which must be in memory anyway.
func newSite(files fs.FS, missing bool) *site {
	s := &site{assets: make(map[string]*asset), missing: missing}
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		body, err := fs.ReadFile(files, name)
		s.assets[address(name)] = newAsset(name, body)
		return err
	})
	if err != nil {
		panic(err) // an embedded file can be read
	}
	return s
}

// address is where a file is served: index.html at /, call.html or call/index.html at
// /call, everything else under its name.
func address(name string) string {
	page, ok := strings.CutSuffix(name, ".html")
	if !ok {
		return "/" + name
	}
	return "/" + strings.TrimSuffix(strings.TrimSuffix(page, "index"), "/")
}

// ServeHTTP answers GET and HEAD.
func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	harden(w.Header(), r)
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "405: only files are here", http.StatusMethodNotAllowed)
		return
	}
	a, ok := s.assets[r.URL.Path]
	switch {
	case !ok:
		w.Header().Set("Cache-Control", "no-store")
		http.NotFound(w, r)
	case s.missing:
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Content-Type", a.kind)
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write(a.body)
	default:
		a.serve(w, r)
	}
}

// harden sets what a browser is told about every file of an app.
func harden(h http.Header, r *http.Request) {
	h.Set("Content-Security-Policy", policy)
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	if r.TLS != nil {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}
