package core

import (
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/redlet/redlet/core/internal/sha1"
)

// scriptSession drives an engine with three clients by hand, step by step.
type scriptSession struct {
	*testing.T
	e   *Engine
	now Time
}

func newScriptSession(t *testing.T, config map[string]string) *scriptSession {
	e, err := New(Options{Now: 1e15, Config: config})
	if err != nil {
		t.Fatal(err)
	}
	s := &scriptSession{T: t, e: e, now: 1e15}
	for id := ConnID(1); id <= 3; id++ {
		e.open(id, Conn{Addr: "127.0.0.1:50000"})
	}
	return s
}

// send sends an inline command and returns what the client got at once.
func (s *scriptSession) send(id ConnID, command string) string {
	s.e.feed(id, []byte(command+"\r\n"))
	return s.get(id)
}

// get takes what a client has got.
func (s *scriptSession) get(id ConnID) string {
	return sent(s.e, id)
}

// step turns the clock and lets a script go on.
func (s *scriptSession) step(by Time) {
	s.now += by
	s.e.Advance(s.now)
}

func (s *scriptSession) want(got, want string) {
	s.Helper()
	if got != want && got != want+"\r\n" {
		s.Fatalf("got %q, want %q", got, want)
	}
}

const (
	endless     = `EVAL "while true do end" 0`
	killedReply = "-ERR Script killed by user with SCRIPT KILL... script: " +
		"694a5fe1ddb97a4c6a1bf299d9537c7d3d0f84e7, on @user_script:1."
)

// TestBusy: an endless script holds the others up, then leaves them answered with BUSY, and can be
// killed; whoever was held is served in order.
func TestBusy(t *testing.T) {
	s := newScriptSession(t, map[string]string{"busy-reply-threshold": "1000"})
	s.want(s.send(1, endless), "")
	if s.e.Deadline() > s.now {
		t.Fatal("a script that runs does not ask for the next step")
	}
	s.want(s.send(2, "PING"), "")
	s.step(999_000)
	s.want(s.get(2), "")
	s.step(1000)
	s.want(s.get(2), "-"+errBusy)
	s.want(s.send(3, "SET k v"), "-"+errBusy)
	s.want(s.send(3, "nosuch"), "-ERR unknown command 'nosuch', with args beginning with: ")
	s.want(s.send(3, "MULTI"), "+OK")
	s.want(s.send(3, "GET k"), "-"+errBusy)
	s.want(s.send(3, "DISCARD"), "+OK")
	s.want(s.send(3, "SHUTDOWN"), "-"+errBusy)
	s.want(s.send(3, "FUNCTION KILL"), "-"+errBusy)
	s.want(s.send(3, "SCRIPT KILL"), "+OK")
	s.step(0)
	s.want(s.get(1), killedReply)
	s.want(s.send(2, "PING"), "+PONG")
	s.want(s.send(3, "SCRIPT KILL"), "-"+errNotBusy)
	if s.e.Deadline() <= s.now {
		t.Fatal("no script runs and yet a step is asked for")
	}
}

// TestScriptGivesWay: a script that calls commands that take long gives way between them.
func TestScriptGivesWay(t *testing.T) {
	for _, call := range []string{"'KEYS', 'x'", "'COMMAND'", "'INFO'", "'LPOS', 'list', 'x'",
		"'LCS', 'short', 'short'", "'SUNIONSTORE', 'to', 'set', 'set'",
		"'COPY', 'string', 'to', 'REPLACE'"} {
		s := newScriptSession(t, map[string]string{"enable-debug-command": "yes"})
		s.send(1, "DEBUG POPULATE 20000")
		s.send(1, `EVAL "for i = 1, 20000 do redis.call('RPUSH', 'list', i) `+
			`redis.call('SADD', 'set', i) end redis.call('SETRANGE', 'string', 1e6, 'x') `+
			`redis.call('SETRANGE', 'short', 300, 'x')" 0`)
		for s.e.Deadline() <= s.now {
			s.step(0)
		}
		s.send(1, `EVAL "for i = 1, 20 do redis.call(`+call+`) end" 0`)
		slices := 1
		for ; s.e.Deadline() <= s.now; slices++ {
			s.step(0)
		}
		if s.want(s.get(1), "$-1"); slices < 2 {
			t.Errorf("20 times %s in %d slices", call, slices)
		}
	}
}

