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

// latestAudience is what came of reading it last; owned by whoever holds Desk.counting.
type latestAudience struct {
	view audienceView
	err  error
	at   time.Time
}

// getAudience reads anew what is too old. All who ask meanwhile wait for the one answer,
// and share it also if it is that the broker gives none.
func (d *Desk) getAudience(w http.ResponseWriter, r *http.Request, _ staff) error {
	select {
	case d.counting <- struct{}{}:
	case <-r.Context().Done():
		return errTooMany
	}
	if age := d.now().Sub(d.audience.at); age < 0 || age >= audienceAge {
		d.audience = d.readAudience(r.Context())
	}
	latest := d.audience
	<-d.counting // before a slow reader is written to
	if latest.err != nil {
		return latest.err
	}
	return writeJSON(w, http.StatusOK, latest.view)
}

// readAudience reads for all, so it does not end with the one who asks first.
func (d *Desk) readAudience(ctx context.Context) latestAudience {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), d.config.publishTimeout())
	defer cancel()
	a, err := d.config.Audiences.Audience(ctx)
	now := d.now()
	if err != nil {
		d.log.Warn("audience not read", "error", err)
		err = errUnavailable.with("who is connected can't be read now")
	}
	return latestAudience{audienceView{stamp(now), a}, err, now}
}
