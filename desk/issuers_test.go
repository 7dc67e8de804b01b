package desk_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/desk"
)

// Staff are told which issuers there are, to compare a name with; strangers are not.
func TestIssuers(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	o := s.open(func(c *desk.Config) { c.Issuers = []string{"https://video.example", "https://idp.example"} })
	a := o.as(o.staff.Operator, http.MethodGet, "/v1/issuers")
	require.Equal(t, []any{"https://idp.example", "https://video.example"}, a.Body["issuers"], a.Text)
	require.Equal(t, http.StatusUnauthorized, o.do(o.request(http.MethodGet, "/v1/issuers", nil)).Status)

	ignorant := s.open()
	require.Equal(t, []any{}, ignorant.as(o.staff.Operator, http.MethodGet, "/v1/issuers").Body["issuers"])
}
