package desk

import (
	"net/http"
	"slices"
)

// mayBelieve tells whether edges may believe an issuer of that name; a desk that was told of
// none can't know.
func (d *Desk) mayBelieve(issuer string) bool {
	return len(d.config.Issuers) == 0 || slices.Contains(d.config.Issuers, issuer)
}

// getIssuers names the issuers that edges believe, so that whoever writes a posture or a
// cohort can be told of a slip in one.
func (d *Desk) getIssuers(w http.ResponseWriter, _ *http.Request, _ staff) error {
	issuers := append([]string{}, d.config.Issuers...) // absent is [], never null
	slices.Sort(issuers)
	return writeJSON(w, http.StatusOK, struct {
		Issuers []string `json:"issuers"`
	}{issuers})
}
