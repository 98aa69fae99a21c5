package lua

import (
	"strings"
	"testing"
)

// TestDecodedTables finds that a decoded table is like one that a script fills key by key, in the
// order of its pairs and in its length, the first time, the second and the third, when its nodes
// are those of the first.
func TestDecodedTables(t *testing.T) {
	const script = `
local function list(t)
	local out = {#t}
	for k, v in pairs(t) do out[#out + 1] = tostring(k) .. '=' .. type(v) end
	return table.concat(out, ' ')
end
local function compare(names)
	local filled, parts = {}, {}
	for i, name in ipairs(names) do
		filled[name] = i
		parts[i] = cjson.encode(name) .. ':' .. i
	end
	local text = '{' .. table.concat(parts, ',') .. '}'
	for i = 1, 4 do
		local a, b = list(filled), list(cjson.decode(text))
		if a ~= b then error(i .. ' JSON: ' .. a .. ' and ' .. b) end
	end
end
for n = 1, 70 do
	local names, others, array = {}, {}, {}
	for i = 1, n do
		names[i] = 'field' .. i * n
		others[i] = i % 7 == 0 and string.rep('long', i) .. n or 'x' .. i % 20
		array[i] = i
	end
	compare(names)
	compare(others)
	local filled = {}
	for i = 1, n do filled[i] = i end
	local a, b, c = list(filled), list(cjson.decode(cjson.encode(array))),
		list(cmsgpack.unpack(cmsgpack.pack(array)))
	if a ~= b or a ~= c then error(a .. ' and ' .. b .. ' and ' .. c) end
end
-- {1, nil, 3}, then a map with a number, nil and a table for keys
local t = cmsgpack.unpack('\147\1\192\3')
if list(t) ~= '1 1=number 3=number' then error(list(t)) end
local m = cmsgpack.unpack('\131\1\2\161x\192\145\1\3')
if #m ~= 1 or m[1] ~= 2 or m.x ~= nil or #list(m) < 10 then error(list(m)) end
return 'same'`
	if got := run(t, newVM(), script); !strings.Contains(got, "same") {
		t.Error(got)
	}
}
