package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"tocsin/hub"
	"tocsin/notice"
)

type statusCmd struct {
	Admin    string        `default:"http://127.0.0.1:9090" placeholder:"URL" help:"The hub's admin address (default ${default})."`
	Ready    bool          `help:"Print nothing; exit 0 if the hub is ready, 1 if it is not."`
	Sessions int           `placeholder:"N" help:"Fail unless so many clients, or more, are connected."`
	RingKey  string        `placeholder:"ID" help:"Fail unless the hub has taken up this key of a ring (see tocsin key ring)."`
	Wait     time.Duration `placeholder:"10s" help:"Wait so long for the hub to become ready."`
	JSON     bool          `help:"Print one object, for programs."`
}

func (statusCmd) Help() string {
	return `Ready means: it holds a verified state, is not shutting down, and has read the log, or waits for it no
longer: an edge that has just started with a cache serves that meanwhile, and waits for 20 s at most, or for 3 s
if no broker answers. Losing the broker does not make a hub unready; its log shows as STALE. What is in capitals
needs somebody.

    tocsin status
    tocsin status --ready --wait 30s && echo up`
}

func (cmd statusCmd) Run(ctx context.Context, c console) error {
	admin, err := url.Parse(cmd.Admin)
	if err != nil || admin.Host == "" {
		return misusef("--admin: a URL, please, such as http://127.0.0.1:9090")
	}
	if cmd.Ready || cmd.Wait > 0 {
		if err := awaitReady(ctx, admin, cmd.Wait); err != nil || cmd.Ready {
			return err
		}
	}
	state, err := fetchState(ctx, admin)
	if err != nil {
		return err
	}
	if cmd.JSON {
		err = c.printJSON(state)
	} else {
		_, err = fmt.Fprint(c.Out, printable(state.words()))
	}
	switch {
	case err != nil:
		return err
	case state.Sessions < cmd.Sessions:
		return fmt.Errorf("%s, not %d", many(state.Sessions, "session", "sessions"), cmd.Sessions)
	case cmd.RingKey != "" && !slices.Contains(slices.Concat(state.TicketKeys, state.DeskKeys), cmd.RingKey):
		return fmt.Errorf("no ring with the key %s: is the file in its place? A running hub looks every second", cmd.RingKey)
	}
	return nil
}

// readyPoll is how often a waiting status asks: often enough for scripts, and
// nothing to a hub.
const readyPoll = 50 * time.Millisecond

// awaitReady asks for /readyz until it says yes, wait is over, or ctx is.
func awaitReady(ctx context.Context, admin *url.URL, wait time.Duration) error {
	deadline := time.Now().Add(wait)
	for {
		err := get(ctx, admin.JoinPath("readyz"), nil)
		if err == nil || !time.Now().Add(readyPoll).Before(deadline) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(readyPoll):
		}
	}
}

func fetchState(ctx context.Context, admin *url.URL) (hubState, error) {
	var state hubState
	err := get(ctx, admin.JoinPath("status"), &state)
	return state, err
}

// get fetches one resource of the admin address, into v unless that is nil.
func get(ctx context.Context, resource *url.URL, v any) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, resource.String(), nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	var failed *url.Error
	if errors.As(err, &failed) {
		return fmt.Errorf("no hub answers at %s (%w); is it running? --admin URL asks another", resource.Host, failed.Err)
	}
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return err
	}
	if resp.StatusCode == http.StatusNotFound { // every admin address has it
		return fmt.Errorf("no admin address: %s answers 404. Is it an edge's for clients, or a desk's? "+
			"The admin address is --admin-listen, http://127.0.0.1:9090 unless told otherwise", resource.Redacted())
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", resource.Redacted(), strings.TrimSpace(string(body)))
	}
	if v == nil {
		return nil
	}
	return json.Unmarshal(body, v)
}

// hubState is what the admin address tells at /status.
type hubState struct {
	Version string      `json:"version"`
	Roles   []string    `json:"roles"`
	Dev     bool        `json:"dev"`
	Ready   bool        `json:"ready"`
	Reason  string      `json:"reason,omitempty"` // why it is not ready
	Started time.Time   `json:"started"`
	Source  sourceState `json:"source"`
	Keyset  keysetState `json:"keyset"`
	Heads   headsState  `json:"heads"`
	// Signing is of a desk: whether it signs heads.
	Signing  *signingState `json:"signing,omitempty"`
	Active   int           `json:"active"` // threads
	Sessions int           `json:"sessions"`
	// Foreign are revocations that void nothing here: another ring made them.
	Foreign int `json:"foreignRevocations,omitempty"`
	// Lacks are rights at NATS that its roles need and its user has not.
	Lacks []string `json:"lacks,omitempty"`
	// The keys of its rings, by id; the first of each seals.
	TicketKeys []string `json:"ticketKeys"`
	DeskKeys   []string `json:"deskKeys,omitempty"`
	// Integrity is of the /tocsin.js that its edge serves, for a <script integrity>.
	Integrity string `json:"integrity,omitempty"`
}

