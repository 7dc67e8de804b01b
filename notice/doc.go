// Package notice holds what Tocsin carries and the rules that make it
// trustworthy: the notice (OASIS CAP 1.2), the signed envelope (DSSE), the
// keyset and its policy, and the board, which is what holds now, folded from
// the log.
//
// Everything here is a pure function of its input. The fold rules read no clock
// and no configuration but the pinned roots, so that desk, edge and client see
// the same board; admission rules, which do need a clock, are apart (admission.go).
// The package does no I/O, and knows neither the broker nor HTTP.
//
// A Board is not safe for concurrent use: one goroutine folds and reads it, or
// its owner guards it. All other values are immutable once made.
package notice
