package core

// Every error that a client can see and that more than one command gives. The first word is its
// code. Errors of one command stand beside that command.
const (
	ErrSyntax      = "ERR syntax error"
	errCountZero   = "ERR count should be greater than 0"
	ErrNotInt      = "ERR value is not an integer or out of range"
	ErrNotFloat    = "ERR value is not a valid float"
	ErrOutOfRange  = "ERR value is out of range"
	errNotPositive = "ERR value is out of range, must be positive"
	ErrWrongType   = "WRONGTYPE Operation against a key holding the wrong kind of value"
	ErrNoKey       = "ERR no such key"
	errIndexRange  = "ERR index out of range"
	errProtected   = "DENIED Redis is running in protected mode because protected mode is enabled " +
		"and no password is set for the default user. In this mode connections are only " +
		"accepted from the loopback interface. If you want to connect from external computers " +
		"to Redis you may adopt one of the following solutions: 1) Just disable protected mode " +
		"sending the command 'CONFIG SET protected-mode no' from the loopback interface by " +
		"connecting to Redis from the same host the server is running, however MAKE SURE Redis " +
		"is not publicly accessible from internet if you do so. Use CONFIG REWRITE to make this " +
		"change permanent. 2) Alternatively you can just disable the protected mode by editing " +
		"the Redis configuration file, and setting the protected mode option to 'no', and then " +
		"restarting the server. 3) If you started the server manually just for testing, restart " +
		"it with the '--protected-mode no' option. 4) Set up an authentication password for the " +
		"default user. NOTE: You only need to do one of the above things in order for the " +
		"server to start accepting connections from the outside."
	errMaxClients = "ERR max number of clients reached"
	errNoAuth     = "NOAUTH Authentication required."
	errExecAbort  = "EXECABORT Transaction discarded because of previous errors."
	errBusy       = "BUSY Redis is busy running a script. You can only call SCRIPT KILL or " +
		"SHUTDOWN NOSAVE."
	errBusyFunction = "BUSY Redis is busy running a script. You can only call FUNCTION KILL or " +
		"SHUTDOWN NOSAVE."
	errMisconf = "MISCONF Redis is configured to save RDB snapshots, but it's currently unable " +
		"to persist to disk. Commands that may modify the data set are disabled, because this " +
		"instance is configured to report errors during writes if RDB snapshotting fails " +
		"(stop-writes-on-bgsave-error option). Please check the Redis logs for details about " +
		"the RDB error."
	errMisconfScript = "MISCONF Redis is configured to save RDB snapshots, but it's currently " +
		"unable to persist to disk. " + scriptsBlocked
	errMisconfScriptAOF = "MISCONF Redis is configured to persist data to AOF, but it's currently " +
		"unable to persist to disk. " + scriptsBlocked + " AOF error: "
	scriptsBlocked = "Writable scripts are blocked. Use 'no-writes' flag for read only scripts."
	errMisconfAOF  = "MISCONF Errors writing to the AOF file: "
	errOOM         = "OOM command not allowed when used memory > 'maxmemory'."
	errMaxkeys     = "OOM command not allowed when there are more keys than 'maxkeys'."
	errScriptOOM   = "OOM allow-oom flag is not set on the script, can not run it when used " +
		"memory > 'maxmemory'"
	errReadOnly       = "READONLY You can't write against a read only replica."
	errReadOnlyScript = "READONLY You can not run script with write flag on readonly replica."
	errMasterDown     = "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set " +
		"to 'no'."
	errNoReplicas   = "NOREPLICAS Not enough good replicas to write."
	errDBIndex      = "ERR DB index is out of range"
	errTimeoutNotF  = "ERR timeout is not a float or out of range"
	errTimeoutRange = "ERR timeout is out of range"
	errTimeoutNeg   = "ERR timeout is negative"
	errTooBig       = "ERR string exceeds maximum allowed size (proto-max-bulk-len)"
	errOverflow     = "ERR increment or decrement would overflow"
	errBadCursor    = "ERR invalid cursor"
	errNaN          = "ERR increment would produce NaN or Infinity"
)

// errArity says that a command has too few or too many arguments.
//
//go:noinline
func errArity(cmd *Command) string {
	return "ERR wrong number of arguments for '" + cmd.full() + "' command"
}

// errNotEnabled says that the configuration does not have a command.
//
//go:noinline
func errNotEnabled(command string) string {
	return "ERR " + upper(command) + " command not allowed. If the enable-" + command +
		"-command option is set to \"local\", you can run it from a local connection, otherwise you " +
		"need to set this option in the configuration file, and then restart the server."
}

// errExpireTime says that a command's expiry is no instant that can be kept.
func errExpireTime(cmd *Command) string {
	return "ERR invalid expire time in '" + cmd.full() + "' command"
}

// errSubcommand says that a container has no such subcommand.
func errSubcommand(container *Command, name []byte) string {
	return "ERR unknown subcommand '" + clip(name, 128) + "'. Try " +
		upper(container.full()) + " HELP."
}

// errSubcommandArity says that a subcommand has arguments that it does not take; only some
// containers say it so.
//
//go:noinline
func errSubcommandArity(args [][]byte) string {
	return "ERR unknown subcommand or wrong number of arguments for '" + clip(args[1], 128) +
		"'. Try " + upper(string(args[0])) + " HELP."
}

// errUnknown says that there is no such command and shows how its arguments begin.
func errUnknown(args [][]byte) string {
	text := "ERR unknown command '" + clip(args[0], 128) + "', with args beginning with: "
	shown := 0
	for _, arg := range args[1:] {
		if shown >= 128 {
			break
		}
		part := "'" + clip(arg, 128-shown) + "' "
		shown += len(part)
		text += part
	}
	return text
}

// clip is the start of a client's bytes as an error line can show it.
//
//go:noinline
func clip(b []byte, most int) string {
	b = b[:min(len(b), most)]
	for i, c := range b {
		if c == 0 {
			b = b[:i]
			break
		}
	}
	return string(b)
}

// cText is a client's bytes as an error line shows them that is written with C's %s.
//
//go:noinline
func cText(b []byte) string { return clip(b, len(b)) }

//go:noinline
func upper(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'a' <= c && c <= 'z' {
			b[i] = c - 'a' + 'A'
		}
	}
	return string(b)
}
