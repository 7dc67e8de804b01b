package broker

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/nats-io/nats.go/jetstream"
)

const doInit = `Run "tocsin broker init" with the same --replicas and --max-bytes`

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
		do := doInit
		if want.Name == StreamLog {
			do = doInit + `; but if it was there before, bring it back first ("tocsin restore", docs/backup.md)`
		}
		return []Finding{{where, "it is missing", do}}, nil
	}
	if err != nil {
		return nil, err
	}
	info := stream.CachedInfo()
	if f := unfinished(info.Config); f != nil {
		all = append(all, *f)
	} else {
		for _, d := range differences(info.Config, b.sized(info.Config, want)) {
			add(fmt.Sprintf("%s is %v, not %v", d.setting, d.is, d.want), doInit)
		}
	}
	if n := info.State.Consumers; n > 0 {
		add(fmt.Sprintf("it has %d consumers, and Tocsin makes none", n),
			"Find out who may make them (nats consumer ls), and take the right away: a consumer sends where its maker likes")
	}
	if want.Replicas > 1 && info.Cluster == nil {
		add("its server is in no cluster", "Give the servers the section cluster of deploy/nats/nats.conf")
	}
	return append(all, checkCopies(where, info.Cluster)...), nil
}

// checkCopies looks whether all copies of a stream are there; group is nil where there is
// one server.
func checkCopies(where string, group *jetstream.ClusterInfo) (all []Finding) {
	add := func(what, do string) { all = append(all, Finding{where, what, do}) }
	if err := degraded(group); err != nil {
		add(err.Error(), "Start the servers that are down")
	}
	if group == nil {
		return nil
	}
	for _, peer := range group.Replicas {
		switch {
		case peer.Offline:
			add("its copy on "+peer.Name+" is offline", "Start that server")
		case !peer.Current && peer.Lag > 0:
			add(fmt.Sprintf("its copy on %s is %d writes behind", peer.Name, peer.Lag), "Wait; if it does not catch up, look at that server's log")
		}
	}
	return all
}

// unfinished says what to do about a stream in the middle of a restore or a repair, whose
// settings are others; nil if it is not.
func unfinished(config jetstream.StreamConfig) *Finding {
	where := "stream " + config.Name
	switch {
	case restoring(config) != nil:
		return &Finding{where, "it is being restored, or that was broken off; until it is done desks refuse to publish, and edges show what they hold",
			`If no "tocsin restore" or "tocsin broker repair" runs, run "tocsin restore" with the same file (of a repair: its …-mended.backup), ` +
				`which goes on where it was; "broker init" refuses until then`}
	case slices.Equal(config.Subjects, []string{closedSubjects}):
		return &Finding{where, "it is closed: a repair runs, or was broken off before it took the log away; nothing is lost, and nothing can be published",
			`If no "tocsin broker repair" runs, run it again; or "tocsin broker init", which puts the log back into use as it was`}
	}
	return nil
}
