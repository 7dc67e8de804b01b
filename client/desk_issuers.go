package client

import "context"

// Issuers returns the issuers of tokens that the desk is configured with, sorted; none if
// it does not know, and ErrNotFound if it is too old to say.
func (d *Desk) Issuers(ctx context.Context) ([]string, error) {
	var list struct {
		Issuers []string `json:"issuers"`
	}
	err := d.call(ctx, request{path: "/v1/issuers", login: true}, &list)
	return list.Issuers, err
}
