package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

type serveCmd struct {
	Data   string     `default:".tocsin" placeholder:"DIR" help:"Where the embedded log and the desk's journal are kept (default ${default})."`
	Dev    bool       `help:"A first try: makes keys, a keyset and a demo issuer in DATA/dev; loopback only."`
	Roles  []string   `default:"edge,desk" enum:"edge,desk" placeholder:"ROLE" help:"What this process is: edge (clients), desk (staff) or both (default; with --nats, mostly one)."`
	Config configFile `placeholder:"FILE" help:"JSON: any of these flags by name, and issuers (several, with their limits)."`

	Listen       string         `group:"listen" placeholder:"ADDR" help:"For clients (default :8080; in dev mode 127.0.0.1:8080)."`
	DeskListen   string         `group:"listen" default:"127.0.0.1:8081" placeholder:"ADDR" help:"For staff (default ${default})."`
	AdminListen  string         `group:"listen" default:"127.0.0.1:9090" placeholder:"ADDR" help:"For /healthz, /readyz, /status and /metrics (default ${default})."`
	AdminHost    []string       `group:"listen" placeholder:"NAME" help:"A name, beside localhost and addresses in figures, by which the admin address may be called."`
	DeskOrigin   []string       `group:"listen" placeholder:"URL" help:"Where staff reach the desk, such as https://desk.clinic.example; needed unless they use loopback."`
	Origin       []string       `group:"listen" placeholder:"PATTERN" help:"Web pages that may connect: https://portal.clinic.example, *.clinic.example (repeat for more)."`
	TrustedProxy []netip.Prefix `group:"listen" placeholder:"CIDR" help:"Proxies whose X-Forwarded-For is believed (repeat for more)."`
	TLSCert      string         `name:"tls-cert" group:"listen" placeholder:"FILE" help:"Certificate for the addresses of clients and staff."`
	TLSKey       string         `name:"tls-key" group:"listen" placeholder:"FILE" help:"Its key."`
	Drain        *time.Duration `group:"listen" placeholder:"20s" help:"How long clients are given to move to another node at shutdown (default 20s; in dev mode 1s)."`

	Trust     string   `group:"log" placeholder:"FILE" help:"The pinned root keys (see tocsin keyset --help)."`
	BeaconKey string   `group:"log" placeholder:"FILE" help:"A desk's own key, of role beacon: it signs where the log stands, so that clients see what a node withholds."`
	NATS      []string `name:"nats" group:"log" placeholder:"URL" help:"The servers of an external NATS (docs/running.md); without it the log is embedded, in DATA/jetstream."`
	NATSCreds string   `name:"nats-creds" group:"log" placeholder:"FILE" help:"Its credentials: the seed of an nkey, or a JWT with one."`
	NATSCA    string   `name:"nats-ca" group:"log" placeholder:"FILE" help:"The authorities that its certificates are checked against."`
	NATSInbox string   `name:"nats-inbox" group:"log" placeholder:"PREFIX" help:"The prefix of this user's inboxes, such as _INBOX_edge-1."`
	MaxBytes  int64    `group:"log" placeholder:"N" help:"Size of the embedded store in bytes (default 1 GiB)."`
	Cache     string   `group:"log" placeholder:"FILE" help:"Keep the last verified state here (cohorts in FILE.cohorts), and serve it while the log can't be reached."`
	Seed      string   `group:"log" placeholder:"URL" help:"A peer whose public snapshot is taken while the log can't be reached."`

	TicketKeys string            `group:"tokens" placeholder:"FILE" help:"Keys of tickets, the same on every edge (default DATA/ticket.keys, made if missing)."`
	DeskKeys   string            `group:"tokens" placeholder:"FILE" help:"Keys of staff sessions, the same on every desk (default DATA/desk.keys, made if missing)."`
	Issuer     string            `group:"tokens" placeholder:"URL" help:"The issuer (iss) of tokens that are accepted."`
	JWKSURL    string            `name:"jwks-url" group:"tokens" placeholder:"URL" help:"Where its keys are fetched."`
	Audience   string            `group:"tokens" placeholder:"A" help:"The audience (aud) that its tokens must name."`
	Label      map[string]string `group:"tokens" mapsep:"," placeholder:"K=CLAIM" help:"Labels from claims: tenant=org_id (repeat for more)."`

	MaxSessions   int `group:"limits" placeholder:"N" help:"Sessions in all (default 100,000)."`
	MaxPerAddress int `group:"limits" placeholder:"N" help:"Sessions of one address (default 10,000: a hospital is one)."`

	LogFormat string `default:"text" enum:"text,json" placeholder:"F" help:"text or json (default ${default})."`
}

