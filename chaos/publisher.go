//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"tocsin/client"
	"tocsin/notice"
)

const (
	// answerLimit is for how long a publisher waits for an answer; a desk that can tell
	// anything has told it by then.
	answerLimit = 15 * time.Second
	// publisherPatience is when a publisher gives a notice up, which is a failure of the
	// system: it has asked every desk many times by then.
	publisherPatience = 150 * time.Second
	// maxUnderWay bounds the notices under way: during an outage they pile up, as people
	// who wait do.
	maxUnderWay = 24
	// noticeLife is for how long a notice holds: longer than any run.
	noticeLife = 3 * time.Hour
)

// counter is a desk as a publisher reaches it.
type counter struct {
	name string
	url  string
	desk *client.Desk // for questions
}

// publisher publishes at a steady pace, and does with each answer what a careful person
// would: posts the same envelope again, at the other desk; and every other time that a desk
// does not know what became of it, asks that desk until it does.
type publisher struct {
	desks []counter
	keys  []*notice.PrivateKey
	book  *book
	every time.Duration
	http  *http.Client

	mu    sync.Mutex
	turns int // so far; which desk is next
	doubt int // so far; who asks
}

func newPublisher(desks []string, names []string, keys []*notice.PrivateKey, every time.Duration) (*publisher, error) {
	p := &publisher{
		keys: keys, book: new(book), every: every,
		http: &http.Client{Timeout: answerLimit, Transport: &http.Transport{MaxIdleConnsPerHost: 8}},
	}
	for i, url := range desks {
		d, err := client.NewDesk(client.DeskConfig{URL: url, Key: keys[0], HTTPClient: &http.Client{Timeout: answerLimit, Transport: p.http.Transport}})
		if err != nil {
			return nil, err
		}
		p.desks = append(p.desks, counter{name: names[i], url: url, desk: d})
	}
	return p, nil
}

// run publishes until ctx ends, and returns when all that it began is decided, or life is
// over.
func (p *publisher) run(ctx, life context.Context) {
	var underWay sync.WaitGroup
	defer underWay.Wait()
	places := make(chan struct{}, maxUnderWay)
	ticker := time.NewTicker(p.every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		select {
		case places <- struct{}{}:
		default:
			continue // nobody has a hand free
		}
		n, err := p.sign(time.Now())
		if err != nil {
			panic(err) // our own keys, our own notice
		}
		underWay.Go(func() {
			defer func() { <-places }()
			p.carry(life, n)
		})
	}
}

// sign makes the next notice.
func (p *publisher) sign(now time.Time) (*publication, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return nil, err
	}
	n := &notice.Notice{
		Identifier: id.String(), Sender: "chaos@tocsin.invalid", Sent: notice.FormatTime(now),
		Status: notice.StatusExercise, MsgType: notice.MsgAlert, Scope: notice.ScopePublic,
		Info: []notice.Info{{
			Language: "en-US", Category: []string{"Health"}, Event: "Exercise", Urgency: "Immediate",
			Severity: notice.SeveritySevere, Certainty: "Observed", Expires: notice.FormatTime(now.Add(noticeLife)),
			Headline: "This is an exercise", Description: "Parts of the system are being broken on purpose.",
		}},
	}
	payload, err := notice.Encode(n)
	if err != nil {
		return nil, err
	}
	e := &notice.Envelope{PayloadType: notice.TypeNotice, Payload: payload}
	for _, k := range p.keys {
		e.Sign(k)
	}
	b := &publication{id: n.Identifier, body: e.Marshal(), signed: now, fate: fateOpen, done: make(chan struct{})}
	p.book.add(b)
	return b, nil
}

// carry sees a publication to its end.
func (p *publisher) carry(ctx context.Context, n *publication) {
	defer close(n.done)
	ctx, cancel := context.WithTimeout(ctx, publisherPatience)
	defer cancel()
	p.mu.Lock()
	turn := p.turns
	p.turns++
	p.mu.Unlock()
	refusals := 0
	for ; ctx.Err() == nil; turn++ {
		at := p.desks[turn%len(p.desks)]
		a, seq, wait := p.post(ctx, at, n)
		n.attempts = append(n.attempts, a)
		switch {
		case a.status == http.StatusCreated, a.problem == "already-published":
			n.decide(fatePublished, seq)
			return
		case a.status == http.StatusGatewayTimeout:
			n.doubt = true
			if p.asks() && p.ask(ctx, at, n) {
				return
			}
		case a.status == 0:
			n.doubt = n.doubt || !a.unsent
		case a.status == http.StatusUnprocessableEntity: // by a desk whose clock is wrong, perhaps
			if refusals++; refusals >= 2*len(p.desks) {
				n.decide(fateRefused, 0)
				return
			}
		}
		pause(ctx, wait)
	}
	n.decide(fateGivenUp, 0)
}

func (n *publication) decide(f fate, seq uint64) { n.fate, n.seq, n.decided = f, seq, time.Now() }

// asks says whose turn it is to ask rather than to post again.
func (p *publisher) asks() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.doubt++
	return p.doubt%2 == 1
}

// ask asks the desk that answered 504 until it knows; false if it could not be asked.
func (p *publisher) ask(ctx context.Context, at counter, n *publication) bool {
	n.asked = true
	for ; ctx.Err() == nil; pause(ctx, time.Second) {
		thread, err := at.desk.Notice(ctx, n.id)
		switch {
		case errors.Is(err, client.ErrNotFound):
			n.decide(fateAbsent, 0)
			return true
		case err == nil && thread.Phase != "unconfirmed":
			n.decide(fatePublished, thread.Current.Seq)
			return true
		}
	}
	return false
}

// pauseAfter is how long a publisher waits when nobody says how long.
const pauseAfter = 500 * time.Millisecond

// post makes one request, and says how long to wait before the next.
func (p *publisher) post(ctx context.Context, at counter, n *publication) (a attempt, seq uint64, wait time.Duration) {
	a, wait = attempt{desk: at.name, at: time.Now()}, pauseAfter
	var wrote atomic.Bool
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { wrote.Store(true) }})
	request, err := http.NewRequestWithContext(traced, http.MethodPost, at.url+"/v1/notices", bytes.NewReader(n.body))
	if err != nil {
		panic(err) // our own address
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := p.http.Do(request)
	a.took = time.Since(a.at)
	if err != nil {
		a.problem, a.unsent = kindOf(err), !wrote.Load()
		return a, 0, wait
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		a.problem = kindOf(err)
		return a, 0, wait
	}
	a.status = response.StatusCode
	var answer struct {
		Type   string `json:"type"`
		Detail string `json:"detail"`
		Rule   string `json:"rule"`
		Seq    uint64 `json:"seq"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		a.problem = fmt.Sprintf("unreadable: %v", err)
	}
	a.problem = strings.TrimPrefix(answer.Type, "urn:tocsin:problem:")
	if answer.Rule != "" {
		a.problem += " " + answer.Rule
	}
	if seconds, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil {
		wait = time.Duration(seconds) * time.Second
	}
	return a, answer.Seq, wait
}

// kindOf is an error of the network in a word or two, without addresses.
func kindOf(err error) string {
	var timeout interface{ Timeout() bool }
	switch {
	case errors.As(err, &timeout) && timeout.Timeout():
		return "no answer"
	case strings.Contains(err.Error(), "refused"), strings.Contains(err.Error(), "reset"):
		return "no connection"
	}
	return "connection lost"
}

// pause waits, or returns when ctx ends.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
