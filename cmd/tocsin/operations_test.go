package main

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"tocsin/auth"
	"tocsin/notice"
	"tocsin/notice/noticetest"
)

const operations = "../../docs/operations.md"

// described are the metrics that a process has, used or not, and their labels.
func described(t *testing.T) map[string][]string {
	p := newFleet(t).serve("all")
	descs := make(chan *prometheus.Desc, 1000)
	p.metrics.Describe(descs)
	close(descs)
	text := regexp.MustCompile(`fqName: "(tocsin_\w+)".*constLabels: \{(.*?)\}, variableLabels: \{(.*?)\}`)
	found := make(map[string][]string)
	for d := range descs {
		if m := text.FindStringSubmatch(d.String()); m != nil {
			labels := regexp.MustCompile(`\w+`).FindAllString(m[3], -1)
			for _, set := range regexp.MustCompile(`(\w+)=`).FindAllStringSubmatch(m[2], -1) {
				labels = append(labels, set[1])
			}
			slices.Sort(labels)
			found[m[1]] = labels
		}
	}
	return found
}

// documented are the metrics of docs/operations.md, and their labels.
func documented(t *testing.T) map[string][]string {
	text, err := os.ReadFile(operations)
	require.NoError(t, err)
	found := make(map[string][]string)
	for _, row := range regexp.MustCompile("(?m)^\\| `(tocsin_\\w+)` \\| (.*?)\\| .+ \\|$").FindAllStringSubmatch(string(text), -1) {
		require.NotContains(t, found, row[1], "twice")
		labels := []string{}
		// "reason: full, address" or "version, roles": names before values.
		values := false
		for _, word := range strings.Split(strings.TrimSpace(row[2]), ", ") {
			name, _, listed := strings.Cut(word, ":")
			if values && !listed || name == "" {
				continue
			}
			values = listed
			labels = append(labels, name)
		}
		slices.Sort(labels)
		found[row[1]] = labels
	}
	return found
}

// TestOperationsDocument: every metric that there is is described, with its labels, and
// no other.
func TestOperationsDocument(t *testing.T) {
	is, says := described(t), documented(t)
	require.NotEmpty(t, is)
	require.Equal(t, slices.Sorted(maps.Keys(is)), slices.Sorted(maps.Keys(says)))
	for name, labels := range is {
		require.ElementsMatch(t, labels, says[name], name)
	}
}

// TestDeployedMetricsExist: what alerts, dashboard and autoscaler ask for is there.
func TestDeployedMetricsExist(t *testing.T) {
	is := described(t)
	names := regexp.MustCompile(`\btocsin_[a-z_]+`)
	histogram := regexp.MustCompile(`_seconds_(bucket|sum|count)$`)
	seen := 0
	for _, dir := range []string{"prometheus", "grafana", "kubernetes"} {
		err := filepath.WalkDir(filepath.Join("../../deploy", dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			text, err := os.ReadFile(path)
			for _, name := range names.FindAllString(string(text), -1) {
				seen++
				require.Contains(t, is, histogram.ReplaceAllString(name, "_seconds"), "%s", path)
			}
			return err
		})
		require.NoError(t, err)
	}
	require.Greater(t, seen, 100)
}

// TestAlertsHaveRunbooks: each alert names a heading of the document, which has one for
// each alert and for no other.
func TestAlertsHaveRunbooks(t *testing.T) {
	rules, err := os.ReadFile("../../deploy/prometheus/alerts.yml")
	require.NoError(t, err)
	text, err := os.ReadFile(operations)
	require.NoError(t, err)
	list := func(pattern string, in []byte) (found []string) {
		for _, m := range regexp.MustCompile(pattern).FindAllSubmatch(in, -1) {
			found = append(found, string(m[1]))
		}
		return found
	}
	alerts := list(`(?m)^ *- alert: (\w+)$`, rules)
	books := list(`(?m)^ *runbook_url: docs/operations\.md#(\w+)$`, rules)
	require.Len(t, books, len(alerts))
	for i, alert := range alerts {
		require.Equal(t, strings.ToLower(alert), books[i])
	}
	slices.Sort(alerts)
	headings := list(`(?m)^### (Tocsin\w+)$`, text)
	slices.Sort(headings)
	require.Equal(t, slices.Compact(alerts), headings)
	for _, named := range list(`\b(Tocsin[A-Z]\w+)`, text) {
		require.Contains(t, alerts, named, "the document speaks of an alert that there is not")
	}
}

