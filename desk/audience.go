package desk

import (
	"context"
	"net/http"
	"time"
)

// Audience is who is connected now, over all nodes. A session counts once for each of
// its labels; those that name one person or one call are in no count.
type Audience struct {
	Nodes     int            `json:"nodes"`
	Sessions  int            `json:"sessions"`
	ByTier    map[string]int `json:"byTier"`    // by the tier's name
	BySurface map[string]int `json:"bySurface"` // by the value of surface:*
	ByLabel   map[string]int `json:"byLabel"`   // the largest, surface:* left out
}

// Audiences tells who is connected.
type Audiences interface {
	Audience(ctx context.Context) (Audience, error)
}

// audienceAge is how long one answer serves all who ask: nodes report every few
// seconds, and every open console asks as often.
const audienceAge = 2 * time.Second

// audienceView is what GET /v1/audience answers.
type audienceView struct {
	Updated stamp `json:"updated"` // when the desk read it
	Audience
}

// latestAudience is what was read last; owned by whoever holds Desk.counting.
type latestAudience struct {
	view audienceView
	at   time.Time
}

func (d *Desk) getAudience(w http.ResponseWriter, r *http.Request, _ staff) error {
	select {
	case d.counting <- struct{}{}:
		defer func() { <-d.counting }()
	case <-r.Context().Done():
		return errTooMany
	}
	if age := d.now().Sub(d.audience.at); age < 0 || age >= audienceAge {
		a, err := d.config.Audiences.Audience(r.Context())
		if err != nil {
			d.log.Warn("audience not read", "error", err)
			return errUnavailable.with("who is connected can't be read now")
		}
		now := d.now()
		d.audience = latestAudience{audienceView{stamp(now), a}, now}
	}
	return writeJSON(w, http.StatusOK, d.audience.view)
}
