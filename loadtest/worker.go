//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"net/rpc"
	"os"
	"os/exec"
	"time"

	"tocsin/loadtest/bare"
	"tocsin/loadtest/crowd"
	"tocsin/loadtest/target"
)

// Crowds and the bare server are processes of their own, this binary run anew: each
// has its own limit of open files and its own CPU clock, and the crowd that reads what
// the bare server writes is the same program as the one that reads from Tocsin. They
// speak net/rpc over their standard input and output, and end when it does.
const (
	crowdWorker = "__crowd"
	bareWorker  = "__bare"
)

// serveWorker is main of a worker; false if kind is none.
func serveWorker(kind string) bool {
	server := rpc.NewServer()
	var end func()
	switch kind {
	case crowdWorker:
		s := &CrowdService{}
		end = s.close
		_ = server.RegisterName("Worker", s)
	case bareWorker:
		s := &BareService{}
		end = s.close
		_ = server.RegisterName("Worker", s)
	default:
		return false
	}
	server.ServeConn(struct {
		io.Reader
		io.WriteCloser
	}{os.Stdin, os.Stdout})
	end()
	return true
}

// CrowdService is a crowd by RPC. It is exported because net/rpc wants that.
type CrowdService struct{ crowd *crowd.Crowd }

func (s *CrowdService) close() {
	if s.crowd != nil {
		s.crowd.Close()
	}
}

var errNotStarted = errors.New("not started")

// Start makes the crowd.
func (s *CrowdService) Start(o crowd.Options, _ *struct{}) (err error) {
	s.crowd, err = crowd.New(o)
	return err
}

// Connect is [crowd.Crowd.Connect].
func (s *CrowdService) Connect(p crowd.Plan, out *crowd.Outcome) (err error) {
	*out, err = s.crowd.Connect(context.Background(), p)
	return err
}

// Await is [crowd.Crowd.Await].
func (s *CrowdService) Await(w crowd.Wait, out *crowd.Arrival) (err error) {
	*out, err = s.crowd.Await(context.Background(), w)
	return err
}

// Span is clients to drop.
type Span struct {
	From, To int
	Abruptly bool
}

// Drop is [crowd.Crowd.Drop].
func (s *CrowdService) Drop(span Span, _ *struct{}) error {
	s.crowd.Drop(span.From, span.To, span.Abruptly)
	return nil
}

// Tokens are for the clients from an index on.
type Tokens struct {
	From   int
	Tokens []string
}

// SetTokens is [crowd.Crowd.SetTokens].
func (s *CrowdService) SetTokens(t Tokens, _ *struct{}) error {
	s.crowd.SetTokens(t.From, t.Tokens)
	return nil
}

// State is [crowd.Crowd.State].
func (s *CrowdService) State(_ struct{}, out *crowd.State) error {
	*out = s.crowd.State()
	return nil
}

// BareService is a bare server by RPC.
type BareService struct {
	server *bare.Server
	plain  *bare.Plain
}

func (s *BareService) close() {
	if s.server != nil {
		s.server.Close()
	}
	if s.plain != nil {
		s.plain.Close()
	}
}

// Listen starts the server, which answers every hello with the frames given.
func (s *BareService) Listen(answer []byte, address *netip.AddrPort) (err error) {
	if s.server, err = bare.Listen(answer); err != nil {
		return err
	}
	*address = s.server.Address()
	return nil
}

// ListenPlain starts the one that is written as one writes Go.
func (s *BareService) ListenPlain(answer []byte, address *netip.AddrPort) (err error) {
	if s.plain, err = bare.ListenPlain(answer); err != nil {
		return err
	}
	*address = s.plain.Address()
	return nil
}

// Round is [bare.Server.Round].
func (s *BareService) Round(p []byte, writes *int) (err error) {
	if s.server == nil {
		return errNotStarted
	}
	*writes, err = s.server.Round(p)
	return err
}

// Open is the number of connections.
func (s *BareService) Open(_ struct{}, n *int) error {
	if s.server != nil {
		*n += s.server.Open()
	}
	if s.plain != nil {
		*n += s.plain.Open()
	}
	return nil
}

// worker is a worker process, as the tool sees it.
type worker struct {
	target.Process
	cmd *exec.Cmd
	rpc *rpc.Client
}

func startWorker(kind string) (*worker, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("looking for this program: %w", err)
	}
	cmd := exec.Command(self, kind)
	cmd.SysProcAttr, cmd.Stderr = target.OfOurs(), os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting a worker: %w", err)
	}
	client := rpc.NewClient(struct {
		io.Reader
		io.WriteCloser
	}{out, in})
	return &worker{Process: target.Process{PID: cmd.Process.Pid}, cmd: cmd, rpc: client}, nil
}

// call calls a method of a worker. When ctx ends the answer is not waited for.
func call[Out any](ctx context.Context, w *worker, method string, in any) (out Out, err error) {
	pending := w.rpc.Go("Worker."+method, in, &out, make(chan *rpc.Call, 1))
	select {
	case <-pending.Done:
		return out, pending.Error
	case <-ctx.Done():
		var none Out // out is still the worker's to fill
		return none, ctx.Err()
	}
}

// workerGrace is how long a worker may take to end once its input has.
const workerGrace = 5 * time.Second

func (w *worker) close() {
	_ = w.rpc.Close()
	timer := time.AfterFunc(workerGrace, func() { _ = w.cmd.Process.Kill() })
	defer timer.Stop()
	_ = w.cmd.Wait()
}
