package coretest

import (
	"crypto/sha1"
	"encoding/hex"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
)

// Generator makes commands up, from what COMMAND DOCS says of their arguments: mostly valid ones,
// some that are not. The same seed gives the same commands.
type Generator struct {
	rng     *rand.Rand
	cmds    []generated
	entries int // of streams that were made up: their ids grow
}

// generated is a command that can be made up.
type generated struct {
	name  []string // one word, or two
	group string
	args  []argument
}

// argument is a node of the arguments that COMMAND DOCS tells of.
type argument struct {
	name, kind, token           string
	hasToken                    bool
	optional, multiple, repeats bool
	args                        []argument
}

// NewGenerator returns a generator of the commands that docs, the reply of COMMAND DOCS in RESP2,
// tells of and that accept lets pass by their lower-case names ("config|get").
func NewGenerator(docs Reply, seed uint64, accept func(name, group string) bool) *Generator {
	g := &Generator{rng: rand.New(rand.NewPCG(seed, 0))}
	for i := 0; i+1 < len(docs.Items); i += 2 {
		g.add(docs.Items[i].Text, docs.Items[i+1], accept)
	}
	return g
}

func (g *Generator) add(name string, doc Reply, accept func(name, group string) bool) {
	group, _ := doc.field("group")
	if subs, ok := doc.field("subcommands"); ok {
		for i := 0; i+1 < len(subs.Items); i += 2 {
			g.add(subs.Items[i].Text, subs.Items[i+1], accept)
		}
		return
	}
	if !accept(name, group.Text) {
		return
	}
	c := generated{name: strings.Split(name, "|"), group: group.Text}
	args, _ := doc.field("arguments")
	c.args = readArguments(args)
	for range 1 + often[name] {
		g.cmds = append(g.cmds, c)
	}
}

// often are commands that are made up so many times more than others, which need what these make.
var often = map[string]int{"xadd": 7, "xreadgroup": 3, "xgroup|create": 2, "xclaim": 1,
	"VADD": 11, "VSIM": 5}

// Tokens are the words that announce arguments of the commands that are made up, by the names of
// these.
func (g *Generator) Tokens() map[string][]string {
	tokens := map[string][]string{}
	for _, c := range g.cmds {
		tokens[strings.Join(c.name, "|")] = tokensOf(c.args, nil)
	}
	return tokens
}

func tokensOf(args []argument, tokens []string) []string {
	for _, a := range args {
		if a.token != "" {
			tokens = append(tokens, a.token)
		}
		tokens = tokensOf(a.args, tokens)
	}
	return tokens
}

// field finds a value in a map that came as a flat array.
func (r Reply) field(name string) (Reply, bool) {
	for i := 0; i+1 < len(r.Items); i += 2 {
		if r.Items[i].Text == name {
			return r.Items[i+1], true
		}
	}
	return Reply{}, false
}

func readArguments(list Reply) []argument {
	var out []argument
	for _, item := range list.Items {
		var a argument
		name, _ := item.field("name")
		kind, _ := item.field("type")
		a.name, a.kind = name.Text, kind.Text
		if token, ok := item.field("token"); ok {
			a.token, a.hasToken = token.Text, true
		}
		flags, _ := item.field("flags")
		for _, f := range flags.Items {
			a.optional = a.optional || f.Text == "optional"
			a.multiple = a.multiple || f.Text == "multiple"
			a.repeats = a.repeats || f.Text == "multiple_token"
		}
		inner, _ := item.field("arguments")
		a.args = readArguments(inner)
		out = append(out, a)
	}
	return out
}

// Next makes up a command.
func (g *Generator) Next() []string {
	c := &g.cmds[g.rng.IntN(len(g.cmds))]
	m := maker{Generator: g, group: c.group, out: append([]string(nil), c.name...)}
	m.all(c.args)
	if g.rng.IntN(40) == 0 { // a mistake
		switch n := len(m.out); g.rng.IntN(3) {
		case 0:
			m.out = append(m.out, m.value())
		case 1:
			m.out = m.out[:max(1, n-1)]
		default:
			m.out[g.rng.IntN(n)] = m.value()
		}
	}
	return m.out
}

// maker makes up one command.
type maker struct {
	*Generator
	group string
	count int // where numkeys or numfields stands in out; 0 while unknown
	out   []string
}

