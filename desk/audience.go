package desk

import (
	"context"
	"net/http"
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

// audienceView is what GET /v1/audience answers.
type audienceView struct {
	Updated stamp `json:"updated"` // when the desk read it
	Audience
}

func (d *Desk) getAudience(w http.ResponseWriter, r *http.Request, _ staff) error {
	latest, err := d.audience.get(r.Context(), "", d.readAudience)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, audienceView{stamp(latest.at), latest.value})
}

func (d *Desk) readAudience(ctx context.Context) (Audience, error) {
	a, err := d.config.Audiences.Audience(ctx)
	if err != nil {
		d.log.Warn("audience not read", "error", err)
		return a, errUnavailable.with("who is connected can't be read now")
	}
	return a, nil
}
