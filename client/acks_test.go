package client_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/client"
	"tocsin/notice"
	"tocsin/wire"
)

func TestReceipts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, l := newNode(t), newLogbook(t)
		w := watch(t, n, l.Trust())
		alert := l.Alert()
		update := l.Update(alert, nil)
		entry := l.entry(l.Sign(alert))
		p := n.ready(l, entry)
		require.Equal(t, wire.Ack{Identifier: alert.Identifier, State: wire.AckReceived}, p.next())
		p.send(entry, l.entry(l.Sign(update)), l.entry(l.Sign(l.Alert(), l.Stranger)))
		require.Equal(t, wire.Ack{Identifier: alert.Identifier, Revision: 1, State: wire.AckReceived}, p.next())

		thread, _ := w.Thread(alert.Identifier)
		w.Displayed(thread.Current)
		w.Confirmed(thread.Current)
		w.Ack(wire.Ack{Identifier: "x", Revision: 7, State: wire.AckDisplayed})
		require.Equal(t, wire.Ack{Identifier: alert.Identifier, Revision: 1, State: wire.AckDisplayed}, p.next())
		require.Equal(t, wire.Ack{Identifier: alert.Identifier, Revision: 1, State: wire.AckConfirmed}, p.next())
		require.Equal(t, wire.Ack{Identifier: "x", Revision: 7, State: wire.AckDisplayed}, p.next())
	})
}

// Acks wait for no one: those of a session that is gone are not sent on the next,
// where the node would not count them.
func TestAcksOfAnotherSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, l := newNode(t), newLogbook(t)
		w := watch(t, n, l.Trust())
		first := l.Alert()
		p := n.ready(l, l.entry(l.Sign(first)))
		p.cut()
		synctest.Wait()
		w.Ack(wire.Ack{Identifier: "x", State: wire.AckDisplayed})
		second := l.Alert()
		p = n.ready(l, l.entry(l.Sign(second)))
		require.Equal(t, wire.Ack{Identifier: second.Identifier, State: wire.AckReceived}, p.next())
	})
}

func TestNoReceipts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, l := newNode(t), newLogbook(t)
		w := watch(t, n, l.Trust(), func(c *client.Config) { c.NoReceipts = true })
		p := n.ready(l, l.entry(l.Sign(l.Alert())))
		time.Sleep(time.Second)
		want := wire.Ack{Identifier: "x", State: wire.AckConfirmed}
		w.Ack(want)
		require.Equal(t, want, p.next())
	})
}

// A long replay must not look like a flood of acks.
func TestAcksArePaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, l := newNode(t), newLogbook(t)
		watch(t, n, l.Trust())
		var frames []wire.ServerFrame
		for range 30 {
			frames = append(frames, l.entry(l.Sign(l.Alert())))
		}
		started := time.Now()
		p := n.ready(l, frames...)
		for range frames {
			p.next()
		}
		require.Equal(t, 3*time.Second, time.Since(started))
	})
}

// Whoever acknowledges without end does not fill the memory.
func TestAcksAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, l := newNode(t), newLogbook(t)
		w := watch(t, n, l.Trust())
		p := n.ready(l)
		for range 5000 {
			w.Ack(wire.Ack{Identifier: "x", State: wire.AckDisplayed})
		}
		p.send(l.entry(l.Sign(l.Alert())))
		synctest.Wait()
		got := 0
		go func() {
			for {
				if _, _, err := p.conn.Read(t.Context()); err != nil {
					return
				}
				got++
			}
		}()
		for range 20 {
			time.Sleep(10 * time.Second)
			p.send(l.heartbeat())
		}
		synctest.Wait()
		require.Equal(t, 1024, got)
	})
}

func TestConfigErrors(t *testing.T) {
	good := client.Config{URL: "wss://node.example", Trust: newLogbook(t).Trust()}
	_, err := client.NewSubscriber(good)
	require.NoError(t, err)
	for name, edit := range map[string]func(*client.Config){
		"no address":              func(c *client.Config) { c.URL = "" },
		"not an address":          func(c *client.Config) { c.URL = "wss://a b" },
		"no scheme":               func(c *client.Config) { c.URL = "node.example" },
		"another scheme":          func(c *client.Config) { c.URL = "ftp://node.example" },
		"no host":                 func(c *client.Config) { c.URL = "wss:///v1/connect" },
		"plain text":              func(c *client.Config) { c.URL = "ws://node.example" },
		"plain text, http":        func(c *client.Config) { c.URL = "http://node.example" },
		"plain text, private net": func(c *client.Config) { c.URL = "ws://192.168.0.7" },
		"token in the address":    func(c *client.Config) { c.URL = "wss://node.example?token=x" },
		"user in the address":     func(c *client.Config) { c.URL = "wss://u:p@node.example" },
		"no roots":                func(c *client.Config) { c.Trust = notice.Trust{} },
		"label to be proven":      func(c *client.Config) { c.Labels = []string{"tenant:north"} },
		"not a label":             func(c *client.Config) { c.Labels = []string{"portal"} },
		"too many labels":         func(c *client.Config) { c.Labels = make([]string, 17) },
		"state without sense":     func(c *client.Config) { c.State = &client.State{Cursor: "x"} },
	} {
		config := good
		edit(&config)
		_, err := client.NewSubscriber(config)
		require.ErrorIs(t, err, client.ErrConfig, name)
		require.NotContains(t, err.Error(), "u:p", "credentials in an error")
	}
}

// Threads and the rest may be read by other goroutines while Run works.
func TestConcurrentUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, l := newNode(t), newLogbook(t)
		w := watch(t, n, l.Trust())
		p := n.ready(l)
		done := make(chan struct{})
		go func() {
			defer close(done)
			for range 200 {
				w.Threads()
				w.Freshness()
				w.State()
				w.Now()
				w.Keyset()
				w.Contacts()
				w.TokensChanged()
				time.Sleep(time.Millisecond)
			}
		}()
		go func() {
			for {
				if _, _, err := p.conn.Read(t.Context()); err != nil {
					return
				}
			}
		}()
		alert := l.Alert()
		earlier := []*notice.Notice{}
		p.send(l.entry(l.Sign(alert)))
		for range 10 {
			update := l.Update(alert, earlier)
			earlier = append(earlier, update)
			p.send(l.entry(l.Sign(update)))
			time.Sleep(10 * time.Millisecond)
		}
		<-done
		require.Len(t, w.Threads()[0].Messages, 11)
	})
}