// TestDebuggerDeserted: a script whose client has gone away in the midst of a session ends when it
// has run for busy-reply-threshold, whatever it has written.
func TestDebuggerDeserted(t *testing.T) {
	s := newScriptSession(t, map[string]string{"busy-reply-threshold": "1000"})
	s.want(s.send(1, "SCRIPT DEBUG SYNC"), "+OK")
	s.e.feed(1, []byte(`EVAL "redis.call('SET', 'x', 1) while true do redis.breakpoint() end" 0`+
		"\r\n"))
	s.want(s.send(2, "GET x"), "")
	s.e.Input(&Input{Kind: InClose, Conn: 1})
	s.step(999_000)
	s.want(s.get(2), "")
	s.step(1000)
	s.step(0)
	s.want(s.get(2), "$1\r\n1")
}

// TestBusyFrozen: a clock that stands still does not keep a script from being found out.
func TestBusyFrozen(t *testing.T) {
	s := newScriptSession(t, map[string]string{"busy-reply-threshold": "50"})
	s.want(s.send(1, "REDLET.CLOCK FREEZE")[:1], "+")
	s.want(s.send(1, endless), "")
	for range 1000 {
		s.step(0)
		if reply := s.send(2, "PING"); reply != "" {
			if !strings.HasPrefix(reply, "-BUSY ") {
				t.Errorf("%q", reply)
			}
			return
		}
	}
	t.Fatal("the script is never called busy")
}

// TestScriptTime: TIME stands still for a script until it is busy, and expiries for all of it.
func TestScriptTime(t *testing.T) {
	const polls = `EVAL "redis.call('set', 'k', 'v', 'px', 1) local t = redis.call('time') ` +
		`while redis.call('time')[2] == t[2] do end return redis.call('pttl', 'k')" 0`
	for _, frozen := range []bool{false, true} {
		s := newScriptSession(t, map[string]string{"busy-reply-threshold": "50"})
		if frozen {
			s.want(s.send(1, "REDLET.CLOCK FREEZE")[:1], "+")
		}
		s.want(s.send(1, polls), "")
		s.step(0)
		s.want(s.get(1), "")
		s.step(49_000)
		if !frozen {
			s.want(s.get(1), "")
		}
		for n := 0; s.e.has(engineScript) && n < 1000; n++ {
			s.step(1000)
		}
		s.want(s.get(1), ":1")
	}
}

// TestScriptPatience: with a threshold of 0 the others wait for ever.
func TestScriptPatience(t *testing.T) {
	s := newScriptSession(t, map[string]string{"busy-reply-threshold": "0"})
	s.want(s.send(1, endless), "")
	s.step(1e12)
	s.want(s.send(2, "PING"), "")
}

// TestScriptOrder: a long script sees one time, nobody gets in between, and whoever waits for its
// keys is served when it is over.
func TestScriptOrder(t *testing.T) {
	s := newScriptSession(t, nil)
	s.want(s.send(3, "BLPOP q 0"), "")
	s.want(s.send(1, `EVAL "local a = redis.call('TIME') redis.call('RPUSH', 'q', 1) `+
		`for i = 1, 300000 do end local b = redis.call('TIME') redis.call('RPUSH', 'q', 2) `+
		`return {a[1] == b[1], a[2] == b[2], redis.call('LLEN', 'q')}" 0`), "")
	s.want(s.send(2, "LLEN q"), "")
	n := 0
	for ; s.e.Deadline() <= s.now; n++ {
		s.want(s.get(3), "")
		s.step(1000)
	}
	if n < 5 {
		t.Errorf("%d slices", n)
	}
	s.want(s.get(1), "*3\r\n:1\r\n:1\r\n:2")
	s.want(s.get(3), "*2\r\n$1\r\nq\r\n$1\r\n1")
	s.want(s.get(2), ":1")
}

// TestScriptUnkillable: what has written is not killed.
func TestScriptUnkillable(t *testing.T) {
	s := newScriptSession(t, map[string]string{"busy-reply-threshold": "1"})
	s.want(s.send(1, `EVAL "redis.call('SET', 'k', 1) while true do end" 0`), "")
	s.step(2000)
	s.want(s.send(2, "SCRIPT KILL"), "-"+errUnkillable)
	s.want(s.send(2, "FUNCTION KILL"), "-"+errUnkillable)
	s.want(s.send(2, "SCRIPT KILL"), "-"+errUnkillable)
}

