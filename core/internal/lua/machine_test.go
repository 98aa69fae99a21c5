package lua

import (
	"strings"
	"testing"

	other "github.com/yuin/gopher-lua"
)

// snippets are pieces of Lua 5.1 on which another implementation agrees with Redis's.
var snippets = []string{
	"return 1 + 2 * 3 - 4 / 2 ^ 2 % 3",
	"return (1 + 2) * 3",
	"return 2 ^ 3 ^ 2, -2 ^ 2",
	"return 7 % 3, -7 % 3, 7 % -3, 7.5 % 2",
	"return 1 < 2, 1 <= 1, 2 > 3, 2 >= 3, 1 == 1, 1 ~= 1",
	"return 'a' < 'b', 'a' .. 'b' .. 'c', #'abc'",
	"return not nil, not 0, nil == false",
	"return nil and 1, false or 2, 1 and 2, nil or false, false and nil",
	"local a, b, c = 1, 2 return a, b, c",
	"local a, b = (function() return 1, 2, 3 end)() return a, b",
	"local a <const> = 1", "local t = {1, 2, 3, n = 4} return #t, t.n, t[10]",
	"local t = {f = function(self, x) return self.y + x end, y = 2} return t:f(3)",
	"local function f(...) return select('#', ...), ... end return f(1, nil, 3, nil)",
	"local function f(a, ...) local b, c = ... return a, b, c end return f(1, 2), f(1, 2, 3, 4)",
	"local s = 0 for i = 1, 10 do s = s + i end return s",
	"local s = 0 for i = 10, 1, -3 do s = s + i end return s",
	"local s = 0 for i = 1, 0 do s = 1 end return s",
	"local s = 0 for i = 0.5, 2.5, 0.5 do s = s + i end return s",
	"local i = 0 while i < 5 do i = i + 1 if i == 3 then break end end return i",
	"local i = 0 repeat local j = i i = i + 1 until j >= 4 return i",
	"local fs = {} for i = 1, 3 do fs[i] = function() i = i + 1 return i end end return " +
		"fs[1](), fs[1](), fs[2]()",
	"local fs = {} local i = 0 repeat local j = i fs[#fs + 1] = function() return j end i = i " +
		"+ 1 until j >= 2 return fs[1](), fs[3]()",
	"local fs = {} local i = 0 while i < 3 do local j = i fs[i] = function() j = j + 1 return " +
		"j end i = i + 1 if i == 2 then break end end return fs[0](), fs[0](), fs[1]()",
	"local function outer() local x = 0 local function a() x = x + 1 return x end local " +
		"function b() return x end return a, b end local a, b = outer() a() a() return b()",
	"local function fact(n) if n <= 1 then return 1 end return n * fact(n - 1) end return fact(10)",
	"local function loop(n) if n == 0 then return 'end' end return loop(n - 1) end return " +
		"loop(100000)",
	"local t = setmetatable({}, {__index = function(t, k) return k .. '!' end}) return t.x, t[1]",
	"local t = setmetatable({}, {__index = setmetatable({a = 1}, {__index = {b = 2}})}) return " +
		"t.a, t.b, t.c",
	"local log = {} local t = setmetatable({}, {__newindex = function(t, k, v) rawset(t, k, v " +
		"* 2) end}) t.x = 4 t.x = 5 return t.x",
	"local t = setmetatable({}, {__newindex = setmetatable({}, {__newindex = function(t, k, v) " +
		"error('no', 0) end})}) return pcall(function() t.x = 1 end)",
	"local V = {} V.__add = function(a, b) return (type(a) == 'table' and a.v or a) + (type(b) " +
		"== 'table' and b.v or b) end local v = setmetatable({v = 3}, V) return v + 1, 1 + v, v + v",
	"local V = {} V.__eq = function(a, b) return a.v == b.v end V.__lt = function(a, b) return " +
		"a.v < b.v end V.__le = function(a, b) return a.v <= b.v end local function n(v) return " +
		"setmetatable({v = v}, V) end return n(1) == n(1), n(1) ~= n(1), n(1) < n(2), n(1) <= " +
		"n(0), n(1) > n(2), n(1) >= n(0)",
	"local V = {} V.__lt = function(a, b) return a.v < b.v end local function n(v) return " +
		"setmetatable({v = v}, V) end if not (n(1) <= n(1)) then return 'x' end return n(2) <= n(1)",
	"local V = {__concat = function(a, b) return (type(a) == 'table' and 'T' or a) .. (type(b) " +
		"== 'table' and 'T' or b) end} local v = setmetatable({}, V) return v .. 'a', 'a' .. v, v " +
		".. v, 'a' .. 'b' .. v .. 'c' .. 'd'",
	"local V = {__call = function(self, a, b) return a, b, self.x end} return setmetatable({x " +
		"= 3}, V)(1, 2)",
	"local V = {__unm = function() return 'm' end, __mul = function() return 1, 2 end} local v " +
		"= setmetatable({}, V) return -v, v * 2, (v * v)",
	"local V = {__tostring = function() return 'me' end} return tostring(setmetatable({}, V))",
	"return pcall(error, 'x', 0)",
	"return select(2, pcall(error, nil))",
	"return pcall(function() error('x', 0) end)",
	"return pcall(pcall, error, 'x', 0)",
	"return select('#', pcall(function() return 1, nil, nil end))",
	"return xpcall(function() error('x', 0) end, function(e) return e .. 'y' end)",
	"return xpcall(function() return 1, 2 end, error)",
	"local co = coroutine.create(function(a, b) local c = coroutine.yield(a + b) local d, e = " +
		"coroutine.yield(c * 2) return d, e end) local r = {coroutine.resume(co, 1, 2)} r[3], r[4] " +
		"= coroutine.resume(co, 10) r[5], r[6], r[7] = coroutine.resume(co, 'x', 'y') r[8] = " +
		"coroutine.status(co) r[9] = coroutine.resume(co) return unpack(r)",
	"local gen = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i) end end) return " +
		"gen(), gen(), gen()",
	"local function iter(n) return coroutine.wrap(function() for i = 1, n do " +
		"coroutine.yield(i, i * i) end end) end local s = 0 for i, q in iter(4) do s = s + q end " +
		"return s",
	"local a = coroutine.wrap(function() local b = coroutine.wrap(function() " +
		"coroutine.yield(1) coroutine.yield(2) end) coroutine.yield(b()) coroutine.yield(b()) end) " +
		"return a(), a()",
	"local x = 0 local co = coroutine.wrap(function() local y = 1 local f = function() y = y + " +
		"1 return y end coroutine.yield(f) x = y end) local f = co() f() f() co() return x",
	"local t = {} for k, v in pairs({10, 20, 30}) do t[#t + 1] = k * v end return unpack(t)",
	"local s = 0 for i, v in ipairs({1, 2, nil, 4}) do s = s + v end return s",
	"return next({}), next({5})",
	"return type(next), rawequal('a', 'a')",
	"local t = {3, 1, 2} table.sort(t) return unpack(t)",
	"local t = {3, 1, 2} table.sort(t, function(a, b) return a > b end) return unpack(t)",
	"local t = {} for i = 1, 100 do t[i] = (i * 37) % 101 end table.sort(t) local ok = true " +
		"for i = 2, 100 do ok = ok and t[i - 1] <= t[i] end return ok",
	"local t = {1, 2, 3} table.insert(t, 4) table.insert(t, 1, 0) return table.remove(t), " +
		"table.remove(t, 1), #t, table.concat(t, ',')",
	"return ('hello world'):gsub('o', '0'), ('abc'):gsub('%w', '%0%0'), ('abc'):gsub('', '-')",
	"return ('abc'):gsub('%w', '<%0-%0>', 2), ('abc'):gsub('^%w', '<%0>'), ('a'):gsub('a', '')",
	"return ('hello'):find('l'), ('hello'):find('xyz'), ('a.b'):find('.', 1, true)",
	"return ('key=val'):match('(%w+)=(%w+)'), ('  x '):match('^%s*(.-)%s*$')",
	"local t = {} for w in ('one two three'):gmatch('%a+') do t[#t + 1] = w end return " +
		"unpack(t)",
	"return ('x'):rep(3), ('abc'):reverse(), ('aBc'):upper(), ('aBc'):lower(), ('abc'):byte(1, " +
		"-1)",
	"return ('abcdef'):sub(2, 4), ('abc'):sub(-2), ('abc'):sub(0), ('abc'):sub(5)",
	"return string.format('%d %5.2f %s %q %x', 5, 1.5, 'a', 'b', 255)",
	"return tonumber('10'), tonumber('0x10'), tonumber('z', 36), tonumber('x')",
	"return math.floor(-1.5), math.ceil(1.2), math.max(1, 5, 3), math.min(4, 2), math.abs(-3)",
	"return unpack({1, 2, 3}, 2), unpack({1, 2}, 1, 3)",
	"local a = {} a[1], a[2], a[3] = 1, 2, 3 a[#a + 1] = 4 return #a",
	"local i, t = 1, {} i, t[i] = i + 1, 20 return i, t[1], t[2]",
	"local t = {} t.a, t.b = 1 return t.a, t.b",
	"local x = 1 do local x = 2 end return x",
	"local t = {(function() return 1, 2 end)(), (function() return 1, 2 end)()} return #t",
	"local t = {((function() return 1, 2 end)())} return #t",
	"return (function(...) return (...) end)(1, 2)",
	"return #{n = 1, 2, 3, nil}",
	"return 'a\\65\\n\\'', [[\nx]], [==[a]]b]==]",
	"local n = 0 for i = 1, 3 do for j = 1, 3 do if j == 2 then break end n = n + 1 end end " +
		"return n",
	"local s = '' for i = 3, 1, -1 do s = s .. i end return s",
	"local x = true if x then return 'yes' elseif nil then return 'maybe' else return 'no' end",
	"local a = nil local b = a and a.x or 'd' return b",
	"local a = {b = {c = 5}} return a.b.c, a['b']['c']",
	"local t = {} for i = 1, 1000 do t['k' .. i] = i end local s = 0 for _, v in pairs(t) do s " +
		"= s + v end for i = 1, 1000 do t['k' .. i] = nil end return s, next(t)",
	"local t = {} for i = 1, 300 do t[i] = i end for i = 300, 1, -1 do t[i] = nil end return " +
		"#t, next(t)",
	"local t = {[1.5] = 1, [-1] = 2, [true] = 3, [2 ^ 40] = 4} return t[1.5], t[-1], t[true], " +
		"t[2 ^ 40], t[false]",
	"local f = loadstring('return ... + 1') return f(2)",
	"return loadstring('x ='), 1",
	"return 1 / 0 > 0, 0 / 0 ~= 0 / 0, -0 == 0",
	"local function v(...) local t = {...} return #t, t[1], t[#t] end return v(5, 6, 7)",
	"local a = 5 local function f() a = a + 1 return a end return f() + f() * f(), a",
	"return ('x'):len(), (5):type()",
	"for i = 1, 2 do local x if i == 1 then x = 5 end if i == 2 then return x end end",
}

