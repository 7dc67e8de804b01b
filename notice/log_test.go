package notice_test

import (
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/notice"
)

// logTest writes one golden log.
type logTest struct {
	name string
	run  func(c *logCase)
}

// TestLogs folds every log, and holds what it wrote and what became of it against
// testdata/logs.json.
func TestLogs(t *testing.T) {
	vectors := []logVector{}
	run := func(tests []logTest, setUp, tearDown func(c *logCase)) {
		for _, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				c := newLogCase(t, test.name)
				setUp(c)
				test.run(c)
				tearDown(c)
				vectors = append(vectors, c.finish())
			})
		}
	}
	keyset := func(c *logCase) { c.accepts(c.KeysetBody(1)) }
	good := func(c *logCase) {
		alert := c.Alert()
		c.accepts(c.Sign(alert))
		c.showsAlert(alert)
	}
	run(attacks, func(c *logCase) { keyset(c); good(c) }, good)
	run(goodLogs, func(c *logCase) { keyset(c); good(c) }, func(*logCase) {})
	run(freshLogs, func(*logCase) {}, func(*logCase) {})
	if len(vectors) == len(attacks)+len(goodLogs)+len(freshLogs) { // not with -run of a few
		golden(t, "logs.json", vectors)
	}
}

// voided says that the last entry voided these and nothing else.
func (c *logCase) voided(notices ...*notice.Notice) { c.t.Helper(); c.moved(c.last.Voided, notices) }

// revived says that the last entry revived these and nothing else.
func (c *logCase) revived(notices ...*notice.Notice) { c.t.Helper(); c.moved(c.last.Revived, notices) }

func (c *logCase) moved(entries []*notice.Accepted, notices []*notice.Notice) {
	c.t.Helper()
	require.True(c.t, c.last.Refolded)
	got, want := []string{}, []string{}
	for _, a := range entries {
		got = append(got, hex.EncodeToString(a.Hash[:]))
	}
	for _, n := range notices {
		h := c.Unsigned(n).Hash()
		want = append(want, hex.EncodeToString(h[:]))
	}
	require.Equal(c.t, want, got)
}
