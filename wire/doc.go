// Package wire is the client protocol, version 1 (docs/protocol.md): the frames
// that clients and nodes exchange, the cursor, and the close codes.
//
// Decoding is strict about JSON (RFC 7493: UTF-8, no duplicate names, integers
// as integers, bounded depth) and about the types of the members it knows; it
// ignores members that it does not know, so that a newer peer can say more. It
// checks no signature and no permission: an envelope passes through as the bytes
// that it came as, and a label or a cursor may be anything well-formed.
//
// All functions are pure, and safe for concurrent use.
package wire
