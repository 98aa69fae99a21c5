package core

import "strconv"

// What strconv does for small numbers is inlined wherever it is called, with all that it calls in
// turn. In a hundred and twenty places that takes KB of a program, so it stands here once.

//go:noinline
func itoa[T int | int64](n T) string { return strconv.FormatInt(int64(n), 10) }

//go:noinline
func appendInt(dst []byte, n int64) []byte { return strconv.AppendInt(dst, n, 10) }
