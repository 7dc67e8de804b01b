package target

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// Child is a Tocsin of the tool's own, in dev mode, on free ports of loopback and in a
// folder that goes with it.
type Child struct {
	// URL, Desk and Admin are its addresses, KeyFiles those of staff who may publish.
	URL, Desk, Admin string
	KeyFiles         []string
	Issuer           *Issuer
	Process

	dir    string
	log    *os.File
	cmd    *exec.Cmd
	exited chan struct{}
}

// ChildConfig says how to start one.
type ChildConfig struct {
	// Binary is tocsin; "" builds it from this module, which is where the tool is run.
	Binary string
	// Args are added to those of "tocsin serve"; Env to the environment.
	Args, Env []string
}

const (
	startLimit = 30 * time.Second
	stopLimit  = 10 * time.Second
)

// Start starts a Child, and returns when it is ready. Whoever calls it calls Close.
func Start(ctx context.Context, config ChildConfig) (*Child, error) {
	dir, err := os.MkdirTemp("", "tocsin-loadtest-")
	if err != nil {
		return nil, fmt.Errorf("making a folder: %w", err)
	}
	c := &Child{dir: dir, exited: make(chan struct{})}
	if err := c.open(ctx, config); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

func (c *Child) open(ctx context.Context, config ChildConfig) (err error) {
	if config.Binary == "" {
		config.Binary = filepath.Join(c.dir, "tocsin")
		if err := Build(ctx, config.Binary); err != nil {
			return err
		}
	}
	if c.Issuer, err = NewIssuer(); err != nil {
		return err
	}
	if err := c.start(config); err != nil {
		return err
	}
	if err := c.ready(ctx); err != nil {
		return fmt.Errorf("starting tocsin: %w\n%s", err, c.lastWords())
	}
	return nil
}

// Build builds tocsin from this module.
func Build(ctx context.Context, to string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-o", to, "tocsin/cmd/tocsin")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building tocsin: %w (run this inside the module, or name a binary with --tocsin)\n%s", err, out)
	}
	return nil
}

func (c *Child) start(config ChildConfig) error {
	ports, err := freePorts(3)
	if err != nil {
		return err
	}
	c.URL, c.Desk, c.Admin = "ws://"+ports[0]+"/v1/connect", "http://"+ports[1], "http://"+ports[2]
	c.KeyFiles = []string{filepath.Join(c.dir, "data/dev/publisher.key"), filepath.Join(c.dir, "data/dev/approver.key")}
	if c.log, err = os.Create(filepath.Join(c.dir, "log")); err != nil {
		return fmt.Errorf("making a log file: %w", err)
	}
	c.cmd = exec.Command(config.Binary, append([]string{
		"serve", "--dev", "--data", filepath.Join(c.dir, "data"),
		"--listen", ports[0], "--desk-listen", ports[1], "--admin-listen", ports[2],
		"--issuer", c.Issuer.URL, "--jwks-url", c.Issuer.URL + "/jwks.json", "--audience", Audience, "--label", TokenLabel,
	}, config.Args...)...)
	c.cmd.Env = append(os.Environ(), config.Env...)
	c.cmd.Stdout, c.cmd.Stderr = c.log, c.log
	c.cmd.SysProcAttr = OfOurs()
	if err := c.cmd.Start(); err != nil {
		return fmt.Errorf("starting tocsin: %w", err)
	}
	c.PID = c.cmd.Process.Pid
	go func() {
		defer close(c.exited)
		_ = c.cmd.Wait() // who wants to know asks whether it lives
	}()
	return nil
}

// OfOurs makes a child process one that an interrupt at the terminal does not reach,
// so that it is ended in order, and that the kernel ends if we can't.
func OfOurs() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// freePorts finds addresses where nobody listens. Somebody else may be faster, which
// the child then says.
func freePorts(n int) (addresses []string, err error) {
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("looking for a free port: %w", err)
		}
		defer l.Close()
		addresses = append(addresses, l.Addr().String())
	}
	return addresses, nil
}

var errExited = errors.New("it ended")

func (c *Child) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.Admin+"/readyz", nil)
		if err != nil {
			return err
		}
		if response, err := http.DefaultClient.Do(request); err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-c.exited:
			return errExited
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Lives tells whether it has not ended by itself; the error shows why.
func (c *Child) Lives() error {
	select {
	case <-c.exited:
		return fmt.Errorf("tocsin: %w\n%s", errExited, c.lastWords())
	default:
		return nil
	}
}

func (c *Child) lastWords() []byte {
	data, _ := os.ReadFile(filepath.Join(c.dir, "log"))
	if lines := bytes.Split(data, []byte("\n")); len(lines) > 20 {
		return bytes.Join(lines[len(lines)-20:], []byte("\n"))
	}
	return data
}

// Close ends it, and removes its folder.
func (c *Child) Close() {
	if c.cmd != nil && c.cmd.Process != nil {
		_ = c.cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-c.exited:
		case <-time.After(stopLimit):
			_ = c.cmd.Process.Kill()
			<-c.exited
		}
	}
	if c.Issuer != nil {
		c.Issuer.Close()
	}
	if c.log != nil {
		_ = c.log.Close()
	}
	_ = os.RemoveAll(c.dir)
}
