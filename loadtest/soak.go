//go:build linux

package main

import "context"

type soakCmd struct {
	crowdFlags
	targetFlags
	outFlags
}

func (cmd *soakCmd) Run(ctx context.Context) error { return nil }
