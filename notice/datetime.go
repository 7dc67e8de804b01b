package notice

import (
	"time"
)

// DateTime is a time in a signed document, in CAP 1.2's form (section 3.3.2):
// YYYY-MM-DDTHH:MM:SS±HH:MM. No fraction, no Z; UTC is -00:00 or +00:00. It stays
// text, so that a document is never changed by being read.
type DateTime string

// maxOffset is XML Schema's bound for a time zone, in minutes.
const maxOffset = 14 * 60

// FormatTime writes t in its own time zone, cut to seconds. UTC is written
// -00:00, as CAP asks. A zone with seconds, or one that XML Schema does not allow,
// becomes UTC. Years are 1 to 9999.
func FormatTime(t time.Time) DateTime {
	_, offset := t.Zone()
	if offset == 0 || offset%60 != 0 || offset < -maxOffset*60 || offset > maxOffset*60 {
		return DateTime(t.UTC().Format("2006-01-02T15:04:05") + "-00:00")
	}
	return DateTime(t.Format("2006-01-02T15:04:05-07:00"))
}

// IsZero reports whether there is no time.
func (d DateTime) IsZero() bool { return d == "" }

// Time reads d. What is not of the one form (years 0001 to 9999, seconds 00 to 59,
// offsets up to 14:00) is a *RuleError "datetime".
func (d DateTime) Time() (time.Time, error) {
	const form = "0000-00-00T00:00:00+00:00"
	if len(d) != len(form) {
		return time.Time{}, d.malformed()
	}
	for i := range len(form) {
		switch c := d[i]; {
		case form[i] == '0' && '0' <= c && c <= '9':
		case form[i] == '+' && (c == '+' || c == '-'):
		case form[i] != '0' && form[i] == c:
		default:
			return time.Time{}, d.malformed()
		}
	}
	year, month, day := d.digits(0, 4), d.digits(5, 7), d.digits(8, 10)
	hour, minute, second := d.digits(11, 13), d.digits(14, 16), d.digits(17, 19)
	offHours, offMinutes := d.digits(20, 22), d.digits(23, 25)
	offset := offHours*60 + offMinutes
	if year < 1 || hour > 23 || minute > 59 || second > 59 || offMinutes > 59 || offset > maxOffset {
		return time.Time{}, d.malformed()
	}
	if d[19] == '-' {
		offset = -offset
	}
	zone := time.UTC
	if offset != 0 {
		zone = time.FixedZone("", offset*60)
	}
	t := time.Date(year, time.Month(month), day, hour, minute, second, 0, zone)
	if t.Month() != time.Month(month) || t.Day() != day { // a 13th month, a 30th of February
		return time.Time{}, d.malformed()
	}
	return t, nil
}

// digits reads the decimal number in d[from:to], which Time has checked.
func (d DateTime) digits(from, to int) int {
	n := 0
	for _, c := range d[from:to] {
		n = n*10 + int(c-'0')
	}
	return n
}

func (d DateTime) malformed() error {
	return broken("datetime", "%.40q is not a time of the form 2026-11-22T09:30:00-00:00", string(d))
}
