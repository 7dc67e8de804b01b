package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"tocsin/client"
	"tocsin/notice"
	"tocsin/wire"
)

// tailPrinter prints what a subscriber reports.
type tailPrinter struct {
	cmd     tailCmd
	console console
	end     func()
	now     func() time.Time

	printed int
	ended   bool
	hinted  bool
	err     error // of printing; ends the command
}

// done ends the command; what comes afterwards is not printed.
func (p *tailPrinter) done() {
	p.ended = true
	p.end()
}

// event prints one event. Notices go to stdout, all else to stderr.
func (p *tailPrinter) event(e client.Event) {
	if p.ended {
		return
	}
	switch e := e.(type) {
	case client.NoticeChanged:
		p.notice(e)
	case client.Synced:
		p.synced(e)
	case client.Connected:
		p.session(e.Tier, e.Auth)
	case client.AuthChanged:
		p.session(e.Tier, e.Auth.Auth)
	case client.FreshnessChanged:
		p.freshness(e.Freshness)
	case client.Rejected:
		p.console.say("! entry %d is not to be believed, and was ignored: %s", e.Seq, oneLine(e.Err.Error()))
	case client.Disconnected:
		p.console.say("- no connection (%s); next attempt in %s", oneLine(why(e.Err)), e.RetryIn.Round(100*time.Millisecond))
		p.hint(e.Err)
	}
}

// hint says once what no further attempt can mend.
func (p *tailPrinter) hint(err error) {
	if p.hinted || !errors.Is(err, client.ErrProtocol) {
		return
	}
	p.hinted = true
	p.console.say("  No node answers at %s. --url is the address for clients, which serve has as --listen:\n"+
		"  ws://127.0.0.1:8080 unless told otherwise; not the desk's, nor the admin address.", oneLine(p.cmd.URL))
}

// why is an error without the address that the reader has typed himself.
func why(err error) string {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err.Error()
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return "the connection was lost"
	}
	return err.Error()
}

func (p *tailPrinter) session(tier wire.Tier, auth wire.AuthState) {
	text := fmt.Sprintf("- connected to %s, %s tier", p.cmd.URL, tier)
	if auth.Reason != "" {
		text += fmt.Sprintf(" (%s: %s)", auth.State, auth.Reason)
	}
	p.console.say("%s", oneLine(text))
}

func (p *tailPrinter) freshness(f client.Freshness) {
	switch {
	case f.Live:
		p.console.say("- live")
	case f.Reason == client.StaleConnecting:
	case f.Since.IsZero():
		p.console.say("- not updated yet (%s)", reasonWords(f.Reason))
	default:
		p.console.say("- not updated since %s (%s)", f.Since.Local().Format(time.TimeOnly), reasonWords(f.Reason))
	}
}

func reasonWords(reason string) string {
	switch reason {
	case client.StaleHeads:
		return fmt.Sprintf("heads: no signed head for %.0f s", notice.HeadLag.Seconds())
	case client.StaleMismatch:
		return "mismatch: what this node shows is not what the desk signed"
	}
	return reason
}

func (p *tailPrinter) synced(e client.Synced) {
	if p.cmd.JSON {
		p.keep(p.console.printJSON(map[string]any{"type": "synced", "cursor": e.Cursor.String()}))
	}
	if p.cmd.Once {
		p.done()
	}
}

func (p *tailPrinter) notice(e client.NoticeChanged) {
	if p.cmd.Once && !p.cmd.JSON && gone(e) != "" {
		return // it holds no more
	}
	phase := notice.Over
	if e.Thread.Alert != nil {
		phase = e.Thread.Phase(p.now())
	}
	if p.cmd.JSON {
		p.keep(p.console.printJSON(noticeLine(e, phase)))
	} else {
		p.keep(p.words(e, phase))
	}
	if p.printed++; p.printed == p.cmd.Count {
		p.done()
	}
}

// words prints a message as a reader sees it.
func (p *tailPrinter) words(e client.NoticeChanged, phase notice.Phase) error {
	page := newPage(p.console.Out)
	if remark := cmp.Or(remarks[e.Change], gone(e)); remark != "" {
		page.line("%s", page.paint(amber, remark))
	} else if phase == notice.Over {
		page.line("%s", page.paint(faint, "(over)"))
	}
	page.notice(e.Message.Notice)
	if content := e.Thread.Content; e.Change == client.ChangeCancelled && content != nil {
		page.line("")
		page.line("  Withdrawn:")
		page.headlines(content.Notice)
	}
	if before := replacedBy(e); before != nil {
		page.line("")
		page.line("  Replaces:")
		page.headlines(before)
	}
	page.line("")
	_, err := fmt.Fprint(p.console.Out, page.String())
	return err
}

// gone says what has become of a message that decides nothing in its thread any more.
func gone(e client.NoticeChanged) string {
	switch t := e.Thread; {
	case t.Current == nil || t.Current.Hash == e.Message.Hash: // a keyset has the board make others of all
	case t.Cancelled:
		return "Withdrawn since, it was:"
	default:
		return "Replaced since, it was:"
	}
	return ""
}

// replacedBy is what an Update follows: of the thread's other messages the latest one.
func replacedBy(e client.NoticeChanged) (before *notice.Notice) {
	if e.Message.Notice.MsgType != notice.MsgUpdate {
		return nil
	}
	revision := -1
	for _, m := range e.Thread.Messages {
		if m.Notice.MsgType != notice.MsgCancel && m.Revision > revision && m.Revision < e.Message.Revision {
			before, revision = m.Notice, m.Revision
		}
	}
	return before
}

// remarks say what readers could not tell from the message itself.
var remarks = map[client.Change]string{
	client.ChangeOutdated: "Overtaken by a later message:",
	client.ChangeVoid:     "NO LONGER VALID, its signatures do not count any more:",
	client.ChangeRevived:  "Valid again:",
	client.ChangeDropped:  "No longer shown after sign-out:",
}

func (p *tailPrinter) keep(err error) {
	if err != nil && p.err == nil {
		p.err = err
		p.done()
	}
}

// noticeLine is a message for programs.
func noticeLine(e client.NoticeChanged, phase notice.Phase) map[string]any {
	owners := []string{}
	for _, s := range e.Message.Signers {
		owners = append(owners, s.Owner)
	}
	return map[string]any{
		"type": "notice", "change": e.Change, "phase": phaseNames[phase],
		"seq": e.Message.Seq, "revision": e.Message.Revision,
		"signers": owners, "breakGlass": e.Message.BreakGlass, "notice": e.Message.Notice,
	}
}

var phaseNames = map[notice.Phase]string{
	notice.Active: "active", notice.Withdrawn: "withdrawn", notice.Over: "over",
}