// TestScriptMulti: a transaction is suspended with the script that it contains.
func TestScriptMulti(t *testing.T) {
	s := newScriptSession(t, map[string]string{"busy-reply-threshold": "1"})
	for _, c := range []string{"MULTI", "SET k 1", endless, "INCR k"} {
		s.send(1, c)
	}
	s.send(1, "EXEC")
	s.step(2000)
	s.want(s.send(2, "SCRIPT KILL"), "+OK")
	s.step(0)
	if got := s.get(1); !strings.HasSuffix(got, killedReply+"\r\n:2\r\n") {
		t.Errorf("%q", got)
	}
	s.want(s.send(2, "GET k"), "$1\r\n2")
}

// TestScriptQueue: a transaction goes on behind each of its scripts that takes several slices.
func TestScriptQueue(t *testing.T) {
	s := newScriptSession(t, nil)
	long := `EVAL "for i = 1, 300000 do end return redis.call('INCRBY', KEYS[1], 2)" 1 k`
	for _, c := range []string{"MULTI", "INCR k", long, "ECHO a", long, long, "EVAL nonsense 0"} {
		s.send(1, c)
	}
	got := s.send(1, "EXEC")
	s.want(s.send(2, "GET k"), "")
	for s.e.Deadline() <= s.now {
		s.step(0)
	}
	const want = "*6\r\n:1\r\n:3\r\n$1\r\na\r\n:5\r\n:7\r\n-ERR Error compiling"
	if got += s.get(1); !strings.HasPrefix(got, want) {
		t.Errorf("%q", got)
	}
	s.want(s.get(2), "$1\r\n7")
}

// TestScriptOrphan: a script goes on when its client has gone, and others can kill it.
func TestScriptOrphan(t *testing.T) {
	s := newScriptSession(t, map[string]string{"busy-reply-threshold": "1"})
	s.want(s.send(1, endless), "")
	s.e.close(1)
	s.step(2000)
	s.want(s.send(2, "PING"), "-"+errBusy)
	s.want(s.send(2, "SCRIPT KILL"), "+OK")
	s.step(0)
	s.want(s.send(2, "PING"), "+PONG")
}

// command sends a command whose arguments may be long and returns what the client got at once.
func (s *scriptSession) command(id ConnID, args ...string) string {
	b := []byte("*" + strconv.Itoa(len(args)) + "\r\n")
	for _, a := range args {
		b = append(b, "$"+strconv.Itoa(len(a))+"\r\n"+a+"\r\n"...)
	}
	s.e.feed(id, b)
	return s.get(id)
}

// run steps until no script is under way and returns what a client has got.
func (s *scriptSession) run(id ConnID) string {
	s.Helper()
	if s.e.Deadline() > s.now {
		s.Fatal("nothing is under way")
	}
	for s.e.Deadline() <= s.now {
		s.step(0)
	}
	return s.get(id)
}

// manyOnes is a table that takes several slices to compile.
var manyOnes = "local t = {" + strings.Repeat("1,", 100_000)

// longReplies are scripts whose replies take several slices to write, and those replies.
var longReplies = [][2]string{
	{"local t = {} for i = 1, 1e5 do t[i] = 7 end return t",
		"*100000\r\n" + strings.Repeat(":7\r\n", 1e5)},
	{"return {1, {string.rep('x', 2 ^ 23), 'y'}}",
		"*2\r\n:1\r\n*2\r\n$8388608\r\n" + strings.Repeat("x", 1<<23) + "\r\n$1\r\ny\r\n"},
	{"local t = {} for i = 1, 5e4 do t[i] = {} end return {t}",
		"*1\r\n*50000\r\n" + strings.Repeat("*0\r\n", 5e4)},
	{longLine + "return {err = s}", "-" + longLineReply + "\r\n"},
	{longLine + "return {verbatim_string = {format = 'txt', string = s}}",
		"$8388611\r\na\r\n" + longLineReply[3:] + "\r\n"},
	{longLine + "return {ok = s}", "+" + longLineReply + "\r\n"},
	{longLine + "return {big_number = s}", "$8388611\r\n" + longLineReply + "\r\n"},
	{longLine + "error({err = s})", "-" + longLineReply + failedAt(longLine+"error({err = s})")},
	{longLine + "error(s, 0)", "-ERR " + longLineReply + failedAt(longLine+"error(s, 0)")},
	{longLine + "error(s)", "-ERR user_script:1: " + longLineReply + failedAt(longLine+"error(s)")},
	{longLine + "assert(nil, s)",
		"-ERR user_script:1: " + longLineReply + failedAt(longLine+"assert(nil, s)")},
}

