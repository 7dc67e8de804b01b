//go:build linux

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"tocsin/loadtest/crowd"
	"tocsin/loadtest/report"
	"tocsin/loadtest/target"
)

// lab is what a measurement needs: the target, a crowd at it, and the report.
type lab struct {
	crowdFlags
	targetFlags
	outFlags
	report report.Report

	child     *target.Child // nil: foreign
	server    *target.Process
	publisher *target.Publisher
	people    *worker // the crowd at the target
	size      int     // clients that the crowd has room for
	began     time.Time
}

// settle is for how long CPU is counted after the last client has what it waited for:
// what the server then still does belongs to it.
const settle = 30 * time.Millisecond

// openLab starts the target, if it is ours, and a crowd of size clients.
func openLab(ctx context.Context, title string, c crowdFlags, t targetFlags, o outFlags, size int) (*lab, error) {
	if err := errors.Join(c.check(size), t.check()); err != nil {
		return nil, err
	}
	l := &lab{crowdFlags: c, targetFlags: t, outFlags: o, size: size, began: time.Now()}
	l.report = report.Report{
		Title: title, At: l.began.UTC().Truncate(time.Second),
		Command: "loadtest " + strings.Join(os.Args[1:], " "),
	}
	if err := l.open(ctx); err != nil {
		l.close()
		return nil, err
	}
	return l, nil
}

func (l *lab) open(ctx context.Context) (err error) {
	if err := l.openTarget(ctx); err != nil {
		return err
	}
	l.report.Facts = append(l.report.Facts, facts(l)...)
	l.people, err = l.newCrowd(ctx, l.URL, l.size)
	return err
}

func (l *lab) openTarget(ctx context.Context) (err error) {
	if l.URL == "" {
		l.progress("building and starting tocsin serve --dev")
		l.child, err = target.Start(ctx, target.ChildConfig{Binary: l.Tocsin, Args: l.ServeArg, Env: l.ServeEnv})
		if err != nil {
			return err
		}
		l.URL, l.Desk, l.Admin, l.Key, l.PID = l.child.URL, l.child.Desk, l.child.Admin, l.child.KeyFiles, l.child.PID
	}
	if l.PID != 0 {
		l.server = &target.Process{PID: l.PID}
		if _, err := l.server.CPU(); err != nil {
			return err
		}
	} else {
		l.report.Note("Without --pid the server's CPU and memory are not seen.")
	}
	l.publisher, err = target.NewPublisher(l.Desk, l.Key)
	return err
}

func (l *lab) newCrowd(ctx context.Context, to string, size int) (*worker, error) {
	address, err := addressOf(to)
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(to)
	if err != nil {
		return nil, err
	}
	return startCrowd(ctx, crowd.Options{
		Address: address, Host: u.Host, Path: cmp.Or(u.Path, "/"), Size: size, Readers: l.Readers, Deflate: l.Deflate,
	})
}

func startCrowd(ctx context.Context, o crowd.Options) (*worker, error) {
	w, err := startWorker(crowdWorker)
	if err != nil {
		return nil, err
	}
	if _, err := call[struct{}](ctx, w, "Start", o); err != nil {
		w.close()
		return nil, fmt.Errorf("starting a crowd: %w", err)
	}
	return w, nil
}

// close ends everything that the lab has started.
func (l *lab) close() {
	if l.people != nil {
		l.people.close()
	}
	if l.publisher != nil {
		l.publisher.Close()
	}
	if l.child != nil {
		l.child.Close()
	}
	http.DefaultClient.CloseIdleConnections() // those of metrics
}

func (l *lab) progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%6.1fs  %s\n", time.Since(l.began).Seconds(), fmt.Sprintf(format, args...))
}

// sayEvery is how often it is said how far a plan is.
const sayEvery = 5 * time.Second

// connect carries out a plan, and fails if somebody is left outside.
func (l *lab) connect(ctx context.Context, w *worker, p crowd.Plan) (crowd.Outcome, error) {
	say := time.NewTicker(sayEvery)
	defer say.Stop()
	done := make(chan struct{})
	defer close(done)
	go func() {
		for {
			select {
			case <-done:
				return
			case <-say.C:
				if s, err := call[crowd.State](ctx, w, "State", struct{}{}); err == nil {
					l.progress("%d are connected; met so far: %s", s.Here, complaints(s))
				}
			}
		}
	}()
	out, err := call[crowd.Outcome](ctx, w, "Connect", p)
	if err != nil {
		return out, fmt.Errorf("connecting: %w", err)
	}
	if out.Failed > 0 {
		state, _ := call[crowd.State](ctx, w, "State", struct{}{})
		err := fmt.Errorf("%d of %d clients could not connect; the crowd met: %s", out.Failed, p.To-p.From, complaints(state))
		if l.child != nil {
			err = errors.Join(err, l.child.Lives())
		}
		return out, err
	}
	return out, nil
}

// complaints are the errors that a crowd met, the same ones together.
func complaints(s crowd.State) string {
	var all []string
	for _, text := range slices.Sorted(maps.Keys(s.Complaints)) {
		all = append(all, fmt.Sprintf("%d × %q", s.Complaints[text], text))
	}
	return cmp.Or(strings.Join(all, ", "), "no errors")
}

// cost is what the server and the time were at a moment.
type cost struct {
	at  int64
	cpu time.Duration
}

func (l *lab) cost() cost { return costOf(l.server) }

func costOf(p *target.Process) cost {
	c := cost{at: crowd.Now()}
	if p != nil {
		c.cpu, _ = p.CPU() // it was readable at the start; gone shows as an error of who talks to it
	}
	return c
}

// errUnwhole is a measurement whose figures are worth nothing.
var errUnwhole = errors.New("not everybody got everything, once, in order and unaltered")

// finish adds what was checked, and writes the results. It fails with errUnwhole.
func (l *lab) finish(ctx context.Context) error {
	state, err := call[crowd.State](ctx, l.people, "State", struct{}{})
	if err != nil {
		return fmt.Errorf("asking the crowd: %w", err)
	}
	for _, check := range []struct {
		name string
		n    int64
	}{
		{"missed", state.Missed}, {"doubled", state.Doubled}, {"out of order", state.Disorder},
		{"altered", state.Altered}, {"sessions lost", state.Lost},
	} {
		l.report.Add(check.name, "", float64(check.n))
	}
	for _, name := range []string{"missed", "doubled", "out of order", "altered"} {
		l.report.Bar(name, 0)
	}
	if state.Inflated > 0 {
		l.report.Note("Frames came compressed; %d of %d were inflated, the others were the same bytes.", state.Inflated, state.Frames)
	}
	if len(state.Complaints) > 0 {
		l.report.Note("The crowd met %s.", complaints(state))
	}
	if err := l.write(); err != nil || state.Missed+state.Doubled+state.Disorder+state.Altered == 0 {
		return err
	}
	return errUnwhole
}

func (l *lab) write() error {
	l.report.Took = time.Since(l.began).Round(time.Second).String()
	if err := l.report.Table(os.Stdout); err != nil {
		return err
	}
	return errors.Join(
		writeFile(l.JSON, l.report.JSON),
		writeFile(l.HTML, l.report.HTML),
	)
}