// TestDeployedVariables: each is that of a flag; any other would be ignored in silence.
func TestDeployedVariables(t *testing.T) {
	parser, err := newParser(console{Out: t.Output(), Err: t.Output()}, t.Context())
	require.NoError(t, err)
	known := []string{"TOCSIN_VERSION"} // of docker-compose.yml itself
	for _, command := range parser.Model.Leaves(false) {
		for _, group := range command.AllFlags(false) {
			for _, flag := range group {
				known = append(known, flag.Envs...)
			}
		}
	}
	files, err := filepath.Glob("../../deploy/kubernetes/*.yaml")
	require.NoError(t, err)
	for _, file := range append(files, "../../docker-compose.yml", "../../Dockerfile") {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, name := range regexp.MustCompile(`\bTOCSIN_[A-Z_]+`).FindAllString(string(text), -1) {
			require.True(t, slices.Contains(known, name), "%s: %s", file, name)
		}
	}
}

// TestDeployedConfig: the file that edges and desks on Kubernetes are given is one that
// they take.
func TestDeployedConfig(t *testing.T) {
	text, err := os.ReadFile("../../deploy/kubernetes/config.yaml")
	require.NoError(t, err)
	_, block, found := strings.Cut(string(text), "  config.json: |\n")
	require.True(t, found)
	file := filepath.Join(t.TempDir(), "config.json")
	require.NoError(t, os.WriteFile(file, []byte(block), 0o600))
	cmd, err := parse(t, "--config", file)
	require.NoError(t, err)
	require.NotEmpty(t, cmd.Origin)
	require.NotEmpty(t, cmd.TrustedProxy)
	issuers, err := cmd.issuers()
	require.NoError(t, err)
	_, err = auth.New(auth.Config{
		Issuers: issuers, TicketKeys: auth.NewKeyring(),
		LabelOK: func(s string) bool { _, err := notice.ParseLabel(s); return err == nil },
	})
	require.NoError(t, err)
}

// TestTimeToDrain: nothing that stops a hub is less patient than the hub itself.
func TestTimeToDrain(t *testing.T) {
	for file, setting := range map[string]string{
		"deploy/kubernetes/edge.yaml": `terminationGracePeriodSeconds: (\d+)`,
		"deploy/kubernetes/desk.yaml": `terminationGracePeriodSeconds: (\d+)`,
		"docker-compose.yml":          `stop_grace_period: (\d+)s`,
	} {
		text, err := os.ReadFile(filepath.Join("../..", file))
		require.NoError(t, err)
		patience := regexp.MustCompile(setting).FindSubmatch(text)
		require.NotNil(t, patience, file)
		given, err := time.ParseDuration(string(patience[1]) + "s")
		require.NoError(t, err)
		drain, err := time.ParseDuration(deployedDrain(t, file))
		require.NoError(t, err)
		require.Greater(t, given, (&serveCmd{Drain: &drain}).farewell().end, file)
	}
}

// deployedDrain is the --drain that a file, or for Kubernetes its config, sets.
func deployedDrain(t *testing.T, file string) string {
	if strings.HasPrefix(file, "deploy/kubernetes") {
		file = "deploy/kubernetes/config.yaml"
	}
	text, err := os.ReadFile(filepath.Join("../..", file))
	require.NoError(t, err)
	drain := regexp.MustCompile(`TOCSIN_DRAIN: (\w+)`).FindSubmatch(text)
	require.NotNil(t, drain, file)
	return string(drain[1])
}

