package notice_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/notice"
	"tocsin/notice/noticetest"
)

// headsFile is testdata/heads.json.
type headsFile struct {
	Trust struct {
		Roots     []notice.RootKey `json:"roots"`
		Threshold int              `json:"threshold"`
	} `json:"trust"`
	// Keysets are payloads; of the second, the beacon was taken out.
	Keysets []string        `json:"keysets"`
	Heads   []headVector    `json:"heads"`
	Boards  []boardOfHead   `json:"boards"`
	Advance []advanceVector `json:"advance"`
}

// headVector is an envelope, and what verifying it under one of the keysets says.
type headVector struct {
	Name     string       `json:"name"`
	Keyset   int          `json:"keyset"`
	Envelope string       `json:"envelope"`
	PadTo    int          `json:"padTo,omitempty"` // spaces are to be added behind, up to so many bytes
	Head     *notice.Head `json:"head,omitempty"`
	Rule     string       `json:"rule,omitempty"`
}

// boardOfHead is a log, and the board that its head must name at a time.
type boardOfHead struct {
	Name    string   `json:"name"`
	Entries []string `json:"entries"`
	Time    string   `json:"time"`
	Board   string   `json:"board"`
	Counts  int      `json:"counts"` // so many messages
}

// advanceVector is what one client hears, in order.
type advanceVector struct {
	Name  string        `json:"name"`
	Steps []advanceStep `json:"steps"`
}

type advanceStep struct {
	Beacon string          `json:"beacon"` // a or b
	AtMs   int64           `json:"atMs"`   // when, by a clock that is never set
	Time   notice.DateTime `json:"time"`   // of the head
	Says   notice.Progress `json:"says"`
	LagMs  int64           `json:"lagMs,omitempty"` // to tenths of a second
}

func TestHeads(t *testing.T) {
	var v headsFile
	staff := noticetest.NewStaff(t)
	staff.Clock = func() time.Time { return logEpoch }
	v.Trust.Roots, v.Trust.Threshold = staff.Trust().Roots, staff.Trust().Threshold
	keysets := []*notice.Keyset{staff.Keyset(1), staff.Keyset(2, noticetest.Without(staff.Beacon))}
	for _, ks := range keysets {
		payload, err := notice.EncodeKeyset(ks)
		require.NoError(t, err)
		v.Keysets = append(v.Keysets, string(payload))
	}
	v.Heads = verifiedHeads(t, staff, keysets)
	v.Boards = headBoards(t)
	v.Advance = advances(t)
	golden(t, "heads.json", v)
}

// someHead is a good one; edits change it.
func someHead(edits ...func(*notice.Head)) *notice.Head {
	h := &notice.Head{
		Epoch: "0a1b2c3d", Seq: 41, Time: notice.FormatTime(logEpoch), KeysetVersion: 1, Board: notice.BoardHash(nil, logEpoch),
	}
	for _, edit := range edits {
		edit(h)
	}
	return h
}

