// Package desk is the staff side of Tocsin: the HTTP API by which signed notices,
// keysets, contact cards and postures are proposed, approved, published and
// withdrawn, and by which staff see what became of them.
//
// The signature is the authority: publishing and signing need no login, since a
// valid set of signatures is the permission. Reading and withdrawing need a bearer
// token, which staff get for a session envelope that they sign ([Desk.Handler],
// POST /v1/session). The desk signs nothing, holds no staff key and no state of its
// own but a journal: what holds is the log, what waits is the proposal store, and
// both are shared by all desks.
//
// A publication is answered 201 only after this desk's own fold of the log accepted
// it. What becomes of every act is in the journal, which is written and synced
// before the act (journal.go); a desk that was killed in between finds out at its
// next start.
//
// The package refuses to put texts of notices into journal, logs, metrics and
// problem documents: identifier, hash, owners and the rule's name are all they hold.
//
// A Desk is safe for concurrent use. Begin, Entry and Source are called by one
// goroutine, the follower's.
package desk
