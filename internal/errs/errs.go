// Package errs joins errors at the cost of a call. The compiler puts errors.Join with both its
// loops into each place that closes something after a failure: 10 KB of each test binary.
package errs

import "errors"

// Join is errors.Join.
//
//go:noinline
func Join(errs ...error) error { return errors.Join(errs...) }
