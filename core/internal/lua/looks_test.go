package lua

import "testing"

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
	{"local t = {} for i = 1, 1e5 do t[i] = i end", "for i = 1, 5 do table.insert(t, 1, i) end"},
	{"local t = {} for i = 1, 1e5 do t[i] = i end", "local x = 0 table.foreach(t, type)"},
	{"local t = {} for i = 1, 7000 do t[i] = i end", "for i = 1, 30 do select('#', unpack(t)) end"},
	{"local s = string.rep('x', 2e6) local u, v = s .. 'a', s .. 'b'",
		"for i = 1, 50 do local b = u < v or u <= v or u == v end"},
	{"local f f = function() return pcall(f) end", "f()"},
}

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
			t.Errorf("%s: %s", s[1], f.Text)
		}
		if w.most > beyondMost {
			t.Errorf("%s: %d instructions beyond a stretch", s[1], w.most)
		}
	}
}
