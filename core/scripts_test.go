package core_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// shown begins a script of a table: show writes values as text, those of a table too.
const shown = "local function show(...) local o = {} for i = 1, select('#', ...) do " +
	"local v = select(i, ...) if type(v) == 'table' then local p = {} for k, w in pairs(v) do " +
	"p[#p + 1] = tostring(k) .. '=' .. tostring(w) end v = '{' .. table.concat(p, ',') .. '}' end " +
	"o[i] = type(v) .. ':' .. tostring(v) end return table.concat(o, ' ') end "

// operands are values of every kind, and numbers of every magnitude.
var operands = []string{
	"nil", "true", "false", "0", "-0", "1", "-1", "3", "1.5", "-2.5", "0.1", "1e15", "2^31",
	"-2^31", "2^53", "-2^63", "1e300", "1e-300", "1/0", "-1/0", "0/0", "''", "'abc'", "'10'",
	"' 0x1F '", "'1e2'", "'a\\0b'", "{}", "{1, 2, 3}", "{3, nil, 1}", "{a = 1}", "print0",
	"coroutine.create(function(a) return coroutine.yield(a) end)", "setmetatable({}, meta)",
}

// fewer are some of them, for second and third arguments.
var fewer = []string{"nil", "0", "2", "-1.5", "2^40", "'b'", "'2'", "{1, 'x'}", "print0"}

// named begins a script in which operands have what they name.
const named = "local print0 = function(...) return ... end local meta = {__add = function(a, b) " +
	"return 'add' end, __concat = function() return 'concat' end, __index = function(_, k) " +
	"return k end, __call = function(_, x) return 'called', x end, __lt = function() return 1 end, " +
	"__le = function() return nil end, __eq = function() return true end, __unm = function() " +
	"return 'unm' end, __tostring = function() return 'me' end} "

// functions are those that a script may call with anything. What changes settings that outlive the
// script, depends on chance or on the collector, or makes gigabytes, has scripts of its own.
var functions = strings.Fields(`assert error getmetatable ipairs load loadstring next pairs pcall
	rawequal rawget rawset select setmetatable tonumber tostring type unpack xpcall
	string.byte string.char string.find string.format string.gfind string.gmatch string.gsub
	string.len string.lower string.match string.reverse string.sub string.upper
	table.concat table.foreach table.foreachi table.getn table.insert table.maxn table.remove
	table.setn table.sort
	math.abs math.acos math.asin math.atan math.atan2 math.ceil math.cos math.cosh math.deg math.exp
	math.floor math.fmod math.frexp math.ldexp math.log math.log10 math.max math.min math.mod
	math.modf math.pow math.rad math.sin math.sinh math.sqrt math.tan math.tanh
	coroutine.create coroutine.resume coroutine.running coroutine.status coroutine.wrap
	coroutine.yield
	bit.arshift bit.band bit.bnot bit.bor bit.bswap bit.bxor bit.lshift bit.rol bit.ror bit.rshift
	bit.tobit bit.tohex
	cjson.encode cjson.decode cmsgpack.pack cmsgpack.unpack cmsgpack.unpack_one
	cmsgpack.unpack_limit struct.pack struct.unpack struct.size
	redis.sha1hex redis.error_reply redis.status_reply redis.setresp
	redis.log redis.set_repl redis.acl_check_cmd`)

// tableOfScripts are scripts for every function with arguments of every kind, every operation with
// operands of every kind, wherever they come from, and every kind of result.
func tableOfScripts() (scripts []string) {
	add := func(format string, args ...any) {
		scripts = append(scripts, shown+named+fmt.Sprintf(format, args...))
	}
	for _, f := range functions {
		add("return show(pcall(%s))", f)
		for _, a := range operands {
			add("return show(pcall(%s, %s))", f, a)
			add("return show(pcall(function() return %s(%s) end))", f, a)
			for _, b := range fewer {
				add("return show(pcall(%s, %s, %s))", f, a, b)
			}
		}
		for _, a := range fewer {
			for _, b := range fewer {
				add("return show(pcall(%s, 'a1b2', %s, %s))", f, a, b)
			}
		}
	}
	scripts = append(scripts, operations()...)
	for _, a := range operands {
		add("return %s", a)
		add("return {%s, 1, {%s}}", a, a)
		for _, key := range strings.Fields("ok err double big_number map set verbatim_string") {
			add("redis.setresp(3) return {%s = %s}", key, a)
			add("return {x = 1, %s = %s, 5}", key, a)
		}
		add("local ok, e = pcall(string.rep, %s, 3) return show(ok, e)", a)
		add("return show(pcall(error, {err = %s}))", a)
		add("return show(pcall(error, setmetatable({}, {__index = {err = %s}})))", a)
		add("return show(pcall(error, setmetatable({}, {__index = function() return %s end})))", a)
		add("math.randomseed(7) return show(pcall(math.random, %s))", a)
		add("math.randomseed(7) return show(pcall(math.random, 1, %s))", a)
		add("return show(pcall(math.randomseed, %s))", a)
		add("return show(pcall(coroutine.wrap(function(x) return x, coroutine.yield(x) end), %s))", a)
	}
	for _, a := range []string{"0", "-2.5", "1/0", "''", "'abc'", "'a\\0b'"} {
		add("error(%s)", a) // of a table without a text that nobody catches redis-server dies
		add("error({err = %s})", a)
		add("error(setmetatable({}, {__index = {err = %s}}))", a)
	}
	return append(scripts, "return type(os.clock())")
}

