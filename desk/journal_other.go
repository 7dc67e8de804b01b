//go:build !unix

package desk

import (
	"errors"
	"os"
)

var errNoJournal = errors.New("desk: a journal needs a lock, which is not supported on this system")

func lockFile(*os.File) error { return errNoJournal }

func syncDir(string) error { return nil } // not reached without a lock
