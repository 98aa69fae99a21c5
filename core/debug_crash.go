package core

import "strings"

// An engine that DEBUG is told to end stops as a server does that has died: what a program does
// when its server crashes is tested by that. The host ends as well; a server program by the signal
// that ends Redis. EventShutdown names it, and the log tells of the client and its command.

func debugSegfault(c *Call) { c.crash("11") }

func debugPanic(c *Call) {
	c.e.log(logWarning, "!!! Software Failure. Press left mouse button to continue")
	c.e.log(logWarning, "Guru Meditation: DEBUG PANIC called at Unix time "+
		string(decimal(int64(c.e.told()/1e6))))
	c.crash("6")
}

func debugAssert(c *Call) {
	c.e.log(logWarning, "=== ASSERTION FAILED ===")
	c.e.log(logWarning, "==> '1 == 2' is not true")
	c.crash("6")
}

// CrashedBy begins the Data of an EventShutdown that stands for a crash; the number of a signal
// follows.
const CrashedBy = "crashed by signal: "

// crash ends the engine without a reply.
func (c *Call) crash(signal string) {
	e := c.e
	e.log(logWarning, currentClient+c.clientText()+"\nargc: '2'\n"+
		"argv[0]: '\"debug\"'\nargv[1]: '\""+strings.ToLower(string(c.Args[1]))+"\"'")
	e.shutdown(CrashedBy + signal)
}

// currentClient is the line before the client of a crash.
const currentClient = "------ CURRENT CLIENT INFO ------\n"

// Culprit tells whose command was running when the engine panicked, in the two lines that Redis's
// bug report has: the client, its command among its fields, and no data. It tells nothing if it was
// nobody's, and if the engine is too broken to be asked.
func (e *Engine) Culprit() (lines string) {
	defer func() { _ = recover() }()
	cl := e.currentClient
	if e.top.conn == cl { // not counted yet; else it is one that has waited
		cl.lastCmd = e.top.cmd
	}
	c := Call{e: e, conn: cl}
	return currentClient + c.clientText() + "\n"
}
