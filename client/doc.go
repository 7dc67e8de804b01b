// Package client is for Go programs that take part in Tocsin: a [Subscriber]
// follows a node and knows, from nothing but pinned roots, which notices hold;
// a [Desk] publishes what staff sign.
//
// A Subscriber believes signatures and nothing else. A node can withhold notices
// from it or delay them; it can't make it show a notice that staff did not sign,
// nor drop one: only a valid revision, a notice's end, or SignOut does.
//
// The package refuses to send credentials over plain text to another machine, to
// follow redirects with them, and to accept a developer's keyset from a server
// that is not on loopback.
package client
