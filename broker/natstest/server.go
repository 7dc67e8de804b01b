//go:build unix

package natstest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"sync"
	"syscall"
)

// Server is one nats-server. Its methods may be called by several goroutines.
type Server struct {
	Name    string
	Dir     string // of its store
	LogFile string

	program, config          string
	listen, cluster, monitor string // addresses
	client                   string // the address that hubs use
	env, flags               []string

	mu    sync.Mutex // guards cmd and ended
	cmd   *exec.Cmd  // nil while it does not run
	ended chan struct{}
	guard *exec.Cmd // ends it should this process end before
}

// URL is how hubs reach it.
func (s *Server) URL() string { return "tls://" + s.client }

// Start starts the process, if it does not run. It does not wait until it is of use.
func (s *Server) Start() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cmd != nil {
		return nil
	}
	log, err := os.OpenFile(s.LogFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(s.program, append([]string{"-c", s.config}, s.flags...)...)
	cmd.Env, cmd.Stdout, cmd.Stderr = s.env, log, log
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting %s: %w", s.Name, err)
	}
	s.cmd, s.ended = cmd, make(chan struct{})
	s.guard = exec.Command("sh", "-c", fmt.Sprintf("read _; kill -9 %d", cmd.Process.Pid))
	_, err = s.guard.StdinPipe() // ends with this process
	if err == nil {
		err = s.guard.Start()
	}
	if err != nil {
		s.guard = nil
	}
	go func(ended chan struct{}) {
		_ = cmd.Wait()
		close(ended)
	}(s.ended)
	return nil
}

// Kill ends it as kill -9 does, and returns when it is gone.
func (s *Server) Kill() { s.end(syscall.SIGKILL) }

// Stop ends it in order, by SIGTERM, and returns when it is gone.
func (s *Server) Stop() { s.end(syscall.SIGTERM) }

func (s *Server) end(signal syscall.Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cmd == nil {
		return
	}
	if s.guard != nil {
		_ = s.guard.Process.Kill()
		_ = s.guard.Wait()
	}
	_ = s.cmd.Process.Signal(signal) // fails if it has ended by itself
	_ = s.cmd.Process.Signal(syscall.SIGCONT)
	<-s.ended
	s.cmd = nil
}

// Pause stops the process where it stands, as on a machine that hangs: its connections
// stay open.
func (s *Server) Pause() error { return s.signal(syscall.SIGSTOP) }

// Resume lets it go on.
func (s *Server) Resume() error { return s.signal(syscall.SIGCONT) }

func (s *Server) signal(signal syscall.Signal) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cmd == nil {
		return errors.New(s.Name + " does not run")
	}
	return s.cmd.Process.Signal(signal)
}

// PID is 0 while it does not run.
func (s *Server) PID() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cmd == nil {
		return 0
	}
	return s.cmd.Process.Pid
}

// Wipe removes all that it stored; it must not run. Where Dir itself is a mount it
// stays.
func (s *Server) Wipe() error {
	if s.PID() != 0 {
		return errors.New(s.Name + " runs")
	}
	entries, err := os.ReadDir(s.Dir)
	for _, entry := range entries {
		err = errors.Join(err, os.RemoveAll(s.Dir+string(os.PathSeparator)+entry.Name()))
	}
	return err
}

// Reload has it read its configuration again, as "nats-server --signal reload" does, and
// returns when it goes by it.
func (s *Server) Reload(ctx context.Context) error {
	before, err := s.configured(ctx)
	if err != nil {
		return err
	}
	if err := s.signal(syscall.SIGHUP); err != nil {
		return err
	}
	return again(ctx, func() error {
		now, err := s.configured(ctx)
		if err == nil && now == before {
			err = errors.New(s.Name + " goes by the configuration that it had; why, its log says")
		}
		return err
	})
}

// configured is when it read its configuration last.
func (s *Server) configured(ctx context.Context) (at string, err error) {
	body, err := s.ask(ctx, "/varz")
	if err != nil {
		return "", err
	}
	var vars struct {
		At string `json:"config_load_time"`
	}
	err = json.Unmarshal(body, &vars)
	return vars.At, err
}

// healthy is nil when it has all its streams, up to date.
func (s *Server) healthy(ctx context.Context) error {
	_, err := s.ask(ctx, "/healthz")
	return err
}

// ask asks the monitor.
func (s *Server) ask(ctx context.Context, path string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.monitor+path, nil)
	if err != nil {
		return nil, err
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", resp.Status, bytes.TrimSpace(body))
	}
	return body, err
}
