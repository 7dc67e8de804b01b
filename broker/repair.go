package broker

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"

	"tocsin/notice"
)

// Supply is where a repair may find what the log lacks. It is not believed: what it
// offers counts only if boards accept it.
type Supply struct {
	Name string
	Copy *Copy
	// Cache is set for the cache of a node, which holds a part of the log. It offers only
	// what was accepted once, so what boards refuse of it is left out; and its places are
	// taken only within the log, so that it can't make the log longer than it was.
	Cache bool
}

// Found is what a source gave, or would have given.
type Found struct {
	Seq    uint64 // the place in the mended log; in Left, in the source
	Source string
	Err    error // why it was left out
}

// Repair is a mended log, and what was done for it.
type Repair struct {
	Copy   *Copy
	Review *Review // of Copy; its Missing are the places that nothing fills
	// Filled were empty, Replaced held what boards refuse, and Added stand behind the
	// log's end: documents of another life of the log, or in whose place another stands.
	Filled, Replaced, Added []Found
	// Left are offers that were not taken though no such entry is in the log.
	Left []Found
}

// Changed tells whether there is anything to do.
func (r *Repair) Changed() bool { return len(r.Filled)+len(r.Replaced)+len(r.Added) > 0 }

// Mend puts together what log and sources hold. What the log holds and boards accept
// stays. Each other place gets the first offer that boards accept there; where none do,
// what the log held, or a backup, is kept as it was: refused once, refused for good.
func Mend(log *Copy, sources []Supply, trust notice.Trust, allowDev bool) *Repair {
	gone := redactions{}
	gone.add(log, trust, allowDev)
	for _, s := range sources {
		gone.add(s.Copy, trust, allowDev)
	}
	for {
		known := len(gone)
		repair := newMending(log, sources, trust, allowDev, gone).repair(trust, allowDev)
		gone.add(repair.Copy, trust, allowDev) // a keyset that was found may make more of them count
		if len(gone) == known {
			return repair
		}
	}
}

// redactions are the payloads that redactions name, by their hash in hex. What any source
// knows to be redacted comes back from none.
type redactions map[string]bool

func (r redactions) add(c *Copy, trust notice.Trust, allowDev bool) {
	board := notice.NewBoard(trust, allowDev)
	for _, e := range c.Entries {
		out := board.Fold(e)
		if out.Accepted == nil || out.Accepted.Envelope.PayloadType != notice.TypeRedaction {
			continue
		}
		if doc, err := notice.DecodeRedaction(out.Accepted.Envelope.Payload); err == nil {
			r[doc.SHA256] = true
		}
	}
}

// has tells whether an entry was redacted; of what is no document the whole body counts.
func (r redactions) has(body []byte) bool {
	if len(r) == 0 {
		return false
	}
	sum := sha256.Sum256(body)
	if envelope, err := notice.ParseEnvelope(body); err == nil {
		sum = envelope.Hash()
	}
	return r[hex.EncodeToString(sum[:])]
}

// Why an offer is left out, beside what a board says.
var (
	errRedacted     = errors.New("it was redacted")
	errForeignPlace = errors.New("it redacts a place in another log")
)

// mending is a repair under way.
type mending struct {
	result  *Repair
	board   *notice.Board
	log     *Copy
	sources []Supply
	base    *Copy // whose places are filled
	last    uint64
	kept    []notice.Entry
	spare   []offer // of sources: what found no place
	gone    redactions
	present map[[32]byte]bool // payloads that the mended log holds
}

// offer is what one source has.
type offer struct {
	entry  notice.Entry
	source *Supply // nil: the log
}

func newMending(log *Copy, sources []Supply, trust notice.Trust, allowDev bool, gone redactions) *mending {
	m := &mending{
		result: &Repair{}, board: notice.NewBoard(trust, allowDev), log: log, sources: sources,
		base: log, last: log.Last, gone: gone, present: map[[32]byte]bool{},
	}
	for _, s := range sources {
		if log.Last == 0 && !s.Cache {
			m.base = s.Copy // a log that was wiped begins with what a backup held
			break
		}
	}
	for _, s := range sources {
		if !s.Cache && m.samePlaces(s.Copy) {
			m.last = max(m.last, s.Copy.Last)
		}
	}
	return m
}

// samePlaces tells whether a copy's places are those of the log: it is of the same epoch,
// or of the log from which this one was restored, and then all that both hold agrees.
func (m *mending) samePlaces(c *Copy) bool {
	if c.Epoch == m.base.Epoch {
		return true
	}
	common := 0
	for _, e := range c.Entries {
		if is, ok := m.base.at(e.Seq); ok {
			if !bytes.Equal(is.Body, e.Body) {
				return false
			}
			common++
		}
	}
	return common > 0
}

