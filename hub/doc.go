// Package hub serves clients: it folds the log into a board and a bounded window
// of ready-made frames, and brings every session from its cursor to the head of
// that window, over WebSocket, server-sent events or a plain HTTP snapshot
// (docs/protocol.md, "Connecting").
//
// It keeps no queue for a client, only a position. It never judges a credential
// (that is auth's work), never decides who may see a notice ([notice.Notice.VisibleTo]
// does), and never shows an entry that the board did not accept.
//
// # Concurrency
//
// [Hub.Begin], [Hub.Entry] and [Hub.Source] are called by the one goroutine that
// follows the log. They fold under Hub.mu and publish an immutable view. From then on
// nothing is shared but immutable values:
//
//   - A shard is one goroutine that owns the sessions that are caught up. It writes
//     to sockets without blocking.
//   - A lane is a goroutine that owns one session: one that is being greeted, whose
//     socket takes no more, whose grant changed, or whose connection can only block
//     (TLS, server-sent events).
//   - A reader is a goroutine that reads one connection, and never writes an entry.
//
// A session is owned by exactly one of shard and lane; it changes hands through the
// shard's inbox. No lock is held across I/O that can block.
package hub
