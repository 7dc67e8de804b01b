// Tocsin is a crisis-notice hub: staff sign a notice, every open portal and
// telehealth call shows it. This command is all of it: the hub (serve), the
// tools of staff (publish, approve, cancel) and of operators (key, keyset,
// status), and a subscriber (tail).
//
// The package reads flags, environment and signals, and wires the other
// packages together. Nothing else in the module does either.
package main

import "os"

func main() {
	os.Exit(run(os.Args[1:], console{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr, program: programName(os.Args[0]),
	}))
}
