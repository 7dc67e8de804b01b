package main

import (
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/require"
)

func TestReadSubjects(t *testing.T) {
	for file, want := range map[string]struct {
		column    string
		noHeading bool
		ids       []string
		words     string
	}{
		"pat-2\r\n\npat-1\npat-2": {ids: []string{"pat-1", "pat-2"},
			words: "2 different ids taken, one a line, without a heading. Left out: 1 of the 3 ids, there before."},
		"\ufeffSUB\n pat-1 \n": {ids: []string{"pat-1"},
			words: `1 id taken, from the column "SUB" (1 of 1). Left out: the heading.`},
		"Subject\npat-1\n":                   {ids: []string{"pat-1"}},
		"auth0|a1\nana@mail.example\n":       {ids: []string{"ana@mail.example", "auth0|a1"}},
		"subject id\npat-1\n":                {column: "Subject ID ", ids: []string{"pat-1"}},
		"user\nroot\n":                       {noHeading: true, ids: []string{"root", "user"}},
		"\ufeff\"Name\",Sub\n\"D, J\",p;1\n": {ids: []string{"p;1"}, words: `1 id taken, from the column "Sub" (2 of 2). Left out: the heading.`},
		"SUBJECT_ID,sub\npat-1,x\n":          {column: "subject_id", ids: []string{"pat-1"}},
	} {
		list, err := readSubjects(strings.NewReader(file), want.column, want.noHeading)
		require.NoError(t, err, file)
		require.Equal(t, want.ids, list.ids, file)
		if want.words != "" {
			require.Equal(t, want.words, list.words())
		}
	}
}

// What could be read in two ways is refused, and nothing of it is shown.
func TestDoubtfulSubjects(t *testing.T) {
	wide := func(bytes string) string { // UTF-16, little-endian
		var b strings.Builder
		for _, u := range utf16.Encode([]rune(bytes)) {
			b.WriteString(string([]byte{byte(u), byte(u >> 8)}))
		}
		return b.String()
	}
	for name, c := range map[string]struct{ file, column, want string }{
		"semicolons":           {file: "id;name\npat-1;Doe\n", want: "line 1 looks separated by semicolons"},
		"semicolons later":     {file: "sub\npat-1;Doe\n", want: "line 2 looks separated"},
		"tabs":                 {file: "sub\tname\npat-1\tDoe\n", want: "line 1 looks separated"},
		"UTF-16":               {file: wide("\ufeffpat-1\n"), want: "UTF-16"},
		"UTF-16, big":          {file: "\xfe\xff\x00p", want: "UTF-16"},
		"UTF-16 without mark":  {file: wide("pat-1\n"), want: "UTF-16"},
		"Latin-1":              {file: "pat-\xe4\n", want: "line 1: the id has a character"},
		"a mark in the middle": {file: "pat-1\n\ufeffpat-2\n", want: "line 2: the id has a character"},
		"a quote over lines":   {file: "\"pat-1\npat-2\"\n", want: "line 1: the id has a character"},
		"old line ends":        {file: "name,sub\rDoe,pat-1\r", want: "line 1 has 3 columns"},
		"rounded":              {file: "sub\n1.23457E+11\n", want: "line 2: the id is a number that"},
		"no sub":               {file: "subject_id,name\npat-1,Doe\n", want: `say which it is with --column HEADING (it has "subject_id", "name")`},
		"no sub, own words":    {file: "subject_id,Doe\n", want: `(it has "subject_id" and 1 more)`},
		"no heading":           {file: "Doe,pat-1\n", want: "line 1 has 2 columns, none with the heading sub: say which it is with --column HEADING"},
		"sub twice":            {file: "sub,SUB\npat-1,Doe\n", want: "two columns are headed"},
		"subject of several":   {file: "subject,name\npat-1,Doe\n", want: "none with the heading sub"},
		"another heading":      {file: "Patient ID\npat-1\n", want: `line 1 looks like a heading (it has "Patient ID")`},
		"in camel case":        {file: "userId\npat-1\n", want: "line 1 looks like a heading"},
		"no such column":       {file: "name,sub\nDoe,pat-1\n", column: "mrn", want: `line 1 has no column "mrn" (it has "name", "sub")`},
		"column, one":          {file: "pat-1\npat-2\n", column: "sub", want: `line 1 has no column "sub"`},
		"a comma too many":     {file: "name,sub\nDoe, pat-7,pat-1\n", want: "line 2 has 3 columns, and the first line 2"},
		"a title":              {file: "pat-0\nname,sub\nDoe,pat-1\n", want: "line 2 has 2 columns, and the first line 1"},
		"a hole":               {file: "name,sub\nDoe,pat-1\nDoe, \n", want: "line 3: no subject id"},
		"nobody":               {file: "sub\n", want: "no subject id in it"},
		"empty":                {want: "no subject id in it"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := readSubjects(strings.NewReader(c.file), c.column, false)
			require.ErrorContains(t, err, c.want)
			require.NotContains(t, err.Error(), "pat-")
			require.NotContains(t, err.Error(), "Doe")
		})
	}
	_, err := readSubjects(strings.NewReader("sub,name\n"), "", true)
	require.ErrorContains(t, err, "without a heading there must be one")
}
