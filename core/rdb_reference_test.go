package core_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/redlet/redlet/core"
	"github.com/redlet/redlet/core/coretest"
	"github.com/redlet/redlet/core/internal/listpack"
	"github.com/redlet/redlet/core/internal/rdb"
	"github.com/redlet/redlet/core/internal/stream"
	"github.com/redlet/redlet/internal/sds"
)

// A server runs commands: redlet's engine or a real redis-server.
type server struct {
	t  testing.TB
	do func(args ...string) coretest.Reply
	// asks is do where the server may end.
	asks func(args ...string) (coretest.Reply, error)
}

// ours starts an engine.
func ours(t testing.TB) (*core.Engine, server) {
	t.Helper()
	s, err := coretest.NewEngine(map[string]string{"enable-debug-command": "yes"})
	if err != nil {
		t.Fatal(err)
	}
	return s.Engine, server{t: t, do: func(args ...string) coretest.Reply {
		s.Send('A', coretest.Request(args...))
		b, _ := s.Receive('A', true)
		r, n, err := coretest.Parse(b)
		if err != nil || n != len(b) {
			t.Fatalf("%q: %v %q", args, err, b)
		}
		return r
	}}
}

// theirs starts a redis-server that loads what the directory holds and saves there.
func theirs(t *testing.T, dir string) server {
	t.Helper()
	ref := coretest.StartReference(t, "--dir", dir)
	c, err := ref.Dial()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	asks := func(args ...string) (coretest.Reply, error) { return coretest.Ask(c, args...) }
	return server{t: t, asks: asks, do: func(args ...string) coretest.Reply {
		t.Helper()
		r, err := asks(args...)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}}
}

// texture makes strings: the same ones for the same number, compressible or not.
func texture(i int) string {
	n := uint32(i)*2654435761 + 12345
	var b strings.Builder
	for range i * 13 % 3000 {
		n = n*1664525 + 1013904223
		switch i % 4 {
		case 0:
			b.WriteByte(byte(n >> 24))
		case 1:
			b.WriteString("abcdefgh"[n>>30:])
		case 2:
			b.WriteByte('0' + byte(n>>28)%3)
		case 3:
			b.WriteByte(byte(i))
		}
	}
	return b.String()
}

// fill stores a bit of everything. Every TTL is absolute and far off.
func (s server) fill() {
	run := func(args ...string) {
		if r := s.do(args...); r.Kind == '-' {
			s.t.Fatalf("%.80q: %s", args, r.Text)
		}
	}
	for _, n := range []string{"0", "-1", "127", "128", "-128", "-129", "32767", "32768",
		"2147483647", "2147483648", "-2147483648", "-2147483649", "9223372036854775807",
		"9223372036854775808", "007", "-0", "", "+1", " 1"} {
		run("SET", "n"+n, n)
		run("SET", n, "key "+n)
	}
	for i := range 60 {
		run("SET", "s"+strconv.Itoa(i), texture(i))
	}
	run("SET", "ttl", "x", "PXAT", "4102444800123")
	run("FUNCTION", "LOAD", "REPLACE", "#!lua name=lib\nredis.register_function('f', function() "+
		"return 'f called' end)")
	run("SELECT", "9")
	run("RPUSH", "small", "a", "1", "-70000", "", "9223372036854775807", texture(5))
	run("RPUSH", "ttl", "x")
	run("PEXPIREAT", "ttl", "4102444800000")
	for i := range 400 {
		run("RPUSH", "large", texture(i))
		run("LPUSH", "numbers", strconv.Itoa(i*i*i))
	}
	run("RPUSH", "plain", "before", strings.Repeat("x", 20000), texture(9000), "after")
	run("SADD", "ints", "1", "-2", "70000")
	run("SADD", "few", "a", "1", "", texture(5)[:40])
	for i := range 600 {
		run("SADD", "wide", strconv.Itoa(i*i*i*i))
		run("SADD", "many", texture(i%200), strconv.Itoa(i))
	}
	run("ZADD", "zsmall", "1", "a", "2.5", "b", "-inf", "c", "1e23", "7", "-0", texture(5)[:40])
	for i := range 300 {
		run("ZADD", "zlarge", strconv.Itoa(i*i*i%777)+".5", texture(i%200)+strconv.Itoa(i))
	}
	run("ZADD", "zlarge", "inf", "top", "-0", "zero", "-inf", "bottom", "5e-324", "tiny")
	s.fillStreams(run)
	s.fillVectors(run)
	run("HSET", "h", "f", "v", "g", "12")
	run("HSET", "hh", "f", "v")
	for i := range 200 {
		run("HSET", "hh", "f"+strconv.Itoa(i), texture(i))
		run("HSET", "ht", "f"+strconv.Itoa(i), texture(i))
	}
	run("HPEXPIREAT", "h", "4102444800000", "FIELDS", "1", "f")
	run("HPEXPIREAT", "ht", "4102444800000", "FIELDS", "1", "f7")
	run("HPEXPIREAT", "ht", "4102444800007", "FIELDS", "2", "f8", "f100")
}

