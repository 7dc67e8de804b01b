package main

import (
	"net/http"
	"os"

	"tocsin/hub"
	webclient "tocsin/web-client"
)

// publicHandler is what clients meet: the hub, the client in one file, and in dev mode
// the demo portal with its issuer.
func (p *process) publicHandler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /tocsin.js", hub.WithoutBodies(webclient.Script()))
	if !p.cmd.Dev {
		mux.Handle("/", p.hub.Handler())
		return mux
	}
	mux.Handle("/v1/", p.hub.Handler())
	mux.Handle("/emergency", p.hub.Handler())
	mux.Handle("/", checkHost(webclient.Portal()))
	mux.Handle("/dev/", checkHost(p.devHandler()))
	return mux
}

// devHandler is what the demo portal needs besides: the pinned roots, tokens, and the
// switch that breaks the issuer.
func (p *process) devHandler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /dev/token", p.tokens)
	mux.HandleFunc("GET /dev/trust.pem", func(w http.ResponseWriter, _ *http.Request) {
		pem, err := os.ReadFile(p.cmd.Trust)
		if err != nil {
			http.Error(w, "500: the pinned roots can't be read", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/x-pem-file")
		w.Header().Set("Cache-Control", "no-store")
		_, _ = w.Write(pem)
	})
	mux.Handle("GET /dev/provider", p.provider)
	mux.Handle("POST /dev/provider", p.provider)
	return mux
}
