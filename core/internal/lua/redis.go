package lua

import (
	"strings"

	"github.com/redlet/redlet/core/internal/sha1"
)

// openRedis makes the table redis of scripts.
func (vm *VM) openRedis() {
	t := vm.newRedis()
	t.add(vm, []entry{
		{"breakpoint", vm.redisBreakpoint},
		{"debug", vm.redisDebug},
		{"replicate_commands", func(l *thread) int { l.push(trueValue); return 1 }},
	})
	vm.redis = t
	vm.globals.setField(vm, "redis", t.value())
	vm.named = append(vm.named, t)
}

// newRedis makes what the tables redis of scripts and of libraries have in common, in Redis's
// order, for pairs to give the same. The version is put in later.
func (vm *VM) newRedis() *table {
	t := vm.newTable(0, 0)
	t.add(vm, []entry{
		{"call", func(l *thread) int { return vm.call(l, true) }},
		{"pcall", func(l *thread) int { return vm.call(l, false) }},
		{"log", vm.redisLog},
	})
	for i, name := range [...]string{"LOG_DEBUG", "LOG_VERBOSE", "LOG_NOTICE", "LOG_WARNING",
		"REDIS_VERSION_NUM", "REDIS_VERSION"} {
		t.setField(vm, name, integer(i))
	}
	t.add(vm, []entry{
		{"setresp", vm.setResp},
		{"sha1hex", vm.sha1hex},
		{"error_reply", func(l *thread) int { return vm.singleField(l, "err") }},
		{"status_reply", func(l *thread) int { return vm.singleField(l, "ok") }},
		{"set_repl", vm.setRepl},
	})
	for _, c := range [...]struct {
		name string
		n    int
	}{{"NONE", 0}, {"AOF", ReplAOF}, {"SLAVE", ReplReplica}, {"REPLICA", ReplReplica},
		{"ALL", ReplAll}} {
		t.setField(vm, "REPL_"+c.name, integer(c.n))
	}
	t.setField(vm, "acl_check_cmd", vm.function(vm.aclCheck))
	return t
}

const (
	errNoArguments = "Please specify at least one argument for this redis lib call"
	errArguments   = "Lua redis lib command arguments must be strings or integers"
	// callCharge is what a redis.call counts in instructions: about what it costs.
	callCharge = 20
)

// arguments puts the Lua arguments of a call into vm.args and tells their size.
func (vm *VM) arguments(l *thread) (size int, problem string) {
	n := l.count()
	if n == 0 {
		return 0, errNoArguments
	}
	vm.arena, vm.args = vm.arena[:0], vm.args[:0]
	for i := 1; i <= n; i++ {
		switch v := l.arg(i); v.kind() {
		case kindString:
			size += len(v.o.s)
		case kindNumber:
			size += numberMax
		default:
			return 0, errArguments
		}
	}
	if size >= large {
		vm.allocated(size)
	}
	for i := 1; i <= n; i++ {
		v, need := l.arg(i), numberMax
		if v.isString() {
			if need = len(v.o.s); need > arenaSize {
				vm.args = append(vm.args, []byte(v.o.s)) // Go does not clear it first
				continue
			}
		}
		if cap(vm.arena)-len(vm.arena) < need {
			vm.arena = make([]byte, 0, min(size, arenaSize))
		}
		at := len(vm.arena)
		if v.isNumber() {
			vm.arena = appendShortest(vm.arena, v.n)
		} else {
			vm.arena = append(vm.arena, v.o.s...)
		}
		vm.args = append(vm.args, vm.arena[at:len(vm.arena):len(vm.arena)])
	}
	return size, ""
}

const (
	// arenaSize is the size of the largest arena: much has several, and what is longer has none.
	arenaSize = 64 << 10
	// numberMax is how long a number is, at most.
	numberMax = 40
)

// call is redis.call, and redis.pcall, which returns errors instead of raising them. What is much
// goes in, is worked on and comes out in a step each.
func (vm *VM) call(l *thread, raises bool) int {
	vm.charge(callCharge)
	size, problem := vm.arguments(l)
	if problem != "" {
		vm.debugFailed(problem)
		return vm.failed(l, "ERR "+problem, false, raises)
	}
	if size >= large {
		return l.becomes(func(l *thread) int {
			n := vm.invoke(l, raises)
			if clear(vm.args); n >= 0 { // else what it has answered is counted
				vm.charge(size / 1024)
			}
			return n
		})
	}
	return vm.invoke(l, raises)
}

