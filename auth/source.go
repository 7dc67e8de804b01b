package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// keyState says how far an issuer's keys can be trusted, by their age alone.
type keyState int

const (
	fresh  keyState = iota // fetched within Refresh
	stale                  // older: fetching fails
	closed                 // never had, or older than the stale limit
)

func (s keyState) String() string { return [...]string{"fresh", "stale", "closed"}[s] }

const (
	// staleLimit is how long last good keys count while fetching fails, at most.
	staleLimit = 24 * time.Hour
	// maxRetry bounds the wait between attempts while fetching fails, so that
	// sessions climb back within a minute of their provider.
	maxRetry = time.Minute
)

// source keeps the keys of one issuer. One goroutine, run, fetches and writes
// keys; everybody reads them.
type source struct {
	issuer  string
	origin  string // URL or file: what a cache file must name
	load    func(context.Context) ([]byte, error)
	cache   string        // path; "": none
	refresh time.Duration // how long keys are fresh
	limit   time.Duration // how long they count while fetching fails
	gap     time.Duration
	now     func() time.Time
	changed func()
	log     *slog.Logger
	fetches *prometheus.CounterVec
	kick    chan struct{} // somebody wants a key that the set does not hold

	keys atomic.Pointer[keysAt]
}

// keysAt is a set, when it was known to be the issuer's, and its text.
type keysAt struct {
	set  *keySet
	at   time.Time
	text []byte
}

// state says how the keys stand, and nextState when that changes if no fetch
// succeeds (the zero time: never).
func (s *source) state(now time.Time) keyState { return s.stateOf(s.keys.Load(), now) }

func (s *source) stateOf(k *keysAt, now time.Time) keyState {
	switch {
	case k == nil:
		return closed
	case now.Sub(k.at) < s.refresh:
		return fresh
	case now.Sub(k.at) < s.limit:
		return stale
	}
	return closed
}

func (s *source) nextState(now time.Time) time.Time {
	k := s.keys.Load()
	if k == nil {
		return time.Time{}
	}
	for _, life := range []time.Duration{s.refresh, s.limit} {
		if at := k.at.Add(life); now.Before(at) {
			return at
		}
	}
	return time.Time{}
}

// set returns the keys, whatever their state; nil if there never were any.
func (s *source) set() *keySet { return s.keys.Load().keySet() }

func (k *keysAt) keySet() *keySet {
	if k == nil {
		return nil
	}
	return k.set
}

// want asks for a fetch, because of a kid that is not in the set. It does not
// wait; requests made while one is pending are one request.
func (s *source) want() {
	select {
	case s.kick <- struct{}{}:
	default:
	}
}

// run fetches until ctx ends: a while before keys stop being fresh, after a
// growing wait when that fails, and gap after the last attempt when somebody
// wants it. So there is one fetch at a time, and at most one in a gap.
func (s *source) run(ctx context.Context) {
	next := s.now()
	if k := s.keys.Load(); k != nil && s.state(next) == fresh {
		next = k.at.Add(s.early())
	}
	last := s.now().Add(-s.gap)
	said := s.announce(s.state(s.now()), closed)
	failures := 0
	for {
		wake := next
		if at := s.nextState(s.now()); !at.IsZero() && at.Before(wake) {
			wake = at
		}
		wanted, err := s.sleep(ctx, wake.Sub(s.now()))
		if err != nil {
			return
		}
		if soon := last.Add(s.gap); wanted && soon.Before(next) {
			next = soon
		}
		before := s.keys.Load()
		good := false
		if !s.now().Before(next) {
			last = s.now()
			if err := s.attempt(ctx); ctx.Err() != nil {
				return
			} else if err != nil {
				failures++
				s.log.Warn("keys not fetched", "err", short(err), "failures", failures)
				next = s.now().Add(s.backoff(failures))
			} else {
				good, failures = true, 0
				next = last.Add(s.early())
			}
		}
		// The old keys may have lapsed while the new ones were on their way: grants say
		// so, and nothing but changed takes it back.
		now := s.now()
		lapsed, other := s.stateOf(before, now) != said, s.set() != before.keySet()
		if state := s.state(now); state != said || lapsed || other {
			said = s.announce(state, said)
			s.changed()
		}
		if good {
			s.save() // after all, since a disk may be slow
		}
	}
}

