package broker_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"

	"tocsin/broker"
)

// forger returns what a thief of a desk's key has: a way to write any description.
func forger(t testing.TB, s *natsServer) func(token, body string) {
	conn, _ := s.admin()
	return func(token, body string) {
		t.Helper()
		_, err := conn.Request("$O."+broker.BucketCohorts+".M."+token, []byte(body), patience)
		require.NoError(t, err)
	}
}

// messages are how many the server has taken so far.
func (s *natsServer) messages(t testing.TB) int64 {
	t.Helper()
	v, err := s.server.Varz(nil)
	require.NoError(t, err)
	return v.InMsgs
}

func encoded(name string) string { return base64.URLEncoding.EncodeToString([]byte(name)) }

func description(name, bucket, nuid string) string {
	all := sha256.Sum256([]byte("12")) // what reading all pieces of "one" and "two" would give
	return fmt.Sprintf(`{"name":%q,"bucket":%q,"nuid":%q,"size":2,"chunks":2,"digest":"SHA-256=%s"}`,
		name, bucket, nuid, base64.URLEncoding.EncodeToString(all[:]))
}

// Whoever has a desk's key of NATS can write descriptions. None of them makes a reader ask
// for other subjects than an object's own, or keeps other objects from being listed.
func TestForgedObjects(t *testing.T) {
	t.Parallel()
	ctx, s := testContext(t), startNATS(t)
	objects := openExternal(t, s, broker.Config{}).Cohorts()
	require.NoError(t, objects.Put(ctx, "one", []byte("1"), nil))
	require.NoError(t, objects.Put(ctx, "two", []byte("2"), nil))
	forge := forger(t, s)
	for _, nuid := range []string{">", "*", "a.>", "", "a b", "a."} {
		forge(encoded("forged"), description("forged", broker.BucketCohorts, nuid))
		_, err := objects.Get(ctx, "forged")
		require.ErrorIs(t, err, broker.ErrUnavailable, nuid)
		require.ErrorContains(t, err, "no desk wrote its description", nuid)
		require.Equal(t, []string{"one", "two"}, names(t, objects), nuid)
	}
	forge(encoded("forged"), description("one", broker.BucketCohorts, "a")) // under another's name
	forge("*", description("", broker.BucketCohorts, "a"))
	forge("unreadable", "{")
	for what, much := range map[string][2]string{
		"bytes": {`"size":2`, `"size":34603009`}, "pieces": {`"chunks":2`, `"chunks":1057`},
	} {
		body := strings.Replace(description(what, broker.BucketCohorts, "a"), much[0], much[1], 1)
		require.Contains(t, body, much[1])
		forge(encoded(what), body)
	}
	require.Equal(t, []string{"one", "two"}, names(t, objects))
	value, err := objects.Get(ctx, "one")
	require.NoError(t, err)
	require.Equal(t, "1", string(value))
}

// Whoever replaces or deletes what a thief has described harms no other object.
func TestForgedObjectsAreReplaced(t *testing.T) {
	t.Parallel()
	ctx, s := testContext(t), startNATS(t)
	objects := openExternal(t, s, broker.Config{}).Cohorts()
	require.NoError(t, objects.Put(ctx, "one", []byte("1"), nil))
	require.NoError(t, objects.Put(ctx, "two", []byte("2"), nil))
	list, err := objects.List(ctx)
	require.NoError(t, err)
	pieces := strings.Split(list[0].Digest, ".")[0]
	forge := forger(t, s)
	requireValue := func(t *testing.T, name, value string) {
		t.Helper()
		got, err := objects.Get(ctx, name)
		require.NoError(t, err)
		require.Equal(t, value, string(got))
	}
	for what, forged := range map[string]string{
		"the pieces of all":     description("breach", broker.BucketCohorts, ">"),
		"the pieces of another": description("breach", broker.BucketCohorts, pieces),
		"another's name":        description("one", broker.BucketCohorts, "a"),
		"another bucket":        description("breach", broker.BucketCohorts+".C", "a"),
		"nothing":               "{",
	} {
		t.Run(what, func(t *testing.T) {
			forge(encoded("breach"), forged)
			require.NoError(t, objects.Put(ctx, "breach", []byte("new"), nil))
			requireValue(t, "breach", "new")
			forge(encoded("breach"), forged)
			require.ErrorIs(t, objects.Delete(ctx, "breach"), broker.ErrNotFound)
			_, err := objects.Get(ctx, "breach")
			require.ErrorIs(t, err, broker.ErrNotFound)
			requireValue(t, "one", "1")
			requireValue(t, "two", "2")
		})
	}
	conn, _ := s.admin()
	_, err = conn.Request("$O."+broker.BucketCohorts+".C."+pieces, []byte("3"), patience) // right before the description
	require.NoError(t, err)
	forge(encoded("breach"), description("breach", broker.BucketCohorts, pieces))
	require.ErrorIs(t, objects.Delete(ctx, "breach"), broker.ErrNotFound)
	forge(encoded("breach"), description("breach", broker.BucketCohorts, pieces))
	require.NoError(t, objects.Delete(ctx, list[0].Name), "the pieces are its own")
	require.ErrorIs(t, objects.Delete(ctx, list[0].Name), broker.ErrNotFound)
	for _, err := range []error{objects.Put(ctx, "", nil, nil), objects.Delete(ctx, "")} {
		require.Error(t, err, "no description can have this name")
	}
}

