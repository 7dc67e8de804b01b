package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"tocsin/broker"
)

// redacting is a log whose redactions can be carried out.
type redacting interface {
	// Redactions verifies what redacts what.
	Redactions(context.Context, broker.Progress) (*broker.Redactions, error)
	// Redact deletes what is due, and nothing else.
	Redact(context.Context, []broker.Due) error
}

// serveRedactions carries out redactions for whoever may open the socket, and so could
// change the log's files as well. By whose signatures is verified here, from the roots that
// the process has pinned.
func serveRedactions(mux *http.ServeMux, b *broker.Broker) {
	mux.HandleFunc("GET /redactions", func(w http.ResponseWriter, r *http.Request) {
		found, err := b.Redactions(r.Context(), nil)
		if err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(found) // whoever asked sees that it ends too soon
	})
	mux.HandleFunc("POST /redactions", func(w http.ResponseWriter, r *http.Request) {
		var seqs []uint64
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&seqs); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if err := redactOf(r.Context(), b, seqs); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
		}
	})
}

// redactOf deletes those of the places where something is due.
func redactOf(ctx context.Context, log redacting, seqs []uint64) error {
	found, err := log.Redactions(ctx, nil)
	if err != nil {
		return err
	}
	return log.Redact(ctx, slices.DeleteFunc(found.Due, func(d broker.Due) bool { return !slices.Contains(seqs, d.Seq) }))
}

// runningLog is the log of a process that has DATA open.
type runningLog struct{ data string }

func (l runningLog) Redactions(ctx context.Context, _ broker.Progress) (*broker.Redactions, error) {
	answer, err := askSocket(ctx, l.data, http.MethodGet, "/redactions", nil)
	if err != nil {
		return nil, err
	}
	defer answer.Close()
	found := &broker.Redactions{}
	if err := json.NewDecoder(answer).Decode(found); err != nil {
		return nil, fmt.Errorf("from the process that has the log open: %w", err)
	}
	return found, nil
}

func (l runningLog) Redact(ctx context.Context, due []broker.Due) error {
	var seqs []uint64
	for _, d := range due {
		seqs = append(seqs, d.Seq)
	}
	body, err := json.Marshal(seqs)
	if err != nil {
		return err
	}
	answer, err := askSocket(ctx, l.data, http.MethodPost, "/redactions", bytes.NewReader(body))
	if err != nil {
		return err
	}
	return answer.Close()
}
