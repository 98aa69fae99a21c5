// Package tidy holds one test, which reads the source of the whole repository and fails where it
// breaks a rule of its style: what may import what, what the engine must not touch, how long lines,
// functions and files may be, and where the order of a map may be seen.
package tidy
