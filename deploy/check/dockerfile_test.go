package check

import (
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
	"github.com/stretchr/testify/require"
)

// dockerfile is the text, with lines that go on joined.
func dockerfile(t *testing.T) string {
	text, err := os.ReadFile(filepath.Join(top, "Dockerfile"))
	require.NoError(t, err)
	return strings.ReplaceAll(string(text), "\\\n", "")
}

// TestImage: the last stage has nothing in it that is not needed, and is not root.
func TestImage(t *testing.T) {
	stages := strings.Split(dockerfile(t), "\nFROM ")
	last := stages[len(stages)-1]
	require.True(t, strings.HasPrefix(last, "scratch AS tocsin\n"), "no shell")
	require.NotContains(t, last, "\nRUN ")
	require.Regexp(t, `(?m)^USER 65532:65532$`, last)
	require.Regexp(t, `(?m)^ENTRYPOINT \["/tocsin"\]$`, last)
	var check []string
	require.NoError(t, json.Unmarshal([]byte(regexp.MustCompile(`(?m)^HEALTHCHECK .*CMD (\[.*\])$`).FindStringSubmatch(last)[1]), &check))
	require.Equal(t, []string{"/tocsin", "status", "--ready"}, check)
	for _, m := range regexp.MustCompile(`(?m)^FROM (\S+)`).FindAllStringSubmatch(dockerfile(t), -1) {
		require.Regexp(t, `^scratch$|:\S`, m[1], "which version?")
		require.NotContains(t, m[1], "latest")
	}
}

// buildImage is the image's build, of what .dockerignore lets in and the web stage adds.
func buildImage(t *testing.T, binary string) {
	dir := buildContext(t)
	for _, m := range regexp.MustCompile(`(?m)^COPY --from=web /src/(\S+) (\S+)$`).FindAllStringSubmatch(dockerfile(t), -1) {
		require.Equal(t, m[1], m[2])
		require.NoError(t, os.CopyFS(filepath.Join(dir, m[2]), os.DirFS(filepath.Join(top, m[1]))), "make web")
	}
	line := regexp.MustCompile(`CGO_ENABLED=0 go build .* \./cmd/tocsin`).FindString(dockerfile(t))
	require.NotEmpty(t, line)
	cmd := exec.Command("sh", "-ec", strings.Replace(line, "/out/tocsin", binary, 1))
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "VERSION=rehearsed")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	out, err = exec.Command(binary, "version").CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Contains(t, string(out), "tocsin rehearsed ")
}

// buildContext copies what .dockerignore lets in.
func buildContext(t *testing.T) string {
	file, err := os.Open(filepath.Join(top, ".dockerignore"))
	require.NoError(t, err)
	defer file.Close()
	patterns, err := ignorefile.ReadAll(file)
	require.NoError(t, err)
	ignored, err := patternmatcher.New(patterns)
	require.NoError(t, err)
	dir, root := t.TempDir(), os.DirFS(top)
	require.NoError(t, fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && (path == ".git" || d.Name() == "node_modules") {
			return fs.SkipDir // never let in, and large
		}
		out, err := ignored.MatchesOrParentMatches(path)
		if err != nil || out || !d.Type().IsRegular() {
			return err
		}
		require.NotRegexp(t, `\.(key|keys|nk|creds)$|^\.tocsin`, path, "a key in the image")
		text, err := fs.ReadFile(root, path)
		require.NoError(t, err)
		require.NoError(t, os.MkdirAll(filepath.Join(dir, filepath.Dir(path)), 0o755))
		return os.WriteFile(filepath.Join(dir, path), text, 0o644)
	}))
	require.FileExists(t, filepath.Join(dir, "web-client/package-lock.json"))
	require.FileExists(t, filepath.Join(dir, "web-client/e2e/package.json"), "npm ci wants all workspaces")
	require.FileExists(t, filepath.Join(dir, "deploy/first-try/make.sh"))
	require.NoDirExists(t, filepath.Join(dir, "docs"))
	return dir
}
