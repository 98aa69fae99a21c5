package core_test

import (
	"encoding/binary"
	"flag"
	"math/rand/v2"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redlet/redlet/core"
	"github.com/redlet/redlet/core/internal/listpack"
	"github.com/redlet/redlet/core/internal/rdb"
)

// A layout is the type and the value of a payload, without the version and the checksum that stand
// behind them.
type layout struct {
	name string
	body string
}

// seal makes a payload of a layout, of a version of the format.
func seal(body string, version int) string {
	out := binary.LittleEndian.AppendUint16([]byte(body), uint16(version))
	return string(binary.LittleEndian.AppendUint64(out, rdb.CRC64(0, out)))
}

// layouts are values of every type in every layout: those that are written, and those that earlier
// versions wrote.
func layouts(t testing.TB) []layout {
	return append(writtenLayouts(t), oldLayouts()...)
}

// writtenLayouts are what DUMP gives.
func writtenLayouts(t testing.TB) (all []layout) {
	long, wide := strings.Repeat("x", 70), texture(7)
	for _, c := range []struct {
		name, config string
		commands     []string
	}{
		{"int8", "", []string{"SET k -12"}},
		{"int16", "", []string{"SET k 1234"}},
		{"int32", "", []string{"SET k -123456"}},
		{"int64", "", []string{"SET k 123456789012"}},
		{"empty string", "", []string{`SET k ""`}},
		{"string", "", []string{"SET k hello"}},
		{"compressed string", "", []string{"SET k " + strings.Repeat("abcabd", 30)}},
		{"sparse hll", "", []string{"PFADD k a b c"}},
		{"dense hll", "hll-sparse-max-bytes 0", []string{"PFADD k a b c"}},
		{"list", "", []string{"RPUSH k a 1 \"\" -70000 9223372036854775807 " + long}},
		{"list of nodes", "list-max-listpack-size 2", []string{"RPUSH k a b c d e"}},
		{"list with a plain node", "list-max-listpack-size 2",
			[]string{"DEBUG QUICKLIST-PACKED-THRESHOLD 50b", "RPUSH k a " + long + " b"}},
		{"intset16", "", []string{"SADD k 1 -2 300"}},
		{"intset32", "", []string{"SADD k 1 -2 70000"}},
		{"intset64", "", []string{"SADD k 1 -2 9223372036854775807 -9223372036854775808"}},
		{"set", "", []string{"SADD k a 1 bcd \"\" 77777"}},
		{"set table", "set-max-listpack-entries 1", []string{"SADD k a 1 bcd"}},
		{"zset", "", []string{"ZADD k 1 a 2.5 b -inf 7 1e300 c"}},
		{"skip list", "zset-max-listpack-entries 1", []string{"ZADD k 1 a 2.5 b inf c"}},
		{"hash", "", []string{"HSET k f v g 12 \"\" " + long[:60]}},
		{"hash ttl", "", []string{"HSET k f v g 12 h x",
			"HPEXPIREAT k 4102444800000 FIELDS 1 g", "HPEXPIREAT k 4102444800007 FIELDS 1 f"}},
		{"hash table", "hash-max-listpack-entries 1", []string{"HSET k f v g 12"}},
		{"hash table ttl", "hash-max-listpack-entries 1", []string{"HSET k f v g 12 h x",
			"HPEXPIREAT k 4102444800000 FIELDS 1 g", "HPEXPIREAT k 4102444800007 FIELDS 1 f"}},
		{"stream", "", []string{"XADD k 1-1 a 1", "XADD k 1-2 a 1 b 2", "XADD k 1-3 a 1 b 3",
			"XADD k 7-0 a 1 b 2", "XDEL k 1-2", "XGROUP CREATE k g 0"}},
		{"stream of nodes", "stream-node-max-entries 2", []string{"XADD k 1-1 a 1",
			"XADD k 1-2 a 1", "XADD k 2-1 a 1", "XADD k 9-9 b 70000", "XGROUP CREATE k h $",
			"XDEL k 1-1", "XSETID k 10-0 ENTRIESADDED 20 MAXDELETEDID 9-0"}},
		{"empty stream", "", []string{"XADD k 1-1 a 1", "XDEL k 1-1", "XGROUP CREATE k g $"}},
		{"texts", "", []string{"RPUSH k " + strconv.Quote(wide)}},
	} {
		_, s := ours(t)
		if name, value, is := strings.Cut(c.config, " "); is {
			s.do("CONFIG", "SET", name, value)
		}
		for _, line := range c.commands {
			if r := s.do(words(line)...); r.Kind == '-' {
				t.Fatalf("%.80q: %s", line, r.Text)
			}
		}
		payload := s.do("DUMP", "k").Text
		all = append(all, layout{c.name, payload[:len(payload)-10]})
	}
	return all
}

