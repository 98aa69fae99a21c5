package lua

import (
	"strings"
	"testing"

	"github.com/redlet/redlet/core/internal/reply"
)

// longReply is a reply of every kind, nested in each other, of more than a hundred thousand bytes.
func longReply() []byte {
	w := &reply.Writer{RESP3: true}
	w.Array(5)
	w.BulkString(strings.Repeat("long", 50_000))
	w.Map(3000)
	for i := range 3000 {
		w.BulkInt(int64(i * 7919 % 3001))
		switch i % 8 {
		case 0:
			w.Array(0)
		case 1:
			w.Array(2)
			w.Status("yes")
			w.Map(1)
			w.BulkString("x")
			w.Null()
		case 2:
			w.Set(2)
			w.Int(1)
			w.BulkString("two")
		case 3:
			w.Double(1.5)
		case 4:
			w.BigNumber("12345678901234567890")
		case 5:
			w.Verbatim("txt", "text")
		case 6:
			w.Raw([]byte("*-1\r\n$-1\r\n"[i/8%2*5:][:5]))
		case 7:
			w.Bool(true)
		}
	}
	w.Set(20_000)
	for i := range 20_000 {
		w.Int(int64(i))
	}
	w.Error("ERR " + strings.Repeat("no", 10))
	w.BulkString(strings.Repeat("mid", 9000))
	return w.Buf
}

// valueAtOnce makes a value of a reply at once.
func (vm *VM) valueAtOnce(reply []byte, at int) (value, int) {
	kind := reply[at]
	if strings.IndexByte("*%~", kind) < 0 || reply[at+1] == '-' {
		return vm.value(reply, at)
	}
	line, end := lineOf(reply, at)
	n, t, name := int(wholeNumber(line)), vm.newTable(0, 0), "map"
	var k, v value
	if kind == '*' {
		for i := range n {
			v, end = vm.valueAtOnce(reply, end)
			t.set(vm, integer(i+1), v)
		}
		return t.value(), end
	}
	for range n {
		if k, end = vm.valueAtOnce(reply, end); kind == '~' {
			name, v = "set", trueValue
		} else {
			v, end = vm.valueAtOnce(reply, end)
		}
		if !k.isNil() {
			t.set(vm, k, v)
		}
	}
	return vm.field(name, t.value()), end
}

// TestLongReply: what is read in steps, from pieces of any size, is what is read at once.
func TestLongReply(t *testing.T) {
	text := longReply()
	at := newVM()
	at.version = 3
	at.result, _ = at.valueAtOnce(text, 0)
	want := reply3(at)
	for _, script := range []string{
		"redis.setresp(3) return redis.call('resp', ARGV[1])",
		"redis.setresp(3) local f = redis.call " +
			"return (coroutine.wrap(function() return f('resp', ARGV[1]) end)())",
		"redis.setresp(3) local ok, r = pcall(redis.pcall, 'resp', ARGV[1]) return r",
	} {
		for _, piece := range []int{0, 1, 2, 3, 7, 64, 1000, 8192, 100_000} {
			host := &echo{piece: piece}
			vm := New(host, "8.0.6", 0x080006)
			slices := 0
			vm.Run(compile(t, vm, script), nil, [][]byte{text}, true, func() { slices++ })
			if f := vm.Failure(); f != nil || reply3(vm) != want || slices < 5 {
				t.Errorf("%s, pieces of %d: %+v in %d slices", script, piece, f, slices)
			}
			if runTiny(vm, compile(t, vm, script), [][]byte{text}); vm.Failure() != nil ||
				reply3(vm) != want {
				t.Errorf("%s, pieces of %d, in tiny slices: %+v", script, piece, vm.Failure())
			}
		}
	}
}

// TestLongStringInPieces: a string of 64 MB is brought together in some ten slices.
func TestLongStringInPieces(t *testing.T) {
	var w reply.Writer
	w.BulkString(strings.Repeat("x", 1<<26))
	watch := &watching{echo: echo{piece: reply.PieceMax}}
	watch.vm = New(watch, "8.0.6", 0x080006)
	slices := 0
	f := compile(t, watch.vm, "local r = redis.call('resp', ARGV[1]) return #r")
	watch.vm.Run(f, nil, [][]byte{w.Buf}, true, func() { slices++ })
	if got := reply3(watch.vm); got != ":67108864\r\n" || slices < 10 || watch.most > beyondMost {
		t.Errorf("%q in %d slices, with %d instructions beyond a stretch", got, slices, watch.most)
	}
}

// TestLongReplies: what a script returns is written in so many slices, whatever it consists of.
func TestLongReplies(t *testing.T) {
	for _, c := range []struct {
		script      string
		least, most int
	}{
		{"local t = {} for i = 1, 2e5 do t[i] = {i} end return t", 20, 45},
		{"local t = {1} for i = 1, 16 do t = {t, t} end return t", 10, 25},
		{"local s = string.rep('x', 6e4) local t = {} for i = 1, 500 do t[i] = s end return t", 10, 15},
		{"local s = {err = string.rep('x', 6e4)} local t = {} for i = 1, 500 do t[i] = s end return t",
			10, 15},
		{"local s = {ok = string.rep('x', 6e4)} local t = {} for i = 1, 500 do t[i] = s end return t",
			10, 15},
	} {
		vm := newVM()
		vm.Run(compile(t, vm, c.script), nil, nil, true, func() {})
		w, slices := reply.Writer{}, 1
		for !vm.Reply(&w) {
			slices++
		}
		if slices < c.least || slices > c.most {
			t.Errorf("%s: %d slices, want %d to %d", c.script, slices, c.least, c.most)
		}
	}
}
