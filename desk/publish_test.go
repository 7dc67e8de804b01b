package desk_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/desk"
	"tocsin/notice"
	"tocsin/notice/noticetest"
)

// soon makes a desk give up early, but not before a busy machine has had its time.
func soon(c *desk.Config) { c.PublishTimeout = 2 * time.Second }

// Two desks publish flat out on one log. No two win one place, each 201 is on both
// boards, and nothing else is in the log.
func TestTwoDesksAtOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	desks := []*office{s.open(), s.open()}
	const each, workers = 8, 3
	var mu sync.Mutex
	places := map[uint64]string{}
	var all sync.WaitGroup
	for _, o := range desks {
		for range workers {
			var bodies [][]byte
			var identifiers []string
			for range each {
				n := s.staff.Alert()
				identifiers, bodies = append(identifiers, n.Identifier), append(bodies, s.staff.Sign(n))
			}
			all.Go(func() {
				for i, body := range bodies {
					a := o.post("/v1/notices", body)
					if a.Status != http.StatusCreated {
						t.Errorf("answer %d: %s", a.Status, a.Text)
						continue
					}
					mu.Lock()
					if other := places[a.seq()]; other != "" {
						t.Errorf("place %d was won by %s and %s", a.seq(), other, identifiers[i])
					}
					places[a.seq()] = identifiers[i]
					mu.Unlock()
				}
			})
		}
	}
	all.Wait()
	require.Len(t, places, each*workers*len(desks))
	entries := s.entries()
	require.Len(t, entries, 1+len(places))
	for _, e := range entries[1:] {
		env, err := notice.ParseEnvelope(e.Body)
		require.NoError(t, err)
		n, err := notice.Decode(env.Payload)
		require.NoError(t, err)
		require.Equal(t, places[e.Seq], n.Identifier)
	}
	for _, o := range desks {
		o.until("every 201 is on the board", func() bool {
			return len(o.get("/v1/notices").Body["notices"].([]any)) == len(places)
		})
	}
}

// The same envelope sent to two desks at once: both may say 201, but of one place.
func TestSameEnvelopeAtTwoDesks(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	one, two := s.open(), s.open()
	for range 10 {
		n := s.staff.Alert()
		body := s.staff.Sign(n)
		answers := make(chan answer, 2)
		go func() { answers <- one.post("/v1/notices", body) }()
		go func() { answers <- two.post("/v1/notices", body) }()
		a, b := <-answers, <-answers
		require.Equal(t, a.seq(), b.seq(), "%s %s", a.Text, b.Text)
		require.True(t, a.Status == http.StatusCreated || b.Status == http.StatusCreated)
		require.Equal(t, 1, s.onLog(s.staff.Envelope(n)))
	}
}

func TestAnswerThatGotLost(t *testing.T) {
	t.Parallel()
	for name, faults := range map[string][]fault{
		"it was written":             {unheard},
		"it was not written":         {lost},
		"several times":              {lost, lost, unheard},
		"refused, then written":      {refused, unheard},
		"lost, then refused":         {lost, refused},
		"written after the deadline": {late},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			log := &faultyLog{}
			o := newSite(t).open(faulty(log))
			log.set(false, faults...)
			n := o.staff.Alert()
			a := o.publish(n)
			if name == "refused, then written" { // nothing was tried: the person decides
				require.Equal(t, "unavailable", a.problem())
				require.Equal(t, "publish refused", phases(records(t, o.dir))[1])
				a = o.publish(n)
			}
			require.Equal(t, http.StatusCreated, a.Status, a.Text)
			require.EqualValues(t, 2, a.seq())
			require.Equal(t, 1, o.onLog(o.staff.Envelope(n)))
			list := records(t, o.dir)
			require.Equal(t, desk.PhaseDone, list[len(list)-1].Phase)
			require.EqualValues(t, 2, list[len(list)-1].Seq)
		})
	}
}

func refused(context.Context, call) (uint64, error) {
	return 0, fmt.Errorf("%w: no leader", desk.ErrUnavailable)
}

// late answers at once, and is written while the desk tries again.
func late(ctx context.Context, c call) (uint64, error) {
	go func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
		defer cancel()
		_, _ = c.append(ctx) // it or the retry gets the place, never both
	}()
	return 0, errNoAnswer
}

