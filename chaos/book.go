//go:build linux

package main

import (
	"sync"
	"time"
)

// fate is what became of a publication, as its publisher knows.
type fate string

const (
	fateOpen      fate = "open"      // still at it
	fatePublished fate = "published" // answered 201, or found in the log
	fateAbsent    fate = "absent"    // the desk says: it is not there, and will not be
	fateRefused   fate = "refused"   // by a rule
	fateGivenUp   fate = "given up"  // the publisher's patience ended
)

// attempt is one request to a desk.
type attempt struct {
	desk    string
	at      time.Time
	took    time.Duration
	status  int    // HTTP's; 0: no answer came
	problem string // the problem's type, without its prefix; or the error
	unsent  bool   // there was no connection
}

// publication is one notice on its way. Its publisher owns it until done is closed.
type publication struct {
	id     string
	body   []byte
	signed time.Time

	attempts []attempt
	doubt    bool // an answer left open what became of it
	asked    bool // the desk was asked instead of posting again
	fate     fate
	seq      uint64
	decided  time.Time // when the publisher knew
	done     chan struct{}
}

// unconfirmed counts answers 504.
func (p *publication) unconfirmed() (n int) {
	for _, a := range p.attempts {
		if a.status == 504 {
			n++
		}
	}
	return n
}

// book holds every publication. Safe for concurrent use.
type book struct {
	mu  sync.Mutex
	all []*publication
}

func (b *book) add(p *publication) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.all = append(b.all, p)
}

// since returns those that were signed at or after a time.
func (b *book) since(t time.Time) (found []*publication) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := len(b.all) - 1; i >= 0 && !b.all[i].signed.Before(t); i-- {
		found = append(found, b.all[i])
	}
	return found
}
