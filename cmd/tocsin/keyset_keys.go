package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"tocsin/client"
	"tocsin/notice"
)

type keysetAddCmd struct {
	File       string   `arg:"" help:"The keyset."`
	Key        string   `arg:"" help:"The file of its public half, as key new and key show print it."`
	Role       []string `required:"" enum:"publisher,approver,contacts,operator,beacon" placeholder:"ROLE" help:"What it may sign: publisher, approver, contacts, operator or beacon (repeat for more)."`
	From       moment   `placeholder:"WHEN" help:"From when: 2h from now, or 2026-03-01T18:00:00+01:00 (default: a day ago, for devices whose clocks are behind)."`
	Until      moment   `default:"365d" placeholder:"WHEN" help:"Until when, likewise (default 365d)."`
	BreakGlass bool     `help:"It meets the threshold of a notice or a posture alone; every use is shown to all staff. At most 366d."`
}

func (keysetAddCmd) Help() string {
	return `What the roles may sign:

    publisher   notices: one of those who sign must be one
    approver    notices, as a further person
    contacts    contact cards: whom to call
    operator    postures (whose credentials are void) and redactions
    beacon      heads, and nothing else: the key of a desk (serve --beacon-key), not of a person

A key that is there already gets the roles and times that are given now.

    tocsin keyset add keyset.json ana.pub --role publisher --role contacts
    tocsin keyset add keyset.json desk-1.pub --role beacon --until 365d
    tocsin keyset add keyset.json sealed.pub --role publisher --role operator --break-glass --until 180d`
}

func (cmd keysetAddCmd) Run(c console) error {
	d, err := readDraft(cmd.File)
	if err != nil {
		return err
	}
	half, err := readPublicHalf(cmd.Key)
	if err != nil {
		return err
	}
	if half.Owner == "" {
		return fmt.Errorf("%s names no owner; take the output of \"tocsin key show\"", cmd.Key)
	}
	key := cmd.entry(half)
	d.keyset.Keys = slices.DeleteFunc(d.keyset.Keys, func(k notice.Key) bool { return k.KeyID == key.KeyID })
	d.keyset.Keys = append(d.keyset.Keys, key)
	return d.finishEdit(c)
}

// entry is the key as the keyset holds it. By default it counts from a day ago,
// so that a device whose clock is behind can sign at once.
func (cmd keysetAddCmd) entry(half publicHalf) notice.Key {
	key := notice.NewKeysetKey(half.Key, half.Owner, now().AddDate(0, 0, -1), now())
	key.NotAfter = cmd.Until.from(now())
	key.BreakGlass = cmd.BreakGlass
	if cmd.From.given() {
		key.NotBefore = cmd.From.from(now())
	}
	for _, role := range cmd.Role {
		key.Roles = append(key.Roles, notice.Role(role))
	}
	return key
}

type keysetRemoveCmd struct {
	File string `arg:"" help:"The keyset."`
	Who  string `arg:"" help:"An owner, a keyid, or the file of a key."`
}

func (keysetRemoveCmd) Help() string {
	return `Removing a key voids what it signed: notices that no longer have enough signatures
disappear from every client when the keyset is published, until they are signed again.`
}

func (cmd keysetRemoveCmd) Run(c console) error {
	d, err := readDraft(cmd.File)
	if err != nil {
		return err
	}
	who := cmd.Who
	if half, err := readPublicHalf(who); err == nil {
		who = notice.KeyID(half.Key)
	}
	before := len(d.keyset.Keys)
	d.keyset.Keys = slices.DeleteFunc(d.keyset.Keys, func(k notice.Key) bool {
		return k.Owner == who || k.KeyID == who
	})
	if len(d.keyset.Keys) == before {
		return fmt.Errorf("%s has no key of %s", cmd.File, cmd.Who)
	}
	return d.finishEdit(c)
}

type keysetSignCmd struct {
	File string `arg:"" help:"The keyset."`
	Key  string `required:"" placeholder:"FILE" help:"A root key."`
}

func (keysetSignCmd) Help() string {
	return `Read it first: keyset show says in words what is signed. The file then goes to the holder of
the next root key, or to whoever publishes it.

    tocsin keyset show keyset.json
    tocsin keyset sign keyset.json --key root.key`
}

func (cmd keysetSignCmd) Run(c console) error {
	d, err := readDraft(cmd.File)
	if err != nil {
		return err
	}
	key, err := readKey(cmd.Key)
	if err != nil {
		return err
	}
	if !d.hasRoot(key.KeyID()) {
		c.say("Note: %s is not among the roots of this keyset. Its signature counts only if it is a root of the one before.", cmd.Key)
	}
	d.envelope.Sign(key)
	if err := d.write(); err != nil {
		return err
	}
	c.say("%s has signatures of %d of its %d roots; %d are needed.",
		cmd.File, d.rootSignatures(), len(d.keyset.Roots), d.keyset.RootThreshold)
	return nil
}

func (d *draft) hasRoot(id string) bool {
	return slices.ContainsFunc(d.keyset.Roots, func(r notice.RootKey) bool { return r.KeyID == id })
}

func (d *draft) rootSignatures() int {
	n := 0
	for _, s := range d.envelope.Signatures {
		if d.hasRoot(s.KeyID) {
			n++
		}
	}
	return n
}

