package core_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/redlet/redlet/core/internal/rdb"
)

// TestLiesReference restores values that contradict themselves, with and without sanitizing, as
// redis-server does; but for those that it takes unless it sanitizes and that are always refused
// here, for what would be counted, or looked for, in them.
func TestLiesReference(t *testing.T) {
	ref := theirs(t, t.TempDir())
	_, s := ours(t)
	var all lies
	all.plain()
	all.times()
	all.streams()
	all.counts()
	for _, setting := range []string{"no", "yes"} {
		for _, side := range []server{s, ref} {
			side.do("CONFIG", "SET", "sanitize-dump-payload", setting)
		}
		for _, l := range all {
			payload := seal(l.body, rdb.Version)
			said, is := s.restores(payload)
			if l.refused && setting == "no" {
				if said != "ERR Bad data format" {
					t.Errorf("%s: %s\n%.300s\nis to be refused", l.name, said, is)
				}
				continue
			}
			wantSaid, want := ref.restores(payload)
			if said != wantSaid || is != want {
				t.Errorf("%s, %s: %s\n%.300s\nwant %s\n%.300s", setting, l.name, said, is, wantSaid, want)
			}
		}
	}
}

// A lie is a value that contradicts itself. One that is refused redis-server takes unless it
// sanitizes, or ends over it.
type lie struct {
	layout
	refused bool
}

type lies []lie

func (all *lies) add(name, body string) { *all = append(*all, lie{layout{name, body}, false}) }

func (all *lies) refuse(name, body string) { *all = append(*all, lie{layout{name, body}, true}) }

// plain are values that are told element by element.
func (all *lies) plain() {
	double := func(f float64) string {
		return string(binary.LittleEndian.AppendUint64(nil, math.Float64bits(f)))
	}
	long := strings.Repeat("x", 70)
	all.add("hash twice", ofStrings(rdb.TypeHash, 3, "a", "1", "b", "2", "a", "3"))
	all.add("hash table twice", ofStrings(rdb.TypeHash, 3, "a", long, "b", "2", "a", "3"))
	all.add("zipmap twice", ofStrings(rdb.TypeHashZipmap, -1, "\x02\x01a\x01\x00x\x01a\x01\x00y\xff"))
	all.add("zipmap that claims one",
		ofStrings(rdb.TypeHashZipmap, -1, "\x01\x01a\x01\x00x\x01b\x01\x00y\xff"))
	all.add("set twice", ofStrings(rdb.TypeSet, 3, "a", "b", "a"))
	all.add("set of integers twice", ofStrings(rdb.TypeSet, 3, "1", "2", "1"))
	all.add("zset twice", "\x05\x03\x01a"+double(1)+"\x01b"+double(2)+"\x01a"+double(3))
	all.add("zset of texts twice", "\x03\x03\x01a\x011\x01b\x012\x01a\x013")
	all.add("zset out of order", "\x05\x03\x01a"+double(3)+"\x01b"+double(2)+"\x01c"+double(1))
	all.add("zset of NaN", "\x05\x03\x01a"+double(1)+"\x01b"+double(math.NaN())+"\x01c"+double(3))
	all.add("zset of -NaN", "\x05\x02\x01a"+double(math.Copysign(math.NaN(), -1))+"\x01c"+double(3))
	all.add("zset of texts with NaN", "\x03\x02\x01a\xfd\x01b\x012")
	all.add("zset of texts with nan", "\x03\x02\x01a\x03nan\x01b\x012")
	all.add("zset of -0", "\x05\x02\x01a"+double(math.Copysign(0, -1))+"\x01c"+double(0))
	all.add("zset of infinities", "\x05\x02\x01a"+double(math.Inf(1))+"\x01c"+double(math.Inf(-1)))
}

// times are hashes whose fields expire at no time, or at another than the hash says.
func (all *lies) times() {
	const far = 4102444800000
	table := func(kind rdb.Type, soonest uint64, fields string, times ...uint64) string {
		return written(kind, func(w *rdb.Writer) {
			if kind == rdb.TypeHashMetadata {
				w.Int64(int64(soonest))
			}
			w.Length(uint64(len(times)))
			for i, n := range times {
				w.Length(n)
				w.String([]byte(fields[i : i+1]))
				w.String([]byte("v"))
			}
		})
	}
	for _, n := range []uint64{1 << 63, 1<<64 - 1, 1 << 47, 1 << 48, 0} {
		name := fmt.Sprintf("hash table ttl %d", int64(n))
		all.add(name, table(rdb.TypeHashMetadata, far, "ab", n, 1))
		all.add(name+" before", table(rdb.TypeHashMetadataPreGA, 0, "ab", n, far))
		if n > 0 { // of the year 1970: it goes when the server comes to it
			all.add(name+" as the soonest", table(rdb.TypeHashMetadata, n, "ab", 1, 2))
		}
	}
	all.add("hash table ttl of none", table(rdb.TypeHashMetadata, far, "ab", 0, 0))
	all.refuse("hash table ttl twice", table(rdb.TypeHashMetadata, far, "aa", 1, 1))
	packed := func(soonest int64, elements ...string) string {
		return written(rdb.TypeHashListpackEx, func(w *rdb.Writer) {
			w.Int64(soonest)
			w.String([]byte(packOf(elements...)))
		})
	}
	all.refuse("hash ttl below 0", packed(far, "a", "1", "-1"))
	all.refuse("hash ttl of no number", packed(far, "a", "1", "x"))
	all.refuse("hash ttl out of order",
		packed(far, "a", "1", "4102444800005", "b", "2", "4102444800001"))
	all.refuse("hash ttl behind none", packed(far, "a", "1", "0", "b", "2", "4102444800001"))
	all.add("hash ttl above", packed(far, "a", "1", "140737488355328"))
	for _, soonest := range []int64{1 << 47, -1, 5} {
		all.add(fmt.Sprint("hash ttl that is not ", soonest), packed(soonest, "a", "1", "4102444800001"))
	}
	all.add("hash ttl of none", packed(far, "a", "1", "0"))
	all.add("hash ttl of two thirds", packed(far, "a", "1"))
}

