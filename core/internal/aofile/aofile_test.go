package aofile

import (
	"bytes"
	"math"
	"reflect"
	"strings"
	"testing"
)

const (
	base = "file appendonly.aof.1.base.rdb seq 1 type b\n"
	incr = "file appendonly.aof.1.incr.aof seq 1 type i\n"
)

// TestManifest has what redis-server 8.0.2 answers to each of these.
func TestManifest(t *testing.T) {
	const format = "Invalid AOF manifest file format"
	for _, c := range []struct {
		text    string
		want    string // as it is written again; or, where it is refused,
		problem string // the last line of why
		line    string // the line before it
	}{
		{text: base + incr, want: base + incr},
		{text: base + "file x seq 2 type h\n" + incr, want: base + "file x seq 2 type h\n" + incr},
		{text: "# nothing\n", want: ""},
		{text: "# nothing", want: ""},
		{text: strings.ReplaceAll(base+incr, "type", "TYPE"), want: base + incr},
		{text: `"file" 'a b' seq 1 type b` + "\n", want: `file "a b" seq 1 type b` + "\n"},
		{text: "\t file a  seq +1x type bx foo bar\r\n", want: "file a seq 1 type b\n"},
		{text: "file a file b seq 1 type b\n", want: "file b seq 1 type b\n"},
		{text: `file "a\x00b" seq 1 type b` + "\n", want: "file a seq 1 type b\n"},
		{text: `file "" seq -1 type b` + "\n", want: "file  seq -1 type b\n"},
		{text: `file "\n\xff" seq 1 type b` + "\n", want: `file "\n\xff" seq 1 type b` + "\n"},
		{text: "file a seq 1 type i startoffset 7 endoffset 9\n",
			want: "file a seq 1 type i startoffset 7 endoffset 9\n"},
		{text: "", problem: "Found an empty AOF manifest"},
		{text: "\n", problem: format, line: ">>> ''"},
		{text: base + " # no comment\n", problem: format, line: ">>> '# no comment'"},
		{text: base[:len(base)-1], problem: "The AOF manifest file contains too long line"},
		{text: base + incr[:9], problem: "The AOF manifest file contains too long line"},
		{text: "\x00" + base, problem: "The AOF manifest file contains too long line"},
		{text: base[:20] + "\x00" + base[20:],
			problem: "The AOF manifest file contains too long line"},
		{text: base[:len(base)-1] + strings.Repeat(" ", 1100) + "\n",
			problem: "The AOF manifest file contains too long line"},
		{text: "#" + strings.Repeat("x", 1030) + "\n", problem: format, line: ">>> 'xxxxxxx'"},
		{text: "file a seq 1 type b foo\n", problem: format, line: ">>> 'file a seq 1 type b foo'"},
		{text: "file a seq 1\n", problem: format, line: ">>> 'file a seq 1'"},
		{text: "foo a seq 1 type b\n", problem: format, line: ">>> 'foo a seq 1 type b'"},
		{text: "file a seq 0 type b\n", problem: format, line: ">>> 'file a seq 0 type b'"},
		{text: "file a seq 1 type \"\"\n", problem: format, line: ">>> 'file a seq 1 type \"\"'"},
		{text: "file a seq 1 type \"b\n", problem: format, line: ">>> 'file a seq 1 type \"b'"},
		{text: "file ../a seq 1 type b\n", problem: "File can't be a path, just a filename",
			line: ">>> 'file ../a seq 1 type b'"},
		{text: "file a seq 1 type z\n", problem: "Unknown AOF file type",
			line: ">>> 'file a seq 1 type z'"},
		{text: base + base, problem: "Found duplicate base file information",
			line: ">>> '" + base[:len(base)-1] + "'"},
		{text: incr + incr, problem: "Found a non-monotonic sequence number",
			line: ">>> '" + incr[:len(incr)-1] + "'"},
		{text: strings.Replace(incr, "seq 1", "seq -1", 1),
			problem: "Found a non-monotonic sequence number",
			line:    ">>> 'file appendonly.aof.1.incr.aof seq -1 type i'"},
	} {
		m, problem := ParseManifest([]byte(c.text))
		if c.problem == "" {
			if m == nil || string(m.Append(nil)) != c.want {
				t.Errorf("%q is read as %+v, %q", c.text, m, problem)
			}
			continue
		}
		want := []string{"\n*** FATAL AOF MANIFEST FILE ERROR ***\n", c.problem + "\n"}
		if n := len(problem); n == 4 && c.line != "" {
			problem = append(problem[:1:1], problem[2:]...)
			want = []string{want[0], c.line + "\n", want[1]}
		}
		if !reflect.DeepEqual(problem, want) {
			t.Errorf("%q is refused with %q, want %q", c.text, problem, want)
		}
	}
}

// TestRebase begins anew again and again.
func TestRebase(t *testing.T) {
	m := &Manifest{}
	for i, want := range []string{
		"file a.1.base.rdb seq 1 type b\nfile a.1.incr.aof seq 1 type i startoffset 0\n",
		"file a.2.base.aof seq 2 type b\nfile a.1.base.rdb seq 1 type h\n" +
			"file a.1.incr.aof seq 1 type h startoffset 0\n" +
			"file a.2.incr.aof seq 2 type i startoffset 1\n",
	} {
		before := m.Clone()
		text := string(before.Append(nil))
		m.AddIncr("a", int64(i))
		m.Rebase("a", i == 0)
		if got := string(m.Append(nil)); got != want {
			t.Errorf("%q, want %q", got, want)
		}
		if got := string(before.Append(nil)); got != text {
			t.Errorf("the copy has become %q", got)
		}
	}
	if files := m.Files(); len(files) != 2 || files[1] != m.LastIncr() {
		t.Errorf("%v", files)
	}
}

