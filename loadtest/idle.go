//go:build linux

package main

import "context"

type idleCmd struct {
	crowdFlags
	targetFlags
	outFlags
}

func (cmd *idleCmd) Run(ctx context.Context) error { return nil }
