package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"tocsin/client"
	"tocsin/notice"
)

// changeWords says what an Update or Cancel does to the message that it replaces: an
// Update that is harmless to read may take the place of a warning. Nothing for an Alert.
func (cmd approveCmd) changeWords(ctx context.Context, s *signIn, n *notice.Notice) (string, error) {
	if n.MsgType == notice.MsgAlert {
		return "", nil
	}
	was, verified, err := cmd.replaced(ctx, s, n)
	if err != nil {
		return "", err
	}
	p := &page{}
	if !slices.Contains(n.References, was.Reference()) {
		p.line("CAUTION: it does not follow the newest message of its thread, so it will be refused.")
	}
	by := "as the desk says"
	if verified {
		by = "verified"
	}
	if n.MsgType == notice.MsgCancel {
		p.line("It withdraws for good, %s:", by)
		p.line("  %s", gravity(was))
		p.headlines(was)
		return p.String(), nil
	}
	p.line("What it changes, against what holds now (%s):", by)
	p.changes(was, n)
	return p.String(), nil
}

// replaced is the message of n's thread that holds now: folded from the pinned roots,
// if they are at hand, or by the desk's word.
func (cmd approveCmd) replaced(ctx context.Context, s *signIn, n *notice.Notice) (was *notice.Notice, verified bool, err error) {
	id, err := n.ThreadID()
	if err != nil {
		return nil, false, err
	}
	found, err := s.desk.Notice(ctx, id)
	if errors.Is(err, client.ErrNotFound) {
		return nil, false, fmt.Errorf("the desk does not know the notice %s, which this one replaces", oneLine(id))
	}
	if err != nil {
		return nil, false, deskFailure(s.flags.Desk, "looking for what it replaces", err)
	}
	roots, err := cmd.roots(s.flags.Desk)
	if errors.Is(err, errNoRoots) {
		t, err := threadOf(found)
		return t.current, false, err
	}
	if err != nil {
		return nil, false, err
	}
	board, err := s.board(ctx, roots)
	if err != nil {
		return nil, false, err
	}
	for _, m := range found.Messages {
		out := board.Fold(notice.Entry{Seq: board.Seq() + 1, Time: m.Time, Body: m.Envelope})
		if out.Err != nil {
			return nil, false, fmt.Errorf("what the desk says that it replaces is not to be believed: %w", out.Err)
		}
	}
	t, ok := board.Thread(id)
	if !ok {
		return nil, false, fmt.Errorf("the desk does not show the notice %s, which this one replaces", oneLine(id))
	}
	return t.Current.Notice, true, nil
}

// changes lists the lines that go (-) and those that come (+), in each language.
func (p *page) changes(was, now *notice.Notice) {
	before := p.Len()
	p.difference("", head(was), head(now))
	languages := append(languagesOf(now), languagesOf(was)...)
	for i, language := range languages {
		if slices.Index(languages, language) == i {
			p.difference("["+language+"]", textIn(was, language), textIn(now, language))
		}
	}
	if p.Len() == before {
		p.line("  Nothing that is shown.")
	}
}

// difference writes the lines that are in one list alone.
func (p *page) difference(where string, was, now []string) {
	for _, side := range []struct {
		mark         string
		these, those []string
	}{{"-", was, now}, {"+", now, was}} {
		for _, line := range side.these {
			if !slices.Contains(side.those, line) {
				p.line("  %s", strings.TrimSpace(oneLine(side.mark+" "+where)+" "+line))
			}
		}
	}
}

// head is what a notice says in no language.
func head(n *notice.Notice) []string {
	list := []string{gravity(n), "until " + ending(n), "for " + oneLine(reach(n))}
	for name, value := range map[string]string{
		"note": n.Note, "source": n.Source, "code": strings.Join(n.Code, ", "), "incidents": strings.Join(n.Incidents, ", "),
	} {
		if value != "" {
			list = append(list, name+" "+oneLine(value))
		}
	}
	slices.Sort(list[3:])
	return list
}

// gravity is how grave a notice is, in CAP's words.
func gravity(n *notice.Notice) string {
	if len(n.Info) == 0 {
		return "no text"
	}
	i := n.Info[0]
	return oneLine(strings.Join([]string{string(i.Severity), i.Urgency, i.Certainty}, " · "))
}

// textIn is a notice in one language, as approvers read it; without it, nothing.
func textIn(n *notice.Notice, language string) []string {
	p := &page{whole: true}
	for i := range n.Info {
		if languageOf(&n.Info[i]) == language {
			p.info(&n.Info[i])
		}
	}
	var list []string
	for line := range strings.SplitSeq(p.String(), "\n") {
		line = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(line), "["+oneLine(language)+"]"))
		if line != "" {
			list = append(list, line)
		}
	}
	return list
}

func languagesOf(n *notice.Notice) []string {
	var list []string
	for i := range n.Info {
		list = append(list, languageOf(&n.Info[i]))
	}
	return list
}
