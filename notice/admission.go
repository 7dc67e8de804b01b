package notice

import "time"

// ErrSuperseded: an Update or Cancel does not reference every message that the
// board holds of its thread. Its author has not seen the newest state.
var ErrSuperseded error = &RuleError{"superseded", "the thread has messages that this one does not reference"}

// AdmissionContext is what admission knows besides the log.
type AdmissionContext struct {
	Now time.Time
	// AudienceExists tells whether there is such an audience; asked for each address
	// of a kind that must be proven. Nil: all exist.
	AudienceExists func(Label) bool
}

// Admit applies the admission rules of docs/protocol.md: those that bind once, at
// the desk, and need a clock. n has passed the fold rules on the document; env is
// its envelope, which may still lack signatures. Errors are *RuleError.
func Admit(n *Notice, env *Envelope, b *Board, c AdmissionContext) error {
	return broken("unfinished", "admit")
}