// callsOfCommands are scripts that call commands with arguments of every kind. As functions they
// end redis-server: it tells where an error of arguments happened, and finds no place in one.
func callsOfCommands() (scripts []string) {
	add := func(format string, args ...any) {
		scripts = append(scripts, shown+named+fmt.Sprintf(format, args...))
	}
	for _, f := range strings.Fields("redis.call redis.pcall redis.acl_check_cmd") {
		add("return show(pcall(%s))", f)
		for _, a := range operands {
			add("return show(pcall(%s, %s))", f, a)
			add("return %s(%s)", f, a)
			for _, command := range strings.Fields("echo set incrbyfloat nosuch") {
				add("return show(pcall(%s, '%s', %s))", f, command, a)
				add("return %s('%s', 'k', %s)", f, command, a)
				add("%s('%s', 'k', %s, 'x')", f, command, a)
			}
		}
	}
	return scripts
}

// operations are scripts of every operation.
func operations() (scripts []string) {
	add := func(format string, args ...any) {
		scripts = append(scripts, shown+named+fmt.Sprintf(format, args...))
	}
	for _, a := range operands {
		for _, op := range strings.Fields("+ - * / % ^ .. == ~= < <= > >= and or") {
			for _, b := range operands {
				add("return show(pcall(function() return (%s) %s (%s) end))", a, op, b)
			}
			add("local t, a = {x = %s}, %s local function f() return a %s 1 end "+
				"return show(pcall(function() return t.x %s 1 end), pcall(f), "+
				"pcall(function() return 'x' %s t[1] end))", a, a, op, op, op)
		}
		for _, op := range []string{
			"return -v", "return #v", "return not v", "return v.x", "return v[1]", "return v.x.y",
			"v.x = 1", "v[nil] = 1", "v[0/0] = 1", "return v()", "return v.x()", "return v:m(1)",
			"return t.f.x()", "return t.v[1]", "t.v.x = 5", "t[v] = 1 return t[v]",
			"for i = v, 3 do return i end", "for i = 1, v do return i end",
			"for i = 1, 3, v do return i end", "for k in v do return k end",
			"for k, w in pairs(v) do return k end", "if v then return 1 else return 2 end",
			"while v do return 1 end", "return v .. 'x' .. 1", "return (v)", "return {v, v}",
			"return nosuch(v)", "nosuch = v", "return nosuch + v", "return string.nosuch(v)",
		} {
			add("local t, v = {v = %s}, %s return show(pcall(function() %s end))", a, a, op)
			if !strings.Contains(op, "nosuch = ") {
				scripts = append(scripts, named+fmt.Sprintf("local t, v = {v = %s}, %s %s", a, a, op))
			}
		}
	}
	return scripts
}

// scriptWriter makes programs up by the grammar of Lua 5.1. They end, and leave what they have seen
// in the table `out`.
type scriptWriter struct {
	*rand.Rand
	out   strings.Builder
	depth int      // of blocks and expressions
	loops int      // around here in this function
	names []string // the local variables in sight
	made  int
}