// fillVectors stores vector sets of each quantization, with attributes and a projection.
func (s server) fillVectors(run func(args ...string)) {
	for i, quant := range []string{"NOQUANT", "Q8", "BIN"} {
		key := "v" + quant
		for n := range 30 {
			run("VADD", key, "VALUES", "3", strconv.Itoa(n), "-2.5", strconv.Itoa(n*n%17), texture(n), quant,
				"M", strconv.Itoa(4+i), "SETATTR", `{"n":`+strconv.Itoa(n)+`}`)
		}
		run("VREM", key, texture(7))
		run("VADD", "r"+key, "REDUCE", "2", "VALUES", "4", "1", "2", "3", "4", "a", quant)
	}
}

// vectors tells of a vector set what is not chance, as its levels and links are.
func (s server) vectors(key string) string {
	var out []string
	for _, item := range s.do("VRANDMEMBER", key, "1000").Items {
		e := item.Text
		out = append(out, sds.Repr(e)+" "+s.do("VEMB", key, e).String()+" "+
			s.do("VEMB", key, e, "RAW").String()+" "+s.do("VGETATTR", key, e).Text)
	}
	slices.Sort(out)
	info := s.do("VINFO", key).Items
	for i := 0; i+1 < len(info); i += 2 {
		switch info[i].Text {
		case "quant-type", "hnsw-m", "vector-dim", "projection-input-dim", "size", "attributes-count":
			out = append(out, info[i].Text+" "+info[i+1].Text)
		}
	}
	return strings.Join(out, "\n")
}

// fillStreams stores streams. The times of their consumers are told, not the server's.
func (s server) fillStreams(run func(args ...string)) {
	for i := range 400 {
		id := strconv.Itoa(1+i/3*i) + "-" + strconv.Itoa(i%3)
		run("XADD", "entries", id, "f"+strconv.Itoa(i/250), texture(i%40), "g", strconv.Itoa(i*i*i))
		run("XADD", "trimmed", "MAXLEN", "~", "50", strconv.Itoa(i+1), "f", "v")
		if i%7 == 3 {
			run("XDEL", "entries", id, strconv.Itoa(1+i/3*i))
		}
	}
	run("XGROUP", "CREATE", "entries", "none", "0")
	run("XGROUP", "CREATE", "entries", "some", "$", "ENTRIESREAD", "300")
	run("XADD", "emptied", "18446744073709551615-18446744073709551615", "f", "v")
	run("XTRIM", "emptied", "MAXLEN", "0")
	for version := range 3 {
		run("RESTORE", "groups"+strconv.Itoa(version+1), "0", groupPayload(version))
	}
}

// groupPayload is a payload of a stream with groups in the layout of a version, counted from 0.
func groupPayload(version int) string {
	s := stream.New(0)
	for i := range uint64(5) {
		s.Add(stream.ID{Ms: i + 1}, [][]byte{[]byte("f"), []byte("v")}, stream.Limits{Entries: 3})
	}
	var w rdb.Writer
	w.BeginPayload(nil)
	w.Type([]rdb.Type{
		rdb.TypeStreamListpacks, rdb.TypeStreamListpacks2, rdb.TypeStreamListpacks3,
	}[version])
	keys, _ := s.Nodes()
	w.Length(uint64(keys))
	s.EachNode(func(key []byte, p listpack.Pack) {
		w.String(key)
		w.String(p)
	})
	numbers := []uint64{5, 5, 0, 1, 0, 0, 0, 9} // length, last, first, greatest deleted, added
	if version == 0 {
		numbers = numbers[:3]
	}
	for _, n := range numbers {
		w.Length(n)
	}
	w.Length(2)
	for i, name := range []string{"g", "h"} {
		w.String([]byte(name))
		w.StreamID(stream.ID{Ms: 1 + 2*uint64(i)})
		if version > 0 {
			w.Length(uint64(i) - 1) // unknown, or none
		}
		w.Length(2)
		for id := range uint64(2) {
			w.RawStreamID(stream.ID{Ms: id + 1})
			w.Int64(1_700_000_000_000 + int64(id))
			w.Length(id + 1)
		}
		consumerPayload(&w, version)
	}
	return string(w.EndPayload())
}

