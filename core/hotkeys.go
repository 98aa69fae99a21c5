package core

import "github.com/redlet/redlet/core/internal/topk"

// hotkeys is what HOTKEYS collects from START to STOP, and keeps until RESET: which keys commands
// spend their time on, and move most bytes for. What a command takes is divided among its keys.
// Commands of a script count as the command that runs it, those of a transaction as themselves.
type hotkeys struct {
	_ [0]func() // not compared

	active  bool
	count   int        // how many keys are told of
	ratio   int        // so many commands are counted for one of which the keys are noted
	byCPU   *topk.List // in microseconds; nil where it is not asked for
	byNet   *topk.List // in bytes; likewise
	began   Time
	ends    Time // by itself, or Never
	ended   Time
	us, net int64 // of all commands with keys
}

// hotkeysPrecision is how many keys are counted for one that is told of.
const hotkeysPrecision = 10

// hotkeysChanged has commands noted, or no longer.
//
//go:noinline
func (e *Engine) hotkeysChanged() {
	e.flags.set(engineHotkeys, e.hotkeys != nil && e.hotkeys.active)
}

// startHotkeys begins to collect, in place of what was collected before.
func (e *Engine) startHotkeys(h *hotkeys) {
	e.hotkeys = h
	e.hotkeysChanged()
}

// stopHotkeys ends the collection at an instant.
//
//go:noinline
func (e *Engine) stopHotkeys(at Time) {
	e.hotkeys.active, e.hotkeys.ended = false, at
	e.hotkeysChanged()
}

// resetHotkeys forgets what was collected.
func (e *Engine) resetHotkeys() { e.hotkeys = nil }

// collected is what is or was collected, nil if nothing is. It ends first what ends by itself.
//
//go:noinline
func (e *Engine) collected() *hotkeys {
	if h := e.hotkeys; h != nil && h.active && h.ends <= e.now {
		e.stopHotkeys(h.ends)
	}
	return e.hotkeys
}

// noteKeys notes the keys of a command that has been answered; its reply begins at an offset of the
// output.
func (e *Engine) noteKeys(c *Call, at int) {
	h := e.collected()
	if h == nil || !h.active || c.conn.has(connScript) {
		return
	}
	keys, ok := e.keysOf(c.cmd, c.Args)
	if !ok || len(keys) == 0 {
		return
	}
	us, net := int64(0), int64(requestSize(c.Args)+c.Len()-at)
	if e.stopwatch != nil {
		us = e.lastTook / 1000
	}
	h.us += us
	h.net += net
	if h.ratio > 1 && e.random.Below(h.ratio) != 0 {
		return
	}
	for _, k := range keys {
		if h.byCPU != nil {
			h.byCPU.Add(c.Args[k.Index], us/int64(len(keys)))
		}
		if h.byNet != nil {
			h.byNet.Add(c.Args[k.Index], net/int64(len(keys)))
		}
	}
}

// requestSize is how many bytes a request takes.
func requestSize(args [][]byte) int {
	n := len("*\r\n") + len(decimal(int64(len(args))))
	for _, arg := range args {
		n += len("$\r\n\r\n") + len(decimal(int64(len(arg)))) + len(arg)
	}
	return n
}
