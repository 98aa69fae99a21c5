package list

import (
	"bytes"
	"math/rand"
	"strconv"
	"strings"
	"testing"

	"github.com/redlet/redlet/core/internal/listpack"
)

func text(s []byte, n int64, isInt bool) string {
	if isInt {
		return strconv.FormatInt(n, 10)
	}
	return string(s)
}

// check compares l with the elements it should hold and its nodes with its counts.
func check(t *testing.T, l *List, want []string) {
	t.Helper()
	if l.Len() != len(want) {
		t.Fatalf("Len %d, want %d", l.Len(), len(want))
	}
	c := l.Seek(0)
	for i := range want {
		if got := text(c.Value()); got != want[i] {
			t.Fatalf("element %d is %.40q, want %.40q", i, got, want[i])
		}
		c.Next()
	}
	back := l.Seek(-1)
	for i := len(want) - 1; i >= 0; i-- {
		v := listpack.Parse([]byte(want[i]))
		if !back.Is([]byte(want[i]), &v) {
			t.Fatalf("backwards, element %d is not %.40q", i, want[i])
		}
		back.Prev()
	}
	if c.Valid() || back.Valid() {
		t.Fatal("there is an element beyond the ends")
	}
	checkNodes(t, l)
}

func checkNodes(t *testing.T, l *List) {
	t.Helper()
	nodes, count, bytes := 0, 0, 0
	var prev *node
	for n := l.head; n != nil; prev, n = n, n.next {
		if n.prev != prev {
			t.Fatal("the chain is broken")
		}
		if n.count == 0 {
			t.Fatal("a node is empty")
		}
		if !n.plain {
			p, err := listpack.Validate(n.pack())
			if err != nil || p.Len() != n.count {
				t.Fatalf("a node of count %d: %d elements, %v", n.count, p.Len(), err)
			}
		}
		nodes++
		count += n.count
		bytes += n.size()
	}
	if bytes != l.Size() {
		t.Fatalf("%d bytes, counted as %d", bytes, l.Size())
	}
	if l.tail != prev || nodes != l.nodes || count != l.count {
		t.Fatalf("%d nodes of %d elements, kept as %d of %d", nodes, count, l.nodes, l.count)
	}
	if !l.quick && l.nodes > 1 {
		t.Fatal("a listpack of several nodes")
	}
}

// step runs one operation on the list and on its oracle.
func step(l *List, all []string, op, at int, s string) []string {
	b := []byte(s)
	i := at % max(len(all), 1)
	splice := func(from, to int, with ...string) []string {
		return append(append(append([]string{}, all[:from]...), with...), all[to:]...)
	}
	grow := op < 6 && op != 4
	if grow {
		l.Grow(b)
	}
	if op > 1 && len(all) == 0 {
		return all
	}
	c := l.Seek(i)
	switch op {
	case 0:
		l.PushHead(b)
		return splice(0, 0, s)
	case 1:
		l.PushTail(b)
		return splice(len(all), len(all), s)
	case 2:
		c.InsertAfter(b)
		return splice(i+1, i+1, s)
	case 3:
		c.InsertBefore(b)
		return splice(i, i, s)
	case 4:
		n := min(len(s), len(all)-i)
		l.Delete(i-len(all), len(s))
		l.Shrink()
		return splice(i, i+n)
	case 5:
		c.Replace(b)
		l.Shrink()
		return splice(i, i+1, s)
	case 6:
		l.PopHead()
		l.Shrink()
		return all[1:]
	case 7:
		l.PopTail()
		l.Shrink()
		return all[:len(all)-1]
	default:
		back := op == 9
		c.Delete(back)
		if j := i - op + 8; c.Valid() && j >= 0 && text(c.Value()) != splice(i, i+1)[j] {
			panic("the cursor moves elsewhere")
		}
		return splice(i, i+1)
	}
}

func TestOracle(t *testing.T) {
	for seed := range int64(60) {
		rnd := rand.New(rand.NewSource(seed))
		limits := &Limits{Fill: []int{-2, -1, 3, 1, 0, 128, -5}[seed%7]}
		if seed%5 == 4 {
			limits.Packed = 20
		}
		l, all := New(limits), []string{}
		sizes := []int{1, 10, 30, 700, 5000, 9000}[:1+rnd.Intn(6)]
		for range 300 {
			size := rnd.Intn(sizes[rnd.Intn(len(sizes))] + 1)
			s := strings.Repeat(string(rune('0'+rnd.Intn(80))), size)
			all = step(l, all, rnd.Intn(11)*10/11, rnd.Intn(1000), s)
		}
		check(t, l, all)
		check(t, l.Clone(), all)
	}
}

