package desk

import (
	"context"
	"time"
)

// Phase says how far an act has come.
type Phase string

// The phases of an act. A publication may be intended several times (each attempt
// names the place that it was for) and unknown in between; done and refused end it.
const (
	PhaseIntended Phase = "intended"
	PhaseDone     Phase = "done"
	PhaseRefused  Phase = "refused"
	PhaseUnknown  Phase = "unknown"
)

// Act is what a desk does at somebody's wish.
type Act string

// The acts of a desk.
const (
	ActPublish  Act = "publish"  // append an envelope to the log
	ActPropose  Act = "propose"  // keep an envelope that lacks signatures
	ActSign     Act = "sign"     // add signatures to a proposal
	ActWithdraw Act = "withdraw" // drop a proposal at an owner's wish
	ActLapse    Act = "lapse"    // drop a proposal whose time is over
	// The acts on cohorts; Identifier is the cohort's name.
	ActCohort        Act = "cohort"         // make or replace the list
	ActCohortRemoved Act = "cohort-removed" // drop it
)

// Record is one entry of the record: an act, and how far it has come. It never
// holds a notice's text.
type Record struct {
	Time time.Time `json:"time"`
	// ID joins the records of one act: a UUIDv7.
	ID    string `json:"id"`
	Act   Act    `json:"act"`
	Phase Phase  `json:"phase"`
	// Type is the payload type of the envelope acted on.
	Type string `json:"type"`
	// Identifier is the notice's, or of another document the proposal's.
	Identifier string `json:"identifier"`
	// Thread is the identifier of the Alert that a notice belongs to.
	Thread string `json:"thread,omitzero"`
	// SHA256 is the payload's hash, lower-case hex.
	SHA256 string `json:"sha256"`
	// Owners are those whose signatures the act rests on; of a withdrawal, who asked.
	Owners []string `json:"owners,omitzero"`
	// BreakGlass: a break-glass key is among the signers of a publication.
	BreakGlass bool `json:"breakGlass,omitzero"`
	// Epoch is the log that After and Seq count in.
	Epoch string `json:"epoch,omitzero"`
	// After is the head that the append expected. Once the log has gone past it
	// without the payload, this attempt can't succeed any more.
	After uint64 `json:"after,omitzero"`
	// Seq is the place in the log, of a publication that is done.
	Seq uint64 `json:"seq,omitzero"`
	// Rule names why the act was refused.
	Rule string `json:"rule,omitzero"`
}

// Recorder keeps the record of what a desk does. [Journal] is one.
type Recorder interface {
	// Record keeps r durably before it returns. A desk does nothing that it could
	// not record first.
	Record(ctx context.Context, r Record) error
	// Pending returns the newest record of each act that was intended or unknown
	// when the recorder was opened, oldest first. The desk asks once, at its start.
	Pending() []Record
}
