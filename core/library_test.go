package core

import (
	"strings"
	"testing"

	"github.com/redlet/redlet/core/internal/rdb"
)

// longLibraries are libraries that take several slices to load: to compile, to run, and both.
var longLibraries = []string{
	"#!lua name=l\n" + manyOnes + "} " +
		"redis.register_function('f', function() return #t end)",
	"#!lua name=l\nfor i = 1, 1e5 do end redis.register_function('f', " +
		"function() return 100000 end)",
	"#!lua name=l\n" + manyOnes + "} local register = redis.register_function " +
		"for i = 1, 1e4 do register('f' .. i, function() end) end " +
		"register('f', function() return #t end)",
}

// TestLibraryLoading: a library that is long to load is suspended meanwhile, be it alone, in a
// transaction or in a dump. Whoever follows is told of it once.
func TestLibraryLoading(t *testing.T) {
	for _, source := range longLibraries {
		s := newScriptSession(t, map[string]string{"busy-reply-threshold": "1000"})
		s.e.open(4, Conn{})
		s.send(4, "SYNC")
		s.send(1, "MONITOR")
		s.want(s.command(2, "FUNCTION", "LOAD", source), "")
		s.want(s.send(3, "FCALL f 0"), "")
		s.want(s.run(2), "$1\r\nl")
		s.want(s.get(3), ":100000")
		s.want(s.command(2, "FUNCTION", "LOAD", source), "-ERR Library 'l' already exists")

		s.send(2, "MULTI")
		s.command(2, "FUNCTION", "LOAD", "REPLACE", source)
		s.send(2, "FCALL f 0")
		s.want(s.send(2, "EXEC")+s.run(2), "*2\r\n$1\r\nl\r\n:100000")

		sources := []string{strings.Replace(source, "=l", "=x", 1), "#!lua name=y\n" +
			"redis.register_function('y', function() end)"}
		for i := range sources {
			sources[i] = strings.ReplaceAll(sources[i], "'f", "'x")
		}
		dump := dumpOf(sources...)
		s.want(s.command(2, "FUNCTION", "RESTORE", dump), "")
		s.want(s.run(2), "+OK")
		s.want(s.send(3, "FCALL x 0"), ":100000")
		s.want(s.command(2, "FUNCTION", "RESTORE", dump)+s.run(2),
			"-ERR Library x already exists")
		got := s.command(2, "FUNCTION", "LOAD", "REPLACE", source+" 1")
		if got == "" {
			got = s.run(2)
		}
		s.want(got[:len(notLearnt)], notLearnt)

		if got := strings.Count(received(s.e, 4), "FUNCTION"); got != 3 {
			t.Errorf("the replica is told of %d changes", got)
		}
		if got := strings.Count(s.get(1), `"FUNCTION"`); got != 6 {
			t.Errorf("MONITOR shows %d commands", got)
		}
	}
}

const notLearnt = "-ERR Error compiling function: user_function:2: "

// dumpOf is what FUNCTION DUMP gives of libraries.
func dumpOf(sources ...string) string {
	var w rdb.Writer
	w.Version = rdb.Version
	w.BeginPayload(nil)
	for _, source := range sources {
		w.Function([]byte(source))
	}
	return string(w.EndPayload())
}

// TestLibraryKilled: a library can be killed while it is loaded. As Redis gives it half a second
// nobody is told earlier, and what it runs has no more time.
func TestLibraryKilled(t *testing.T) {
	const endless = "#!lua name=l\nwhile true do end"
	for _, source := range []string{endless, longLibraries[0]} {
		s := newScriptSession(t, map[string]string{"busy-reply-threshold": "1"})
		load := func() { s.want(s.command(1, "FUNCTION", "LOAD", source), "") }
		load()
		s.step(learningMs*1000 - 1)
		s.want(s.send(2, "PING"), "")
		s.step(1)
		s.want(s.get(2), "-"+errBusyFunction)
		s.want(s.send(2, "SCRIPT KILL"), "-"+errBusyFunction)
		s.want(s.send(2, "FUNCTION STATS")[:26], "*4\r\n$14\r\nrunning_script\r\n*")
		s.want(s.send(2, "FUNCTION KILL"), "+OK")
		s.want(s.run(1), "-"+errScriptKilled)
		s.want(s.send(2, "FUNCTION LIST"), "*0")
		s.want(s.command(1, "EVAL", "return redis.call('PING')", "0"), "+PONG")

		load()
		s.e.Close()
		s.want(s.get(1), "-"+errScriptKilled)
	}
	s := newScriptSession(t, nil)
	s.command(1, "FUNCTION", "LOAD", endless)
	s.want(s.run(1), "-ERR Error registering functions: ERR FUNCTION LOAD timeout")
}

// TestDebuggerCompiling: a session begins when its script is compiled, which takes several slices,
// or ends with what is wrong with it.
func TestDebuggerCompiling(t *testing.T) {
	s := newScriptSession(t, nil)
	for _, end := range []string{"}\nreturn #t", "+}"} {
		s.send(1, "SCRIPT DEBUG SYNC")
		s.want(s.command(1, "EVAL", manyOnes+end, "0"), "")
		s.want(s.send(2, "PING"), "")
		got := s.run(1)
		if end[0] == '+' {
			s.want(got, "*1\r\n+<endsession>\r\n-ERR "+notCompiled+
				"user_script:1: unexpected symbol near '+'")
			continue
		}
		s.want(got[:len("*2\r\n+* Stopped at 1")], "*2\r\n+* Stopped at 1")
		s.command(1, "continue")
		s.want(s.run(1), "*1\r\n+<endsession>\r\n:100000")
		s.want(s.get(2), "+PONG")
		s.e.close(1)
		s.e.open(1, Conn{})
	}
}
