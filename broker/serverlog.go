package broker

import (
	"fmt"
	"log/slog"
	"sync"
)

// serverLog hands the embedded server's log to slog. The server's notices are Debug
// here: it greets at length. What it calls fatal would end a nats-server process;
// here it is an error that start reports.
type serverLog struct {
	log   *slog.Logger
	fatal chan struct{} // closed at the first fatal message
	once  sync.Once

	mu    sync.Mutex
	cause string // the first fatal message
}

func newServerLog(log *slog.Logger) *serverLog {
	return &serverLog{log: log.With("component", "jetstream"), fatal: make(chan struct{})}
}

func (l *serverLog) Noticef(format string, v ...any) { l.log.Debug(fmt.Sprintf(format, v...)) }
func (l *serverLog) Debugf(format string, v ...any)  { l.log.Debug(fmt.Sprintf(format, v...)) }
func (l *serverLog) Tracef(format string, v ...any)  { l.log.Debug(fmt.Sprintf(format, v...)) }
func (l *serverLog) Warnf(format string, v ...any)   { l.log.Warn(fmt.Sprintf(format, v...)) }
func (l *serverLog) Errorf(format string, v ...any)  { l.log.Error(fmt.Sprintf(format, v...)) }

func (l *serverLog) Fatalf(format string, v ...any) {
	text := fmt.Sprintf(format, v...)
	l.log.Error(text)
	l.once.Do(func() {
		l.mu.Lock()
		l.cause = text
		l.mu.Unlock()
		close(l.fatal)
	})
}

func (l *serverLog) why() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cause
}