func (m *maker) all(args []argument) {
	for i := range args {
		a := &args[i]
		if a.optional && m.rng.IntN(5) > 1 {
			continue
		}
		times := 1
		if a.multiple {
			times += m.rng.IntN(3)
		}
		for t := range times {
			m.one(a, t == 0 || a.repeats)
		}
		if m.count > 0 && a.multiple {
			if m.rng.IntN(20) > 0 {
				m.out[m.count] = strconv.Itoa(times)
			}
			m.count = 0
		}
	}
}

// one writes an argument, with its token if it is announced by one.
func (m *maker) one(a *argument, token bool) {
	if a.hasToken && token && a.kind != "oneof" {
		if m.rng.IntN(2) == 0 {
			m.out = append(m.out, a.token)
		} else {
			m.out = append(m.out, strings.ToLower(a.token))
		}
	}
	switch a.kind {
	case "pure-token":
	case "oneof":
		if a.hasToken && token {
			m.out = append(m.out, a.token)
		}
		m.one(&a.args[m.rng.IntN(len(a.args))], true)
	case "block":
		if a.name == "streams" {
			m.streams(a.args)
		} else {
			m.all(a.args)
		}
	case "key":
		m.out = append(m.out, m.key(a.multiple))
	case "integer":
		if a.name == "numkeys" || a.name == "numfields" || a.name == "num" {
			m.count = len(m.out)
		}
		if m.group == "sorted-set" && (a.name == "increment" || a.name == "weight") {
			m.out = append(m.out, m.double("score")) // in truth they are doubles
			return
		}
		m.out = append(m.out, m.integer(a.name))
	case "double":
		m.out = append(m.out, m.double(a.name))
	case "unix-time":
		m.out = append(m.out, m.time(a.name))
	case "pattern":
		m.out = append(m.out, m.pick("*", "s*", "*1", "[a-f]*", "?1", "nope", "f\\1", "[^f]*"))
	default:
		m.out = append(m.out, m.text(a.name))
	}
}

// streams writes keys and as many ids.
func (m *maker) streams(args []argument) {
	n := 1 + m.rng.IntN(2)*m.rng.IntN(3)
	for i := range args {
		for range n {
			m.one(&args[i], true)
		}
	}
}

// payloads are what DUMP gave of strings, lists, hashes, sets, sorted sets and a stream; the last
// ones are damaged.
var payloads = []string{
	"\x00\x05hello\x0c\x00\xa8\x04\xeb\xb6\x9f\x1e\xbeC",
	"\x00\xc190\x0c\x00V\xe2\xde\xe7i\xd6\x96\xf0",
	"\x00\xc3\x05-\x00x\xe0#\x00\x0c\x00\xba\x88\"\xdc\xd6\xef'(",
	"\x12\x01\x02\x16\x16\x00\x00\x00\x06\x00\x81a\x02\x81b\x02\x81c\x02\x01\x01\x02\x01" +
		"\x03\x01\xff\x0c\x00Y\x8e\xf5\x92\xc0$\x88\x96",
	"\x10\x12\x12\x00\x00\x00\x04\x00\x81f\x02\x81v\x02\x81g\x02\x0c\x01\xff\x0c\x00\x15e" +
		"\x0dS\x0d\xa9\x1f7",
	"\x04\x02\x01b\x012\x02\x01a\x011\x0c\x00&:\xa4\x02\xb5|0\xb6",
	"\x0b\x10\x04\x00\x00\x00\x02\x00\x00\x00\x01\x00\x00\x00p\x11\x01\x00\x0c\x00\xecCw\xae" +
		"\aL\xc8\x8d",
	"\x14\x11\x11\x00\x00\x00\x03\x00\x82f1\x03\a\x01\x82f2\x03\xff\x0c\x00\xfee\x87\xa4?\x9a\x9e\xff",
	"\x15\x01\x10\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01\xc3@C@h\x07" +
		"h\x00\x00\x00\x1d\x00\x03\x01@\x00\x07\x81f\x02\x00\x01\x02\x01\x00 \x01\x02\x01\x01\x04" +
		" \x03@\x07\x00\x02@\x16 \x04\x04g\x02\x03\x01\x08 \x0d@\x15\x00\x05 \x1d\x00\x02 \x01" +
		"\x03\x00\x01\xa4a\xe0\x1a\x00\x03%\x04\x01\xff\x03\x03\x01\x01\x01\x01\x02\x04\x02\x02g0" +
		"\x02\x01\x03\x03\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00h" +
		"\xe5\xcf\x8b\x01\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00" +
		"\x02\x00h\xe5\xcf\x8b\x01\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00" +
		"\x00\x00\x00\x01\x00h\xe5\xcf\x8b\x01\x00\x00\x02\x02\x02c0\xc1{v\x15\xa2\x01\x00\x00" +
		"\xc1{v\x15\xa2\x01\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00" +
		"\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x02\x02c1\xeb{v\x15" +
		"\xa2\x01\x00\x00\xeb{v\x15\xa2\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00" +
		"\x00\x00\x00\x00\x00\x01\x02g1\x03\x01\x81\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\x0c" +
		"\x00\x87\x84\x0fC,\x0b\x0f\xdd",
	"\x02\x03\x02f2\xc0\a\x02f1\x0c\x00\xf1i\xf3\xad\xbe\n\xe1\xae",
	"\x11$$\x00\x00\x00\x08\x00\x82f3\x03\x84-inf\x05\x82f1\x03\x01\x01\x82f2\x03\x832.5" +
		"\x04\x07\x01\x03\x01\xff\x0c\x00]\x84\xf6\x0a\xc9`I(",
	"\x05\x03\x02f4\x00\x00\x00\x00\x00\x00\x04@\x02f2\x00\x00\x00\x00\x00\x00\x04@\x02f1\x00\x00" +
		"\x00\x00\x00\x00\xf0?\x0c\x00~c\xf1\xff\xedK'+",
	"\x00\x18HYLL\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80B\x9e\x80w,\x80F1\x0c" +
		"\x00V\xe1a\xf0\x0f\xbap\r",
	"\x00\x05hell\x0c\x00\xaerAW\x88\x80k\xdc",
	"\x00\x05hello\x0c\x00\xa8\x04\xeb\xb6\x9f\x1e\xbex",
}

