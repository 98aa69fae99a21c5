package lua

import (
	"strings"
	"testing"
)

// watching is a host that notes how far beyond their stretch the instructions had gone each time
// that the machine looks whether it is to stop.
type watching struct {
	echo
	vm   *VM
	most int
}

func (w *watching) Yield() { w.most = max(w.most, -w.vm.left) }

// longScripts keep the machine in one call of a library, or in the compiler, for a long time.
var longScripts = [][2]string{
	{"local t = {} for i = 1, 1e5 do t[i] = 'item' .. i end", "table.concat(t, ',')"},
	{"", "string.rep('abc', 3e7)"},
	{"local s = string.rep('1', 2 ^ 24)", "tonumber(s) tonumber(s, 2)"},
	{"local s = string.rep('x', 2e7)", "s:upper() s:reverse()"},
	{"local s = string.rep('hello world ', 1e5)", "s:gsub('%w+', '%0%0') s:gsub('o', {o = 'u'})"},
	{"local s = string.rep('hello world ', 1e5)",
		"s:gsub('%w+', function(w) return w:upper() end)"},
	{"local s = string.rep('a', 3000)", "s:find('.-.-.-b')"},
	{"local s = string.rep('(', 1e6)", "s:find('%b()', 1)"},
	{"local t = {} for i = 1, 3e4 do t[i] = i * 7919 % 100003 end",
		"table.sort(t, function(a, b) return a > b end) table.sort(t)"},
	{"local t = {} for i = 1, 1e5 do t[i] = i end", "cjson.encode(t)"},
	{"local s = '[' .. string.rep('{\"a\":[1,\"x\"]},', 1e5) .. '1]'", "cjson.decode(s)"},
	{"local t = {} for i = 1, 1e5 do t[i] = i end", "cmsgpack.unpack(cmsgpack.pack(t))"},
	{"local s = string.rep('x', 2e7)", "redis.sha1hex(s)"},
	{"local s = string.rep('local x = 1 do end ', 3e4)", "loadstring(s)"},
	{"local s = string.rep('1,', 1e5)", "loadstring('return {' .. s .. '}')"},
	{"local s = string.rep('[1]={x=1,[2]=f\"x\"},', 3e4)", "loadstring('return {' .. s .. '}')"},
	{"local s = string.rep('(f(x[1], {})){}.a:b(\"\")', 3e4)", "loadstring('f' .. s)"},
	{"local s = string.rep('-1 + x * 2 == ', 3e4)", "loadstring('return ' .. s .. '1')"},
	{"local s = string.rep('\\\\n', 2 ^ 23)", "loadstring('x = \"' .. s .. '\"' .. s)"},
	{"local s = string.rep('x\\r\\n', 2 ^ 22)", "loadstring('x = [[' .. s .. ']] --[[' .. s)"},
	{"local s = string.rep('\\n', 2 ^ 24)", "loadstring(s .. '--' .. s)"},
	{"local s = string.rep('x', 2 ^ 24)", "loadstring('return ' .. s .. ' 1' .. s)"},
	{"local s = string.rep('x and ', 2e4)", "loadstring('return ' .. s .. '1')"},
	{"local s = string.rep('elseif x then ', 2e4)", "loadstring('if x then ' .. s .. ' end')"},
	{"local s = string.rep('while x do if y then return end break end ', 1e4)",
		"loadstring('local function f() for i = 1, 2 do ' .. s .. ' end end')"},
	{"local t = {} for i = 1, 1e5 do t[i] = i end", "for i = 1, 5 do table.insert(t, 1, i) end"},
	{"local t = {} for i = 1, 1e5 do t[i] = i end", "local x = 0 table.foreach(t, type)"},
	{"local t = {} for i = 1, 7000 do t[i] = i end", "for i = 1, 30 do select('#', unpack(t)) end"},
	{"local s = string.rep('x', 2e6) local u, v = s .. 'a', s .. 'b'",
		"for i = 1, 50 do local b = u < v or u <= v or u == v end"},
	{longStrings, "return u < v, u <= v, u == w"},
	{longStrings, "return rawequal(u, w)"},
	{longStrings, "table.sort({u, v, w})"},
	{fullArray, "t[#t + 1] = 1"},
	{fullArray, "rawset(t, #t + 1, 1)"},
	{fullArray, "table.insert(t, 1)"},
	{fullArray, "setmetatable(t, {__newindex = function() end}) t[#t + 1] = 1"},
	{"local s = '[' .. string.rep('1,', 2 ^ 22) .. '1]'", "cjson.decode(s)"},
	{"local s = '\\221\\0\\64\\0\\1' .. string.rep('\\1', 2 ^ 22 + 1)", "cmsgpack.unpack(s)"},
	{"local s = string.rep('x', 2 ^ 24) local x", strings.Repeat("x = s .. 1 ", 100)},
	{"local s = string.rep('x', 2 ^ 20 - 1) local x, u, v = 0, s .. 1, s .. 1",
		strings.Repeat("x = u < v x = u == v ", 100)},
	{"", "local t = {} for i = 1, 2 ^ 18 do t[i] = i t[-i] = i end"},
	{"", "local t = setmetatable({}, {}) for i = 1, 2 ^ 17 do t[-i] = i end"},
	{"local t = {} for i = 1, 2 ^ 20 do t[i] = i end", "for i = 1, 5 do table.maxn(t) end"},
	{emptied, "for i = 1, 5 do next(t) end"},
	{emptied, "for i = 1, 5 do for k in pairs(t) do end end"},
	{"local s = '\"' .. string.rep('\\\\n', 2 ^ 20) .. '\"'", "cjson.decode(s)"},
	{"local s = string.rep(' ', 2 ^ 23)", "cjson.decode(s .. '1' .. s)"},
	{"local s = string.rep('x', 2 ^ 23)", "cjson.encode({[s] = 1})"},
	{"local s = string.rep('x', 2 ^ 23)", "string.format('%q%q', s, s)"},
	{"local s = string.rep('%0', 2 ^ 20)", "s:sub(1, 1):gsub('.', s)"},
	{"local s = string.rep('x', 2 ^ 25)", "table.concat({s, s, s})"},
	{"local s = string.rep('x', 2 ^ 25)", "struct.pack('sss', s, s, s)"},
	{"local s = string.rep('x', 2 ^ 25)", "string.format('%s%s%s', s, s, s)"},
	{"local s = string.rep('x', 2 ^ 25)", "redis.call('mark', s)"},
	{"local f f = function() return pcall(f) end", "f()"},
	{"local f f = function() return coroutine.wrap(f)() end", "pcall(f)"},
}