func verifiedHeads(t *testing.T, staff *noticetest.Staff, keysets []*notice.Keyset) (vectors []headVector) {
	add := func(v headVector) {
		body := append([]byte(v.Envelope), bytes.Repeat([]byte(" "), max(0, v.PadTo-len(v.Envelope)))...)
		h, err := notice.VerifyHead(body, keysets[v.Keyset])
		if v.Rule != "" {
			require.Equal(t, v.Rule, ruleOf(t, err), v.Name)
		} else {
			require.NoError(t, err, v.Name)
			said, _ := h.Time.Time()
			require.Equal(t, notice.SignedHead{Head: *v.Head, KeyID: staff.Beacon.KeyID(), Said: said}, h)
		}
		vectors = append(vectors, v)
	}
	good := func(name string, edits ...func(*notice.Head)) {
		h := someHead(edits...)
		body, err := notice.SignHead(h, staff.Beacon)
		require.NoError(t, err)
		add(headVector{Name: name, Envelope: string(body), Head: h})
	}
	good("good")
	good("in another time zone", func(h *notice.Head) { h.Time = "2026-11-22T15:00:00+05:30" })
	good("the greatest numbers", func(h *notice.Head) { h.Seq, h.KeysetVersion = 1<<53-1, notice.MaxVersion })
	good("of a keyset to come", func(h *notice.Head) { h.KeysetVersion = 7 })
	h := someHead()
	body, err := notice.SignHead(h, staff.Beacon)
	require.NoError(t, err)
	add(headVector{Name: "as large as may be", Envelope: string(body), PadTo: notice.MaxHead, Head: h})
	add(headVector{Name: "too large", Envelope: string(body), PadTo: notice.MaxHead + 1, Rule: "head.size"})
	add(headVector{Name: "by a beacon that was taken out", Envelope: string(body), Keyset: 1, Rule: "head.key"})

	payload := headPayload(t, h)
	signed := func(name, rule string, e *notice.Envelope) {
		add(headVector{Name: name, Envelope: string(e.Marshal()), Rule: rule})
	}
	by := func(keys ...*notice.PrivateKey) *notice.Envelope {
		return noticetest.SignBytes(notice.TypeHead, payload, keys...)
	}
	signed("by a publisher", "head.key", by(staff.Publisher))
	signed("by an approver", "head.key", by(staff.Approver))
	signed("by an operator", "head.key", by(staff.Operator))
	signed("by a break-glass key", "head.key", by(staff.BreakGlass))
	signed("by a root", "head.key", by(staff.Root))
	signed("by a stranger", "head.key", by(staff.Stranger))
	signed("unsigned", "head.envelope", by())
	signed("signed twice", "head.envelope", by(staff.Beacon, staff.Publisher))
	signed("of another type", "head.envelope", noticetest.SignBytes(notice.TypeSession, payload, staff.Beacon))
	other := by(staff.Beacon)
	other.Payload = headPayload(t, someHead(func(h *notice.Head) { h.Seq = 42 }))
	signed("changed after it was signed", "head.signature", other)
	retyped := noticetest.SignBytes(notice.TypeSession, payload, staff.Beacon)
	retyped.PayloadType = notice.TypeHead
	signed("signed as another type", "head.signature", retyped)
	late := func(d time.Duration) func(*notice.Head) {
		return func(h *notice.Head) { h.Time = notice.FormatTime(logEpoch.Add(d)) }
	}
	signed("by a beacon whose time is over", "head.key",
		noticetest.SignBytes(notice.TypeHead, headPayload(t, someHead(late(301*24*time.Hour))), staff.Beacon))
	signed("by a beacon whose time has not come", "head.key",
		noticetest.SignBytes(notice.TypeHead, headPayload(t, someHead(late(-31*24*time.Hour))), staff.Beacon))

	text := string(payload)
	for _, bad := range []struct{ name, old, new, rule string }{
		{"an epoch in capitals", "0a1b2c3d", "0A1B2C3D", "head.epoch"},
		{"an epoch too short", "0a1b2c3d", "0a1b2c3", "head.epoch"},
		{"no epoch", `"epoch":"0a1b2c3d",`, "", "head.epoch"},
		{"sequence 0", `"seq":41`, `"seq":0`, "head.seq"},
		{"no sequence", `"seq":41,`, "", "head.seq"},
		{"a sequence below zero", `"seq":41`, `"seq":-1`, "json.type"},
		{"a sequence with a fraction", `"seq":41`, `"seq":41.5`, "json.number"},
		{"a sequence as text", `"seq":41`, `"seq":"41"`, "json.type"},
		{"a time with Z", "09:30:00-00:00", "09:30:00Z", "head.time"},
		{"a time with a fraction", "09:30:00-00:00", "09:30:00.5-00:00", "head.time"},
		{"a time without a zone", "09:30:00-00:00", "09:30:00", "head.time"},
		{"a 30th of February", "2026-11-22", "2027-02-30", "head.time"},
		{"no time", `"time":"2026-11-22T09:30:00-00:00",`, "", "head.time"},
		{"keyset version 0", `"keysetVersion":1`, `"keysetVersion":0`, "head.keysetVersion"},
		{"keyset version 2^31", `"keysetVersion":1`, `"keysetVersion":2147483648`, "head.keysetVersion"},
		{"a board in capitals", h.Board, strings.ToUpper(h.Board), "head.board"},
		{"a board too short", h.Board, h.Board[:62], "head.board"},
		{"no board", `,"board":"` + h.Board + `"`, "", "head.board"},
		{"a member too many", `{"epoch"`, `{"note":"","epoch"`, "json.unknown"},
		{"a member twice", `{"epoch"`, `{"seq":40,"epoch"`, "json.duplicate"},
		{"null", `"seq":41`, `"seq":null`, "json.null"},
	} {
		changed := strings.Replace(text, bad.old, bad.new, 1)
		require.NotEqual(t, text, changed, bad.name)
		signed(bad.name, bad.rule, noticetest.SignBytes(notice.TypeHead, []byte(changed), staff.Beacon))
	}
	return vectors
}