// consumerPayload writes three consumers, of which the last has nothing pending.
func consumerPayload(w *rdb.Writer, version int) {
	w.Length(3)
	for c := range 3 {
		w.String([]byte(strconv.Itoa(c)))
		w.Int64(1_700_000_000_123)
		if version == 2 {
			w.Int64(1_700_000_000_100 * int64(c%2))
		}
		if c == 2 {
			w.Length(0)
			return
		}
		w.Length(1)
		w.RawStreamID(stream.ID{Ms: uint64(c) + 1})
	}
}

// told tells of every key in every database what it holds.
func (s server) told() map[string]string {
	all := map[string]string{}
	for db := range 16 {
		s.do("SELECT", strconv.Itoa(db))
		for _, k := range s.do("KEYS", "*").Items {
			all[fmt.Sprintf("%d %q", db, k.Text)] = s.key(k.Text)
		}
	}
	s.do("SELECT", "0")
	all["functions"] = s.do("FCALL", "f", "0").Text
	return all
}

// key tells of a key its type, encoding, expiry and payload; of a hash table, whose order follows
// from a secret, a set in one, or a vector set, the sorted content instead of the payload.
func (s server) key(key string) string {
	out := s.do("TYPE", key).Text + " " + s.do("OBJECT", "ENCODING", key).Text + " " +
		s.do("PEXPIRETIME", key).Text + "\n"
	if strings.HasPrefix(out, "vectorset") {
		return out + s.vectors(key)
	}
	if strings.HasPrefix(out, "set hashtable") {
		var members []string
		for _, item := range s.do("SMEMBERS", key).Items {
			members = append(members, sds.Repr(item.Text))
		}
		slices.Sort(members)
		return out + strings.Join(members, "\n")
	}
	if !strings.HasPrefix(out, "hash hashtable") {
		payload := s.do("DUMP", key).Text
		return out + sds.Repr(payload)
	}
	var pairs []string
	items := s.do("HGETALL", key).Items
	for i := 0; i+1 < len(items); i += 2 {
		field := items[i].Text
		expire := s.do("HPEXPIRETIME", key, "FIELDS", "1", field).String()
		pairs = append(pairs, sds.Repr(field)+" "+sds.Repr(items[i+1].Text)+expire)
	}
	slices.Sort(pairs)
	return out + strings.Join(pairs, "\n")
}

func same(t *testing.T, got, want map[string]string) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%d keys, want %d", len(got), len(want))
	}
	for key, w := range want {
		if g := got[key]; g != w {
			t.Errorf("%s is\n%.300s\nwant\n%.300s", key, g, w)
		}
	}
}

// TestReferenceLoads has redis-server load a snapshot.
func TestReferenceLoads(t *testing.T) {
	e, s := ours(t)
	s.fill()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "dump.rdb"), e.Snapshot(nil), 0o644); err != nil {
		t.Fatal(err)
	}
	same(t, theirs(t, dir).told(), s.told())
}

// TestLoadsReference loads what redis-server saved.
func TestLoadsReference(t *testing.T) {
	dir := t.TempDir()
	ref := theirs(t, dir)
	ref.fill()
	ref.do("SAVE")
	image, err := os.ReadFile(filepath.Join(dir, "dump.rdb"))
	if err != nil {
		t.Fatal(err)
	}
	e, s := ours(t)
	s.do("SET", "old", "data")
	if err := e.Restore(image); err != nil {
		t.Fatal(err)
	}
	same(t, s.told(), ref.told())
}

// TestDumpReference compares what DUMP gives, and has each RESTORE what the other gave.
func TestDumpReference(t *testing.T) {
	ref := theirs(t, t.TempDir())
	_, s := ours(t)
	s.fill()
	ref.fill()
	same(t, s.told(), ref.told())
	for db := range 16 {
		s.do("SELECT", strconv.Itoa(db))
		ref.do("SELECT", strconv.Itoa(db))
		for _, k := range ref.do("KEYS", "*").Items {
			for _, pair := range [][2]server{{s, ref}, {ref, s}} {
				payload := pair[0].do("DUMP", k.Text).Text
				if r := pair[1].do("RESTORE", "copy", "0", payload, "REPLACE"); r.Text != "OK" {
					t.Fatalf("%d %q: %s", db, k.Text, r.Text)
				}
				pair[1].do("PERSIST", k.Text)
				if got, want := pair[1].key("copy"), pair[1].key(k.Text); got != want {
					t.Errorf("%d %q is restored as\n%.300s\nwant\n%.300s", db, k.Text, got, want)
				}
			}
		}
	}
}

