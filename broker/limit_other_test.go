//go:build !linux && !darwin

package broker_test

import (
	"errors"
	"testing"
)

func ignoreFileLimit() {}

func limitFiles(uint64) error { return errors.ErrUnsupported }

func needsFileLimit(t testing.TB) { t.Skip("the size of files can't be limited here") }
