package lua

import (
	lua "github.com/yuin/gopher-lua"
)

// Registration is a function that a library registers when it is loaded.
type Registration struct {
	Name           string
	Description    string
	HasDescription bool
	Flags          []string
	Function       Function
}

// openLibraries makes what libraries see: one environment, behind which stand the few globals of
// loading or, afterwards, those of scripts without KEYS and ARGV.
func (vm *VM) openLibraries() {
	l := vm.l
	vm.running, vm.registering = l.NewTable(), l.NewTable()
	each(vm.globals, func(k, v lua.LValue) {
		if name, _ := text(k); name != "_G" && name != "redis" {
			vm.running.RawSet(k, v)
		}
	})
	api, loadAPI := l.NewTable(), l.NewTable()
	each(vm.redis, func(k, v lua.LValue) {
		switch name, _ := text(k); name {
		case "breakpoint", "debug", "replicate_commands":
			return
		case "log", "LOG_DEBUG", "LOG_VERBOSE", "LOG_NOTICE", "LOG_WARNING",
			"REDIS_VERSION", "REDIS_VERSION_NUM":
			loadAPI.RawSet(k, v)
		}
		api.RawSet(k, v)
	})
	loadAPI.RawSetString("register_function", l.NewFunction(vm.registerFunction))
	loadAPI.Metatable = vm.globals.Metatable // what is missing is an error here
	vm.running.RawSetString("redis", vm.guard(api))
	vm.running.Metatable = vm.globals.Metatable
	vm.registering.RawSetString("redis", vm.guard(loadAPI))
	vm.registering.Metatable = vm.globals.Metatable
	vm.libraryEnv = vm.guard(vm.running)
	vm.running.RawSetString("_G", vm.libraryEnv)
}

// loadLimit is how many instructions a library may take to load: as many as fit into half a
// second.
const loadLimit = 5_000_000

// LoadLibrary compiles and runs the source of a library, which registers its functions.
func (vm *VM) LoadLibrary(name string, source []byte) (made []Registration, problem string) {
	fn, notes, problem := vm.load(name, source)
	if problem != "" {
		return nil, "Error compiling function: " + problem
	}
	fn.Env = vm.libraryEnv
	vm.reset()
	vm.hints = notes
	see := vm.libraryEnv.Metatable.(*lua.LTable)
	see.RawSetString("__index", vm.registering)
	vm.registered = nil
	vm.l.Push(fn)
	late := false
	vm.protect(0, func() {
		if vm.Instructions() > loadLimit {
			late = true
			vm.Kill()
		}
	})
	see.RawSetString("__index", vm.running)
	made, vm.registered = vm.registered, nil
	for i := range made {
		made[i].Function.hints = notes
	}
	switch {
	case late:
		return nil, "Error registering functions: ERR FUNCTION LOAD timeout"
	case vm.failure != nil:
		return nil, "Error registering functions: " + vm.failure.Text
	case len(made) == 0:
		return nil, "No functions registered"
	}
	return made, ""
}

// isRegistering reports whether a library is being loaded.
func (vm *VM) isRegistering() bool {
	return vm.libraryEnv.Metatable.(*lua.LTable).RawGetString("__index") == vm.registering
}

// registerFunction is redis.register_function.
func (vm *VM) registerFunction(l *lua.LState) int {
	if !vm.isRegistering() {
		vm.throw(l, "redis.register_function can only be called on FUNCTION LOAD command")
	}
	r := Registration{}
	problem := "wrong number of arguments to redis.register_function"
	switch l.GetTop() {
	case 1:
		problem = vm.namedArguments(l.Get(1), &r)
	case 2:
		problem = positionalArguments(l.Get(1), l.Get(2), &r)
	}
	if problem == "" {
		problem = vm.checkRegistration(&r)
	}
	if problem != "" {
		vm.throw(l, problem)
	}
	vm.registered = append(vm.registered, r)
	return 0
}

func positionalArguments(name, callback lua.LValue, r *Registration) (problem string) {
	s, ok := text(name)
	if !ok {
		return "first argument to redis.register_function must be a string"
	}
	fn, ok := callback.(*lua.LFunction)
	if !ok {
		return "second argument to redis.register_function must be a function"
	}
	r.Name, r.Function.fn = s, fn
	return ""
}

func (vm *VM) namedArguments(v lua.LValue, r *Registration) (problem string) {
	t, ok := v.(*lua.LTable)
	if !ok {
		return "calling redis.register_function with a single argument is only applicable to " +
			"Lua table (representing named arguments)."
	}
	named := false
	each(t, func(k, v lua.LValue) {
		if problem != "" {
			return
		}
		key, _ := k.(lua.LString)
		ok := true
		switch key {
		case "function_name":
			r.Name, ok = text(v)
			named = true
		case "description":
			r.Description, ok = text(v)
			r.HasDescription = true
		case "callback":
			if r.Function.fn, ok = v.(*lua.LFunction); !ok {
				problem = "callback argument given to redis.register_function must be a function"
				return
			}
		case "flags":
			r.Flags, problem = registrationFlags(v)
		default:
			problem = "unknown argument given to redis.register_function"
		}
		if !ok {
			problem = string(key) + " argument given to redis.register_function must be a string"
		}
	})
	switch {
	case problem != "":
	case !named:
		problem = "redis.register_function must get a function name argument"
	case r.Function.fn == nil:
		problem = "redis.register_function must get a callback argument"
	}
	return problem
}

func registrationFlags(v lua.LValue) (flags []string, problem string) {
	t, ok := v.(*lua.LTable)
	if !ok {
		return nil, "flags argument to redis.register_function must be a table representing " +
			"function flags"
	}
	for i := 1; t.RawGetInt(i) != lua.LNil; i++ {
		s, ok := t.RawGetInt(i).(lua.LString)
		if !ok {
			return nil, "unknown flag given"
		}
		flags = append(flags, string(s))
	}
	return flags, ""
}

// errLibraryName is what the reference says of bad names of functions, too.
const errLibraryName = "Library names can only contain letters, numbers, or underscores(_) and " +
	"must be at least one character long"

// ValidName reports whether a library or function may have a name.
func ValidName(name string) bool {
	for i := range len(name) {
		c := name[i]
		if !(c == '_' || '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z') {
			return false
		}
	}
	return name != ""
}

func (vm *VM) checkRegistration(r *Registration) (problem string) {
	if !ValidName(r.Name) {
		return errLibraryName
	}
	for i := range vm.registered {
		if vm.registered[i].Name == r.Name {
			return "Function already exists in the library"
		}
	}
	for _, f := range r.Flags {
		switch f {
		case "no-writes", "allow-oom", "allow-stale", "no-cluster", "allow-cross-slot-keys":
		default:
			return "unknown flag given"
		}
	}
	return ""
}