// scripts are what EVAL runs and SCRIPT LOAD keeps.
var scripts = []string{
	"return {KEYS[1], ARGV[1], #ARGV}",
	"return tonumber(ARGV[1]) or ARGV[2]",
	"return redis.call('get', KEYS[1])",
	"return redis.call('set', KEYS[1], ARGV[1], 'EX', 100)",
	"return redis.pcall('lrange', KEYS[1], 0, -1)",
	"return redis.call('zscore', KEYS[1], ARGV[1])",
	"return redis.call(unpack(ARGV))",
}

// library is a library of one function, and there are no others: several have an order by chance.
func library(function string) string {
	return "#!lua name=lib\nredis.register_function{function_name='" + function + "', " +
		"callback=function(keys, args) return {keys[1], args[1], #args} end, flags={'no-writes'}}"
}

// text is a value for an argument of the type string.
func (m *maker) text(name string) string {
	switch name {
	case "script":
		return m.pick(scripts...)
	case "sha1":
		sum := sha1.Sum([]byte(m.pick(scripts...)))
		return hex.EncodeToString(sum[:])
	case "function-code":
		return m.pick(library("f1"), library("f2"), "#!lua name=lib\nreturn 1", m.value())
	case "library-name":
		return m.pick("lib", "lib", m.value())
	case "subcommand": // PFDEBUG's
		return m.pick("getreg", "decode", "encoding", "todense", "DECODE", "nope")
	case "encoding":
		return m.pick("u8", "i8", "u1", "i64", "u63", "i5", "u16", "i13", "u64", "u0", "x8")
	case "serialized-value":
		return m.pick(payloads...)
	case "blob", "attributes", "expression":
		return m.ofVectors(name)
	case "group":
		return m.pick("g0", "g1", "g0", "g0", "g0", "g1", "g0", "g0", "nope")
	case "consumer":
		return m.pick("c0", "c1", "c2", "c0", "c1", "")
	case "min-idle-time":
		return m.pick("0", "0", "0", "0", "0", "1", "-1", "-5", "5000", "0", "x")
	}
	switch {
	case m.group == "stream" && name != "field" && name != "value":
		return m.entryID(name)
	case m.group == "array" && (name == "start" || name == "end"):
		return m.pick("-", "+", m.arrayIndex())
	case m.group == "array" && name == "pattern":
		return m.pick("[a-f]+[0-9]$", "^f", "(f|v)1", "x*", "(", "[0-9]{2}", "*1", "f?", "^.$")
	}
	switch name {
	case "min", "max", "start", "stop":
		if m.rng.IntN(2) == 0 {
			return m.pick("-", "+", "-", "+", "["+m.value(), "("+m.value(), "[f3", "(f5", "x")
		}
		return m.double("min")
	}
	return m.value()
}