func headPayload(t *testing.T, h *notice.Head) []byte {
	body, err := notice.SignHead(h, noticetest.NewStaff(t).Beacon)
	require.NoError(t, err)
	e, err := notice.ParseEnvelope(body)
	require.NoError(t, err)
	return e.Payload
}

func headBoards(t *testing.T) (vectors []boardOfHead) {
	for _, test := range []struct {
		name   string
		counts int
		at     time.Duration // after logEpoch; notices end after two hours
		write  func(c *logCase)
	}{
		{"nothing but a keyset", 0, 0, func(*logCase) {}},
		{"an Alert", 1, 0, func(c *logCase) { c.accepts(c.Sign(c.Alert())) }},
		{"many, sorted", 9, 0, func(c *logCase) {
			for range 9 {
				c.accepts(c.Sign(c.Alert()))
			}
		}},
		{"an Update stands for its thread", 2, 0, func(c *logCase) {
			alert := c.Alert()
			first := c.Update(alert, nil)
			c.accepts(c.Sign(alert), c.Sign(first), c.Sign(c.Update(alert, []*notice.Notice{first})), c.Sign(c.Alert()))
		}},
		{"an Update that was overtaken", 1, 0, func(c *logCase) {
			alert := c.Alert()
			first := c.Update(alert, nil)
			c.accepts(c.Sign(alert), c.Sign(c.Update(alert, []*notice.Notice{first})), c.Sign(first))
		}},
		{"one is cancelled", 1, 0, func(c *logCase) {
			alert := c.Alert()
			c.accepts(c.Sign(alert), c.Sign(c.Alert()), c.Sign(c.Cancel(alert, nil)))
		}},
		{"all are cancelled", 0, 0, func(c *logCase) {
			alert := c.Alert()
			c.accepts(c.Sign(alert), c.Sign(c.Cancel(alert, nil)))
		}},
		{"one second before the end", 1, 2*time.Hour - time.Second, func(c *logCase) { c.accepts(c.Sign(c.Alert())) }},
		{"at the end", 0, 2 * time.Hour, func(c *logCase) { c.accepts(c.Sign(c.Alert())) }},
		{"one has ended, one not", 1, 3 * time.Hour, func(c *logCase) {
			c.accepts(c.Sign(c.Alert()), c.Sign(c.Alert(noticetest.Expires(logEpoch.Add(4*time.Hour)))))
		}},
		{"an Update brought the end forward", 0, time.Hour, func(c *logCase) {
			alert := c.Alert()
			c.accepts(c.Sign(alert), c.Sign(c.Update(alert, nil, noticetest.Expires(logEpoch.Add(time.Hour)))))
		}},
		{"an Exercise counts, a Test does not", 1, 0, func(c *logCase) {
			c.accepts(c.Sign(c.Alert(noticetest.Status(notice.StatusExercise))), c.Sign(c.Alert(noticetest.Status(notice.StatusTest))))
		}},
		{"what names a surface or a language does not count", 1, 0, func(c *logCase) {
			c.accepts(c.Sign(c.Alert(noticetest.Addressed("surface:portal"))), c.Sign(c.Alert(noticetest.Addressed("lang:es"))), c.Sign(c.Alert()))
		}},
		{"nor what is for few", 1, 0, func(c *logCase) {
			c.accepts(c.Sign(c.Alert(noticetest.Addressed("tenant:north"))), c.Sign(c.Alert(noticetest.Restricted("tenant:north"))),
				c.Sign(c.Alert(noticetest.Private("subject:0f"))), c.Sign(c.Alert()))
		}},
		{"a signer was removed", 1, 0, func(c *logCase) {
			c.accepts(c.Sign(c.Alert()), c.Sign(c.Alert(), c.Publisher2, c.Approver), c.KeysetBody(2, noticetest.Without(c.Publisher)))
		}},
		{"and came back", 2, 0, func(c *logCase) {
			c.accepts(c.Sign(c.Alert()), c.Sign(c.Alert(), c.Publisher2, c.Approver), c.KeysetBody(2, noticetest.Without(c.Publisher)), c.KeysetBody(3))
		}},
	} {
		c := newLogCase(t, test.name)
		c.accepts(c.KeysetBody(1))
		test.write(c)
		at := logEpoch.Add(test.at)
		head := c.board.Head("0a1b2c3d", at.Add(999*time.Millisecond))
		require.Equal(t, c.board.Seq(), head.Seq)
		require.Equal(t, c.board.Keyset().Version, head.KeysetVersion)
		require.Equal(t, notice.FormatTime(at), head.Time)
		v := boardOfHead{Name: test.name, Time: string(head.Time), Board: head.Board, Counts: test.counts, Entries: []string{}}
		var standing []notice.Standing
		for _, thread := range c.board.Threads() {
			if s, ok := thread.Standing(); ok && s.Expires.After(at) {
				standing = append(standing, s)
			}
		}
		require.Len(t, standing, test.counts, test.name)
		for _, e := range c.vector.Entries {
			v.Entries = append(v.Entries, e.Body)
		}
		vectors = append(vectors, v)
	}
	return vectors
}