// fullArray is a table of two million places, none of which is free.
const fullArray = "local t = {} for i = 1, 2 ^ 21 do t[i] = i end"

// longStrings are three of 32 MB, the first and the last equal.
const longStrings = "local s = string.rep('x', 2 ^ 25) " +
	"local function with(c) return s .. c end local u, v, w = with('a'), with('b'), with('a')"

// emptied is a table of a million places that are empty.
const emptied = "local t = {} for i = 1, 2 ^ 20 do t[i] = i end for i = 1, #t do t[i] = nil end "

// beyondMost is how many instructions a step may take beyond its stretch: what copying 100 MB, or
// growing a table of half a million, counts.
const beyondMost = 2 * SliceSize

// TestLooks counts what passes between two looks: a script can be stopped everywhere within three
// slices.
func TestLooks(t *testing.T) {
	for _, s := range longScripts {
		w := &watching{}
		vm := New(w, "8.0.6", 0x080006)
		w.vm = vm
		slices := 0
		vm.Run(compile(t, vm, s[0]+" "+s[1]), nil, nil, true, func() {
			if slices++; slices == 100 {
				vm.Kill()
			}
		})
		if f := vm.Failure(); f != nil && !f.Killed {
			t.Errorf("%s: %s", s[1], f.String())
		}
		if w.most > beyondMost {
			t.Errorf("%s: %d instructions beyond a stretch", s[1], w.most)
		}
	}
}