// double is a score, an end of a range of them, a part of a place, or a timeout.
func (m *maker) double(name string) string {
	small := strconv.Itoa(m.rng.IntN(9) - 3)
	switch name {
	case "score":
		switch m.rng.IntN(10) {
		case 0:
			return m.pick("inf", "-inf", "x", "1e400", ".1", "-0", "nan", "0x10", "", "+Infinity")
		case 1:
			return m.pick("1e-7", "1e23", "123456.789", "9007199254740993", "1e300", "0.3", "5e-324")
		case 2:
			return strconv.FormatFloat(m.rng.NormFloat64(), 'g', 1+m.rng.IntN(17), 64)
		}
		return small + m.pick("", "", ".5", ".25")
	case "min", "max":
		switch m.rng.IntN(8) {
		case 0:
			return m.pick("inf", "-inf", "+inf", "(inf", "1e400", "x", "", "(", "nan", "-", "(1e-400")
		case 1, 2:
			return "(" + small
		case 3:
			return m.pick("-inf", "inf", "0", "-1")
		}
		return small
	}
	return m.place(name)
}

// entryID is an id of a stream, mostly one of those that its last entries have; that of a new entry
// mostly comes behind them.
func (m *maker) entryID(name string) string {
	at := max(0, m.entries-m.rng.IntN(12))
	id := strconv.Itoa(at/3) + "-" + strconv.Itoa(at%3)
	switch r := m.rng.IntN(20); {
	case name == "id" && m.out[0] == "xadd":
		if m.entries++; r > 1 {
			full := strconv.Itoa(m.entries/3) + "-" + strconv.Itoa(m.entries%3)
			return m.pick(full, full, full, full, full, strconv.Itoa(m.entries/3)+"-*")
		}
	case name == "id" && m.out[0] == "xreadgroup" && r < 13:
		return ">"
	case name == "threshold" && r < 14:
		return strconv.Itoa(m.rng.IntN(8))
	case (name == "start" || name == "end") && r < 8:
		return m.pick("-", "+", "("+id, "("+id)
	case r < 2:
		return m.pick("0", "$", "+", "-", ">", "0-0", "x", "*", "1-", "-1", "007-+1", " 1",
			"18446744073709551615-18446744073709551615", "18446744073709551616", strconv.Itoa(at/3))
	}
	return id
}

func (m *maker) pick(words ...string) string { return words[m.rng.IntN(len(words))] }

// key is mostly one that its family uses, so that most commands find a value of their kind; one
// among several may hold a kind that is like it.
func (m *maker) key(several bool) string {
	n := strconv.Itoa(m.rng.IntN(4))
	switch r := m.rng.IntN(20); {
	case r == 0:
		return m.pick("", "nope", "s1", "l1", "h1", "z1", "t1", "x1", "p1", "\x00\xff")
	case r < 3 && several && m.group == "sorted-set": // what is united may be sets
		return "t" + n
	case m.group == "generic" || m.group == "transactions" || m.group == "scripting":
		return m.pick("s", "l", "h", "t", "z", "x", "p") + n
	}
	switch m.group {
	case "string", "bitmap":
		return "s" + n
	case "list":
		return "l" + n
	case "hash":
		return "h" + n
	case "set":
		return "t" + n
	case "sorted-set", "geo":
		return "z" + n
	case "stream":
		return m.pick("x0", "x0", "x1", "x"+n)
	case "hyperloglog":
		return "p" + n
	case "array":
		return "a" + n
	case "module": // of which there is one, that of vector sets
		return "v" + n
	}
	return "k" + n
}

func (m *maker) integer(name string) string {
	if m.group == "array" && (name == "index" || name == "start" || name == "end") {
		return m.arrayIndex()
	}
	if m.group == "module" && (name == "count" || name == "num") {
		// The reference takes memory for as many at once, and ends where there is none.
		return m.pick("1", "2", "3", "10", "1000", "0", "-1", "x")
	}
	switch name {
	case "ttl": // RESTORE's, which Redis lets wrap around
		return m.pick("1000", "100000", "0", "-1", "x")
	case "seconds", "milliseconds":
		return m.pick("1000", "100000", "1000", "5000", "0", "-1", "x", "9223372036854775807")
	case "index", "destination-db", "db", "index1", "index2":
		return m.pick("0", "1", "0", "2", "-1", "16", "x", "1")
	case "dim": // of a projection: for a great one the reference takes all the memory there is
		return m.pick("1", "2", "2", "3", "3", "3", "5", "0", "-1", "x", "4294967298")
	case "links":
		return m.pick("16", "16", "16", "16", "16", "16", "16", "16", "4", "3", "4097", "x")
	case "exploration-factor", "filtering-effort":
		return m.pick("1", "10", "100", "200", "3", "5", "7", "1000000", "1000001", "0", "x")
	case "offset":
		return m.pick("0", "1", "7", "100", "-1", "x", "4", "30")
	}
	switch m.rng.IntN(12) {
	case 0:
		return m.pick("x", "", "9223372036854775807", "-9223372036854775808", "1.5", " 1", "01")
	case 1, 2:
		return strconv.Itoa(-m.rng.IntN(6))
	}
	return strconv.Itoa(m.rng.IntN(6))
}