// sourceState is how fresh the log is that the hub reads.
type sourceState struct {
	Live    bool      `json:"live"`
	Since   time.Time `json:"since"`
	Checked time.Time `json:"checked"`
	Head    uint64    `json:"head"`
	Read    uint64    `json:"read"`
	Reason  string    `json:"reason,omitempty"`
	// From is "cache" or "peer" where an edge serves that in place of the log, as it was Saved.
	From  string    `json:"from,omitempty"`
	Saved time.Time `json:"saved,omitzero"`
}

func (s sourceState) words() string {
	words := "live"
	switch {
	case s.Live:
	case s.Since.IsZero():
		words = "not read yet"
	default:
		words = fmt.Sprintf("STALE for %s: %s", ago(time.Since(s.Since)), s.Reason)
	}
	switch s.From {
	case "":
		return fmt.Sprintf("%s, read up to %d of %d", words, s.Read, s.Head)
	case hub.FromCache:
		words += "; serving the cache (nothing private)"
	default:
		words += "; serving a peer's snapshot (public notices alone)"
	}
	return fmt.Sprintf("%s of %s ago, up to entry %d", words, ago(time.Since(s.Saved)), s.Read)
}

// serves puts in what an edge serves: what this process has read of the log may be less
// than its cache holds.
func (s *hubState) serves(state hub.State) {
	if state.Keyset == nil {
		return
	}
	s.Source.From, s.Source.Saved, s.Source.Read = state.From, state.Saved, state.Seq
	s.Source.Head = max(s.Source.Head, state.Seq)
	s.Heads = headsState{Beacon: state.Beacon, Came: state.HeadCame, AgeMs: state.HeadAge.Milliseconds(), Shared: state.SharedBeacons}
}

// keysetState is the keyset in force; version 0 means none.
type keysetState struct {
	Version int64  `json:"version"`
	Expires string `json:"expires,omitempty"`
	Keys    int    `json:"keys"`
}

func keysetStateOf(ks *notice.Keyset) keysetState {
	return keysetState{Version: ks.Version, Expires: string(ks.Expires), Keys: len(ks.Keys)}
}

func (s hubState) words() string {
	var b strings.Builder
	ready := "ready"
	if !s.Ready {
		ready = "NOT READY: " + s.Reason
	}
	fmt.Fprintf(&b, "%s  (%s, %s, up %s)\n", ready, s.Version, strings.Join(s.Roles, "+"), ago(time.Since(s.Started)))
	if s.Dev {
		b.WriteString("DEV MODE: its keys lie in one folder; never for patients\n")
	}
	if s.Foreign > 0 {
		fmt.Fprintf(&b, "REVOKED IN VAIN: %s, by pseudonyms of another ring than this edge's --ticket-keys\n", many(s.Foreign, "person or login", "people or logins"))
	}
	if len(s.Lacks) > 0 {
		fmt.Fprintf(&b, "NOT PERMITTED by NATS: to %s. Are --nats-creds those of another role?\n", strings.Join(s.Lacks, ", nor to "))
	}
	fmt.Fprintf(&b, "log       %s\n", s.Source.words())
	fmt.Fprintf(&b, "keyset    %s\n", s.Keyset.words(s.Source.Live))
	if slices.Contains(s.Roles, "edge") {
		fmt.Fprintf(&b, "heads     %s\n", s.Heads.words())
		for _, id := range s.Heads.Shared {
			fmt.Fprintf(&b, "          TWO DESKS sign with one key: give each its own (tocsin key new)\n          %s\n", id)
		}
	}
	if s.Signing != nil {
		fmt.Fprintf(&b, "signing   %s\n", s.Signing.words(s.Keyset.Version > 0))
	}
	fmt.Fprintf(&b, "notices   %d active\n", s.Active)
	fmt.Fprintf(&b, "sessions  %d\n", s.Sessions)
	fmt.Fprintf(&b, "rings     tickets: %s", ringWords(s.TicketKeys))
	if len(s.DeskKeys) > 0 {
		fmt.Fprintf(&b, "; desk: %s", ringWords(s.DeskKeys))
	}
	b.WriteString("\n")
	if slices.Contains(s.Roles, "edge") {
		fmt.Fprintf(&b, "script    /tocsin.js %s\n", cmp.Or(s.Integrity, "is missing: this binary was built without it (make web build)"))
	}
	return b.String()
}

// ringWords names the keys of a ring.
func ringWords(ids []string) string {
	if len(ids) == 0 {
		return "unknown"
	}
	if len(ids) == 1 {
		return ids[0] + " seals"
	}
	return ids[0] + " seals, " + strings.Join(ids[1:], " ") + " open"
}

// words tells of the keyset; read says that all of the log was.
func (k keysetState) words(read bool) string {
	switch {
	case k.Version == 0 && !read:
		return "not known: the log has not been read to its end"
	case k.Version == 0:
		return "NONE: nothing can be published; see tocsin keyset --help"
	}
	return fmt.Sprintf("version %d, %s, to be renewed by %s", k.Version, many(k.Keys, "key", "keys"), clock(notice.DateTime(k.Expires)))
}