// TestWorkCounts: what takes long counts as many instructions, and so ends the slice in time.
func TestWorkCounts(t *testing.T) {
	const chain = "local t = {} for i = 1, 99 do " +
		"t = setmetatable({}, {__index = t, __newindex = t}) end for i = 1, 1000 do "
	for _, s := range []struct {
		script string
		least  int64
	}{
		{chain + "local x = t.x end", 99_000},
		{chain + "t.x = nil end", 99_000},
		{"local function f(n, ...) if n > 0 then return f(n - 1, n, ...) end end f(4000)", 1_000_000},
		{"local function f(n, ...) if n > 0 then return n, f(n - 1) end end f(4000)", 500_000},
		{`for i = 1, 100 do redis.call('resp', '*8000\r\n' .. string.rep(':1\r\n', 8000)) end`,
			200_000},
	} {
		vm := newVM()
		vm.Run(compile(t, vm, s.script), nil, nil, true, func() {})
		if n := vm.Instructions(); vm.Failure() != nil || n < s.least {
			t.Errorf("%s: %d instructions, %v", s.script, n, vm.Failure())
		}
	}
}

// TestMeasure: a script stands still while what it has is measured, a slice at a time, and it does
// not matter where its slices end.
func TestMeasure(t *testing.T) {
	const script = "local t = {} for i = 1, 6e5 do t[i] = {i} end " +
		"local k = {} for i = 1, 1e5 do k[{}] = 'x' .. i end return #t"
	whole, parts := newVM(), newVM()
	slices, found := 0, 0
	whole.Run(compile(t, whole, script), nil, nil, true, func() {
		if whole.amid {
			slices++
			found = max(found, len(whole.marked)+len(whole.parts))
		}
	})
	if slices < 22 || found > 2*measuredAtOnce {
		t.Errorf("it was measured in %d slices, with %d to look into", slices, found)
	}
	runTiny(parts, compile(t, parts, script), nil)
	if whole.used != parts.used || whole.bound != parts.bound || outcome(whole) != outcome(parts) {
		t.Errorf("%d bytes up to %d: %s, in tiny slices %d up to %d: %s", whole.used, whole.bound,
			outcome(whole), parts.used, parts.bound, outcome(parts))
	}
}

// TestMemoryIsExact: the memory of a script is the same on every host, whatever the size of an int
// there, and with every version of Go.
func TestMemoryIsExact(t *testing.T) {
	for _, s := range []struct {
		script      string
		used, bound int
	}{
		{"return 1", 4320, 4194304},
		{"local t = {} for i = 1, 25000 do t[i] = {i} end", 3728848, 4194304},
		{"local t = {} for i = 1, 4e4 do t[i] = 'x' .. i end", 3202158, 4194304},
		{"local t = {} for i = 1, 1e4 do t['k' .. i] = function() return i end end", 3028686, 4194304},
		{"local s = string.rep('x', 2 ^ 19) local t = {} for i = 1, 30 do t[i % 3] = s .. i end",
			4767502, 5339532},
		{"local t = {} for i = 1, 2000 do t[i % 300] = " +
			"coroutine.wrap(function() coroutine.yield(t) end) t[i % 300]() end", 5774390, 7979516},
		{"local t = {} for i = 1, 4000 do t[i] = {a = i, b = {i, 'x' .. i}} end " +
			"for i = 1, 3 do t = cjson.decode(cjson.encode(t)) end", 3405664, 6528136},
		{"local t = {} for i = 1, 5000 do t[i] = {i, x = 's' .. i} end " +
			"for i = 1, 3 do t = cmsgpack.unpack(cmsgpack.pack(t)) end", 2581570, 4194304},
		{"local s = string.rep('hello world ', 5e4) for i = 1, 9 do s:gsub('%w+', '<%0>') end",
			3048061, 4194304},
		{"local function f(n, ...) if n > 0 then return 1 + f(n - 1, n, ...) end return 0 end " +
			"for i = 1, 20 do f(150) end local t = {} for i = 1, 1e4 do t[-i] = {} end", 2033928, 4194304},
	} {
		vm := newVM()
		vm.most = 4 << 20 // and so it is measured that often
		vm.Run(compile(t, vm, s.script), nil, nil, true, func() {})
		if f := vm.Failure(); f != nil {
			t.Errorf("%s: %s", s.script, f.String())
		}
		if vm.used != s.used || vm.bound != s.bound {
			t.Errorf("%s: %d bytes up to %d, want %d up to %d", s.script, vm.used, vm.bound, s.used,
				s.bound)
		}
	}
}

