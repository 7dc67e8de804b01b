//go:build !race

package main

// unwatch has nothing to do where nothing is watched.
func unwatch() error { return nil }