// TestSnippets runs snippets on the machine and on another one.
func TestSnippets(t *testing.T) {
	vm := newVM()
	vm.globals.fixed = false
	for _, src := range snippets {
		if want, got := otherResult(src), machineResult(vm, src); got != want {
			t.Errorf("%s\n got %s\nwant %s", src, got, want)
		}
	}
}

// disagreements are snippets on which the other implementation is wrong, with what Redis says.
var disagreements = [][2]string{
	{"local a, b = 1, 2 a, b = b, a return a, b", "2 1"},
	{"local function f() return 1, 2, 3 end return #{f(), f(), x = f()}", "2"},
	{"return #{1, 2, 3, nil, 5, nil}", "3"},
	{"local t = {1, 2, 3, n = 4, [10] = 5} return #t", "3"},
	{"return 5 % 0, 5 % math.huge, -5 % math.huge", "-nan -nan -nan"},
	{"return -0 == 0, 1 / 0 > 0", "true false"}, // one constant for both
	{"return 1e15, 2 ^ 53, 1 / 3", "1e+15 9.007199254741e+15 0.33333333333333"},
	{"return #setmetatable({}, {__len = function() return 9 end})", "0"},
	{"return pcall(error, 'x')", "false x"},
	{"return pcall(error, {1})", "false table nil"},
	{"return select(2, pcall(function() local r = {} r() end))",
		"s:1: attempt to call local 'r' (a table value)"},
	{"return tostring(math.log(-1)), tostring(math.sqrt(-1))", "-nan -nan"},
}

