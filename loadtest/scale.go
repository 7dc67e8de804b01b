//go:build linux

package main

import "context"

type scaleCmd struct {
	crowdFlags
	targetFlags
	outFlags
}

func (cmd *scaleCmd) Run(ctx context.Context) error { return nil }
