package lua

import (
	"strings"
	"testing"

	"github.com/redlet/redlet/core/internal/reply"
)

// echo is a host whose commands answer with what they are told to.
type echo struct {
	yields, marks int
	piece         int // the size of the pieces of a reply; 0 is one for all
	random        Random
}

func (h *echo) Call(args [][]byte) (*reply.Writer, bool) {
	switch string(args[0]) {
	case "resp":
		return h.inPieces(args[1]), true
	case "mark":
		h.marks++
	case "panic":
		panic("broken")
	}
	var w reply.Writer
	w.Array(len(args))
	for _, a := range args {
		w.Bulk(a)
	}
	return &w, true
}
func (h *echo) inPieces(text []byte) *reply.Writer {
	w := &reply.Writer{}
	for n := h.piece; n > 0 && len(text) > n; text = text[n:] {
		reply.Move(w, &reply.Writer{Buf: text[:n:n]})
	}
	reply.Move(w, &reply.Writer{Buf: text})
	return w
}

func (*echo) SetProtocol(int)                 {}
func (*echo) SetRepl(int)                     {}
func (*echo) Permits([][]byte) (bool, string) { return true, "" }
func (*echo) Nested(string, bool)             {}
func (*echo) Log(int, []byte)                 {}
func (h *echo) Random() *Random               { return &h.random }
func (*echo) Seconds() float64                { return 1.5 }
func (*echo) Room(int, int) bool              { return true }
func (h *echo) Yield()                        { h.yields++ }
func newVM() *VM                              { return New(&echo{}, "8.0.6", 0x080006) }
func compile(t testing.TB, vm *VM, src string) Function {
	f, problem := vm.Compile("user_script", []byte(src))
	if problem != "" {
		t.Fatalf("%s: %s", src, problem)
	}
	return f
}

// Run runs a script to its end. After every slice pause is called.
func (vm *VM) Run(f Function, keys, args [][]byte, asGlobals bool, pause func()) {
	for done := vm.Start(f, keys, args, asGlobals); !done; done = vm.Continue() {
		pause()
	}
}

// run runs a script to its end and returns its reply, or its error.
func run(t testing.TB, vm *VM, src string) string {
	f, problem := vm.Compile("user_script", []byte(src))
	if problem != "" {
		return "compile: " + problem
	}
	n := 0
	vm.Run(f, [][]byte{[]byte("k")}, [][]byte{[]byte("a"), []byte("b")}, true, func() {
		if n++; n > 10000 {
			vm.Kill()
		}
	})
	if f := vm.Failure(); f != nil {
		return f.String() + " @" + f.Source + ":" + itoa(f.Line)
	}
	return strings.ReplaceAll(reply3(vm), "\r\n", "|")
}

func TestScripts(t *testing.T) {
	vm := newVM()
	for _, c := range [][2]string{
		{"return 1", ":1|"},
		{"return {1,2,{3,'x'}}", "*3|:1|:2|*2|:3|$1|x|"},
		{"return KEYS[1]..ARGV[1]..#ARGV", "$3|ka2|"},
		{"return 1e15 ..'' ..0.1", "$8|1e+150.1|"},
		{"return tostring(1/3)", "$16|0.33333333333333|"},
		{"foo = 1", "ERR user_script:1: Attempt to modify a readonly table @@user_script:1"},
		{"\n\nreturn foo",
			"ERR user_script:3: Script attempted to access nonexistent global variable 'foo'" +
				" @@user_script:3"},
		{"redis.x = 1", "ERR user_script:1: Attempt to modify a readonly table @@user_script:1"},
		{"redis.call('resp', '-ERR no\\r\\n')", "ERR no @@user_script:1"},
		{"return redis.pcall('resp', '-ERR no\\r\\n')", "-ERR no|"},
		{"local ok, e = pcall(redis.call, 'resp', '-ERR no\\r\\n') return e", "$6|ERR no|"},
		{"return redis.call()",
			"ERR Please specify at least one argument for this redis lib call @@user_script:1"},
		{"error('foo')", "ERR user_script:1: foo @@user_script:1"},
		{"error({err='foo'})", "foo @@user_script:1"},
		{"error()", "ERR nil @@user_script:1"},
		{"local function f() return 1 + f() end return f()",
			"ERR user_script:1: stack overflow @@user_script:1"},
		{"local function f() local a, b = pcall(f) error(b, 0) end f()",
			"ERR C stack overflow @@user_script:1"},
		{"local t = setmetatable({}, {}) " +
			"getmetatable(t).__index = function(t, k) return t[k + 1] end return t[1]",
			"ERR user_script:1: C stack overflow @@user_script:1"},
		{"return redis.call('x', 1, 0.1, 1e20, 2^63)",
			"*5|$1|x|$1|1|$3|0.1|$5|1e+20|$19|9223372036854776000|"},
		{"return coroutine.wrap(function() for i = 1, 1e5 do end coroutine.yield(7) end)()", ":7|"},
		{"return select('#', ...)", ":0|"},
		{"local t = {} for k in pairs(redis) do t[#t+1] = k end return #t", ":23|"},
		{"return loadstring('return 1 .. 2')()", "$2|12|"},
		{"math.randomseed(7) return {math.random(1000000), math.random(1000000)}", "*2|:266445|:682036|"},
		{"return redis.sha1hex('')", "$40|da39a3ee5e6b4b0d3255bfef95601890afd80709|"},
	} {
		if got := run(t, vm, c[0]); got != c[1] {
			t.Errorf("%s\n got %s\nwant %s", c[0], got, c[1])
		}
	}
}