func TestRoomAtBothEnds(t *testing.T) {
	for _, ends := range []string{"h", "t", "ht", "hht", "hT", "tH", "hhhhTTTthHH"} {
		l, all := New(&Limits{Fill: -2}), []string{}
		for i := range 5000 {
			s := strconv.Itoa(i) + "x"
			switch ends[i%len(ends)] {
			case 'h':
				all = step(l, all, 0, 0, s)
			case 't':
				all = step(l, all, 1, 0, s)
			case 'H':
				all = step(l, all, 6, 0, s)
			case 'T':
				all = step(l, all, 7, 0, s)
			}
		}
		check(t, l, all)
	}
}

func TestEncoding(t *testing.T) {
	l := New(&Limits{Fill: 4})
	push := func(s string) {
		l.Grow([]byte(s))
		l.PushTail([]byte(s))
	}
	for _, s := range []string{"a", "b", "c", "d"} {
		push(s)
	}
	if l.Encoding() != "listpack" {
		t.Error("four of four are a", l.Encoding())
	}
	push("e")
	if l.Encoding() != "quicklist" || l.Nodes() != 2 {
		t.Error("five of four are a", l.Encoding(), "of nodes:", l.Nodes())
	}
	for _, want := range []string{"quicklist", "quicklist", "listpack"} {
		l.PopTail()
		l.Shrink()
		if l.Encoding() != want {
			t.Error(l.Len(), "of four are a", l.Encoding())
		}
	}
}

func TestLoad(t *testing.T) {
	l := New(&Limits{Fill: -2})
	l.LoadPack(listpack.New(0))
	l.LoadPack(listpack.New(0).Append([]byte("a")).Append([]byte("1")))
	l.Settle()
	if l.Encoding() != "listpack" {
		t.Error("a small node is a", l.Encoding())
	}
	l.LoadPlain(bytes.Repeat([]byte("x"), 9000))
	l.Settle()
	if l.Encoding() != "quicklist" {
		t.Error("two nodes are a", l.Encoding())
	}
	check(t, l, []string{"a", "1", strings.Repeat("x", 9000)})
	var sizes []int
	l.EachNode(func(data []byte, plain bool) { sizes = append(sizes, len(data)) })
	if len(sizes) != 2 || sizes[1] != 9000 || l.Size() != sizes[0]+9000 {
		t.Error("nodes of", sizes, "sum to", l.Size())
	}
}

func BenchmarkPushHead(b *testing.B) {
	b.ReportAllocs()
	l := New(&Limits{Fill: -2})
	s := []byte("xxx")
	for b.Loop() {
		l.Grow(s)
		l.PushHead(s)
		if l.Len() == 1<<20 {
			l = New(l.limits)
		}
	}
}

func BenchmarkPushTail(b *testing.B) {
	b.ReportAllocs()
	l := New(&Limits{Fill: -2})
	s := []byte("xxx")
	for b.Loop() {
		l.Grow(s)
		l.PushTail(s)
		if l.Len() == 1<<20 {
			l = New(l.limits)
		}
	}
}

func BenchmarkQueue(b *testing.B) {
	b.ReportAllocs()
	l := New(&Limits{Fill: -2})
	s := []byte("an element of a queue")
	for range 10 {
		l.PushHead(s)
	}
	for b.Loop() {
		l.Grow(s)
		l.PushHead(s)
		l.PopTail()
		l.Shrink()
	}
}

func BenchmarkPopHead(b *testing.B) {
	b.ReportAllocs()
	l := New(&Limits{Fill: -2})
	s := []byte("xxx")
	for b.Loop() {
		if l.Len() == 0 {
			b.StopTimer()
			l.Grow(bytes.Repeat(s, 3000))
			for range 1 << 18 {
				l.PushTail(s)
			}
			b.StartTimer()
		}
		l.PopHead()
		l.Shrink()
	}
}
