package desk_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/desk"
)

var errKilled = errors.New("killed")

// mortal kills a desk between two of its acts: from that step on nothing that it does
// has an effect, and it hears no answer.
type mortal struct {
	mu    sync.Mutex
	steps int // that it may still take
}

func (m *mortal) step() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.steps--
	if m.steps < 0 {
		return errKilled
	}
	return nil
}

func (m *mortal) dead() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.steps < 0
}

// act runs do between two steps: the desk may die before it, and behind it before it
// hears of it.
func act[T any](m *mortal, do func() (T, error)) (T, error) {
	var none T
	if err := m.step(); err != nil {
		return none, err
	}
	v, err := do()
	if dead := m.step(); dead != nil {
		return none, dead
	}
	return v, err
}

type mortalRecorder struct {
	desk.Recorder
	*mortal
}

func (r mortalRecorder) Record(ctx context.Context, rec desk.Record) error {
	_, err := act(r.mortal, func() (any, error) { return nil, r.Recorder.Record(ctx, rec) })
	return err
}

type mortalLog struct {
	desk.Log
	*mortal
}

func (l mortalLog) Append(ctx context.Context, subject string, body []byte, after uint64) (uint64, error) {
	return act(l.mortal, func() (uint64, error) { return l.Log.Append(ctx, subject, body, after) })
}

type mortalStore struct {
	desk.Proposals
	*mortal
}

func (s mortalStore) Put(ctx context.Context, key string, body []byte, revision uint64) (uint64, error) {
	return act(s.mortal, func() (uint64, error) { return s.Proposals.Put(ctx, key, body, revision) })
}

func (s mortalStore) Delete(ctx context.Context, key string, revision uint64) error {
	_, err := act(s.mortal, func() (any, error) { return nil, s.Proposals.Delete(ctx, key, revision) })
	return err
}

// A desk is killed before and behind each of its acts: while it proposes, takes the
// second signature, publishes and clears up. Another starts with the same journal.
// No 201 is lost, nothing is published twice, what was answered 202 waits, and the
// journal comes to say what became of each act.
func TestKilledBetweenAnyTwoActs(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for steps := 0; ; steps++ {
		m := &mortal{steps: steps}
		dir := t.TempDir()
		o := s.openIn(dir, func(c *desk.Config) {
			c.Recorder = mortalRecorder{c.Recorder, m}
			c.Log, c.Proposals = mortalLog{c.Log, m}, mortalStore{c.Proposals, m}
		})
		n := s.staff.Alert()
		env := s.staff.Envelope(n)
		proposed := o.publish(n, s.staff.Publisher)
		proposedAlive := !m.dead()
		approved := o.approve(n, s.staff.Approver)
		survived := !m.dead()
		o.close()

		written := s.onLog(env)
		require.LessOrEqual(t, written, 1)
		if approved.Status == http.StatusCreated {
			require.Equal(t, 1, written, "step %d: a 201 was lost", steps)
		}

		next := s.openIn(dir)
		next.until("open acts are settled", func() bool { return settled(t, dir, written == 0) })
		if written == 1 {
			require.Equal(t, "active", next.get("/v1/notices/" + n.Identifier).Body["phase"])
			for _, r := range records(t, dir) {
				require.False(t, r.Act == desk.ActPublish && r.Phase == desk.PhaseRefused, "step %d: it was published", steps)
			}
		}
		if proposedAlive && written == 0 {
			require.Equal(t, http.StatusAccepted, proposed.Status)
			require.Equal(t, http.StatusOK, next.get("/v1/proposals/"+n.Identifier).Status, "step %d: a 202 was lost", steps)
		}

		// Those who got no answer do the same again.
		first, second := next.publish(n, s.staff.Publisher), next.approve(n, s.staff.Approver)
		created := 0
		for _, a := range []answer{first, second} {
			switch a.Status {
			case http.StatusCreated:
				created++
			case http.StatusAccepted:
			default:
				require.Equal(t, "already-published", a.problem(), "step %d: %s", steps, a.Text)
			}
		}
		require.Equal(t, 1-written, created, "step %d: %s %s", steps, first.Text, second.Text)
		require.Equal(t, 1, s.onLog(env), "step %d", steps)
		next.close()
		if survived {
			require.Greater(t, steps, 18, "the steps were counted wrong")
			return
		}
	}
}

// settled tells whether each act in a journal has ended. An append that is in no place
// of a log that stands still may be undecided, for the place is still free.
func settled(t testing.TB, dir string, undecided bool) bool {
	t.Helper()
	ends := map[string]desk.Record{}
	for _, r := range records(t, dir) {
		ends[r.ID] = r
	}
	for _, r := range ends {
		open := r.Phase == desk.PhaseIntended || r.Phase == desk.PhaseUnknown
		if open && !(undecided && r.Act == desk.ActPublish) {
			return false
		}
	}
	return true
}

// A publication of an earlier run that is in no place of the log is found out once
// the log goes on.
func TestLeftOpenByAnEarlierRun(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	m := &mortal{steps: 2} // intended, and no more
	o := s.open(func(c *desk.Config) {
		c.Recorder, c.Log = mortalRecorder{c.Recorder, m}, mortalLog{c.Log, m}
	})
	n := s.staff.Alert()
	require.NotEqual(t, http.StatusCreated, o.publish(n).Status)
	o.close()
	require.Equal(t, []string{"publish intended"}, phases(records(t, o.dir)))

	next := s.openIn(o.dir)
	a := next.get("/v1/notices/" + n.Identifier)
	require.Equal(t, "unconfirmed", a.Body["phase"], a.Text)
	require.Contains(t, a.Body["unconfirmed"].([]any)[0], "checked")
	require.Equal(t, http.StatusCreated, next.publish(s.staff.Alert()).Status)
	next.until("it is found out", func() bool {
		for _, r := range records(t, o.dir) {
			if r.Identifier == n.Identifier && r.Phase == desk.PhaseRefused {
				return r.Rule == "not-appended"
			}
		}
		return false
	})
	require.Equal(t, http.StatusNotFound, next.get("/v1/notices/"+n.Identifier).Status)
}
