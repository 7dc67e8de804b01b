package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"tocsin/notice"
)

// withdrawn is what the store keeps of a notice that was taken back, for as long as it
// could have waited: who had opened it to sign must not find other words under its
// identifier. Documents that are named by their version keep nothing: the next attempt has
// that version again, and has to.
type withdrawn struct {
	SHA256 string    `json:"sha256"`
	Time   time.Time `json:"time"`
}

// errWithdrawn: the proposal was taken back; errors that carry it are *withdrawnError.
var errWithdrawn = fmt.Errorf("%w: withdrawn", ErrNotFound)

// withdrawnError says what was withdrawn.
type withdrawnError struct{ *proposal }

func (e *withdrawnError) Error() string { return errWithdrawn.Error() }

func (e *withdrawnError) Unwrap() error { return errWithdrawn }

// vacant returns the revision that a proposal of s replaces, given why none waits under
// its identifier: the same bytes may be proposed again, others may not.
func (s *submission) vacant(revision uint64, err error) (uint64, error) {
	var gone *withdrawnError
	if !errors.As(err, &gone) || gone.stored.Withdrawn.SHA256 == s.hex() {
		return revision, nil
	}
	return 0, errReused.with(fmt.Sprintf("another text was withdrawn under this identifier at %s: give this one a new identifier",
		notice.FormatTime(gone.stored.Withdrawn.Time))).of(s.identifier)
}

// takeBack drops a proposal from the store. Of a notice it leaves its hash.
func (d *Desk) takeBack(ctx context.Context, p *proposal, revision uint64) error {
	if p.submission.notice == nil {
		return d.config.Proposals.Delete(ctx, p.identifier, revision)
	}
	body, err := json.Marshal(storedProposal{
		Proposer: p.stored.Proposer, Created: p.stored.Created,
		Withdrawn: &withdrawn{SHA256: p.submission.hex(), Time: d.now().UTC()},
	})
	if err != nil {
		return err
	}
	_, err = d.config.Proposals.Put(ctx, p.identifier, body, revision)
	return err
}
