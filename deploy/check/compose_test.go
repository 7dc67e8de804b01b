package check

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/stretchr/testify/require"
)

const top = "../.."

func composed(t *testing.T) *types.Project {
	dir, err := filepath.Abs(top)
	require.NoError(t, err)
	p, err := loader.LoadWithContext(t.Context(), types.ConfigDetails{
		WorkingDir:  dir,
		ConfigFiles: []types.ConfigFile{{Filename: filepath.Join(dir, "docker-compose.yml")}},
		Environment: types.Mapping{},
	}, func(o *loader.Options) { o.SetProjectName("tocsin", true) })
	require.NoError(t, err)
	return p
}

// TestCompose: the file is what the specification allows, and what it names is there.
func TestCompose(t *testing.T) {
	p := composed(t)
	counts := make(map[string]int)
	for name, s := range p.Services {
		counts[strings.TrimRight(name, "-0123456789")]++
		require.NotContains(t, s.Image, "latest", name)
		require.Regexp(t, `:.*\w$`, s.Image, "%s: which version?", name)
		if strings.HasPrefix(s.Image, "tocsin") {
			require.Equal(t, types.PullPolicyNever, s.PullPolicy, "%s: what is built here comes from no registry", name)
		}
		for _, v := range s.Volumes {
			if v.Type == types.VolumeTypeVolume {
				require.Contains(t, p.Volumes, v.Source, name)
				continue
			}
			if strings.Contains(v.Source, string(filepath.Separator)+".tocsin") { // made by first-try
				continue
			}
			_, err := os.Stat(v.Source)
			require.NoError(t, err, name)
			require.True(t, v.ReadOnly, "%s: %s", name, v.Source)
		}
		if s.Build != nil {
			dockerfile, err := os.ReadFile(filepath.Join(s.Build.Context, s.Build.Dockerfile))
			require.NoError(t, err)
			require.Regexp(t, `(?m)^FROM \S+ AS `+regexp.QuoteMeta(s.Build.Target)+`$`, string(dockerfile))
		}
	}
	require.Equal(t, 3, counts["nats"])
	require.Equal(t, 2, counts["edge"])
	require.Equal(t, 1, counts["desk"])
}

// TestComposeIsLocked: nothing is open but to this machine, and nothing may do more than
// it needs.
func TestComposeIsLocked(t *testing.T) {
	for name, s := range composed(t).Services {
		require.Equal(t, []string{"ALL"}, s.CapDrop, name)
		require.Contains(t, s.SecurityOpt, "no-new-privileges:true", name)
		require.False(t, s.Privileged, name)
		for _, port := range s.Ports {
			require.Equal(t, "127.0.0.1", port.HostIP, name)
		}
		if name == "first-try" { // makes the keys, as root, and can reach nobody
			require.Equal(t, "none", s.NetworkMode)
			continue
		}
		require.True(t, s.ReadOnly, name)
		require.Empty(t, s.CapAdd, name)
		require.NotEqual(t, "0:0", s.User, name)
	}
}

// TestComposeKeys: each machine is given its own keys, and nobody else's.
func TestComposeKeys(t *testing.T) {
	p := composed(t)
	for name, s := range p.Services {
		for _, v := range s.Volumes {
			_, part, found := strings.Cut(v.Source, filepath.Join(".tocsin", "compose")+string(filepath.Separator))
			if !found {
				continue
			}
			want := map[string]string{"broker-init": "admin", "keyset": "public"}[name]
			if want == "" {
				want = name
			}
			require.Equal(t, want, part)
			require.True(t, v.ReadOnly, name)
		}
		if inbox := s.Environment["TOCSIN_NATS_INBOX"]; inbox != nil && name != "broker-init" {
			require.Equal(t, "_INBOX_"+name, *inbox)
		}
	}
	// What the proxy is believed to be, it is.
	address := p.Services["proxy"].Networks["front"].Ipv4Address
	for _, edge := range []string{"edge-1", "edge-2"} {
		require.Equal(t, address+"/32", *p.Services[edge].Environment["TOCSIN_TRUSTED_PROXY"])
	}
}
