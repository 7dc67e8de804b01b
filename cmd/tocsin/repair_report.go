package main

import (
	"fmt"
	"io"
	"strings"

	"tocsin/broker"
)

// repairReport is what a repair found, and did.
type repairReport struct {
	Log      copyWords `json:"log"` // as it was
	Filled   []foundAt `json:"filled,omitempty"`
	Replaced []foundAt `json:"replaced,omitempty"`
	Added    []foundAt `json:"added,omitempty"`
	NotUsed  []foundAt `json:"notUsed,omitempty"`
	Lost     []string  `json:"lost,omitempty"`
	NewEpoch string    `json:"newEpoch,omitempty"` // empty if nothing was changed
	Entries  int       `json:"entries,omitempty"`  // of the new log
}

// foundAt is one entry and where it is from.
type foundAt struct {
	Place uint64 `json:"place"`
	From  string `json:"from"`
	Why   string `json:"why,omitempty"` // it was not used
}

func (repairCmd) report(log *broker.Copy, before *broker.Review, repair *broker.Repair) repairReport {
	list := func(found []broker.Found) (list []foundAt) {
		for _, f := range found {
			at := foundAt{Place: f.Seq, From: f.Source}
			if f.Err != nil {
				at.Why = f.Err.Error()
			}
			list = append(list, at)
		}
		return list
	}
	r := repairReport{
		Log: describeCopy("", log, before), Filled: list(repair.Filled), Replaced: list(repair.Replaced),
		Added: list(repair.Added), NotUsed: list(repair.Left),
	}
	for _, s := range repair.Review.Missing {
		r.Lost = append(r.Lost, s.String())
	}
	return r
}

func (r repairReport) print(c console, asJSON bool) error {
	if asJSON {
		return c.printJSON(r)
	}
	var text strings.Builder
	if err := r.Log.say(&text); err != nil {
		return err
	}
	list := func(word string, found []foundAt) {
		for _, f := range found {
			fmt.Fprintf(&text, "%-9s %d from %s", word, f.Place, f.From)
			if f.Why != "" {
				fmt.Fprintf(&text, ": %s", f.Why)
			}
			text.WriteByte('\n')
		}
	}
	list("FILL", r.Filled)
	list("REPLACE", r.Replaced)
	list("ADD", r.Added)
	list("NOT USED", r.NotUsed)
	for _, s := range r.Lost {
		fmt.Fprintf(&text, "LOST      %s: nothing that was named has it\n", s)
	}
	switch {
	case r.NewEpoch != "":
		fmt.Fprintf(&text, "Repaired: %d entries, in a new log with epoch %s.\n", r.Entries, r.NewEpoch)
	case len(r.Filled)+len(r.Replaced)+len(r.Added)+len(r.Lost) == 0:
		text.WriteString("Nothing is missing.\n")
	}
	_, err := io.WriteString(c.Out, printable(text.String()))
	return err
}
