// Package auth says what a session may see. It turns the tokens of configured
// issuers, and tickets of its own, into a tier and labels, and says so again
// whenever asked, since the answer changes while a session is open: a token
// ends, an issuer's keys rotate or can't be had any more, a posture voids them.
//
// A credential that is bad in whatever way gives nothing, and is never an
// error: it lowers the tier, it does not close the door. Nothing on the way to
// a Grant waits for the network; keys are fetched in the background. No token,
// ticket or subject ever appears in an error, a log line or a metric.
//
// The package knows nothing of notices, sessions or frames, and its JOSE types
// stay inside it. An Authority and a Keyring are safe for concurrent use, and
// so is a Holder.
package auth
