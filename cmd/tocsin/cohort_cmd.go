package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"tocsin/client"
)

type cohortCmd struct {
	Add    cohortAddCmd    `cmd:"" help:"Make the list of people who are affected, from a file of their subject ids."`
	List   cohortListCmd   `cmd:"" help:"List the cohorts: names and sizes, never people."`
	Remove cohortRemoveCmd `cmd:"" help:"Drop a cohort: notices to it reach nobody any more."`
}

func (cohortCmd) Help() string {
	return `A cohort is a list of people who are known only afterwards to be affected, such as
those whose records were read. Their portals gain the label cohort:NAME, those that are
open now and those that come back with a ticket, also while login is broken.

    tocsin cohort add breach-7 --subjects affected.csv --issuer https://idp.clinic.example --key ana.key
    tocsin publish --scope Restricted --restriction "Those whose records were read" \
        --address cohort:breach-7 --headline … --expires 48h --key ana.key

The subject ids are the sub of tokens. They are turned into pseudonyms at the desk, and kept
nowhere.`
}

type cohortAddCmd struct {
	Name      string `arg:"" help:"1 to 64 of a-z, 0-9 and -."`
	Subjects  string `required:"" placeholder:"FILE.csv" help:"Subject ids: one a line, or the column of a CSV file (- for standard input)."`
	Column    string `placeholder:"NAME" help:"The column, by its heading (default sub). A file of one column needs none."`
	NoHeading bool   `help:"The first line of one column is an id, though it reads like a heading."`
	Issuer    string `required:"" placeholder:"URL" help:"The issuer (iss) of their tokens."`
	AnyIssuer bool   `help:"Take the issuer's name as it is, though the desk does not know it."`
	Replace   bool   `help:"Put the list in the place of one of that name: needed where nobody can be asked."`
	Yes       bool   `short:"y" help:"Don't ask."`
	Key       string `required:"" placeholder:"FILE" help:"Your key, to log in."`
	JSON      bool   `help:"Print the cohort, for programs."`
	deskFlags
}

func (cohortAddCmd) Help() string {
	return `The file is UTF-8: ids alone, one a line, or columns separated by commas, of which the
heading sub, or the one that --column names, says which it is (in capitals or not). What
could be read in two ways is refused by its line; an id is never shown. What is said is
how many ids were taken from which column, and what was left out.

A list takes the place of an earlier one of that name: on a terminal it asks, with the
sizes of both (not with --yes); elsewhere it takes --replace.

    tocsin cohort add breach-7 --subjects affected.csv --column "Subject ID" \
        --issuer https://clinic.example --key ana.key
    tocsin cohort add breach-7 --subjects more.txt --replace --issuer https://clinic.example --key ana.key`
}

func (cmd cohortAddCmd) Run(ctx context.Context, c console) error {
	list, err := cmd.read(c)
	if err != nil {
		return err
	}
	s, err := cmd.signIn(cmd.Key)
	if err != nil {
		return err
	}
	if err := s.checkIssuers(ctx, c, []string{cmd.Issuer}, cmd.AnyIssuer); err != nil {
		return err
	}
	if err := cmd.mayReplace(ctx, c, s, len(list.ids)); err != nil {
		return err
	}
	cohort, err := s.desk.PutCohort(ctx, cmd.Name, client.CohortList{Issuer: cmd.Issuer, Subjects: list.ids, AnyIssuer: cmd.AnyIssuer})
	if err != nil {
		return deskFailure(s.flags.Desk, "making the cohort "+cmd.Name, err)
	}
	if cmd.JSON {
		return c.printJSON(cohort)
	}
	_, err = fmt.Fprintf(c.Out, "cohort:%s has %s, within seconds on every edge.\n", printable(cohort.Name), people(cohort.Members))
	return err
}

