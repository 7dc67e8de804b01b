package check

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/stretchr/testify/require"
)

// patience bounds a wait for what must come; machines that test are busy.
const patience = time.Minute

// nobody is whom the image runs as.
const nobody = 65532

// addresses are those of the services: on loopback each has one of its own, so that the
// ports can stay the same for all of a kind.
var addresses = map[string]string{
	"nats-1": "127.0.0.21", "nats-2": "127.0.0.22", "nats-3": "127.0.0.23",
	"edge-1": "127.0.0.11", "edge-2": "127.0.0.12", "desk-1": "127.0.0.13", "proxy": "127.0.0.1",
}

// rehearsal is what docker-compose.yml describes, without containers: its commands, with
// its variables, as its users, with the configuration files that it mounts. Only
// addresses and folders are others.
type rehearsal struct {
	t       *testing.T
	project *types.Project
	dir     string
	ports   map[string]string
	running map[string]*exec.Cmd
}

func newRehearsal(t *testing.T) *rehearsal {
	r := &rehearsal{t: t, project: composed(t), dir: t.TempDir(), running: make(map[string]*exec.Cmd), ports: make(map[string]string)}
	for _, port := range []string{"4222", "6222", "8222", "8080", "8081", "9090", "8443"} {
		r.ports[port] = freePort(t)
	}
	buildImage(t, filepath.Join(r.dir, "tocsin"))
	server := exec.Command("go", "build", "-o", filepath.Join(r.dir, "nats-server"), "github.com/nats-io/nats-server/v2")
	server.Dir = top
	out, err := server.CombinedOutput()
	require.NoError(t, err, "%s", out)
	for _, dir := range []string{r.dir, filepath.Dir(r.dir)} {
		require.NoError(t, os.Chmod(dir, 0o755))
	}
	return r
}

func freePort(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return fmt.Sprint(l.Addr().(*net.TCPAddr).Port)
}

// here puts this machine's addresses and folders in place of the containers'.
func (r *rehearsal) here(service, text string) string {
	var pairs []string
	pairs = append(pairs,
		"http://127.0.0.1:8081", "http://"+addresses["desk-1"]+":"+r.ports["8081"], // the desk's own loopback
		"127.0.0.1:8222", addresses[service]+":"+r.ports["8222"],
		"0.0.0.0:", addresses[service]+":",
		"172.30.71.10/32", "127.0.0.1/32",
		"/etc/tocsin/", r.keys(service)+"/", "/etc/nats-keys/", r.keys(service)+"/",
		"/etc/haproxy/tls/", r.keys("proxy")+"/",
	)
	for name, address := range addresses {
		for from, to := range r.ports {
			pairs = append(pairs, name+":"+from, address+":"+to)
		}
	}
	for from, to := range r.ports {
		pairs = append(pairs, "0.0.0.0:"+from, addresses[service]+":"+to, "localhost:"+from, "localhost:"+to, "port "+from, "port "+to)
	}
	text = strings.NewReplacer(pairs...).Replace(text)
	for from, to := range r.ports { // ":9090" alone
		if text == ":"+from || text == addresses[service]+":"+from {
			text = addresses[service] + ":" + to
		}
	}
	if text == "/data" || strings.HasPrefix(text, "/data/") {
		text = r.data(service) + strings.TrimPrefix(text, "/data")
	}
	return text
}

func (r *rehearsal) data(service string) string {
	dir := filepath.Join(r.dir, "data", service)
	require.NoError(r.t, os.MkdirAll(dir, 0o755))
	if os.Getuid() == 0 {
		require.NoError(r.t, os.Chown(dir, nobody, nobody))
	}
	return dir
}

func (r *rehearsal) keys(service string) string {
	part := map[string]string{"broker-init": "admin", "keyset": "public"}[service]
	if part == "" {
		part = service
	}
	return filepath.Join(r.dir, "keys", part)
}

// command is that of a service. It may write to its volume and nowhere else.
func (r *rehearsal) command(service string, program string, args ...string) *exec.Cmd {
	s := r.project.Services[service]
	env := []string{"HOME=/nonexistent", "TMPDIR=/nonexistent", "PATH=" + r.dir + ":" + os.Getenv("PATH")}
	if service != "proxy" {
		env = append(env, "TOCSIN_DATA="+r.here(service, "/data"), "TOCSIN_LISTEN="+r.here(service, "0.0.0.0:8080"))
	}
	for name, value := range s.Environment {
		env = append(env, name+"="+r.here(service, *value))
	}
	if setpriv, err := exec.LookPath("setpriv"); err == nil && os.Getuid() == 0 {
		args = append([]string{fmt.Sprintf("--reuid=%d", nobody), fmt.Sprintf("--regid=%d", nobody), "--clear-groups",
			"--no-new-privs", "--bounding-set=-all", "--inh-caps=-all", "--", program}, args...)
		program = setpriv
	}
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Env = "/", env
	return cmd
}

