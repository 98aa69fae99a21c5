package core_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/redlet/redlet/core/coretest"
)

// ask sends one command at a time to a session and reads its reply.
func ask(t *testing.T, s coretest.Session, args ...string) coretest.Reply {
	t.Helper()
	if err := s.Send('1', coretest.Request(args...)); err != nil {
		t.Fatal(err)
	}
	var buf []byte
	for {
		b, err := s.Receive('1', true)
		if err != nil {
			t.Fatal(err)
		}
		buf = append(buf, b...)
		if r, n, err := coretest.Parse(buf); err != nil || n > 0 {
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		if len(b) == 0 {
			t.Fatalf("no reply to %q", args)
		}
	}
}

// sessions opens an engine and the reference, both in RESP3.
func sessions(t *testing.T) (engine, reference coretest.Session) {
	t.Helper()
	network, err := coretest.StartReference(t).Session()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(network.Version(), "8.0.") {
		t.Skip("the tables are those of Redis 8.0, the reference is " + network.Version())
	}
	t.Cleanup(network.Close)
	e, err := coretest.NewEngine(map[string]string{"save": "", "enable-debug-command": "yes"})
	if err != nil {
		t.Fatal(err)
	}
	ask(t, e, "HELLO", "3")
	ask(t, network, "HELLO", "3")
	return e, network
}

// TestCommandReference compares COMMAND INFO and COMMAND DOCS of every command with those of the
// reference: all but the sentences, which are our own.
func TestCommandReference(t *testing.T) {
	engine, reference := sessions(t)
	known := map[string]bool{}
	for _, name := range ask(t, engine, "COMMAND", "LIST").Items {
		known[name.Text] = true
	}
	for _, name := range ask(t, engine, "COMMAND", "LIST").Items {
		if strings.HasPrefix(name.Text, "redlet.") || strings.HasPrefix(name.Text, "miniredis.") {
			continue // our own
		}
		for _, what := range []string{"INFO", "DOCS"} {
			got := flatten(ask(t, engine, "COMMAND", what, name.Text))
			want := flatten(ask(t, reference, "COMMAND", what, name.Text))
			want = slices.DeleteFunc(want, func(line string) bool { return missing(line, known) })
			if slices.ContainsFunc(want, ofModule) { // of which Redis knows no more than that
				got = slices.DeleteFunc(got, func(line string) bool {
					return !slices.Contains(want, line)
				})
			}
			for _, difference := range compare(got, want) {
				t.Errorf("COMMAND %s %s: %s", what, name.Text, difference)
			}
		}
	}
}

// ofModule tells whether a line says of what module a command is.
func ofModule(line string) bool { return strings.Contains(line, "/module ") }

// missing tells whether a line is about a subcommand that the engine does not have.
func missing(line string, known map[string]bool) bool {
	path, _, _ := strings.Cut(line, " ")
	for part := range strings.SplitSeq(path, "/") {
		if strings.Contains(part, "|") && !known[part] {
			return true
		}
	}
	return false
}

// flatten writes a reply as one line a leaf, with its path; what has no order is sorted, and what
// is worded differently on purpose is left out.
func flatten(r coretest.Reply) []string {
	var lines []string
	var walk func(path string, r coretest.Reply)
	walk = func(path string, r coretest.Reply) {
		switch r.Kind {
		case '%':
			for i := 0; i < len(r.Items); i += 2 {
				name := r.Items[i].Text
				switch name {
				case "summary", "complexity", "notes":
					lines = append(lines, path+"/"+name)
				default:
					walk(path+"/"+name, r.Items[i+1])
				}
			}
		case '~', '*':
			if strings.HasSuffix(path, "/history") {
				for _, entry := range r.Items {
					lines = append(lines, path+"/"+entry.Items[0].Text)
				}
				return
			}
			commands := len(r.Items) > 0 && len(r.Items[0].Items) == 10
			if !commands {
				lines = append(lines, fmt.Sprintf("%s %c%d", path, r.Kind, len(r.Items)))
			}
			for i, item := range r.Items {
				at := fmt.Sprint(i)
				if len(item.Items) > 0 && item.Items[0].Kind == '$' && item.Kind == '*' {
					at = item.Items[0].Text // a command: known by its name
				}
				walk(path+"/"+at, item)
			}
		default:
			lines = append(lines, fmt.Sprintf("%s %c%s", path, r.Kind, r.Text))
		}
	}
	walk("", r)
	slices.Sort(lines)
	return lines
}

// compare lists the lines that only one of two sorted lists has.
func compare(got, want []string) []string {
	var out []string
	for _, line := range got {
		if _, found := slices.BinarySearch(want, line); !found {
			out = append(out, "unexpected "+line)
		}
	}
	for _, line := range want {
		if _, found := slices.BinarySearch(got, line); !found {
			out = append(out, "missing "+line)
		}
	}
	return out
}

// TestConfigReference compares the parameters, their defaults, and what CONFIG SET says to all
// kinds of values.
func TestConfigReference(t *testing.T) {
	engine, reference := sessions(t)
	own := pairs(ask(t, engine, "CONFIG", "GET", "*"))
	theirs := pairs(ask(t, reference, "CONFIG", "GET", "*"))
	where := map[string]bool{"dir": true, "port": true, "unixsocket": true, "pidfile": true}
	for name, want := range theirs {
		got, known := own[name]
		if !known || got != want && !where[name] {
			t.Errorf("CONFIG GET %s: got %q, want %q", name, got, want)
		}
	}
	for name := range own {
		if _, known := theirs[name]; !known {
			t.Errorf("CONFIG GET shows %s", name)
		}
	}
	values := []string{"abc", "", "-1", "0", "1", "7", "1mb", "1gb", "50%", "101%", "10x", "yes",
		"-1000000000000", "9000000000000000000", "99999999999999999999", "3600 1 300 100",
		"normal 1mb 2 3", "KEAmn", "1 2 3", "50 99.95", " 1", "01", "2k", "allkeys-LFU", "{title}"}
	for _, name := range slices.Sorted(maps.Keys(theirs)) {
		if where[name] || strings.Contains(name, "port") || name == "bind" {
			continue
		}
		for _, value := range values {
			for _, args := range [][]string{{"CONFIG", "SET", name, value}, {"CONFIG", "GET", name}} {
				got, want := ask(t, engine, args...), ask(t, reference, args...)
				if fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("%q: got %v, want %v", args, got, want)
				}
			}
		}
	}
}

// pairs reads a map.
func pairs(r coretest.Reply) map[string]string {
	m := map[string]string{}
	for i := 0; i+1 < len(r.Items); i += 2 {
		m[r.Items[i].Text] = r.Items[i+1].Text
	}
	return m
}
