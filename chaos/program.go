//go:build linux

package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"tocsin/loadtest/target"
)

// program is a process under test. It can be started again after each end; its log is
// one file through all its lives. Safe for concurrent use.
type program struct {
	name string
	bin  string
	args []string
	env  []string
	log  string // file
	// admin is where it tells how it is: /status of a tocsin, /healthz of a NATS.
	admin string
	// metrics says that it has some there, as a tocsin has.
	metrics bool
	// quit ends it in order; SIGTERM if 0.
	quit syscall.Signal
	// launch starts the command in another way than as it is, nil: see [slowDisk].
	launch func(*exec.Cmd) error

	mu     sync.Mutex
	cmd    *exec.Cmd     // nil while it is not running
	exited chan struct{} // closed when cmd has ended
}

// flag is the value of one of its flags.
func (p *program) flag(name string) string { return p.args[slices.Index(p.args, name)+1] }

var errNotRunning = errors.New("not running")

// start starts it, and does not wait until it is ready.
func (p *program) start() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd != nil {
		return nil
	}
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("starting %s: %w", p.name, err)
	}
	defer log.Close()
	cmd := exec.Command(p.bin, p.args...)
	cmd.Env = append(os.Environ(), p.env...)
	cmd.Dir = filepath.Dir(p.log)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = target.OfOurs()
	launch := p.launch
	if launch == nil {
		launch = (*exec.Cmd).Start
	}
	if err := launch(cmd); err != nil {
		return fmt.Errorf("starting %s: %w", p.name, err)
	}
	exited := make(chan struct{})
	p.cmd, p.exited = cmd, exited
	go func() {
		defer close(exited)
		_ = cmd.Wait() // who wants to know asks whether it runs
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.cmd == cmd {
			p.cmd = nil
		}
	}()
	return nil
}

// running returns the process and what is closed at its end.
func (p *program) running() (*os.Process, <-chan struct{}, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return nil, nil, false
	}
	return p.cmd.Process, p.exited, true
}

// pid is 0 while it does not run.
func (p *program) pid() int {
	if process, _, ok := p.running(); ok {
		return process.Pid
	}
	return 0
}

// kill ends it as a power cut would, and returns when it is gone.
func (p *program) kill() error { return p.end(unix.SIGKILL, 10*time.Second) }

// endLimit is how long a process may take to end in order, drain included.
const endLimit = 40 * time.Second

// terminate ends it in order.
func (p *program) terminate() error { return p.end(cmp.Or(p.quit, unix.SIGTERM), endLimit) }

func (p *program) end(signal syscall.Signal, limit time.Duration) error {
	process, exited, ok := p.running()
	if !ok {
		return nil
	}
	if err := process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("ending %s: %w", p.name, err)
	}
	select {
	case <-exited:
		return nil
	case <-time.After(limit):
		return fmt.Errorf("%s has not ended %v after signal %v", p.name, limit, signal)
	}
}

// stop makes it a machine that hangs: its sockets stay open, and nothing comes from it.
func (p *program) stop() error { return p.signal(unix.SIGSTOP) }

// goOn ends what stop began.
func (p *program) goOn() error { return p.signal(unix.SIGCONT) }

func (p *program) signal(signal syscall.Signal) error {
	process, _, ok := p.running()
	if !ok {
		return fmt.Errorf("%s: %w", p.name, errNotRunning)
	}
	return process.Signal(signal)
}

// lastWords are the last lines of its log.
func (p *program) lastWords(n int) []byte {
	data, _ := os.ReadFile(p.log)
	lines := bytes.SplitAfter(data, []byte("\n"))
	return bytes.Join(lines[max(0, len(lines)-n-1):], nil)
}

// logSize is where the log ends now; said counts what came after such a place.
func (p *program) logSize() int64 {
	info, err := os.Stat(p.log)
	if err != nil {
		return 0
	}
	return info.Size()
}

// said returns the lines after a place in the log that hold one of the words.
func (p *program) said(from int64, words ...string) (found []string) {
	data, err := os.ReadFile(p.log)
	if err != nil || int64(len(data)) < from {
		return nil
	}
	for line := range bytes.Lines(data[from:]) {
		if slices.ContainsFunc(words, func(w string) bool { return bytes.Contains(line, []byte(w)) }) {
			found = append(found, string(bytes.TrimSpace(line)))
		}
	}
	return found
}