func (serveCmd) Help() string {
	return `Without --dev a hub needs pinned root keys:

    tocsin key new root.key --owner root > root.pub
    tocsin keyset new keyset.json --root root.pub --trust trust.pem
    tocsin serve --trust trust.pem

On a cluster of NATS each process has one role, and rights at NATS of its own:

    tocsin serve --roles edge --nats tls://n1:4222,tls://n2:4222,tls://n3:4222 --nats-ca ca.pem \
        --nats-creds edge-1.nk --nats-inbox _INBOX_edge-1 --ticket-keys ticket.keys --trust trust.pem

SIGTERM drains: clients are sent elsewhere, then the process ends. A second signal
ends it at once.`
}

// has reports whether the process has a role.
func (cmd *serveCmd) has(role string) bool { return slices.Contains(cmd.Roles, role) }

func (cmd *serveCmd) devMode() devMode { return devMode{filepath.Join(cmd.Data, "dev")} }

// complete fills in what depends on other flags, makes the files that are made
// on first use, and refuses what can't be meant.
func (cmd *serveCmd) complete(log *slog.Logger) error {
	if err := cmd.check(); err != nil {
		return err
	}
	if cmd.Drain == nil {
		drain := 20 * time.Second
		if cmd.Dev {
			drain = time.Second // who tries things out has no other node
		}
		cmd.Drain = &drain
	}
	if cmd.Dev {
		return cmd.completeDev(log)
	}
	cmd.Listen = cmp.Or(cmd.Listen, ":8080")
	cmd.warn(log)
	if err := cmd.checkRings(); err != nil {
		return err
	}
	if err := os.MkdirAll(cmd.Data, 0o700); err != nil {
		return fmt.Errorf("--data %s: %w", cmd.Data, err)
	}
	return errors.Join(
		cmd.ring(true, &cmd.TicketKeys, "ticket.keys"), // desks make cohorts with it
		cmd.ring(cmd.has("desk"), &cmd.DeskKeys, "desk.keys"),
	)
}

// warn says at the start what will not work, though it can be meant.
func (cmd *serveCmd) warn(log *slog.Logger) {
	if cmd.has("desk") && len(cmd.DeskOrigin) == 0 && !loopback(cmd.DeskListen) {
		log.Warn("the desk listens for other machines, but answers only to loopback names: anybody else gets 421. "+
			"Say where staff reach it: --desk-origin https://desk.clinic.example", "desk_listen", cmd.DeskListen)
	}
}

// checkRings refuses rings of this process's own where others serve beside it:
// clients and staff would have to log in again whenever they met another one.
func (cmd *serveCmd) checkRings() error {
	switch {
	case len(cmd.NATS) == 0:
		return nil
	case cmd.TicketKeys == "":
		return misusef("--ticket-keys FILE: with --nats, several edges serve together; give all the same one, and to desks, which make cohorts with it (tocsin key ring)")
	case cmd.has("desk") && cmd.DeskKeys == "":
		return misusef("--desk-keys FILE: with --nats, several desks serve together; give all the same one (tocsin key ring)")
	}
	return nil
}

var errNoTrust = errors.New(`whose keyset is to be trusted? --trust FILE names the pinned root keys. To begin:

    tocsin key new root.key --owner root > root.pub      (then keep root.key offline)
    tocsin keyset new keyset.json --root root.pub --trust trust.pem
    tocsin serve --trust trust.pem

and go on as "tocsin keyset --help" says. For a first try on this machine: tocsin serve --dev`)

