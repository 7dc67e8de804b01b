package broker

import (
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"tocsin/notice"
)

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
	if n := conn.MaxPayload(); n != notice.MaxBody && n != edgePayload {
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
