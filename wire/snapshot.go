package wire

import "time"

// Snapshot is the body of GET /v1/snapshot: what holds now in the public tier.
type Snapshot struct {
	// Epoch is the log's, also while Cursor is zero; empty if the node has not
	// reached a log since its start.
	Epoch string
	// Cursor covers all of Entries; zero if the node can vouch for none.
	Cursor     Cursor
	ServerTime time.Time
	Source     Source
	// Head is the newest signed head, an envelope; nil if there is none.
	Head []byte
	// Entries are in the order in which they are to be folded.
	Entries []EntryFrame
}

// AppendTo appends the snapshot's JSON.
func (s Snapshot) AppendTo(dst []byte) []byte {
	dst = appendString(append(dst, `{"epoch":`...), s.Epoch)
	dst = appendCursor(dst, s.Cursor)
	dst = appendTime(append(dst, `,"serverTime":`...), s.ServerTime)
	dst = appendSource(dst, s.Source)
	dst = append(appendHead(dst, s.Head), `,"entries":[`...)
	for i, e := range s.Entries {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(e.appendMembers(append(dst, '{')), '}')
	}
	return append(dst, ']', '}')
}

// DecodeSnapshot reads what AppendTo writes, as strictly as [DecodeServer], and
// with its errors.
func DecodeSnapshot(body []byte) (Snapshot, error) {
	if len(body) > MaxSnapshot {
		return Snapshot{}, ErrTooBig
	}
	var s Snapshot
	err := readFrame(body, func(r *reader, name string) {
		switch name {
		case "epoch":
			s.Epoch = r.string()
			r.check(s.Epoch == "" || isHash(s.Epoch), "not an epoch")
		case "cursor":
			s.Cursor = r.cursor()
		case "serverTime":
			s.ServerTime = r.time()
		case "source":
			s.Source = r.source()
		case "head":
			s.Head = r.raw()
		case "entries":
			s.Entries = r.entries()
		default:
			r.skip()
		}
	}, "epoch", "serverTime", "source", "entries")
	if err != nil {
		return Snapshot{}, err
	}
	return s, nil
}

func (r *reader) entries() []EntryFrame {
	list := []EntryFrame{}
	r.array(func() {
		var e EntryFrame
		var seq bool
		r.object(func(r *reader, name string) {
			switch name {
			case "seq":
				e.Seq, seq = uint64(r.int()), true
			case "envelope":
				e.Envelope = r.raw()
			default:
				r.skip()
			}
		})
		r.check(seq && e.Envelope != nil, "an entry without seq or envelope")
		list = append(list, e)
	})
	return list
}
