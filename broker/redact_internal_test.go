package broker

import (
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
)

// While a server is away nothing is deleted: it would keep the text.
func TestRedactNeedsEveryServer(t *testing.T) {
	t.Parallel()
	made := time.Now()
	info := func(change func(*jetstream.StreamInfo)) *jetstream.StreamInfo {
		i := &jetstream.StreamInfo{
			Created: made, Config: jetstream.StreamConfig{Replicas: 3},
			Cluster: &jetstream.ClusterInfo{Leader: "n1", Replicas: []*jetstream.PeerInfo{{Name: "n2"}, {Name: "n3"}}},
		}
		change(i)
		return i
	}
	d := Due{epoch: entered(info(func(*jetstream.StreamInfo) {}))}
	require.NoError(t, d.in(info(func(*jetstream.StreamInfo) {})))
	for _, c := range []struct {
		change func(*jetstream.StreamInfo)
		err    error
	}{
		{func(i *jetstream.StreamInfo) { i.Cluster.Replicas[1].Offline = true }, ErrAway},
		{func(i *jetstream.StreamInfo) { i.Cluster.Replicas[0].Active = peerSilence + time.Second }, ErrAway},
		{func(i *jetstream.StreamInfo) { i.Cluster.Replicas = i.Cluster.Replicas[:1] }, ErrAway},
		{func(i *jetstream.StreamInfo) { i.Created = made.Add(time.Second) }, errReplaced},
		{func(i *jetstream.StreamInfo) { i.Config.Metadata = map[string]string{restoreMark: "x"} }, ErrRestoring},
	} {
		require.ErrorIs(t, d.in(info(c.change)), c.err)
	}
}
