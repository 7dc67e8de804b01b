//go:build linux

package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"tocsin/client"
	"tocsin/notice"
	"tocsin/wire"
)

// audience are the clients. Every fifth is the Go client, which believes nothing that it can't
// verify and shows each notice once; the others are witnesses, which see what the nodes send,
// and cost so little that the harness is not what the machine is busy with.
type audience struct {
	listeners []*listener
	running   sync.WaitGroup
	stop      context.CancelFunc
}

// verifiers is every which client is the Go client.
const verifiers = 5

func newAudience(url string, trust notice.Trust, size int) (*audience, error) {
	ctx, stop := context.WithCancel(context.Background())
	a := &audience{stop: stop}
	for i := range size {
		transport := &http.Transport{DialContext: (&net.Dialer{Timeout: 10 * time.Second}).DialContext}
		httpClient := &http.Client{Transport: transport}
		if i%verifiers != 0 {
			l := newListener(fmt.Sprint("witness ", i))
			a.listeners = append(a.listeners, l)
			a.running.Go(func() { witness{l, url, httpClient}.run(ctx) })
			continue
		}
		l := newListener(fmt.Sprint("client ", i))
		s, err := client.NewSubscriber(client.Config{URL: url, Trust: trust, HTTPClient: httpClient})
		if err != nil {
			a.close()
			return nil, err
		}
		a.listeners = append(a.listeners, l)
		a.running.Go(func() {
			defer transport.CloseIdleConnections()
			_ = s.Run(ctx, l.event)
		})
	}
	return a, nil
}

// event books what a Subscriber reports.
func (l *listener) event(e client.Event) {
	switch e := e.(type) {
	case client.NoticeChanged:
		if e.Change == client.ChangeNew {
			l.takes(e.Message.Notice.Identifier, e.Message.Seq, e.Message.Envelope.Payload, true)
		} else {
			l.complain(fmt.Sprintf("%s became %s", e.Message.Notice.Identifier, e.Change))
		}
	case client.Rejected:
		l.complain(fmt.Sprintf("entry %d rejected: %v", e.Seq, e.Err))
	case client.Connected:
		l.catchesUp(e.Resume == wire.ResumeSnapshot)
	case client.Synced:
		l.catchesUp(false)
		l.begins(e.Cursor.Epoch)
		if !l.isHere() {
			l.comes()
		}
	case client.Disconnected:
		l.goes(e.RetryIn)
	case client.FreshnessChanged:
		l.says(e.Live)
	}
}

// here counts those that are connected, and live those that say so.
func (a *audience) here() (here, live int) {
	for _, l := range a.listeners {
		if l.isHere() {
			here++
		}
		if l.isLive() {
			live++
		}
	}
	return here, live
}

// allHave is whether every client has a notice, and since when.
func (a *audience) allHave(id string) (last time.Time, all bool) {
	for _, l := range a.listeners {
		got, ok := l.has(id)
		if !ok {
			return time.Time{}, false
		}
		if got.at.After(last) {
			last = got.at
		}
	}
	return last, true
}

func (a *audience) close() {
	a.stop()
	a.running.Wait()
}
