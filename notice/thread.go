package notice

import "time"

// Phase is how a thread shows at a time (docs/protocol.md, "What is shown").
type Phase int

// The phases.
const (
	Over      Phase = iota // no longer shown
	Active                 // until expires of the current message
	Withdrawn              // for WithdrawnFor after a Cancel was sent
)

// WithdrawnFor is how long a cancelled notice shows as withdrawn.
const WithdrawnFor = 24 * time.Hour

// Thread is an Alert with the Updates and the Cancel that hold. A copy, safe for
// concurrent use.
type Thread struct {
	Alert *Accepted
	// Current is the message that decides: of the Cancels if there is one, otherwise
	// of the others, the highest revision (of two alike, the one of the smaller hash).
	Current *Accepted
	// Content is the message to show: Current, but for a cancelled thread what it is
	// that the Cancel withdraws.
	Content   *Accepted
	Messages  []*Accepted // all, in the log's order; not to be changed
	Cancelled bool
}

// Phase tells how the thread shows at now, in server time.
func (t Thread) Phase(now time.Time) Phase {
	if t.Cancelled {
		if sent, err := t.Current.Notice.Sent.Time(); err == nil && now.Before(sent.Add(WithdrawnFor)) {
			return Withdrawn
		}
		return Over
	}
	if expires, err := t.Current.Notice.Info[0].Expires.Time(); err == nil && now.Before(expires) {
		return Active
	}
	return Over
}
