package lua

import (
	"slices"
	"strings"
	"testing"
)

// plainMatcher matches a pattern by recursion: the matcher's oracle. It knows no captures, sets,
// %b, %f and back references, of which isPlain tells.
type plainMatcher struct {
	src, pat string
	m        matcher // for its classes
	steps    int
}

// match returns where a match of the pattern from p on, of the subject from s on, ends.
func (o *plainMatcher) match(s, p int) int {
	if o.steps++; o.steps > 20_000 {
		return noMatch
	}
	if p == len(o.pat) {
		return s
	}
	if o.pat[p] == '$' && p+1 == len(o.pat) {
		if s == len(o.src) {
			return s
		}
		return noMatch
	}
	end := o.m.classEnd(p)
	fits := s < len(o.src) && o.m.single(o.src[s], p, end)
	suffix := byte(0)
	if end < len(o.pat) {
		suffix = o.pat[end]
	}
	switch suffix {
	case '?':
		if fits {
			if r := o.match(s+1, end+1); r >= 0 {
				return r
			}
		}
		return o.match(s, end+1)
	case '-':
		if r := o.match(s, end+1); r >= 0 || !fits {
			return r
		}
		return o.match(s+1, p)
	case '*', '+':
		if fits { // as many as there are
			rest := o.pat
			o.pat = o.pat[:end] + "*" + o.pat[end+1:]
			r := o.match(s+1, p)
			if o.pat = rest; r >= 0 {
				return r
			}
		}
		if suffix == '+' {
			if fits {
				return o.match(s+1, end+1)
			}
			return noMatch
		}
		return o.match(s, end+1)
	}
	if !fits {
		return noMatch
	}
	return o.match(s+1, end)
}

// isPlain tells whether the oracle knows all that is in a pattern.
func isPlain(pat string) bool {
	for i := 0; i < len(pat); i++ {
		switch pat[i] {
		case '(', ')', '[', '^':
			return false
		case '%':
			if i++; i == len(pat) || pat[i] == 'b' || pat[i] == 'f' || isDigit(pat[i]) {
				return false
			}
		}
	}
	return true
}

// FuzzPattern compares the matcher with one that is plain.
func FuzzPattern(f *testing.F) {
	for _, seed := range [][2]string{
		{"hello world", "o.-l+d$"}, {"aaab", "a*b?a-$"}, {"key = value", "%w+%s*=%s*%w+"}, {"", "a?"},
	} {
		f.Add(seed[0], seed[1])
	}
	vm := newVM()
	f.Fuzz(func(t *testing.T, src, pat string) {
		if len(src) > 60 || len(pat) > 20 || !isPlain(pat) {
			return
		}
		vm.reset()
		vm.meter.begin()
		m := matcher{vm: vm, l: vm.main, src: src, pat: pat}
		o := plainMatcher{src: src, pat: pat, m: matcher{pat: pat}}
		m.begin(0, 0)
		got, want := m.run(), o.match(0, 0)
		if o.steps <= 20_000 && got != want {
			t.Errorf("%q of %q ends at %d, not %d", pat, src, got, want)
		}
	})
}

// FuzzJSON decodes, and encodes what came of it: that is then a fixed point.
func FuzzJSON(f *testing.F) {
	for _, seed := range []string{`[1,2,{"a":"\u00e9"}]`, `{"k":null,"l":[1e5,-0.5,true]}`, `"a\n"`} {
		f.Add(seed)
	}
	fixedPoint(f, "local s = cjson.encode(cjson.decode(ARGV[1])) "+
		"return {s, cjson.encode(cjson.decode(s))}")
}

// FuzzMsgpack does so with MessagePack.
func FuzzMsgpack(f *testing.F) {
	f.Add("\x93\x01\xa1x\xc0")
	f.Add("\x81\xa1k\xcb\x40\x09\x21\xfb\x54\x44\x2d\x18")
	fixedPoint(f, "local s = cmsgpack.pack((cmsgpack.unpack(ARGV[1]))) "+
		"return {s, cmsgpack.pack((cmsgpack.unpack(s)))}")
}

// FuzzStruct unpacks by any format, and packs what came of it.
func FuzzStruct(f *testing.F) {
	f.Add(">I2c0", "\x00\x02ab")
	f.Add("!4 b d s", "x1234567890abcdefgh\x00")
	vm := newVM()
	fn := compile(f, vm, "return {pcall(function() local r = {struct.unpack(ARGV[1], ARGV[2])} "+
		"r[#r] = nil return struct.pack(ARGV[1], unpack(r)) end)}")
	f.Fuzz(func(t *testing.T, format, data string) {
		runTiny(vm, fn, [][]byte{[]byte(format), []byte(data)})
		if fail := vm.Failure(); fail != nil {
			t.Error(fail.String())
		}
	})
}

// fixedPoint runs a script, wherever it can be suspended, that returns two strings or fails.
func fixedPoint(f *testing.F, script string) {
	vm := newVM()
	fn := compile(f, vm, script)
	f.Fuzz(func(t *testing.T, data string) {
		if len(data) > 4096 {
			return
		}
		runTiny(vm, fn, [][]byte{[]byte(data)})
		if vm.Failure() != nil {
			return
		}
		list := vm.result.table()
		a, _ := list.getInt(1).str()
		b, _ := list.getInt(2).str()
		if strings.Contains(a, "\xc0") {
			return // it nests too deep for cmsgpack, or has holes
		}
		if len(a) != len(b) { // the order of fields depends on that of their coming
			t.Errorf("%q becomes %q", a, b)
		}
	})
}