func (cmd *serveCmd) check() error {
	switch {
	case cmd.Dev && cmd.Trust != "":
		return misusef("--dev makes its own --trust; leave one of them out")
	case !cmd.Dev && cmd.Trust == "":
		return misuse{error: errNoTrust}
	case (cmd.TLSCert == "") != (cmd.TLSKey == ""):
		return misusef("--tls-cert and --tls-key belong together")
	case cmd.BeaconKey != "" && !cmd.has("desk"):
		return misusef("--beacon-key is for desks: an edge that could sign heads could withhold unseen. Leave it out, or add --roles desk")
	case len(cmd.Roles) == 0:
		return misusef("--roles: edge, desk or both")
	case cmd.Dev && slices.ContainsFunc(cmd.NATS, isRemote):
		return misusef("--dev is for this machine alone: it would put its own keyset, whose keys lie in one folder, into the log of %s. "+
			"Leave --nats out; or leave --dev out, and begin as tocsin serve --help says", strings.Join(cmd.NATS, ","))
	case len(cmd.NATS) > 0 && cmd.MaxBytes != 0:
		return misusef("--max-bytes is of the embedded store; with --nats it is given to tocsin broker init")
	}
	return nil
}

// useBeacon has a desk in dev mode sign heads, unless its folder is of before there were
// any: then the keyset names no beacon.
func (cmd *serveCmd) useBeacon(dev devMode) {
	beacon := dev.path(devBeacon)
	if _, err := os.Stat(beacon); err == nil && cmd.has("desk") {
		cmd.BeaconKey = cmp.Or(cmd.BeaconKey, beacon)
	}
}

// isRemote tells a NATS server of another machine. What can't be read is one.
func isRemote(address string) bool {
	u, err := url.Parse(address)
	return err != nil || !loopback(net.JoinHostPort(u.Hostname(), "0"))
}

// completeDev makes DATA/dev and points the flags at it. Dev mode is for this
// machine: its keys lie in one folder and its issuer believes everyone.
func (cmd *serveCmd) completeDev(log *slog.Logger) error {
	cmd.Listen = cmp.Or(cmd.Listen, "127.0.0.1:8080")
	for flag, address := range map[string]string{
		"--listen": cmd.Listen, "--desk-listen": cmd.DeskListen, "--admin-listen": cmd.AdminListen,
	} {
		if !loopback(address) {
			return misusef("%s %s: with --dev, only loopback addresses (127.0.0.1, [::1], localhost)", flag, address)
		}
	}
	dev := cmd.devMode()
	made, err := dev.prepare()
	if err != nil {
		return fmt.Errorf("--data %s: %w", cmd.Data, err)
	}
	log.Warn("DEV MODE: all keys lie in one folder and tokens are given to anyone; never for patients", "dir", dev.dir, "made", made)
	cmd.Trust = dev.path(devTrust)
	cmd.TicketKeys = cmp.Or(cmd.TicketKeys, dev.path(devTickets))
	cmd.DeskKeys = cmp.Or(cmd.DeskKeys, dev.path(devDesk))
	cmd.useBeacon(dev)
	return nil
}

// origins are the web pages that may connect; in dev mode, those of this machine
// too.
func (cmd *serveCmd) origins() []string {
	if cmd.Dev {
		return append([]string{"http://localhost:*", "http://127.0.0.1:*"}, cmd.Origin...)
	}
	return cmd.Origin
}

// ring makes a keyring that is needed in DATA and sets path to it, unless one is given or made
// already.
func (cmd *serveCmd) ring(needed bool, path *string, name string) error {
	if !needed || *path != "" {
		return nil
	}
	*path = filepath.Join(cmd.Data, name)
	if err := newRing(*path); !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// logger writes to stderr, so that stdout stays free.
func (cmd *serveCmd) logger(c console) *slog.Logger {
	if cmd.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(c.Err, nil))
	}
	return slog.New(slog.NewTextHandler(c.Err, nil))
}
