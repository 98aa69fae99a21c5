package lua

import (
	"math"
	"strconv"
	"strings"
)

// directive is a part of a format such as %-5.2f.
type directive struct {
	left, plus, space, alternate, zero bool
	width                              int
	precision                          int // -1 if there is none
	verb                               byte
}

// format is string.format.
func (vm *VM) format(l *thread) int {
	j := formatting{f: checkString(l, 1), arg: 1}
	j.out = vm.scratch[:0]
	for {
		if n := j.next(l); n != unfinished {
			vm.keepScratch(j.out)
			return n
		}
		if vm.spent(1) {
			long := j
			vm.scratch = nil // it is the job's now
			l.jobs = append(l.jobs, jobUnderWay{&long, len(l.frames)})
			return suspended
		}
	}
}

// formatting is where string.format is.
type formatting struct {
	f      string
	at     int
	arg    int
	quoted string // the rest of what %q writes
	quotes bool
	building
}

func (j *formatting) step(l *thread) int {
	for {
		if n := j.next(l); n != unfinished {
			return n
		}
		if l.vm.spent(1) {
			return suspended
		}
	}
}

// next writes text, or what stands for an argument or a part of it.
func (j *formatting) next(l *thread) int {
	if j.quotes {
		j.quote(l)
		return unfinished
	}
	i := strings.IndexByte(j.f[j.at:], '%')
	if i < 0 {
		j.add(j.f[j.at:])
		return l.pushBuilt(&j.building, value{})
	}
	j.add(j.f[j.at : j.at+i])
	i += j.at + 1
	if i < len(j.f) && j.f[i] == '%' {
		j.out = append(j.out, '%')
		j.at = i + 1
		return unfinished
	}
	d := directive{}
	j.at = min(d.parse(l, j.f, i)+1, len(j.f))
	if j.arg++; j.arg > l.count() {
		argError(l, j.arg, "no value")
	}
	if d.verb == 'q' {
		j.quoted, j.quotes = checkString(l, j.arg), true
		j.out = append(j.out, '"')
		return unfinished
	}
	if s, ok := l.arg(j.arg).str(); ok && d.verb == 's' && d.precision < 0 && len(s) >= wholeFrom {
		j.add(s)
	} else {
		j.out = d.write(l, j.out, j.arg)
	}
	j.bound(l)
	return unfinished
}

// quote writes the next part of what %q writes.
func (j *formatting) quote(l *thread) {
	part := j.quoted[:min(len(j.quoted), bytesAtOnce)]
	l.vm.charge(len(part) / copyCharge)
	if j.quoted = j.quoted[len(part):]; j.quoted == "" {
		j.quotes = false
	}
	j.out = appendQuoted(j.out, part)
	if !j.quotes {
		j.out = append(j.out, '"')
	}
	j.bound(l)
}

// wholeFrom is from how many bytes on %s writes a string as it is, whatever the directive says.
const wholeFrom = 100

// parse reads a directive and returns the offset of its verb.
func (d *directive) parse(l *thread, f string, i int) int {
	start := i
	for ; i < len(f); i++ {
		switch f[i] {
		case '-':
			d.left = true
		case '+':
			d.plus = true
		case ' ':
			d.space = true
		case '#':
			d.alternate = true
		case '0':
			d.zero = true
		default:
			goto flagged
		}
	}
flagged:
	if i-start >= 6 {
		fail(l, "invalid format (repeated flags)")
	}
	two := func() (n int) {
		for range 2 {
			if i < len(f) && isDigit(f[i]) {
				n = n*10 + int(f[i]-'0')
				i++
			}
		}
		return n
	}
	d.width, d.precision = two(), -1
	if i < len(f) && f[i] == '.' {
		i++
		d.precision = two()
	}
	if i < len(f) && isDigit(f[i]) {
		fail(l, "invalid format (width or precision too long)")
	}
	if i < len(f) {
		d.verb = f[i]
	}
	return i
}

