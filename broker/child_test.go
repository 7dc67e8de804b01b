package broker_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/broker"
)

// child is a process of this test binary with an embedded broker, told what to do by
// lines on its standard input, that a test can kill.
type child struct {
	t      testing.TB
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stdout *bufio.Scanner
}

func startChild(t testing.TB, dir string) *child {
	t.Helper()
	return startLimitedChild(t, dir, "")
}

// startLimitedChild starts a child that may not write files larger than limit bytes.
func startLimitedChild(t testing.TB, dir, limit string) *child {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+dir, limitEnv+"="+limit)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	c := &child{t: t, cmd: cmd, stdin: stdin, stdout: bufio.NewScanner(stdout)}
	c.stdout.Buffer(nil, 16*mebibyte)
	t.Cleanup(c.kill)
	require.Equal(t, "open", c.line())
	return c
}

// kill ends the child as a power cut would, and returns when it is gone.
func (c *child) kill() {
	_ = c.cmd.Process.Kill()
	_ = c.cmd.Wait()
}

func (c *child) line() string {
	c.t.Helper()
	require.True(c.t, c.stdout.Scan(), "the child ended")
	return c.stdout.Text()
}

// do sends a command and returns its answer.
func (c *child) do(format string, args ...any) string {
	c.t.Helper()
	_, err := fmt.Fprintf(c.stdin, format+"\n", args...)
	require.NoError(c.t, err)
	return c.line()
}

// runChild is the child's main.
func runChild(dir string) {
	ignoreFileLimit()
	if limit := os.Getenv(limitEnv); limit != "" {
		childCommand(context.Background(), nil, nil, "limit", []string{limit})
	}
	b, err := broker.Open(context.Background(), withDefaults(broker.Config{Dir: dir}))
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { _ = b.Run(ctx) })
	r := newRecorder()
	wg.Go(func() { _ = b.Follow(ctx, r) })
	fmt.Println("open")
	commands := bufio.NewScanner(os.Stdin)
	for commands.Scan() {
		words := strings.Fields(commands.Text())
		fmt.Println(childCommand(ctx, b, r, words[0], words[1:]))
	}
	cancel()
	wg.Wait()
	b.Close()
}

func childCommand(ctx context.Context, b *broker.Broker, r *recorder, command string, args []string) string {
	number := func(i int) uint64 {
		n, err := strconv.ParseUint(args[i], 10, 64)
		if err != nil {
			panic(err)
		}
		return n
	}
	switch command {
	case "append": // after body
		seq, err := b.Append(ctx, subjectA, []byte(args[1]), number(0))
		if err != nil {
			return errorName(err)
		}
		return fmt.Sprint("at ", seq)
	case "flood": // after: append until killed, naming each that was acknowledged
		for after := number(0); ; {
			body := fmt.Sprintf("%d-%s", after+1, strings.Repeat("x", int(after%50)*100))
			seq, err := b.Append(ctx, subjectA, []byte(body), after)
			if err != nil {
				return errorName(err)
			}
			fmt.Println("at", seq, body)
			after = seq
		}
	case "limit": // the size of any file that this process writes
		return fmt.Sprint("limit ", limitFiles(number(0)))
	case "read": // live or not, and what the follower has
		v, _ := r.view()
		return fmt.Sprint(v.source.Live, " ", len(v.begins), " ", strings.Join(v.bodies, ","))
	}
	return "?"
}

func errorName(err error) string {
	for name, sentinel := range map[string]error{
		"conflict": broker.ErrConflict, "unavailable": broker.ErrUnavailable,
		"unconfirmed": broker.ErrUnconfirmed, "full": broker.ErrFull,
	} {
		if errors.Is(err, sentinel) {
			return name
		}
	}
	return err.Error()
}