// sleep waits for a time, and reports whether it was cut short by want.
func (s *source) sleep(ctx context.Context, d time.Duration) (wanted bool, err error) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false, ctx.Err()
	case <-s.kick:
		return true, nil
	case <-t.C:
		return false, nil
	}
}

// early spreads the refreshes of many nodes, before keys turn stale.
func (s *source) early() time.Duration {
	return s.jitter(s.refresh*3/4, s.refresh*19/20)
}

func (s *source) backoff(failures int) time.Duration {
	most := max(s.gap, min(s.gap<<min(failures-1, 10), maxRetry, s.refresh))
	return s.jitter(max(s.gap, most/2), most)
}

func (s *source) jitter(least, most time.Duration) time.Duration {
	return least + rand.N(most-least+1)
}

// attempt gets the keys once. A good set replaces the one before: a key that
// is missing from it is dead.
func (s *source) attempt(ctx context.Context) error {
	at := s.now()
	text, err := s.load(ctx)
	var set *keySet
	if err == nil {
		set, err = parseKeys(text)
	}
	if err != nil {
		s.fetches.WithLabelValues(s.issuer, "failed").Inc()
		return fmt.Errorf("getting keys: %w", err)
	}
	s.fetches.WithLabelValues(s.issuer, "ok").Inc()
	if was := s.set(); was != nil && was.digest == set.digest {
		set = was // tokens that did not find their key in it need no second look
	} else {
		s.log.Info("keys changed", "keys", len(set.all))
	}
	s.keys.Store(&keysAt{set, at.Round(0), text}) // the wall clock goes on while a machine sleeps
	return nil
}

// announce logs a state and returns it.
func (s *source) announce(now, before keyState) keyState {
	if now == before {
		return now
	}
	level := [...]slog.Level{fresh: slog.LevelInfo, stale: slog.LevelWarn, closed: slog.LevelError}[now]
	s.log.Log(context.Background(), level, "key source is "+now.String(), "before", before.String())
	return now
}

// short bounds an error whose text a provider may have written.
func short(err error) string {
	const most = 200
	text := err.Error()
	if len(text) > most {
		text = text[:most] + "…"
	}
	return text
}

// lastGood is the file that save keeps keys in, over a restart. Whoever can write it
// can be any patient: it lies in a folder that is its owner's.
type lastGood struct {
	Issuer    string    `json:"issuer"`
	Origin    string    `json:"origin"`
	FetchedAt time.Time `json:"fetchedAt"`
	Keys      []byte    `json:"keys"`
}

func (s *source) save() {
	if s.cache == "" {
		return
	}
	if err := s.write(s.keys.Load()); err != nil {
		s.log.Warn("last good keys not kept", "err", err)
	}
}

func (s *source) write(k *keysAt) error {
	b, err := json.Marshal(lastGood{s.issuer, s.origin, k.at.UTC(), k.text})
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(s.cache), "keys-*.tmp") // 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // fails once renamed
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), s.cache)
}

// restore takes up the keys that save kept. What is not there, not ours or
// from the future is as if it were not there: a fetch will tell.
func (s *source) restore() {
	b, err := os.ReadFile(s.cache)
	if err != nil {
		return
	}
	var l lastGood
	if json.Unmarshal(b, &l) != nil || l.Issuer != s.issuer || l.Origin != s.origin || l.FetchedAt.After(s.now().Add(leeway)) {
		s.log.Warn("last good keys on disk are not usable")
		return
	}
	set, err := parseKeys(l.Keys)
	if err != nil {
		s.log.Warn("last good keys on disk are not usable", "err", err)
		return
	}
	s.keys.Store(&keysAt{set, l.FetchedAt, l.Keys})
}