// streams have other entries than they say.
func (all *lies) streams() {
	stream := func(name string, nodes int, numbers ...uint64) {
		all.add("stream "+name, written(rdb.TypeStreamListpacks3, func(w *rdb.Writer) {
			w.Length(uint64(nodes))
			for range nodes {
				w.String([]byte("\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01"))
				// Two entries, 1-1 and 1-2, of a field f.
				w.String([]byte(packOf("2", "0", "1", "f", "0", "2", "0", "0", "v", "4",
					"2", "0", "1", "w", "4")))
			}
			for _, n := range numbers {
				w.Length(n)
			}
		}))
	}
	// Behind the nodes: how many entries there are, the last id, the first, the highest that was
	// deleted, how many were added, how many groups there are.
	stream("that is true", 1, 2, 1, 2, 1, 1, 0, 0, 2, 0)
	stream("that claims 1", 1, 1, 1, 2, 1, 1, 0, 0, 2, 0)
	stream("that claims 3", 1, 3, 1, 2, 1, 1, 0, 0, 2, 0)
	stream("that claims 0", 1, 0, 1, 2, 1, 1, 0, 0, 2, 0)
	stream("that claims 2 of none", 0, 2, 1, 2, 1, 1, 0, 0, 2, 0)
	stream("with a last id within", 1, 2, 1, 1, 1, 1, 0, 0, 2, 0)
	stream("with a first id behind", 1, 2, 1, 2, 1, 2, 0, 0, 2, 0)
	stream("with a first id before", 1, 2, 1, 2, 0, 5, 0, 0, 2, 0)
	stream("with few added", 1, 2, 1, 2, 1, 1, 0, 0, 1, 0)
	stream("with many added", 1, 2, 1, 2, 1, 1, 0, 0, 1<<63, 0)
	stream("with most added", 1, 2, 1, 2, 1, 1, 0, 0, 1<<64-1, 0)
	stream("with a deletion behind", 1, 2, 1, 2, 1, 1, 9, 9, 2, 0)
	stream("with a node twice", 2, 4, 1, 2, 1, 1, 0, 0, 4, 0)
}

// counts are packed values of another number of elements than they say.
func (all *lies) counts() {
	for _, n := range []uint16{0, 1, 2, 3, 5, 6, 8, 0xffff} {
		pack := []byte(packOf("a", "1", "b", "2"))
		binary.LittleEndian.PutUint16(pack[4:], n)
		add := all.add
		if n > 1 && n < 0xffff {
			add = all.refuse
		}
		claim := fmt.Sprintf(" that claims %d of 4", n)
		add("hash"+claim, ofStrings(rdb.TypeHashListpack, -1, string(pack)))
		add("zset"+claim, ofStrings(rdb.TypeZsetListpack, -1, string(pack)))
		if n == 1 { // an odd number is nothing to look at in a set or list
			add = all.refuse
		}
		add("set"+claim, ofStrings(rdb.TypeSetListpack, -1, string(pack)))
		add("list"+claim, "\x12\x01\x02"+ofStrings(rdb.TypeHashListpack, -1, string(pack))[1:])
		zl := []byte(ziplist("a", "1", "b", "2"))
		binary.LittleEndian.PutUint16(zl[8:], n)
		all.add("ziplist hash"+claim, ofStrings(rdb.TypeHashZiplist, -1, string(zl)))
		all.add("ziplist zset"+claim, ofStrings(rdb.TypeZsetZiplist, -1, string(zl)))
		all.add("ziplist list"+claim, ofStrings(rdb.TypeListZiplist, -1, string(zl)))
	}
	all.refuse("hash of three", ofStrings(rdb.TypeHashListpack, -1, packOf("a", "1", "b")))
	all.refuse("zset of three", ofStrings(rdb.TypeZsetListpack, -1, packOf("a", "1", "b")))
	all.add("hash of none", ofStrings(rdb.TypeHashListpack, -1, packOf()))
	all.add("set of none", ofStrings(rdb.TypeSetListpack, -1, packOf()))
	intset := func(name, body string) {
		all.add("intset "+name, ofStrings(rdb.TypeSetIntset, -1, body))
	}
	intset("of none", "\x02\x00\x00\x00\x00\x00\x00\x00")
	intset("that claims more", "\x02\x00\x00\x00\x02\x00\x00\x00\x01\x00")
	intset("that claims fewer", "\x02\x00\x00\x00\x01\x00\x00\x00\x01\x00\x02\x00")
	intset("of another width", "\x03\x00\x00\x00\x01\x00\x00\x00\x01\x00")
	intset("that is too wide", "\x04\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00")
}
