package resp

import (
	"bytes"
	"strings"
	"testing"
)

var lim = Limits{BulkMax: 512 << 20}

func TestRequests(t *testing.T) {
	for _, c := range []struct {
		in, want string
		n        int
		status   Status
	}{
		{"*1\r\n$4\r\nPING\r\n", "PING", 14, Complete},
		{"*2\r\n$4\r\nECHO\r\n$0\r\n\r\n", "ECHO|", 20, Complete},
		{"PING\r\n", "PING", 6, Complete},
		{"SET k \"a b\\x41\\n\" 'it\\'s'\n", "SET|k|a bA\n|it's", 26, Complete},
		{"\r\n", "", 2, Empty},
		{"   \r\n", "", 5, Empty},
		{"*0\r\n", "", 4, Empty},
		{"*-1\r\n", "", 5, Empty},
		{"*1\r\n$4\r\nPIN", "", 0, Partial},
		{"*1\r", "", 0, Partial},
		{"PING", "", 0, Partial},
		{"", "", 0, Partial},
	} {
		var r Reader
		n, status := r.Next([]byte(c.in), lim)
		got := ""
		if status == Complete {
			got = string(bytes.Join(r.Args, []byte("|")))
		}
		if n != c.n || status != c.status || got != c.want {
			t.Errorf("%q: %d %v %q, want %d %v %q", c.in, n, status, got, c.n, c.status, c.want)
		}
	}
}

func TestMalformed(t *testing.T) {
	big := strings.Repeat("x", inlineMax+1)
	for in, want := range map[string]string{
		"*x\r\n":               "invalid multibulk length",
		"*2147483648\r\n":      "invalid multibulk length",
		"*1\r\nPING\r\n":       "expected '$', got 'P'",
		"*1\r\n$x\r\n":         "invalid bulk length",
		"*1\r\n$-1\r\n":        "invalid bulk length",
		"*1\r\n$536870913\r\n": "invalid bulk length",
		"SET \"a\r\n":          "unbalanced quotes in request",
		"SET 'a'b\r\n":         "unbalanced quotes in request",
		big:                    "too big inline request",
		"*" + big:              "too big mbulk count string",
		"*1\r\n$" + big:        "too big bulk count string",
		"*1\r\n\r\n":           "expected '$', got ' '",
	} {
		var r Reader
		if _, status := r.Next([]byte(in), lim); status != Malformed || r.Problem != want {
			t.Errorf("%.20q: %v %q, want %q", in, status, r.Problem, want)
		}
	}
	for in, want := range map[string]string{
		"*11\r\n":          "unauthenticated multibulk length",
		"*1\r\n$16385\r\n": "unauthenticated bulk length",
	} {
		var r Reader
		_, status := r.Next([]byte(in), Limits{BulkMax: 1 << 20, Guest: true})
		if status != Malformed || r.Problem != want {
			t.Errorf("%q: %v %q, want %q", in, status, r.Problem, want)
		}
	}
}

// FuzzReader feeds the same bytes whole and in pieces: what comes out must be the same.
func FuzzReader(f *testing.F) {
	f.Add([]byte("*2\r\n$3\r\nGET\r\n$1\r\nk\r\nPING\r\n*1\r\n$4\r\nPING\r\n"), uint8(3))
	f.Add([]byte("SET a \"b c\"\r\n*0\r\n*-5\r\nx"), uint8(1))
	f.Fuzz(func(t *testing.T, in []byte, piece uint8) {
		whole := read(in, len(in)+1)
		if parts := read(in, int(piece)%7+1); parts != whole {
			t.Errorf("in pieces: %q, whole: %q", parts, whole)
		}
	})
}

// read returns everything that a reader makes of bytes that come in pieces.
func read(in []byte, piece int) string {
	var r Reader
	var out strings.Builder
	var buf []byte
	for {
		n, status := r.Next(buf, lim)
		switch status {
		case Complete:
			out.WriteString(string(bytes.Join(r.Args, []byte("|"))) + "\n")
		case Malformed:
			return out.String() + "! " + r.Problem
		case Partial:
			if len(in) == 0 {
				return out.String()
			}
			more := min(piece, len(in))
			buf = append(bytes.Clone(buf), in[:more]...)
			in = in[more:]
		}
		buf = buf[n:]
	}
}

func TestInt(t *testing.T) {
	for in, want := range map[string]int64{"0": 0, "-1": -1, "9223372036854775807": 1<<63 - 1,
		"-9223372036854775808": -1 << 63, "10": 10} {
		if n, ok := Int([]byte(in)); !ok || n != want {
			t.Errorf("%s: %d %v", in, n, ok)
		}
	}
	for _, in := range []string{"", "-", "-0", "01", "+1", " 1", "1 ", "9223372036854775808",
		"-9223372036854775809", "99999999999999999999", "18446744073709551616", "1x"} {
		if n, ok := Int([]byte(in)); ok {
			t.Errorf("%q: %d", in, n)
		}
	}
}
