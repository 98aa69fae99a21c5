package core

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"github.com/redlet/redlet/core/internal/reply"
	"github.com/redlet/redlet/core/internal/resp"
	"github.com/redlet/redlet/core/internal/small"
	"github.com/redlet/redlet/internal/sds"
)

// debugger is a session of the debugger of scripts: an EVAL that a connection has sent after SCRIPT
// DEBUG SYNC. While its script is stopped the connection's requests are the debugger's commands,
// answered by status lines, and everybody else waits, as for any script.
type debugger struct {
	e       *Engine
	conn    *conn
	lines   []string // of the source
	line    int      // that is about to run
	stops   []int    // lines with a breakpoint, in the order in which they were set
	step    bool     // it stops at the next line
	called  bool     // redis.breakpoint() was
	late    bool     // the script has run for busy-reply-threshold without a stop
	waiting bool     // it is stopped
	since   Time     // when it went on
	abort   string   // the error that is to end the script; "" is none

	replyMax int  // of a reply or value that is shown; 0 is no bound
	hinted   bool // that it can be changed was said
	out      []string
}

// Bounds of a session, as in Redis.
const (
	breakpointsMax    = 64
	debugReplyMax     = 256 // that is shown of a reply or a value
	debugReplyLeast   = 60
	debugRequestMax   = 1024 // of a command's words, and of the bytes of each
	debugContext      = 5
	debugContextWhole = 1_000_000
)

// debugScript runs EVAL's script in the debugger.
func (c *Call) debugScript() {
	if c.conn.has(connDebugFork) {
		c.forkDebugger()
		return
	}
	e, s := c.e, &c.e.scripts
	vm := e.machine()
	source := strings.TrimRight(string(c.Args[1]), "\r\n")
	d := &debugger{e: e, conn: c.conn, lines: strings.Split(source, "\n"), step: true,
		replyMax: debugReplyMax, since: e.now}
	if source == "" {
		d.lines = nil
	}
	s.debug = d
	vm.Debug(d)
	e.log(logNotice, "A session of the debugger has begun")
	at := c.Len()
	if c.eval(); s.debug != nil && s.task == nil {
		c.refuseDebugging(at)
	}
}

// refuseDebugging ends a session that has not begun: the answer from an offset on says why.
func (c *Call) refuseDebugging(at int) {
	refusal := small.Clone(c.From(at))
	c.Cut(at)
	c.e.scripts.debug.end()
	c.Raw(refusal)
}

// waits tells whether the script under way is stopped.
func (d *debugger) waits() bool { return d != nil && d.waiting }

// forgetDebugger ends a session: its script runs on to its end.
//
//go:noinline
func (s *scripts) forgetDebugger() {
	if s.debug != nil {
		s.debug = nil
		s.vm.Debug(nil)
	}
}

// end ends the session in front of the reply to its EVAL, behind which the connection is closed.
func (d *debugger) end() {
	d.log("<endsession>")
	d.send()
	d.e.scripts.forgetDebugger()
	d.e.hangup(d.conn)
	d.e.log(logNotice, "The session of the debugger is over")
}

// Line implements lua.Debugger.
func (d *debugger) Line(line int) (stop bool) {
	d.line = line
	why := ""
	switch {
	case d.called:
		why = "redis.breakpoint() called"
	case slices.Contains(d.stops, line):
		why = "break point"
	case d.step:
		why = "step over"
	case d.late:
		why = "timeout reached, infinite loop?"
	default:
		return false
	}
	d.step, d.called, d.late, d.waiting = false, false, false, true
	d.log("* Stopped at " + itoa(line) + ", stop reason = " + why)
	d.show(line)
	d.send()
	return true
}

// Breakpoint implements lua.Debugger.
func (d *debugger) Breakpoint() { d.called = true }

// Debug implements lua.Debugger.
func (d *debugger) Debug(line int, text string) {
	d.log("<debug> line " + itoa(line) + ": " + text)
}

// Failed implements lua.Debugger.
func (d *debugger) Failed(problem string) {
	if d.step {
		d.log("<error> " + problem)
	}
}

// calls shows a command that the script calls, where it goes line by line.
func (d *debugger) calls(args [][]byte) {
	if d != nil && d.step {
		d.log("<redis> " + joined(args))
	}
}

// joined is words with a blank between each two.
//
//go:noinline
func joined(words [][]byte) string {
	var line []byte
	for i, word := range words {
		if i > 0 {
			line = append(line, ' ')
		}
		line = append(line, word...)
	}
	return string(line)
}

// answers shows its reply.
func (d *debugger) answers(w *reply.Writer) {
	if d == nil || !d.step {
		return
	}
	text := w.From(0)
	if text[0] == '-' {
		d.Failed(string(text[:len(text)-2]))
	}
	shown, _ := appendShown(nil, text)
	d.clip("<reply> " + string(shown))
}

