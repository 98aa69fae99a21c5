package core

import (
	"strings"
	"testing"
)

// TestStop stops engines by a signal, with and without something to save.
func TestStop(t *testing.T) {
	for _, c := range []struct{ save, how, failure, want string }{
		{"", "default", "", "shutdown"},
		{"60 1", "default", "", "save shutdown"},
		{"60 1", "nosave", "", "shutdown"},
		{"", "save", "", "save shutdown"},
		{"60 1", "default", "disk full", "save"},
		{"60 1", "force", "disk full", "save shutdown"},
		{"60 1", "now nosave force", "", "shutdown"},
	} {
		e, err := New(Options{Config: map[string]string{
			"save": c.save, "shutdown-on-sigterm": c.how, "shutdown-on-sigint": "nosave"}})
		if err != nil {
			t.Fatal(err)
		}
		var ev Event
		var got []string
		for e.Input(&Input{Kind: InStop, Data: []byte("sigterm")}); e.Poll(&ev); {
			switch ev.Kind {
			case EventReplace:
				got = append(got, "save")
				e.Input(&Input{Kind: InDone, Ticket: ev.Ticket, Data: []byte(c.failure)})
			case EventShutdown:
				got = append(got, "shutdown")
			}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("save %q, %q, failure %q: %q; want %q", c.save, c.how, c.failure, got, c.want)
		}
	}
}

func TestShutdownOn(t *testing.T) {
	for _, c := range []struct{ value, shown string }{
		{"default", "default"}, {"force nosave", "nosave force"}, {"NOW save", "save now"},
		{"default now", "now"}, {"save nosave", ""}, {"", ""}, {"x save", ""},
	} {
		shown, problem := readShutdownOn(nil, c.value)
		if shown != c.shown || problem == "" != (shown != "") {
			t.Errorf("%q: %q, %q; want %q", c.value, shown, problem, c.shown)
		}
	}
}