// read reads the subject ids.
func (cmd cohortAddCmd) read(c console) (subjectList, error) {
	if cmd.Column != "" && cmd.NoHeading {
		return subjectList{}, misusef("--column and --no-heading exclude each other")
	}
	in := c.In
	if cmd.Subjects != "-" {
		f, err := os.Open(cmd.Subjects)
		if err != nil {
			return subjectList{}, fmt.Errorf("--subjects: %w", err)
		}
		defer f.Close()
		in = f
	}
	list, err := readSubjects(in, cmd.Column, cmd.NoHeading)
	if err != nil {
		return subjectList{}, fmt.Errorf("--subjects %s: %w", cmd.Subjects, err)
	}
	c.say("%s", printable(oneLine(cmd.Subjects+": "+list.words())))
	return list, nil
}

// mayReplace asks before a list takes the place of another. A script, which can't be
// asked, must have said that it means to.
func (cmd cohortAddCmd) mayReplace(ctx context.Context, c console, s *signIn, members int) error {
	before, err := s.cohort(ctx, cmd.Name)
	if errors.Is(err, client.ErrNotFound) {
		return nil
	}
	if err != nil {
		return deskFailure(s.flags.Desk, "looking for the cohort "+cmd.Name, err)
	}
	c.say("cohort:%s is there already, since %s: it had %s, and will have %s. Whoever is not on the new list is shown nothing for it any more.",
		cmd.Name, before.Time.Local().Format(time.DateTime), people(before.Members), people(members))
	if !cmd.Replace && !isTerminal(c.In) {
		return fmt.Errorf("cohort:%s is there already: say --replace to put this list in its place", cmd.Name)
	}
	return c.confirm(cmd.Yes || !isTerminal(c.In), "Replace it?", errNothingChanged)
}

var errNothingChanged = errors.New("nothing was changed")

// cohort is the cohort of that name, or ErrNotFound.
func (s *signIn) cohort(ctx context.Context, name string) (client.Cohort, error) {
	list, err := s.desk.Cohorts(ctx)
	if err != nil {
		return client.Cohort{}, err
	}
	i := slices.IndexFunc(list, func(c client.Cohort) bool { return c.Name == name })
	if i < 0 {
		return client.Cohort{}, client.ErrNotFound
	}
	return list[i], nil
}

type cohortListCmd struct {
	Key  string `required:"" placeholder:"FILE" help:"Your key, to log in."`
	JSON bool   `help:"Print the list, for programs."`
	deskFlags
}

func (cmd cohortListCmd) Run(ctx context.Context, c console) error {
	s, err := cmd.signIn(cmd.Key)
	if err != nil {
		return err
	}
	list, err := s.desk.Cohorts(ctx)
	if err != nil {
		return deskFailure(s.flags.Desk, "listing cohorts", err)
	}
	if cmd.JSON {
		return c.printJSON(list)
	}
	if len(list) == 0 {
		c.say("There is no cohort.")
	}
	for _, cohort := range list {
		if _, err := fmt.Fprintf(c.Out, "cohort:%s  %s, since %s\n",
			printable(cohort.Name), people(cohort.Members), cohort.Time.Local().Format(time.DateTime)); err != nil {
			return err
		}
	}
	return nil
}

type cohortRemoveCmd struct {
	Name string `arg:"" help:"The cohort."`
	Key  string `required:"" placeholder:"FILE" help:"Your key, to log in."`
	Yes  bool   `short:"y" help:"Don't ask."`
	deskFlags
}

func (cmd cohortRemoveCmd) Run(ctx context.Context, c console) error {
	s, err := cmd.signIn(cmd.Key)
	if err != nil {
		return err
	}
	cohort, err := s.cohort(ctx, cmd.Name)
	if err == nil {
		c.say("cohort:%s has %s. Notices to it will reach none of them any more.", printable(cohort.Name), people(cohort.Members))
		if err := c.confirm(cmd.Yes, "Remove it?", errNothingChanged); err != nil {
			return err
		}
		err = s.desk.RemoveCohort(ctx, cmd.Name)
	}
	if errors.Is(err, client.ErrNotFound) {
		return fmt.Errorf("there is no cohort %s", cmd.Name)
	}
	if err != nil {
		return deskFailure(s.flags.Desk, "removing the cohort "+cmd.Name, err)
	}
	c.say("Removed: cohort:%s", cmd.Name)
	return nil
}