// TestDisagreements says why there is a machine of our own.
func TestDisagreements(t *testing.T) {
	vm := newVM()
	for _, c := range disagreements {
		if got := machineResult(vm, c[0]); got != c[1] {
			t.Errorf("%s\n got %s\nwant %s", c[0], got, c[1])
		}
		if otherResult(c[0]) == c[1] {
			t.Errorf("%s: they agree", c[0])
		}
	}
}

// wrapped turns a snippet into one that gives a text of its results.
func wrapped(src string) string {
	return "local function list(...) local t = {} for i = 1, select('#', ...) do local v = " +
		"select(i, ...) " +
		"t[i] = type(v) == 'function' and 'function' or type(v) == 'table' and 'table' or tostring(v) " +
		"end " +
		"return table.concat(t, ' ') end return list((function(...) " + src + "\nend)())"
}

func machineResult(vm *VM, src string) string {
	f, problem := vm.Compile("s", []byte(wrapped(src)))
	if problem != "" {
		return "wrong"
	}
	vm.Run(f, nil, nil, true, func() {})
	if vm.Failure() != nil {
		return "fails"
	}
	s, _ := vm.result.str()
	return s
}

func otherResult(src string) string {
	l := other.NewState()
	defer l.Close()
	f, err := l.LoadString(wrapped(src))
	if err != nil {
		return "wrong"
	}
	l.Push(f)
	if l.PCall(0, 1, nil) != nil {
		return "fails"
	}
	return l.ToString(-1)
}

