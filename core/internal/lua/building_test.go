package lua

import "testing"

// TestBuilt makes the same long string in every way that there is: it lies in pieces meanwhile.
func TestBuilt(t *testing.T) {
	const script = `
local s = string.rep('abcdefg', 1e5)
local want = s .. s
want = want .. 12
local t = {}
for i = 1, 1e5 do t[i] = 'abcdefg' end
local all = table.concat(t)
local function pieces(s, n)
	local at = 1 - n
	return function() at = at + n return s:sub(at, at + n - 1) end
end
local made = {
	concat = table.concat({s, s, 12}),
	operator = s .. s .. 1 .. '2',
	parts = table.concat({all, all, 1, 2}),
	between = table.concat({'', '', '12'}, s),
	format = string.format('%s%s%d', s, s, 12),
	literal = string.format(s .. '%s12', s),
	template = string.gsub('x', 'x', s .. s .. '12'),
	captures = string.gsub(s, '^(.*)$', '%1%0%%12'):gsub('%%', ''),
	table = string.gsub('xy', '.', {x = s, y = s .. '12'}),
	call = string.gsub('x', 'x', function() return s .. s .. 12 end),
	rest = string.gsub('-' .. s .. s .. '12', '-', '', 1),
	words = string.gsub(string.rep('a', 2e5), 'a', 'abcdefg') .. '12',
	json = cjson.decode(cjson.encode({[s] = s .. s .. '12'}))[s],
	pack = cmsgpack.unpack(cmsgpack.pack(s .. s .. '12')),
	struct = struct.pack('c0c0bb', s, s, 49, 50),
	zero = struct.unpack('s', struct.pack('s', want)),
	load = load(pieces('return "' .. want .. '"', 70000))(),
	small = load(pieces('return "' .. want .. '"', 999))(),
	wrong = select(2, load(pieces('-' .. want, 5e5), '=')):match('abc.*12'),
}
for name, got in pairs(made) do
	if got ~= want then return name .. ' has ' .. #got .. ' bytes, not ' .. #want end
end
local u, n = string.gsub(s, 'a', 'A')
return n == 1e5 and #u == #s and u:sub(-7) == 'Abcdefg' and 'as it is'
`
	vm := newVM()
	slices := 0
	vm.Run(compile(t, vm, script), nil, nil, true, func() { slices++ })
	if f := vm.Failure(); f != nil {
		t.Fatal(f.String())
	}
	if s, _ := vm.result.str(); s != "as it is" || slices < 5 {
		t.Errorf("%s, in %d slices", s, slices)
	}
	for _, script := range []string{
		"local s = string.rep('x', 2 ^ 26) return s .. s .. 'x'",
		"local s = string.rep('x', 2 ^ 26) return table.concat({s, s, 'x'})",
		"local s = string.rep('x', 2 ^ 26) return string.format('%s%sx', s, s)",
		"local s = string.rep('x', 2 ^ 26) return (s:sub(1, 3):gsub('x', s))",
		"local s = string.rep('x', 2 ^ 26) return cjson.encode({s, s})",
		"local s = string.rep('x', 2 ^ 26) return cmsgpack.pack(s, s)",
		"local s = string.rep('x', 2 ^ 26) return struct.pack('ssb', s, s, 1)",
	} {
		vm := newVM()
		vm.Run(compile(t, vm, script), nil, nil, true, func() {})
		if f := vm.Failure(); f == nil || f.String() != "ERR user_script:1: not enough memory" {
			t.Errorf("%s: %+v", script, f)
		}
	}
}

// TestSmallPieces: what load is given in pieces takes no longer than it is long.
func TestSmallPieces(t *testing.T) {
	const script = "local s = string.rep(' ', 200) local n = 0 " +
		"load(function() n = n + 1 if n < 20000 then return s end end)"
	if n := slicesOf(t, script); n > 60 {
		t.Errorf("4 MB in pieces of 200 bytes took %d slices", n)
	}
}
