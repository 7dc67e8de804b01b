// Package target is the Tocsin that is measured: one that the tool starts for itself,
// or one that is told by its addresses. It publishes there as staff would, makes tokens
// for patients, and reads what the process costs, where it can see it.
package target
