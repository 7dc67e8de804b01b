package hub

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// hushTime is how long a line is followed by none of its kind.
const hushTime = time.Second

// hush keeps one kind of line, which anybody can cause, from flooding the log. The
// zero value is ready.
type hush struct {
	mu      sync.Mutex
	next    time.Time // the earliest time for another line
	omitted int       // since the last one
}

// log writes the line, unless one of its kind was written within hushTime. The next
// one says how many were left out.
func (q *hush) log(l *slog.Logger, level slog.Level, message string, attrs ...slog.Attr) {
	now := time.Now()
	q.mu.Lock()
	if now.Before(q.next) {
		q.omitted++
		q.mu.Unlock()
		return
	}
	omitted := q.omitted
	q.next, q.omitted = now.Add(hushTime), 0
	q.mu.Unlock()
	if omitted > 0 {
		attrs = append(attrs, slog.Int("omitted", omitted))
	}
	l.LogAttrs(context.Background(), level, message, attrs...)
}