// Something else takes the place: the rules are checked again before the next try.
func TestConflict(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		first   func(s *site, n, alert *notice.Notice) []byte
		problem string
		rule    string
	}{
		"another notice": {func(s *site, _, _ *notice.Notice) []byte { return s.staff.Sign(s.staff.Alert()) }, "", ""},
		"junk":           {func(*site, *notice.Notice, *notice.Notice) []byte { return []byte("junk") }, "", ""},
		"the same, signed otherwise": {func(s *site, n, _ *notice.Notice) []byte {
			return s.staff.Sign(n, s.staff.Publisher2, s.staff.Approver2)
		}, "already-published", ""},
		"an update of the same thread": {func(s *site, _, alert *notice.Notice) []byte {
			return s.staff.Sign(s.staff.Update(alert, nil, noticetest.Headline("First")))
		}, "superseded", "superseded"},
		"a keyset without the approver": {func(s *site, _, _ *notice.Notice) []byte {
			return s.staff.KeysetBody(2, noticetest.Without(s.staff.Approver))
		}, "rule", "threshold"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			log := &faultyLog{}
			s := newSite(t)
			o := s.open(faulty(log))
			alert := s.staff.Alert()
			require.Equal(t, http.StatusCreated, o.publish(alert, s.staff.Publisher2, s.staff.Approver2).Status)
			update := s.staff.Update(alert, nil)
			body := s.staff.Sign(update)
			first := test.first(s, update, alert)
			log.set(false, func(ctx context.Context, c call) (uint64, error) {
				_, err := c.Log.Append(ctx, c.subject, first, c.after)
				if err != nil {
					return 0, err
				}
				return c.append(ctx)
			})
			a := o.post("/v1/notices", body)
			if test.problem == "" {
				require.Equal(t, http.StatusCreated, a.Status, a.Text)
				require.EqualValues(t, 4, a.seq())
				return
			}
			require.Equal(t, test.problem, a.problem(), a.Text)
			require.Equal(t, test.rule, a.rule())
			require.EqualValues(t, 3, s.head())
			list := records(t, o.dir)
			require.Equal(t, "publish refused", phases(list)[len(list)-1])
		})
	}
}

func TestRefusedBeforeTrying(t *testing.T) {
	t.Parallel()
	log := &faultyLog{}
	o := newSite(t).open(faulty(log))
	log.setDown(fmt.Errorf("%w: no leader", desk.ErrUnavailable))
	n := o.staff.Alert()
	a := o.publish(n)
	require.Equal(t, http.StatusServiceUnavailable, a.Status)
	require.Equal(t, "unavailable", a.problem())
	require.NotEmpty(t, a.Header.Get("Retry-After"))
	require.Contains(t, a.Text, "no leader", "it says why")
	require.Zero(t, log.count())
	require.Empty(t, records(t, o.dir))

	// What was signed meanwhile is kept: nobody has to sign again.
	other := o.staff.Alert()
	require.Equal(t, http.StatusAccepted, o.publish(other, o.staff.Publisher).Status)
	require.Equal(t, http.StatusServiceUnavailable, o.approve(other, o.staff.Approver).Status)
	waiting := o.get("/v1/proposals/" + other.Identifier)
	require.Len(t, waiting.Body["signers"], 2)
	log.setDown(nil)
	require.Equal(t, http.StatusCreated, o.approve(other, o.staff.Approver).Status)
	require.Equal(t, http.StatusCreated, o.publish(n).Status)
}

