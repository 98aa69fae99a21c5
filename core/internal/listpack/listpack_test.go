package listpack

import (
	"bytes"
	"errors"
	"math/rand"
	"strconv"
	"strings"
	"testing"
)

// edges returns elements of every encoding and at the edges between them.
func edges() [][]byte {
	var all [][]byte
	for _, n := range []int64{0, 1, 127, 128, -1, 4095, 4096, -4096, -4097, 32767, 32768, -32768,
		-32769, 1<<23 - 1, 1 << 23, -1 << 23, -1<<23 - 1, 1<<31 - 1, 1 << 31, -1 << 31,
		-1<<31 - 1, 1<<63 - 1, -1 << 63} {
		all = append(all, strconv.AppendInt(nil, n, 10))
	}
	for _, s := range []string{"", "-", "-0", "00", "01", "+1", " 1", "1 ", "1.0", "abc", "-01",
		"9223372036854775808", "-9223372036854775809", "18446744073709551616",
		"99999999999999999999", "184467440737095516150", "\xff", "\x00"} {
		all = append(all, []byte(s))
	}
	for _, n := range []int{1, 63, 64, 125, 126, 127, 4095, 4096, 16377, 16378, 16379, 70000} {
		all = append(all, bytes.Repeat([]byte("x"), n))
	}
	return all
}

func contents(p Pack) [][]byte {
	all := [][]byte{}
	for pos := p.First(); pos >= 0; pos = p.Next(pos) {
		all = append(all, p.AppendAt([]byte{}, pos))
	}
	return all
}

// check compares p with the elements it should hold, forwards, backwards and by index.
func check(t *testing.T, p Pack, want [][]byte) {
	t.Helper()
	if _, err := Validate(p); err != nil {
		t.Fatal(err)
	}
	if p.Len() != len(want) {
		t.Fatalf("Len %d, want %d", p.Len(), len(want))
	}
	got := contents(p)
	for i := range want {
		if !bytes.Equal(got[i], want[i]) {
			t.Fatalf("element %d is %.50q, want %.50q", i, got[i], want[i])
		}
	}
	pos := p.Last()
	for i := len(want) - 1; i >= 0; i-- {
		if p.Size(pos) != len(want[i]) || !p.Equal(pos, want[i]) {
			t.Fatalf("backwards, element %d is not %.50q", i, want[i])
		}
		if p.Index(i) != pos || p.Index(i-len(want)) != pos {
			t.Fatalf("Index(%d) or Index(%d) is not %d", i, i-len(want), pos)
		}
		if n := min(i, 3); p.Skip(p.Index(i-n), n) != pos || p.Skip(pos, 1) != p.Next(pos) {
			t.Fatalf("Skip does not come to element %d", i)
		}
		pos = p.Prev(pos)
	}
	if pos != -1 || p.Index(len(want)) != -1 || p.Index(-len(want)-1) != -1 {
		t.Fatal("there is an element beyond the ends")
	}
}

func TestBytes(t *testing.T) {
	for _, c := range []struct{ element, want string }{
		{"5", "\x05\x01"},
		{"127", "\x7f\x01"},
		{"128", "\xc0\x80\x02"},
		{"-1", "\xdf\xff\x02"},
		{"4096", "\xf1\x00\x10\x03"},
		{"-32769", "\xf2\xff\x7f\xff\x04"},
		{"8388608", "\xf3\x00\x00\x80\x00\x05"},
		{"-9223372036854775808", "\xf4\x00\x00\x00\x00\x00\x00\x00\x80\x09"},
		{"", "\x80\x01"},
		{"01", "\x8201\x03"},
		{strings.Repeat("x", 64), "\xe0\x40" + strings.Repeat("x", 64) + "\x42"},
		{strings.Repeat("x", 126), "\xe0\x7e" + strings.Repeat("x", 126) + "\x01\x80"},
		{strings.Repeat("x", 4096), "\xf0\x00\x10\x00\x00" + strings.Repeat("x", 4096) + "\x20\x85"},
		{strings.Repeat("x", 16378),
			"\xf0\xfa\x3f\x00\x00" + strings.Repeat("x", 16378) + "\x00\xff\xff"},
	} {
		p := New(0).Append([]byte(c.element))
		want := string(p[:4]) + "\x01\x00" + c.want + "\xff"
		if string(p) != want {
			t.Errorf("%.30q is %.60q, want %.60q", c.element, p, want)
		}
		if EntrySize([]byte(c.element)) != len(c.want) {
			t.Errorf("EntrySize(%.30q) is not %d", c.element, len(c.want))
		}
	}
}

