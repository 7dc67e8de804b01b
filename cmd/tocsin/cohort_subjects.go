package main

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// subjectList is what a file says about who is on a cohort. An id that is not quite the
// person's, or a neighbouring column, makes a list of as many people who don't exist, and
// nobody would notice: what can be read in two ways is refused.
type subjectList struct {
	ids      []string // each once, sorted
	repeated int      // ids that were there before
	heading  string   // of the column taken; "": the file has none
	column   int      // the place of that column, from 1 on
	columns  int
}

// words says what was taken and what was not; never an id.
func (l subjectList) words() string {
	var left []string
	from := "one a line, without a heading"
	if l.heading != "" {
		from = fmt.Sprintf("from the column %q (%d of %d)", l.heading, l.column, l.columns)
		left = append(left, "the heading")
	}
	if l.repeated > 0 {
		left = append(left, fmt.Sprintf("%d of the %d ids, there before", l.repeated, l.repeated+len(l.ids)))
	}
	if left == nil {
		left = append(left, "nothing")
	}
	taken := "1 id"
	if len(l.ids) != 1 {
		taken = fmt.Sprintf("%d different ids", len(l.ids))
	}
	return fmt.Sprintf("%s taken, %s. Left out: %s.", taken, from, strings.Join(left, "; "))
}

// subjectReader reads one column of a CSV file. Errors name lines, never what is in
// them, except for words that are a heading's.
type subjectReader struct {
	csv       *csv.Reader
	column    string // --column; "": sub
	noHeading bool   // line 1 is an id
	list      subjectList
	ids       map[string]struct{}
}

func readSubjects(in io.Reader, column string, noHeading bool) (subjectList, error) {
	buffered := bufio.NewReader(in)
	start, _ := buffered.Peek(3) // a short file is short
	if bytes.HasPrefix(start, []byte{0xff, 0xfe}) || bytes.HasPrefix(start, []byte{0xfe, 0xff}) {
		return subjectList{}, errUTF16
	}
	if bytes.HasPrefix(start, []byte("\ufeff")) {
		_, _ = buffered.Discard(len("\ufeff"))
	}
	r := subjectReader{csv: csv.NewReader(buffered), column: column, noHeading: noHeading, ids: make(map[string]struct{})}
	r.csv.FieldsPerRecord = -1
	r.csv.ReuseRecord = true
	if err := r.read(); err != nil {
		return subjectList{}, err
	}
	if len(r.ids) == 0 {
		return subjectList{}, errors.New("no subject id in it")
	}
	r.list.ids = sortedKeys(r.ids)
	return r.list, nil
}

var errUTF16 = errors.New(`it is UTF-16 (Excel's "Unicode text"): save it as "CSV UTF-8"`)

func (r *subjectReader) read() error {
	for first := true; ; first = false {
		record, err := r.csv.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := r.separated(record); err != nil {
			return err
		}
		if first {
			heading, err := r.first(record)
			if err != nil {
				return err
			}
			if heading {
				continue
			}
		}
		if err := r.add(record); err != nil {
			return err
		}
	}
}

// line is the line of the record that was read last.
func (r *subjectReader) line() int {
	line, _ := r.csv.FieldPos(0)
	return line
}

// separated refuses what is no text, or is separated by other than commas.
func (r *subjectReader) separated(record []string) error {
	for _, field := range record {
		if strings.ContainsRune(field, 0) {
			return errUTF16
		}
	}
	if len(record) > 1 {
		return nil
	}
	if i := strings.IndexAny(strings.TrimSpace(record[0]), ";\t"); i >= 0 {
		return fmt.Errorf("line %d looks separated by semicolons or tabs: save the file with commas, or the ids alone, one a line", r.line())
	}
	return nil
}

// first reads the first line, and tells whether it is a heading.
func (r *subjectReader) first(record []string) (heading bool, err error) {
	r.list.columns = len(record)
	one := len(record) == 1
	if r.noHeading {
		if !one {
			return false, fmt.Errorf("line %d has %d columns; without a heading there must be one", r.line(), len(record))
		}
		return false, nil
	}
	for i, h := range record {
		if !r.named(strings.TrimSpace(h), one) {
			continue
		}
		if heading {
			return false, fmt.Errorf("two columns are headed %q: rename one", r.list.heading)
		}
		heading = true
		r.list.heading, r.list.column = strings.Clone(strings.TrimSpace(h)), i+1
	}
	switch {
	case heading:
		return true, nil
	case r.column != "":
		return false, fmt.Errorf("line %d has no column %q%s", r.line(), r.column, headings(record))
	case !one:
		return false, fmt.Errorf("line %d has %d columns, none with the heading sub: say which it is with --column HEADING%s",
			r.line(), len(record), headings(record))
	case headings(record) != "":
		return false, fmt.Errorf("line %d looks like a heading%s: say --column HEADING, or --no-heading if it is an id", r.line(), headings(record))
	}
	return false, nil
}

// named tells whether a heading is that of the column to take. Where there is but one,
// it can't be a wrong one.
func (r *subjectReader) named(heading string, one bool) bool {
	if r.column != "" {
		return strings.EqualFold(heading, strings.TrimSpace(r.column))
	}
	return strings.EqualFold(heading, "sub") || one && strings.EqualFold(heading, "subject")
}

// add takes the id of a line.
func (r *subjectReader) add(record []string) error {
	if len(record) != r.list.columns {
		return fmt.Errorf("line %d has %d columns, and the first line %d; a text with a comma in it needs quotes",
			r.line(), len(record), r.list.columns)
	}
	id := strings.TrimSpace(record[max(r.list.column, 1)-1])
	switch {
	case id == "":
		return fmt.Errorf("line %d: no subject id", r.line())
	case !utf8.ValidString(id) || strings.ContainsFunc(id, unprintable):
		return fmt.Errorf("line %d: the id has a character in it that does not print, or is not UTF-8", r.line())
	case rounded.MatchString(id):
		return fmt.Errorf("line %d: the id is a number that a spreadsheet has rounded (as 1.2E+11): format the column as text, and save again", r.line())
	}
	if _, there := r.ids[id]; there {
		r.list.repeated++
		return nil
	}
	r.ids[strings.Clone(id)] = struct{}{}
	return nil
}

func unprintable(c rune) bool { return !unicode.IsPrint(c) || c == utf8.RuneError }

// rounded is how spreadsheets show a number with many digits.
var rounded = regexp.MustCompile(`^[0-9](\.[0-9]+)?E\+[0-9]+$`)

// headingWord is what reads like a heading and not like an id, which must not be shown:
// "Patient ID", "subject_id", "lastName".
var headingWord = regexp.MustCompile(`(?i)^(?:[ _/-]|sub|subject|ids?|identifier|user|account|uid|uuid|guid|patient|person|member|client|` +
	`customer|first|last|full|given|family|sur|name|mrn|e-?mail|phone|telephone|date|of|birth|dob|iss|issuer|tenant|record|number|note)+$`)

// headings lists those of a line, as far as they surely are headings: a line without
// would be a person's.
func headings(record []string) string {
	var known []string
	for _, h := range record {
		if h = strings.TrimSpace(h); headingWord.MatchString(h) {
			known = append(known, strconv.Quote(h))
		}
	}
	switch others := len(record) - len(known); {
	case len(known) == 0:
		return ""
	case others > 0:
		return fmt.Sprintf(" (it has %s and %d more)", strings.Join(known, ", "), others)
	}
	return fmt.Sprintf(" (it has %s)", strings.Join(known, ", "))
}
