package target

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"tocsin/client"
)

// Publisher publishes at a desk.
type Publisher struct {
	desk *client.Desk
	keys []*Key
	http *http.Client
}

// NewPublisher reads the keys, and needs as many as the desk's policy asks for: for
// what reaches patients two, of two owners.
func NewPublisher(desk string, keyFiles []string) (*Publisher, error) {
	p := &Publisher{http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 4}}}
	for _, path := range keyFiles {
		key, err := ReadKey(path)
		if err != nil {
			return nil, err
		}
		p.keys = append(p.keys, key)
	}
	var err error
	p.desk, err = client.NewDesk(client.DeskConfig{URL: desk, HTTPClient: p.http})
	return p, err
}

// Prepared is a notice that is signed and not yet published.
type Prepared struct {
	body client.Signed
}

// Prepare signs a notice.
func (p *Publisher) Prepare(t Text) (Prepared, error) {
	body, err := t.seal(p.keys, time.Now())
	return Prepared{body}, err
}

var errWaiting = errors.New("the notice waits for further signatures; give the key of a second owner too")

// Publish submits a notice and returns its place in the log.
func (p *Publisher) Publish(ctx context.Context, n Prepared) (seq uint64, err error) {
	envelope, err := n.body.Open()
	if err != nil {
		return 0, fmt.Errorf("making a notice: %w", err)
	}
	answer, err := p.desk.Publish(ctx, envelope)
	switch {
	case err != nil:
		return 0, fmt.Errorf("publishing: %w", err)
	case !answer.Published():
		return 0, errWaiting
	}
	return answer.Seq, nil
}

// Is tells whether an entry's frame carries the notice.
func (n Prepared) Is(frame []byte) bool {
	envelope, err := n.body.Open()
	return err == nil && bytes.Contains(frame, envelope.Marshal())
}

// Close ends the connections to the desk.
func (p *Publisher) Close() { p.http.CloseIdleConnections() }
