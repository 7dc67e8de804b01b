package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"strings"

	"tocsin/notice"
)

// composeFlags make a notice: in one language by themselves, in more with the texts of
// files. A notice whose languages differ in more than texts is a JSON or CAP file;
// --print shows the JSON to begin from.
type composeFlags struct {
	Headline    string            `group:"compose" placeholder:"TEXT" help:"The first line, at most some 160 characters."`
	Description string            `group:"compose" placeholder:"TEXT" help:"What has happened."`
	Instruction string            `group:"compose" placeholder:"TEXT" help:"What the reader is to do."`
	Event       string            `group:"compose" placeholder:"TEXT" help:"The kind of event, in a few words (default: the headline)."`
	Language    string            `group:"compose" default:"en-US" placeholder:"TAG" help:"Language of the texts (default en-US)."`
	Translation []string          `group:"compose" placeholder:"FILE" help:"The texts in one more language: JSON with language, headline, description, instruction, … (repeat for more)."`
	Category    []string          `group:"compose" default:"Health" placeholder:"CAT" help:"CAP's categories: Health, Safety, Infra, … (default Health)."`
	Severity    string            `group:"compose" default:"Severe" placeholder:"S" help:"Extreme, Severe, Moderate, Minor or Unknown (default Severe)."`
	Urgency     string            `group:"compose" default:"Immediate" placeholder:"U" help:"Immediate, Expected, Future, Past or Unknown (default Immediate)."`
	Certainty   string            `group:"compose" default:"Observed" placeholder:"C" help:"Observed, Likely, Possible, Unlikely or Unknown (default Observed)."`
	SenderName  string            `group:"compose" placeholder:"TEXT" help:"The institution, in words."`
	Contact     string            `group:"compose" placeholder:"TEXT" help:"Whom to call."`
	Web         string            `group:"compose" placeholder:"URL" help:"Where to read more: https, on a host that the keyset's policy allows."`
	Parameter   map[string]string `group:"compose" mapsep:"none" placeholder:"K=V" help:"Further values, such as directive=pause-booking (repeat for more)."`
	Scope       string            `group:"compose" placeholder:"SCOPE" help:"Public (everybody), Restricted (who has proven an address, now or earlier) or Private (who is logged in now); default Public."`
	Address     []string          `group:"compose" sep:"none" placeholder:"LABEL" help:"Who gets it: tenant:north, surface:call, …; of each kind one must fit (repeat for more). Without one: everybody."`
	Restriction string            `group:"compose" placeholder:"TEXT" help:"In words, to whom a Restricted notice is limited."`
}

// notice is the notice that the flags describe, without identifier and times.
func (f composeFlags) notice() *notice.Notice {
	info := notice.Info{
		Language: f.Language, Category: f.Category, Event: cmp.Or(f.Event, f.Headline),
		Urgency: f.Urgency, Severity: notice.Severity(f.Severity), Certainty: f.Certainty,
		SenderName: f.SenderName, Headline: f.Headline, Description: f.Description,
		Instruction: f.Instruction, Web: f.Web, Contact: f.Contact,
	}
	for _, name := range sortedKeys(f.Parameter) {
		info.Parameter = append(info.Parameter, notice.ValuePair{ValueName: name, Value: f.Parameter[name]})
	}
	return &notice.Notice{
		Status: notice.StatusActual, MsgType: notice.MsgAlert,
		Scope:       notice.Scope(cmp.Or(f.Scope, string(notice.ScopePublic))),
		Restriction: f.Restriction, Addresses: f.Address, Info: []notice.Info{info},
	}
}

var errNothingToPublish = errors.New("nothing to publish: name a JSON file, --cap FILE, or --headline TEXT")

// source reads the notice from where the command line says: exactly one of a
// JSON file, a CAP file and flags.
func (cmd publishCmd) source() (*notice.Notice, error) {
	given := 0
	for _, s := range []string{cmd.File, cmd.CAP, cmd.Headline} {
		if s != "" {
			given++
		}
	}
	switch {
	case given == 0:
		return nil, misuse{error: errNothingToPublish}
	case len(cmd.Translation) > 0 && cmd.Headline == "":
		return nil, misusef("--translation adds to --headline; a file has its languages in itself")
	case given > 1:
		return nil, misusef("a JSON file, --cap and --headline exclude each other")
	case cmd.File != "":
		return readNotice(cmd.File, notice.Decode)
	case cmd.CAP != "":
		return readNotice(cmd.CAP, notice.ParseCAP)
	}
	n := cmd.composeFlags.notice()
	return n, cmd.translate(n)
}

func readNotice(path string, parse func([]byte) (*notice.Notice, error)) (*notice.Notice, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the notice: %w", err)
	}
	n, err := parse(data)
	if err != nil {
		return nil, fmt.Errorf("reading the notice %s: %w", path, err)
	}
	return n, nil
}

// adjust applies the flags that hold for every kind of source.
func (cmd publishCmd) adjust(n *notice.Notice) error {
	n.Status = notice.Status(cmp.Or(cmd.Status, string(n.Status)))
	n.Note = cmp.Or(cmd.Note, n.Note)
	for i := range n.Info {
		info := &n.Info[i]
		if cmd.Expires.given() {
			info.Expires = cmd.Expires.from(now())
		}
		if info.Expires.IsZero() {
			return misusef("the notice has no end; say when: --expires 2h")
		}
	}
	return nil
}

// senderOf is the sender of a notice when none was given: who holds the key, at
// the desk's host. CAP asks for a name that is unique to whoever sends.
func senderOf(owner, host string) string {
	return strings.ToLower(owner + "@" + host)
}
