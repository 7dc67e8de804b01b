package main

import (
	"fmt"
	"testing"
	"time"

	natsclient "github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"tocsin/auth"
	"tocsin/broker"
	"tocsin/client"
	"tocsin/desk"
	"tocsin/notice"
	"tocsin/wire"
)

// inForceWithin is how long a posture, a cohort or its end may take to reach open sessions (the
// design's "Auth").
const inForceWithin = 5 * time.Second

// within fails if something took longer, counted from before it was asked for.
func within(t *testing.T, what string, asked, came time.Time) {
	t.Helper()
	t.Logf("%-44s %v", what, came.Sub(asked).Round(time.Millisecond))
	require.LessOrEqual(t, came.Sub(asked), inForceWithin, what)
}

// A cohort, a member less, its end, and each posture reach open sessions in time: on the
// process that has the desk too, which is told, and on edges elsewhere, which look.
func TestWithinFiveSeconds(t *testing.T) {
	t.Run("one process", func(t *testing.T) {
		f := newFleet(t)
		m := f.serve("hub")
		f.publishKeyset()
		reachInTime(f, m.ready(t))
	})
	t.Run("apart", func(t *testing.T) {
		f := newFleetApart(t)
		reachInTime(f, f.serve("one", "--roles", "edge").ready(t), f.serve("two", "--roles", "edge").ready(t))
	})
}

func reachInTime(f *fleet, edges ...*member) {
	t := f.t
	var listed, former, other []*patient
	for _, m := range edges {
		listed = append(listed, f.connect(m, f.token("listed")))
		former = append(former, f.connect(m, f.token("former")))
		other = append(other, f.connect(m, f.token("other")))
	}
	all := func(what string, asked time.Time, patients []*patient, ok func(client.Event) bool) {
		t.Helper()
		for i, p := range patients {
			within(t, fmt.Sprintf("%s, edge %d", what, i+1), asked, p.await(what, ok))
		}
	}
	// What was published before the marker has come, or does not come any more.
	marked := func(patients []*patient) {
		marker := f.publish(f.Alert())
		for _, p := range patients {
			p.await("marker", showing(marker))
		}
	}

	var crowd []string // a breach is rarely of one person
	for i := range 10_000 {
		crowd = append(crowd, fmt.Sprintf("patient-%06d", i))
	}
	asked := time.Now()
	f.putCohort("breach-7", append(crowd, "listed", "former")...)
	first := f.toCohort("breach-7")
	all("cohort: the notice to those on the list", asked, listed, showing(first))
	all("cohort: the notice to those on the list", asked, former, showing(first))

	asked = time.Now()
	f.putCohort("breach-7", append(crowd, "listed")...)
	all("a member less", asked, former, labelled("cohort:breach-7", false))
	asked = time.Now()
	second := f.toCohort("breach-7")
	all("a later notice to who stayed", asked, listed, showing(second))
	marked(former)
	marked(other)
	for i := range edges {
		require.False(t, former[i].has(second), "who is no longer listed")
		require.False(t, other[i].has(first))
		require.False(t, other[i].has(second))
	}

	asked = time.Now()
	require.NoError(t, f.as(f.Approver).RemoveCohort(t.Context(), "breach-7"))
	all("cohort removed", asked, listed, labelled("cohort:breach-7", false))

	for i, step := range []struct {
		what    string
		posture notice.Posture
		tier    wire.Tier
	}{
		{"everyone-reset", notice.Posture{TokensNotBefore: map[string]notice.DateTime{
			f.issuer.URL: notice.FormatTime(time.Now().Add(time.Minute))}}, wire.TierRestricted},
		{"clear", notice.Posture{}, wire.TierPrivate},
		{"keys-stolen", notice.Posture{IssuerBlocked: map[string]notice.Blocked{
			f.issuer.URL: {Since: notice.FormatTime(time.Now().Add(-time.Hour))}}}, wire.TierPublic},
	} {
		step.posture.Version = int64(i + 1)
		asked = time.Now()
		f.publishPosture(&step.posture)
		all("posture: "+step.what, asked, other, movedTo(step.tier))
	}
}

