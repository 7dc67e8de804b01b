package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"

	"tocsin/client"
	"tocsin/notice"
)

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

// printAnswer says what became of a signed document and, when it waits, who can
// sign next and what to type: approve, which knows more than the desk's own hint.
func (c console) printAnswer(a client.Answer, e *notice.Envelope, approve string, asJSON bool) error {
	if asJSON {
		if !a.Published() {
			a.Hint = approve
		}
		return c.printJSON(a)
	}
	_, err := fmt.Fprint(c.Out, printable(answerWords(a, e, approve)))
	return err
}

func answerWords(a client.Answer, e *notice.Envelope, approve string) string {
	var b strings.Builder
	if a.Published() {
		done := "Published"
		if isCancel(e) {
			done = "Withdrawn, by"
		}
		fmt.Fprintf(&b, "%s: %s (entry %d of the log), signed by %s.\n", done, a.Identifier, a.Seq, owners(a.Signers))
		voids(&b, a)
		if e.PayloadType == notice.TypeRedaction {
			b.WriteString(stillThere)
		}
		return b.String()
	}
	fmt.Fprintf(&b, "Not published yet: %s needed.\n\n", signatures(a.Need-len(a.Signers)))
	fmt.Fprintf(&b, "  %-12s %s\n", nounOf(e.PayloadType), a.Identifier)
	fmt.Fprintf(&b, "  signed by    %s\n", owners(a.Signers))
	fmt.Fprintf(&b, "  can sign     %s\n", orNobody(a.Candidates))
	if !a.Expires.IsZero() {
		fmt.Fprintf(&b, "  until        %s\n", a.Expires.Local().Format("2006-01-02 15:04:05 -07:00"))
	}
	voids(&b, a)
	fmt.Fprintf(&b, "\nWhoever can sign types:\n\n  %s\n", approve)
	return b.String()
}

// isCancel tells whether e withdraws a notice.
func isCancel(e *notice.Envelope) bool {
	if e.PayloadType != notice.TypeNotice {
		return false
	}
	n, err := notice.Decode(e.Payload)
	return err == nil && n.MsgType == notice.MsgCancel
}

// nounOf is what a document of that type is called beside its identifier.
func nounOf(payloadType string) string {
	switch payloadType {
	case notice.TypeNotice:
		return "notice"
	case notice.TypeKeyset:
		return "keyset"
	case notice.TypeContacts:
		return "contacts"
	case notice.TypePosture:
		return "posture"
	case notice.TypeRedaction:
		return "redaction"
	}
	return "document"
}

// signatures says how many are missing; one at least, since a second person may
// have signed in a role that does not suffice.
func signatures(missing int) string {
	if missing <= 1 {
		return "one more signature is"
	}
	return fmt.Sprintf("%d more signatures are", missing)
}

func owners(signers []client.Signer) string {
	var names []string
	for _, s := range signers {
		name := s.Owner
		if name == "" {
			name = "root " + s.KeyID // whose it is, no document says
		}
		if s.BreakGlass {
			name += " (BREAK-GLASS)"
		}
		names = append(names, name)
	}
	return orNobody(names)
}

func orNobody(names []string) string {
	if len(names) == 0 {
		return "nobody"
	}
	return strings.Join(names, ", ")
}

// voids lists what a keyset takes away.
func voids(b *strings.Builder, a client.Answer) {
	if len(a.Voids) > 0 {
		fmt.Fprintf(b, "It voids these messages, which must be signed again:\n  %s\n", strings.Join(a.Voids, "\n  "))
	}
}

// deskFailure says what could not be done, and what to do about it.
func deskFailure(desk, doing string, err error) error {
	var op *net.OpError
	var problem *client.Problem
	switch {
	case errors.As(err, &op) && op.Op == "dial":
		return fmt.Errorf("%s: no desk answers at %s (%w); is it running? --desk URL names another", doing, desk, op.Err)
	case errors.As(err, &problem) && problem.Type == "about:blank" && problem.Status >= 400 && problem.Status < 500:
		return fmt.Errorf("%s: %w. Is %s an edge's address, or did a proxy before the desk refuse it? "+
			"A desk has --desk-listen, http://127.0.0.1:8081 unless told otherwise", doing, err, desk)
	case errors.Is(err, client.ErrUnavailable):
		return fmt.Errorf("%s: %w. Try again in a moment; if it stays so and patients must be told, see docs/break-glass.md", doing, err)
	case errors.Is(err, client.ErrLogin):
		return fmt.Errorf("%s: %w. Does the keyset that is in force hold this key (tocsin key show), and is it valid now?", doing, err)
	case errors.As(err, &problem) && problem.Rule == "admission.cancelled":
		return fmt.Errorf("%s: the notice is withdrawn already, for good (%w)", doing, err)
	case errors.Is(err, client.ErrSuperseded) && errors.As(err, &problem) && len(problem.Missing) > 0:
		return fmt.Errorf("%s: the thread has gone on meanwhile; look at it, and try again: %w", doing, err)
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// thread is a thread as a desk holds it, read anew from its envelopes.
type thread struct {
	alert      *notice.Notice
	current    *notice.Notice
	references []string // of all its messages, the Alert first
	cancelled  bool
}

// thread fetches the thread with that message.
func (s *signIn) thread(ctx context.Context, identifier string) (thread, error) {
	found, err := s.desk.Notice(ctx, identifier)
	if errors.Is(err, client.ErrNotFound) {
		return thread{}, fmt.Errorf("the desk knows no notice %s", identifier)
	}
	if err != nil {
		return thread{}, deskFailure(s.flags.Desk, "looking for "+identifier, err)
	}
	return threadOf(found)
}

// threadOf reads a thread's messages.
func threadOf(found client.Thread) (t thread, err error) {
	for _, m := range found.Messages {
		n, err := m.Envelope.Notice()
		if err != nil {
			return thread{}, fmt.Errorf("reading %s: %w", m.Identifier, err)
		}
		if n.MsgType == notice.MsgAlert {
			t.alert = n
			t.references = slices.Insert(t.references, 0, n.Reference())
		} else {
			t.references = append(t.references, n.Reference())
		}
		t.current = n
		t.cancelled = t.cancelled || n.MsgType == notice.MsgCancel
	}
	if t.alert == nil {
		return thread{}, fmt.Errorf("looking for %s: the desk knows no Alert of it", found.Identifier)
	}
	return t, nil
}

// keepAudience gives an Update or Cancel what its thread decided.
func keepAudience(n, alert *notice.Notice) {
	n.Status, n.Scope, n.Restriction, n.Addresses = alert.Status, alert.Scope, alert.Restriction, alert.Addresses
}
