package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
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
	Column    string `placeholder:"NAME" help:"The column, by its heading (default sub if there is one, otherwise the first, without a heading)."`
	Issuer    string `required:"" placeholder:"URL" help:"The issuer (iss) of their tokens."`
	AnyIssuer bool   `help:"Take the issuer's name as it is, though the desk does not know it."`
	Key       string `required:"" placeholder:"FILE" help:"Your key, to log in."`
	JSON      bool   `help:"Print the cohort, for programs."`
	deskFlags
}

func (cmd cohortAddCmd) Run(ctx context.Context, c console) error {
	subjects, err := cmd.read()
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
	cohort, err := s.desk.PutCohort(ctx, cmd.Name, cmd.Issuer, subjects)
	if err != nil {
		return deskFailure(s.flags.Desk, "making the cohort "+cmd.Name, err)
	}
	if cmd.JSON {
		return c.printJSON(cohort)
	}
	_, err = fmt.Fprintf(c.Out, "cohort:%s has %d people, within seconds on every edge.\n", cohort.Name, cohort.Members)
	if twice := len(subjects) - cohort.Members; twice > 0 {
		c.say("%d of the %d ids in %s are there more than once.", twice, len(subjects), cmd.Subjects)
	}
	return err
}

// read reads the subject ids.
func (cmd cohortAddCmd) read() ([]string, error) {
	var in io.Reader = os.Stdin
	if cmd.Subjects != "-" {
		f, err := os.Open(cmd.Subjects)
		if err != nil {
			return nil, fmt.Errorf("--subjects: %w", err)
		}
		defer f.Close()
		in = f
	}
	subjects, err := readSubjects(in, cmd.Column)
	if err != nil {
		return nil, fmt.Errorf("--subjects %s: %w", cmd.Subjects, err)
	}
	return subjects, nil
}

// readSubjects reads one column of a CSV file. Errors name lines, never what is in them.
func readSubjects(in io.Reader, column string) ([]string, error) {
	r := csv.NewReader(in)
	r.FieldsPerRecord = -1
	r.ReuseRecord = true
	at, heading := 0, true
	var subjects []string
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		line, _ := r.FieldPos(0)
		if heading {
			heading = false
			record[0] = strings.TrimPrefix(record[0], "\ufeff")
			i := slices.IndexFunc(record, func(h string) bool { return strings.TrimSpace(h) == orSub(column) })
			if i >= 0 {
				at = i
				continue
			}
			if column != "" {
				return nil, fmt.Errorf("line %d has no column %q", line, column)
			}
		}
		if at >= len(record) || strings.TrimSpace(record[at]) == "" {
			return nil, fmt.Errorf("line %d: no subject id", line)
		}
		subjects = append(subjects, strings.Clone(strings.TrimSpace(record[at])))
	}
	if len(subjects) == 0 {
		return nil, errors.New("no subject id in it")
	}
	return subjects, nil
}

func orSub(column string) string {
	if column == "" {
		return "sub"
	}
	return column
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
		if _, err := fmt.Fprintf(c.Out, "cohort:%s  %d people, since %s\n",
			printable(cohort.Name), cohort.Members, cohort.Time.Local().Format(time.DateTime)); err != nil {
			return err
		}
	}
	return nil
}

type cohortRemoveCmd struct {
	Name string `arg:"" help:"The cohort."`
	Key  string `required:"" placeholder:"FILE" help:"Your key, to log in."`
	deskFlags
}

func (cmd cohortRemoveCmd) Run(ctx context.Context, c console) error {
	s, err := cmd.signIn(cmd.Key)
	if err != nil {
		return err
	}
	err = s.desk.RemoveCohort(ctx, cmd.Name)
	if errors.Is(err, client.ErrNotFound) {
		return fmt.Errorf("there is no cohort %s", cmd.Name)
	}
	if err != nil {
		return deskFailure(s.flags.Desk, "removing the cohort "+cmd.Name, err)
	}
	c.say("Removed: cohort:%s", cmd.Name)
	return nil
}
