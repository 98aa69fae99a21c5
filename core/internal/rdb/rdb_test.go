package rdb

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/redlet/redlet/core/internal/intset"
	"github.com/redlet/redlet/core/internal/listpack"
)

func TestCRC64(t *testing.T) {
	if got := CRC64(0, []byte("123456789")); got != 0xe9c6d914c4b8d9ca {
		t.Fatalf("the check value is %x", got)
	}
	all := make([]byte, 1000)
	for i := range all {
		all[i] = byte(i * 7)
	}
	for cut := range all {
		if CRC64(CRC64(0, all[:cut]), all[cut:]) != CRC64(0, all) {
			t.Fatalf("cut at %d, the checksum differs", cut)
		}
	}
}

// samples gives strings of many textures: repetitive, random, periodic, of all lengths that matter.
func samples(n int) [][]byte {
	rnd := rand.New(rand.NewPCG(3, 4))
	var out [][]byte
	for range n {
		size := rnd.IntN(60)
		switch rnd.IntN(4) {
		case 0:
			size = rnd.IntN(600)
		case 1:
			size = rnd.IntN(20000)
		}
		alphabet := 1 + rnd.IntN(1<<rnd.IntN(9))
		s := make([]byte, size)
		for i := range s {
			switch {
			case i > 0 && rnd.IntN(3) == 0:
				s[i] = s[rnd.IntN(i)]
			case i > 300 && rnd.IntN(2) == 0:
				i0 := rnd.IntN(i - 290)
				copy(s[i:], s[i0:i0+min(290, 5+rnd.IntN(290))])
			default:
				s[i] = byte(rnd.IntN(alphabet))
			}
		}
		out = append(out, s)
	}
	return out
}

func TestLZF(t *testing.T) {
	var c Compressor
	shorter := 0
	for i, s := range samples(2000) {
		packed, ok := c.Append([]byte("x"), s, len(s)-4)
		if !ok {
			continue
		}
		shorter++
		if len(packed)-1 > len(s)-4 {
			t.Fatalf("sample %d: %d bytes became %d", i, len(s), len(packed)-1)
		}
		back, ok := appendExpanded([]byte("yz"), packed[1:], len(s))
		if !ok || !bytes.Equal(back[2:], s) {
			t.Fatalf("sample %d does not come back", i)
		}
		for _, size := range []int{len(s) - 1, len(s) + 1} {
			if _, ok := appendExpanded(nil, packed[1:], size); ok {
				t.Fatalf("sample %d: a wrong size passed", i)
			}
		}
	}
	if shorter < 500 {
		t.Fatalf("only %d samples could be compressed", shorter)
	}
}

// TestStringBytes pins encodings that redis-server 8.0 was seen to write.
func TestStringBytes(t *testing.T) {
	for _, c := range []struct{ s, want string }{
		{"", "\x00"},
		{"hello", "\x05hello"},
		{"0", "\xc0\x00"},
		{"-1", "\xc0\xff"},
		{"127", "\xc0\x7f"},
		{"128", "\xc1\x80\x00"},
		{"-128", "\xc0\x80"},
		{"12345", "\xc1\x39\x30"},
		{"2147483647", "\xc2\xff\xff\xff\x7f"},
		{"2147483648", "\x0a2147483648"},
		{"-2147483648", "\xc2\x00\x00\x00\x80"},
		{"012", "\x03012"},
		{"-0", "\x02-0"},
		{"-", "\x01-"},
		{strings.Repeat("a", 20), "\x14" + strings.Repeat("a", 20)},
		{strings.Repeat("a", 21), "\xc3\x06\x15\x01aa\xe0\x0a\x00"},
		{strings.Repeat("a", 38), "\xc3\x09\x26\x01aa\xe0\x19\x00\x01aa"},
	} {
		w := Writer{Compress: true}
		w.String([]byte(c.s))
		if string(w.out) != c.want {
			t.Errorf("%q is written %q, want %q", c.s, w.out, c.want)
		}
		r := Reader{in: w.out}
		if back, err := r.String(); err != nil || string(back) != c.s {
			t.Errorf("%q is read back as %q, %v", c.s, back, err)
		}
	}
}

func TestLengths(t *testing.T) {
	for _, n := range []uint64{0, 63, 64, 16383, 16384, 1<<32 - 1, 1 << 32, 1<<64 - 1} {
		var w Writer
		w.Length(n)
		r := Reader{in: w.out}
		if back, err := r.Length(); err != nil || back != n || r.at != len(r.in) {
			t.Errorf("%d is read back as %d, %v", n, back, err)
		}
	}
}

