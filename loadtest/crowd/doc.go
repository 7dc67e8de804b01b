// Package crowd is thousands of subscribers in one process, each of them a socket and
// a few hundred bytes. It speaks just enough WebSocket to say hello and to check what
// comes: every entry's bytes are compared with those that the others got, and its
// sequence with what the client had. It shows nothing and verifies no signatures; for
// that there is package client. It runs on Linux (epoll).
//
// A Crowd's methods are safe for concurrent use, except that a client must not be in
// two plans at once.
package crowd
