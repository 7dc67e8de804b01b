package broker_test

import (
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/stretchr/testify/require"

	"tocsin/broker"
)

// Rights may be given in parts. All parts together are enough, and one less is not.
func TestRightsInParts(t *testing.T) {
	t.Parallel()
	parts := []string{
		"$SYS.REQ.USER.INFO", "tocsin.log.notice.*", "tocsin.log.keyset", "tocsin.log.contacts", "tocsin.log.posture",
		"tocsin.log.redaction", "tocsin.desk.*", "tocsin.head", "tocsin.receipts.*.*",
	}
	without := func(part string) (rest []string) {
		for _, p := range parts {
			if p != part {
				rest = append(rest, p)
			}
		}
		return rest
	}
	log, desk := "append to the log (tocsin.log.>)", "keep proposals (tocsin.desk.>)"
	cases := map[string]struct {
		publish *server.SubjectPermission
		lacks   []string
	}{
		"parts":      {&server.SubjectPermission{Allow: parts}, nil},
		"notice":     {&server.SubjectPermission{Allow: without("tocsin.log.notice.*")}, []string{log}},
		"keyset":     {&server.SubjectPermission{Allow: without("tocsin.log.keyset")}, []string{log}},
		"redaction":  {&server.SubjectPermission{Allow: without("tocsin.log.redaction")}, []string{log}},
		"receipts":   {&server.SubjectPermission{Allow: without("tocsin.receipts.*.*")}, []string{"write receipts (tocsin.receipts.>)"}},
		"denied":     {&server.SubjectPermission{Allow: parts, Deny: []string{"tocsin.desk.>", "tocsin.log.posture"}}, []string{log, desk}},
		"everything": {nil, nil},
	}
	s := startNATS(t, func(o *server.Options) {
		for name, c := range cases {
			o.Users = append(o.Users, &server.User{Username: name, Password: "x", Permissions: &server.Permissions{Publish: c.publish}})
		}
	})
	for name, c := range cases {
		b := open(t, broker.Config{URLs: []string{"nats://" + name + ":x@" + strings.TrimPrefix(s.url(), "nats://")}})
		lacks, err := b.Lacks(testContext(t), broker.RoleEdge, broker.RoleDesk)
		require.NoError(t, err, name)
		require.Equal(t, c.lacks, lacks, name)
	}
}
