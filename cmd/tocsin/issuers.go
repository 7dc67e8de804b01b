package main

import (
	"bytes"
	"encoding/json"
	"fmt"

	"tocsin/auth"
)

// issuerJSON is one issuer of the configuration file.
type issuerJSON struct {
	Issuer       string              `json:"issuer"`
	Audience     string              `json:"audience"`
	JWKSURL      string              `json:"jwks-url"`
	KeyFile      string              `json:"key-file"`
	Labels       map[string]string   `json:"labels"`        // kind → claim
	Allowed      map[string][]string `json:"allowed"`       // kind → patterns of values
	SessionClaim string              `json:"session-claim"` // default sid
}

// issuers are those of the flags, of the file and of dev mode, together.
func (cmd *serveCmd) issuers() ([]auth.IssuerConfig, error) {
	issuers, err := cmd.Config.issuers()
	if err != nil {
		return nil, err
	}
	if cmd.Issuer != "" {
		issuers = append(issuers, auth.IssuerConfig{
			Issuer: cmd.Issuer, Audience: cmd.Audience, JWKSURL: cmd.JWKSURL, Labels: cmd.Label,
		})
	} else if cmd.Audience != "" || cmd.JWKSURL != "" || len(cmd.Label) > 0 {
		return nil, misusef("--audience, --jwks-url and --label belong to an --issuer, which is missing")
	}
	if cmd.Dev {
		issuers = append(issuers, cmd.devMode().issuerConfig())
	}
	return issuers, nil
}

// issuerNames are their names, for the desk.
func issuerNames(issuers []auth.IssuerConfig) []string {
	var names []string
	for _, i := range issuers {
		names = append(names, i.Issuer)
	}
	return names
}

// issuers reads the issuers of the file. A member that is unknown is an error.
func (f configFile) issuers() ([]auth.IssuerConfig, error) {
	if f == "" {
		return nil, nil
	}
	members, err := f.members()
	if err != nil {
		return nil, err
	}
	if members[issuersMember] == nil {
		return nil, nil
	}
	var list []issuerJSON
	dec := json.NewDecoder(bytes.NewReader(members[issuersMember]))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&list); err != nil {
		return nil, fmt.Errorf("--config %s: issuers: %w", f, err)
	}
	var issuers []auth.IssuerConfig
	for _, i := range list {
		issuers = append(issuers, auth.IssuerConfig{
			Issuer: i.Issuer, Audience: i.Audience, JWKSURL: i.JWKSURL, KeyFile: i.KeyFile,
			Labels: i.Labels, Allowed: i.Allowed, SessionClaim: i.SessionClaim,
		})
	}
	return issuers, nil
}
