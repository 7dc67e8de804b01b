package webclient

import (
	"crypto/sha512"
	"encoding/base64"
	"io/fs"
	"net/http"
)

// scriptName is the client in one file, as it is built and served.
const scriptName = "tocsin.js"

// scriptAge: pages of others load the file, and a notice must not wait for it; a new
// version of the server reaches them within minutes all the same.
const scriptAge = "public, max-age=300, stale-while-revalidate=86400, stale-if-error=2592000"

// script is tocsin.js; nil if it is not built.
func script() []byte {
	files, ok := open("packages/client", scriptName)
	if !ok {
		return nil
	}
	body, err := fs.ReadFile(files, scriptName)
	if err != nil {
		panic(err) // an embedded file can be read
	}
	return body
}

// Integrity is what a <script integrity> says of [Script] (W3C SRI), or "" if this
// binary has none.
func Integrity() string { return integrity(script()) }

func integrity(body []byte) string {
	if body == nil {
		return ""
	}
	sum := sha512.Sum384(body)
	return "sha384-" + base64.StdEncoding.EncodeToString(sum[:])
}

// Script serves the client in one file, to pages of any origin.
func Script() http.Handler { return newScript(script()) }

func newScript(body []byte) http.Handler {
	a := newAsset(scriptName, body)
	a.cache = scriptAge
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", "*") // integrity is checked of what may be read alone
		h.Set("Cross-Origin-Resource-Policy", "cross-origin")
		h.Set("X-Content-Type-Options", "nosniff")
		if body == nil {
			h.Set("Cache-Control", "no-store")
			http.Error(w, "404: this binary was built without its web client (make web build)", http.StatusNotFound)
			return
		}
		a.serve(w, r)
	})
}