func (d *directive) write(l *thread, out []byte, arg int) []byte {
	switch d.verb {
	case 'c':
		if c := byte(checkLong(l, arg)); c != 0 {
			return d.pad(out, string([]byte{c}))
		}
		d.width-- // C ends a string at a zero
		if d.left {
			d.width = 0
		}
		return d.pad(out, "")
	case 'd', 'i':
		n := toInteger(checkNumber(l, arg))
		digits := strconv.FormatUint(magnitude(n), 10)
		return d.integer(out, d.sign(n < 0), digits)
	case 'u':
		return d.integer(out, "", strconv.FormatUint(unsigned(checkNumber(l, arg)), 10))
	case 'o', 'x', 'X':
		return d.based(out, unsigned(checkNumber(l, arg)))
	case 'e', 'E', 'f', 'g', 'G':
		return d.float(out, checkNumber(l, arg))
	case 's':
		s := cString(checkString(l, arg))
		if d.precision >= 0 {
			s = s[:min(len(s), d.precision)]
		}
		return d.pad(out, s)
	}
	verb := ""
	if d.verb != 0 {
		verb = string([]byte{d.verb})
	}
	fail(l, "invalid option '%"+verb+"' to 'format'")
	return nil
}

func magnitude(n int64) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}

// unsigned is C's conversion of a double to unsigned long long, as the reference's machine does it.
//
//go:noinline
func unsigned(n float64) uint64 {
	if n >= 1<<63 {
		return uint64(toInteger(n-1<<63)) ^ 1<<63
	}
	return uint64(toInteger(n))
}

func (d *directive) sign(negative bool) string {
	switch {
	case negative:
		return "-"
	case d.plus:
		return "+"
	case d.space:
		return " "
	}
	return ""
}

func (d *directive) integer(out []byte, sign, digits string) []byte {
	if d.precision == 0 && digits == "0" {
		digits = ""
	}
	if more := d.precision - len(digits); more > 0 {
		digits = strings.Repeat("0", more) + digits
	}
	return d.padNumber(out, sign, digits, d.precision < 0)
}

func (d *directive) based(out []byte, n uint64) []byte {
	base, prefix := 16, "0x"
	if d.verb == 'o' {
		base, prefix = 8, "0"
	}
	digits := strconv.FormatUint(n, base)
	if !d.alternate || n == 0 {
		prefix = ""
	}
	if d.verb == 'X' {
		digits, prefix = strings.ToUpper(digits), strings.ToUpper(prefix)
	}
	return d.integer(out, prefix, digits)
}

func (d *directive) float(out []byte, n float64) []byte {
	sign := d.sign(math.Signbit(n))
	n = math.Abs(n)
	upper := d.verb < 'a'
	var digits string
	switch {
	case math.IsInf(n, 0):
		digits = "inf"
	case math.IsNaN(n):
		digits = "nan"
	default:
		digits = d.digits(n)
	}
	if upper {
		digits = strings.ToUpper(digits)
	}
	return d.padNumber(out, sign, digits, !math.IsInf(n, 0) && !math.IsNaN(n))
}

func (d *directive) digits(n float64) string {
	precision := d.precision
	if precision < 0 {
		precision = 6
	}
	verb := d.verb | 32
	if verb == 'g' && precision == 0 {
		precision = 1
	}
	if d.alternate && verb == 'g' {
		verb, precision = general(n, precision)
	}
	s := strconv.FormatFloat(n, verb, precision, 64)
	if d.alternate && precision == 0 {
		mantissa, exponent, found := strings.Cut(s, "e")
		if s = mantissa + "."; found {
			s += "e" + exponent
		}
	}
	return s
}

// general tells how %#g writes a number: all its digits are kept.
func general(n float64, precision int) (verb byte, behind int) {
	_, exponent, _ := strings.Cut(strconv.FormatFloat(n, 'e', precision-1, 64), "e")
	if x, _ := strconv.Atoi(exponent); x >= -4 && x < precision {
		return 'f', precision - 1 - x
	}
	return 'e', precision - 1
}

// padNumber writes a number, with zeros behind its sign when asked for and allowed.
func (d *directive) padNumber(out []byte, sign, digits string, zeros bool) []byte {
	if more := d.width - len(sign) - len(digits); d.zero && !d.left && zeros && more > 0 {
		digits = strings.Repeat("0", more) + digits
	}
	return d.pad(out, sign+digits)
}

//go:noinline
func (d *directive) pad(out []byte, s string) []byte {
	more := max(0, d.width-len(s))
	if d.left {
		out = append(out, s...)
	}
	for range more {
		out = append(out, ' ')
	}
	if !d.left {
		out = append(out, s...)
	}
	return out
}

func appendQuoted(out []byte, s string) []byte {
	for i := range len(s) {
		switch c := s[i]; c {
		case '"', '\\', '\n':
			out = append(out, '\\', c)
		case '\r':
			out = append(out, `\r`...)
		case 0:
			out = append(out, `\000`...)
		default:
			out = append(out, c)
		}
	}
	return out
}