// words cuts a line, whose arguments may be quoted as Go quotes them.
func words(line string) (args []string) {
	for line != "" {
		word := line
		if quoted, err := strconv.QuotedPrefix(line); err == nil {
			word, _ = strconv.Unquote(quoted)
			line = strings.TrimPrefix(line[len(quoted):], " ")
		} else {
			word, line, _ = strings.Cut(line, " ")
		}
		args = append(args, word)
	}
	return args
}

// written is what a Writer writes.
func written(t rdb.Type, write func(w *rdb.Writer)) string {
	w := rdb.Writer{}
	w.BeginPayload(nil)
	w.Type(t)
	write(&w)
	payload := w.EndPayload()
	return string(payload[:len(payload)-10])
}

// ofStrings is a value of strings, before which their number may stand.
func ofStrings(t rdb.Type, count int, s ...string) string {
	return written(t, func(w *rdb.Writer) {
		if count >= 0 {
			w.Length(uint64(count))
		}
		for _, one := range s {
			w.String([]byte(one))
		}
	})
}

// oldLayouts are values in the layouts of earlier versions.
func oldLayouts() (all []layout) {
	add := func(name, body string) { all = append(all, layout{name, body}) }
	long, longer := strings.Repeat("x", 100), strings.Repeat("y", 300)
	for _, zl := range []struct {
		name     string
		elements []string
	}{
		{"", []string{"hi", "0", "12", "13", "-128", "-32768", "-8388608", "-2147483648",
			"-9223372036854775808", "9223372036854775807", "007", ""}},
		{" of long strings", []string{long, longer, "a", longer, "b", strings.Repeat("z", 17000)}},
		{" of two", []string{"a", "1"}},
		{" of none", nil},
	} {
		add("list ziplist"+zl.name, ofStrings(rdb.TypeListZiplist, -1, ziplist(zl.elements...)))
		add("hash ziplist"+zl.name, ofStrings(rdb.TypeHashZiplist, -1, ziplist(zl.elements...)))
		add("quicklist of ziplists"+zl.name, ofStrings(rdb.TypeListQuicklist, 2,
			ziplist(zl.elements...), ziplist("q", "7")))
	}
	add("zset ziplist", ofStrings(rdb.TypeZsetZiplist, -1, ziplist("a", "1", "b", "2.5", "c", "inf")))
	add("uncounted ziplist", ofStrings(rdb.TypeListZiplist, -1, uncounted(ziplist("a", "1", "b"))))
	add("list", ofStrings(rdb.TypeList, 3, "a", "12", longer))
	add("set", ofStrings(rdb.TypeSet, 3, "a", "12", longer))
	add("set of integers", ofStrings(rdb.TypeSet, 3, "1", "12", "-70000"))
	add("hash", ofStrings(rdb.TypeHash, 2, "a", "12", "b", longer))
	add("zset of no numbers", ofStrings(rdb.TypeZsetListpack, -1, packOf("a", "nan", "b", "-nan",
		"c", "1", "d", "NaN", "e", "2.5", "f", "3x")))
	all = append(all, repeating()...)
	add("zset of texts", "\x03\x04\x01b\x04-2.5\x01a\x041e30\x01c\xfe\x01d\xff")
	add("zipmap", ofStrings(rdb.TypeHashZipmap, -1, "\x02\x01f\x02\x01vw\x00\x01g\x01\x00x\xff"))
	add("large zipmap", ofStrings(rdb.TypeHashZipmap, -1, "\xfe\xfe\x2c\x01\x00\x00"+longer+
		"\x01\x00x\x01g\xfe\x2c\x01\x00\x00\x02"+longer+"\x00\x00\xff"))
	const far = 4102444800000
	add("hash table ttl before", written(rdb.TypeHashMetadataPreGA, func(w *rdb.Writer) {
		w.Length(2)
		for i, s := range []string{"f", "g"} {
			w.Length(far * uint64(1-i))
			w.String([]byte(s))
			w.String([]byte("v"))
		}
	}))
	pack := listpack.New(0)
	for i, s := range []string{"f", "g"} {
		pack = pack.Append([]byte(s)).Append([]byte("v")).AppendInt(far * int64(1-i))
	}
	add("hash ttl before", ofStrings(rdb.TypeHashListpackExPreGA, -1, string(pack)))
	for version := range 3 {
		payload := groupPayload(version)
		add("stream "+strconv.Itoa(version+1), payload[:len(payload)-10])
	}
	add("list with lengths within elements", written(rdb.TypeListQuicklist2, func(w *rdb.Writer) {
		w.Length(1)
		w.Length(2) // a listpack
		w.String([]byte("\x12\x00\x00\x00\x04\x00" +
			"\x05\x01" + "\x00\x81" + "\x83ab\x00\x84" + "\x80\x01" + "\xff"))
	}))
	return all
}