// sample is an image with a bit of everything that can be written and read.
func sample() []byte {
	w := Writer{Compress: true, Checksum: true}
	w.Begin(nil)
	w.Aux("redis-ver", "8.0.2")
	w.AuxInt("ctime", 1700000000)
	w.Function([]byte("#!lua name=l"))
	w.SelectDB(0, 3, 1)
	w.Expire(1700000000123)
	w.Idle(100)
	w.Key(TypeString, []byte("s"))
	w.String(bytes.Repeat([]byte("ab"), 40))
	w.Freq(7)
	w.Key(TypeHashMetadata, []byte("h"))
	w.Int64(1700000000123)
	w.Length(2)
	for i, s := range []string{"f1", "f2"} {
		w.Length(uint64(i))
		w.String([]byte(s))
		w.String([]byte("22"))
	}
	w.SelectDB(9, 5, 0)
	w.Key(TypeListQuicklist2, []byte("l"))
	w.Length(2)
	w.Length(containerPlain)
	w.String([]byte("plain"))
	w.Length(containerPacked)
	w.String(listpack.New(0).Append([]byte("one")).AppendInt(2))
	w.Key(TypeSet, []byte("t"))
	w.Length(2)
	w.String([]byte("m"))
	w.String([]byte("-7"))
	w.Key(TypeSetIntset, []byte("ti"))
	ints, _ := intset.New().Add(70000)
	w.String(ints)
	w.Key(TypeSetListpack, []byte("tl"))
	w.String(listpack.New(0).Append([]byte("one")).AppendInt(2))
	w.Key(TypeHashListpackEx, []byte("hx"))
	w.Int64(5)
	w.String(listpack.New(0).Append([]byte("f")).Append([]byte("v")).AppendInt(5))
	return w.End()
}

// told reads an image to its end and retells it.
func told(image []byte) (string, error) {
	r, err := NewReader(image)
	if err != nil {
		return "", err
	}
	r.Notes = true
	s := &story{}
	for {
		it, err := r.Next()
		if err != nil {
			return "", err
		}
		switch it.Kind {
		case ItemEnd:
			return s.String(), nil
		case ItemAux:
			fmt.Fprintf(s, "aux %s=%s\n", it.Name, it.Text)
		case ItemFunction:
			fmt.Fprintf(s, "function %s\n", it.Text)
		case ItemSelect:
			fmt.Fprintf(s, "db %d\n", it.DB)
		case ItemResize:
			fmt.Fprintf(s, "size %d %d\n", it.Keys, it.Expires)
		case ItemKey:
			fmt.Fprintf(s, "key %q expire %d idle %d freq %d:", it.Key, it.Expire, it.Idle, it.Freq)
			if err := s.value(r, it.Type); err != nil {
				return "", err
			}
			s.WriteByte('\n')
		}
	}
}

// A story is the retelling of values.
type story struct{ strings.Builder }

func (s *story) value(r *Reader, t Type) error {
	switch t {
	case TypeString:
		v, err := r.String()
		fmt.Fprintf(s, " %q", v)
		return err
	case TypeList, TypeListZiplist, TypeListQuicklist, TypeListQuicklist2:
		return r.List(t, func(n Node) {
			fmt.Fprintf(s, " node %d %q", n.Kind, n.Element)
			s.pack(n.Pack)
		})
	case TypeSet, TypeSetIntset, TypeSetListpack:
		return r.Set(t, members{s})
	}
	if t == TypeArray {
		return r.Array(t, items{s})
	}
	if t == TypeZset || t == TypeZset2 || t == TypeZsetZiplist || t == TypeZsetListpack {
		z := scored{}
		err := r.Zset(t, &z)
		fmt.Fprintf(s, " %q", z.flat)
		return err
	}
	return r.Hash(t, s)
}

// items retells arrays.
type items struct{ *story }

func (s items) Head(inserted uint64, known bool)  { fmt.Fprintf(s, " %d %v", inserted, known) }
func (s items) Int(index uint64, n int64)         { fmt.Fprintf(s, " %d %d", index, n) }
func (s items) Float(index uint64, f float64)     { fmt.Fprintf(s, " %d %g", index, f) }
func (s items) String(i uint64, v []byte, b bool) { fmt.Fprintf(s, " %d %q %v", i, v, b) }

// members retells sets.
type members struct{ *story }

func (m members) Members(n int) { fmt.Fprintf(m, " %d", n) }

func (m members) Member(s []byte) error {
	fmt.Fprintf(m, " %q", s)
	return nil
}

