package auth

import "io/fs"

// Exposed reports whether others than it is meant for may use a file of keys. It is its
// owner's alone (0600). One that is root's may be read by a group besides (0640), if this
// process is not root: so orchestrators hand secrets to a process, and so PostgreSQL
// (libpq, "sslkey") takes them.
func Exposed(info fs.FileInfo) bool { return exposed(info, rootGives(info)) }

func exposed(info fs.FileInfo, given bool) bool {
	if given {
		return info.Mode().Perm()&0o037 != 0
	}
	return info.Mode().Perm()&0o077 != 0
}
