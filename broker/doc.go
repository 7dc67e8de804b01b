// Package broker is the only part of Tocsin that knows NATS JetStream. It keeps
// the log, in an embedded server or in an external cluster, and offers four acts:
// append one entry behind the head that the caller has folded, follow the log from
// its beginning, tell whether the log is available, and keep records (one message
// per key) beside it.
//
// It believes nothing that it carries. Whether an entry counts is for the board
// (package notice) to say; the broker asks the board one question only, whether a
// signed redaction explains a missing entry. It never skips an entry, never hides
// that it is out of touch, and shows no NATS type to anyone.
//
// A Broker is safe for concurrent use. Each call of [Broker.Follow] calls its
// [Follower] from that one goroutine. Whoever calls [Open] calls [Broker.Close],
// and runs [Broker.Run] meanwhile.
package broker