//go:noinline
func (d *debugger) log(line string) { d.out = append(d.out, line) }

// clip is log for what may be long.
//
//go:noinline
func (d *debugger) clip(line string) {
	if d.replyMax == 0 || len(line) <= d.replyMax {
		d.log(line)
		return
	}
	d.log(line[:d.replyMax] + " ...")
	if !d.hinted {
		d.hinted = true
		d.log("<hint> The above reply was trimmed. Use 'maxlen 0' to disable trimming.")
	}
}

// send sends what was logged, as a reply.
func (d *debugger) send() {
	w := &d.conn.w
	w.Head('*', int64(len(d.out)))
	for _, line := range d.out {
		w.Line('+', line)
	}
	d.out = nil
	if t := d.e.scripts.task; t != nil {
		t.at = w.Len()
	}
}

// show logs a line of the source.
func (d *debugger) show(line int) {
	mark := []byte("   ")
	if line == d.line {
		mark[0], mark[1] = '-', '>'
	}
	if slices.Contains(d.stops, line) {
		mark[2] = '#'
	}
	n := itoa(line)
	text := "<out of range source code line>"
	if line >= 1 && line <= len(d.lines) {
		text = d.lines[line-1]
	}
	d.log(string(mark) + n + strings.Repeat(" ", max(0, 3-len(n))) + " " + text)
}

// list logs the source round a line; 0 is the one that is about to run.
func (d *debugger) list(around, context int) {
	if around == 0 {
		around = d.line
	}
	for line := 1; line <= len(d.lines); line++ {
		if max(line-around, around-line) <= context {
			d.show(line)
		}
	}
}

// input runs the debugger's commands that have come, while the script is stopped.
func (d *debugger) input() {
	e, cl := d.e, d.conn
	now := e.now
	e.runAs(cl)
	e.setNow(e.scripts.now)
	for d.waiting && len(cl.in) > 0 && !cl.has(connClosing) {
		n, status := 0, resp.Malformed
		if cl.in[0] == '*' {
			n, status = cl.reader.Next(cl.in, resp.Limits{BulkMax: debugRequestMax})
		}
		args := cl.reader.Args
		if status == resp.Partial && len(cl.in) <= 1<<20 {
			break
		}
		if status != resp.Complete || len(args) > debugRequestMax {
			d.abort, d.waiting = "protocol error", false
			break
		}
		d.command(copyArgs(args))
		cl.reader.Release()
		cl.in = cl.in[:copy(cl.in, cl.in[n:])]
	}
	e.setNow(now)
	e.runAs(nil)
	d.since = e.clock.read()
}

// command runs a command of the debugger.
func (d *debugger) command(words [][]byte) {
	vm := d.e.scripts.vm
	name := debuggerCommand(words[0])
	switch {
	case name.is("help"):
		d.out = append(d.out, debuggerHelp...)
	case name.is("step"), name.is("next"), name.is("continue"):
		d.step, d.waiting = !name.is("continue"), false
		return
	case name.is("abort"):
		d.abort, d.waiting = "script aborted for user request", false
		return
	case name.is("trace"):
		d.trace()
	case name.is("maxlen"):
		d.maxlen(words[1:])
	case name.is("break"):
		d.breakpoints(words[1:])
	case name.is("eval"):
		text, problem := vm.Eval(joined(words[1:]))
		if problem != "" {
			d.log("<error> " + strings.TrimPrefix(problem, "ERR "))
		} else {
			d.clip("<retval> " + text)
		}
	case name.is("redis") && len(words) > 1:
		d.step = true // what it calls is shown
		vm.CallRedis(words[1:])
		d.step = false
	case name.is("print"):
		d.print(words[1:])
	case name.is("list"):
		around, context := 0, debugContext
		if len(words) > 1 {
			around = int(max(0, leadingInt(words[1])))
		}
		if len(words) > 2 {
			context = int(leadingInt(words[2]))
		}
		d.list(around, context)
	case name.is("whole"):
		d.list(1, debugContextWhole)
	default:
		d.log("<error> Unknown Redis Lua debugger command or wrong number of arguments.")
	}
	d.send()
}

// debuggerCommand is what a command of the debugger was called: by its name or the first letter.
type debuggerCommand []byte

//go:noinline
func (c debuggerCommand) is(name string) bool { return is(c, name) || is(c, name[:1]) }

// trace logs the calls under way.
func (d *debugger) trace() {
	from := "In"
	d.e.scripts.vm.Calls(func(name string, line int) {
		if name == "" {
			name = "top level"
		}
		d.log(from + " " + name + ":")
		d.show(line)
		from = "From"
	})
}

// print logs a variable, or all of the innermost call.
func (d *debugger) print(args [][]byte) {
	vm := d.e.scripts.vm
	if len(args) == 1 {
		if text, ok := vm.Local(string(args[0])); ok {
			d.clip("<value> " + text)
		} else {
			d.log("No such variable.")
		}
		return
	}
	before := len(d.out)
	vm.Locals(func(name, text string) { d.clip("<value> " + name + " = " + text) })
	if len(d.out) == before {
		d.log("No local variables in the current context.")
	}
}

