package wire

import (
	"strconv"
	"time"
)

// ServerFrame is a frame from a node to a client: [Welcome], [EntryFrame],
// [Synced], [Heartbeat], [Auth] or [Bye].
type ServerFrame interface {
	// AppendTo appends the frame's JSON.
	AppendTo(dst []byte) []byte
	serverFrame()
}

// Tier is what a session may see.
type Tier string

// The tiers, the widest audience first.
const (
	TierPublic     Tier = "public"
	TierRestricted Tier = "restricted"
	TierPrivate    Tier = "private"
)

// Resume is how a session begins.
type Resume string

// The ways to begin.
const (
	// ResumeReplay: what follows is every visible entry after the client's cursor.
	ResumeReplay Resume = "replay"
	// ResumeSnapshot: what follows is all that holds now.
	ResumeSnapshot Resume = "snapshot"
)

// Grade is how well a session's credentials could be checked.
type Grade string

// The grades.
const (
	AuthOK       Grade = "ok"
	AuthDegraded Grade = "degraded"
	AuthNone     Grade = "none"
)

// AuthState says how a session's credentials stand.
type AuthState struct {
	State Grade
	// Reason is for people; it may be empty.
	Reason string
}

// SourceState is whether a node is up to date with the log.
type SourceState string

// The states of a source.
const (
	SourceLive  SourceState = "live"
	SourceStale SourceState = "stale"
)

// Source is how fresh a node's knowledge is.
type Source struct {
	State SourceState
	// SinceMs is for how long the node has not been live, in milliseconds; 0
	// while it is. A node that never was counts from its start.
	SinceMs int64
}

// Welcome answers hello.
type Welcome struct {
	// Session names the connection, for support; it carries no right.
	Session string
	Tier    Tier
	// Labels are the session's own.
	Labels []string
	Auth   AuthState
	// Ticket replaces the one that the client holds; if empty, that one stays.
	Ticket        string
	TicketExpires time.Time
	Resume        Resume
	// HeartbeatMs is the interval of heartbeats in milliseconds. Clients clamp it
	// to 5 to 60 s.
	HeartbeatMs int64
	ServerTime  time.Time
	Source      Source
}

// EntryFrame carries one entry of the log.
type EntryFrame struct {
	Seq uint64
	// Envelope is the entry's body, verbatim.
	Envelope []byte
}

// Synced ends the replay or snapshot.
type Synced struct {
	// Cursor covers everything sent so far; zero if the node can vouch for none.
	Cursor Cursor
	// Head is the newest signed head, an envelope; nil if there is none.
	Head []byte
}

// Heartbeat comes at the interval that the welcome names, and says how far the
// session is.
type Heartbeat struct {
	// Cursor covers everything sent so far; zero if the node can vouch for none.
	Cursor     Cursor
	ServerTime time.Time
	Source     Source
	// Head is the newest signed head, an envelope; nil if there is none.
	Head []byte
}

// Auth tells that a session's tier or labels changed.
type Auth struct {
	Tier          Tier
	Labels        []string
	Auth          AuthState
	Ticket        string
	TicketExpires time.Time
}

// Reasons of a [Bye].
const (
	ByeDrain = "drain"
	ByeSlow  = "slow"
)

// Bye comes before a close that is no fault of the client.
type Bye struct {
	// Reason is ByeDrain, ByeSlow, or one of a newer version.
	Reason string
	// ReconnectAfterMs is the interval, in milliseconds, in which the client picks
	// at random the moment of its first attempt to come back.
	ReconnectAfterMs [2]int64
}

func (Welcome) serverFrame()    {}
func (EntryFrame) serverFrame() {}
func (Synced) serverFrame()     {}
func (Heartbeat) serverFrame()  {}
func (Auth) serverFrame()       {}
func (Bye) serverFrame()        {}

// AppendTo appends the frame's JSON.
func (w Welcome) AppendTo(dst []byte) []byte {
	dst = appendString(append(dst, `{"type":"welcome","session":`...), w.Session)
	dst = appendGrant(dst, Auth{w.Tier, w.Labels, w.Auth, w.Ticket, w.TicketExpires})
	dst = appendString(append(dst, `,"resume":`...), string(w.Resume))
	dst = strconv.AppendInt(append(dst, `,"heartbeatMs":`...), w.HeartbeatMs, 10)
	dst = appendTime(append(dst, `,"serverTime":`...), w.ServerTime)
	dst = appendSource(dst, w.Source)
	return append(dst, '}')
}