// invoke makes the call whose arguments are in vm.args.
func (vm *VM) invoke(l *thread, raises bool) int {
	vm.inHost = true
	answer, counted := vm.host.Call(vm.args)
	vm.inHost = false
	if answer == nil {
		vm.detached = true
		return l.later(func(l *thread) int { return vm.call(l, raises) })
	}
	whole := answer.Tail(0)
	switch {
	case whole != nil && whole[0] == '-':
		return vm.failed(l, string(whole[1:len(whole)-2]), counted, raises)
	case l.frames[len(l.frames)-1].want == 0:
		// No value is made of a reply that nobody wants: a table for +OK costs more than the command.
		vm.charge(answer.Len() / 1024)
		return 0
	case vm.receives(whole):
		return vm.receive(l, answer)
	}
	vm.charge(len(whole) / passCharge)
	result, _ := vm.value(whole, 0)
	l.push(result)
	return 1
}

// failed ends a call with an error.
func (vm *VM) failed(l *thread, text string, counted, raises bool) int {
	t := vm.errorTable(text, counted).value()
	if raises {
		vm.throwValue(t)
	}
	l.push(t)
	return 1
}

func (vm *VM) redisLog(l *thread) int {
	count := l.count()
	if count < 2 {
		vm.throwError("redis.log() requires two arguments or more.")
	}
	if _, ok := vm.toNumber(l.arg(1)); !ok {
		vm.throwError("First argument must be a number (log level).")
	}
	level := vm.toInt(l.arg(1))
	if level < LogDebug || level > LogWarning {
		vm.throwError("Invalid log level.")
	}
	words, size := make([]string, 0, count), 0
	for i := 2; i <= count; i++ {
		if s, ok := text(l.arg(i)); ok || i == 2 {
			shown := cString(s)
			words = append(words, shown)
			if size += len(shown) + 1; len(shown) < len(s) {
				break
			}
		}
	}
	vm.reserve(size)
	line, at, n := make([]byte, size), 0, 0
	return l.repeat(elementCharge, size, func() int {
		if n == len(words) {
			vm.host.Log(level, line[:at-1])
			return 0
		}
		vm.charge(len(words[n]) / 1024)
		at += copy(line[at:], words[n])
		line[at] = ' '
		at++
		n++
		return unfinished
	})
}

func (vm *VM) setResp(l *thread) int {
	if l.count() != 1 {
		vm.throwError("redis.setresp() requires one argument.")
	}
	n := vm.toInt(l.arg(1))
	if n != 2 && n != 3 {
		vm.throwError("RESP version must be 2 or 3.")
	}
	vm.version = n
	vm.host.SetProtocol(vm.version)
	return 0
}

// singleField makes the table of redis.error_reply and redis.status_reply.
func (vm *VM) singleField(l *thread, field string) int {
	s, ok := l.arg(1).str()
	if l.count() != 1 || !ok {
		const problem = "wrong number or type of arguments"
		vm.debugFailed(problem)
		l.push(vm.errorTable("ERR "+problem, false).value())
		return 1
	}
	vm.charge(len(s) / 1024)
	if field == "ok" {
		l.push(vm.field(field, l.arg(1)))
		return 1
	}
	if s = strings.TrimPrefix(cString(s), "-"); vm.debug != nil {
		vm.debugFailed("-" + s)
	}
	l.push(vm.errorTable(errorText(s), false).value())
	return 1
}

// debugFailed lets the debugger's session know of an error.
//
//go:noinline
func (vm *VM) debugFailed(problem string) {
	if vm.debug != nil {
		vm.debug.Failed(problem)
	}
}

// errorText gives an error a code if it has none: it is one word.
func errorText(s string) string {
	if strings.IndexByte(s, ' ') >= 0 {
		return s
	}
	return "ERR " + s
}

func (vm *VM) sha1hex(l *thread) int {
	if l.count() != 1 {
		vm.throwError("wrong number of arguments")
	}
	s, _ := text(l.arg(1))
	vm.charge(min(len(s), bytesAtOnce) / digestCharge)
	state := sha1.New()
	var part []byte
	return l.repeat(bytesAtOnce/digestCharge, bytesAtOnce, func() int {
		n := min(len(s), bytesAtOnce)
		part = append(part[:0], s[:n]...)
		if s = s[n:]; s != "" {
			state.Add(part)
			return unfinished
		}
		sum := state.Sum(part)
		l.pushString(sha1.Digits(sum[:]))
		return 1
	})
}

// setRepl chooses who is told of changes.
func (vm *VM) setRepl(l *thread) int {
	if l.count() != 1 {
		vm.throwError("redis.set_repl() requires one argument.")
	}
	n := vm.toInt(l.arg(1))
	if n < 0 || n > 3 {
		vm.throwError("Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.")
	}
	vm.host.SetRepl(n)
	return 0
}

func (vm *VM) aclCheck(l *thread) int {
	if _, problem := vm.arguments(l); problem != "" {
		vm.throwError(problem)
	}
	allowed, problem := vm.host.Permits(vm.args)
	if problem != "" {
		vm.throwError(problem)
	}
	l.pushBool(allowed)
	return 1
}
