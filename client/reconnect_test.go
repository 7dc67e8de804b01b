package client_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"tocsin/client"
	"tocsin/wire"
)

// gaps are the times between attempts.
func gaps(times []time.Time) []time.Duration {
	var list []time.Duration
	for i := 1; i < len(times); i++ {
		list = append(list, times[i].Sub(times[i-1]))
	}
	return list
}

func refuseWith(status int, retryAfter string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, _ *http.Request) bool {
		if retryAfter != "" {
			w.Header().Set("Retry-After", retryAfter)
		}
		w.WriteHeader(status)
		return true
	}
}

func TestBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, l := newNode(t), newLogbook(t)
		n.answer = refuseWith(http.StatusBadGateway, "")
		var limits []time.Duration
		w := watch(t, n, l.Trust(), func(c *client.Config) {
			c.Jitter = func(limit time.Duration) time.Duration {
				limits = append(limits, limit)
				return limit / 2
			}
		})
		time.Sleep(4 * time.Hour)
		w.stop()
		require.Greater(t, len(limits), 400, "it gave up")
		want := []time.Duration{1, 2, 4, 8, 16, 32, 60, 60, 60}
		for i := range want {
			want[i] *= time.Second
		}
		require.Equal(t, want, limits[:len(want)])
		for i, gap := range gaps(n.attempts()) {
			require.Equal(t, limits[i]/2, gap)
		}
		disconnected := of[client.Disconnected](w.take())
		require.ErrorContains(t, disconnected[0].Err, "HTTP status 502")
		require.Equal(t, 500*time.Millisecond, disconnected[0].RetryIn)
	})
}

// The default is random over the whole interval.
func TestBackoffIsRandom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, l := newNode(t), newLogbook(t)
		n.answer = refuseWith(http.StatusBadGateway, "")
		w := watch(t, n, l.Trust(), func(c *client.Config) { c.Jitter = nil })
		time.Sleep(8 * time.Hour)
		w.stop()
		var below, above int
		for _, gap := range gaps(n.attempts())[6:] {
			require.Less(t, gap, time.Minute)
			if gap < 30*time.Second {
				below++
			} else {
				above++
			}
		}
		require.InDelta(t, below, above, float64(below)/2)
	})
}

// A session that has worked is not held against the node; one that ends at once is.
func TestBackoffForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, l := newNode(t), newLogbook(t)
		w := watch(t, n, l.Trust())
		var waits []time.Duration
		for range 3 {
			n.ready(l).cut()
			synctest.Wait()
			waits = append(waits, of[client.Disconnected](w.take())[0].RetryIn)
		}
		p := n.ready(l)
		p.send(l.heartbeat())
		synctest.Wait()
		p.cut()
		synctest.Wait()
		waits = append(waits, of[client.Disconnected](w.take())[0].RetryIn)
		for i := range waits {
			waits[i]++ // the jitter of these tests is one short of the limit
		}
		require.Equal(t, []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, time.Second}, waits)
	})
}

func TestRetryAfter(t *testing.T) {
	for header, want := range map[string]time.Duration{
		"7": 8*time.Second - 1, "99999999": time.Minute, "9223372036854775807": time.Minute, "-5": time.Second - 1, "soon": time.Second - 1,
	} {
		synctest.Test(t, func(t *testing.T) {
			n, l := newNode(t), newLogbook(t)
			n.answer = refuseWith(http.StatusTooManyRequests, header)
			w := watch(t, n, l.Trust())
			synctest.Wait()
			require.Equal(t, want, of[client.Disconnected](w.take())[0].RetryIn, header)
		})
	}
}