// damaged gives an engine with data, an image of other data, and the snapshot of each.
func damaged(t *testing.T, config map[string]string) (e *core.Engine, image []byte) {
	t.Helper()
	s, err := coretest.NewEngine(config)
	if err != nil {
		t.Fatal(err)
	}
	for _, cmd := range [][]string{{"SET", "k", "v"}, {"SET", "n", "123456"},
		{"SET", "e", "x", "PXAT", "4102444800123"}, {"SET", "c", strings.Repeat("ab", 50)},
		{"SELECT", "3"}, {"RPUSH", "l", "a", "1", strings.Repeat("q", 30)},
		{"SADD", "i", "1", "70000"}, {"SADD", "p", "a", "5"}, {"SADD", "t", "b", texture(9)},
		{"HSET", "h", "f", "v", "g", "12"}, {"HPEXPIREAT", "h", "4102444800000", "FIELDS", "1", "f"},
		{"XADD", "x", "1-1", "a", "1"}, {"XADD", "x", "1-2", "a", "1", "b", "2"},
		{"XGROUP", "CREATE", "x", "g", "0"}, {"XREADGROUP", "GROUP", "g", "c", "STREAMS", "x", ">"},
		{"XDEL", "x", "1-1"}} {
		s.Send('A', coretest.Request(cmd...))
	}
	return s.Engine, s.Snapshot(nil)
}

// TestDamagedImage cuts an image short at every place and changes every byte of it: each time it
// is refused with an offset and nothing changes, or loads as if it were whole.
func TestDamagedImage(t *testing.T) {
	e, image := damaged(t, nil)
	if err := e.Restore(image); err != nil || !bytes.Equal(e.Snapshot(nil), image) {
		t.Fatalf("the whole image is not loaded: %v", err)
	}
	harmless := 0
	try := func(what string, bad []byte) {
		err := e.Restore(bad)
		if err == nil {
			harmless++
		} else if !strings.Contains(err.Error(), " at offset ") {
			t.Errorf("%s: no offset in %v", what, err)
		}
		if !bytes.Equal(e.Snapshot(nil), image) {
			t.Fatalf("%s: %v, and the data has changed", what, err)
		}
	}
	for cut := range image {
		if try(fmt.Sprintf("cut at %d", cut), image[:cut]); harmless > 0 {
			t.Fatalf("cut at %d, the image loads", cut)
		}
	}
	for i := range image {
		for _, flip := range []byte{1, 2, 4, 8, 16, 32, 64, 128, 255} {
			bad := bytes.Clone(image)
			bad[i] ^= flip
			try(fmt.Sprintf("byte %d ^ %#x", i, flip), bad)
		}
	}
	if harmless > 1 { // version 02 for 12: the checksum came with 5
		t.Errorf("%d changed images load", harmless)
	}
}

// everyDamage has TestDamagedUnchecked change each byte in every way.
var everyDamage = flag.Bool("everydamage", false, "change bytes of an image in every way")

// TestDamagedUnchecked does the same with an image without a checksum. Such an image may load as
// something else, but never harms the engine, nor is it loaded by half. Each byte is changed in one
// way of 16, others for its neighbors, or in all.
func TestDamagedUnchecked(t *testing.T) {
	t.Parallel()
	e, image := damaged(t, map[string]string{"rdbchecksum": "no"})
	before := e.Snapshot(nil)
	loaded := 0
	for i := range image {
		for flip := 1; flip < 256; flip++ {
			if !*everyDamage && (flip+i)%16 != 0 {
				continue
			}
			bad := bytes.Clone(image)
			bad[i] ^= byte(flip)
			err := e.Restore(bad)
			if err == nil {
				loaded++
				e.Snapshot(nil)
				if err := e.Restore(before); err != nil {
					t.Fatal(err)
				}
			}
			if !bytes.Equal(e.Snapshot(nil), before) {
				t.Fatalf("byte %d ^ %#x: %v, and the data has changed", i, flip, err)
			}
		}
	}
	if loaded == 0 {
		t.Error(errors.New("every change was refused: the checksum is on"))
	}
}
