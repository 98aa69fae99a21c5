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

// classWords are refusals of a class in Redis's words, for what a test has befall a command.
var classWords = map[errorClass]string{
	"BUSY": "BUSY Redis is busy running a script. You can only call SCRIPT KILL or " +
		"SHUTDOWN NOSAVE.",
	"BUSYGROUP": "BUSYGROUP Consumer Group name already exists",
	"BUSYKEY":   "BUSYKEY Target key name already exists.",
	"EXECABORT": "EXECABORT Transaction discarded because of previous errors.",
	"LOADING":   "LOADING Redis is loading the dataset in memory",
	"MISCONF": "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to " +
		"persist to disk. Commands that may modify the data set are disabled, because this " +
		"instance is configured to report errors during writes if RDB snapshotting fails " +
		"(stop-writes-on-bgsave-error option). Please check the Redis logs for details about the " +
		"RDB error.",
	"NOAUTH":     "NOAUTH Authentication required.",
	"NOPROTO":    "NOPROTO unsupported protocol version",
	"NOREPLICAS": "NOREPLICAS Not enough good replicas to write.",
	"NOSCRIPT":   "NOSCRIPT No matching script. Please use EVAL.",
	"NOTBUSY":    "NOTBUSY No scripts in execution right now.",
	"OOM":        "OOM command not allowed when used memory > 'maxmemory'.",
	"READONLY":   "READONLY You can't write against a read only replica.",
	"UNBLOCKED":  "UNBLOCKED client unblocked via CLIENT UNBLOCK",
	"UNKILLABLE": "UNKILLABLE Sorry the script already executed write commands against the " +
		"dataset. You can either wait the script termination or kill the server in a hard way " +
		"using the SHUTDOWN NOSAVE command.",
	"WRONGPASS": "WRONGPASS invalid username-password pair or user is disabled.",
	"WRONGTYPE": "WRONGTYPE Operation against a key holding the wrong kind of value",
}

// Nil is the error of a reply that is no value: there is no such key, no such element, or a
// transaction was not run.
var Nil error = nilError{}

type nilError struct{}

func (nilError) Error() string { return "redlet: nil" }
