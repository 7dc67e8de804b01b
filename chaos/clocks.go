//go:build linux

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// clocks are machines whose time of day jumps.
func clocks() (all []fault) {
	for _, step := range []struct {
		words string
		by    time.Duration
	}{{"an hour ahead", time.Hour}, {"an hour back", -time.Hour}} {
		for _, name := range []string{"desk-1", "edge-1"} {
			all = append(all, fault{
				name: "clock of " + name + " " + step.words, about: "the clock of " + name + " is set " + step.words + " while it runs, and 25 s later put right",
				hold: 25 * time.Second,
				prepare: func(ctx context.Context, s *stage, _ *trial) error {
					return s.swapClock(ctx, name, true)
				},
				inject: func(_ context.Context, s *stage, _ *trial) error { return s.setClock(name, step.by) },
				heal: func(ctx context.Context, s *stage, _ *trial) error {
					if err := s.clockIsOff(ctx, name, step.by); err != nil {
						return err
					}
					return s.setClock(name, 0)
				},
				tidy: func(ctx context.Context, s *stage, _ *trial) error {
					return s.swapClock(ctx, name, false)
				},
				expect: expectations{wait: oneDown, stay: name == "desk-1", goesOn: true},
			})
		}
		all = append(all, fault{
			name: "clock of a client " + step.words, about: "the clock of one client (tocsin tail) is set " + step.words + " while it runs, and 25 s later put right",
			hold: 25 * time.Second,
			prepare: func(ctx context.Context, s *stage, _ *trial) error {
				return s.tail(ctx)
			},
			inject: func(_ context.Context, s *stage, _ *trial) error { return s.setClock("tail", step.by) },
			heal:   func(_ context.Context, s *stage, _ *trial) error { return s.setClock("tail", 0) },
			check:  func(ctx context.Context, s *stage, t *trial) error { return s.tailHas(ctx, t) },
			tidy:   func(_ context.Context, s *stage, _ *trial) error { return s.dismiss("tail") },
			expect: expectations{wait: oneDown, stay: true, goesOn: true},
		})
	}
	return all
}

// clockEnv names the file that holds by how many seconds a program's time of day is off.
const clockEnv = "CHAOS_CLOCK"

// clockPatch makes time.Now read that file, five times a second. The monotonic clock, and
// so every timer, stays what it is, as when an administrator sets a clock. Only this build
// of the program under test has it.
const clockPatch = `
var chaosStep atomic.Int64

func init() {
	file, ok := syscall.Getenv("` + clockEnv + `")
	if !ok {
		return
	}
	go func() {
		for ; ; Sleep(200 * Millisecond) {
			fd, err := syscall.Open(file, syscall.O_RDONLY, 0)
			if err != nil {
				continue
			}
			var buf [32]byte
			n, _ := syscall.Read(fd, buf[:])
			syscall.Close(fd)
			var step, sign int64 = 0, 1
			for _, c := range buf[:max(n, 0)] {
				if c == '-' {
					sign = -1
				} else if c >= '0' && c <= '9' {
					step = step*10 + int64(c-'0')
				}
			}
			chaosStep.Store(sign * step)
		}
	}()
}
`

// buildClock builds tocsin from this module with a time.Now that can be set, by a -overlay
// of the standard library's file.
func buildClock(ctx context.Context, dir string) (string, error) {
	root, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
	if err != nil {
		return "", fmt.Errorf("asking for GOROOT: %w", err)
	}
	original := filepath.Join(strings.TrimSpace(string(root)), "src/time/time.go")
	source, err := os.ReadFile(original)
	if err != nil {
		return "", err
	}
	patched := string(source)
	for _, change := range [][2]string{
		{"func Now() Time {\n\tsec, nsec, mono := runtimeNow()\n", "func Now() Time {\n\tsec, nsec, mono := runtimeNow()\n\tsec += chaosStep.Load()\n"},
		{"import (\n", "import (\n\t\"sync/atomic\"\n\t\"syscall\"\n"},
	} {
		if strings.Count(patched, change[0]) != 1 {
			return "", fmt.Errorf("time.Now of this Go is not as it was in 1.26: adapt clockPatch to %s", original)
		}
		patched = strings.Replace(patched, change[0], change[1], 1)
	}
	file, overlay, binary := filepath.Join(dir, "time.go"), filepath.Join(dir, "overlay.json"), filepath.Join(dir, "tocsin-clock")
	if err := os.WriteFile(file, []byte(patched+clockPatch), 0o600); err != nil {
		return "", err
	}
	replace, err := json.Marshal(map[string]any{"Replace": map[string]string{original: file}})
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(overlay, replace, 0o600); err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-overlay", overlay, "-o", binary, "tocsin/cmd/tocsin")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building tocsin with a clock that can be set: %w\n%s", err, out)
	}
	return binary, nil
}