// newScript writes a program.
func newScript(r *rand.Rand) string {
	w := &scriptWriter{Rand: r, names: []string{"out"}}
	w.out.WriteString("local out = {} local function emit(...) for i = 1, select('#', ...) do " +
		"local v = select(i, ...) out[#out + 1] = type(v) == 'table' and '{' .. #v .. '}' or " +
		"tostring(v) end end ")
	w.names = []string{"emit"}
	whole := w.IntN(4) > 0
	if whole {
		w.out.WriteString("emit(pcall(function(...) ")
	}
	for range 2 + w.IntN(5) {
		w.statement()
	}
	if whole {
		w.out.WriteString(" end, " + w.pick("1", "'x', nil", "{1, 2}, 3", "nil") + ")) ")
	}
	w.out.WriteString("return table.concat(out, ' ')")
	return w.out.String()
}

func (w *scriptWriter) pick(words ...string) string { return words[w.IntN(len(words))] }

// write writes words: E is an expression, S a block of statements of its own, V a variable, N a
// name, P a part of a table.
func (w *scriptWriter) write(words string) {
	for _, word := range strings.Fields(words) {
		switch word {
		case "E":
			w.expr()
		case "S":
			w.block()
		case "V":
			w.out.WriteString(w.names[w.IntN(len(w.names))])
		case "P":
			w.out.WriteString(w.pick("x", "y", "z"))
		case "U":
			w.out.WriteString(w.pick("-", "not", "#"))
		case "O":
			w.out.WriteString(w.pick("+", "-", "*", "/", "%", "^", "..", "==", "~=", "<", "<=", ">",
				">=", "and", "or"))
		default:
			w.out.WriteString(word)
		}
		w.out.WriteString(w.pick(" ", " ", " ", " ", "\n", " --[[c]] ", " --c\n", "\t"))
	}
}

// declare makes a new local variable for what is written next in this block.
func (w *scriptWriter) declare() string {
	w.made++
	return fmt.Sprint("v", w.made)
}

// block writes statements with local variables of their own.
func (w *scriptWriter) block(params ...string) {
	seen := len(w.names)
	w.names = append(w.names, params...)
	w.depth++
	for range 1 + w.IntN(3) {
		w.statement()
	}
	w.depth--
	w.names = w.names[:seen]
}

func (w *scriptWriter) local(values string) {
	name := w.declare()
	w.out.WriteString("local " + name + " ")
	w.write(values)
	w.names = append(w.names, name)
}

// body writes the parameters, statements and end of a function.
func (w *scriptWriter) body() {
	loops := w.loops
	w.loops = 0
	a, b := w.declare(), w.declare()
	w.out.WriteString(w.pick("("+a+", "+b+")", "("+a+", "+b+", ...)") + " ")
	w.block(a, b)
	w.out.WriteString(w.pick("return "+a, "return "+a+", "+b, "return "+b+"("+a+")", "return", "") +
		" end ")
	w.loops = loops
}

func (w *scriptWriter) statement() {
	if w.depth > 3 {
		w.write("emit( E )")
		return
	}
	if n := w.IntN(22); n < 9 {
		w.plain(n)
	} else {
		w.dense(n)
	}
}

// plain writes assignments, conditions and loops.
func (w *scriptWriter) plain(n int) {
	switch n {
	case 0, 1:
		w.local("= E")
	case 2:
		w.local(w.pick("", "= E , E", "= ( E )", "= {} ;"))
	case 3:
		w.write("do local a, b = E , E a, b = b, a emit(a, b) end")
	case 4:
		w.write("if E then S elseif E then S else S end")
	case 5:
		w.loop(func() {
			i := w.declare()
			w.out.WriteString("for " + i + " = ")
			w.write(w.pick("1, 3", "3, 1, -1", "1, E", "0.5, 2, 0.5", "E , 2", "1, 0", "1, 2, E"))
			w.out.WriteString("do n = n + 1 if n > 5 then break end ")
			w.block(i)
			w.out.WriteString("end ")
		})
	case 6:
		w.loop(func() {
			k, v := w.declare(), w.declare()
			w.out.WriteString("for " + k + ", " + v + " in ")
			w.write(w.pick("pairs({ E , E , x = E })", "ipairs({ E , E })", "next, { E }",
				"pairs( E )", "('a1b2'):gmatch('%a')", "E"))
			w.out.WriteString("do n = n + 1 if n > 5 then break end ")
			w.block(k, v)
			w.out.WriteString("end ")
		})
	case 7:
		w.loop(func() { w.write("while E do n = n + 1 if n > 3 then break end S end") })
	case 8:
		w.loop(func() {
			w.write("repeat n = n + 1")
			w.local("= E")
			w.write("S until n > 3 or V")
			w.names = w.names[:len(w.names)-1]
		})
	}
}

