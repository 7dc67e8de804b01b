package notice_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/notice"
	"tocsin/notice/noticetest"
)

// logEpoch is when every golden log is written.
var logEpoch = time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC)

// logCase is a log that a test writes, entry by entry, saying what must become of
// each; what it wrote goes to testdata/logs.json.
type logCase struct {
	*noticetest.Staff
	t       *testing.T
	board   *notice.Board
	last    notice.Outcome
	vector  logVector
	threads []threadVector // what [logCase.shows] expects
}

// logVector is one case of testdata/logs.json. A reader folds the entries in order
// and compares each outcome and the board.
type logVector struct {
	Name  string `json:"name"`
	Trust struct {
		Roots     []notice.RootKey `json:"roots"`
		Threshold int              `json:"threshold"`
	} `json:"trust"`
	AllowDev bool          `json:"allowDev"`
	NodeOnly bool          `json:"nodeOnly"` // has entries that clients are never sent
	Entries  []entryVector `json:"entries"`
	Board    boardVector   `json:"board"`
}

type entryVector struct {
	Seq     uint64         `json:"seq"`
	Body    string         `json:"body"`
	PadTo   int            `json:"padTo,omitempty"` // spaces are to be added behind, up to so many bytes
	Verdict notice.Verdict `json:"verdict"`
	Rule    string         `json:"rule,omitempty"`
}

type boardVector struct {
	KeysetVersion   int64          `json:"keysetVersion"` // 0: none
	ContactsVersion int64          `json:"contactsVersion"`
	PostureVersion  int64          `json:"postureVersion"`
	Redacted        []uint64       `json:"redacted"`
	Threads         []threadVector `json:"threads"`
}

type threadVector struct {
	Identifier string `json:"identifier"`
	Revision   int    `json:"revision"` // of the current message
	Current    string `json:"current"`  // SHA-256 of its payload
	Content    string `json:"content"`  // of the message to show
	Messages   int    `json:"messages"`
	Cancelled  bool   `json:"cancelled"`
}

func newLogCase(t *testing.T, name string) *logCase {
	c := &logCase{Staff: noticetest.NewStaff(t), t: t}
	ids := 0
	c.NewID = func() string { ids++; return fmt.Sprintf("019ab000-0000-7000-8000-%012d", ids) }
	c.Clock = func() time.Time { return logEpoch }
	c.vector.Name, c.vector.Entries = name, []entryVector{}
	c.pin(c.Trust(), false)
	return c
}

// pin sets what the reader pins; before the first entry.
func (c *logCase) pin(t notice.Trust, allowDev bool) {
	c.vector.Trust.Roots, c.vector.Trust.Threshold, c.vector.AllowDev = t.Roots, t.Threshold, allowDev
	c.board = notice.NewBoard(t, allowDev)
}

// accepts appends entries that must be accepted.
func (c *logCase) accepts(bodies ...[]byte) {
	c.t.Helper()
	for _, body := range bodies {
		c.fold(entryVector{Body: string(body), Verdict: notice.VerdictAccepted})
	}
}

// rejects appends an entry that must break a rule, and changes nothing.
func (c *logCase) rejects(rule string, body []byte) {
	c.t.Helper()
	c.fold(entryVector{Body: string(body), Verdict: notice.VerdictRejected, Rule: rule})
}

// skips appends an entry of a type that has no place in the log.
func (c *logCase) skips(body []byte) {
	c.t.Helper()
	c.fold(entryVector{Body: string(body), Verdict: notice.VerdictSkipped, Rule: "type"})
}

func (c *logCase) fold(v entryVector) {
	c.t.Helper()
	v.Seq = uint64(len(c.vector.Entries) + 1)
	body := bytes.Clone([]byte(v.Body))
	if v.PadTo > 0 {
		body = append(body, bytes.Repeat([]byte(" "), v.PadTo-len(body))...)
	}
	before := describe(c.board, v.Seq)
	tried, tryErr := c.board.Try(body)
	require.Equal(c.t, before, describe(c.board, v.Seq), "Try changes nothing")
	out := c.board.Fold(notice.Entry{Seq: v.Seq, Body: body})
	c.last = out
	require.Equal(c.t, v.Verdict, out.Verdict, "entry %d: %v", v.Seq, out.Err)
	require.Equal(c.t, v.Verdict == notice.VerdictAccepted, tryErr == nil, "Try: %v", tryErr)
	if v.Verdict == notice.VerdictAccepted {
		require.NoError(c.t, out.Err)
		require.Equal(c.t, body, out.Accepted.Body)
		require.Equal(c.t, tried.Signers, out.Accepted.Signers)
	} else {
		require.Equal(c.t, v.Rule, ruleOf(c.t, out.Err), "%v", out.Err)
		require.Nil(c.t, out.Accepted)
		require.Equal(c.t, before, describe(c.board, v.Seq), "a refused entry changes nothing")
	}
	c.vector.Entries = append(c.vector.Entries, v)
}

func ruleOf(t *testing.T, err error) string {
	t.Helper()
	rule, ok := errors.AsType[*notice.RuleError](err)
	require.True(t, ok, "%T: %v", err, err)
	return rule.Rule
}

// describe is what vectors say of a board whose log has the given end.
func describe(b *notice.Board, end uint64) boardVector {
	v := boardVector{Redacted: []uint64{}, Threads: []threadVector{}}
	if ks := b.Keyset(); ks != nil {
		v.KeysetVersion = ks.Version
	}
	if c := b.Contacts(); c != nil {
		v.ContactsVersion = c.Version
	}
	if p := b.Posture(); p != nil {
		v.PostureVersion = p.Version
	}
	for seq := range end + 1 {
		if b.Redacted(seq) {
			v.Redacted = append(v.Redacted, seq)
		}
	}
	for _, t := range b.Threads() {
		v.Threads = append(v.Threads, threadVector{
			Identifier: t.Alert.Notice.Identifier, Revision: t.Current.Revision,
			Current: hex.EncodeToString(t.Current.Hash[:]), Content: hex.EncodeToString(t.Content.Hash[:]),
			Messages: len(t.Messages), Cancelled: t.Cancelled,
		})
	}
	return v
}

// shows says that the board must have a thread, in this order: messages in all, of
// which current decides and content is to be shown.
func (c *logCase) shows(messages int, alert, current, content *notice.Notice) {
	c.t.Helper()
	hash := func(n *notice.Notice) string {
		h := c.Unsigned(n).Hash()
		return hex.EncodeToString(h[:])
	}
	c.threads = append(c.threads, threadVector{
		Identifier: alert.Identifier, Revision: len(current.References), Current: hash(current), Content: hash(content),
		Messages: messages, Cancelled: current.MsgType == notice.MsgCancel,
	})
}

// showsAlert is shows for a thread that is its Alert alone.
func (c *logCase) showsAlert(alert *notice.Notice) { c.t.Helper(); c.shows(1, alert, alert, alert) }

// finish compares the board with what shows said.
func (c *logCase) finish() logVector {
	c.t.Helper()
	c.vector.Board = describe(c.board, uint64(len(c.vector.Entries)))
	if c.threads == nil {
		c.threads = []threadVector{}
	}
	require.Equal(c.t, c.threads, c.vector.Board.Threads)
	return c.vector
}
