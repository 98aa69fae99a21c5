package lua

import "testing"

// growing fills tables of many nodes; what pairs gives then shows how they have grown.
const growing = `
local t = {}
for i = 1, 70000 do
	t['k' .. i] = i
	if i % 3 == 0 then t[i + 100000] = i end
	if i > 30000 and i % 5 == 0 then t['k' .. (i - 20000)] = nil end
end
for i = 1, 20000 do t[i] = i end
local all, n = {}, 0
for k, v in pairs(t) do n = n + 1 all[n] = k .. '=' .. v end
return redis.sha1hex(table.concat(all, ','))`

// TestGrowth: a table of many nodes grows in steps to what it becomes in one.
func TestGrowth(t *testing.T) {
	vm := newVM()
	want := growsWhole(t, vm, growing)
	steps := 0
	vm.Run(compile(t, vm, growing), nil, nil, true, func() {
		if underGrowth(vm) != nil {
			steps++
		}
	})
	if steps == 0 {
		t.Error("no table was growing at the end of a slice")
	}
	if got := outcome(vm); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	parts := newVM()
	runTiny(parts, compile(t, parts, growing), nil)
	if got := outcome(parts); got != want {
		t.Errorf("in tiny slices: got %s, want %s", got, want)
	}
}

// growsWhole runs the script within so many calls that there is no room for another: its tables
// grow within an instruction.
func growsWhole(t *testing.T, vm *VM, script string) string {
	const within = "local function within(n, f) if n == 0 then return f() end " +
		"return select(2, pcall(within, n - 1, f)) end return within(197, function() "
	f := compile(t, vm, within+script+" end)")
	vm.Run(f, nil, nil, true, func() {
		if underGrowth(vm) != nil {
			t.Error("a table grows in steps where there is no room for a call")
		}
	})
	return outcome(vm)
}

// TestCallsGrow: a table grows in steps by whatever sets its keys, to what it becomes in one.
func TestCallsGrow(t *testing.T) {
	const told = " local all, n = {}, 0 for k, v in pairs(t) do n = n + 1 " +
		"all[n] = tostring(k) .. tostring(v) end return redis.sha1hex(table.concat(all, ','))"
	const list = "local t = {} for i = 1, 2e4 do t[i] = i end"
	const fields = "local t = {} for i = 1, 2e4 do t['k' .. i] = i end"
	for _, s := range [][2]string{
		{"local t = {} for i = 1, 2e4 do rawset(t, 'k' .. i, i) end", fields},
		{"local t = setmetatable({}, {__newindex = rawset}) for i = 1, 2e4 do t['k' .. i] = i end",
			fields},
		{"local t = {} local p = setmetatable({}, {__newindex = t}) " +
			"for i = 1, 2e4 do p['k' .. i] = i end", fields},
		{"local t = setmetatable({}, {__newindex = function(t, k, v) rawset(t, k, v) end}) " +
			"for i = 1, 2e4 do t[i] = i end", list},
		{"local t = {} for i = 1, 2e4 do table.insert(t, i) end", list},
		{"local t = {} for i = 1, 2e4 do table.insert(t, i, i) end", list},
		{"local s = {} for i = 1, 2e4 do s[i] = i end local t = cjson.decode(cjson.encode(s))", list},
		{"local s = {} for i = 1, 2e4 do s[i] = '\"k' .. i .. '\":' .. i end " +
			"local t = cjson.decode('{' .. table.concat(s, ',') .. '}')", fields},
		{"local s = {} for i = 1, 2e4 do s[i] = i end local t = cmsgpack.unpack(cmsgpack.pack(s))",
			list},
		{"local s = {} for i = 1, 2e4 do s[i] = cmsgpack.pack('k' .. i, i) end " +
			"local t = cmsgpack.unpack('\\222' .. struct.pack('>H', 2e4) .. table.concat(s))", fields},
	} {
		vm := newVM()
		want := growsWhole(t, vm, s[1]+told)
		grew := false
		runTinyNoting(vm, compile(t, vm, s[0]+told), nil, func() {
			grew = grew || underGrowth(vm) != nil
		})
		if got := outcome(vm); got != want {
			t.Errorf("%s: got %s, want %s", s[0], got, want)
		}
		if !grew {
			t.Errorf("%s: no table was growing at the end of a slice", s[0])
		}
	}
}

func underGrowth(vm *VM) *growth {
	if n := len(vm.l.jobs); n > 0 {
		j, _ := vm.l.jobs[n-1].job.(*growth)
		return j
	}
	return nil
}

// TestArrayGrowth: a large array grows in steps, and so does one beside many nodes, some of whose
// keys move into it.
func TestArrayGrowth(t *testing.T) {
	const script = "local t = {} for i = 1, 2 ^ 15 do t[i] = i end " +
		"for i = 2 ^ 17, 2 ^ 15 + 1, -1 do t[i] = i end t.x = 1 " +
		"local n = 0 for k, v in pairs(t) do n = n + 1 end return {#t, n, t[2 ^ 17], t[2 ^ 15 + 1]}"
	vm := newVM()
	phases := map[growthPhase]bool{}
	f := compile(t, vm, "local t = {} for i = 1, 2 ^ 20 do t[i] = i end return #t")
	vm.Run(f, nil, nil, true, func() {
		if j := underGrowth(vm); j != nil {
			phases[j.phase] = true
		}
	})
	want := growsWhole(t, vm, script)
	if !phases[copiesArray] {
		t.Errorf("slices ended in the phases %v, in none while an array was copied", phases)
	}
	parts := newVM()
	runTiny(parts, compile(t, parts, script), nil)
	if got := outcome(parts); got != want {
		t.Errorf("in tiny slices: got %s, want %s", got, want)
	}
}

// TestKilledGrowth: a table is whole when a script is killed while it grows.
func TestKilledGrowth(t *testing.T) {
	vm := newVM()
	var seen *growth
	f := compile(t, vm, "local t = {} for i = 1, 3e5 do t['k' .. i] = i end")
	vm.Run(f, nil, nil, true, func() {
		if j := underGrowth(vm); j != nil && seen == nil {
			seen = j
			vm.Kill()
		}
	})
	if seen == nil || vm.Failure() == nil || !vm.Failure().Killed {
		t.Fatal("the script was not killed while its table grew")
	}
	n := 0
	seen.t.each(func(_, _ value) { n++ })
	if n != len(seen.t.nodes) {
		t.Errorf("%d pairs are left in %d nodes", n, len(seen.t.nodes))
	}
	for i := 1; i <= n; i++ {
		if v := seen.t.field("k" + itoa(i)); !v.isNumber() || int(v.n) != i {
			t.Fatalf("k%d is lost", i)
		}
	}
}
