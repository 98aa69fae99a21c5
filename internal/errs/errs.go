// Package errs has of package errors what costs a test binary much. The compiler puts errors.Join,
// with both its loops, into each place that closes something after a failure: 10 KB. For errors.As
// comes what of reflection assigns values, which nobody else needs there: 20 KB.
package errs

import "errors"

// Join is errors.Join.
//
//go:noinline
func Join(errs ...error) error { return errors.Join(errs...) }

// As returns the first error of a type among err and what it wraps, as errors.As finds it.
func As[T error](err error) (found T, ok bool) {
	for err != nil {
		if found, ok = err.(T); ok {
			return found, true
		}
		if like, can := err.(interface{ As(any) bool }); can && like.As(&found) {
			return found, true
		}
		switch wraps := err.(type) {
		case interface{ Unwrap() error }:
			err = wraps.Unwrap()
		case interface{ Unwrap() []error }:
			for _, err := range wraps.Unwrap() {
				if found, ok = As[T](err); ok {
					return found, true
				}
			}
			return found, false
		default:
			return found, false
		}
	}
	return found, false
}
