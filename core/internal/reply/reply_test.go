package reply

import (
	"math"
	"testing"
)

// TestWriter writes each kind of reply in both protocols.
func TestWriter(t *testing.T) {
	for _, c := range []struct {
		name         string
		write        func(w *Writer)
		resp2, resp3 string
	}{
		{"status", func(w *Writer) { w.OK(); w.Queued(); w.Status("x y") }, "+OK\r\n+QUEUED\r\n+x y\r\n",
			"+OK\r\n+QUEUED\r\n+x y\r\n"},
		{"error", func(w *Writer) { w.Error("ERR a\r\nb\r\n") }, "-ERR a  b\r\n", "-ERR a  b\r\n"},
		{"integers", func(w *Writer) {
			for _, n := range []int64{0, 9, 10, 12345678, 1e10, -1, math.MinInt64} {
				w.Int(n)
			}
		}, ":0\r\n:9\r\n:10\r\n:12345678\r\n:10000000000\r\n:-1\r\n:-9223372036854775808\r\n",
			":0\r\n:9\r\n:10\r\n:12345678\r\n:10000000000\r\n:-1\r\n:-9223372036854775808\r\n"},
		{"unsigned", func(w *Writer) { w.Uint(7); w.Uint(math.MaxInt64 + 1); w.Uint(math.MaxUint64) },
			":7\r\n:9223372036854775808\r\n:18446744073709551615\r\n",
			":7\r\n:9223372036854775808\r\n:18446744073709551615\r\n"},
		{"yes or no", func(w *Writer) { w.Flag(true); w.Bool(true); w.Bool(false) },
			":1\r\n:1\r\n:0\r\n", ":1\r\n#t\r\n#f\r\n"},
		{"bulk", func(w *Writer) { w.Bulk(nil); w.BulkString("a\r\nb"); w.BulkInt(-7) },
			"$0\r\n\r\n$4\r\na\r\nb\r\n$2\r\n-7\r\n", "$0\r\n\r\n$4\r\na\r\nb\r\n$2\r\n-7\r\n"},
		{"cursor", func(w *Writer) { w.BulkCursor(math.MaxUint64) },
			"$20\r\n18446744073709551615\r\n", "$20\r\n18446744073709551615\r\n"},
		{"nulls", func(w *Writer) { w.Null(); w.NullArray() }, "$-1\r\n*-1\r\n", "_\r\n_\r\n"},
		{"aggregates", func(w *Writer) { w.Array(2); w.Map(2); w.Set(2); w.Push(2) },
			"*2\r\n*4\r\n*2\r\n*2\r\n", "*2\r\n%2\r\n~2\r\n>2\r\n"},
		{"texts", func(w *Writer) { w.Verbatim("txt", "ab"); w.BigNumber("123") },
			"$2\r\nab\r\n$3\r\n123\r\n", "=6\r\ntxt:ab\r\n(123\r\n"},
		{"element", func(w *Writer) { w.Element([]byte("a"), 0, false); w.Element(nil, 5, true) },
			"$1\r\na\r\n$1\r\n5\r\n", "$1\r\na\r\n$1\r\n5\r\n"},
		{"length that comes later", func(w *Writer) {
			w.OK()
			at := w.ArrayLater()
			w.Int(1)
			w.Int(2)
			w.ArrayEnd(at, '*', 2)
		}, "+OK\r\n*2\r\n:1\r\n:2\r\n", "+OK\r\n*2\r\n:1\r\n:2\r\n"},
	} {
		for want, resp3 := range map[string]bool{c.resp2: false, c.resp3: true} {
			w := Writer{RESP3: resp3 || c.resp2 == c.resp3}
			if c.write(&w); string(w.Buf) != want {
				t.Errorf("%s: got %q, want %q", c.name, w.Buf, want)
			}
		}
	}
}

func TestDouble(t *testing.T) {
	w := Writer{RESP3: true}
	w.Double(2.5)
	w.RESP3 = false
	if w.Double(1e23); string(w.Buf) != ",2.5\r\n$23\r\n99999999999999990000000\r\n" {
		t.Errorf("got %q", w.Buf)
	}
}

func BenchmarkBulk(b *testing.B) {
	w, val := Writer{}, []byte("xxxxxxxx")
	for range b.N {
		w.Buf = w.Buf[:0]
		w.Bulk(val)
	}
}
