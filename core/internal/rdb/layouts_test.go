package rdb

import (
	"encoding/binary"
	"strconv"
	"strings"

	"github.com/redlet/redlet/core/internal/listpack"
)

// flat gathers the elements of lists, and the fields and values of hashes.
type flat []string

func (s *flat) node(n Node) {
	if n.Kind != NodePacked {
		*s = append(*s, string(n.Element))
		return
	}
	s.Packed(n.Pack, false)
}

func (s *flat) Soonest(int64) {}

func (s *flat) Packed(p listpack.Pack, ttls bool) error {
	i := 0
	for pos := p.First(); pos >= 0; pos = p.Next(pos) {
		if !ttls || i%3 < 2 {
			*s = append(*s, string(p.AppendAt(nil, pos)))
		}
		i++
	}
	return nil
}

func (s *flat) Pair(field, value []byte, _ int64) error {
	*s = append(*s, string(field), string(value))
	return nil
}

// scored gathers the members of sorted sets and their scores.
type scored struct{ flat }

func (s *scored) Packed(p listpack.Pack) error { return s.flat.Packed(p, false) }

func (s *scored) Members(int) {}

func (s *scored) Member(m []byte, score float64) error {
	s.flat = append(s.flat, string(m), strconv.FormatFloat(score, 'g', -1, 64))
	return nil
}

type oldLayout struct {
	t     Type
	write func(*Writer)
	want  string
}

// ziplist makes a ziplist of entries that each are an encoding and its content.
func ziplist(entries ...string) string {
	body, last, previous := "", 0, 0
	for _, e := range entries {
		last = ziplistHead + len(body)
		body += string(rune(previous)) + e
		previous = len(e) + 1
	}
	head := binary.LittleEndian.AppendUint32(nil, uint32(ziplistHead+len(body)+1))
	head = binary.LittleEndian.AppendUint32(head, uint32(last))
	head = binary.LittleEndian.AppendUint16(head, uint16(len(entries)))
	return string(head) + body + "\xff"
}

// mixedZiplist has a string of each head, and an integer of each width.
var mixedZiplist = ziplist("\x02hi", "\xf1", "\xfd", "\xfe\x80", "\xc0\x00\x80",
	"\xf0\x00\x00\x80", "\xd0\x00\x00\x00\x80", "\xe0\x00\x00\x00\x00\x00\x00\x00\x80",
	"\x40\x03abc", "\x80\x00\x00\x00\x01z")

const mixedWant = "[hi 0 12 -128 -32768 -8388608 -2147483648 -9223372036854775808 abc z]"

func oldLayouts() []oldLayout {
	str := func(s string) func(*Writer) { return func(w *Writer) { w.String([]byte(s)) } }
	nodes := func(w *Writer) {
		w.Length(2)
		w.String([]byte(mixedZiplist))
		w.String([]byte(ziplist("\x01q")))
	}
	texts := func(w *Writer) {
		w.Length(2)
		w.String([]byte("b"))
		w.out = append(w.out, "\x04-2.5"...)
		w.String([]byte("a"))
		w.out = append(w.out, "\x041e30"...)
	}
	far := int64(4102444800000)
	metadata := func(w *Writer) {
		w.Length(2)
		w.Length(uint64(far))
		w.String([]byte("f"))
		w.String([]byte("v"))
		w.Length(0)
		w.String([]byte("g"))
		w.String([]byte("w"))
	}
	pack := listpack.New(0).Append([]byte("f")).Append([]byte("v")).AppendInt(far)
	pack = pack.Append([]byte("g")).Append([]byte("w")).AppendInt(0)
	return []oldLayout{
		{TypeList, func(w *Writer) {
			w.Length(2)
			w.String([]byte("a"))
			w.String([]byte("1"))
		}, "[a 1]"},
		{TypeListZiplist, str(mixedZiplist), mixedWant},
		{TypeListQuicklist, nodes, mixedWant[:len(mixedWant)-1] + " q]"},
		{TypeHashZipmap, str("\x02\x01f\x02\x01vw\x00\x01g\x01\x00x\xff"), "[f vw g x]"},
		{TypeHashZipmap, str("\x01\x01f\x01\x01vw\xff\x01g\x01\x00x\xff"), "[f v]"},
		{TypeHashZipmap, str("\xfe\x01f\xff\xfe\x00\x00\x00\x00" + strings.Repeat("v", 254) + "\xff"),
			"[f " + strings.Repeat("v", 254) + "]"},
		{TypeHashZiplist, str(mixedZiplist), mixedWant},
		{TypeHashMetadataPreGA, metadata, "[f v g w]"},
		{TypeHashListpackExPreGA, str(string(pack)), "[f v g w]"},
		{TypeZset, texts, "[b -2.5 a 1e+30]"},
		{TypeZsetZiplist, str(ziplist("\x01a", "\xf2", "\x01b", "\x032.5")), "[a 1 b 2.5]"},
	}
}
