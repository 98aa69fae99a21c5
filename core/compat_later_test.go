package core

import (
	"strings"
	"testing"
)

// TestCompatLater shows who is told of what came after the version that the engine says it is, and
// who may use it.
func TestCompatLater(t *testing.T) {
	later := []Command{
		{
			Name: "later", Since: "8.4", Summary: "Came later.", Run: func(c *Call) { c.OK() },
			Syntax: "[key] [EVEN^8.8]",
		},
	}
	for _, c := range []struct{ version, send, want string }{
		{"", "LATER", "+OK"},
		{"", "LATER k EVEN", "+OK"},
		{"", "COMMAND LIST FILTERBY PATTERN later", "*0"},
		{"", "COMMAND GETKEYS SET k v", "*1|$1|k"},
		{"", "HELLO 3", "8.0.2"},
		{"", "COMMAND DOCS later", "*2|$5|later|"},
		{"", "CONFIG GET compat", "*2|$6|compat|$6|latest"},
		{"8.0", "LATER", "-ERR unknown command 'LATER', with args beginning with: "},
		{"8.0", "COMMAND DOCS later", "*0"},
		{"8.4", "LATER", "+OK"},
		{"8.4", "HELLO 3", "8.4.0"},
		{"8.4", "COMMAND LIST FILTERBY PATTERN later", "*1|$5|later"},
		{"8.4", "LATER k EVEN", "-ERR syntax error"},
		{"8.8", "LATER k EVEN", "+OK"},
	} {
		options := Options{Commands: later}
		if c.version != "" {
			options.Config = map[string]string{"compat": c.version}
		}
		e, err := New(options)
		if err != nil {
			t.Fatal(err)
		}
		e.table.byName["later"].since = sinceOf("8.4") // of a command from outside it is 0
		e.open(1, Conn{Addr: "127.0.0.1:1"})
		feed(e, 1, c.send)
		got := strings.ReplaceAll(strings.TrimSuffix(sent(e, 1), "\r\n"), "\r\n", "|")
		if got != c.want && (c.want[0] == '-' || c.want[0] == '*' && len(c.want) < 3 ||
			!strings.Contains(got, c.want)) {
			t.Errorf("compat %q: %s: got %s, want %s", c.version, c.send, got, c.want)
		}
	}
}
