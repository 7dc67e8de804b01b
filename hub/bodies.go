package hub

import (
	"net/http"
	"time"
)

// bodyTime is how long what is there of a body may take to be thrown away. A connection
// closed with unread data is reset, and a reset can overtake the answer.
const bodyTime = time.Second

// WithoutBodies refuses requests that have a body, for handlers that read none. net/http
// would wait for it before it answers, and no time-out of a server that has long sessions
// ends that: each such request would hold its connection for good.
func WithoutBodies(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength != 0 {
			w.Header().Set("Connection", "close")
			_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyTime))
			http.Error(w, "No request to this address has a body.", http.StatusRequestEntityTooLarge)
			return
		}
		next.ServeHTTP(w, r)
	})
}