// A list that the broker has lost a part of keeps neither others nor a removal waiting.
func TestDamagedCohort(t *testing.T) {
	t.Parallel()
	f := newFleetApart(t)
	f.putCohort("a-damaged", "listed")
	conn, err := natsclient.Connect(f.url)
	require.NoError(t, err)
	defer conn.Close()
	js, err := jetstream.New(conn)
	require.NoError(t, err)
	stream, err := js.Stream(t.Context(), "OBJ_"+broker.BucketCohorts)
	require.NoError(t, err)
	require.NoError(t, stream.Purge(t.Context(), jetstream.WithPurgeSubject("$O."+broker.BucketCohorts+".C.>")))

	reader := &cohorts{objects: f.broker().Cohorts(), authority: new(auth.Authority), damaged: make(map[string]damaged)}
	lists, err := reader.objects.List(t.Context())
	require.NoError(t, err)
	require.Len(t, lists, 1)
	began := time.Now()
	require.ErrorIs(t, reader.tryTake(t.Context(), lists[0]), broker.ErrDamaged)
	require.Equal(t, lists[0].Digest, reader.damaged["a-damaged"].digest)
	require.ErrorIs(t, reader.damaged["a-damaged"].err, broker.ErrDamaged)
	require.WithinRange(t, reader.damaged["a-damaged"].again, began.Add(damagedPause), time.Now().Add(damagedPause))

	edge := f.serve("edge", "--roles", "edge").ready(t)
	listed := f.connect(edge, f.token("listed"))
	asked := time.Now()
	f.putCohort("good", "listed")
	within(t, "taken up beside a damaged one", asked, listed.await("good", labelled("cohort:good", true)))
	asked = time.Now()
	require.NoError(t, f.as(f.Publisher).RemoveCohort(t.Context(), "good"))
	within(t, "removed beside a damaged one", asked, listed.await("good", labelled("cohort:good", false)))
	require.Len(t, edge.out.lines("cohorts not read"), 1)
	require.Contains(t, edge.out.lines("cohorts not read")[0], "a-damaged")
	asked = time.Now()
	f.putCohort("a-damaged", "listed")
	within(t, "put back", asked, listed.await("put back", labelled("cohort:a-damaged", true)))
}

// The pieces of a list that lacks some are looked for once in a while: anybody with a desk's key
// can make hundreds of those.
func TestDamagedCohortIsLeftAlone(t *testing.T) {
	t.Parallel()
	now := time.Now()
	c := &cohorts{damaged: map[string]damaged{
		"waits":    {"old", broker.ErrDamaged, now.Add(time.Hour)},
		"replaced": {"old", broker.ErrDamaged, now.Add(time.Hour)},
		"due":      {"old", broker.ErrDamaged, now.Add(-time.Second)},
	}, known: make(map[string]string)} // nobody's edge: what is taken is known, without a question
	for name, digest := range map[string]string{"waits": "old", "replaced": "new", "due": "old"} {
		err := c.tryTake(t.Context(), broker.ObjectInfo{Name: name, Digest: digest})
		if name == "waits" {
			require.ErrorIs(t, err, broker.ErrDamaged, name)
			require.Empty(t, c.digest(name))
			continue
		}
		require.NoError(t, err, name)
		require.Equal(t, digest, c.digest(name))
		require.NotContains(t, c.damaged, name)
	}
}

// Whoever has stolen a desk's key of NATS can make any number of lists. What is in force stays
// looked at.
func TestTooManyCohorts(t *testing.T) {
	t.Parallel()
	c := &cohorts{known: map[string]string{"z-real": "digest"}}
	var list []broker.ObjectInfo
	for i := range desk.MaxCohorts {
		list = append(list, broker.ObjectInfo{Name: fmt.Sprintf("forged-%d", i)})
	}
	same, err := c.atMost(list)
	require.NoError(t, err)
	require.Equal(t, list, same)
	some, err := c.atMost(append(list, broker.ObjectInfo{Name: "z-real"}))
	require.ErrorContains(t, err, "more than 64 lists")
	require.Len(t, some, desk.MaxCohorts)
	require.Equal(t, "z-real", some[0].Name)
}