// start starts a service, and ends it with the test.
func (r *rehearsal) start(service string, program string, args ...string) {
	cmd := r.command(service, program, args...)
	log, err := os.Create(filepath.Join(r.dir, service+".log"))
	require.NoError(r.t, err)
	cmd.Stdout, cmd.Stderr = log, log
	require.NoError(r.t, cmd.Start())
	r.running[service] = cmd
	r.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = log.Close()
		if r.t.Failed() {
			text, _ := os.ReadFile(log.Name())
			r.t.Logf("%s:\n%s", service, text[max(0, len(text)-4000):])
		}
	})
}

// serve starts a service as its command says.
func (r *rehearsal) serve(service string) {
	r.start(service, filepath.Join(r.dir, "tocsin"), r.project.Services[service].Command...)
}

// once runs a service that ends, again if it fails: "restart: on-failure".
func (r *rehearsal) once(service string, more ...string) {
	require.Equal(r.t, types.RestartPolicyOnFailure, r.project.Services[service].Restart, service)
	require.Eventually(r.t, func() bool {
		out, err := r.command(service, filepath.Join(r.dir, "tocsin"), append(r.arguments(service), more...)...).CombinedOutput()
		if err != nil {
			r.t.Logf("%s: %s", service, out)
		}
		return err == nil
	}, 2*patience, time.Second)
}

// healthy waits for what the health check of a NATS server asks.
func (r *rehearsal) healthy(service string) {
	test := r.project.Services[service].HealthCheck.Test
	url := r.here(service, test[len(test)-1])
	require.Eventually(r.t, func() bool {
		resp, err := http.Get(url)
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	}, patience, 100*time.Millisecond, url)
}

func (r *rehearsal) arguments(service string) (args []string) {
	for _, a := range r.project.Services[service].Command {
		args = append(args, r.here(service, a))
	}
	return args
}

func (r *rehearsal) makeKeys() {
	owner, uid := filepath.Join(r.dir, "checkout"), os.Getuid()
	require.NoError(r.t, os.WriteFile(owner, nil, 0o600))
	if uid == 0 {
		uid = nobody - 1
		require.NoError(r.t, os.Chown(owner, uid, uid))
	}
	for range 2 { // the second time it finds them
		cmd := exec.Command("sh", "deploy/first-try/make.sh")
		cmd.Dir = top
		cmd.Env = append(os.Environ(), "PATH="+r.dir+":"+os.Getenv("PATH"), "KEYS="+filepath.Join(r.dir, "keys"),
			"OWNER="+owner, "VOLUMES=/nonexistent", "ADDRESS=127.0.0.21,127.0.0.22,127.0.0.23",
			fmt.Sprintf("USER_ID=%d", map[bool]int{true: nobody, false: os.Getuid()}[os.Getuid() == 0]))
		out, err := cmd.CombinedOutput()
		require.NoError(r.t, err, "%s", out)
	}
	for _, made := range []string{r.dir, filepath.Join(r.dir, "keys"), filepath.Join(r.dir, "keys/staff/publisher.key")} {
		info, err := os.Stat(made)
		require.NoError(r.t, err)
		require.EqualValues(r.t, uid, info.Sys().(*syscall.Stat_t).Uid, "%s is whose the checkout is", made)
	}
	// Each service reaches its own part; in containers it is all that is mounted.
	require.NoError(r.t, os.Chmod(filepath.Join(r.dir, "keys"), 0o755))
}

// ready waits for what the image's health check asks.
func (r *rehearsal) ready(service string) {
	cmd := exec.Command(filepath.Join(r.dir, "tocsin"), "status", "--ready", "--wait", patience.String(),
		"--admin", "http://"+addresses[service]+":"+r.ports["9090"])
	out, err := cmd.CombinedOutput()
	require.NoError(r.t, err, "%s: %s", service, out)
}

// staff runs a command of the people who try it out.
func (r *rehearsal) staff(args ...string) string {
	cmd := exec.Command(filepath.Join(r.dir, "tocsin"), args...)
	cmd.Dir = filepath.Join(r.dir, "keys/staff")
	cmd.Env = append(os.Environ(), "TOCSIN_DESK=http://"+addresses["desk-1"]+":"+r.ports["8081"], "TOCSIN_DESK_PLAINTEXT=true")
	out, err := cmd.CombinedOutput()
	require.NoError(r.t, err, "%s", out)
	return string(out)
}

