package desk

import (
	"net/http"
	"slices"
)

// getIssuers names the issuers that edges believe, so that whoever writes a posture or a
// cohort can be told of a slip in one.
func (d *Desk) getIssuers(w http.ResponseWriter, _ *http.Request, _ staff) error {
	issuers := append([]string{}, d.config.Issuers...) // absent is [], never null
	slices.Sort(issuers)
	return writeJSON(w, http.StatusOK, struct {
		Issuers []string `json:"issuers"`
	}{issuers})
}
