// Package api holds lists of what the stable packages export, and one test that compares them with
// the source. A name that was added, removed or changed since the last release is marked in its
// list, and must stand in the part of CHANGELOG.md that is not released yet:
//
//	go test ./internal/api -rewrite   # marks what has changed; read the diff
//	go test ./internal/api -release   # takes the marks away: a release has been made
//
// A line of a list is one declaration, as `go doc` shows it, without what it does not promise. "+"
// before it is a declaration that the last release has not, "-" one that it had.
package api
