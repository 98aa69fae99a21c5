package redlet

import "strings"

// ServerError is a refusal in the server's own words, such as "WRONGTYPE Operation against a key
// holding the wrong kind of value". The first word is its class: errors.Is knows it as
// [ErrWrongType] and so on, errors.As gives the words.
type ServerError string

// Error returns the server's words.
func (e ServerError) Error() string { return string(e) }

// Class is the first word, such as "WRONGTYPE".
func (e ServerError) Class() string {
	class, _, _ := strings.Cut(string(e), " ")
	return class
}

// Is reports whether target is the error's class.
func (e ServerError) Is(target error) bool {
	class, is := target.(errorClass)
	return is && string(class) == e.Class()
}

// errorClass is what refusals have in common.
type errorClass string

// Error returns the class as a sentence.
func (c errorClass) Error() string { return "redlet: the server answered " + string(c) }

// The classes of refusals, for errors.Is. ErrServer is the class ERR, of all that has no other.
var (
	ErrServer     error = errorClass("ERR")
	ErrBusy       error = errorClass("BUSY")       // a script runs for too long
	ErrBusyGroup  error = errorClass("BUSYGROUP")  // there is such a group of consumers
	ErrBusyKey    error = errorClass("BUSYKEY")    // RESTORE: there is such a key
	ErrExecAbort  error = errorClass("EXECABORT")  // MULTI has taken a bad command
	ErrLoading    error = errorClass("LOADING")    // data are being loaded
	ErrMisconf    error = errorClass("MISCONF")    // the last save has failed
	ErrNoAuth     error = errorClass("NOAUTH")     // a password is wanted
	ErrNoGroup    error = errorClass("NOGROUP")    // there is no such group of consumers
	ErrNoPerm     error = errorClass("NOPERM")     // the user may not
	ErrNoProto    error = errorClass("NOPROTO")    // HELLO: there is no such protocol
	ErrNoReplicas error = errorClass("NOREPLICAS") // too few replicas are there
	ErrNoScript   error = errorClass("NOSCRIPT")   // EVALSHA: there is no such script
	ErrNotBusy    error = errorClass("NOTBUSY")    // SCRIPT KILL: no script runs
	ErrOOM        error = errorClass("OOM")        // maxmemory is reached
	ErrReadOnly   error = errorClass("READONLY")   // a replica takes no writes
	ErrUnblocked  error = errorClass("UNBLOCKED")  // CLIENT UNBLOCK ERROR
	ErrUnkillable error = errorClass("UNKILLABLE") // SCRIPT KILL: the script has written
	ErrWrongPass  error = errorClass("WRONGPASS")  // the password is not that
	ErrWrongType  error = errorClass("WRONGTYPE")  // the key holds another type
)

// Nil is the error of a reply that is no value: there is no such key, no such element, or a
// transaction was not run.
var Nil error = nilError{}

type nilError struct{}

func (nilError) Error() string { return "redlet: nil" }