func (s *stage) clockFile(name string) string { return filepath.Join(s.dir, name+".clock") }

// setClock sets the clock of a process that was swapped.
func (s *stage) setClock(name string, by time.Duration) error {
	temporary := s.clockFile(name) + ".new"
	if err := os.WriteFile(temporary, fmt.Appendf(nil, "%d", int(by.Seconds())), 0o600); err != nil {
		return err
	}
	return os.Rename(temporary, s.clockFile(name))
}

// clockIsOff checks what time a process says it is.
func (s *stage) clockIsOff(ctx context.Context, name string, by time.Duration) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodHead, s.process(name).admin+"/healthz", nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	_ = response.Body.Close()
	says, err := http.ParseTime(response.Header.Get("Date"))
	if err != nil {
		return err
	}
	if off := time.Until(says); (off - by).Abs() > time.Minute {
		return fmt.Errorf("the clock of %s is off by %v, not by %v", name, off, by)
	}
	return nil
}

// swapClock replaces a process by one whose clock can be set, or back.
func (s *stage) swapClock(ctx context.Context, name string, settable bool) error {
	if s.bins.clock == "" {
		s.say("building a tocsin whose clock can be set")
		var err error
		if s.bins.clock, err = buildClock(ctx, s.bins.folder); err != nil {
			return err
		}
	}
	if err := s.setClock(name, 0); err != nil {
		return err
	}
	return s.swap(ctx, []string{name}, func(p *program) {
		p.bin, p.env = s.bins.tocsin, nil
		if settable {
			p.bin, p.env = s.bins.clock, []string{clockEnv + "=" + s.clockFile(name)}
		}
	})
}

// tail starts a client that is a process of its own.
func (s *stage) tail(ctx context.Context) error {
	p := &program{
		name: "tail", bin: s.bins.tocsin, log: filepath.Join(s.dir, "tail.log"),
		args: []string{"tail", "--json", "--url", s.front.url(), "--trust", filepath.Join(s.dir, "trust.pem")},
	}
	s.extras = append(s.extras, p)
	if err := os.WriteFile(p.log, nil, 0o600); err != nil {
		return err
	}
	if err := s.swapClock(ctx, "tail", true); err != nil {
		return err
	}
	return s.until(ctx, "the client to be live", func(context.Context) error {
		if len(p.said(0, `"synced"`)) == 0 {
			return fmt.Errorf("it says: %s", p.lastWords(3))
		}
		return nil
	})
}

// tailHas checks what that client has printed of what was published since the fault began.
func (s *stage) tailHas(ctx context.Context, t *trial) error {
	pause(ctx, time.Second)
	p := s.process("tail")
	data, err := os.ReadFile(p.log)
	if err != nil {
		return err
	}
	times := make(map[string]int)
	for lines := bufio.NewScanner(bytes.NewReader(data)); lines.Scan(); {
		var line struct {
			Type   string `json:"type"`
			Phase  string `json:"phase"`
			Notice struct {
				Identifier string `json:"identifier"`
			} `json:"notice"`
		}
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.Type == "notice" {
			times[line.Notice.Identifier]++
			if line.Phase != "active" {
				t.fail("the client whose clock was wrong says that %s is %s", line.Notice.Identifier, line.Phase)
			}
		}
	}
	checked := 0
	for _, n := range s.publisher.book.since(t.injected) {
		if !n.isDone() || n.fate != fatePublished || time.Since(n.decided) < time.Second {
			continue
		}
		if checked++; times[n.id] != 1 {
			t.fail("the client whose clock was wrong has %s %d times", n.id, times[n.id])
		}
	}
	t.note("that client has each of %d notices, once", checked)
	if stale := p.said(t.logs[p.name], "not updated since"); len(stale) > 0 {
		t.note("it said: %s", stale[0])
	}
	return nil
}
