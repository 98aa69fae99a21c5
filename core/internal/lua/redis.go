package lua

import (
	lua "github.com/yuin/gopher-lua"

	"github.com/redlet/redlet/core/internal/sha1"
)

// openRedis makes the table redis.
func (vm *VM) openRedis() {
	t := vm.library("redis", []entry{
		{"call", func(l *lua.LState) int { return vm.call(l, true, false) }},
		{"pcall", func(l *lua.LState) int { return vm.call(l, false, false) }},
		{"log", vm.redisLog},
		{"setresp", vm.setResp},
		{"error_reply", func(l *lua.LState) int { return vm.singleField(l, "err") }},
		{"status_reply", func(l *lua.LState) int { return vm.singleField(l, "ok") }},
		{"sha1hex", vm.sha1hex},
		{"set_repl", vm.setRepl},
		{"replicate_commands", func(l *lua.LState) int { l.Push(lua.LTrue); return 1 }},
		{"breakpoint", func(l *lua.LState) int { l.Push(lua.LFalse); return 1 }},
		{"debug", func(l *lua.LState) int { return 0 }},
		{"acl_check_cmd", vm.aclCheck},
	})
	for _, c := range []struct {
		name string
		n    int
	}{
		{"LOG_DEBUG", LogDebug}, {"LOG_VERBOSE", LogVerbose},
		{"LOG_NOTICE", LogNotice}, {"LOG_WARNING", LogWarning},
		{"REPL_NONE", 0}, {"REPL_AOF", 1}, {"REPL_SLAVE", 2}, {"REPL_REPLICA", 2}, {"REPL_ALL", 3},
	} {
		t.RawSetString(c.name, lua.LNumber(c.n))
	}
	vm.redis = t
	vm.discard = [2]*lua.LFunction{
		vm.l.NewFunction(func(l *lua.LState) int { return vm.call(l, true, true) }),
		vm.l.NewFunction(func(l *lua.LState) int { return vm.call(l, false, true) }),
	}
}

const (
	errNoArguments = "Please specify at least one argument for this redis lib call"
	errArguments   = "Lua redis lib command arguments must be strings or integers"
	// callCharge is what a redis.call counts in instructions: about what it costs.
	callCharge = 20
)

// arguments puts the Lua arguments of a call into vm.args.
func (vm *VM) arguments(l *lua.LState) (problem string) {
	n := l.GetTop()
	if n == 0 {
		return errNoArguments
	}
	vm.arena, vm.args = vm.arena[:0], vm.args[:0]
	size := 0
	for i := 1; i <= n; i++ {
		switch v := l.Get(i).(type) {
		case lua.LString:
			size += len(v)
		case lua.LNumber:
			size += 40
		default:
			return errArguments
		}
	}
	if cap(vm.arena) < size {
		if size >= largeString {
			vm.meter.allocated(size)
		}
		vm.arena = make([]byte, 0, size)
	}
	for i := 1; i <= n; i++ {
		at := len(vm.arena)
		switch v := l.Get(i).(type) {
		case lua.LString:
			vm.arena = append(vm.arena, v...)
		case lua.LNumber:
			vm.arena = appendShortest(vm.arena, float64(v))
		}
		vm.args = append(vm.args, vm.arena[at:len(vm.arena):len(vm.arena)])
	}
	return ""
}

// arenaKeepMax is the largest arena that is kept from one call to the next.
const arenaKeepMax = 64 << 10

// call is redis.call, and redis.pcall, which returns errors instead of raising them. When discard
// is set the caller does not want what it returns.
func (vm *VM) call(l *lua.LState, raises, discard bool) int {
	vm.meter.charge(callCharge)
	if discard && vm.isRegistering() { // where redis has no such field
		name := "pcall"
		if raises {
			name = "call"
		}
		fail(l, errMissing+name+"'")
	}
	var result lua.LValue
	problem := vm.arguments(l)
	switch {
	case problem != "":
		result = vm.errorTable("ERR "+problem, false)
	default:
		vm.inHost = true
		reply, counted := vm.host.Call(vm.args)
		vm.inHost = false
		if vm.meter.made += len(reply); len(reply) >= largeString {
			vm.meter.allocated(len(reply))
		}
		if reply[0] == '-' {
			result = vm.errorTable(string(reply[1:len(reply)-2]), counted)
		} else if discard {
			return 0
		} else {
			result, _ = vm.value(reply, 0)
			raises = false
		}
	}
	if cap(vm.arena) > arenaKeepMax {
		vm.arena = nil
	}
	if raises {
		vm.raise(l, result)
	}
	l.Push(result)
	return 1
}

func (vm *VM) redisLog(l *lua.LState) int {
	if l.GetTop() < 2 {
		vm.throw(l, "redis.log() requires two arguments or more.")
	}
	level, ok := l.Get(1).(lua.LNumber)
	if !ok {
		vm.throw(l, "First argument must be a number (log level).")
	}
	if level < LogDebug || level > LogWarning {
		vm.throw(l, "Invalid log level.")
	}
	line := ""
	for i := 2; i <= l.GetTop(); i++ {
		if s, ok := text(l.Get(i)); ok {
			if i > 2 {
				line += " "
			}
			line += s
		}
	}
	vm.host.Log(int(level), line)
	return 0
}

func (vm *VM) setResp(l *lua.LState) int {
	if l.GetTop() != 1 {
		vm.throw(l, "redis.setresp() requires one argument.")
	}
	n, _ := number(l.Get(1))
	if n != 2 && n != 3 {
		vm.throw(l, "RESP version must be 2 or 3.")
	}
	vm.version = int(n)
	vm.host.SetProtocol(vm.version)
	return 0
}

// singleField makes the table of redis.error_reply and redis.status_reply.
func (vm *VM) singleField(l *lua.LState, field string) int {
	s, ok := l.Get(1).(lua.LString)
	if l.GetTop() != 1 || !ok {
		l.Push(vm.errorTable("ERR wrong number or type of arguments", false))
		return 1
	}
	if field == "ok" {
		l.Push(vm.field(field, s))
		return 1
	}
	l.Push(vm.errorTable(errorText(string(s)), false))
	return 1
}

// errorText gives an error a code if it has none: it is one word.
func errorText(s string) string {
	if s != "" && s[0] == '-' {
		s = s[1:]
	}
	for i := range len(s) {
		if s[i] == ' ' {
			return s
		}
	}
	return "ERR " + s
}

func (vm *VM) sha1hex(l *lua.LState) int {
	if l.GetTop() != 1 {
		vm.throw(l, "wrong number of arguments")
	}
	s, _ := text(l.Get(1))
	l.Push(lua.LString(sha1.Hex([]byte(s))))
	return 1
}

// setRepl checks its argument and no more: there are no replicas.
func (vm *VM) setRepl(l *lua.LState) int {
	if l.GetTop() != 1 {
		vm.throw(l, "redis.set_repl() requires one argument.")
	}
	n, _ := number(l.Get(1))
	if n < 0 || n > 3 {
		vm.throw(l, "Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.")
	}
	return 0
}

func (vm *VM) aclCheck(l *lua.LState) int {
	if problem := vm.arguments(l); problem != "" {
		vm.throw(l, problem)
	}
	allowed, known := vm.host.Permits(vm.args)
	if !known {
		vm.throw(l, "Invalid command passed to redis.acl_check_cmd()")
	}
	l.Push(lua.LBool(allowed))
	return 1
}
