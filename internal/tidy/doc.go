// Package tidy holds one test, which reads the source of the whole repository and fails where it
// breaks a rule of its style: what may import what, what the engine must not touch, how long
// lines, functions and files may be, where the order of a map may be seen, and that nothing decides
// whether a command may run but its declaration and the one list of checks.
package tidy
