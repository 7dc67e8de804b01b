package notice_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"tocsin/notice"
	"tocsin/notice/noticetest"
)

// model says again, as plainly as can be and with no regard to cost, which notices
// hold: signers are names, and everything is worked out anew each time.
type model struct {
	owners   map[string]string // of the keys in force, by keyid
	leads    map[string]bool   // keyids of publishers
	mild     int               // the threshold of Minor notices
	links    bool
	accepted []modelEntry
}

type modelEntry struct {
	notice *notice.Notice
	hash   [32]byte
	signed []string // keyids
}

func (m *model) install(ks *notice.Keyset) {
	m.owners, m.leads = map[string]string{}, map[string]bool{}
	for _, k := range ks.Keys {
		if k.Has(notice.RolePublisher) || k.Has(notice.RoleApprover) {
			m.owners[k.KeyID], m.leads[k.KeyID] = k.Owner, k.Has(notice.RolePublisher)
		}
	}
	m.mild, m.links = 2, len(ks.Policy.LinkHosts) > 0
	if n, ok := ks.Policy.Thresholds.BySeverity["Minor"]; ok {
		m.mild = n
	}
}

func (m *model) own(n *notice.Notice) int {
	switch {
	case n.MsgType == notice.MsgCancel, slices.Equal(n.Addresses, []string{"group:staff"}):
		return 1
	case n.Info[0].Severity == "Minor":
		return m.mild
	}
	return 2
}

// holding lists the accepted entries that hold.
func (m *model) holding() []modelEntry {
	var holding []modelEntry
	for _, e := range m.accepted {
		if m.holds(e, holding) {
			holding = append(holding, e)
		}
	}
	return holding
}

// holds tells whether e holds behind others that do.
func (m *model) holds(e modelEntry, before []modelEntry) bool {
	n, need := e.notice, m.own(e.notice)
	if !m.links && len(n.Info) > 0 && n.Info[0].Web != "" {
		return false
	}
	found := n.MsgType == notice.MsgAlert
	for _, b := range before {
		if b.notice.Identifier == n.Identifier {
			return false
		}
		if root := rootOf(b.notice); root == rootOf(n) {
			found = true
			if n.MsgType == notice.MsgUpdate && b.notice.MsgType != notice.MsgCancel {
				need = max(need, m.own(b.notice))
			}
		}
	}
	owners, led := map[string]bool{}, false
	for _, key := range e.signed {
		if owner, ok := m.owners[key]; ok {
			owners[owner], led = true, led || m.leads[key]
		}
	}
	return found && led && len(owners) >= need
}

func rootOf(n *notice.Notice) string {
	if n.MsgType == notice.MsgAlert {
		return n.Reference()
	}
	return n.References[0]
}

// current is the hash of the message that decides each thread, by the Alert's reference.
func (m *model) current() map[string][32]byte {
	best := map[string]modelEntry{}
	for _, e := range m.holding() {
		root := rootOf(e.notice)
		if b, ok := best[root]; !ok || wins(e, b) {
			best[root] = e
		}
	}
	hashes := map[string][32]byte{}
	for root, e := range best {
		hashes[root] = e.hash
	}
	return hashes
}

func wins(a, b modelEntry) bool {
	if cancel := a.notice.MsgType == notice.MsgCancel; cancel != (b.notice.MsgType == notice.MsgCancel) {
		return cancel
	}
	if len(a.notice.References) != len(b.notice.References) {
		return len(a.notice.References) > len(b.notice.References)
	}
	return bytes.Compare(a.hash[:], b.hash[:]) < 0
}

// fold does to the model what the world did to its board with the last body, and
// tells whether it was accepted.
func (m *model) fold(w *world) (accepted bool) {
	e, err := notice.ParseEnvelope(w.bodies[len(w.bodies)-1])
	if err != nil {
		return false
	}
	n, err := notice.Decode(e.Payload)
	if err != nil || notice.Check(n, &notice.Policy{LinkHosts: []string{"clinic.example"}}) != nil {
		return false
	}
	entry := modelEntry{notice: n, hash: e.Hash()}
	for _, s := range e.Signatures {
		fresh := noticetest.SignBytes(e.PayloadType, e.Payload, w.byID(s.KeyID))
		if bytes.Equal(fresh.Signatures[0].Sig, s.Sig) { // Ed25519 is deterministic
			entry.signed = append(entry.signed, s.KeyID)
		}
	}
	if !m.holds(entry, m.holding()) {
		return false
	}
	m.accepted = append(m.accepted, entry)
	return true
}

// byID is the staff's key of that id, or another whose signature will not fit.
func (w *world) byID(keyID string) *notice.PrivateKey {
	for _, k := range []*notice.PrivateKey{w.Publisher, w.PublisherSpare, w.Publisher2, w.Approver, w.Approver2, w.Removed} {
		if k.KeyID() == keyID {
			return k
		}
	}
	return w.Stranger
}

// The board and the model agree on every entry, and on what each thread shows.
func TestBoardAgreesWithModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		w, m := newWorld(t, rt, false), &model{}
		m.install(w.board.Keyset())
		for range rapid.IntRange(1, 20).Draw(rt, "steps") {
			version := w.board.Keyset().Version
			folded := len(w.bodies)
			w.step()
			if ks := w.board.Keyset(); ks.Version != version {
				m.install(ks)
			} else if a := w.last.Accepted; len(w.bodies) > folded && (a == nil || a.Notice != nil) {
				require.Equal(rt, m.fold(w), a != nil, "%v", w.last.Err)
			}
			got := map[string][32]byte{}
			for _, thread := range w.board.Threads() {
				got[thread.Alert.Notice.Reference()] = thread.Current.Hash
			}
			require.Equal(rt, m.current(), got)
		}
	})
}