// longSpaces is a string of 16 MB.
const longSpaces = "local s = string.rep(' ', 2 ^ 24)"

// TestCharges: what takes long takes several slices, so many for so many bytes, elements or tokens.
// What a guest needs longest for is charged as it is there.
func TestCharges(t *testing.T) {
	for _, s := range []struct {
		prepare, call string
		least         int
	}{
		{"", "string.rep('abc', 5e6)", 15},
		{"local s = string.rep('x', 1e7)", "s:upper()", 10},
		{"local s = string.rep('x', 1e7)", "s:lower()", 10},
		{"local s = string.rep('x', 1e7)", "s:reverse()", 10},
		{"local s = string.rep('x', 1e4)", "for i = 1, 1000 do s:upper() end", 10},
		{"local s = string.rep('x', 1e4)", "for i = 1, 1000 do s:reverse() end", 10},
		{"", "for i = 1, 1000 do string.rep('x', 1e4) end", 10},
		{"local s = string.rep('x', 1e7)", "redis.sha1hex(s)", 35},
		{"local s = string.rep('x', 1e4)", "for i = 1, 1000 do redis.sha1hex(s) end", 35},
		{"local s = string.rep('1', 2 ^ 24)", "for i = 1, 30 do tonumber(s) end", 8},
		{"local s = string.rep('1', 2 ^ 24)", "tonumber(s, 2)", 15},
		{"local s = string.rep('x', 2 ^ 26)", "local r = redis.call('mark', s)", 3},
		{"local s = string.rep('x', 2 ^ 22)", "for i = 1, 60 do local x = pcall(math.floor, s) end", 4},
		{"local s = string.rep(' ', 2 ^ 22) .. '1'", "for i = 1, 60 do local x = s + 1 end", 4},
		{"local s = string.rep('x', 2 ^ 22)", "for i = 1, 60 do redis.error_reply(s) end", 4},
		{"local s = string.rep('x', 2 ^ 22)", "for i = 1, 60 do redis.status_reply(s) end", 4},
		{"local s = string.rep('x', 2 ^ 22)", "for i = 1, 60 do redis.log(3, s) end", 4},
		{"local s = string.rep('x', 2 ^ 26)", "redis.log(3, s, s)", 2},
		{"local s = string.rep('x', 2 ^ 22)", "for i = 1, 60 do __redis__err__handler(s) end", 4},
		{"local s = string.rep('x', 2 ^ 22)", "for i = 1, 200 do s:sub(1, 1e6) end", 3},
		{"local s = string.rep('x', 2 ^ 20) .. 1 local t = s .. 2",
			"for i = 1, 90 do rawequal(s .. 2, t) end", 6},
		{"local s = string.rep('x', 2 ^ 20) local a, b, t = '1' .. s, '2' .. s, {} " +
			"for i = 1, 100, 2 do t[i] = a t[i + 1] = b end", "table.sort(t)", 30},
		{"local s = string.rep('x', 2 ^ 20 - 9) local t = {} " +
			"for i = 1, 9 do t[i] = '\"' .. s .. i .. '\":1' end " +
			"local u = '{' .. table.concat(t, ',') .. '}'", "for i = 1, 5 do cjson.decode(u) end", 20},
		{"local s = string.rep('x', 2 ^ 22) local f = loadstring('local u = ... for i = 1, 60 do " +
			"local b = u == \"' .. s .. '\" end') local u = s:sub(2) .. 'x'", "f(u)", 15},
		{"local s = string.rep('x', 2 ^ 22) local f = loadstring('local t = ... for i = 1, 60 do " +
			"local b = t.' .. s .. ' end') local t = {[s:sub(2) .. 'x'] = 1}", "f(t)", 15},
		{"local s = string.rep('x', 2 ^ 22)", "s:find(s:sub(2) .. 'y', 1, true) s:find(s)", 100},
		{"local s = string.rep('x', 2 ^ 26)", "for i = 1, 3 do pcall(function() error(s) end) end", 3},
		{"local s = string.rep('x', 2 ^ 26)", "redis.call('mark', s) redis.call('mark', s)", 4},
		{"local s = string.rep('x=1 ', 1e5)", "loadstring(s)", 50},
		{"local t = {} for i = 1, 198 do t[i] = 'a' .. i end local s = 'local ' .. table.concat(t, ',')",
			"loadstring(string.rep(s .. ' function x() ', 190) .. string.rep('b=c ', 2000))", 150},
		{longSpaces, "for i = 1, 6 do loadstring(s) end", 5},
		{longSpaces, "for i = 1, 6 do loadstring('--' .. s) end", 5},
		{longSpaces, "for i = 1, 6 do loadstring('--[[' .. s .. ']]') end", 5},
		{longSpaces, "for i = 1, 6 do loadstring('return \"' .. s .. '\"') end", 5},
		{longSpaces, "for i = 1, 6 do loadstring('return [[' .. s .. ']]') end", 5},
		{"local t = {} for i = 1, 1e5 do t[i] = i end", "table.concat(t)", 14},
		{"local t = {} for i = 1, 1e5 do t[i] = i end", "cjson.encode(t)", 14},
		{"local s = '[1' .. string.rep(',1', 1e5) .. ']'", "cjson.decode(s)", 14},
		{"local t = {} for i = 1, 1e5 do t[i] = i end", "cmsgpack.pack(t)", 14},
		{"local s = string.rep('ab', 1e5)", "s:gsub('a', 'b')", 7},
		{"", "local t = {} for i = 1, 1e5 do t['k' .. i] = i end", 30},
		{fullArray, "t[#t + 1] = 1", 25},
		{"local s = string.rep('x', 2 ^ 21) local u, v = s .. 'a', s .. 'a' local t = {[u] = 1}",
			"for i = 1, 40 do local a = t[v] rawget(t, v) t[v] = a rawset(t, v, a) end", 20},
		{"local t = {} for i = 1, 2 ^ 20 do t[i] = i end", "for i = 1, 5 do table.maxn(t) end", 5},
		{emptied, "for i = 1, 5 do next(t) end", 5},
		{emptied, "for i = 1, 5 do for k in pairs(t) do end end", 5},
		{"local f = function() end", "for i = 1, 1e4 do coroutine.create(f) end", 100},
		{"local t = {} for i = 1, 7000 do t[i] = i end", "for i = 1, 70 do unpack(t) end", 9},
	} {
		if n := slicesOf(t, s.prepare+" "+s.call) - slicesOf(t, s.prepare); n < s.least {
			t.Errorf("%s %s: %d slices, want %d", s.prepare, s.call, n, s.least)
		}
	}
}

// slicesOf returns how many slices a script takes.
func slicesOf(t *testing.T, script string) (n int) {
	t.Helper()
	vm := newVM()
	vm.Run(compile(t, vm, script), nil, nil, true, func() { n++ })
	if f := vm.Failure(); f != nil {
		t.Errorf("%s: %s", script, f.String())
	}
	return n
}