func TestBye(t *testing.T) {
	for _, c := range []struct {
		asked [2]int64
		want  time.Duration
	}{
		{[2]int64{0, 8000}, 8*time.Second - 1},
		{[2]int64{2000, 3000}, 3*time.Second - 1},
		{[2]int64{5000, 5000}, 5 * time.Second},
		{[2]int64{0, wire.MaxInt}, time.Minute - 1},
		{[2]int64{wire.MaxInt, wire.MaxInt}, time.Minute},
	} {
		synctest.Test(t, func(t *testing.T) {
			n, l := newNode(t), newLogbook(t)
			w := watch(t, n, l.Trust())
			p := n.ready(l)
			w.take()
			p.send(wire.Bye{Reason: wire.ByeDrain, ReconnectAfterMs: c.asked})
			synctest.Wait()
			events := w.take()
			require.Equal(t, []string{"client.Bye", "client.FreshnessChanged", "client.Disconnected"}, types(events))
			require.ErrorIs(t, of[client.Disconnected](events)[0].Err, client.ErrBye)
			require.Equal(t, c.want, of[client.Disconnected](events)[0].RetryIn)
			n.accept()
			require.Equal(t, c.want, gaps(n.attempts())[0])
		})
	}
}

// None of the close codes means "never come back".
func TestCloseCodes(t *testing.T) {
	for _, code := range []wire.CloseCode{wire.CloseGoingAway, wire.CloseTooBig, wire.CloseInternal,
		wire.CloseBadFrame, wire.CloseNoHello, wire.CloseTooMany, 1000, 4999} {
		synctest.Test(t, func(t *testing.T) {
			n, l := newNode(t), newLogbook(t)
			w := watch(t, n, l.Trust())
			n.ready(l).close(code)
			synctest.Wait()
			disconnected := of[client.Disconnected](w.take())
			require.Len(t, disconnected, 1)
			require.Equal(t, code, client.CloseCode(disconnected[0].Err))
			n.accept()
		})
	}
	require.Zero(t, client.CloseCode(client.ErrSilent))
}

// Two missed heartbeats end the session, whatever interval a node names.
func TestSilence(t *testing.T) {
	for interval, want := range map[int64]time.Duration{
		15_000: 32 * time.Second, 0: 12 * time.Second, 1: 12 * time.Second, 5_000: 12 * time.Second,
		60_000: 122 * time.Second, 3_600_000: 122 * time.Second, wire.MaxInt: 122 * time.Second,
	} {
		synctest.Test(t, func(t *testing.T) {
			n, l := newNode(t), newLogbook(t)
			w := watch(t, n, l.Trust())
			terms := welcome(wire.ResumeSnapshot, wire.TierPublic)
			terms.HeartbeatMs = interval
			n.open(l, terms, l.entry(l.KeysetBody(1)))
			w.take()
			time.Sleep(want - time.Nanosecond)
			synctest.Wait()
			require.Empty(t, w.take())
			require.True(t, w.Freshness().Live)

			time.Sleep(time.Nanosecond)
			synctest.Wait()
			events := w.take()
			require.Equal(t, []string{"client.FreshnessChanged", "client.Disconnected"}, types(events))
			require.Equal(t, client.StaleDisconnected, of[client.FreshnessChanged](events)[0].Reason)
			require.ErrorIs(t, of[client.Disconnected](events)[0].Err, client.ErrSilent)
			require.False(t, w.Freshness().Live)
			n.accept()
		})
	}
}

func TestHeartbeatsKeepASession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, l := newNode(t), newLogbook(t)
		w := watch(t, n, l.Trust())
		p := n.ready(l)
		w.take()
		for range 1000 {
			time.Sleep(30 * time.Second)
			p.send(l.heartbeat())
		}
		synctest.Wait()
		require.Empty(t, w.take())
		require.Len(t, n.attempts(), 1)
	})
}

// A handler that takes long must not make the node look silent.
func TestSlowHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, l := newNode(t), newLogbook(t)
		w := watchWith(t, n, l.Trust(), func(e client.Event) {
			if _, ok := e.(client.NoticeChanged); ok {
				time.Sleep(time.Hour)
			}
		})
		p := n.ready(l)
		p.send(l.entry(l.Sign(l.Alert())))
		go p.send(l.heartbeat())
		time.Sleep(time.Hour + time.Second)
		require.Empty(t, of[client.Disconnected](w.take()))
	})
}

func TestNoWelcome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, l := newNode(t), newLogbook(t)
		w := watch(t, n, l.Trust())
		n.accept()
		time.Sleep(10 * time.Second)
		synctest.Wait()
		require.ErrorIs(t, of[client.Disconnected](w.take())[0].Err, client.ErrSilent)
	})
}