// FuzzAgreement makes programs up and runs them on the machine and on another one.
func FuzzAgreement(f *testing.F) {
	f.Add([]byte("\x01\x02\x03\x04\x05\x06\x07\x08"))
	f.Add([]byte("while local function table string"))
	f.Add([]byte("99918811211181101")) // what becomes of numbers is none
	// It nests too deep.
	f.Add([]byte("2" + strings.Repeat("00!0!0!0X0", 19) + "00!0!0200"))
	vm := newVM()
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 300 {
			return
		}
		p := programmer{data: data}
		for range 6 {
			p.statement(3)
		}
		src := "local a, b, c, t = 1, 2, 'x', {5, 6, x = 1} " + p.out.String() +
			" return a, b, c, t[1], t[2], t.x"
		if _, problem := vm.Compile("s", []byte(wrapped(src))); strings.Contains(problem, "levels") {
			return // the other one has no bound
		}
		got, want := machineResult(vm, src), otherResult(src)
		long := func(word string) bool {
			return len(word) > 12 || word == "-0" || strings.Contains(word, "nf") ||
				strings.EqualFold(strings.TrimPrefix(word, "-"), "nan")
		}
		if slices.ContainsFunc(strings.Fields(got+" "+want), long) {
			return // they write numbers differently
		}
		if got != want {
			t.Errorf("%s\n got %s\nwant %s", src, got, want)
		}
	})
}

// programmer writes a program as bytes choose: of what means the same on both machines.
type programmer struct {
	data []byte
	out  strings.Builder
}

// pick returns one of some words.
func (p *programmer) pick(words ...string) string {
	if len(p.data) == 0 {
		return words[0]
	}
	n := int(p.data[0])
	p.data = p.data[1:]
	return words[n%len(words)]
}

func (p *programmer) write(words ...string) {
	for _, w := range words {
		switch w {
		case "N": // a number
			p.out.WriteString(p.pick("1", "0", "2", "7", "100", "0.5"))
		case "V": // a variable that holds a number
			p.out.WriteString(p.pick("a", "b", "t[1]", "t.x"))
		case "E":
			p.expr(2)
		case "C":
			p.condition()
		default:
			p.out.WriteString(w)
		}
		p.out.WriteByte(' ')
	}
}

// expr writes an expression that is a number.
func (p *programmer) expr(depth int) {
	if depth == 0 {
		p.write(p.pick("N", "V"))
		return
	}
	switch p.pick("n", "v", "op", "min", "len", "fn", "and", "neg", "sel") {
	case "n":
		p.write("N")
	case "v":
		p.write("V")
	case "op":
		p.write("(")
		p.expr(depth - 1)
		p.write(p.pick("+", "-", "*"))
		p.expr(depth - 1)
		p.write(")")
	case "min":
		p.write("math.min(")
		p.expr(depth - 1)
		p.write(",")
		p.expr(depth - 1)
		p.write(")")
	case "len":
		p.write("#", p.pick("c", "'abc'", "(c .. 'y')"))
	case "fn":
		p.write("(function(n) return n +")
		p.expr(depth - 1)
		p.write("end)(", "V", ")")
	case "and":
		p.write("(", "C", "and")
		p.expr(depth - 1)
		p.write("or", "N", ")")
	case "neg":
		p.write("-(")
		p.expr(depth - 1)
		p.write(")")
	default:
		p.write("(select(2, 1,")
		p.expr(depth - 1)
		p.write("))")
	}
}

func (p *programmer) condition() {
	p.write(p.pick("not", ""), "(")
	p.expr(1)
	p.write(p.pick("<", "<=", ">", ">=", "==", "~="))
	p.expr(1)
	p.write(")")
}

func (p *programmer) statement(depth int) {
	if depth == 0 {
		p.write("V", "=", "E")
		return
	}
	switch p.pick("=", "if", "for", "while", "repeat", "text", "pcall", "co", "up", "two", "in") {
	case "=":
		p.write("V", "=", "E")
	case "if":
		p.write("if", "C", "then")
		p.statement(depth - 1)
		p.write("else")
		p.statement(depth - 1)
		p.write("end")
	case "for":
		p.write("for i = 1,", "3", "do", "a = a + i")
		p.statement(depth - 1)
		p.write("end")
	case "while":
		p.write("do local n = 0 while n < 3 do n = n + 1 if", "C", "then break end")
		p.statement(depth - 1)
		p.write("end end")
	case "repeat":
		p.write("do local n = 0 repeat n = n + 1")
		p.statement(depth - 1)
		p.write("until n > 2 or", "C", "end")
	case "text":
		p.write("c = ('x' .. #c):sub(1, 3)")
	case "pcall":
		p.write("if not pcall(function()") // one within another is wrong in the other
		p.statement(0)
		p.write("if", "C", "then error('x') end end) then b = 3 end")
	case "co":
		p.write("do local co = coroutine.wrap(function(x) a = coroutine.yield(x + 1) b = 2 end) b = co(",
			"E", ") co(", "E", ") end")
	case "up":
		p.write("do local n = 1 local function f(x) n = n + x return n end a = f(1) + f(", "E", ") end")
	case "two":
		p.write("t[1], t.x =", "E", ",", "E") // of local variables the other is wrong
	default:
		p.write("for _, v in ipairs({1,", "E", "}) do b = b + v end")
	}
}