func TestEdges(t *testing.T) {
	var want [][]byte
	p := New(0)
	for _, s := range edges() {
		p = p.Append(s)
		want = append(want, s)
	}
	check(t, p, want)
	for i, s := range want {
		if p.Find(p.First(), s, 0) != p.Index(i) {
			t.Errorf("Find does not find %.30q", s)
		}
		_, n, isInt := p.At(p.Index(i))
		if parsed, err := strconv.ParseInt(string(s), 10, 64); isInt != (err == nil &&
			strconv.FormatInt(parsed, 10) == string(s)) || isInt && n != parsed {
			t.Errorf("%.30q: integer %v, %d", s, isInt, n)
		}
	}
	if p.Find(p.First(), []byte("nowhere"), 0) != -1 {
		t.Error("Find finds what is not there")
	}
}

func TestFindSkip(t *testing.T) {
	p := New(0)
	for _, s := range []string{"f", "v", "v", "f", "g"} {
		p = p.Append([]byte(s))
	}
	if got := p.Find(p.First(), []byte("v"), 1); got != p.Index(2) {
		t.Errorf("at %d, want %d", got, p.Index(2))
	}
	if got := p.Find(p.First(), []byte("g"), 2); got != -1 {
		t.Errorf("at %d, want none", got)
	}
}

func TestCountUnknown(t *testing.T) {
	p := New(0)
	for i := range 70000 {
		p = p.AppendInt(int64(i % 100))
	}
	if p.count() != countUnknown || p.Len() != 70000 {
		t.Fatalf("count %d, Len %d", p.count(), p.Len())
	}
	if pos := p.Index(69999); pos != p.Last() || p.Index(70000) != -1 || p.Index(-70001) != -1 {
		t.Error("Index goes wrong in an uncounted pack")
	}
	p = p.DeleteRange(10, 69000)
	if p.count() != countUnknown {
		t.Errorf("a deletion counts %d", p.count())
	}
	if p.Len() != 1000 || p.count() != 1000 {
		t.Errorf("Len %d leaves count %d", p.Len(), p.count())
	}
}

func TestMerge(t *testing.T) {
	a := New(0).Append([]byte("a")).Append([]byte("1"))
	b := New(0).Append([]byte("b"))
	check(t, a.Merge(b), [][]byte{[]byte("a"), []byte("1"), []byte("b")})
	check(t, b, [][]byte{[]byte("b")})
	check(t, New(0).Merge(New(0)), nil)
}

func TestRoom(t *testing.T) {
	buf := make([]byte, 40)
	head := 40 - EmptySize
	copy(buf[head:], New(0))
	var want [][]byte
	for i := 0; ; i++ {
		s := []byte("s" + strconv.Itoa(i))
		to := PushFront(buf, head, s)
		if to < 0 {
			if head >= EntrySize(s) {
				t.Fatal("PushFront refuses with room enough")
			}
			break
		}
		head = to
		want = append([][]byte{s}, want...)
		check(t, Pack(buf[head:]), want)
	}
	for len(want) > 0 {
		head, want = PopFront(buf, head), want[1:]
		check(t, Pack(buf[head:]), want)
	}
}

