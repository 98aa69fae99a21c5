package redlet_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/redlet/redlet"
	"github.com/redlet/redlet/core"
)

// suite is a test of another framework, as RunT sees it.
type suite struct {
	failed   bool
	said     []string
	cleanups []func()
}

func (s *suite) Helper()          {}
func (s *suite) Cleanup(f func()) { s.cleanups = append(s.cleanups, f) }
func (s *suite) Log(args ...any)  { s.said = append(s.said, fmt.Sprintln(args...)) }
func (s *suite) Failed() bool     { return s.failed }
func (s *suite) Error(args ...any) {
	s.failed = true
	s.Log(args...)
}
func (s *suite) Fatal(args ...any) { s.Error(args...) }

// end is the end of the test.
func (s *suite) end() string {
	for _, f := range s.cleanups {
		f()
	}
	return strings.Join(s.said, "")
}

// die is a command by which the engine dies.
var die = core.Command{Name: "die", Summary: "Ends the engine.",
	Run: func(*core.Call) { panic("asked to") }}

func TestRunTTellsWhatFailed(t *testing.T) {
	x := &suite{}
	s := redlet.RunT(x, redlet.WithCommands(die))
	c := wired(t, s)
	c.want("SET k v", "+OK")
	if _, err := fmt.Fprintf(c.c, "*2\r\n$3\r\nGET\r\n$3\r\na b\r\n*3\r\n$3\r\nSET\r\n$1\r\nl\r\n"+
		"$300\r\n%s\r\n", strings.Repeat("x", 300)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"$-1", "+OK"} {
		if got := c.line(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	c.want("DIE", "gone")
	wired(t, s).want("GET k", "$-1")
	said := x.end()
	for _, want := range []string{
		"redlet: the engine died: asked to\n", "goroutine ", "clients were disconnected",
		"] SET k v\n", "] GET \"a b\"\n", "] SET l xxx", "x … and 150 bytes\n", "] DIE\n",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("it does not say %q", want)
		}
	}
	if t.Failed() {
		t.Log(said)
	}
}

func TestRunTIsSilent(t *testing.T) {
	x := &suite{}
	s := redlet.RunT(x)
	wired(t, s).want("SET k v", "+OK")
	if said := x.end(); said != "" {
		t.Errorf("of a test that passed it says %s", said)
	}
	if s := redlet.RunT(x, redlet.WithAddr("nowhere")); s != nil || !x.failed {
		t.Error("a server runs nowhere")
	}
}

// TestRunTKeepsTheLast has more commands than are told.
func TestRunTKeepsTheLast(t *testing.T) {
	x := &suite{}
	c := wired(t, redlet.RunT(x))
	for i := range 100 {
		c.want(fmt.Sprint("SETRANGE k 0 ", i), fmt.Sprint(":", max(1, len(fmt.Sprint(i)))))
	}
	x.Error("it fails")
	said := x.end()
	if n := strings.Count(said, "SETRANGE"); n != 32 || !strings.HasSuffix(said, "k 0 99\n") {
		t.Errorf("%d commands are told:\n%s", n, said)
	}
}

// FuzzRunT has a server for a fuzz test, which seldom fuzzes.
func FuzzRunT(f *testing.F) {
	f.Add("k")
	s := redlet.RunT(f)
	f.Fuzz(func(t *testing.T, key string) {
		redlet.Must(s.Do(t.Context(), "SET", key, 1))
		if n := redlet.Must(s.Do(t.Context(), "EXISTS", key)).Int(); n != 1 {
			t.Errorf("%q is there %d times", key, n)
		}
	})
}