// TestDeployedVersions: containers are built and run with what is tested here.
func TestDeployedVersions(t *testing.T) {
	mod, err := os.ReadFile("../../go.mod")
	require.NoError(t, err)
	version := func(pattern string) string {
		m := regexp.MustCompile(pattern).FindSubmatch(mod)
		require.NotNil(t, m, pattern)
		return string(m[1])
	}
	golang, nats := version(`(?m)^go (\d+\.\d+)`), version(`nats-server/v2 v(\S+)`)
	for file, want := range map[string]string{
		"Dockerfile":                           "FROM golang:" + golang + "-",
		"docker-compose.yml":                   "image: nats:" + nats + "-alpine\n",
		"deploy/kubernetes/kustomization.yaml": "newTag: " + nats + "\n",
	} {
		text, err := os.ReadFile(filepath.Join("../..", file))
		require.NoError(t, err)
		require.Contains(t, string(text), want, file)
	}
}

// TestNextKeyEnd: of keys that have ended, and of those yet to begin, nobody is told.
func TestNextKeyEnd(t *testing.T) {
	staff := noticetest.NewStaff(t)
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	key := func(from, to time.Duration) notice.Key {
		return notice.NewKeysetKey(staff.Publisher.Public(), "ana", at.Add(from), at.Add(to), notice.RolePublisher)
	}
	require.Zero(t, nextKeyEnd(nil, at))
	require.Zero(t, nextKeyEnd(&notice.Keyset{}, at))
	keyset := &notice.Keyset{Keys: []notice.Key{
		key(-2*time.Hour, -time.Hour), key(-time.Hour, 48*time.Hour), key(-time.Hour, 24*time.Hour), key(time.Hour, 2*time.Hour),
	}}
	require.EqualValues(t, at.Add(24*time.Hour).Unix(), nextKeyEnd(keyset, at))
}

// TestProcessMetrics: what a process says of itself is so.
func TestProcessMetrics(t *testing.T) {
	f := newFleet(t)
	p := f.serve("all")
	require.Zero(t, gauge(p.metrics, "tocsin_ready"))
	require.Zero(t, gauge(p.metrics, "tocsin_keyset_version"))
	require.Zero(t, gauge(p.metrics, "tocsin_keyset_key_end_timestamp_seconds"))
	f.publishKeyset()
	p.ready(t)
	require.Eventually(t, func() bool { return gauge(p.metrics, "tocsin_keyset_version") == 1 }, patience, 5*time.Millisecond)
	require.EqualValues(t, 1, gauge(p.metrics, "tocsin_ready"))
	now := float64(time.Now().Unix())
	require.Greater(t, gauge(p.metrics, "tocsin_keyset_expires_timestamp_seconds"), now)
	require.Greater(t, gauge(p.metrics, "tocsin_keyset_key_end_timestamp_seconds"), now)

	values := gauges(t, p.metrics)
	require.Equal(t, 1.0, values["tocsin_log_sequence end"])
	require.Equal(t, 1.0, values["tocsin_log_sequence read"])
	require.Equal(t, 1.0, values["tocsin_build_info false edge,desk "+build().Version], "%v", values)
	require.InDelta(t, now, values["tocsin_ring_changed_timestamp_seconds tickets"], 60)
	require.InDelta(t, now, values["tocsin_ring_changed_timestamp_seconds desk"], 60)
	require.Greater(t, values["tocsin_data_bytes all"], values["tocsin_data_bytes free"])
	require.Positive(t, values["tocsin_data_bytes free"])
}

// gauges are the values of gauges, by name and values of labels.
func gauges(t *testing.T, g prometheus.Gatherer) map[string]float64 {
	families, err := g.Gather()
	require.NoError(t, err)
	values := make(map[string]float64)
	for _, f := range families {
		for _, m := range f.GetMetric() {
			name := []string{f.GetName()}
			for _, l := range m.GetLabel() {
				name = append(name, l.GetValue())
			}
			values[strings.Join(name, " ")] = m.GetGauge().GetValue()
		}
	}
	return values
}
