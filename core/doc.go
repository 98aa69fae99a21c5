// Package core is a Redis engine that performs no I/O.
//
// Hand it the bytes that clients sent and the time it is; it hands back the bytes to send, and the
// instant at which it next has something to do without being asked. The same inputs in the same
// order always give the same outputs.
//
// What goes in is an [Input], what comes out an [Event]: plain data, numbered in world.go as the
// frames of a WebAssembly guest are. [Engine.Input] is the one way in, [Engine.Poll] the one way
// out, and [Engine.Advance] turns the clock, which [Engine.Deadline] asks for. A program or a
// package above this one adds commands and types of its own: see [Options], [Call] and [Type].
//
// What follows is for who works on the engine.
//
// # A command, from bytes to reply
//
// An InData comes to feed (input.go), where resp.Reader finds requests; what is not complete waits
// in conn.in. There are two ways from there.
//
// The fast path (fastpath.go) is nearly all: no bit of Engine.flags is set and none of conn.flags
// (flags.go), so that nothing about the engine or the client is out of the ordinary. Commands that
// work on data alone, as their flags say, are looked up (lookup.go) and run one behind the other.
//
// Else dispatch (dispatch.go) makes the checks (checks.go). Whether a command may run is said there
// once, in Redis's order, for each place at which a command can be about to run: a client's, a
// script's, another command's, a file's. First of them is the owner's filter (filter.go), if it is
// in. A command is then refused, answered by the filter, queued by MULTI, postponed (its bytes stay
// unread until resumePostponed), or run by invoke (call.go), which counts it and, if a bit asks for
// it, does in afterCommand what is to be done behind it.
//
// A handler has a [Call]. It reads arguments (args.go), looks keys up (keyspace.go), says what is
// meant, and replies: reply.Writer appends to the output of the client. It never asks a command's
// name: what sets one command apart is a flag of its literal. The output waits in conn.w until Poll
// gives it away (output.go), which is where its limits act.
//
// # A change
//
// Every change of a key goes through change.go, by a function that says who makes it: a command,
// the clock, eviction, a database that is emptied, a file that is loaded. It does all that a change
// takes: the dictionary, the expiry, the count of changes (dirty), the count of memory, and
// signalModifiedKey, which tells those who watch the key (cmd_transaction.go), wait for it
// (blocking.go) or track it (tracking.go); then the keyspace event (notify.go). Values are mute: a
// type (kindOps in value.go, declared in the type's own file) knows how it is kept and nothing of
// the engine.
//
// What a command changed is propagated (replicas.go) as the client wrote it, unless the handler
// calls Propagate: what depends on time, chance or others is sent as what came of it. The changes
// of a command, a transaction or a script collect in replicas.unit; propagatePending sends the
// whole, between MULTI and EXEC if it is several, to the replicas and to the append-only file
// (aof.go). The event that appends goes before every event that was not polled yet, so nobody hears
// of a change that is not in the file.
//
// # An expiry
//
// Keys with an expiry, and hashes with one in a field, stand in heaps (expiries in keyspace.go).
// The earliest is part of Deadline; Advance brings the time there and expireNext removes the key. A
// command that comes upon a key first, since active expiry is off or many are due at once, does the
// same by expireIfNeeded: so a key is never seen behind its time. A file being loaded is applied at
// time 0, at which nothing expires.
//
// # A blocked client
//
// A handler that cannot proceed calls block (blocking.go) and returns without a reply; the
// arguments are copied, and the client's input waits. Whoever touches one of the keys calls
// signalKeyAsReady; when the command, transaction or script at hand is over, handleBlockedOnKeys
// runs the waiting commands again, longest wait first, with Call.retry set. One that still cannot
// proceed blocks again, behind who came meanwhile. Time ends a wait by blockedTimeout, CLIENT
// UNBLOCK and what a client awaits from the host by unblockWithReply. The input then goes on in
// beforeSleep.
//
// # A script
//
// EVAL, FCALL, what is compiled for SCRIPT LOAD or FUNCTION LOAD, and EXEC with one of them in it
// are tasks (script.go). A script runs for a slice of instructions where it is called, and nearly
// always ends in it; what is longer goes on at the next Advance, and Deadline is then in the past.
// A script is suspended by its machine, an EXEC behind the command of its queue that was, so that
// nothing of them is on Go's stack. Meanwhile engineScript is set: others are postponed until
// busy-reply-threshold has passed, and then told BUSY. What a script calls is checked as such and
// run by invoke for a client that is none. Time stands still for it.
//
// A session of the debugger (debugger.go) is such a task, stopped for as long as its client says
// nothing; after SCRIPT DEBUG YES it runs in a copy of the engine (debugger_fork.go).
//
// A MIGRATE with keys to move (migrate.go) is a task too, or part of one, that goes on when the
// other server has answered.
//
// # The world
//
// An event that is answered is sent by ask, with what to do when the answer comes, and others by
// emit (world.go). Files are five verbs (read, append, sync, replace, remove): the RDB file
// (persist.go), and manifest, base and increments of the append-only file (aof.go, replay.go) are
// made of them. An outbound connection is a link (link.go). How long commands take, a stopwatch
// tells that a host may lend (stopwatch.go); it reaches statistics alone.
//
// # Who may call whom
//
//   - Packages in internal know nothing of the engine; they never import this one.
//   - The frame (engine, input, dispatch, checks, call, blocking, expiry, propagation, world) knows
//     no family of commands and no type: what it must know of one is in its [Command] or kindOps.
//   - A family (a file cmd_*.go and its type's file) reads through keyspace.go, changes through
//     change.go and writes no field of the engine or of a database.
//   - Only change.go writes Engine.currentClient and counts dirty; only checks.go refuses; only
//     flags.go and the function that a flag names set a flag. The test in internal/tidy reads the
//     source and finds who does not keep to this.
//
// Some words are our own, where Redis has none or has C's: the fast path, above; a task, which is a
// script that can be suspended; a place, where a check holds; a link, which to Redis is just
// another client.
package core
