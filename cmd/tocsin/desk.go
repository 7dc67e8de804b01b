package main

import (
	"context"
	"maps"
	"slices"

	"tocsin/notice"
)

// deskFlags say where the desk is.
type deskFlags struct {
	Desk string `default:"http://127.0.0.1:8081" placeholder:"URL" help:"The desk (default ${default})."`
}

func (f deskFlags) submit(ctx context.Context, c console, path string, e *notice.Envelope) error {
	panic("to come")
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
