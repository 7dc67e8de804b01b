//go:build !linux && !darwin && !freebsd

package main

import "errors"

// diskOf is not known here.
func diskOf(string) (free, all uint64, err error) { return 0, 0, errors.ErrUnsupported }
