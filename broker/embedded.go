package broker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"tocsin/notice"
)

const (
	// storeMemory bounds the streams and consumers that JetStream keeps in memory. Tocsin
	// makes none.
	storeMemory = 64 << 20
	// storeReserve is what the server may store in all. The bound that counts is
	// that of each stream; this one is out of the way, since a server whose limit
	// was lowered below what its streams have reserved refuses to load them.
	storeReserve = 1 << 50
	// startPoll is how often a starting server is asked whether it is ready.
	startPoll = 50 * time.Millisecond
	// healthInterval is how often the server is asked for write errors.
	healthInterval = time.Second
	// restartStable is how long a restarted server must hold for the next restart to
	// be immediate again.
	restartStable = time.Minute
	restartMax    = 30 * time.Second
)

// embedded is a JetStream server within this process, which can be restarted behind
// the connections made through it.
type embedded struct {
	dir  string
	log  *slog.Logger
	lock io.Closer

	life   sync.Mutex    // held while a server starts or stops
	closed chan struct{} // closed when no server is to start any more

	mu     sync.Mutex
	server *server.Server // nil while it is down
}

// newEmbedded locks the store in dir, making it if need be.
func newEmbedded(dir string, maxBytes int64, log *slog.Logger) (*embedded, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the store: %w", err)
	}
	lock, err := lockDir(dir)
	if err != nil {
		return nil, err
	}
	if err := checkVolume(dir, maxBytes, log); err != nil {
		lock.Close()
		return nil, err
	}
	return &embedded{dir: dir, log: log, lock: lock, closed: make(chan struct{})}, nil
}

// checkVolume holds the store's limit against the room that it has. A new store must
// fit. One that exists is opened all the same: a hub that can only read is worth
// more than none.
func checkVolume(dir string, maxBytes int64, log *slog.Logger) error {
	free, err := freeBytes(dir)
	if err != nil {
		return err
	}
	used, exists, err := dirBytes(filepath.Join(dir, "jetstream"))
	if err != nil {
		return err
	}
	if maxBytes <= used+free {
		return nil
	}
	if !exists {
		return fmt.Errorf("making the store %s: its limit is %d bytes, and its volume has %d free: free some, or lower the limit",
			dir, maxBytes, free)
	}
	log.Warn("store may outgrow its volume", "dir", dir, "max_bytes", maxBytes, "used_bytes", used, "free_bytes", free)
	return nil
}

// dirBytes is the size of all files under dir, and whether dir exists.
func dirBytes(dir string) (size int64, exists bool, err error) {
	err = filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		exists = true
		if info, err := entry.Info(); err == nil && info.Mode().IsRegular() {
			size += info.Size()
		}
		return nil
	})
	if err != nil {
		return 0, exists, fmt.Errorf("measuring the store: %w", err)
	}
	return size, exists, nil
}

// InProcessConn connects to the server that runs now; nats.InProcessServer wants it.
func (e *embedded) InProcessConn() (net.Conn, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.server == nil {
		return nil, errors.New("the embedded server is down")
	}
	return e.server.InProcessConn()
}

func (e *embedded) options() *server.Options {
	return &server.Options{
		ServerName: "tocsin",
		// Nothing listens: this process is the only client, through a pipe. So there
		// are no users to authenticate.
		DontListen: true,
		NoSigs:     true,
		MaxPayload: notice.MaxBody,

		JetStream:              true,
		StoreDir:               e.dir, // the server adds "jetstream"
		SyncAlways:             true,  // fsync before the answer
		JetStreamMaxMemory:     storeMemory,
		JetStreamMaxStore:      storeReserve,
		DisableJetStreamBanner: true,
	}
}