func TestKill(t *testing.T) {
	vm := newVM()
	for _, src := range []string{
		"while true do end",
		"while true do pcall(function() while true do end end) end",
		"while true do xpcall(function() while true do end end, function() while true do end end) end",
		"local co = coroutine.wrap(function() while true do end end) while true do pcall(co) end",
		"table.sort({1,2,3,4}, function() while true do end end)",
		"local t = setmetatable({}, {__index = function() while true do end end}) return t.x",
	} {
		f := compile(t, vm, src)
		n := 0
		vm.Run(f, nil, nil, true, func() {
			if n++; n == 50 {
				vm.Kill()
			}
		})
		if n != 50 {
			t.Fatalf("%s ended after %d slices: %v", src, n, vm.Failure())
		}
		if !strings.Contains(vm.Failure().Text, "Script killed by user with SCRIPT KILL.") {
			t.Errorf("%s: %s", src, vm.Failure().Text)
		}
		if got := run(t, vm, "return 1"); got != ":1|" {
			t.Fatal(got)
		}
	}
}

func TestPanicInCommand(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	run(t, newVM(), "pcall(redis.call, 'panic')")
}

func BenchmarkSmall(b *testing.B) {
	vm := newVM()
	f := compile(b, vm, "return 1")
	for b.Loop() {
		vm.Run(f, nil, nil, true, func() {})
	}
}

func BenchmarkLoop(b *testing.B) {
	vm := newVM()
	f := compile(b, vm, "for i = 1, 1000000 do end")
	for b.Loop() {
		vm.Run(f, nil, nil, true, func() {})
	}
}

func BenchmarkCall(b *testing.B) {
	vm := newVM()
	f := compile(b, vm, "for i = 1, 100000 do redis.call('resp', '+OK\\r\\n') end")
	for b.Loop() {
		vm.Run(f, nil, nil, true, func() {})
	}
}

// BenchmarkCompile compiles a script of about a megabyte.
func BenchmarkCompile(b *testing.B) {
	piece := `
local function update(self, id, ...)
	local job = redis.call("HGETALL", KEYS[1] .. ":" .. id) -- what is kept of it
	if #job == 0 or self.paused and id ~= 'last' then return nil, "no such job" end
	for i = 1, #job, 2 do self.fields[job[i]] = tonumber(job[i + 1]) or job[i + 1] end
	local limits = {max = 100, window = 0.5, "a", "b", [id] = {1, 2, 3}}
	while self.count < limits.max do
		self.count = self.count + (limits.window * 2 - 1) ^ 2
		if not self:tick(limits, ...) then break end
	end
	return cjson.encode({id = id, ok = true, limits = limits})
end
`
	src := []byte(strings.Repeat("do "+piece+"end ", 1500))
	vm := newVM()
	b.SetBytes(int64(len(src)))
	for b.Loop() {
		if _, problem := vm.Compile("user_script", src); problem != "" {
			b.Fatal(problem)
		}
	}
}

// reply3 is what the script returned, in RESP3.
func reply3(vm *VM) string {
	w := reply.Writer{RESP3: true}
	for !vm.Reply(&w) {
	}
	return string(w.Buf)
}