// repeating are values that name an element twice, or have integers out of order: they are taken
// where sanitize-dump-payload does not say otherwise.
func repeating() []layout {
	return []layout{
		{"repeating hash", ofStrings(rdb.TypeHashListpack, -1, packOf("a", "1", "b", "2", "a", "3"))},
		{"repeating hash ttl", written(rdb.TypeHashListpackEx, func(w *rdb.Writer) {
			w.Int64(4102444800000)
			w.String([]byte(packOf("a", "1", "4102444800000", "a", "2", "4102444800001", "b", "3", "0")))
		})},
		{"repeating set", ofStrings(rdb.TypeSetListpack, -1, packOf("a", "5", "a"))},
		{"repeating zset", ofStrings(rdb.TypeZsetListpack, -1, packOf("a", "1", "b", "2", "a", "3"))},
		{"repeating intset", ofStrings(rdb.TypeSetIntset, -1,
			"\x02\x00\x00\x00\x03\x00\x00\x00\x05\x00\x01\x00\x05\x00")},
	}
}

// packOf is a listpack of elements.
func packOf(elements ...string) string {
	p := listpack.New(0)
	for _, e := range elements {
		p = p.Append([]byte(e))
	}
	return string(p)
}

// ziplist makes a ziplist of elements, each kept as Redis keeps it.
func ziplist(elements ...string) string {
	var body []byte
	last, previous := 0, 0
	for _, e := range elements {
		last = len(body)
		if previous < 0xfe {
			body = append(body, byte(previous))
		} else {
			body = binary.LittleEndian.AppendUint32(append(body, 0xfe), uint32(previous))
		}
		body = append(body, ziplistEntry(e)...)
		previous = len(body) - last
	}
	const head = 10
	out := binary.LittleEndian.AppendUint32(nil, uint32(head+len(body)+1))
	out = binary.LittleEndian.AppendUint32(out, uint32(head+last))
	out = binary.LittleEndian.AppendUint16(out, uint16(len(elements)))
	return string(append(append(out, body...), 0xff))
}

func ziplistEntry(e string) []byte {
	n, err := strconv.ParseInt(e, 10, 64)
	wide := binary.LittleEndian.AppendUint64(nil, uint64(n))
	switch {
	case err != nil || strconv.FormatInt(n, 10) != e:
	case n >= 0 && n <= 12:
		return []byte{0xf1 + byte(n)}
	case n == int64(int8(n)):
		return append([]byte{0xfe}, wide[:1]...)
	case n == int64(int16(n)):
		return append([]byte{0xc0}, wide[:2]...)
	case n >= -1<<23 && n < 1<<23:
		return append([]byte{0xf0}, wide[:3]...)
	case n == int64(int32(n)):
		return append([]byte{0xd0}, wide[:4]...)
	default:
		return append([]byte{0xe0}, wide...)
	}
	switch {
	case len(e) < 1<<6:
		return append([]byte{byte(len(e))}, e...)
	case len(e) < 1<<14:
		return append([]byte{0x40 | byte(len(e)>>8), byte(len(e))}, e...)
	}
	return append(binary.BigEndian.AppendUint32([]byte{0x80}, uint32(len(e))), e...)
}

// uncounted is a ziplist that does not tell how many elements it has.
func uncounted(zl string) string { return zl[:8] + "\xff\xff" + zl[10:] }

var payloadsMade = flag.Int("payloads", 10_000, "how many damaged payloads are restored")

// A damager makes damaged values out of whole ones.
type damager struct {
	*rand.Rand
	whole []layout
}

// telling are bytes at which a format changes its mind.
var telling = []byte{0, 1, 2, 0x0f, 0x10, 0x20, 0x3f, 0x40, 0x7f, 0x80, 0x81, 0xc0, 0xc1, 0xc2,
	0xc3, 0xdf, 0xe0, 0xf0, 0xf1, 0xf3, 0xf4, 0xfd, 0xfe, 0xff}