// start starts the server and waits until its streams are loaded, however long that
// takes: an unusable store shows at once, as a fatal message of the server, or as a
// stream that is on the disk and not in the server.
func (e *embedded) start(ctx context.Context) error {
	e.life.Lock()
	defer e.life.Unlock()
	select {
	case <-e.closed: // and the store unlocked
		return ErrClosed
	default:
	}
	srv, err := server.NewServer(e.options())
	if err != nil {
		return fmt.Errorf("starting the store %s: %w", e.dir, err)
	}
	log := newServerLog(e.log)
	srv.SetLoggerV2(log, false, false, false)
	var wg sync.WaitGroup
	wg.Go(srv.Start)
	err = e.await(ctx, srv, log)
	if err == nil {
		err = unhealthy(srv)
	}
	if err != nil {
		srv.Shutdown()
		srv.WaitForShutdown()
		wg.Wait()
		return fmt.Errorf("starting the store %s: %w", e.dir, err)
	}
	wg.Wait() // Start returns: it has nothing to listen to
	e.mu.Lock()
	e.server = srv
	e.mu.Unlock()
	return nil
}

func (e *embedded) await(ctx context.Context, srv *server.Server, log *serverLog) error {
	for !srv.ReadyForConnections(startPoll) {
		select {
		case <-e.closed:
			return ErrClosed
		case <-log.fatal:
			return errors.New(log.why())
		case <-ctx.Done():
			return fmt.Errorf("the server is not ready: %w", ctx.Err())
		default:
		}
	}
	return nil
}

// healthTries is how often a bad account of a server's health is asked for again. The
// server gives itself 1 ms to say that it has started, and on a busy machine draws lots
// between that and the time-out (v2.15.2, Healthz). An error of the store stays.
const healthTries = 20

// unhealthy is the server's own account of what is wrong with its store: JetStream
// disabled, a stream that was not recovered, a stream with a write error.
func unhealthy(srv *server.Server) error {
	return persistent(func() *server.HealthStatus { return srv.Healthz(nil) })
}

// persistent is the error that every one of healthTries accounts has; nil if one has none.
func persistent(account func() *server.HealthStatus) error {
	var health *server.HealthStatus
	for range healthTries {
		if health = account(); health.Error == "" {
			return nil
		}
	}
	return errors.New(health.Error)
}

// health returns why the store can't be used, or nil.
func (e *embedded) health() error {
	e.mu.Lock()
	srv := e.server
	e.mu.Unlock()
	if srv == nil {
		return errors.New("the embedded server is down")
	}
	return unhealthy(srv)
}

// stop shuts the server down in order and keeps the lock.
func (e *embedded) stop() {
	e.life.Lock()
	defer e.life.Unlock()
	e.shutdown()
}

// shutdown wants e.life.
func (e *embedded) shutdown() {
	e.mu.Lock()
	srv := e.server
	e.server = nil
	e.mu.Unlock()
	if srv != nil {
		srv.Shutdown()
		srv.WaitForShutdown()
	}
}

// close stops the server for good and then unlocks the store.
func (e *embedded) close() {
	close(e.closed)
	e.life.Lock()
	defer e.life.Unlock()
	e.shutdown()
	if err := e.lock.Close(); err != nil {
		e.log.Warn("unlocking the store", "error", err)
	}
}

// supervise restarts the embedded server when its store reports an error. The first
// restart is immediate; when that does not last, the next ones wait longer each time.
func (b *Broker) supervise(ctx context.Context) {
	ticker := time.NewTicker(healthInterval)
	defer ticker.Stop()
	var delay time.Duration
	var started time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-b.closed:
			return
		case <-ticker.C:
		case <-b.suspect:
		}
		err := b.server.health()
		for err != nil {
			if time.Since(started) > restartStable {
				delay = 0
			}
			b.log.Error("store failed, restarting it", "dir", b.config.Dir, "error", err, "delay", delay)
			if !b.sleep(ctx, delay) {
				return
			}
			delay = min(max(2*delay, time.Second), restartMax)
			err = b.restart(ctx)
			started = time.Now()
		}
	}
}

// restart restarts the server on the streams that it had. It makes none: a store
// whose streams are gone (a volume that was unmounted, say) is an error, not the
// beginning of an empty log.
func (b *Broker) restart(ctx context.Context) error {
	b.metrics.restarts.Inc()
	b.server.stop()
	if err := b.server.start(ctx); err != nil {
		return err
	}
	waiting, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	if err := b.link.wait(waiting); err != nil {
		return fmt.Errorf("connecting to the restarted store: %w", err)
	}
	if _, err := b.logState(waiting); err != nil {
		return err
	}
	b.log.Info("store restarted", "dir", b.config.Dir)
	return nil
}
