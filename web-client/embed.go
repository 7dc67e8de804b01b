// Package webclient holds the web client as "make web" built it, and serves it: the
// demo portal, the staff console, and /tocsin.js for pages of others. Before the first
// build there are placeholders, so that Go builds and tests need no npm.
//
// It serves files and nothing else: who may ask, and at which address, is for hub, desk
// and command. All of it is safe for concurrent use.
package webclient

import (
	"embed"
	"io/fs"
)

// built has for each app the build ("dist", which git ignores), the placeholder
// ("dist-placeholder"), or both; the pattern needs one to match.
//
//go:embed all:apps/portal/dist* all:apps/console/dist* packages/client/dist*/tocsin.js
var built embed.FS

// open is the build in a folder; ok is false if only its placeholder is there.
func open(folder, proof string) (files fs.FS, ok bool) {
	if _, err := fs.Stat(built, folder+"/dist/"+proof); err == nil {
		return sub(folder + "/dist"), true
	}
	return sub(folder + "/dist-placeholder"), false
}

func sub(folder string) fs.FS {
	files, err := fs.Sub(built, folder)
	if err != nil {
		panic(err) // the name is a constant
	}
	return files
}
