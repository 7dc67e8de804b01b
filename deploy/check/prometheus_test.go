package check

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"
)

// promtool runs the one that is installed. (It is a Go module, too, but of one with
// hundreds of dependencies.)
func promtool(t *testing.T, args ...string) {
	t.Helper()
	if _, err := exec.LookPath("promtool"); err != nil {
		t.Skip("no promtool (Debian: apt-get install prometheus)")
	}
	out, err := exec.Command("promtool", args...).CombinedOutput()
	require.NoError(t, err, "%s", out)
	t.Logf("%s", out)
}

// TestAlerts: each asks what Prometheus understands, and says to whom it matters.
func TestAlerts(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(top, "deploy/prometheus/alerts.yml"))
	require.NoError(t, err)
	var file struct {
		Groups []struct {
			Name  string `json:"name"`
			Rules []struct {
				Alert       string            `json:"alert"`
				Expr        string            `json:"expr"`
				For         string            `json:"for"`
				Labels      map[string]string `json:"labels"`
				Annotations map[string]string `json:"annotations"`
			} `json:"rules"`
		} `json:"groups"`
	}
	require.NoError(t, yaml.UnmarshalStrict(text, &file))
	fired := firing(t)
	for _, g := range file.Groups {
		for _, r := range g.Rules {
			understood(t, r.Expr)
			require.Contains(t, fired, r.Alert, "no example shows that it fires")
			require.Contains(t, []string{"page", "ticket"}, r.Labels["severity"], r.Alert)
			require.NotEmpty(t, r.Annotations["summary"], r.Alert)
		}
	}
}

// firing are the alerts that fire in an example of alerts_test.yml.
func firing(t *testing.T) map[string]bool {
	text, err := os.ReadFile(filepath.Join(top, "deploy/prometheus/alerts_test.yml"))
	require.NoError(t, err)
	var file struct {
		Tests []struct {
			Rules []struct {
				Alertname string `json:"alertname"`
				Alerts    []any  `json:"exp_alerts"`
			} `json:"alert_rule_test"`
			Exprs []struct {
				Samples []struct {
					Labels string `json:"labels"`
				} `json:"exp_samples"`
			} `json:"promql_expr_test"`
		} `json:"tests"`
	}
	require.NoError(t, yaml.Unmarshal(text, &file))
	found := make(map[string]bool)
	for _, test := range file.Tests {
		for _, r := range test.Rules {
			found[r.Alertname] = found[r.Alertname] || len(r.Alerts) > 0
		}
		for _, e := range test.Exprs {
			for _, s := range e.Samples {
				_, name, _ := strings.Cut(s.Labels, `alertname="`)
				name, _, _ = strings.Cut(name, `"`)
				found[name] = true
			}
		}
	}
	maps.DeleteFunc(found, func(_ string, fires bool) bool { return !fires })
	return found
}

func understood(t *testing.T, expr string) {
	t.Helper()
	_, err := parser.ParseExpr(expr)
	require.NoError(t, err, expr)
}

// TestAlertsFire runs their unit tests, and reads the configurations beside them.
func TestAlertsFire(t *testing.T) {
	dir := filepath.Join(top, "deploy/prometheus")
	promtool(t, "check", "rules", "--lint-fatal", filepath.Join(dir, "alerts.yml"))
	promtool(t, "test", "rules", filepath.Join(dir, "alerts_test.yml"))
	promtool(t, "check", "config", filepath.Join(dir, "prometheus.yml"))

	// Without the discovery of pods, which Debian does not build in.
	text, err := os.ReadFile(filepath.Join(dir, "kubernetes.yml"))
	require.NoError(t, err)
	before, after, found := strings.Cut(string(text), "    kubernetes_sd_configs:\n      - role: pod\n        namespaces: {names: [tocsin]}\n")
	require.True(t, found)
	file := filepath.Join(t.TempDir(), "kubernetes.yml")
	require.NoError(t, os.WriteFile(file, []byte(before+after), 0o600))
	promtool(t, "check", "config", file)
}

type board struct {
	Title  string
	UID    string
	Panels []struct {
		ID      int
		Type    string
		Title   string
		GridPos struct{ X, Y, W, H int }
		Targets []struct{ Expr, RefID string }
	}
}

// TestDashboard: every question of it is one that Prometheus understands, and no panel
// covers another.
func TestDashboard(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(top, "deploy/grafana/dashboards/tocsin.json"))
	require.NoError(t, err)
	var b board
	require.NoError(t, json.Unmarshal(text, &b))
	require.Equal(t, "tocsin", b.UID)
	ids, cells, asked := map[int]bool{}, map[[2]int]string{}, 0
	for _, p := range b.Panels {
		require.False(t, ids[p.ID], p.Title)
		ids[p.ID] = true
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				require.Less(t, x, 24, p.Title)
				require.Empty(t, cells[[2]int{x, y}], p.Title)
				cells[[2]int{x, y}] = p.Title
			}
		}
		require.Equal(t, p.Type == "row", len(p.Targets) == 0, p.Title)
		for _, target := range p.Targets {
			asked++
			understood(t, strings.ReplaceAll(target.Expr, "$__rate_interval", "1m"))
		}
	}
	require.Greater(t, asked, 30)
}

// TestProvisioning: Grafana finds the dashboard and Prometheus where compose puts them.
func TestProvisioning(t *testing.T) {
	var boards struct {
		APIVersion int `json:"apiVersion"`
		Providers  []struct {
			Name           string `json:"name"`
			Type           string `json:"type"`
			AllowUIUpdates bool   `json:"allowUiUpdates"`
			Options        struct {
				Path string `json:"path"`
			} `json:"options"`
		} `json:"providers"`
	}
	var sources struct {
		APIVersion  int `json:"apiVersion"`
		Datasources []struct {
			Name      string         `json:"name"`
			UID       string         `json:"uid"`
			Type      string         `json:"type"`
			Access    string         `json:"access"`
			URL       string         `json:"url"`
			IsDefault bool           `json:"isDefault"`
			JSONData  map[string]any `json:"jsonData"`
		} `json:"datasources"`
	}
	for file, into := range map[string]any{"dashboards/tocsin.yml": &boards, "datasources/prometheus.yml": &sources} {
		text, err := os.ReadFile(filepath.Join(top, "deploy/grafana/provisioning", file))
		require.NoError(t, err)
		require.NoError(t, yaml.UnmarshalStrict(text, into), file)
	}
	require.Equal(t, "http://prometheus:9090", sources.Datasources[0].URL)
	mounted := false
	for _, v := range composed(t).Services["grafana"].Volumes {
		mounted = mounted || v.Target == boards.Providers[0].Options.Path
	}
	require.True(t, mounted)
}