// What is not the protocol ends the session; what is of a newer version does not.
func TestFramesThatAreWrong(t *testing.T) {
	for name, frame := range map[string]string{
		"not JSON":        `hello`,
		"bad frame":       `{"type":"synced","cursor":7}`,
		"entry cut short": `{"type":"entry","seq":1}`,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n, l := newNode(t), newLogbook(t)
				w := watch(t, n, l.Trust())
				n.ready(l).sendText(frame)
				synctest.Wait()
				require.ErrorIs(t, of[client.Disconnected](w.take())[0].Err, wire.ErrBadFrame)
				n.accept()
			})
		})
	}
}

func TestFramesOfANewerVersion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, l := newNode(t), newLogbook(t)
		w := watch(t, n, l.Trust())
		p := n.ready(l)
		w.take()
		p.sendText(`{"type":"poll","question":"?"}`)
		p.send(l.entry(l.Sign(l.Alert())))
		synctest.Wait()
		require.Equal(t, []string{"client.NoticeChanged"}, types(w.take()))
	})
}

func TestProtocolViolations(t *testing.T) {
	for name, violate := range map[string]func(*logbook, *peer){
		"entry before welcome":  func(l *logbook, p *peer) { p.send(l.entry(l.KeysetBody(1))) },
		"synced before welcome": func(l *logbook, p *peer) { p.send(l.synced()) },
		"binary frame": func(_ *logbook, p *peer) {
			frame := welcome(wire.ResumeSnapshot, wire.TierPublic).AppendTo(nil)
			_ = p.conn.Write(p.t.Context(), websocket.MessageBinary, frame)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n, l := newNode(t), newLogbook(t)
				w := watch(t, n, l.Trust())
				p, _ := n.accept()
				violate(l, p)
				synctest.Wait()
				require.ErrorIs(t, of[client.Disconnected](w.take())[0].Err, client.ErrProtocol)
			})
		})
	}
}

func TestOversizedFrame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, l := newNode(t), newLogbook(t)
		w := watch(t, n, l.Trust())
		p := n.ready(l)
		go p.conn.Write(t.Context(), websocket.MessageText, []byte(strings.Repeat(" ", wire.MaxServerFrame+1)))
		go p.ended()
		synctest.Wait()
		require.ErrorContains(t, of[client.Disconnected](w.take())[0].Err, "read limited at")
	})
}

// A node that sends a replay without end does not fill the memory.
func TestFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, l := newNode(t), newLogbook(t)
		w := watch(t, n, l.Trust())
		p, _ := n.accept()
		p.send(welcome(wire.ResumeSnapshot, wire.TierPublic))
		frame := wire.EncodeEntry(1, []byte(`{"payload":"`+strings.Repeat("x", 120<<10)+`"}`))
		for len(of[client.Disconnected](w.take())) == 0 {
			if p.conn.Write(t.Context(), websocket.MessageText, frame) != nil {
				break
			}
		}
		synctest.Wait()
		require.Empty(t, w.Threads())
		n.accept()
	})
}

func TestNotOurSubprotocol(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, l := newNode(t), newLogbook(t)
		n.answer = func(w http.ResponseWriter, r *http.Request) bool {
			conn, err := websocket.Accept(w, r, nil)
			if err == nil {
				conn.CloseNow()
			}
			return true
		}
		w := watch(t, n, l.Trust())
		synctest.Wait()
		require.ErrorIs(t, of[client.Disconnected](w.take())[0].Err, client.ErrProtocol)
	})
}

// Credentials are meant for the node that was named.
func TestRedirectsAreNotFollowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, l := newNode(t), newLogbook(t)
		n.answer = func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Location", "http://elsewhere.example/v1/connect")
			w.WriteHeader(http.StatusTemporaryRedirect)
			return true
		}
		w := watch(t, n, l.Trust())
		synctest.Wait()
		require.ErrorContains(t, of[client.Disconnected](w.take())[0].Err, "HTTP status 307")
		require.Len(t, n.attempts(), 1)
	})
}

func TestWake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, l := newNode(t), newLogbook(t)
		n.answer = refuseWith(http.StatusBadGateway, "")
		w := watch(t, n, l.Trust())
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		before := len(n.attempts())
		w.Wake()
		synctest.Wait()
		require.Len(t, n.attempts(), before+1)
	})
}
