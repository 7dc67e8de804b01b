package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// Cohort is a list of people who are known afterwards to be affected. Nobody is told
// who is on it.
type Cohort struct {
	Name    string    `json:"name"`
	Members int       `json:"members"`
	Time    time.Time `json:"time"` // when it was made
}

// Cohorts lists the cohorts.
func (d *Desk) Cohorts(ctx context.Context) ([]Cohort, error) {
	var list struct {
		Cohorts []Cohort `json:"cohorts"`
	}
	err := d.call(ctx, request{path: "/v1/cohorts", login: true}, &list)
	return list.Cohorts, err
}

// CohortList is who is to be in a cohort.
type CohortList struct {
	Issuer   string   `json:"issuer"`   // the iss of their tokens
	Subjects []string `json:"subjects"` // the sub of each
	// AnyIssuer takes the issuer's name as it is, though the desk does not know it.
	AnyIssuer bool `json:"-"`
}

// PutCohort makes a cohort, in place of an earlier one of that name. The desk keeps
// pseudonyms, not the subjects.
func (d *Desk) PutCohort(ctx context.Context, name string, list CohortList) (Cohort, error) {
	body, err := json.Marshal(list)
	if err != nil {
		return Cohort{}, fmt.Errorf("writing the cohort: %w", err)
	}
	path := cohortPath(name)
	if list.AnyIssuer {
		path += "?any-issuer=true"
	}
	var c Cohort
	err = d.call(ctx, request{method: http.MethodPut, path: path, body: body, login: true}, &c)
	return c, err
}

// RemoveCohort drops a cohort, or returns ErrNotFound. Notices to it reach nobody any
// more.
func (d *Desk) RemoveCohort(ctx context.Context, name string) error {
	return d.call(ctx, request{method: http.MethodDelete, path: cohortPath(name), login: true}, nil)
}

func cohortPath(name string) string { return "/v1/cohorts/" + url.PathEscape(name) }