// Whether it was written can't be learned: 504, and the desk goes on finding out.
func TestUnconfirmed(t *testing.T) {
	t.Parallel()
	t.Run("written after all", func(t *testing.T) {
		t.Parallel()
		o := newSite(t).open(soon)
		n := o.staff.Alert()
		require.Equal(t, http.StatusAccepted, o.publish(n, o.staff.Publisher).Status)
		o.gate.Lock() // durable is not enough: this desk has not folded it
		a := o.approve(n, o.staff.Approver)
		o.gate.Unlock()
		require.Equal(t, http.StatusGatewayTimeout, a.Status, a.Text)
		require.Equal(t, "unconfirmed", a.problem())
		require.Equal(t, n.Identifier, a.Body["identifier"])
		o.until("it is found out", func() bool { return last(t, o).Phase == desk.PhaseDone })
		require.EqualValues(t, 2, last(t, o).Seq)
		a = o.get("/v1/notices/" + n.Identifier)
		require.Equal(t, "active", a.Body["phase"])
		require.NotContains(t, a.Body, "unconfirmed")
		o.until("its proposal is gone", func() bool { return len(o.get("/v1/proposals").Body["proposals"].([]any)) == 0 })
	})
	t.Run("not written", func(t *testing.T) {
		t.Parallel()
		log := &faultyLog{}
		o := newSite(t).open(soon, faulty(log))
		log.set(true, lost)
		n := o.staff.Alert()
		a := o.publish(n)
		require.Equal(t, "unconfirmed", a.problem(), a.Text)
		require.Equal(t, desk.PhaseUnknown, last(t, o).Phase)

		a = o.get("/v1/notices/" + n.Identifier)
		require.Equal(t, http.StatusOK, a.Status)
		require.Equal(t, "unconfirmed", a.Body["phase"])
		open := a.Body["unconfirmed"].([]any)[0].(map[string]any)
		require.EqualValues(t, 1, open["after"])
		require.Equal(t, n.Identifier, open["identifier"])

		o.append(o.staff.Sign(o.staff.Alert())) // the place is taken: now it is decided
		o.until("it is found out", func() bool { return last(t, o).Phase == desk.PhaseRefused })
		require.Equal(t, "not-appended", last(t, o).Rule)
		require.Equal(t, http.StatusNotFound, o.get("/v1/notices/"+n.Identifier).Status)
		log.set(false)
		require.Equal(t, http.StatusCreated, o.publish(n).Status)
	})
	t.Run("posted again", func(t *testing.T) {
		t.Parallel()
		log := &faultyLog{}
		o := newSite(t).open(soon, faulty(log))
		log.set(true, lost)
		n := o.staff.Alert()
		require.Equal(t, "unconfirmed", o.publish(n).problem())
		log.set(false)
		a := o.publish(n)
		require.Equal(t, http.StatusCreated, a.Status, a.Text)
		list := records(t, o.dir)
		require.Equal(t, list[0].ID, list[len(list)-1].ID, "it is the same act")
		require.Equal(t, desk.PhaseDone, list[len(list)-1].Phase)
		require.NotContains(t, o.get("/v1/notices/"+n.Identifier).Body, "unconfirmed")
	})
	t.Run("of an update", func(t *testing.T) {
		t.Parallel()
		log := &faultyLog{}
		o := newSite(t).open(soon, faulty(log))
		alert := o.staff.Alert()
		require.Equal(t, http.StatusCreated, o.publish(alert).Status)
		log.set(true, lost)
		require.Equal(t, "unconfirmed", o.publish(o.staff.Update(alert, nil)).problem())
		a := o.get("/v1/notices/" + alert.Identifier)
		require.Equal(t, "active", a.Body["phase"])
		require.Len(t, a.Body["unconfirmed"], 1, "the thread says so")
	})
	t.Run("overtaken while in doubt", func(t *testing.T) {
		t.Parallel()
		log := &faultyLog{}
		o := newSite(t).open(soon, faulty(log))
		n := o.staff.Alert(noticetest.Expires(o.now().Add(time.Hour)))
		log.set(false, func(context.Context, call) (uint64, error) {
			o.advance(2 * time.Hour) // it would not be admitted any more, but may be in the log
			return 0, errNoAnswer
		})
		a := o.publish(n)
		require.Equal(t, "unconfirmed", a.problem(), a.Text)
		require.Equal(t, 1, log.count(), "and is not tried again")
	})
}