type keysetShowCmd struct {
	File string `arg:"" help:"The keyset."`
	JSON bool   `help:"Print the document, for programs."`
}

func (cmd keysetShowCmd) Run(c console) error {
	d, err := readDraft(cmd.File)
	if err != nil {
		return err
	}
	if cmd.JSON {
		_, err := fmt.Fprintf(c.Out, "%s\n", d.envelope.Payload)
		return err
	}
	_, err = fmt.Fprint(c.Out, printable(d.words()))
	return err
}

// words describes the keyset for the people who are about to sign it.
func (d *draft) words() string {
	var b strings.Builder
	k := d.keyset
	fmt.Fprintf(&b, "Keyset version %d, to be renewed by %s\n", k.Version, clock(k.Expires))
	if k.Dev {
		b.WriteString("DEV: only servers in dev mode accept it\n")
	}
	fmt.Fprintf(&b, "Signed by %d of its %d roots; %d are needed\n", d.rootSignatures(), len(k.Roots), k.RootThreshold)
	b.WriteString("\nStaff keys:\n")
	for _, key := range k.Keys {
		fmt.Fprintf(&b, "  %-20s %-30s %s … %s  %s\n", key.Owner, roles(key), clock(key.NotBefore), clock(key.NotAfter), key.KeyID)
	}
	t := k.Policy.Thresholds
	b.WriteString("\nHow many owners must sign:\n")
	fmt.Fprintf(&b, "  to patients %s, to staff only %s, Cancel %s, contacts %s, posture %s, redaction %s\n",
		count(t.Patient, 2), count(t.Staff, 1), count(t.Cancel, 1), count(t.Contacts, 2), count(t.Posture, 2), count(t.Redaction, 2))
	for _, severity := range slices.Sorted(maps.Keys(t.BySeverity)) {
		fmt.Fprintf(&b, "  to patients, when %s: %d\n", severity, t.BySeverity[severity])
	}
	fmt.Fprintf(&b, "Links may lead to: %s\n", strings.Join(k.Policy.LinkHosts, ", "))
	return b.String()
}

func roles(key notice.Key) string {
	var names []string
	for _, r := range key.Roles {
		names = append(names, string(r))
	}
	if key.BreakGlass {
		names = append(names, "BREAK-GLASS")
	}
	return strings.Join(names, ",")
}

func count(n, usual int) string {
	if n == 0 {
		return fmt.Sprintf("%d (default)", usual)
	}
	return fmt.Sprint(n)
}

type keysetPublishCmd struct {
	File string `arg:"" help:"The signed keyset."`
	Yes  bool   `short:"y" help:"Don't ask, also when it voids messages."`
	JSON bool   `help:"Print what became of it as one object, for programs."`
	deskFlags
}

func (keysetPublishCmd) Help() string {
	return `It takes no key: the signatures in the file are the permission. Messages that lose their
signatures by it are listed first, and you are asked.

    tocsin keyset publish keyset.json --desk https://desk.clinic.example`
}

// inForce tells whether the desk has this very keyset in force: to publish it again, as a
// script or an orchestrator may, is no mistake.
func (cmd keysetPublishCmd) inForce(ctx context.Context, desk *client.Desk, d *draft) bool {
	doc, err := desk.Keyset(ctx)
	if err != nil {
		return false // none, or publishing says why
	}
	now, err := notice.ParseEnvelope(doc.Envelope)
	return err == nil && now.Hash() == d.envelope.Hash()
}

// waysOutOfKeyset is for when another keyset of the same version waits.
const waysOutOfKeyset = `%w
Ways out:
    tocsin approve keyset-%d --key FILE
        reads it; roots sign its file instead, and hand that over
    tocsin proposals --withdraw keyset-%d --key FILE
        by an operator
    tocsin keyset policy %s --expires 365d
        or any other edit makes the next version, to be signed anew`

func (cmd keysetPublishCmd) Run(ctx context.Context, c console) error {
	d, err := readDraft(cmd.File)
	if err != nil {
		return err
	}
	if n := d.rootSignatures(); n < d.keyset.RootThreshold {
		return fmt.Errorf("%s has signatures of %d of its roots; %d are needed: tocsin keyset sign %s --key FILE",
			cmd.File, n, d.keyset.RootThreshold, cmd.File)
	}
	desk, err := cmd.client(nil)
	if err != nil {
		return err
	}
	if cmd.inForce(ctx, desk, d) {
		c.say("%s is in force already.", cmd.File)
		return nil
	}
	check, err := desk.CheckKeyset(ctx, d.envelope)
	if err != nil {
		return deskFailure(cmd.Desk, "checking "+cmd.File, err)
	}
	if len(check.Voids) > 0 {
		c.say("It voids these messages, which must be signed again:\n  %s", strings.Join(check.Voids, "\n  "))
		if err := c.confirm(cmd.Yes, "Publish it?", errNotDone); err != nil {
			return err
		}
	}
	answer, err := desk.PublishKeyset(ctx, d.envelope)
	if err != nil {
		err = deskFailure(cmd.Desk, "publishing "+cmd.File, err)
		if errors.Is(err, client.ErrConflict) {
			return fmt.Errorf(waysOutOfKeyset, err, d.keyset.Version, d.keyset.Version, cmd.File)
		}
		return err
	}
	return c.printAnswer(answer, d.envelope, "tocsin keyset sign "+cmd.File+" --key FILE", cmd.JSON)
}
