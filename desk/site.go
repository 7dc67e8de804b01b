package desk

import "net/http"

// getTrust serves the pinned roots to anybody: they are public, and a console verifies
// by them what it shows. A page trusts them as far as the desk that it came from; who
// wants more pins them by another way.
func (d *Desk) getTrust(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "application/x-pem-file")
	_, err := w.Write(d.config.Trust.Marshal())
	return err
}

// site is what stands beside the API: the console, where there is one.
func (d *Desk) site() http.Handler {
	if d.config.Console == nil {
		return d.dispatch("other", nil)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rw := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		d.config.Console.ServeHTTP(rw, r)
		d.metrics.requests.WithLabelValues("console", statusClass(rw.status)).Inc()
	})
}