// longLine makes a string in which lines break, and longLineReply is that as a line of a reply.
const longLine = "local s = 'a\\r\\n' .. string.rep('x', 2 ^ 23) "

var longLineReply = "a  " + strings.Repeat("x", 1<<23)

// failedAt is what follows the error of a script.
func failedAt(script string) string {
	return " script: " + sha1.Hex([]byte(script)) + ", on @user_script:1.\r\n"
}

// TestScriptLongReply: a long reply is written a slice at a time. What the client is told meanwhile
// comes before it, and a script can be killed while it is written.
func TestScriptLongReply(t *testing.T) {
	for _, r := range longReplies {
		s := newScriptSession(t, map[string]string{"busy-reply-threshold": "1"})
		reply := func(rest string) {
			t.Helper()
			if got := s.run(1); got != r[1]+rest {
				t.Fatalf("%s: got %d bytes, want %d", r[0], len(got), len(r[1]+rest))
			}
		}
		s.want(s.command(1, "EVAL", r[0], "0"), "")
		reply("")
		s.send(1, "MULTI")
		s.command(1, "EVAL", r[0], "0")
		s.command(1, "EVAL_RO", "return 1", "0")
		if got, want := s.send(1, "EXEC")+s.run(1), "*2\r\n"+r[1]+":1\r\n"; got != want {
			t.Fatalf("%s: got %d bytes, want %d", r[0], len(got), len(want))
		}
		s.send(1, "CLIENT REPLY SKIP")
		s.command(1, "EVAL", r[0], "0")
		s.want(s.run(1)+s.send(1, "PING"), "+PONG")

		failed := strings.Count(r[1][:1], "-")
		s.send(1, "CONFIG RESETSTAT")
		s.command(1, "EVAL", r[0], "0")
		s.run(1)
		if got := s.send(2, "INFO commandstats"); !strings.Contains(got,
			"cmdstat_eval:calls=1,") || !strings.Contains(got, "failed_calls="+itoa(failed)) {
			t.Errorf("%s: %s", r[0], got)
		}

		slices := s.replying(r[0])
		s.want(s.get(1), "")
		s.e.flush(s.e.conns[1])
		s.want(s.get(1), "")
		s.want(s.send(2, "SCRIPT KILL"), "+OK")
		s.step(2000)
		s.want(s.get(1), "-"+errScriptKilled)
		s.want(s.send(2, "PING"), "+PONG")
		if s.replying(r[0]) != slices {
			t.Error("it begins to write in another slice")
		}
		s.e.Close()
		s.want(s.get(1), "-"+errScriptKilled)
	}
}

// replying has client 1 run a script until a part of its reply is written, and returns how many
// slices that took.
func (s *scriptSession) replying(script string) (slices int) {
	s.command(1, "EVAL", script, "0")
	for ; !s.e.scripts.vm.Replying(); slices++ {
		s.step(2000)
		if s.e.scripts.task == nil {
			s.Fatalf("%s: the reply was written at once", script)
		}
	}
	s.step(2000)
	return slices
}

