package notice_test

import (
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/notice"
)

func TestDateTime(t *testing.T) {
	for d, want := range map[notice.DateTime]string{
		"2003-06-11T22:39:00-07:00": "2003-06-12T05:39:00Z",
		"2026-11-22T09:30:00-00:00": "2026-11-22T09:30:00Z",
		"2026-11-22T09:30:00+00:00": "2026-11-22T09:30:00Z",
		"2026-11-22T09:30:00+05:45": "2026-11-22T03:45:00Z",
		"2026-01-01T00:00:00+14:00": "2025-12-31T10:00:00Z",
		"2024-02-29T23:59:59-14:00": "2024-03-01T13:59:59Z",
		"0001-01-01T00:00:00-00:00": "0001-01-01T00:00:00Z",
		"9999-12-31T23:59:59-14:00": "10000-01-01T13:59:59Z",
	} {
		got, err := d.Time()
		require.NoError(t, err, d)
		require.Equal(t, want, got.UTC().Format(time.RFC3339), d)
		require.False(t, d.IsZero())
	}
	for _, d := range append(badTimes, "", "now") {
		_, err := d.Time()
		requireRule(t, "datetime", err)
	}
	require.True(t, notice.DateTime("").IsZero())
}

func TestFormatTime(t *testing.T) {
	at := time.Date(2026, 11, 22, 9, 30, 0, 999_999_999, time.UTC)
	for want, zone := range map[notice.DateTime]*time.Location{
		"2026-11-22T09:30:00-00:00": time.UTC,
		"2026-11-22T10:30:00+01:00": time.FixedZone("", 3600),
		"2026-11-22T02:00:00-07:30": time.FixedZone("", -7*3600-1800),
		"2026-11-22T23:30:00+14:00": time.FixedZone("", 14*3600),
	} {
		got := notice.FormatTime(at.In(zone))
		require.Equal(t, want, got)
		back, err := got.Time()
		require.NoError(t, err)
		require.True(t, back.Equal(at.Truncate(time.Second)))
	}
	for _, seconds := range []int{14*3600 + 60, -15 * 3600, 1172} { // not a zone of XML Schema
		require.Equal(t, notice.DateTime("2026-11-22T09:30:00-00:00"), notice.FormatTime(at.In(time.FixedZone("", seconds))))
	}
}

// capDateTime is the pattern of CAP's schema, without the comma that it allows for a
// sign by mistake, nor offsets of more than 59 minutes.
var capDateTime = regexp.MustCompile(`^\d\d\d\d-\d\d-\d\dT\d\d:\d\d:\d\d[-+]\d\d:[0-5]\d$`)

// FuzzDateTime holds the reader against time.Parse.
func FuzzDateTime(f *testing.F) {
	for _, d := range append(badTimes, "2003-06-11T22:39:00-07:00", "2024-02-29T00:00:00+14:00") {
		f.Add(string(d))
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := notice.DateTime(s).Time()
		want, oracle := time.Parse("2006-01-02T15:04:05-07:00", s)
		if err != nil {
			if capDateTime.MatchString(s) && oracle == nil && want.Year() > 0 {
				_, offset := want.Zone()
				require.Greater(t, max(offset, -offset), 14*3600, "%q was refused", s)
			}
			return
		}
		require.Regexp(t, capDateTime, s)
		require.NoError(t, oracle)
		require.True(t, got.Equal(want), "%q: %s, not %s", s, got, want)
		again, err := notice.FormatTime(got).Time()
		require.NoError(t, err)
		require.True(t, again.Equal(got))
	})
}