// up is "docker compose up".
func (r *rehearsal) up() {
	r.makeKeys()
	config, err := filepath.Abs(filepath.Join(top, "deploy/nats/nats.conf"))
	require.NoError(r.t, err)
	readable := filepath.Join(r.dir, "nats-config") // the checkout may be in a folder of root's
	require.NoError(r.t, os.CopyFS(readable, os.DirFS(filepath.Dir(config))))
	require.NoError(r.t, exec.Command("chmod", "-R", "a+rX", readable).Run())
	for _, n := range []string{"nats-1", "nats-2", "nats-3"} {
		entry := r.project.Services[n].Entrypoint
		script := strings.ReplaceAll(r.here(n, entry[2]), "/etc/nats/", readable+"/")
		r.start(n, entry[0], entry[1], script)
	}
	for _, n := range []string{"nats-1", "nats-2", "nats-3"} {
		r.healthy(n)
	}
	r.once("broker-init")
	r.serve("desk-1")
	r.serve("edge-1")
	r.serve("edge-2")
	// In a container it shares the desk's loopback.
	desk := []string{"--desk-plaintext", "--desk", "http://" + addresses["desk-1"] + ":" + r.ports["8081"]}
	r.once("keyset", desk...)
	for _, s := range []string{"desk-1", "edge-1", "edge-2"} {
		r.ready(s)
	}
	r.once("keyset", desk...) // and again, as the next up has it
	r.once("broker-init")
}

// proxy starts HAProxy, if there is one.
func (r *rehearsal) proxy() {
	haproxy, err := exec.LookPath("haproxy")
	if err != nil {
		haproxy, err = exec.LookPath("/usr/sbin/haproxy")
	}
	if err != nil {
		r.t.Skip("no haproxy (Debian: apt-get install haproxy)")
	}
	text, err := os.ReadFile(filepath.Join(top, "deploy/proxy/haproxy.cfg"))
	require.NoError(r.t, err)
	config := r.here("proxy", string(text))
	config = strings.ReplaceAll(config, "bind :8443", "bind 127.0.0.1:"+r.ports["8443"])
	config = strings.ReplaceAll(config, "maxconn 60000", "maxconn 1000") // as descriptors allow
	file := filepath.Join(r.dir, "haproxy.cfg")
	require.NoError(r.t, os.WriteFile(file, []byte(config), 0o644))
	out, err := r.command("proxy", haproxy, "-c", "-f", file).CombinedOutput()
	require.NoError(r.t, err, "%s", out)
	require.NotContains(r.t, string(out), "WARNING")
	r.start("proxy", haproxy, "-db", "-f", file)
}

// https asks the proxy, as a browser that believes the authority of the first try.
func (r *rehearsal) https() *http.Client {
	pem, err := os.ReadFile(filepath.Join(r.dir, "keys/staff/ca.pem"))
	require.NoError(r.t, err)
	roots := x509.NewCertPool()
	require.True(r.t, roots.AppendCertsFromPEM(pem))
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots},
		Dial:            func(string, string) (net.Conn, error) { return net.Dial("tcp", "127.0.0.1:"+r.ports["8443"]) },
	}
	r.t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 10 * time.Second}
}

func (r *rehearsal) get(url string) (int, string) {
	resp, err := r.https().Get(strings.ReplaceAll(url, "8443", r.ports["8443"]))
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(r.t, err)
	return resp.StatusCode, string(body)
}

// client follows through the proxy, and tells each headline that it gets.
func (r *rehearsal) client() <-chan string {
	cmd := exec.Command(filepath.Join(r.dir, "tocsin"), "tail", "--json", "--url", "wss://localhost:"+r.ports["8443"], "--trust", "trust.pem")
	cmd.Dir = filepath.Join(r.dir, "keys/staff")
	cmd.Env = append(os.Environ(), "SSL_CERT_FILE=ca.pem")
	cmd.Stderr = r.t.Output()
	out, err := cmd.StdoutPipe()
	require.NoError(r.t, err)
	require.NoError(r.t, cmd.Start())
	headlines := make(chan string, 100)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if _, rest, found := bytes.Cut(lines.Bytes(), []byte(`"headline":"`)); found {
				headline, _, _ := bytes.Cut(rest, []byte(`"`))
				headlines <- string(headline)
			}
		}
	}()
	r.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-done
		_ = cmd.Wait()
	})
	return headlines
}

func (r *rehearsal) publish(headline string) {
	out := r.staff("publish", "--headline", headline, "--expires", "1h", "--key", "publisher.key", "--json")
	var answer struct{ Identifier string }
	require.NoError(r.t, json.Unmarshal([]byte(out[strings.Index(out, "{"):]), &answer), out)
	r.staff("approve", "--yes", answer.Identifier, "--key", "approver.key")
}

func (r *rehearsal) receives(from <-chan string, headline string) {
	r.t.Helper()
	select {
	case got := <-from:
		require.Equal(r.t, headline, got)
	case <-time.After(patience):
		r.t.Fatal("nothing came: " + headline)
	}
}

// sessions of an edge.
func (r *rehearsal) sessions(service string) int {
	resp, err := http.Get("http://" + addresses[service] + ":" + r.ports["9090"] + "/status")
	if err != nil {
		return -1
	}
	defer resp.Body.Close()
	var s struct{ Sessions int }
	require.NoError(r.t, json.NewDecoder(resp.Body).Decode(&s))
	return s.Sessions
}