// arrayIndex is an index of an array: near its start, around an edge of its slices, or far out.
func (m *maker) arrayIndex() string {
	switch m.rng.IntN(10) {
	case 0:
		return m.pick("18446744073709551614", "18446744073709551615", "8388608", "x", "-1", "007", "")
	case 1, 2:
		return strconv.Itoa(4090 + m.rng.IntN(12))
	case 3:
		return strconv.Itoa(250 + m.rng.IntN(12))
	}
	return strconv.Itoa(m.rng.IntN(24))
}

// place is a coordinate, a distance or another number. Places are anywhere on the earth, or, so
// that some are found, in two regions, one of them around an edge of the map.
func (m *maker) place(name string) string {
	const usual = 12
	f := m.rng.Float64()
	switch {
	case m.rng.IntN(usual) == 0:
	case name == "longitude" && m.rng.IntN(3) == 0, name == "latitude" && m.rng.IntN(3) == 0:
		f = (f - 0.5) * 400
		if name == "latitude" {
			f *= 0.45
		}
		return strconv.FormatFloat(f, 'f', m.rng.IntN(17), 64)
	case name == "longitude":
		return strconv.FormatFloat(m.pickFloat(13.3, 180, -180)+f*m.pickFloat(1, -1, 0.001), 'g', -1, 64)
	case name == "latitude":
		return strconv.FormatFloat(m.pickFloat(38.1, 0, 85)+f*m.pickFloat(1, -1, 0.001), 'g', -1, 64)
	case name == "radius", name == "width", name == "height":
		return strconv.FormatFloat(math.Pow(10, f*8)-1, 'f', m.rng.IntN(4), 64)
	}
	return m.pick("1", "0.5", "-2.25", "3.0e2", "0", "inf", "x", "1e400", ".1")
}

func (m *maker) pickFloat(of ...float64) float64 { return of[m.rng.IntN(len(of))] }

// time is an instant around Epoch.
func (m *maker) time(name string) string {
	at := int64(Epoch) / 1e6
	switch m.rng.IntN(8) {
	case 0:
		return m.pick("x", "0", "-1", "9223372036854775807", "1")
	case 1:
		at -= 1000
	default:
		at += 1000 * int64(1+m.rng.IntN(4))
	}
	if strings.Contains(name, "milli") {
		at = at*1000 + int64(m.rng.IntN(1000))
	}
	return strconv.FormatInt(at, 10)
}

// value is a value, an element, a field.
func (m *maker) value() string {
	switch m.rng.IntN(12) {
	case 0:
		return ""
	case 1:
		return strconv.FormatInt(m.rng.Int64N(1<<20)-1<<10, 10)
	case 2:
		return m.pick("3.5", "-1.25", "1e5", "9223372036854775807", "-0", "007", "0.1")
	case 3:
		return strings.Repeat(m.pick("a", "xy", "\x00"), 20+m.rng.IntN(50))
	case 4:
		return m.pick("\x00", "\r\n", "\xff\xfe", "a b", "\"")
	}
	return "f" + strconv.Itoa(m.rng.IntN(8))
}

// ofVectors is an argument of a command of vector sets.
func (m *maker) ofVectors(name string) string {
	switch name {
	case "attributes":
		return m.pick("", `{"a":1}`, `{"a":2,"b":"x"}`, `{"b":[1,"x"],"a":"1"}`, "x", "{\"a\":1.5\x00",
			`{"a":null,"b":true}`, m.value())
	case "expression":
		return m.pick(".a", ".a == 1", `.b == "x" or .a > 1`, `"x" in .b`, "not .a", ".a + 1 >= 2.5",
			".a ==", "", ".a AND .b", "1 @ 2", "(.a) in [1, '2']", m.value())
	}
	return m.pick("", "\x00\x00\x80\x3f\x00\x00\x00\xc0", "aaaabbbb", "abcd", "abcdabcdabcd", "abc")
}
