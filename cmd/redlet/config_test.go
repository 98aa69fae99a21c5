package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redlet/redlet/internal/sds"
)

// TestArguments holds what redis-server 8.0 makes of each command line, as its error messages show.
func TestArguments(t *testing.T) {
	for _, c := range []struct {
		args []string
		want arguments
	}{
		{nil, arguments{}},
		{[]string{"a.conf"}, arguments{file: "a.conf"}},
		{[]string{"a.conf", "-"}, arguments{file: "a.conf", stdin: true}},
		{[]string{"-"}, arguments{stdin: true}},
		{[]string{"-", "--port", "1"}, arguments{stdin: true, options: `port "1"`}},
		{[]string{"", "--port", "1"}, arguments{options: `port "1"`}},
		{[]string{"a.conf", "--port", "1", "-"},
			arguments{file: "a.conf", stdin: true, options: `port "1"`}},
		{[]string{"--port", "1", "-x"}, arguments{options: `port "1" "-x"`}},
		{[]string{"--port", "1", "-", "--hz", "1"},
			arguments{options: "port \"1\" \"-\"\nhz \"1\""}},
		{[]string{"--port"}, arguments{options: "port"}},
		{[]string{"--port 1", "--foo"}, arguments{options: "port 1\nfoo"}},
		{[]string{"--save", "--port", "1"}, arguments{options: "save \"\"\nport \"1\""}},
		{[]string{"--save"}, arguments{options: `save ""`}},
		{[]string{"--save", ""}, arguments{options: `save ""`}},
		{[]string{"--save", "60", "1"}, arguments{options: `save "60" "1"`}},
		{[]string{"--requirepass", "--port", "--port", "1"},
			arguments{options: "requirepass \"--port\"\nport \"1\""}},
		{[]string{"--port", "--bind", "x", "--port", "1"},
			arguments{options: "port \"--bind\" \"x\"\nport \"1\""}},
		{[]string{"-x"}, arguments{options: ` "-x"`}},
	} {
		if got := parseArguments(c.args); got != c.want {
			t.Errorf("parseArguments(%q) = %+v; want %+v", c.args, got, c.want)
		}
	}
}

func TestReadConfig(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("b1.inc", "hz 10\n")
	write("b2.inc", "hz 20")
	file := write("a.conf", "# comment\n\nPORT 1\r\ninclude "+filepath.Join(dir, "b*.inc")+
		"\ninclude "+filepath.Join(dir, "none*")+"\n")
	a := arguments{file: file, stdin: true, options: "save \"\"\nport \"2\""}
	all, err := readConfig(a, strings.NewReader("bind x y\n"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range all {
		got = append(got, d.name+"="+strings.Join(d.args, ","))
	}
	want := "port=1 hz=10 hz=20 bind=x,y save= port=2"
	if strings.Join(got, " ") != want {
		t.Errorf("read %q; want %q", got, want)
	}
}

func TestBadConfig(t *testing.T) {
	dir := t.TempDir()
	loop := filepath.Join(dir, "loop.conf")
	if err := os.WriteFile(loop, []byte("include "+loop), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ text, want string }{
		{"port 1\n\"x", "at line 2\n>>> '\"x'\nUnbalanced quotes in configuration line\n"},
		{"include", "at line 1\n>>> 'include'\nBad directive or wrong number of arguments\n"},
		{"include /nowhere/x",
			"Fatal error, can't open config file '/nowhere/x': No such file or directory"},
		{"include " + loop, "Bad directive or wrong number of arguments\n"},
	} {
		_, err := parseConfig(c.text, 0)
		if err == nil || !strings.HasSuffix(err.Error(), c.want) {
			t.Errorf("%q: %v; want %q", c.text, err, c.want)
		}
	}
}

// FuzzConfig reads any text, and reads back what was read.
func FuzzConfig(f *testing.F) {
	f.Add("port 1\nsave \"\" 'x'\n# c\n\"a\\x41\"")
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(strings.ToLower(text), "include") {
			return
		}
		all, err := parseConfig(text, 0)
		if err != nil {
			return
		}
		for _, d := range all {
			line := sds.Repr(d.name)
			for _, arg := range d.args {
				line += " " + sds.Repr(arg)
			}
			words, ok := splitLine(line)
			if !ok || len(words) != 1+len(d.args) || words[0] != d.name {
				t.Fatalf("%q was read as %q, and back as %q", d.text, line, words)
			}
		}
	})
}

// TestBareSave shows that a line with the bare word adds no save point, and is one as any other in
// that those of the defaults are gone.
func TestBareSave(t *testing.T) {
	for text, want := range map[string]string{"save": "", "save 900 1\nsave": "900 1",
		"client-output-buffer-limit\nsave 5 1": "5 1"} {
		all, err := parseConfig(text, 0)
		if err != nil {
			t.Fatal(err)
		}
		s, err := settle(all)
		if err != nil {
			t.Errorf("%q: %v", text, err)
		} else if got, set := s.values["save"]; got != want || !set {
			t.Errorf("%q: save is %q, set: %v; want %q", text, got, set, want)
		}
	}
}
