package client

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
)

// Proposals lists what waits for signatures.
func (d *Desk) Proposals(ctx context.Context) (Proposals, error) {
	var list Proposals
	err := d.call(ctx, request{path: "/v1/proposals", login: true}, &list)
	return list, err
}

// Proposal returns one that waits. ErrAlreadyPublished says that it waits no more,
// ErrNotFound that there is none.
func (d *Desk) Proposal(ctx context.Context, identifier string) (Proposal, error) {
	var p Proposal
	err := d.call(ctx, request{path: proposalPath(identifier), login: true}, &p)
	return p, err
}

// Withdraw takes a proposal back. Only an owner who has signed it may; anybody on the
// staff, if it is superseded.
func (d *Desk) Withdraw(ctx context.Context, identifier string) error {
	return d.call(ctx, request{method: http.MethodDelete, path: proposalPath(identifier), login: true}, nil)
}

// Notices lists the threads of a phase ("active", "withdrawn", "over"), or all.
func (d *Desk) Notices(ctx context.Context, phase string) (Threads, error) {
	path := "/v1/notices"
	if phase != "" {
		path += "?phase=" + url.QueryEscape(phase)
	}
	var list Threads
	err := d.call(ctx, request{path: path, login: true}, &list)
	return list, err
}

// Notice returns the thread with that message, or ErrNotFound.
func (d *Desk) Notice(ctx context.Context, identifier string) (Thread, error) {
	var t Thread
	err := d.call(ctx, request{path: noticePath(identifier), login: true}, &t)
	return t, err
}

// NoticeCAP returns that message as CAP 1.2 XML.
func (d *Desk) NoticeCAP(ctx context.Context, identifier string) ([]byte, error) {
	var xml []byte
	err := d.call(ctx, request{path: noticePath(identifier), accept: "application/cap+xml", login: true}, &xml)
	return xml, err
}

// Keyset returns the keyset in force. It needs no login.
func (d *Desk) Keyset(ctx context.Context) (Document, error) {
	return d.document(ctx, request{path: "/v1/keyset"})
}

// Contacts returns the contact cards that hold. It needs no login.
func (d *Desk) Contacts(ctx context.Context) (Document, error) {
	return d.document(ctx, request{path: "/v1/contacts"})
}

// Posture returns the posture that holds.
func (d *Desk) Posture(ctx context.Context) (Document, error) {
	return d.document(ctx, request{path: "/v1/posture", login: true})
}

func (d *Desk) document(ctx context.Context, r request) (Document, error) {
	var doc Document
	err := d.call(ctx, r, &doc)
	return doc, err
}

// Receipts returns the counts of the thread with that message.
func (d *Desk) Receipts(ctx context.Context, identifier string) (Receipts, error) {
	var counts Receipts
	err := d.call(ctx, request{path: noticePath(identifier) + "/receipts", login: true}, &counts)
	return counts, err
}

// FollowReceipts calls handle with the counts now and after each change, until ctx
// ends, whose error it returns, or the desk ends the stream.
func (d *Desk) FollowReceipts(ctx context.Context, identifier string, handle func(Receipts)) error {
	response, err := d.open(ctx, request{path: noticePath(identifier) + "/receipts", accept: "text/event-stream", login: true})
	if err != nil {
		return err
	}
	defer response.Body.Close()
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		data, ok := bytes.CutPrefix(lines.Bytes(), []byte("data:")) // the desk writes each event in one line
		if !ok {
			continue
		}
		var counts Receipts
		if err := json.Unmarshal(data, &counts); err != nil {
			return fmt.Errorf("reading receipts: %w", err)
		}
		handle(counts)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("reading receipts: %w", err)
	}
	return nil
}