// A flood of descriptions does not keep a list from being replaced or deleted: not each of
// them is read.
func TestForgedObjectsByTheHundred(t *testing.T) {
	t.Parallel()
	ctx, s := testContext(t), startNATS(t)
	objects := openExternal(t, s, broker.Config{}).Cohorts()
	require.NoError(t, objects.Put(ctx, "one", []byte("1"), nil))
	require.NoError(t, objects.Put(ctx, "two", []byte("2"), nil))
	list, err := objects.List(ctx)
	require.NoError(t, err)
	forge := forger(t, s)
	for i := range 200 {
		forge(encoded(fmt.Sprint(i)), description(fmt.Sprint(i), broker.BucketCohorts, "a"))
	}
	forge(encoded("breach"), description("breach", broker.BucketCohorts, strings.Split(list[0].Digest, ".")[0]))
	before := s.messages(t)
	require.NoError(t, objects.Put(ctx, "two", []byte("new"), nil))
	require.NoError(t, objects.Put(ctx, "two", []byte("newer"), nil), "now it is behind the flood")
	require.ErrorIs(t, objects.Delete(ctx, "breach"), broker.ErrNotFound)
	require.NoError(t, objects.Delete(ctx, "one"))
	require.Less(t, s.messages(t)-before, int64(100))
}

// A forged description is said once, not after every write; of many, some.
func TestForgedObjectsAreSaidOnce(t *testing.T) {
	t.Parallel()
	ctx, s := testContext(t), startNATS(t)
	var log lockedBuffer
	objects := openExternal(t, s, broker.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))}).Cohorts()
	said := func() int { return strings.Count(log.String(), "object passed over") }
	forge := forger(t, s)
	forge("a", "{")
	for i := range 3 {
		require.NoError(t, objects.Put(ctx, "one", fmt.Append(nil, i), nil))
		require.Equal(t, []string{"one"}, names(t, objects))
	}
	require.Equal(t, 1, said())
	for i := range 110 {
		forge(fmt.Sprint(i), "{")
	}
	require.Equal(t, []string{"one"}, names(t, objects))
	require.Equal(t, 100, said())
}

// What reading a forged description asks for is bounded by what honest ones need, however many
// pieces there are; and who adds pieces to a list does not damage it.
func TestForgedPieces(t *testing.T) {
	t.Parallel()
	ctx, s := testContext(t), startNATS(t)
	objects := openExternal(t, s, broker.Config{}).Cohorts()
	require.NoError(t, objects.Put(ctx, "one", []byte("1"), nil))
	list, err := objects.List(ctx)
	require.NoError(t, err)
	forge, pieces := forger(t, s), strings.Split(list[0].Digest, ".")[0]
	more(t, s, pieces, 500, 0)
	forge(encoded("breach"), strings.Replace(description("breach", broker.BucketCohorts, pieces), `"size":2`, `"size":1000`, 1))
	before := s.messages(t)
	value, err := objects.Get(ctx, "one")
	require.NoError(t, err)
	require.Equal(t, "1", string(value))
	_, err = objects.Get(ctx, "breach")
	require.ErrorIs(t, err, broker.ErrDamaged)
	require.Less(t, s.messages(t)-before, int64(20))

	forge(encoded("breach"), strings.Replace(description("breach", broker.BucketCohorts, pieces), "SHA-256=", "SHA-256=!", 1))
	_, err = objects.Get(ctx, "breach")
	require.ErrorIs(t, err, broker.ErrDamaged)
	require.ErrorContains(t, objects.Put(ctx, "large", make([]byte, 33<<20+1), nil), "more than 34603008")
}

// A list whose pieces don't come in time is one that can't be read, as if some were lost.
func TestForgedPiecesFarBetween(t *testing.T) {
	t.Parallel()
	s := startNATS(t)
	objects := openExternal(t, s, broker.Config{}).Cohorts()
	more(t, s, "far", 60, 32) // each question for many finds one
	forger(t, s)(encoded("breach"), strings.NewReplacer(`"size":2`, `"size":1000`, `"chunks":2`, `"chunks":1000`).
		Replace(description("breach", broker.BucketCohorts, "far")))
	ctx := expiring{testContext(t), make(chan struct{})}
	conn, _ := s.admin()
	var once sync.Once
	_, err := conn.Subscribe("$JS.API.STREAM.MSG.GET.OBJ_"+broker.BucketCohorts, func(m *nats.Msg) {
		if strings.Contains(string(m.Data), ".C.far") {
			once.Do(func() { close(ctx.done) })
		}
	})
	require.NoError(t, err)
	require.NoError(t, conn.Flush())
	_, err = objects.Get(ctx, "breach")
	require.ErrorIs(t, err, broker.ErrDamaged)
	require.ErrorContains(t, err, "in time")
}

// more adds pieces to an object, with so many others behind each.
func more(t testing.TB, s *natsServer, nuid string, pieces, between int) {
	t.Helper()
	conn, _ := s.admin()
	subject := "$O." + broker.BucketCohorts + ".C."
	for range pieces {
		require.NoError(t, conn.Publish(subject+nuid, []byte("3")))
		for range between {
			require.NoError(t, conn.Publish(subject+"others", nil))
		}
	}
	_, err := conn.Request(subject+"others", nil, patience)
	require.NoError(t, err)
}

// expiring is a context whose time is over when done is closed.
type expiring struct {
	context.Context
	done chan struct{}
}

func (e expiring) Done() <-chan struct{} { return e.done }

func (e expiring) Err() error {
	select {
	case <-e.done:
		return context.DeadlineExceeded
	default:
		return nil
	}
}
