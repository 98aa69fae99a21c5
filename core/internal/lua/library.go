package lua

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
	vm.running, vm.registering = vm.newTable(0, 0), vm.newTable(0, 0)
	vm.globals.each(func(k, v value) {
		switch k.o.s {
		case "_G", "redis", "__redis__err__handler":
		default:
			vm.running.set(vm, k, v)
		}
	})
	api, loadAPI := vm.newRedis(), vm.newTable(0, 0)
	vm.redis.each(func(k, v value) {
		switch k.o.s {
		case "REDIS_VERSION", "REDIS_VERSION_NUM":
			api.set(vm, k, v)
			fallthrough
		case "log", "LOG_DEBUG", "LOG_VERBOSE", "LOG_NOTICE", "LOG_WARNING":
			loadAPI.set(vm, k, v)
		}
	})
	vm.running.setField(vm, "cjson", vm.newCjson(&vm.json[1]).value())
	loadAPI.setField(vm, "register_function", vm.function(vm.registerFunction))
	loadAPI.meta = vm.globals.meta // what is missing is an error here
	vm.running.setField(vm, "redis", api.value())
	vm.running.meta = vm.globals.meta
	vm.registering.setField(vm, "redis", loadAPI.value())
	vm.registering.meta = vm.globals.meta
	vm.libraryEnv = vm.newTable(0, 0)
	vm.libraryEnv.meta = vm.newTable(0, 1)
	vm.see(vm.running)
	vm.running.setField(vm, "_G", vm.running.value())
	vm.libraryEnv.protect()
	vm.registering.protect()
}

// see puts globals behind the environment of libraries.
//
//go:noinline
func (vm *VM) see(globals *table) {
	vm.libraryEnv.meta.set(vm, value{o: &eventKeys[eventIndex]}, globals.value())
}

// loadLimit is how many instructions a library may take to load: as many as fit into half a
// second.
const loadLimit = 5_000_000

// StartLibrary makes ready for compiling the source of a library, and for running it, which
// registers its functions; no other is under way. The source is copied.
func (vm *VM) StartLibrary(name string, source []byte) *Compilation {
	c := vm.StartCompiling(name, source)
	c.library = true
	return c
}

// run runs a library for a slice and reports whether that was all.
func (c *Compilation) run() (done bool) {
	vm, nargs := c.vm, -1
	if !c.runs {
		c.runs, nargs = true, 0
		vm.spares.nextScript(true)
		vm.reset()
		vm.see(vm.registering)
		vm.meter.begin()
		vm.taken = vm.newTable(0, 0)
		vm.main.push(vm.newFunction(&function{proto: c.p.done, env: vm.libraryEnv}))
	}
	if vm.goOn(nargs) {
		vm.see(vm.running)
		c.made, vm.registered, vm.taken = vm.registered, nil, nil
		if c.late {
			vm.failure = nil // nobody has killed it
		}
		return true
	}
	if !c.late && vm.Instructions() > loadLimit {
		c.late = true
		vm.Kill()
	}
	return false
}

// Registered returns the functions of a library that has run; problem says why there are none.
// VM.Failure tells of one that was ended.
func (c *Compilation) Registered() (made []Registration, problem string) {
	during, problem := "compiling function: ", c.p.whatIsWrong()
	if c.runs {
		during = "registering functions: "
	}
	switch fail := c.vm.failure; {
	case c.late:
		problem = "ERR FUNCTION LOAD timeout"
	case fail != nil:
		problem = fail.String()
	case problem == "" && len(c.made) == 0:
		return nil, "No functions registered"
	}
	if problem != "" {
		return nil, "Error " + during + problem
	}
	return c.made, ""
}

// isRegistering reports whether a library is being loaded.
func (vm *VM) isRegistering() bool {
	return vm.libraryEnv.meta.handler(eventIndex).table() == vm.registering
}

// registerCharge is what a function that is registered, which the engine then enters among those of
// all libraries, takes in instructions.
const registerCharge = 20

// registerFunction is redis.register_function.
func (vm *VM) registerFunction(l *thread) int {
	if !vm.isRegistering() {
		vm.throwError("redis.register_function can only be called on FUNCTION LOAD command")
	}
	r := Registration{}
	problem := "wrong number of arguments to redis.register_function"
	switch l.count() {
	case 1:
		problem = vm.namedArguments(l.arg(1), &r)
	case 2:
		problem = positionalArguments(l.arg(1), l.arg(2), &r)
	}
	if problem == "" {
		problem = vm.checkRegistration(&r)
	}
	if problem != "" {
		vm.throwError(problem)
	}
	vm.charge(registerCharge + (len(r.Name)+len(r.Description))/copyCharge + len(r.Flags))
	vm.registered = append(vm.registered, r)
	vm.taken.setField(vm, r.Name, trueValue)
	return 0
}

func positionalArguments(name, callback value, r *Registration) (problem string) {
	s, ok := text(name)
	if !ok {
		return "first argument to redis.register_function must be a string"
	}
	fn := callback.function()
	if fn == nil {
		return "second argument to redis.register_function must be a function"
	}
	r.Name, r.Function.fn = s, fn
	return ""
}

func (vm *VM) namedArguments(v value, r *Registration) (problem string) {
	t := v.table()
	if t == nil {
		return "calling redis.register_function with a single argument is only applicable to " +
			"Lua table (representing named arguments)."
	}
	named := false
	vm.charge((len(t.arr) + len(t.nodes)) / 8)
	t.each(func(k, v value) {
		if problem != "" {
			return
		}
		key, _ := k.str()
		ok := true
		switch key {
		case "function_name":
			r.Name, ok = text(v)
			named = true
		case "description":
			r.Description, ok = text(v)
			r.HasDescription = true
		case "callback":
			if r.Function.fn = v.function(); r.Function.fn == nil {
				problem = "callback argument given to redis.register_function must be a function"
				return
			}
		case "flags":
			r.Flags, problem = registrationFlags(v)
		default:
			problem = "unknown argument given to redis.register_function"
		}
		if !ok {
			problem = key + " argument given to redis.register_function must be a string"
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

func registrationFlags(v value) (flags []string, problem string) {
	t := v.table()
	if t == nil {
		return nil, "flags argument to redis.register_function must be a table representing " +
			"function flags"
	}
	for i := 1; !t.getInt(i).isNil(); i++ {
		s, ok := t.getInt(i).str()
		if !ok {
			return nil, "unknown flag given"
		}
		flags = append(flags, s)
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
	if vm.taken.field(r.Name).isTrue() {
		return "Function already exists in the library"
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
