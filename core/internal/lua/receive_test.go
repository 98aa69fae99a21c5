package lua

import (
	"strings"
	"testing"

	"github.com/redlet/redlet/core/internal/reply"
)

// longReply is a reply of every kind, nested in each other, of more than a hundred thousand bytes.
func longReply() []byte {
	w := &reply.Writer{RESP3: true}
	w.Array(3)
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
	return w.Buf
}

// TestLongReply: what is read in steps is what is read at once.
func TestLongReply(t *testing.T) {
	text := longReply()
	at := newVM()
	at.version = 3
	at.result, _ = at.value(text, 0)
	want := reply3(at)
	for _, script := range []string{
		"redis.setresp(3) return redis.call('resp', ARGV[1])",
		"redis.setresp(3) local f = redis.call " +
			"return (coroutine.wrap(function() return f('resp', ARGV[1]) end)())",
		"redis.setresp(3) local ok, r = pcall(redis.pcall, 'resp', ARGV[1]) return r",
	} {
		vm := newVM()
		slices := 0
		vm.Run(compile(t, vm, script), nil, [][]byte{text}, true, func() { slices++ })
		if f := vm.Failure(); f != nil || reply3(vm) != want || slices < 5 {
			t.Errorf("%s: %+v in %d slices", script, f, slices)
		}
		runTiny(vm, compile(t, vm, script), [][]byte{text})
		if f := vm.Failure(); f != nil || reply3(vm) != want {
			t.Errorf("%s, in tiny slices: %+v", script, f)
		}
	}
}
