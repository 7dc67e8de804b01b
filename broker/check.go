package broker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"tocsin/notice"
)

// Finding is a setting that is not as it should be.
type Finding struct {
	Where string `json:"where"` // which server, stream or user
	What  string `json:"what"`
	Do    string `json:"do"`
}

func (f Finding) String() string { return fmt.Sprintf("%s: %s. %s", f.Where, f.What, f.Do) }

const doInit = `Run "tocsin broker init" with the same --replicas and --max-bytes`

// Check looks at the servers that the Config names and at all streams, and reports what
// is not as [Broker.Init], with that many replicas, and deploy/nats leave it. It changes
// nothing. It needs the administrator's rights.
func (b *Broker) Check(ctx context.Context, replicas int) ([]Finding, error) {
	if err := b.link.wait(ctx); err != nil {
		return nil, fmt.Errorf("checking: %w", err)
	}
	var all []Finding
	for _, url := range b.config.URLs {
		all = append(all, b.checkServer(url)...)
	}
	streams, err := b.checkStreams(ctx, replicas)
	return append(all, streams...), err
}

// renewBefore is how long before its end a certificate is to be renewed.
const renewBefore = 30 * 24 * time.Hour

// checkServer connects to one server and looks at what it says of itself.
func (b *Broker) checkServer(url string) (all []Finding) {
	options, err := b.connectOptions()
	if err == nil {
		options = append(options, nats.RetryOnFailedConnect(false), nats.MaxReconnects(0))
		var conn *nats.Conn
		if conn, err = nats.Connect(url, options...); err == nil {
			defer conn.Close()
			return b.checkConnection(conn)
		}
	}
	if isMalformed(err) {
		err = errors.New("its URL is malformed")
	}
	where := "a server"
	if len(b.config.URLs) == 1 {
		where = "the server"
	}
	return []Finding{{where, fmt.Sprintf("it can't be used (%v)", err), "See that it runs, and that the name in --nats is one in its certificate"}}
}

func (b *Broker) checkConnection(conn *nats.Conn) (all []Finding) {
	where := "server " + conn.ConnectedServerName()
	add := func(what, do string) { all = append(all, Finding{where, what, do}) }
	if n := conn.MaxPayload(); n != notice.MaxBody {
		add(fmt.Sprintf("max_payload is %d, not %d", n, notice.MaxBody), "Set it in nats.conf")
	}
	state, err := conn.TLSConnectionState()
	switch {
	case err != nil:
		add("the connection is not encrypted", "Give it the section tls of deploy/nats/nats.conf, and name it as tls://")
	case time.Until(state.PeerCertificates[0].NotAfter) < renewBefore:
		add(fmt.Sprintf("its certificate ends on %s", state.PeerCertificates[0].NotAfter.Format(time.DateOnly)), "Renew it, and reload the server")
	}
	if err := b.admitsStrangers(conn.ConnectedUrl()); err != nil {
		add("it admits whoever has no credentials", "Give it the accounts of deploy/nats/accounts.conf, and no no_auth_user")
	}
	return all
}

// admitsStrangers is an error if a client without credentials is let in.
func (b *Broker) admitsStrangers(url string) error {
	options := []nats.Option{nats.Timeout(connectTimeout), nats.MaxReconnects(0)}
	if file := b.config.CAFile; file != "" {
		options = append(options, nats.RootCAs(file))
	}
	conn, err := nats.Connect(url, options...)
	if err != nil {
		return nil
	}
	conn.Close()
	return errors.New("admitted")
}

// checkStreams compares each stream with what Init makes, and looks who is there beside.
func (b *Broker) checkStreams(ctx context.Context, replicas int) (all []Finding, err error) {
	ours := make(map[string]bool)
	for _, want := range streamConfigs(b.config.maxBytes(), replicas) {
		ours[want.Name] = true
		found, err := b.checkStream(ctx, want)
		if err != nil {
			return all, fmt.Errorf("checking stream %s: %w", want.Name, err)
		}
		all = append(all, found...)
	}
	asking, done, err := b.link.within(ctx, requestTimeout)
	if err != nil {
		return all, err
	}
	defer done()
	others := b.js.StreamNames(asking)
	for name := range others.Name() {
		if !ours[name] {
			all = append(all, Finding{"stream " + name, "Tocsin did not make it",
				"Keep other streams out of this account: one may copy, or take, what is Tocsin's"})
		}
	}
	return all, others.Err()
}

func (b *Broker) checkStream(ctx context.Context, want jetstream.StreamConfig) (all []Finding, err error) {
	where := "stream " + want.Name
	add := func(what, do string) { all = append(all, Finding{where, what, do}) }
	ctx, done, err := b.link.within(ctx, requestTimeout)
	if err != nil {
		return nil, err
	}
	defer done()
	stream, err := b.js.Stream(ctx, want.Name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return []Finding{{where, "it is missing", doInit}}, nil
	}
	if err != nil {
		return nil, err
	}
	info := stream.CachedInfo()
	for _, d := range differences(info.Config, b.sized(info.Config, want)) {
		add(fmt.Sprintf("%s is %v, not %v", d.setting, d.is, d.want), doInit)
	}
	if n := info.State.Consumers; n > 0 {
		add(fmt.Sprintf("it has %d consumers, and Tocsin makes none", n),
			"Find out who may make them (nats consumer ls), and take the right away: a consumer sends where its maker likes")
	}
	group := info.Cluster
	if want.Replicas > 1 && group == nil {
		add("its server is in no cluster", "Give the servers the section cluster of deploy/nats/nats.conf")
		return all, nil
	}
	if err := degraded(group); err != nil {
		add(err.Error(), "Start the servers that are down")
	}
	if group == nil {
		return all, nil
	}
	for _, peer := range group.Replicas {
		switch {
		case peer.Offline:
			add("its copy on "+peer.Name+" is offline", "Start that server")
		case !peer.Current && peer.Lag > 0:
			add(fmt.Sprintf("its copy on %s is %d writes behind", peer.Name, peer.Lag), "Wait; if it does not catch up, look at that server's log")
		}
	}
	return all, nil
}
