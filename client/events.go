package client

import (
	"time"

	"tocsin/notice"
	"tocsin/wire"
)

// Event is what a [Subscriber] reports: one of the types of this file that say so.
type Event interface{ event() }

// Connected is an [Event]: a node said welcome.
type Connected struct{ wire.Welcome }

// AuthChanged is an [Event]: the session's tier or labels changed on an open
// connection.
type AuthChanged struct{ wire.Auth }

// Synced is an [Event]: all that a replay or snapshot brought has been applied, and
// reported; or, on an open session whose tier or labels grew ([AuthChanged]), all that
// it could not see before. From here on events tell what happens as it happens.
type Synced struct {
	// Cursor is where the client is in the log; zero if the node could not say.
	Cursor wire.Cursor
}

// Change is what became of a message.
type Change string

// The changes.
const (
	// ChangeNew: an Alert begins a thread.
	ChangeNew Change = "new"
	// ChangeUpdated: an Update is the thread's current message now.
	ChangeUpdated Change = "updated"
	// ChangeCancelled: a Cancel withdrew the notice.
	ChangeCancelled Change = "cancelled"
	// ChangeOutdated: an Update came that a higher revision had overtaken; what is
	// shown stays the same.
	ChangeOutdated Change = "outdated"
	// ChangeVoid: the keyset no longer supports the message.
	ChangeVoid Change = "void"
	// ChangeRevived: the keyset supports a void message again.
	ChangeRevived Change = "revived"
	// ChangeDropped: sign-out took the message away.
	ChangeDropped Change = "dropped"
)

// NoticeChanged is an [Event]: a message of a thread came or went. Messages of a
// replay are reported in the log's order once all of them are applied, so Thread is
// what is to be shown, also when Message is not the last of its thread. If a keyset came
// with them, Message is in Thread as another [notice.Accepted] of the same Hash.
type NoticeChanged struct {
	Change  Change
	Message *notice.Accepted
	// Thread is the thread as it stands now. Its Alert is nil if it is gone.
	Thread notice.Thread
}

// KeysetChanged is an [Event]: another keyset is in force.
type KeysetChanged struct{ Keyset *notice.Keyset }

// ContactsChanged is an [Event]: other contact cards hold; nil if none do.
type ContactsChanged struct{ Contacts *notice.Contacts }

// Rejected is an [Event]: a node sent an entry that is not to be believed. An honest
// one does so only of what a keyset that the client has already made void. The entry is
// tried again when others of the session were accepted; a session that ends its replay
// with one is given up ([ErrRefused]).
type Rejected struct {
	// Seq is where the node says that it stands in the log.
	Seq uint64
	Err error
}

// Freshness says how far the client's knowledge can be relied on.
type Freshness struct {
	// Live: connected, in step with a node that is itself up to date.
	Live bool
	// Since is the last moment, in server time, of which it is known that nothing
	// was missed, by a head where heads are to come; zero if there was none, or while Live.
	Since time.Time
	// Reason says why not Live: one of the constants Stale….
	Reason string
}

// Reasons for not being live.
const (
	StaleConnecting   = "connecting"   // not yet synced for the first time
	StaleDisconnected = "disconnected" // no connection, or one that is catching up
	StaleSource       = "source"       // the node itself is not up to date
	StaleRefused      = "refused"      // the node sent what can't be believed, and has not mended it yet
	StaleHeads        = "heads"        // no head that fits has come for 45 s ([notice.HeadLag])
	StaleMismatch     = "mismatch"     // what the node shows is not what the desk signed
)

// FreshnessChanged is an [Event].
type FreshnessChanged struct{ Freshness }

// Bye is an [Event]: the node is about to end the session, by no fault of ours.
type Bye struct{ wire.Bye }

// Disconnected is an [Event]: there is no connection, and the next attempt comes
// after RetryIn.
type Disconnected struct {
	// Err says why; it is never nil. See [ErrSilent], [ErrBye], [ErrSignedOut],
	// [ErrRefused], [ErrMismatch], [ErrUnvouched] and, for the close code, [CloseCode].
	Err     error
	RetryIn time.Duration
}

func (Connected) event()        {}
func (AuthChanged) event()      {}
func (Synced) event()           {}
func (NoticeChanged) event()    {}
func (KeysetChanged) event()    {}
func (ContactsChanged) event()  {}
func (Rejected) event()         {}
func (FreshnessChanged) event() {}
func (Bye) event()              {}
func (Disconnected) event()     {}