// The hash as anybody can reckon it: sha256sum of the file of sorted hashes.
func TestBoardHash(t *testing.T) {
	at := time.Now()
	require.Equal(t, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", notice.BoardHash(nil, at))
	one := notice.Standing{Hash: [32]byte{0: 0xff, 31: 1}, Expires: at.Add(1)}
	two := notice.Standing{Hash: [32]byte{0: 0x0a}, Expires: at.Add(time.Hour)}
	over := notice.Standing{Hash: [32]byte{5}, Expires: at}
	const want = "178e6bc6954a3b06d818fc6ff1c7a34822747532b7312f4ccaf44fc822f331e9"
	require.Equal(t, want, notice.BoardHash([]notice.Standing{one, over, two}, at))
	require.Equal(t, want, notice.BoardHash([]notice.Standing{two, one}, at), "in any order")
}

// A thread without some of its messages is what it would have been without them.
func TestThreadOnly(t *testing.T) {
	c := newLogCase(t, "")
	c.accepts(c.KeysetBody(1))
	alert := c.Alert()
	first := c.Update(alert, nil)
	second := c.Update(alert, []*notice.Notice{first})
	c.accepts(c.Sign(alert), c.Sign(first), c.Sign(second), c.Sign(c.Cancel(alert, []*notice.Notice{first, second})))
	whole, ok := c.board.Thread(alert.Identifier)
	require.True(t, ok)
	only := func(seqs ...uint64) (notice.Thread, bool) {
		return whole.Only(func(a *notice.Accepted) bool { return slices.Contains(seqs, a.Seq) })
	}
	same, ok := only(2, 3, 4, 5)
	require.True(t, ok)
	require.Equal(t, whole, same)
	uncancelled, _ := only(2, 3, 4)
	require.False(t, uncancelled.Cancelled)
	require.Equal(t, uint64(4), uncancelled.Current.Seq)
	older, _ := only(2, 3)
	require.Equal(t, uint64(3), older.Current.Seq)
	_, ok = only(3, 4, 5)
	require.False(t, ok, "without its Alert there is no thread")
}