func TestNoAllocation(t *testing.T) {
	p := New(4096).Append([]byte("field")).Append([]byte("1234")).Append([]byte("a value"))
	sum := 0
	if n := testing.AllocsPerRun(100, func() {
		for pos := p.First(); pos >= 0; pos = p.Next(pos) {
			s, n, _ := p.At(pos)
			sum += len(s) + int(n)
		}
		p, _ = p.Append([]byte("more")).Prepend([]byte("17")).Delete(p.First())
		sum += p.Find(p.First(), []byte("more"), 0)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestValidate(t *testing.T) {
	p := New(0).Append([]byte("abc")).Append([]byte("12")).Append(make([]byte, 200))
	for _, c := range []struct {
		name   string
		offset int
		change func(b []byte) []byte
	}{
		{"empty", 0, func(b []byte) []byte { return nil }},
		{"short", 6, func(b []byte) []byte { return b[:6] }},
		{"size", 0, func(b []byte) []byte { b[0]++; return b }},
		{"end", len(p) - 1, func(b []byte) []byte { b[len(b)-1] = 0; return b }},
		{"count", 4, func(b []byte) []byte { b[4]++; return b }},
		{"encoding", 11, func(b []byte) []byte { b[11] = 0xF5; return b }},
		{"end too early", 11, func(b []byte) []byte { b[11] = 0xFF; return b }},
		{"backward length", 6, func(b []byte) []byte { b[10]++; return b }},
		{"wide where narrow", 6, func(b []byte) []byte { b[10] |= 0x80; return b }},
		{"beyond the end", 13, func(b []byte) []byte { b[13] = 0xEF; return b }},
		{"huge", 13, func(b []byte) []byte { copy(b[13:], "\xf0\xff\xff\xff\xff"); return b }},
	} {
		_, err := Validate(c.change(bytes.Clone(p)))
		var fault *Error
		if !errors.As(err, &fault) {
			t.Errorf("%s: error %v", c.name, err)
		} else if fault.Offset != c.offset {
			t.Errorf("%s: %v, want offset %d", c.name, err, c.offset)
		}
	}
}

// TestLengthsWithin is about backward lengths that begin within their element, or later than they
// should: they are read, kept as they are, and gone when the element is changed.
func TestLengthsWithin(t *testing.T) {
	want := New(0).AppendInt(0).Append([]byte("a\x00")).Append(make([]byte, 127))
	p := want.Clone()
	for pos := p.First(); pos >= 0; pos = p.Next(pos) {
		p[pos+p.dataSize(pos)] |= 0x80
	}
	want, p = want.Append(make([]byte, 16378)), p.Append(make([]byte, 16378))
	copy(p[len(p)-4:], "x\x7f\xff")
	check(t, p, contents(want))

	p, want = p.ReplaceInt(p.Index(0), 7), want.ReplaceInt(want.Index(0), 7)
	for i, s := range []string{"7", "bc", strings.Repeat("d", 127), strings.Repeat("e", 16378)} {
		p, want = p.Replace(p.Index(i), []byte(s)), want.Replace(want.Index(i), []byte(s))
		check(t, p, contents(want))
	}
	if !bytes.Equal(p, want) {
		t.Errorf("%q is left, want %q", p, want)
	}

	p = New(0).Append(nil)
	p[len(p)-2] |= 0x80 // which would be read out of the head
	if _, err := Validate(p); err == nil {
		t.Error("an empty string is read out of the head")
	}
}

// apply runs one operation, chosen by op, on the pack and on its oracle.
func apply(p Pack, all [][]byte, op byte, at int, s []byte) (Pack, [][]byte) {
	splice := func(from, to int, with ...[]byte) [][]byte {
		return append(append(append([][]byte{}, all[:from]...), with...), all[to:]...)
	}
	s = append([]byte{}, s...)
	switch i := at % max(len(all), 1); op % 8 {
	case 0:
		return p.Append(s), splice(len(all), len(all), s)
	case 1:
		return p.Prepend(s), splice(0, 0, s)
	case 2:
		if len(all) > 0 {
			return p.InsertBefore(p.Index(i), s), splice(i, i, s)
		}
	case 3:
		if len(all) > 0 {
			return p.InsertAfter(p.Index(i), s), splice(i+1, i+1, s)
		}
	case 4:
		if len(all) > 0 {
			return p.Replace(p.Index(i), s), splice(i, i+1, s)
		}
	case 5:
		if len(all) > 0 {
			q, next := p.Delete(p.Index(i))
			if next != q.Index(i) {
				panic("Delete returns another next")
			}
			return q, splice(i, i+1)
		}
	case 6:
		n := min(len(s), len(all)-i)
		return p.DeleteRange(i, len(s)), splice(i, i+n)
	case 7:
		return p.Merge(New(0).Append(s)), splice(len(all), len(all), s)
	}
	return p, all
}

func TestOracle(t *testing.T) {
	rnd := rand.New(rand.NewSource(1))
	choice := edges()
	for range 20 {
		p, all := New(0), [][]byte{}
		for range 100 {
			s := choice[rnd.Intn(len(choice))]
			p, all = apply(p, all, byte(rnd.Intn(8)), rnd.Intn(100), s[:min(len(s), 300)])
		}
		check(t, p, all)
	}
}

func FuzzOperations(f *testing.F) {
	f.Add([]byte("\x00\x00\x03abc\x01\x00\x02-1\x05\x01\x00"))
	f.Fuzz(func(t *testing.T, script []byte) {
		p, all := New(0), [][]byte{}
		for len(script) >= 3 && len(all) < 200 {
			op, at, n := script[0], int(script[1]), int(script[2])
			n = min(n, len(script)-3)
			p, all = apply(p, all, op, at, script[3:3+n])
			script = script[3+n:]
		}
		check(t, p, all)
	})
}

func FuzzValidate(f *testing.F) {
	f.Add([]byte(New(0)))
	for _, s := range edges()[:40] {
		f.Add([]byte(New(0).Append(s).AppendInt(9)))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := Validate(b)
		if err != nil {
			var fault *Error
			if !errors.As(err, &fault) || fault.Offset < 0 || fault.Offset > len(b) {
				t.Fatal(err)
			}
			return
		}
		all := contents(p)
		if len(all) != p.Len() {
			t.Fatalf("%d elements, Len %d", len(all), p.Len())
		}
		for pos := p.Last(); pos >= 0; pos = p.Prev(pos) {
			_ = p.AppendAt(nil, pos)
		}
		_ = p.Clone().Append([]byte("more")).Prepend([]byte("17"))
	})
}

func BenchmarkAppend(b *testing.B) {
	p := New(8192)
	for b.Loop() {
		if len(p) > 8000 {
			p = p.Clear()
		}
		p = p.Append([]byte("element"))
	}
}

func BenchmarkFind(b *testing.B) {
	p := New(0)
	for i := range 128 {
		p = p.Append([]byte("field:" + strconv.Itoa(i))).Append([]byte("value"))
	}
	for b.Loop() {
		if p.Find(p.First(), []byte("field:127"), 1) < 0 {
			b.Fatal()
		}
	}
}
