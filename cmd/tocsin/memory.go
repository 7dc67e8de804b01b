package main

import (
	"log/slog"
	"os"
	"runtime/debug"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

const (
	// garbage is how many percent of what is in use may pile up before it is collected
	// (GOGC). A storm of reconnects costs a tenth less than with Go's 100, and idle
	// connections no more memory.
	garbage = 400
	// share of the memory that this process may have beyond which it is collected sooner.
	share = 0.75
)

// boundMemory trades memory for time, as far as the container or the machine has it. GOGC
// and GOMEMLIMIT overrule it.
func boundMemory(log *slog.Logger) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbage)
	}
	has := memlimit.ApplyFallback(memlimit.FromCgroup, memlimit.FromSystem)
	if _, err := memlimit.Set(memlimit.WithProvider(has), memlimit.WithRatio(share)); err != nil {
		log.Warn("how much memory there is is not known; GOMEMLIMIT sets a bound", slog.Any("err", err))
	}
}
