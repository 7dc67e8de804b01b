//go:build linux

package main

import "context"

type stormCmd struct {
	crowdFlags
	targetFlags
	outFlags
}

func (cmd *stormCmd) Run(ctx context.Context) error { return nil }