func TestNext(t *testing.T) {
	const set = "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n1\r\n"
	long := strings.Repeat("x", 1100)
	for _, c := range []struct {
		text   string
		want   string // the words of the commands
		size   int    // of what could be read
		status Status // after that
	}{
		{"", "", 0, End},
		{set + set, "SET a 1|SET a 1|", 2 * len(set), End},
		{strings.ReplaceAll(set, "\r", "x"), "SET a 1|", len(set), End},
		{strings.Replace(set, "SET\r\n", "SETxy", 1), "SET a 1|", len(set), End},
		{strings.ReplaceAll(set, "$", "$ \t+0"), "SET a 1|", len(set) + 12, End},
		{strings.ReplaceAll(set, "\r\n$", "\n$"), "", 0, Malformed},
		{"*4294967297\n$1x\na  ", "a|", 19, End},
		{"*1\n\x00$", "", 0, Malformed},
		{"*1\n$\n\r\n", "|", 7, End},
		{"#TS:1\r\n" + set + "#\n", "|SET a 1||", len(set) + 9, End},
		{set + "#TS:1", "SET a 1|", len(set), Short},
		{"#" + long + "\n" + set, "|", 1023, Malformed},
		{"#" + long[:1022] + set, "|SET a 1|", 1023 + len(set), End},
		{set + "X", "SET a 1|", len(set), Malformed},
		{set + "\x00", "SET a 1|", len(set), Malformed},
		{set + "*", "SET a 1|", len(set), Short},
		{set + "*\x00", "SET a 1|", len(set), Short},
		{set + "*\x00\n", "SET a 1|", len(set), Unreadable},
		{set + "*\n", "SET a 1|", len(set), Malformed},
		{"*0\n", "", 0, Malformed},
		{"*-1\n", "", 0, Malformed},
		{"*99999999999999999999\n$1\na\r\n", "", 0, Malformed},
		{"*1\n$-1\n", "", 0, Malformed},
		{"*1\n$-99999999999999999999\n", "", 0, Malformed},
		{"*1\n$999999999999\n", "", 0, Short},
		{"*1\n$999999999999999999\n", "", 0, Malformed},
		{"*1\n$\x003\nSET\r\n", "|", 9, Malformed},
		{"*1\n$\x000\r\n\r\nSET\r\n", "|", 10, Malformed},
	} {
		for _, split := range []bool{false, true} {
			got, size, status := read([]byte(c.text), split)
			if got != c.want || size != c.size || status != c.status {
				t.Errorf("%.99q: %q, %d bytes, status %d; want %q, %d, %d", c.text,
					got, size, status, c.want, c.size, c.status)
			}
		}
	}
	for i := range set {
		want := Short
		if i == 0 {
			want = End
		}
		if _, _, status := read([]byte(set[:i]), false); status != want {
			t.Errorf("cut at %d: status %d", i, status)
		}
	}
}

// read reads a file, as a whole or as it becomes known byte by byte.
func read(text []byte, split bool) (words string, at int, status Status) {
	var r Reader
	end := len(text)
	if split {
		end = 0
	}
	for {
		size, status := r.Next(text[at:end], end == len(text))
		switch status {
		case More:
			end++
		case Complete:
			words += string(bytes.Join(r.Args, []byte(" "))) + "|"
			at += size
		default:
			return words, at, status
		}
	}
}

func TestNumber(t *testing.T) {
	for text, want := range map[string]int64{"": 0, "x": 0, "12x": 12, " \v-3": -3, "+4": 4, "- 4": 0,
		"9223372036854775807": math.MaxInt64, "9223372036854775808": math.MaxInt64,
		"-9223372036854775808": math.MinInt64, "-9223372036854775809": math.MinInt64} {
		if got := number([]byte(text)); got != want {
			t.Errorf("%q: %d", text, got)
		}
	}
}

// FuzzManifest reads any manifest, and reads back what it writes.
func FuzzManifest(f *testing.F) {
	f.Add([]byte(base + "file \"b c\" seq 1 type i startoffset 0\n# x\nfile d seq 1 type h\n"))
	f.Add([]byte("file \"a\\x00\\\"\" seq 9999999999999999999 type b\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		m, _ := ParseManifest(text)
		if m == nil || m.Base != nil && m.Base.Name == "" {
			return
		}
		again := m.Append(nil)
		for _, line := range strings.Split(string(again), "\n") {
			if len(line) > manifestLine-1 || strings.HasPrefix(line, "file  ") {
				return
			}
		}
		if len(again) == 0 {
			return
		}
		if m2, problem := ParseManifest(again); !reflect.DeepEqual(m2, m) {
			t.Fatalf("%q is read as %+v and written as %q, which is %+v, %q", text, m, again, m2, problem)
		}
	})
}

// FuzzNext reads any file in two ways.
func FuzzNext(f *testing.F) {
	f.Add([]byte("*1\r\n$4\r\nPING\r\n#x\n*1\n$0\r\n\r\n"))
	f.Add([]byte("*\x00*1\n$99999999999999999999"))
	f.Fuzz(func(t *testing.T, text []byte) {
		words, at, status := read(text, false)
		words2, at2, status2 := read(text, true)
		if words != words2 || at != at2 || status != status2 {
			t.Fatalf("%q %d %d, and in parts %q %d %d", words, at, status, words2, at2, status2)
		}
	})
}