// TestScriptCompiling: a script that is long to compile is suspended meanwhile, wherever it stands.
func TestScriptCompiling(t *testing.T) {
	s := newScriptSession(t, map[string]string{"busy-reply-threshold": "1000"})
	whole := manyOnes + "} redis.call('INCR', KEYS[1]) return #t"
	s.want(s.command(1, "EVAL", whole, "1", "k"), "")
	s.want(s.send(2, "GET k"), "")
	s.want(s.run(1), ":100000")
	s.want(s.get(2), "$1\r\n1")
	s.want(s.command(1, "EVAL", whole, "1", "k"), ":100000") // it is known now
	s.want(s.send(1, "SCRIPT FLUSH"), "+OK")

	s.command(1, "EVAL", manyOnes+"} for i = 1, 3e5 do end return 8", "0")
	s.want(s.run(1), ":8")
	s.command(1, "EVAL", manyOnes+"+}", "0")
	s.want(s.run(1), "-ERR "+notCompiled+"user_script:1: unexpected symbol near '+'")
	s.command(1, "SCRIPT", "LOAD", whole)
	sha := sha1.Hex([]byte(whole))
	s.want(s.run(1), "$40\r\n"+sha)
	s.want(s.send(1, "EVALSHA "+sha+" 1 k"), ":100000")

	s.send(1, "SCRIPT FLUSH")
	s.send(1, "MULTI")
	s.command(1, "SCRIPT", "LOAD", whole+" + 1")
	s.command(1, "EVAL", whole, "1", "k")
	s.command(1, "EVAL", manyOnes+"} for i = 1, 3e5 do end return 8", "0")
	s.send(1, "INCR k")
	s.want(s.send(1, "EXEC")+s.run(1),
		"*4\r\n$40\r\n"+sha1.Hex([]byte(whole+" + 1"))+"\r\n:100000\r\n:8\r\n:5")

	s.send(1, "MULTI")
	s.command(1, "SCRIPT", "LOAD", whole+" + 2")
	s.want(s.send(1, "EXEC")+s.run(1), "*1\r\n$40\r\n"+sha1.Hex([]byte(whole+" + 2")))
}

// TestScriptCompilingKilled: a script can be killed, and the engine closed, before it is compiled.
func TestScriptCompilingKilled(t *testing.T) {
	s := newScriptSession(t, map[string]string{"busy-reply-threshold": "1"})
	s.send(1, "SET k v")
	s.send(1, `EVAL "return redis.call('DEL', 'k')" 0`) // what it wrote is not the next one's
	s.command(1, "EVAL", manyOnes+"} return #t", "0")
	s.step(learningMs*1000 - 1) // in Redis nobody is told that something is compiled
	s.want(s.send(2, "PING"), "")
	s.step(1)
	s.want(s.get(2), "-"+errBusy)
	s.want(s.send(2, "PING"), "-"+errBusy)
	s.want(s.send(2, "SCRIPT KILL"), "+OK")
	s.step(0)
	s.want(s.get(1), "-"+errScriptKilled)
	s.want(s.send(2, "PING"), "+PONG")
	s.command(1, "EVAL", manyOnes+"} return #t", "0")
	s.want(s.run(1), ":100000")
	s.command(1, "EVAL", manyOnes+"} return #t + 1", "0")
	s.e.Close()
	s.want(s.get(1), "-"+errScriptKilled)
}

// TestScriptRestore: data that are replaced end the script that works on them.
func TestScriptRestore(t *testing.T) {
	s := newScriptSession(t, nil)
	s.send(2, "SET k v")
	image := s.e.Snapshot(nil)
	s.want(s.send(1, endless), "")
	if err := s.e.Restore(image); err != nil {
		t.Fatal(err)
	}
	s.want(s.get(1), killedReply)
	s.want(s.send(1, "GET k"), "$1\r\nv")
}

// TestScriptClose: an engine that is closed amid a script, or a transaction with one, leaves
// nothing that runs.
func TestScriptClose(t *testing.T) {
	before := runtime.NumGoroutine()
	for _, script := range []string{
		"while true do end",
		"return table.sort({1, 2, 3}, function() while true do end end)",
		"return (('x'):gsub('x', function() while true do end end))",
		"return string.find(string.rep('a', 100000), '.-.-.-b')",
		"return load(function() return ' ' end)",
	} {
		for _, multi := range []bool{false, true} {
			s := newScriptSession(t, nil)
			if multi {
				s.send(1, "MULTI")
			}
			s.send(1, `EVAL "`+script+`" 0`)
			if multi {
				s.send(1, "EXEC")
			}
			for range 3 {
				s.step(0)
			}
			if s.e.Deadline() > s.now {
				t.Fatalf("%s has ended", script)
			}
			if n := runtime.NumGoroutine(); n > before {
				t.Errorf("%s: %d goroutines, %d before", script, n, before)
			}
			s.e.Close()
		}
	}
	if n := runtime.NumGoroutine(); n > before {
		t.Errorf("%d goroutines, %d before", n, before)
	}
}

