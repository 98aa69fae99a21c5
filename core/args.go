package core

import (
	"bytes"
	"math"
	"strconv"

	"github.com/redlet/redlet/core/internal/numfmt"
	"github.com/redlet/redlet/core/internal/resp"
)

// The functions here read arguments. Those of a call reply the error themselves and then report
// false: the handler returns.

// is reports whether an argument is a word, in any case; word is in lower case. As with Redis,
// which compares strings of C, a NUL ends the argument.
//
//go:noinline
func is(arg []byte, word string) bool {
	if len(arg) != len(word) && (len(arg) < len(word) || arg[len(word)] != 0) {
		return false
	}
	arg = arg[:len(word)]
	for i := 0; i < len(arg); i++ {
		b := arg[i]
		if 'A' <= b && b <= 'Z' {
			b += 'a' - 'A'
		}
		if b != word[i] {
			return false
		}
	}
	return true
}

// ArgInt reads argument i as an integer.
//
//go:noinline
func (c *Call) ArgInt(i int) (int64, bool) {
	return c.argIntOr(i, ErrNotInt)
}

// argIntOr reads argument i as an integer and gives its own error for anything else.
func (c *Call) argIntOr(i int, text string) (int64, bool) {
	n, ok := resp.Int(c.Args[i])
	if !ok {
		c.Error(text)
	}
	return n, ok
}

// argRange reads argument i as an integer between two bounds.
func (c *Call) argRange(i int, least, most int64, text string) (int64, bool) {
	n, ok := resp.Int(c.Args[i])
	if !ok {
		c.Error(text)
		return 0, false
	}
	if n < least || n > most {
		c.Error(text)
		return 0, false
	}
	return n, true
}

// argSpread reads argument i as an integer whose negative exists too.
func (c *Call) argSpread(i int) (int64, bool) {
	n, ok := c.ArgInt(i)
	if ok && n == math.MinInt64 {
		c.Error("ERR value is out of range, value must between -9223372036854775807 and " +
			"9223372036854775807")
		return 0, false
	}
	return n, ok
}

// clampInt is n as an int; where an int has 32 bits, its ends stand for what lies beyond them.
func clampInt(n int64) int { return int(max(math.MinInt, min(n, math.MaxInt))) }

// argPositive reads argument i as an integer from 0 up, as the counts of POP commands are read.
func (c *Call) argPositive(i int) (int64, bool) {
	n, ok := c.argIntOr(i, errNotPositive)
	if ok && n < 0 {
		c.Error(errNotPositive)
		return 0, false
	}
	return n, ok
}

// argDouble reads argument i as a double that is a number; text is the error for anything else, and
// for what is too large or too small for one.
func (c *Call) argDouble(i int, text string) (float64, bool) {
	arg := c.Args[i]
	if f, ok := numfmt.Plain(arg); ok {
		return f, true
	}
	f, err := parseFloat(arg)
	if err != nil || f != f || f == 0 && !isZero(arg) {
		c.Error(text)
		return 0, false
	}
	return f, true
}

// isZero tells whether a text that was read as 0 says so, rather than a number too small.
func isZero(b []byte) bool {
	hex := bytes.ContainsAny(b, "xX")
	for _, c := range b {
		switch {
		case '1' <= c && c <= '9', hex && 'a' <= c|0x20 && c|0x20 <= 'f':
			return false
		case c|0x20 == 'e', c|0x20 == 'p':
			return true
		}
	}
	return true
}

// parseFloat reads a number as Redis reads doubles: without white space. What is beyond a double's
// range is infinite, with an error.
func parseFloat(b []byte) (float64, error) {
	if len(b) == 0 || b[0] == ' ' || b[0] >= '\t' && b[0] <= '\r' {
		return 0, strconv.ErrSyntax
	}
	hex, exponent := false, false
	for _, c := range b {
		switch c {
		case '_':
			return 0, strconv.ErrSyntax
		case 'x', 'X':
			hex = true
		case 'p', 'P':
			exponent = true
		}
	}
	text := string(b)
	if hex && !exponent {
		text += "p0" // without which Go reads no hexadecimal, unlike C
	}
	return strconv.ParseFloat(text, 64)
}

// argTimeout reads argument i as a blocking timeout in seconds and returns its deadline.
func (c *Call) argTimeout(i int) (Time, bool) {
	f, _ := parseFloat(c.Args[i])
	if _, ok := numfmt.Parse(c.Args[i]); !ok { // Redis reads a long double, which goes further
		c.Error(errTimeoutNotF)
		return 0, false
	}
	ms := math.Ceil(f * 1000)
	switch {
	case ms < math.MinInt64:
		ms = -1
	case ms >= math.MaxInt64:
		c.Error(errTimeoutRange)
		return 0, false
	}
	return c.deadline(int64(ms))
}

// deadline turns a timeout in milliseconds into an instant; 0 is Never. Redis counts it in
// milliseconds: what lies further than microseconds reach is as late as anything can be.
func (c *Call) deadline(ms int64) (Time, bool) {
	switch {
	case ms < 0:
		c.Error(errTimeoutNeg)
		return 0, false
	case ms == 0:
		return Never, true
	case ms > math.MaxInt64-int64(c.e.now/1000):
		c.Error(errTimeoutRange)
		return 0, false
	case ms > int64(Never-1-c.e.now)/1000:
		return Never - 1, true
	}
	return c.e.now + Time(ms)*1000, true
}

// argInt32 reads argument i as an integer of 32 bits; text, unless empty, is the error for all
// else.
func (c *Call) argInt32(i int, text string) (int64, bool) {
	if text != "" {
		return c.argRange(i, math.MinInt32, math.MaxInt32, text)
	}
	n, ok := c.ArgInt(i)
	if ok && (n < math.MinInt32 || n > math.MaxInt32) {
		c.Error("ERR value is out of range, value must between -2147483648 and 2147483647")
		return 0, false
	}
	return n, ok
}

// argBit reads argument i as 0 or 1.
func (c *Call) argBit(i int) (int64, bool) {
	n, ok := c.ArgInt(i)
	if ok && (n < 0 || n > 1) {
		c.Error("ERR value is out of range, value must between 0 and 1")
		return 0, false
	}
	return n, ok
}

// argDB reads argument i as the index of a database.
func (c *Call) argDB(i int) (*db, bool) {
	n, ok := c.argInt32(i, "")
	if !ok {
		return nil, false
	}
	return c.dbAt(n)
}

// dbAt is the database of an index.
func (c *Call) dbAt(n int64) (*db, bool) {
	if n < 0 || n >= int64(len(c.e.dbs)) {
		c.Error(errDBIndex)
		return nil, false
	}
	return c.e.dbs[n], true
}
