package core

// engineFlags are the states of an engine that are rare and in which more is to be done for a
// command than to run it. While none is set, and none of the connection's, commands may take the
// fast path. Each is set by the one function that is called where the state changes.
type engineFlags uint32

const (
	engineMemory      engineFlags = 1 << iota // maxmemory or the host's is used up: memoryChanged
	engineDiskError                           // data cannot be kept on disk: diskErrorChanged
	engineMinReplicas                         // writes need good replicas: configChanged
	enginePaused                              // CLIENT PAUSE: pauseUntil
	engineScript                              // a script is under way: setTask
	engineAsleep                              // DEBUG SLEEP, or an append-only file: sleepUntil
	engineClosing                             // EventShutdown was given: shutdown
	engineCompat                              // it behaves as an older version: newCompat
	enginePropagate                           // somebody takes the changes: propagationChanged
	engineTracking                            // connections track what they read: trackingChanged
	enginePushes                              // a client is to be sent more than its reply: pushes
	engineHotkeys                             // HOTKEYS notes what commands are about: hotkeysChanged
	engineFiltered                            // a filter is asked about commands: orderFilter
	engineCluster                             // it is a node of a cluster: startCluster
	engineReplica                             // it follows a master: roleChanged
	engineMonitor                             // somebody is shown every command: monitorsChanged
	engineTimed                               // each command is timed for itself: configChanged
	engineClients                             // clients take too much memory: clientsChanged
	engineLoading                             // data are being loaded: beginLoading

	// engineHeld is when nobody is served: see checkHeld.
	engineHeld = engineScript | engineAsleep | engineClosing
	// engineAfter is when something is to be done after each command: see afterCommand.
	engineAfter = enginePropagate | engineTracking | enginePushes | engineMonitor
)

// set puts a flag in or out.
//
//go:noinline
func (f *engineFlags) set(flag engineFlags, on bool) {
	if *f &^= flag; on {
		*f |= flag
	}
}

// has tells whether the engine has any of some flags.
func (e *Engine) has(f engineFlags) bool { return e.flags&f != 0 }

// connFlags are the states of a connection in which its commands do not just run.
type connFlags uint32

const (
	connUnauthenticated connFlags = 1 << iota // it has not said yet who it is
	connMulti                                 // between MULTI and EXEC
	connExec                                  // EXEC is running the queue
	connScript                                // not a client: it runs a script's commands
	connSubscribed                            // it listens to channels, patterns or shard channels
	connReplica                               // SYNC or PSYNC made it a replica
	connBlocked                               // its command waits: conn.blocked
	connSuspended                             // its command runs a script: conn.task
	connPostponed                             // it stands in blockedClients.postponed
	connClosing                               // a hangup is on its way: no further command runs
	connReplyOff                              // CLIENT REPLY OFF
	connReplySkip                             // the command under way stays unanswered
	connReplySkipNext                         // CLIENT REPLY SKIP runs: the next stays unanswered
	connReplyDropped                          // EXEC has dropped by itself what is not to be sent
	connReplyLost                             // a hangup takes the place of the next reply
	connFiltered                              // the filter was asked about the next command
	connRestricted                            // its user may not do everything: identify
	connMonitor                               // MONITOR: it is shown every command
	connDebug                                 // SCRIPT DEBUG: EVAL runs in the debugger
	connDebugFork                             // of a copy of the engine: SCRIPT DEBUG YES

	// connSlave is when it takes what the server does and is none that asks for data.
	connSlave = connReplica | connMonitor
	// connWaits is when the next command must stay unread for now.
	connWaits = connBlocked | connSuspended | connPostponed
	// connDenyBlocking is when no command can wait.
	connDenyBlocking = connExec | connScript
	// connSilent is when replies are dropped.
	connSilent = connReplyOff | connReplySkip
	// connReply is all that CLIENT REPLY sets, and a reply that is lost.
	connReply = connSilent | connReplySkipNext | connReplyDropped | connReplyLost
)

// set puts a flag in or out.
func (f *connFlags) set(flag connFlags, on bool) {
	if *f &^= flag; on {
		*f |= flag
	}
}

// has tells whether a connection has any of some flags.
func (cl *conn) has(f connFlags) bool { return cl.flags&f != 0 }