// TestEvalshaAllocates: running a script allocates nothing but what the script makes, once its
// arguments have been seen.
func TestEvalshaAllocates(t *testing.T) {
	s := newScriptSession(t, nil)
	sha := strings.TrimSpace(s.send(1, `SCRIPT LOAD "return 1"`)[4:])
	command := []byte("*5\r\n$7\r\nEVALSHA\r\n$40\r\n" + sha +
		"\r\n$1\r\n1\r\n$5\r\nkey:1\r\n$8\r\nargument\r\n")
	var ev Event
	run := func() {
		s.e.feed(1, command)
		for s.e.Poll(&ev) {
		}
	}
	if n := testing.AllocsPerRun(1000, run); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestScriptDeterminism: the same inputs give the same answers, random numbers included.
func TestScriptDeterminism(t *testing.T) {
	play := func() (got string) {
		s := newScriptSession(t, nil)
		for _, c := range []string{
			`EVAL "return {tostring(math.random()), tostring({}), tostring(print == nil)}" 0`,
			`EVAL "return {tostring(math.random()), tostring(os.clock())}" 0`,
			`EVAL "local r = {} for k, v in pairs({a=1, b=2, c=3, 4, 5}) do r[#r+1] = k end return r" 0`,
		} {
			got += s.send(1, c)
		}
		return got
	}
	if a, b := play(), play(); a != b || !strings.Contains(a, "$") {
		t.Errorf("%q\n%q", a, b)
	}
}

// TestScriptRandom: a server that has just started draws what redis-server then does, whatever its
// seed, and each script goes on where the one before it was.
func TestScriptRandom(t *testing.T) {
	s := newScriptSession(t, nil)
	got := s.send(1, `EVAL "return tostring(math.random())" 0`) +
		s.send(1, `EVAL "return tostring(math.random())" 0`)
	if want := "$16\r\n0.39646477363839\r\n$16\r\n0.84048536971234\r\n"; got != want {
		t.Errorf("%q", got)
	}
}

// TestScriptBounds: no script takes the process with it.
func TestScriptBounds(t *testing.T) {
	s := newScriptSession(t, nil)
	for _, script := range []string{
		`return string.rep('x', 1e9)`,
		`local s = 'x' while true do s = s .. s end`,
		`local function f() return 1 + f() end return f()`,
		`local function f() pcall(f) error('x') end f()`,
		`local t = setmetatable({}, {}) ` +
			`getmetatable(t).__index = function(t, k) return t[k] end return t.x`,
		`local s = string.rep('x', 7e7) return table.concat({s, s})`,
		`return {unpack({}, 1, 1e7)}`,
		`return ('x'):rep(1e6):gsub('x', ('y'):rep(200))`,
		`local s = 'return ' .. ('('):rep(10000) return loadstring(s)()`,
	} {
		s.send(1, `EVAL "`+script+`" 0`)
		for s.e.Deadline() <= s.now {
			s.step(0)
		}
		if got := s.get(1) + s.send(1, "PING"); !strings.HasSuffix(got, "+PONG\r\n") {
			t.Errorf("%s: %.100q", script, got)
		}
	}
}

// BenchmarkEval is an EVAL of a small script, and a redis.call among many.
func BenchmarkEval(b *testing.B) {
	e, err := New(Options{Now: 1e15})
	if err != nil {
		b.Fatal(err)
	}
	e.open(1, Conn{})
	var ev Event
	var out []byte
	run := func(b *testing.B, command string) {
		request := []byte(command + "\r\n")
		for b.Loop() {
			e.feed(1, request)
			for e.Deadline() <= 1e15 {
				e.Advance(1e15)
			}
			for e.Poll(&ev) {
				out = append(out[:0], ev.Data...)
			}
		}
	}
	b.Run("small", func(b *testing.B) { run(b, `EVAL "return 1" 0`) })
	b.Run("incr", func(b *testing.B) {
		run(b, `EVAL "return redis.call('INCR', KEYS[1])" 1 n`)
	})
	b.Run("calls100k", func(b *testing.B) {
		run(b, `EVAL "for i = 1, 100000 do redis.call('SET', 'k', i) end" 0`)
	})
}
