package core

import (
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestLoglevel shows that CONFIG SET loglevel decides which lines reach the host.
func TestLoglevel(t *testing.T) {
	e, err := New(Options{Config: map[string]string{"loglevel": "warning"}})
	if err != nil {
		t.Fatal(err)
	}
	e.open(1, Conn{Addr: "127.0.0.1:1"})
	lines := func(input string) (n int) {
		var ev Event
		for e.feed(1, []byte(input)); e.Poll(&ev); {
			if ev.Kind == EventLog {
				n++
			}
		}
		return n
	}
	const script = "EVAL \"redis.log(redis.LOG_VERBOSE, 'v') redis.log(redis.LOG_WARNING, 'w')\" 0\r\n"
	for _, c := range []struct {
		level string
		want  int
	}{{"warning", 1}, {"debug", 2}, {"notice", 1}, {"verbose", 2}, {"nothing", 0}} {
		lines("CONFIG SET loglevel " + c.level + "\r\n")
		if got := lines(script); got != c.want {
			t.Errorf("loglevel %s: %d lines; want %d", c.level, got, c.want)
		}
	}
}

// TestRedisLog: lines of scripts are joined as 8.0.2 joins them, up to a zero byte; a long one is
// put together in steps.
func TestRedisLog(t *testing.T) {
	e, err := New(Options{Now: 1e15})
	if err != nil {
		t.Fatal(err)
	}
	e.open(1, Conn{Addr: "127.0.0.1:1"})
	for script, want := range map[string]string{
		"redis.log(3, 'a', 'b', 5)":             "a b 5",
		"redis.log(3, 'x\\\\0y', 'z')":          "x",
		"redis.log(3, {}, 'a', {}, 'b', 5)":     " a b 5",
		"redis.log(3, 5, nil, 'e')":             "5 e",
		"redis.log(3, '', '')":                  " ",
		"redis.log(3, string.rep('a', 2000))":   strings.Repeat("a", 2000),
		"redis.log(3, string.rep('a', 1e8), 1)": strings.Repeat("a", 1e8) + " 1",
	} {
		var ev Event
		got := ""
		e.feed(1, []byte("EVAL \""+script+"\" 0\r\n"))
		for {
			for e.Poll(&ev) {
				if ev.Kind == EventLog {
					got = string(ev.Data)
				}
			}
			if e.Deadline() > 1e15 {
				break
			}
			e.Advance(1e15)
		}
		if got != want {
			t.Errorf("%s: %.20q, of %d bytes", script, got, len(got))
		}
	}
}

// TestUnknownCommandsAreLogged shows that the host hears of each command that is not there once,
// and that a client cannot fill its log with them.
func TestUnknownCommandsAreLogged(t *testing.T) {
	e, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	e.open(1, Conn{Addr: "127.0.0.1:1"})
	var got []string
	send := func(input string) {
		var ev Event
		for e.feed(1, []byte(input)); e.Poll(&ev); {
			if ev.Kind == EventLog {
				got = append(got, string(ev.Data))
			}
		}
	}
	send("NOPE a\r\nnope\r\nNOPE b\r\nCONFIG nope\r\nPING\r\n*1\r\n$3\r\na\nb\r\n")
	want := []string{`Unknown command "NOPE"`, `Unknown command "nope"`, `Unknown command "a\nb"`}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	for i := range 200 {
		send("NOPE" + strconv.Itoa(i) + "\r\n")
	}
	if len(got) != unknownMax {
		t.Errorf("%d lines, want %d", len(got), unknownMax)
	}
}