// EncodeEntry makes an entry's frame around the bytes of its body. A node does it
// once for all clients.
func EncodeEntry(seq uint64, body []byte) []byte {
	frame := make([]byte, 0, len(body)+len(`{"type":"entry","seq":,"envelope":}`)+20)
	return EntryFrame{Seq: seq, Envelope: body}.AppendTo(frame)
}

// AppendTo appends the frame's JSON.
func (e EntryFrame) AppendTo(dst []byte) []byte {
	dst = append(dst, `{"type":"entry",`...)
	return append(e.appendMembers(dst), '}')
}

func (e EntryFrame) appendMembers(dst []byte) []byte {
	dst = strconv.AppendUint(append(dst, `"seq":`...), e.Seq, 10)
	return append(append(dst, `,"envelope":`...), e.Envelope...)
}

// AppendTo appends the frame's JSON.
func (s Synced) AppendTo(dst []byte) []byte {
	dst = append(dst, `{"type":"synced"`...)
	dst = appendCursor(dst, s.Cursor)
	return append(appendHead(dst, s.Head), '}')
}

// AppendTo appends the frame's JSON; with room in dst it allocates nothing.
func (h Heartbeat) AppendTo(dst []byte) []byte {
	dst = append(dst, `{"type":"heartbeat"`...)
	dst = appendCursor(dst, h.Cursor)
	dst = appendTime(append(dst, `,"serverTime":`...), h.ServerTime)
	dst = appendSource(dst, h.Source)
	return append(appendHead(dst, h.Head), '}')
}

// AppendTo appends the frame's JSON.
func (a Auth) AppendTo(dst []byte) []byte {
	dst = append(dst, `{"type":"auth"`...)
	return append(appendGrant(dst, a), '}')
}

// AppendTo appends the frame's JSON.
func (b Bye) AppendTo(dst []byte) []byte {
	dst = appendString(append(dst, `{"type":"bye","reason":`...), b.Reason)
	dst = strconv.AppendInt(append(dst, `,"reconnectAfterMs":[`...), b.ReconnectAfterMs[0], 10)
	dst = strconv.AppendInt(append(dst, ','), b.ReconnectAfterMs[1], 10)
	return append(dst, ']', '}')
}

// appendGrant appends the members that welcome and auth share.
func appendGrant(dst []byte, a Auth) []byte {
	dst = appendString(append(dst, `,"tier":`...), string(a.Tier))
	dst = appendStrings(append(dst, `,"labels":`...), a.Labels)
	dst = appendString(append(dst, `,"auth":{"state":`...), string(a.Auth.State))
	if a.Auth.Reason != "" {
		dst = appendString(append(dst, `,"reason":`...), a.Auth.Reason)
	}
	dst = append(dst, '}')
	if a.Ticket != "" {
		dst = appendString(append(dst, `,"ticket":`...), a.Ticket)
		dst = appendTime(append(dst, `,"ticketExpires":`...), a.TicketExpires)
	}
	return dst
}

func appendCursor(dst []byte, c Cursor) []byte {
	if c.IsZero() {
		return dst
	}
	return append(c.AppendTo(append(dst, `,"cursor":"`...)), '"')
}

func appendHead(dst, head []byte) []byte {
	if head == nil {
		return dst
	}
	return append(append(dst, `,"head":`...), head...)
}

func appendSource(dst []byte, s Source) []byte {
	dst = append(append(dst, `,"source":{"state":"`...), s.State...)
	dst = strconv.AppendInt(append(dst, `","sinceMs":`...), s.SinceMs, 10)
	return append(dst, '}')
}

// timeFormat is RFC 3339 in UTC with milliseconds, as JavaScript's toISOString.
const timeFormat = "2006-01-02T15:04:05.000Z"

func appendTime(dst []byte, t time.Time) []byte {
	return append(t.UTC().AppendFormat(append(dst, '"'), timeFormat), '"')
}