func (m members) Ints(s intset.Set) error {
	m.WriteString(" ints")
	for i := range s.Len() {
		fmt.Fprintf(m, " %d", s.At(i))
	}
	return nil
}

func (m members) Packed(p listpack.Pack) error {
	m.WriteString(" packed")
	m.pack(p)
	return nil
}

func (s *story) pack(p listpack.Pack) {
	if p == nil {
		return
	}
	for pos := p.First(); pos >= 0; pos = p.Next(pos) {
		fmt.Fprintf(s, " %q", p.AppendAt(nil, pos))
	}
}

func (s *story) Soonest(at int64) { fmt.Fprintf(s, " soonest %d", at) }

func (s *story) Packed(p listpack.Pack, ttls bool) error {
	fmt.Fprintf(s, " packed %v", ttls)
	s.pack(p)
	return nil
}

func (s *story) Pair(field, value []byte, expire int64) error {
	fmt.Fprintf(s, " %q=%q %d", field, value, expire)
	return nil
}

func TestSample(t *testing.T) {
	got, err := told(sample())
	want := `aux redis-ver=8.0.2
aux ctime=1700000000
function #!lua name=l
db 0
size 3 1
key "s" expire 1700000000123 idle 100 freq -1: ` + strconv.Quote(strings.Repeat("ab", 40)) + `
key "h" expire -1 idle -1 freq 7: "f1"="22" -1 "f2"="22" 1700000000123
db 9
size 5 0
key "l" expire -1 idle -1 freq -1: node 1 "plain" node 0 "" "one" "2"
key "t" expire -1 idle -1 freq -1: 2 "m" "-7"
key "ti" expire -1 idle -1 freq -1: ints 70000
key "tl" expire -1 idle -1 freq -1: packed "one" "2"
key "hx" expire -1 idle -1 freq -1: soonest 5 packed true "f" "v" "5"
`
	if err != nil || got != want {
		t.Fatalf("%v\n%s", err, got)
	}
}

// TestDamage checks that no cut and no changed byte of an image passes.
func TestDamage(t *testing.T) {
	image := sample()
	whole, _ := told(image)
	for cut := range image {
		var e *Error
		if _, err := told(image[:cut]); !errors.As(err, &e) || e.Offset > cut {
			t.Errorf("cut at %d: %v", cut, err)
		}
	}
	for i := range image {
		for flip := 1; flip < 256; flip++ {
			bad := bytes.Clone(image)
			bad[i] ^= byte(flip)
			got, err := told(bad)
			if err == nil && got == whole {
				continue // version 2 instead of 12: it knows no checksum
			}
			var e *Error
			if !errors.As(err, &e) || e.Offset > len(image) {
				t.Errorf("byte %d ^ %#x: %v", i, flip, err)
			}
		}
	}
}

// TestWideLengths checks that a length of 32 set bits is no negative one where an int has 32 bits.
func TestWideLengths(t *testing.T) {
	list := ziplist("\x01a", "\x80\xff\xff\xff\xffbc")
	if bad := walkZiplist([]byte(list), func([]byte) {}); bad != ziplistHead+3 {
		t.Errorf("walkZiplist = %d", bad)
	}
	pairs := "\x01\xfe\xff\xff\xff\xffab\xff"
	if bad := walkZipmap([]byte(pairs), func(_, _ []byte) {}); bad != 1 {
		t.Errorf("walkZipmap = %d", bad)
	}
}

func TestErrorsCarryOffsets(t *testing.T) {
	for _, c := range []struct {
		image  string
		offset int
	}{
		{"", 0},
		{"REDIS001", 8},
		{"REDIX0012", 0},
		{"REDIS00x2", 5},
		{"REDIS0015", 5},
		{"REDIS0012", 9},
		{"REDIS0012\xfe\x00\x06\x01a", 11}, // a type of modules before their format was final
		{"REDIS0012\x00\x05a", 10},         // a key longer than the image
		{"REDIS0012\x00\xc9", 10},          // an encoding that there is not
		{"REDIS0012\x00\xc3\x02\x50\x00a", 10},
		{"REDIS0012\xfc\x00\x00\x00\x00\x00\x00\x00\x00\xfe\x00", 18},
		{"REDIS0012\xfa\x01a\xff\x00\x00\x00\x00", 12},
		{"REDIS0012\xff\x01\x00\x00\x00\x00\x00\x00\x00", 10},
		{"REDIS0012\xf7\x00", 9},
	} {
		_, err := told([]byte(c.image))
		var e *Error
		if !errors.As(err, &e) || e.Offset != c.offset {
			t.Errorf("%q: %v, want offset %d", c.image, err, c.offset)
		}
	}
}
