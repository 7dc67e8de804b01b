package main

import (
	"fmt"
	"os"
	"strings"

	"tocsin/notice"
)

type keysetCmd struct {
	New     keysetNewCmd     `cmd:"" help:"Begin a keyset; write the pinned root keys."`
	Add     keysetAddCmd     `cmd:"" help:"Let a key count."`
	Remove  keysetRemoveCmd  `cmd:"" help:"Let an owner's keys, or one key, count no more."`
	Policy  keysetPolicyCmd  `cmd:"" help:"Change how many must sign, the hosts of links, the expiry."`
	Sign    keysetSignCmd    `cmd:"" help:"Sign with a root key (offline)."`
	Publish keysetPublishCmd `cmd:"" help:"Hand a signed keyset to the desk."`
	Show    keysetShowCmd    `cmd:"" help:"Print a keyset in words."`
}

const keysetHelp = `The keyset says whose signatures count. Root keys sign it; they live offline, and
clients pin them. An edit of a signed keyset makes the next version, without signatures.

    tocsin key new root.key --owner root > root.pub
    tocsin key new ana.key --owner ana > ana.pub
    tocsin key new ben.key --owner ben > ben.pub
    tocsin keyset new keyset.json --root root.pub --trust trust.pem
    tocsin keyset add keyset.json ana.pub --role publisher
    tocsin keyset add keyset.json ben.pub --role approver
    tocsin keyset sign keyset.json --key root.key
    tocsin keyset publish keyset.json --desk http://127.0.0.1:8081`

func (keysetCmd) Help() string { return keysetHelp }

// draft is a keyset file: the envelope that will be published, signed or not yet.
type draft struct {
	path     string
	envelope *notice.Envelope
	keyset   *notice.Keyset
}

func readDraft(path string) (*draft, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the keyset: %w", err)
	}
	return parseDraft(path, data)
}

func parseDraft(path string, data []byte) (*draft, error) {
	envelope, err := notice.ParseEnvelope([]byte(strings.TrimSpace(string(data))))
	if err != nil {
		return nil, fmt.Errorf("reading the keyset %s: %w", path, err)
	}
	if envelope.PayloadType != notice.TypeKeyset {
		return nil, fmt.Errorf("reading the keyset %s: it holds a %s", path, envelope.PayloadType)
	}
	keyset, err := notice.DecodeKeyset(envelope.Payload)
	if err != nil {
		return nil, fmt.Errorf("reading the keyset %s: %w", path, err)
	}
	return &draft{path: path, envelope: envelope, keyset: keyset}, nil
}

// edit writes the changed keyset without signatures. Had it signatures, someone
// may have published it, so the change is a version of its own.
func (d *draft) edit() error {
	if len(d.envelope.Signatures) > 0 {
		d.keyset.Version++
	}
	envelope, err := sealKeyset(d.keyset)
	if err != nil {
		return err
	}
	d.envelope = envelope
	return d.write()
}

func (d *draft) write() error {
	return replace(d.path, append(d.envelope.Marshal(), '\n'), 0o644)
}

// sealKeyset puts a keyset into an envelope without signatures. One that breaks
// a rule is refused here, not after the root keys have signed it.
func sealKeyset(keyset *notice.Keyset) (*notice.Envelope, error) {
	payload, err := notice.EncodeKeyset(keyset)
	if err != nil {
		return nil, fmt.Errorf("the keyset would be refused: %w", err)
	}
	return &notice.Envelope{PayloadType: notice.TypeKeyset, Payload: payload}, nil
}

type keysetNewCmd struct {
	File      string   `arg:"" help:"Where to write the keyset (never overwritten)."`
	Root      []string `required:"" placeholder:"FILE" help:"A root key: its public half, or its key file (repeat for more)."`
	Threshold int      `default:"0" placeholder:"N" help:"How many roots must sign; without it, more than half."`
	Trust     string   `required:"" placeholder:"FILE" help:"Where to write the pinned root keys, for --trust of serve and of clients."`
	Expires   moment   `default:"365d" placeholder:"WHEN" help:"When the keyset is to be renewed: 90d from now, or a date and time (default 365d). Afterwards notices still show, marked."`
	policyFlags
}

