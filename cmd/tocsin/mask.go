package main

import "regexp"

// notRepeated is what is said in a secret's place.
const notRepeated = "[not repeated]"

// What may be a secret in the text of an error.
var (
	maskWhole    = regexp.MustCompile(`(?s)(-----BEGIN|# Tocsin keyring).*`)
	maskPassword = regexp.MustCompile(`[^\s"'/]*:[^\s"']*@`) // user:password@host
	maskQuery    = regexp.MustCompile(`\?[^\s"')][^\s"']*`)  // not a question: (is it?)
	// A random key of 32 bytes has 43 characters in base64, an identifier 36. Lower
	// case alone stays: hexadecimal digits name keys and payloads.
	maskLong = regexp.MustCompile(`[\w.+=-]{40,}`)
	upper    = regexp.MustCompile(`[A-Z]`)
)

// masked is an error's text without what may be a secret. Errors repeat what was
// typed, configured or set, and that may be a token where the name of a file belongs,
// a whole keyring in a variable, a password in an address; a supervisor keeps what a
// process says that does not start.
func masked(text string) string {
	text = maskWhole.ReplaceAllLiteralString(text, notRepeated)
	text = maskPassword.ReplaceAllLiteralString(text, notRepeated+"@")
	text = maskQuery.ReplaceAllLiteralString(text, "?"+notRepeated)
	return maskLong.ReplaceAllStringFunc(text, func(long string) string {
		if upper.MatchString(long) {
			return notRepeated
		}
		return long
	})
}
