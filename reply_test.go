package redlet

import (
	"bufio"
	"strings"
	"testing"
)

func TestReadReply(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"+OK\r\n", "OK"},
		{"-ERR x\r\n", "(error) ERR x"},
		{":-1\r\n", "(integer) -1"},
		{"$0\r\n\r\n", `""`},
		{"$-1\r\n", "(nil)"},
		{"*-1\r\n", "(nil)"},
		{"_\r\n", "(nil)"},
		{"#t\r\n", "(true)"},
		{"#f\r\n", "(false)"},
		{",1.5\r\n", "(double) 1.5"},
		{",-inf\r\n", "(double) -Inf"},
		{"(123456789012345678901234567890\r\n", `"123456789012345678901234567890"`},
		{"!5\r\nERR x\r\n", "(error) ERR x"},
		{"=5\r\ntxt:x\r\n", `"x"`},
		{"*0\r\n", "(empty array)"},
		{"~1\r\n:1\r\n", "1) (integer) 1"},
		{"%1\r\n+k\r\n*2\r\n:1\r\n:2\r\n", "1# k => 1) (integer) 1\n   2) (integer) 2"},
		{"|1\r\n+ttl\r\n:5\r\n:7\r\n", "(integer) 7"},
		{"*2\r\n*2\r\n:1\r\n:2\r\n$1\r\nx\r\n",
			"1) 1) (integer) 1\n   2) (integer) 2\n2) \"x\""},
		{"", "EOF"},
		{"*1\r\n", "EOF"},
		{"$5\r\nx", "unexpected EOF"},
		{":x\r\n", "malformed"},
		{"?1\r\n", "malformed"},
		{":1\n", "malformed"},
		{"$99999999999\r\n", "malformed"},
	} {
		reply, err := readReply(bufio.NewReader(strings.NewReader(c.in)))
		if err != nil {
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("%q: %v; want %s", c.in, err, c.want)
			}
			continue
		}
		if got := reply.String(); got != c.want {
			t.Errorf("%q: got %q; want %q", c.in, got, c.want)
		}
	}
}

// FuzzReadReply looks for input on which reading, or writing what was read, breaks.
func FuzzReadReply(f *testing.F) {
	f.Add("%1\r\n+k\r\n*2\r\n:1\r\n$1\r\nx\r\n")
	f.Add("|1\r\n+k\r\n:1\r\n,1e5\r\n")
	f.Fuzz(func(t *testing.T, in string) {
		if strings.Count(in, "|") > 100 || strings.Count(in, "*") > 100 {
			return // deep nesting is not what an engine sends
		}
		reply, err := readReply(bufio.NewReader(strings.NewReader(in)))
		if err == nil {
			_, _, _ = reply.String(), reply.Map(), reply.Texts()
		}
	})
}
