// Package bare is the floor that servers are measured against: a server that does as
// little as one can. A round is one write(2) per socket; a connection is accept(2), the
// shortest WebSocket handshake, one hello read, and one write of a frame as long as a
// welcome. It knows no notices, no limits and no time-outs, and is of no other use. It
// runs on Linux (epoll).
package bare