func newDamager(t *testing.T) *damager {
	seed := *diffSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("seed %d", seed)
	return &damager{rand.New(rand.NewPCG(seed, 0)), layouts(t)}
}

// next damages a value in one or several places.
func (d *damager) next() layout {
	whole := d.whole[d.IntN(len(d.whole))]
	body := []byte(whole.body)
	for range 1 + d.IntN(3)*d.IntN(2) {
		body = d.damage(body)
	}
	return layout{whole.name, string(body)}
}

func (d *damager) damage(body []byte) []byte {
	if len(body) == 0 {
		return []byte{telling[d.IntN(len(telling))]}
	}
	at := d.IntN(len(body))
	if d.IntN(2) == 0 {
		at = min(at, d.IntN(24)) // heads tell most
	}
	switch d.IntN(8) {
	case 0:
		body[at] ^= 1 << d.IntN(8)
	case 1:
		body[at] = byte(d.IntN(256))
	case 2:
		body[at] = telling[d.IntN(len(telling))]
	case 3:
		body[at] += byte(d.IntN(3)) - 1
	case 4:
		body = append(body[:at:at], body[min(len(body), at+1+d.IntN(3)):]...)
	case 5:
		from := d.IntN(len(body))
		piece := body[from:min(len(body), from+1+d.IntN(16))]
		body = append(append(body[:at:at], piece...), body[at:]...)
	case 6:
		from := d.IntN(len(body))
		copy(body[at:], body[from:min(len(body), from+1+d.IntN(8))])
	case 7:
		other := d.whole[d.IntN(len(d.whole))].body
		body[0] = other[0]
	}
	return body
}

// uses are the first letters of the commands that work on a type.
var uses = map[string]string{"string": "ASGIP", "list": "LR", "set": "S", "hash": "H", "zset": "ZG",
	"stream": "X"}

// TestDamagedPayloads restores damaged payloads. One that is refused changes nothing; one that is
// taken is a value like any other: all commands of its type work on it, and it can be dumped and
// restored again.
func TestDamagedPayloads(t *testing.T) {
	d := newDamager(t)
	var s server
	taken := 0
	for i := range *payloadsMade {
		if i%500 == 0 {
			_, s = ours(t)
			checkHeap(t)
		}
		l := d.next()
		s.do("SET", "k", "old")
		if r := s.do("RESTORE", "k", "0", seal(l.body, 1+d.IntN(12)), "REPLACE"); r.Kind == '-' {
			if is := s.do("GET", "k").Text; is != "old" {
				t.Fatalf("%s %q is refused, and the key has changed to %q", l.name, l.body, is)
			}
			continue
		}
		taken++
		s.used(d, l)
	}
	t.Logf("%d of %d are taken", taken, *payloadsMade)
}

// used works on the value that a damaged payload has become.
func (s server) used(d *damager, l layout) {
	s.t.Helper()
	letters := uses[s.do("TYPE", "k").Text] + "OC"
	all := core.Afterwards
	from := d.IntN(len(all))
	s.again(l, nil)
	var run [][]string
	for i := range all {
		args := all[(from+i)%len(all)]
		if strings.Contains(letters, args[0][:1]) {
			s.do(args...)
			if run = append(run, args); d.IntN(8) == 0 {
				s.again(l, run)
			}
		}
	}
	s.again(l, run)
	s.do("DEL", "k2", "k3")
}

// again dumps the value, on which some commands have run, and restores it.
func (s server) again(l layout, run [][]string) {
	s.t.Helper()
	r := s.do("DUMP", "k")
	if r.Null {
		return // all of it has gone
	}
	got := s.do("RESTORE", "again", "0", r.Text, "REPLACE")
	if got.Text != "OK" && !s.miscounts() {
		s.t.Fatalf("%s %q: after %q it is dumped as %q, which is refused: %s", l.name, l.body, run,
			r.Text, got.Text)
	}
}

// miscounts tells whether the value is a stream that has another number of entries than it says, as
// its payload did: Redis takes it as it is, but not without any.
func (s server) miscounts() bool {
	entries := s.do("XRANGE", "k", "-", "+")
	return entries.Kind == '*' && s.do("XLEN", "k").Text != strconv.Itoa(len(entries.Items))
}

// heapMax is more than all payloads here take.
const heapMax = 1 << 30

func checkHeap(t *testing.T) {
	t.Helper()
	var m runtime.MemStats
	if runtime.ReadMemStats(&m); m.HeapAlloc > heapMax {
		t.Fatalf("%d bytes are in use", m.HeapAlloc)
	}
}
