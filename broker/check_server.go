package broker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
)

// serverVars are what a server says of its configuration (NATS, "varz").
type serverVars struct {
	Name        string `json:"server_name"`
	MaxPayload  int    `json:"max_payload"`
	TLSRequired bool   `json:"tls_required"`
	Auth        bool   `json:"auth_required"`
	Cluster     struct {
		Name        string `json:"name"`
		TLSRequired bool   `json:"tls_required"`
		TLSVerify   bool   `json:"tls_verify"`
	} `json:"cluster"`
	JetStream struct {
		Config *struct {
			SyncAlways bool  `json:"sync_always"`
			Strict     bool  `json:"strict"`
			MaxStore   int64 `json:"max_storage"`
		} `json:"config"`
	} `json:"jetstream"`
}

// answersWithin is how long all servers are given to answer.
const answersWithin = time.Second

// CheckServers asks every server of the cluster how it is configured. It needs a user of
// the system account. servers is how many there are to be. Whether a store is encrypted
// no server tells.
func CheckServers(ctx context.Context, config Config, servers int) ([]Finding, error) {
	b, err := Open(ctx, config)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	if err := b.link.wait(ctx); err != nil {
		return nil, fmt.Errorf("connecting: %w", err)
	}
	answers, err := b.askServers(ctx)
	if err != nil {
		return nil, fmt.Errorf("asking the servers: %w", err)
	}
	var all []Finding
	if len(answers) < servers {
		all = append(all, Finding{"cluster", fmt.Sprintf("%d of %d servers answer", len(answers), servers), "Start the others"})
	}
	for _, vars := range answers {
		all = append(all, vars.check(b.config.maxBytes(), servers)...)
	}
	return all, nil
}

func (b *Broker) askServers(ctx context.Context) (all []serverVars, err error) {
	inbox := b.conn.NewInbox()
	sub, err := b.conn.SubscribeSync(inbox)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, sub.Unsubscribe()) }()
	if err := b.conn.PublishRequest("$SYS.REQ.SERVER.PING.VARZ", inbox, nil); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, answersWithin)
	defer cancel()
	for {
		msg, err := sub.NextMsgWithContext(ctx)
		if errors.Is(err, context.DeadlineExceeded) && len(all) > 0 {
			return all, nil
		}
		if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, nats.ErrNoResponders) {
			return nil, errors.New("no answer; are these credentials of the system account?")
		}
		if err != nil {
			return nil, err
		}
		var answer struct {
			Data serverVars `json:"data"`
		}
		if err := json.Unmarshal(msg.Data, &answer); err != nil {
			return nil, err
		}
		all = append(all, answer.Data)
	}
}

// check says what of deploy/nats/nats.conf a server lacks.
func (v serverVars) check(maxBytes int64, servers int) (all []Finding) {
	add := func(wrong bool, what, do string) {
		if wrong {
			all = append(all, Finding{"server " + v.Name, what, do})
		}
	}
	add(!v.TLSRequired, "clients need no TLS", "Give it the section tls of nats.conf")
	add(!v.Auth, "clients need no credentials", "Include accounts.conf")
	if servers > 1 {
		add(!v.Cluster.TLSRequired, "other servers need no TLS", "Give it the section cluster.tls of nats.conf")
		add(v.Cluster.TLSRequired && !v.Cluster.TLSVerify, "whoever reaches its cluster port is a server to it", "Set verify: true in cluster.tls")
	}
	store := v.JetStream.Config
	if store == nil {
		add(true, "it has no JetStream", "Give it the section jetstream of nats.conf")
		return all
	}
	add(!store.SyncAlways, "it answers writes before they are on disk", "Set sync_interval: always")
	add(!store.Strict, "it guesses at requests that it does not understand", "Set strict: true")
	add(store.MaxStore < maxBytes, fmt.Sprintf("max_file_store is %d, and the streams may grow to %d", store.MaxStore, maxBytes),
		`Raise it, with the volume, or lower --max-bytes of "tocsin broker init"`)
	return all
}