// TestFaults runs what brought an earlier machine down.
func TestFaults(t *testing.T) {
	vm := newVM()
	for _, c := range [][2]string{
		{"for i = 1, 300 do local t = {} t[4000000] = 1 end return 1", ":1|"},
		{"local n = 0 local function f() n = n + 1 coroutine.wrap(f)() end pcall(f) return n", ":199|"},
		{"local function f(n) if n == 0 then return 0 end return 1 + f(n - 1) end " +
			"return f(16380)", ":16380|"},
		{"return #loadstring('return {' .. string.rep('1.5,', 100000) .. '}')()", ":100000|"},
		{"local t = {} for i = 1, 40000 do t[i] = i / 7 end " +
			"return #loadstring('return {' .. table.concat(t, ',') .. '}')()", ":40000|"},
		{"return #{1, 2, 3, nil, 5, nil}", ":3|"},
		{"local t = {} t[4000000] = 1 return #t", ":0|"},
		{"return next({a = 1}, 'b')", "ERR invalid key to 'next' @@user_script:1"},
		{"return {pcall(coroutine.wrap(function() pcall(coroutine.yield) return 5 end))}", "*2|:1|:5|"},
	} {
		if got := run(t, vm, c[0]); got != c[1] {
			t.Errorf("%s\n got %.300s\nwant %s", c[0], got, c[1])
		}
	}
}

// TestDoomed kills what takes for ever, within library functions too.
func TestDoomed(t *testing.T) {
	vm := newVM()
	for _, src := range []string{
		"local function f() return f() end return f()",
		"return string.find(string.rep('(', 2000000), '%b()')",
		"return string.find(string.rep('a', 300000), '.-.-.-b')",
		"return cjson.decode('[' .. string.rep('1,', 3000000) .. '1]')",
		"while true do loadstring(string.rep('x = 1 ', 10000)) end",
		"while true do coroutine.wrap(function() coroutine.yield() end)() end",
		"local t = setmetatable({}, {}) getmetatable(t).__index = function() while true do end end " +
			"return t.x",
		"for _ in function() return 1 end do end",
		"return ('x'):gsub('x', function() while true do end end)",
		"table.foreach({1}, function() repeat until false end)",
		"return load(function() return 'x ' end)",
	} {
		f, n := compile(t, vm, src), 0
		vm.Run(f, nil, nil, true, func() {
			if n++; n == 20 {
				vm.Kill()
			}
		})
		if f := vm.Failure(); f == nil || !strings.Contains(f.String(), "killed") {
			t.Errorf("%s: %v", src, f)
		}
	}
}

