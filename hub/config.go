package hub

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"runtime"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tocsin/auth"
	"tocsin/notice"
)

// Values for the http.Server that serves [Hub.Handler]. It must not have a
// WriteTimeout: the hub bounds its own writes, and a session is long.
const (
	// HeaderTimeout bounds the request's header, and with it the TLS handshake.
	HeaderTimeout = 10 * time.Second
	// MaxHeaderBytes is room for the Authorization header of an events request.
	MaxHeaderBytes = 32 << 10
)

// shardsPerCore is more than one, so that a core that something else keeps busy leaves
// little behind at the end of a broadcast; and no more than two, or whatever else is to be
// done, such as taking the next notice from the log, waits for its turn.
const shardsPerCore = 2

// Authority judges credentials; [auth.Authority] is one. Its methods are called
// from many goroutines at once, and never wait for the network.
type Authority interface {
	// Admit verifies what a client presents. It always gives a holder.
	Admit(auth.Credentials) *auth.Holder
	// Grant is what the holder may have now. It is cheap.
	Grant(*auth.Holder) auth.Grant
	// Changed is closed when grants may differ from what they were.
	Changed() <-chan struct{}
}

// Config is what a hub needs. Authority and Trust are required; everything else
// has a default.
type Config struct {
	// Trust are the pinned roots; AllowDev accepts keysets with dev: true.
	Trust    notice.Trust
	AllowDev bool
	// Authority decides what each session may see.
	Authority Authority
	// Posture is told the posture in force (nil: none) before sessions get anything of
	// the state that it belongs to: in New, if the cache has one, and then whenever it
	// changes, one call at a time. It must not wait, nor call the hub. Nil: nobody.
	Posture func(*notice.Posture)
	// Receipts takes the counts of acknowledgements; nil counts for metrics alone.
	Receipts Receipts
	// Audiences takes who is connected; nil counts for metrics alone.
	Audiences Audiences

	// Origins are the patterns of origins whose pages may connect and fetch:
	// "https://portal.example", "https://*.clinic.example" (path.Match), or without a
	// scheme, any scheme. A client that sends no Origin is not a browser, and allowed.
	Origins []string
	// TrustedProxies are the addresses whose X-Forwarded-For counts.
	TrustedProxies []netip.Prefix

	// MaxSessions is the number of sessions in all (default 100,000). The last tenth
	// (Reserve, if set) is kept for those whose credentials prove something.
	MaxSessions, Reserve int
	// MaxPerAddress is the number of sessions of one IPv4 address or IPv6 /64 (default
	// 10,000: a hospital is one address). Loopback is exempt: it is a proxy, or a test.
	MaxPerAddress int
	// FrameRate and FrameBurst bound the frames of one session: on average per second
	// (default 50), and at once (default 1,000: the acknowledgements of a long replay).
	FrameRate, FrameBurst int

	// WindowEntries and WindowBytes bound the window (defaults 4,096 and 64 MiB).
	WindowEntries, WindowBytes int
	// Shards is the number of goroutines that send (default: two for each core).
	Shards int

	// Heartbeat is the interval of heartbeats (default 15 s).
	Heartbeat time.Duration
	// HelloTimeout bounds the wait for hello (default 10 s).
	HelloTimeout time.Duration
	// SendTimeout is how long a socket may take nothing before its session ends with
	// "slow" (default 10 s).
	SendTimeout time.Duration
	// ReconnectWindow is the interval in which clients come back after a bye (default 8 s).
	ReconnectWindow time.Duration
	// ReceiptInterval is how often counts go to Receipts (default 5 s); while the
	// posture declares an incident, every tenth time only.
	ReceiptInterval time.Duration
	// AudienceInterval is the least time between two changes that go to Audiences
	// (default 5 s); three times as long, what has not changed is repeated.
	AudienceInterval time.Duration
	// Settle is how long a log that gives no more entries, and does not say that it
	// is at its end, may keep clients waiting when there is nothing else to serve
	// (default 10 s).
	Settle time.Duration

	// CacheFile keeps the verified public and restricted state over restarts; "" keeps
	// none. Its folder must exist.
	CacheFile string
	// SeedURL is a peer's, to begin from while the broker is away. Without a path,
	// /v1/snapshot is meant.
	SeedURL string
	// Client fetches the seed (default: one with a time-out).
	Client *http.Client

	// Logger gets what operators should know (default: none).
	Logger *slog.Logger
	// Registerer takes the metrics (default: none).
	Registerer prometheus.Registerer
}

// withDefaults returns c complete, or what is wrong with it.
func (c Config) withDefaults() (Config, error) {
	if c.Authority == nil {
		return c, errors.New("hub: no authority")
	}
	if len(c.Trust.Roots) == 0 {
		return c, errors.New("hub: no pinned roots")
	}
	for _, pattern := range c.Origins {
		if _, err := path.Match(strings.ToLower(pattern), ""); err != nil || pattern == "" {
			return c, fmt.Errorf("hub: origin pattern %q: malformed", pattern)
		}
	}
	if c.SeedURL != "" {
		u, err := url.Parse(c.SeedURL)
		if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
			return c, errors.New("hub: the seed is not an http(s) URL")
		}
		if u.Path == "" || u.Path == "/" {
			u.Path = "/v1/snapshot"
			c.SeedURL = u.String()
		}
	}
	c.MaxSessions = cmp.Or(c.MaxSessions, 100_000)
	c.Reserve = min(cmp.Or(c.Reserve, c.MaxSessions/10), c.MaxSessions)
	c.MaxPerAddress = cmp.Or(c.MaxPerAddress, 10_000)
	c.FrameRate = cmp.Or(c.FrameRate, 50)
	c.FrameBurst = cmp.Or(c.FrameBurst, 1_000)
	c.WindowEntries = cmp.Or(c.WindowEntries, 4_096)
	c.WindowBytes = cmp.Or(c.WindowBytes, 64<<20)
	c.Shards = cmp.Or(c.Shards, shardsPerCore*runtime.GOMAXPROCS(0))
	c.Heartbeat = cmp.Or(c.Heartbeat, 15*time.Second)
	c.HelloTimeout = cmp.Or(c.HelloTimeout, 10*time.Second)
	c.SendTimeout = cmp.Or(c.SendTimeout, 10*time.Second)
	c.ReconnectWindow = cmp.Or(c.ReconnectWindow, 8*time.Second)
	c.ReceiptInterval = cmp.Or(c.ReceiptInterval, 5*time.Second)
	c.AudienceInterval = cmp.Or(c.AudienceInterval, 5*time.Second)
	c.Settle = cmp.Or(c.Settle, 10*time.Second)
	if c.Client == nil {
		c.Client = &http.Client{Timeout: 15 * time.Second}
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c, nil
}
