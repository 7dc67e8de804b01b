//go:build !unix

package broker_test

// runNode is never asked for: the tests of a cluster stop its servers by signals.
func runNode(string) { panic("no cluster without signals") }
