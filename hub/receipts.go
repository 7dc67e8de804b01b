package hub

import (
	"context"
	"log/slog"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"tocsin/notice"
	"tocsin/wire"
)

// Counts is how often one message was sent, and how many sessions acknowledged it, since
// this hub was made. A session is sent it once; again if it lost sight of it in between
// (a sign-out, a posture). It counts once for each acknowledgement.
type Counts struct {
	Sent, Received, Displayed, Confirmed uint64
}

// Receipts keeps counts, for example in the broker.
type Receipts interface {
	// Put keeps the counts of a notice, by revision. They are cumulative: a later
	// call replaces an earlier one, and a repeated one does no harm. identifier is
	// the Alert's. It is called by one goroutine; after an error, again later.
	Put(ctx context.Context, identifier string, revisions map[int]Counts) error
}

// receipts counts for every notice that this hub has folded. Safe for concurrent use.
type receipts struct {
	to Receipts // nil: nobody

	mu      sync.RWMutex
	notices map[string]*noticeReceipts // by the Alert's identifier
}

// noticeReceipts are the counts of one thread.
type noticeReceipts struct {
	identifier string
	dirty      atomic.Bool
	revisions  map[int]*tally // guarded by receipts.mu
}

// tally counts one revision.
type tally struct {
	of     *noticeReceipts
	notice *notice.Notice
	sent   atomic.Uint64
	acks   [3]atomic.Uint64 // by ackBit
}

func newReceipts(to Receipts) *receipts {
	return &receipts{to: to, notices: make(map[string]*noticeReceipts)}
}

// of is where a message is counted; nil for what is not a notice. The same
// message, folded again from another source, goes on where it was.
func (r *receipts) of(a *notice.Accepted) *tally {
	if a.Notice == nil {
		return nil
	}
	id, err := a.Notice.ThreadID()
	if err != nil {
		return nil // the board accepts none such
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	n, ok := r.notices[id]
	if !ok {
		n = &noticeReceipts{identifier: id, revisions: make(map[int]*tally)}
		r.notices[id] = n
	}
	t, ok := n.revisions[a.Revision]
	if !ok {
		t = &tally{of: n, notice: a.Notice}
		n.revisions[a.Revision] = t
	}
	return t
}

// find is the tally that an ack means; nil if there is none.
func (r *receipts) find(ack wire.Ack) *tally {
	r.mu.RLock()
	defer r.mu.RUnlock()
	n, ok := r.notices[ack.Identifier]
	if !ok {
		return nil
	}
	return n.revisions[int(ack.Revision)]
}

// addSent counts that n more sessions were sent the message. A nil tally counts
// nothing.
func (t *tally) addSent(n int) {
	if t != nil && n > 0 {
		t.sent.Add(uint64(n))
		t.of.dirty.Store(true)
	}
}

func (t *tally) ack(bit int) {
	t.acks[bit].Add(1)
	t.of.dirty.Store(true)
}

func (t *tally) counts() Counts {
	return Counts{
		Sent: t.sent.Load(), Received: t.acks[0].Load(),
		Displayed: t.acks[1].Load(), Confirmed: t.acks[2].Load(),
	}
}

func ackBit(s wire.AckState) int {
	switch s {
	case wire.AckDisplayed:
		return 1
	case wire.AckConfirmed:
		return 2
	}
	return 0
}

// incidentShed is how many times less often counts are handed over while an incident
// is declared: the broker is for notices then.
const incidentShed = 10

// sendReceipts hands counts over, every ReceiptInterval and once at the end.
func (h *Hub) sendReceipts(ctx context.Context) {
	if h.receipts.to == nil {
		return
	}
	tick := time.NewTicker(h.config.ReceiptInterval)
	defer tick.Stop()
	for n := 1; ; n++ {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), h.config.ReceiptInterval)
			defer cancel()
			<-h.over // readers still count
			h.putReceipts(last)
			return
		case <-tick.C:
			if n%incidentShed == 0 || !h.incident.Load() {
				h.putReceipts(ctx)
			}
		}
	}
}

// putReceipts hands over what changed; what fails stays for the next time.
func (h *Hub) putReceipts(ctx context.Context) {
	r := h.receipts
	r.mu.RLock()
	var changed []*noticeReceipts
	for n := range maps.Values(r.notices) {
		if n.dirty.Swap(false) {
			changed = append(changed, n)
		}
	}
	r.mu.RUnlock()
	for i, n := range changed {
		if err := r.to.Put(ctx, n.identifier, r.counts(n)); err != nil {
			h.metrics.receipts.Inc()
			h.log.Warn("receipts not kept, trying again", slog.Int("notices", len(changed)-i), slog.Any("err", err))
			for _, n := range changed[i:] {
				n.dirty.Store(true)
			}
			return
		}
	}
}

func (r *receipts) counts(n *noticeReceipts) map[int]Counts {
	r.mu.RLock()
	defer r.mu.RUnlock()
	counts := make(map[int]Counts, len(n.revisions))
	for revision, t := range n.revisions {
		counts[revision] = t.counts()
	}
	return counts
}