// dense writes functions, metatables, coroutines, errors and tables.
func (w *scriptWriter) dense(n int) {
	switch n {
	case 9:
		name := w.declare()
		w.out.WriteString("local function " + name)
		w.body()
		w.names = append(w.names, name)
	case 10:
		w.write("do local t = { E , P = E } function t.f")
		w.body()
		w.write("function t:g")
		w.body()
		w.write("emit(t.f( E , E ), t:g( E ), t.x) end")
	case 11:
		w.write("do local t = setmetatable({ P = E }, {__" + w.pick("index", "newindex", "call", "add",
			"concat", "eq", "lt", "le", "unm", "tostring", "mod", "metatable", "len") +
			" = " + w.pick("function") + "")
		w.body()
		w.write("}) emit(" + w.pick("t . P", "t( E )", "t + E", "E .. t", "t == E", "t < t", "t <= t",
			"-t", "tostring(t)", "t % E", "getmetatable(t)", "#t", "rawget(t, 'x' )") + ")")
		w.write(w.pick("t . P = E", "t[ E ] = E", "") + " end")
	case 12:
		w.write("emit(pcall(function(...) S end, E ))")
	case 13:
		w.write("emit(xpcall(function() S end, function(e) return " + w.pick("e", "type(e)",
			"tostring(e) .. '!'", "error(e)", "nil") + " end))")
	case 14:
		w.write("do local co = coroutine." + w.pick("wrap", "create") + "(function(...)")
		w.block()
		w.write("local r = coroutine.yield( E ) emit(r, ...) return E end) emit(" +
			"pcall(" + w.pick("co", "coroutine.resume, co", "coroutine.status, co") + ", E ))" +
			"emit(" + "pcall(" + w.pick("co", "coroutine.resume, co") + ", E )) end")
	case 15:
		w.write("error(tostring( E )" + w.pick("", ", 0", ", 1", ", 2") + ")")
	case 16:
		if w.loops > 0 {
			w.write("if E then break end")
			return
		}
		w.write("emit(select('#', E ), ( E ))")
	case 17:
		w.write("do " + w.pick("return", "return E", "return E , E", "return ( E )") + " end")
	case 18:
		w.write("do local t = { E ; E , [ E ] = E , x = E , } t . P = E emit(#t, t . P , t[ E ]) end")
	case 19:
		w.write("emit(loadstring('return ' .. tostring( E )))")
	default:
		w.write("emit( E , E )")
	}
}

// loop writes a loop that counts its rounds in n.
func (w *scriptWriter) loop(write func()) {
	w.loops++
	w.out.WriteString("do local n = 0 ")
	write()
	w.out.WriteString("end ")
	w.loops--
}

func (w *scriptWriter) expr() {
	w.depth++
	defer func() { w.depth-- }()
	if w.depth > 5 {
		w.write(w.pick("V", "V", "1", "'x'", "nil", "2.5", "{}"))
		return
	}
	switch w.IntN(16) {
	case 0, 1, 2, 3:
		w.write("V")
	case 4, 5:
		w.write(w.pick("0", "1", "-1", "7", "1e3", "0x1F", ".5", "1e300", "3.", "2^53", "0/0", "1/0"))
	case 6:
		w.out.WriteString(w.pick(`'a\n\65\'b'`, `"x\"\0y"`, "[[long\nstring]]", "[==[a]]b]==]", `'10'`,
			`""`, `'\9\x'`, "'\\\n'") + " ")
	case 7:
		w.write(w.pick("nil", "true", "false", "{}", "{ E }", "{x = E }", "{ E , E }"))
	case 8, 9, 10:
		w.write(w.pick("( E O E )", "E O E", "( E ) O E"))
	case 11:
		w.write("U E")
	case 12:
		w.write(w.pick("( V ) . P", "V . P", "V [ E ]", "( E )[ E ]"))
	case 13:
		w.write(w.pick("V ( E )", "V ( )", "V : P ( E )", "('%s'):format( E )", "tostring( E )",
			"type( E )", "#tostring( E )", "tonumber( E )", "select(1, E )", "V {1}", "V 'x'",
			"('abc'):sub( E , 2)", "string.byte( E )", "math.floor( E )", "unpack({ E , E })",
			"table.concat({ E , E })", "cjson.encode({1, x})", "next({ E })", "rawequal( E , E )"))
	case 14:
		w.out.WriteString("function")
		w.body()
	default:
		w.out.WriteString("(function(...) return " + w.pick("...", "(...)", "select('#', ...)",
			"{...}", "... , 1") + " end)(")
		w.write("E , E )")
	}
}
