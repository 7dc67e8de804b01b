package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"tocsin/broker"
)

// A process with an embedded log has it locked, so backups, and redactions, are asked of that process: by
// a socket in its own folder, which nobody opens who may not read the log's files as well.
// The admin address would be the wrong place: it asks for no login, and is there for
// whoever gathers metrics.

// backupSocket is DATA/run/backup.sock.
func backupSocket(data string) string { return filepath.Join(data, "run", "backup.sock") }

// listenForBackups opens the socket. The folder around it is what keeps others out: a
// socket itself is there before its permissions are. Whoever calls this holds the store's
// lock, so a socket that is there is nobody's.
func listenForBackups(data string) (net.Listener, error) {
	path := backupSocket(data)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	if err := os.Chmod(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	_ = os.Remove(path)
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	return l, os.Chmod(path, 0o600)
}

// backups serves the log, whole, as a backup, and carries out its redactions.
func backups(b *broker.Broker) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /backup", func(w http.ResponseWriter, r *http.Request) {
		saved, _, err := b.Backup(r.Context(), nil)
		if err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", "application/x-ndjson")
		_, _ = saved.WriteBackup(w) // whoever asked sees that it ends too soon
	})
	serveRedactions(mux, b)
	return mux
}

// askRunning asks the process that has DATA open for a backup.
func askRunning(ctx context.Context, data string) (*broker.Copy, error) {
	answer, err := askSocket(ctx, data, http.MethodGet, "/backup", nil)
	if err != nil {
		return nil, err
	}
	defer answer.Close()
	saved, err := broker.ReadBackup(answer)
	if err != nil {
		return nil, fmt.Errorf("from the process that has the log open: %w", err)
	}
	return saved, nil
}

// askSocket asks the process that has DATA open for something.
func askSocket(ctx context.Context, data, method, path string, body io.Reader) (answer io.ReadCloser, err error) {
	transport := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", backupSocket(data))
	}}
	req, err := http.NewRequestWithContext(ctx, method, "http://tocsin"+path, body)
	if err != nil {
		return nil, err
	}
	resp, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		return nil, fmt.Errorf("--data %s: a process has the log open, and does not answer at %s (%w); stop it, and try again",
			data, backupSocket(data), errors.Unwrap(err))
	}
	if resp.StatusCode != http.StatusOK {
		defer resp.Body.Close()
		why, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
		return nil, fmt.Errorf("the process that has the log open: %s", strings.TrimSpace(string(why)))
	}
	return resp.Body, nil
}