// The log is replaced while an append is in doubt. What was in doubt can't be in the new
// one; it goes there.
func TestLogIsReplaced(t *testing.T) {
	t.Parallel()
	log := &faultyLog{}
	o := newSite(t).open(faulty(log))
	keyset := o.staff.KeysetBody(1)
	log.set(false, func(_ context.Context, c call) (uint64, error) {
		o.desk.Entry(notice.Entry{Seq: 2, Body: c.body}) // it was in the one that is gone
		o.desk.Begin("another")
		go func() {
			o.desk.Entry(notice.Entry{Seq: 1, Body: keyset})
			o.desk.Source(desk.Source{Live: true, Head: 1, Checked: time.Now()})
		}()
		return 0, errNoAnswer
	})
	n := o.staff.Alert()
	a := o.publish(n)
	require.Equal(t, http.StatusCreated, a.Status, a.Text)
	require.Equal(t, 1, o.onLog(o.staff.Envelope(n)))
	list := records(t, o.dir)
	require.Equal(t, []string{"publish intended", "publish intended", "publish done"}, phases(list))
	require.Equal(t, "another", list[2].Epoch)
}

// In a log that stands still nothing decides; after ten minutes that it is live
// without the publication, that is the answer.
func TestLogThatStandsStill(t *testing.T) {
	t.Parallel()
	log := &faultyLog{}
	o := newSite(t).open(soon, faulty(log))
	o.advance(-11 * time.Minute) // the doubt is of then; the broker's checks are of now
	log.set(true, lost)
	n := o.staff.Alert()
	require.Equal(t, "unconfirmed", o.publish(n).problem())
	o.until("it is settled", func() bool { return last(t, o).Phase == desk.PhaseRefused })
	require.Equal(t, "not-appended", last(t, o).Rule)
}

func last(t testing.TB, o *office) desk.Record {
	t.Helper()
	list := records(t, o.dir)
	return list[len(list)-1]
}

// The log goes on while the desk can't write to its journal; then it does nothing.
func TestNothingWithoutARecord(t *testing.T) {
	t.Parallel()
	recorder := &faultyRecorder{}
	log := &faultyLog{}
	o := newSite(t).open(faulty(log), func(c *desk.Config) { recorder.Recorder, c.Recorder = c.Recorder, recorder })
	waiting := o.staff.Alert()
	require.Equal(t, http.StatusAccepted, o.publish(waiting, o.staff.Publisher).Status)

	recorder.set(func(desk.Record) bool { return true })
	require.Equal(t, "unavailable", o.publish(o.staff.Alert()).problem())
	require.Equal(t, "unavailable", o.publish(o.staff.Alert(), o.staff.Publisher).problem())
	require.Equal(t, "unavailable", o.approve(waiting, o.staff.Approver).problem())
	require.Equal(t, "unavailable", o.as(o.staff.Publisher, http.MethodDelete, "/v1/proposals/"+waiting.Identifier).problem())
	require.Zero(t, log.count())
	require.Len(t, o.get("/v1/proposals").Body["proposals"], 1)

	// Once it is done, a record that fails changes nothing about that.
	recorder.set(func(r desk.Record) bool { return r.Phase == desk.PhaseDone })
	require.Equal(t, http.StatusCreated, o.publish(o.staff.Alert()).Status)
}

// Whoever asked hangs up: what was begun is ended all the same, and recorded.
func TestClientHangsUp(t *testing.T) {
	t.Parallel()
	log := &faultyLog{}
	o := newSite(t).open(faulty(log))
	ctx, hangUp := context.WithCancel(testContext(t))
	log.set(false, func(ctx context.Context, c call) (uint64, error) {
		hangUp()
		return c.append(ctx)
	})
	n := o.staff.Alert()
	_, err := o.server.Client().Do(o.request(http.MethodPost, "/v1/notices", o.staff.Sign(n)).WithContext(ctx))
	require.ErrorIs(t, err, context.Canceled)
	o.until("it is done", func() bool {
		list := records(t, o.dir)
		return len(list) > 0 && list[len(list)-1].Phase == desk.PhaseDone
	})
	require.Equal(t, 1, o.onLog(o.staff.Envelope(n)))
}

// What an intruder appends stops no desk.
func TestJunkInTheLog(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	o := s.open()
	for range 20 {
		s.append([]byte(`{"payloadType":"x"}`))
	}
	a := o.publish(s.staff.Alert())
	require.Equal(t, http.StatusCreated, a.Status, a.Text)
	require.EqualValues(t, 22, a.seq())
}