func (m *mending) repair(trust notice.Trust, allowDev bool) *Repair {
	m.places()
	m.rest()
	return m.done(trust, allowDev)
}

// places fills every place that anybody has, in order.
func (m *mending) places() {
	var offers []offer
	for _, e := range m.log.Entries {
		offers = append(offers, offer{entry: e})
	}
	for i := range m.sources {
		s := &m.sources[i]
		same := m.samePlaces(s.Copy)
		for _, e := range s.Copy.Entries {
			switch o := (offer{e, s}); {
			case m.gone.has(e.Body):
				m.leave(o, errRedacted)
			case same && e.Seq <= m.last:
				offers = append(offers, o)
			default:
				m.spare = append(m.spare, o)
			}
		}
	}
	slices.SortStableFunc(offers, func(a, b offer) int { return cmp.Compare(a.entry.Seq, b.entry.Seq) })
	for len(offers) > 0 {
		n := 1
		for n < len(offers) && offers[n].entry.Seq == offers[0].entry.Seq {
			n++
		}
		m.place(offers[:n])
		offers = offers[n:]
	}
}

// place chooses among the offers for one place; the log's, if there is one, is the first.
func (m *mending) place(offers []offer) {
	chosen := -1
	errs := make([]error, len(offers))
	for i, o := range offers {
		if errs[i] = m.fold(o.entry); errs[i] == nil {
			chosen = i
			break
		}
	}
	if chosen < 0 {
		chosen = slices.IndexFunc(offers, func(o offer) bool { return o.source == nil || !o.source.Cache })
	}
	for i, o := range offers {
		switch {
		case chosen >= 0 && bytes.Equal(o.entry.Body, offers[chosen].entry.Body):
		case errs[i] != nil:
			m.leave(o, errs[i])
		default:
			m.spare = append(m.spare, o)
		}
	}
	if chosen < 0 {
		return
	}
	o := offers[chosen]
	m.kept = append(m.kept, o.entry)
	switch {
	case o.source == nil:
	case offers[0].source == nil:
		m.result.Replaced = append(m.result.Replaced, Found{Seq: o.entry.Seq, Source: o.source.Name})
	default:
		m.result.Filled = append(m.result.Filled, Found{Seq: o.entry.Seq, Source: o.source.Name})
	}
}

// fold is nil if the board accepts an entry.
func (m *mending) fold(e notice.Entry) error {
	out := m.board.Fold(e)
	if out.Accepted == nil {
		return out.Err
	}
	m.present[out.Accepted.Hash] = true
	return nil
}

func (m *mending) leave(o offer, err error) {
	if o.source != nil && !bytes.Equal(o.entry.Body, lost(o.entry.Seq)) {
		m.result.Left = append(m.result.Left, Found{Seq: o.entry.Seq, Source: o.source.Name, Err: err})
	}
}

// rest adds, behind the end, what found no place and is not in the log yet.
func (m *mending) rest() {
	for _, o := range m.spare {
		envelope, err := notice.ParseEnvelope(o.entry.Body)
		if err != nil {
			m.leave(o, err)
			continue
		}
		hash := envelope.Hash()
		switch {
		case m.present[hash], envelope.PayloadType == typeLost:
			continue
		case envelope.PayloadType == notice.TypeRedaction && !m.samePlaces(o.source.Copy):
			m.leave(o, errForeignPlace)
			continue
		}
		e := o.entry
		e.Seq = m.last + 1
		if err := m.fold(e); err != nil {
			m.leave(o, err)
			continue
		}
		m.last++
		m.kept = append(m.kept, e)
		m.result.Added = append(m.result.Added, Found{Seq: e.Seq, Source: o.source.Name})
	}
}

// done reviews the whole, and takes out again what is redacted further on.
func (m *mending) done(trust notice.Trust, allowDev bool) *Repair {
	r := m.result
	r.Copy = &Copy{Epoch: m.base.Epoch, Last: m.last, Entries: m.kept, Time: m.log.Time}
	r.Review = r.Copy.Review(trust, allowDev)
	if due := r.Review.Due; len(due) > 0 {
		r.Copy.drop(due)
		r.Review = r.Copy.Review(trust, allowDev)
		isDue := func(f Found) bool { return slices.Contains(due, f.Seq) }
		r.Filled, r.Replaced = slices.DeleteFunc(r.Filled, isDue), slices.DeleteFunc(r.Replaced, isDue)
	}
	return r
}