// maxlen bounds what is shown of replies and values.
func (d *debugger) maxlen(args [][]byte) {
	if len(args) == 1 {
		d.hinted = true
		if d.replyMax = int(leadingInt(args[0])); d.replyMax != 0 {
			d.replyMax = max(d.replyMax, debugReplyLeast)
		}
	}
	if d.replyMax == 0 {
		d.log("<value> replies are unlimited.")
		return
	}
	d.log("<value> replies are truncated at " + itoa(d.replyMax) + " bytes.")
}

// breakpoints lists, sets and removes breakpoints.
func (d *debugger) breakpoints(args [][]byte) {
	if len(args) == 0 {
		if len(d.stops) == 0 {
			d.log("No breakpoints set. Use 'b <line>' to add one.")
			return
		}
		d.log(itoa(len(d.stops)) + " breakpoints set:")
		for _, line := range d.stops {
			d.show(line)
		}
	}
	for _, arg := range args {
		n, ok := parseInt(string(arg))
		at := slices.Index(d.stops, int(max(n, -n)))
		switch {
		case !ok:
			d.log("Invalid argument:'" + string(arg) + "'")
		case n == 0:
			d.stops = nil
			d.log("All breakpoints removed.")
		case n < 0 && at < 0:
			d.log("No breakpoint in the specified line.")
		case n < 0:
			d.stops = slices.Delete(d.stops, at, at+1)
			d.log("Breakpoint removed.")
		case len(d.stops) == breakpointsMax:
			d.log("Too many breakpoints set.")
		case at >= 0 || n > int64(len(d.lines)):
			d.log("Wrong line number.")
		default:
			d.stops = append(d.stops, int(n))
			d.list(int(n), 1)
		}
	}
}

// debuggerHelp is the answer to help.
var debuggerHelp = []string{
	"Commands of the debugger:",
	"[h]elp               Tell the commands.",
	"[s]tep               Run this line, and stop at the next.",
	"[n]ext               The same.",
	"[c]ontinue           Run up to a breakpoint.",
	"[l]ist [line] [ctx]  Show the source round a line, or round this one.",
	"[w]hole              Show all of the source.",
	"[p]rint [var]        Show a local variable, KEYS or ARGV, or all local variables.",
	"[b]reak              Show the breakpoints.",
	"[b]reak <line>       Set a breakpoint.",
	"[b]reak -<line>      Remove it.",
	"[b]reak 0            Remove all of them.",
	"[t]race              Show the calls under way.",
	"[e]val <code>        Run Lua code, which sees no local variables.",
	"[r]edis <cmd>        Run a command of Redis.",
	"[m]axlen [len]       Bound what is shown of replies and values; 0 is no bound.",
	"[a]bort              End the script. In sync mode what it changed stays.",
	"",
	"Functions for scripts:",
	"redis.debug(...)     Show values here.",
	"redis.breakpoint()   Stop at the next line.",
}

// appendShown appends a reply as the debugger shows it, and returns what stands behind it.
func appendShown(dst, text []byte) (shown, rest []byte) {
	end := bytes.IndexByte(text, '\n')
	if end < 1 {
		return dst, nil
	}
	line, rest := text[:end-1], text[end+1:]
	n, _ := strconv.Atoi(string(line[1:]))
	switch line[0] {
	case '$', '*':
		switch {
		case n < 0:
			return append(dst, "NULL"...), rest
		case line[0] == '*':
			return appendShownList(append(dst, '['), rest, n, ",", ']')
		}
		return sds.AppendRepr(dst, string(rest[:n])), rest[n+2:]
	case '+', '-':
		return sds.AppendRepr(dst, string(line)), rest
	case ':':
		return append(dst, line[1:]...), rest
	case '~':
		return appendShownList(append(dst, "~("...), rest, n, ",", ')')
	case '%':
		return appendShownList(append(dst, '{'), rest, 2*n, " => ", '}')
	case '_':
		return append(dst, "(null)"...), rest
	case '#':
		return strconv.AppendBool(append(dst, '#'), line[1] == 't'), rest
	case ',':
		return append(append(dst, "(double) "...), line[1:]...), rest
	}
	return dst, rest // of the other types nothing is shown, as in Redis
}

// appendShownList appends so many replies; between is what stands behind each other one.
func appendShownList(dst, rest []byte, n int, between string, end byte) (shown, left []byte) {
	for i := range n {
		switch {
		case i == 0:
		case i%2 == 1:
			dst = append(dst, between...)
		default:
			dst = append(dst, ',')
		}
		dst, rest = appendShown(dst, rest)
	}
	return append(dst, end), rest
}
