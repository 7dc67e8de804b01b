package hub

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"time"

	"tocsin/notice"
)

//go:embed emergency.html
var emergencyHTML string

//go:embed emergency.css
var emergencyCSS string

// emergencyPage renders /emergency; immutable.
type emergencyPage struct {
	page *template.Template
	csp  string
}

func newEmergencyPage() (*emergencyPage, error) {
	page, err := template.New("emergency").Funcs(template.FuncMap{"when": when}).Parse(emergencyHTML)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(emergencyCSS))
	return &emergencyPage{page: page, csp: "default-src 'none'; base-uri 'none'; form-action 'none'; " +
		"frame-ancestors 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"}, nil
}

// when is a time for people and, in UTC, for their browsers.
func when(d notice.DateTime) (template.HTML, error) {
	t, err := d.Time()
	if err != nil {
		return "", err
	}
	t = t.UTC()
	return template.HTML(t.Format(`<time lang="en" dir="ltr" datetime="2006-01-02T15:04:05Z">2 Jan 2006, 15:04 UTC</time>`)), nil
}

// shown is one thread on the page.
type shown struct {
	Exercise  bool
	Withdrawn string // why; set only if it was withdrawn
	Ended     notice.DateTime
	Severity  string // in words
	Info      []notice.Info

	rank int // the lower, the higher on the page
}

// severities are from the gravest on.
var severities = []notice.Severity{notice.SeverityExtreme, notice.SeveritySevere, notice.SeverityModerate, notice.SeverityMinor}

// order ranks what is happening before what is an exercise, that before what is
// withdrawn, and by severity among those; it says that, too.
func (s *shown) order() {
	s.rank = len(severities)
	if len(s.Info) > 0 {
		if i := slices.Index(severities, s.Info[0].Severity); i >= 0 {
			s.rank, s.Severity = i, strings.ToLower(string(severities[i]))
		}
	}
	switch {
	case s.Withdrawn != "":
		s.rank += 200
	case s.Exercise:
		s.rank += 100
	}
}

// emergency is GET /emergency: the active public notices as a page without script,
// for a CDN to keep when nothing else works.
func (h *Hub) emergency(w http.ResponseWriter, _ *http.Request) {
	threads, cards, ok := h.publicThreads(time.Now())
	header := w.Header()
	header.Set("Content-Security-Policy", h.emergencyPage.csp)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	if !ok {
		header.Set("Cache-Control", "no-store")
		header.Set("Retry-After", "5")
		http.Error(w, "This node has nothing to serve yet.", http.StatusServiceUnavailable)
		return
	}
	var page bytes.Buffer
	err := h.emergencyPage.page.Execute(&page, map[string]any{
		"CSS": template.CSS(emergencyCSS), "Threads": threads, "Cards": cards,
		"At": notice.FormatTime(time.Now()), "Live": h.status.Load().live,
	})
	if err != nil {
		http.Error(w, "This page can't be made.", http.StatusInternalServerError)
		return
	}
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Cache-Control", "public, max-age=5, stale-while-revalidate=30, stale-if-error=86400")
	_, _ = w.Write(page.Bytes())
}

// publicThreads lists what anybody may read, what matters most first, then the
// newest; ok is false if nothing is served.
func (h *Hub) publicThreads(now time.Time) (threads []shown, cards []notice.Card, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.serving == nil {
		return nil, nil, false
	}
	all := h.serving.board.Threads()
	for i := len(all) - 1; i >= 0; i-- {
		t := all[i]
		phase := t.Phase(now)
		if phase == notice.Over || !forAnybody(t.Alert.Notice) {
			continue
		}
		s := shown{Exercise: t.Alert.Notice.Status == notice.StatusExercise, Info: t.Content.Notice.Info}
		if phase == notice.Withdrawn {
			s.Withdrawn, s.Ended = t.Current.Notice.Note, t.Current.Notice.Sent
		}
		s.order()
		threads = append(threads, s)
	}
	slices.SortStableFunc(threads, func(a, b shown) int { return cmp.Compare(a.rank, b.rank) })
	if c := h.serving.board.Contacts(); c != nil {
		cards = slices.DeleteFunc(slices.Clone(c.Cards), forStaff)
	}
	return threads, cards, true
}

// forStaff reports cards that patients have no use for, as the portal leaves them out.
// They are no secret: contacts are sent to every client.
func forStaff(c notice.Card) bool { return c.Audience == "staff" }
