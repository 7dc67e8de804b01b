package desk

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"time"

	"tocsin/auth"
	"tocsin/notice"
)

const (
	// maxCohortBody holds [auth.MaxCohort] subject ids of some 40 characters. One such
	// body is read at a time.
	maxCohortBody = 48 << 20
	// cohortTimeout is how long one may take to come.
	cohortTimeout = 60 * time.Second
	// MaxCohorts bounds the lists that every edge looks through for each session.
	MaxCohorts = 64
)

// CohortInfo is what is told of a cohort: never who is on it.
type CohortInfo struct {
	Name    string
	Members int
	Time    time.Time // when it was made
	SHA256  string    // of the sealed list, lower-case hex
}

// Cohorts keeps the lists of affected people, sealed, where edges read them. Methods
// are safe for concurrent use; errors are those of [Proposals].
type Cohorts interface {
	List(ctx context.Context) ([]CohortInfo, error)
	// Put keeps a list in place of an earlier one of its name.
	Put(ctx context.Context, info CohortInfo, sealed []byte) error
	// Delete drops a list, or returns ErrNotFound.
	Delete(ctx context.Context, name string) error
}

// cohortView is a cohort in an answer.
type cohortView struct {
	Name    string `json:"name"`
	Members int    `json:"members"`
	Time    stamp  `json:"time"`
}

func (c CohortInfo) view() cohortView {
	return cohortView{Name: c.Name, Members: c.Members, Time: stamp(c.Time)}
}

// cohortBody is what PUT /v1/cohorts/{name} takes.
type cohortBody struct {
	Issuer   string   `json:"issuer"`
	Subjects []string `json:"subjects"`
}

func (d *Desk) getCohorts(w http.ResponseWriter, r *http.Request, _ staff) error {
	list, err := d.cohortList(r.Context())
	if err != nil {
		return err
	}
	views := []cohortView{}
	for _, c := range list {
		views = append(views, c.view())
	}
	return writeJSON(w, http.StatusOK, struct {
		Cohorts []cohortView `json:"cohorts"`
	}{views})
}

func (d *Desk) cohortList(ctx context.Context) ([]CohortInfo, error) {
	list, err := d.config.Cohorts.List(ctx)
	if err != nil {
		d.log.Warn("cohorts not read", "error", err)
		return nil, errUnavailable
	}
	return list, nil
}

// putCohort makes a cohort of subject ids. Only their pseudonyms are kept, sealed: the
// ids are in no file, log or journal.
func (d *Desk) putCohort(w http.ResponseWriter, r *http.Request, who staff) error {
	name := r.PathValue("name")
	if err := mayMakeCohorts(name, who); err != nil {
		return err
	}
	body, err := d.readCohort(w, r)
	if err != nil {
		return err
	}
	if !d.mayBelieve(body.Issuer) && r.URL.Query().Get("any-issuer") != "true" {
		return errBadRequest.with("edges believe no issuer of this name, so the list would have nobody on it. " +
			"GET /v1/issuers names those that they do; with ?any-issuer=true it is taken nevertheless")
	}
	cohort, err := d.config.Pseudonyms.NewCohort(body.Issuer, body.Subjects)
	if err != nil {
		return errBadRequest.with(err.Error()) // names no subject
	}
	if err := d.roomForCohort(r.Context(), name); err != nil {
		return err
	}
	sealed := d.config.Pseudonyms.SealCohort(name, cohort)
	sum := sha256.Sum256(sealed)
	info := CohortInfo{Name: name, Members: cohort.Len(), Time: d.now(), SHA256: hex.EncodeToString(sum[:])}
	ctx, cancel := acting(r)
	defer cancel()
	err = d.perform(ctx, Record{Act: ActCohort, Identifier: name, SHA256: info.SHA256, Owners: []string{who.owner}},
		func() error { return d.config.Cohorts.Put(ctx, info, sealed) })
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, info.view())
}

func (d *Desk) deleteCohort(w http.ResponseWriter, r *http.Request, who staff) error {
	name := r.PathValue("name")
	if err := mayMakeCohorts(name, who); err != nil {
		return err
	}
	ctx, cancel := acting(r)
	defer cancel()
	err := d.perform(ctx, Record{Act: ActCohortRemoved, Identifier: name, Owners: []string{who.owner}},
		func() error { return d.config.Cohorts.Delete(ctx, name) })
	if errors.Is(err, ErrNotFound) {
		return errNotFound
	}
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// mayMakeCohorts: who may sign notices may say whom they are for.
func mayMakeCohorts(name string, who staff) error {
	if !slices.Contains(who.roles, notice.RolePublisher) && !slices.Contains(who.roles, notice.RoleApprover) {
		return errForbidden.with("cohorts are made by publishers and approvers")
	}
	if !auth.IsCohortName(name) {
		return errBadRequest.with("a cohort's name is 1 to 64 of a-z, 0-9 and -, the first no -")
	}
	return nil
}

func (d *Desk) roomForCohort(ctx context.Context, name string) error {
	list, err := d.cohortList(ctx)
	if err != nil {
		return err
	}
	known := slices.ContainsFunc(list, func(c CohortInfo) bool { return c.Name == name })
	if !known && len(list) >= MaxCohorts {
		return errTooMany.with("64 cohorts are there: remove one that is no longer needed")
	}
	return nil
}

// readCohort reads the body of a cohort, one at a time.
func (d *Desk) readCohort(w http.ResponseWriter, r *http.Request) (body cohortBody, err error) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return body, errMediaType
	}
	select {
	case d.cohorts <- struct{}{}:
		defer func() { <-d.cohorts }()
	default:
		d.metrics.busy.Inc()
		return body, errTooMany
	}
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(cohortTimeout))
	_ = control.SetWriteDeadline(time.Now().Add(cohortTimeout + writeTimeout))
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxCohortBody))
	if err != nil {
		var tooBig *http.MaxBytesError
		if errors.As(err, &tooBig) {
			return body, err
		}
		return body, errBadRequest.with("the body could not be read")
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&body); err != nil || body.Issuer == "" || len(body.Subjects) == 0 {
		return body, errBadRequest.with("not an issuer and its subjects")
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return body, errBadRequest.with("something stands behind the list") // another list may be
	}
	return body, unhurried(w)
}

// cohortFate tells what became of an act on a cohort.
func (d *Desk) cohortFate(ctx context.Context, u *unsettled) (Record, bool) {
	end := u.Record
	if d.config.Cohorts == nil { // no longer configured
		return end, false
	}
	list, err := d.config.Cohorts.List(ctx)
	if err != nil {
		return end, false
	}
	i := slices.IndexFunc(list, func(c CohortInfo) bool { return c.Name == u.Identifier })
	done := i >= 0 && list[i].SHA256 == u.SHA256
	if u.Act == ActCohortRemoved {
		done = i < 0
	}
	end.Phase = PhaseDone
	if !done {
		end.Phase, end.Rule = PhaseRefused, "not-kept"
	}
	return end, true
}
