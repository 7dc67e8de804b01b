package broker

import (
	"context"
	"fmt"
)

// Finding is a setting that is not as it should be.
type Finding struct {
	Where string `json:"where"` // which server, stream or user
	What  string `json:"what"`
	Do    string `json:"do"`
}

func (f Finding) String() string { return fmt.Sprintf("%s: %s. %s", f.Where, f.What, f.Do) }

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
