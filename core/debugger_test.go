package core_test

import (
	"bufio"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/redlet/redlet/core"
	"github.com/redlet/redlet/core/coretest"
	"github.com/redlet/redlet/internal/sds"
)

// exchange is what a client of a session of the debugger sends, and the lines that it then gets.
type exchange struct {
	client  byte
	command string
	args    []string
	want    []string
}

// exchanges reads the sessions of the debugger.
func exchanges(t *testing.T) (list []exchange) {
	t.Helper()
	text, err := os.ReadFile("testdata/debugger/sessions.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		client, command, ok := strings.Cut(line, "> ")
		switch {
		case line == "" || line[0] == '#':
		case ok && len(client) <= 1:
			x := exchange{client: 'A', command: command}
			if client != "" {
				x.client = client[0]
			}
			words, ok := sds.SplitArgs(nil, []byte(command))
			if !ok {
				t.Fatal("unbalanced quotes: ", line)
			}
			for _, w := range words {
				x.args = append(x.args, string(w))
			}
			list = append(list, x)
		case line != "(closed)":
			last := &list[len(list)-1]
			last.want = append(last.want, line)
		}
	}
	return list
}

// check compares what came with what is to come, but for addresses.
func (x *exchange) check(t *testing.T, got string) {
	t.Helper()
	want := strings.Join(x.want, "\n")
	got = strings.ReplaceAll(strings.TrimSuffix(got, "\r\n"), "\r\n", "\n")
	if got = address.ReplaceAllString(got, "0x*"); got != want {
		t.Errorf("%c> %s\n got %s\nwant %s", x.client, x.command, got, want)
	}
}

// TestDebugger plays sessions of the debugger of scripts.
func TestDebugger(t *testing.T) {
	e, err := coretest.NewEngine(testConfig)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range exchanges(t) {
		if err := e.Send(x.client, coretest.Request(x.args...)); err != nil {
			t.Fatal(err)
		}
		got, err := e.Receive(x.client, true)
		if err != nil {
			t.Fatal(err)
		}
		x.check(t, string(got))
	}
}

// TestDebuggerReference plays them against the real server.
func TestDebuggerReference(t *testing.T) {
	ref := coretest.StartReference(t)
	type peer struct {
		send func(b []byte) (int, error)
		in   *bufio.Reader
	}
	peers := map[byte]peer{}
	for _, x := range exchanges(t) {
		p, open := peers[x.client]
		if !open {
			c, err := ref.Dial()
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if err := c.SetDeadline(time.Now().Add(coretest.Patience)); err != nil {
				t.Fatal(err)
			}
			p = peer{c.Write, bufio.NewReader(c)}
			peers[x.client] = p
		}
		if _, err := p.send(coretest.Request(x.args...)); err != nil {
			t.Fatal(err)
		}
		got := ""
		for range x.want {
			line, err := p.in.ReadString('\n')
			if err != nil {
				t.Fatalf("%c> %s: %v", x.client, x.command, err)
			}
			got += line
		}
		x.check(t, got)
	}
}

// TestDebuggerGone: a client that goes away in the midst of a session leaves a script that runs on,
// and a copy of the engine that is gone; all that others sent meanwhile is answered.
func TestDebuggerGone(t *testing.T) {
	e, err := coretest.NewEngine(testConfig)
	if err != nil {
		t.Fatal(err)
	}
	say := func(client byte, args ...string) string {
		if err := e.Send(client, coretest.Request(args...)); err != nil {
			t.Fatal(err)
		}
		got, _ := e.Receive(client, true)
		return string(got)
	}
	const script = "redis.call('INCR', 'x')\nreturn 1"
	say('A', "SELECT", "0")
	for i, mode := range []string{"SYNC", "YES"} {
		client := byte('B' + i)
		say(client, "SCRIPT", "DEBUG", mode)
		say(client, "EVAL", script, "0")
		if got := say('A', "INCRBY", "x", "10"); (got == "") != (mode == "SYNC") {
			t.Errorf("%s: another client gets %q in the midst of a session", mode, got)
		}
		e.Input(&core.Input{Kind: core.InClose, Conn: core.ConnID(2 + i)}) // in order of their coming
	}
	if got := say('A', "GET", "x"); !strings.HasSuffix(got, "$2\r\n21\r\n") {
		t.Errorf("x is %q", got)
	}
}

// TestDebuggerKept: a session begins amid input that was kept while its client waited. The copy
// gets what stands behind EVAL, once.
func TestDebuggerKept(t *testing.T) {
	e, err := coretest.NewEngine(testConfig)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Send('A', coretest.Request("SCRIPT", "DEBUG", "YES")); err != nil {
		t.Fatal(err)
	}
	var all []byte
	for _, command := range [][]string{{"BLPOP", "q", "0"}, {"EVAL", "return 1", "0"},
		{"print", "x"}} {
		all = append(all, coretest.Request(command...)...)
	}
	if err := e.Send('A', all); err != nil {
		t.Fatal(err)
	}
	if err := e.Send('B', coretest.Request("RPUSH", "q", "x")); err != nil {
		t.Fatal(err)
	}
	if err := e.Send('A', coretest.Request("continue")); err != nil {
		t.Fatal(err)
	}
	got, _ := e.Receive('A', true)
	if text := string(got); strings.Count(text, "No such variable") != 1 ||
		!strings.Contains(text, "<endsession>") {
		t.Errorf("%q", text)
	}
}
