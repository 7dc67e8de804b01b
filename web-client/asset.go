package webclient

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"
)

const (
	// forever is for files whose names hold a hash of what is in them.
	forever = "public, max-age=31536000, immutable"
	// again has a browser ask each time, and be told that nothing changed.
	again = "no-cache"
)

// kinds are the types of files that a build has. The system's table is not asked: it
// differs between machines.
var kinds = map[string]string{
	".css": "text/css; charset=utf-8", ".html": "text/html; charset=utf-8", ".ico": "image/x-icon",
	".js": "text/javascript; charset=utf-8", ".json": "application/json", ".map": "application/json",
	".png": "image/png", ".svg": "image/svg+xml", ".txt": "text/plain; charset=utf-8",
	".webmanifest": "application/manifest+json", ".woff2": "font/woff2",
}

// asset is one file, ready to be served. It is immutable.
type asset struct {
	kind  string
	cache string
	tag   string // of the body, without quotes
	body  []byte
	// small is the body in gzip, made when it is first wanted; nil where that would
	// gain nothing.
	small func() []byte
}

func newAsset(name string, body []byte) *asset {
	sum := sha256.Sum256(body)
	a := &asset{kind: kinds[path.Ext(name)], cache: again, tag: hex.EncodeToString(sum[:16]), body: body}
	if strings.HasPrefix(name, "assets/") {
		a.cache = forever
	}
	if a.kind == "" {
		a.kind = "application/octet-stream"
	}
	a.small = sync.OnceValue(a.compress)
	return a
}

// compress makes the body smaller, if it is a text.
func (a *asset) compress() []byte {
	if strings.HasPrefix(a.kind, "image/png") || strings.HasPrefix(a.kind, "font/") {
		return nil
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(a.body) // to memory
	if err := z.Close(); err != nil || b.Len() >= len(a.body) {
		return nil
	}
	return b.Bytes()
}

// serve answers GET and HEAD, with a strong ETag for each encoding.
func (a *asset) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", a.kind)
	h.Set("Cache-Control", a.cache)
	h.Add("Vary", "Accept-Encoding")
	body, tag := a.body, a.tag
	if small := a.small(); small != nil && r.Header.Get("Range") == "" && acceptsGzip(r) {
		body, tag = small, a.tag+"-gzip"
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("ETag", `"`+tag+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}

// acceptsGzip reads Accept-Encoding (RFC 9110, section 12.5.3) as far as browsers and
// caches write it.
func acceptsGzip(r *http.Request) bool {
	for _, part := range strings.Split(strings.Join(r.Header.Values("Accept-Encoding"), ","), ",") {
		name, weight, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") {
			q := strings.TrimPrefix(strings.ReplaceAll(weight, " ", ""), "q=")
			return strings.Trim(q, "0.") != "" || q == ""
		}
	}
	return false
}
