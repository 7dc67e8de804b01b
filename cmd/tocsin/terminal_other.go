//go:build !unix

package main

func hasWindow(uintptr) bool { return false }