func (keysetNewCmd) Help() string { return keysetHelp }

func (cmd keysetNewCmd) Run(c console) error {
	keyset := &notice.Keyset{
		Version: 1, Expires: cmd.Expires.from(now()), RootThreshold: cmd.Threshold,
	}
	for _, path := range cmd.Root {
		half, err := readPublicHalf(path)
		if err != nil {
			return err
		}
		keyset.Roots = append(keyset.Roots, notice.NewRootKey(half.Key))
	}
	if keyset.RootThreshold == 0 {
		keyset.RootThreshold = len(keyset.Roots)/2 + 1
	}
	cmd.apply(&keyset.Policy)
	envelope, err := sealKeyset(keyset)
	if err != nil {
		return err
	}
	trust := notice.Trust{Roots: keyset.Roots, Threshold: keyset.RootThreshold}
	if err := writeNew(cmd.Trust, trust.Marshal(), 0o644); err != nil {
		return fmt.Errorf("writing the pinned root keys: %w", err)
	}
	if err := writeNew(cmd.File, append(envelope.Marshal(), '\n'), 0o644); err != nil {
		return fmt.Errorf("writing the keyset: %w", err)
	}
	c.say("%s is version 1, for now without staff keys; %s pins its roots.", cmd.File, cmd.Trust)
	c.say("Next: tocsin keyset add %s ana.pub --role publisher", cmd.File)
	return nil
}

// policyFlags are the numbers that root keys decide on.
type policyFlags struct {
	Patient  int      `group:"policy" placeholder:"N" help:"How many people must sign a notice that can reach a patient (at first 2)."`
	Staff    int      `group:"policy" placeholder:"N" help:"… one that is addressed to group:staff alone (at first 1)."`
	Cancel   int      `group:"policy" placeholder:"N" help:"… a Cancel (at first 1)."`
	Contacts int      `group:"policy" placeholder:"N" help:"… the contact cards (at first 2)."`
	Posture  int      `group:"policy" placeholder:"N" help:"… the posture (at first 2)."`
	LinkHost []string `group:"policy" placeholder:"HOST" help:"A host that notices may link to (repeat for more)."`
}

// apply changes what the flags name.
func (f policyFlags) apply(p *notice.Policy) {
	set := func(to *int, n int) {
		if n != 0 {
			*to = n
		}
	}
	set(&p.Thresholds.Patient, f.Patient)
	set(&p.Thresholds.Staff, f.Staff)
	set(&p.Thresholds.Cancel, f.Cancel)
	set(&p.Thresholds.Contacts, f.Contacts)
	set(&p.Thresholds.Posture, f.Posture)
	if f.LinkHost != nil {
		p.LinkHosts = f.LinkHost
	}
}

type keysetPolicyCmd struct {
	File    string `arg:"" help:"The keyset."`
	Expires moment `placeholder:"WHEN" help:"When the keyset is to be renewed: 365d from now, or a date and time."`
	policyFlags
}

func (cmd keysetPolicyCmd) Run(c console) error {
	d, err := readDraft(cmd.File)
	if err != nil {
		return err
	}
	cmd.apply(&d.keyset.Policy)
	if cmd.Expires.given() {
		d.keyset.Expires = cmd.Expires.from(now())
	}
	return d.finishEdit(c)
}

// finishEdit writes the edit and says what comes next.
func (d *draft) finishEdit(c console) error {
	if err := d.edit(); err != nil {
		return err
	}
	c.say("%s is version %d, to be signed by %d of %d root keys.",
		d.path, d.keyset.Version, d.keyset.RootThreshold, len(d.keyset.Roots))
	return nil
}
