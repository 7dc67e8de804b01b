package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"tocsin/notice"
)

// moment is a flag that says when something ends: a time from now ("2h", "90m",
// "3d") or a date and time with an offset ("2026-03-01T18:00:00+01:00").
type moment struct {
	after time.Duration
	at    time.Time
}

// UnmarshalText parses either form.
func (m *moment) UnmarshalText(text []byte) error {
	s := string(text)
	if at, err := time.Parse(time.RFC3339, s); err == nil {
		*m = moment{at: at}
		return nil
	}
	if err := incompleteTime(s); err != nil {
		return err
	}
	after, err := parseSpan(s)
	if err != nil {
		return err
	}
	*m = moment{after: after}
	return nil
}

// incompleteTime says what is missing from a date alone, or from a time without an
// offset: which midnight is meant is not to be guessed, since credentials are void by it.
func incompleteTime(s string) error {
	if _, err := time.Parse(time.DateOnly, s); err == nil {
		return fmt.Errorf("%q has no time of day; its beginning in UTC is %sT00:00:00Z", s, s)
	}
	if _, err := time.Parse("2006-01-02T15:04:05", s); err == nil {
		return fmt.Errorf("%q has no offset; in UTC it is %sZ", s, s)
	}
	return nil
}

func parseSpan(s string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 16)
		if err == nil && n > 0 {
			return time.Duration(n) * 24 * time.Hour, nil
		}
	}
	after, err := time.ParseDuration(s)
	if err == nil && after <= 0 || strings.HasPrefix(s, "-") && strings.HasSuffix(s, "d") {
		return 0, errSpan(s)
	}
	if err != nil || after <= 0 {
		return 0, fmt.Errorf("%q is neither a time from now (30m, 2h, 3d) nor a date and time (2026-03-01T18:00:00+01:00)", s)
	}
	return after, nil
}

func errSpan(s string) error {
	return fmt.Errorf("%q is no length of time: it has to be above zero, and has no sign (2h, 3d)", s)
}

// negative is what the parser says of "--expires -2h", with the advice to write it so that
// it is taken.
var negative = regexp.MustCompile(`^(--[\w-]+): .* but got "(-(?:[0-9.]+[smhd])+)" \(short flag\)`)

// spanned is the parser's error, or that of a length of time that it took for a flag.
func spanned(err error) error {
	if found := negative.FindStringSubmatch(err.Error()); found != nil {
		return fmt.Errorf("%s: %w", found[1], errSpan(found[2]))
	}
	return err
}

// given reports whether the flag was there.
func (m moment) given() bool { return m.after != 0 || !m.at.IsZero() }

// from is the moment, for a reader whose clock says start.
func (m moment) from(start time.Time) notice.DateTime {
	if m.at.IsZero() {
		return notice.FormatTime(start.Add(m.after))
	}
	return notice.FormatTime(m.at)
}