// TestLongCalls calls functions of libraries that take long: each is suspended in its midst.
func TestLongCalls(t *testing.T) {
	vm := newVM()
	for _, c := range [][2]string{
		{"", "string.rep('x', 3e7)"},
		{"local s = string.rep('xY', 1e7)", "s:upper()"},
		{"local s = string.rep('xY', 1e7)", "s:reverse()"},
		{"local s = string.rep('x', 1e7)", "s:find('y', 1, true)"},
		{"local s = string.rep('x', 1e6)", "s:find('^x*y')"},
		{"local s = string.rep('x', 3e5)", "s:gsub('x', 'y')"},
		{"local s = string.rep('x', 3e5)", "s:gsub('x', string.upper)"},
		{"local s = string.rep('x', 2e6)", "s:gmatch('y')()"},
		{"local s = string.rep('(', 3e6)", "s:match('^%b()')"},
		{"local s = string.rep('%%', 3e5)", "s:format()"},
		{"local t = {} for i = 1, 200000 do t[i] = i end", "table.concat(t)"},
		{"local t = {} for i = 1, 200000 do t[i] = -i end", "table.sort(t)"},
		{"local t = {} for i = 1, 200000 do t[i] = -i end",
			"table.sort(t, function(a, b) return a < b end)"},
		{"local t = {} for i = 1, 200000 do t[i] = i end", "table.foreach(t, function() end)"},
		{"local t = {} for i = 1, 200000 do t[i] = i end", "table.foreachi(t, function() end)"},
		{"local t = {} for i = 1, 200000 do t[i] = i end", "cjson.encode(t)"},
		{"local s = string.rep('x', 1e7)", "cjson.encode(s)"},
		{"local s = '[' .. string.rep('1,', 200000) .. '1]'", "cjson.decode(s)"},
		{"local t = {} for i = 1, 200000 do t[i] = i end", "cmsgpack.pack(t)"},
		{"local s = '\\221\\0\\3\\13\\64' .. string.rep('\\1', 200000)", "cmsgpack.unpack(s)"},
		{"local s = string.rep(' ', 200000)", "struct.pack(s)"},
		{"local s = string.rep(' ', 200000)", "struct.unpack(s, '')"},
		{"local s = string.rep('b', 200000)", "struct.size(s)"},
		{"local s = string.rep('x = 1 ', 60000)", "loadstring(s)"},
		{"local n = 0", "load(function() n = n + 1 return n < 50000 and 'x = 1 ' or nil end)"},
		{"local s = string.rep('x', 2e6)", "redis.sha1hex(s)"},
	} {
		f, slices := compile(t, vm, c[0]+" redis.call('mark') local x = "+c[1]+" redis.call('mark')"), 0
		host := vm.host.(*echo)
		host.marks = 0
		vm.Run(f, nil, nil, true, func() {
			if host.marks == 1 {
				slices++
			}
		})
		if fail := vm.Failure(); fail != nil || slices < 2 {
			t.Errorf("%s: %v, %d slices", c[1], fail, slices)
		}
	}
}

// TestSlices runs scripts that take several slices, or that library functions call.
func TestSlices(t *testing.T) {
	vm := newVM()
	for _, c := range [][2]string{
		{"local n = 0 for i = 1, 300000 do n = n + 1 end return n", ":300000|"},
		{"local t = {3, 1, 2} table.sort(t, function(a, b) return a > b end) return t", "*3|:3|:2|:1|"},
		{"return {pcall(string.gsub, 'abc', '.', function(c) return c .. c end)}", "*3|:1|$6|aabbcc|:3|"},
		{"return setmetatable({}, {__index = function(t, k) return (k:gsub('x', string.upper)) " +
			"end}).axb", "$3|aXb|"},
		{"local function f(n) if n == 0 then return 7 end return f(n - 1) end return f(100000)", ":7|"},
		{"local n = 0 for i in coroutine.wrap(function() for i = 1, 50000 do coroutine.yield(i) end " +
			"end) do " +
			"n = n + i end return n", ":1250025000|"},
		{"local n = 0 local t = setmetatable({}, {__lt = function() n = n + 1 return true end}) " +
			"for i = 1, 30000 do if t < t then n = n + 1 end end return n", ":60000|"},
		{"redis.call('x') error('gone')", "ERR user_script:1: gone @@user_script:1"},
	} {
		vm.Run(compile(t, vm, c[0]), nil, nil, true, func() {})
		got := ""
		if f := vm.Failure(); f != nil {
			got = f.String() + " @" + f.Source + ":" + itoa(f.Line)
		} else {
			got = strings.ReplaceAll(reply3(vm), "\r\n", "|")
		}
		if got != c[1] {
			t.Errorf("%s\n got %s\nwant %s", c[0], got, c[1])
		}
	}
}

// TestMemory meets the bound on memory, and gets the memory back.
func TestMemory(t *testing.T) {
	vm := newVM()
	vm.most = 32 << 20
	for _, src := range []string{
		"local t = {} for i = 1, 1e9 do t[i] = {i} end",
		"local t = {} for i = 1, 1e9 do t[i] = string.rep('x', 1e6) .. i end",
		"local s = 'x' while true do s = s .. s end",
		"local t = {} while true do t = {t, function() return t end} end",
	} {
		if got := run(t, vm, src); !strings.Contains(got, "not enough memory") {
			t.Errorf("%s: %s", src, got)
		}
	}
	last := "for i = 1, 300 do local s = string.rep('x', 1e6) end return 1"
	if got := run(t, vm, last); got != ":1|" {
		t.Error(got)
	}
}
