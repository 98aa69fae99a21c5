package acl

import (
	"strings"
	"testing"
)

// table is a table of a few commands: get, set, and config with two subcommands.
type table struct{ open bool }

var list = []struct {
	name string
	Command
}{
	{"get", Command{Index: 0}},
	{"set", Command{Index: 1}},
	{"config", Command{Index: 2, Subs: 2}},
	{"config|get", Command{Index: 3, Sub: true}},
	{"config|set", Command{Index: 4, Sub: true}},
}

func (table) Count() int          { return len(list) }
func (table) Subs(i int) int      { return list[i].Subs }
func (t table) AllChannels() bool { return t.open }

func (table) Find(name string) (Command, bool) {
	for _, c := range list {
		if strings.EqualFold(c.name, name) {
			return c.Command, true
		}
	}
	return Command{}, false
}

func (table) Category(name string) uint32 {
	switch strings.ToLower(name) {
	case "string":
		return 1
	case "admin":
		return 2
	}
	return 0
}

func (table) Categories(i int) uint32 { return []uint32{1, 1, 2, 2, 2}[i] }

func made(t *testing.T, rules ...string) *User {
	t.Helper()
	u := New("u", table{})
	for _, rule := range rules {
		if problem := u.Apply(rule, table{}); problem != "" {
			t.Fatalf("%s: %s", rule, problem)
		}
	}
	return u
}

func TestDescription(t *testing.T) {
	for _, c := range []struct{ rules, want string }{
		{"", "user u off sanitize-payload resetchannels -@all"},
		{"on nopass ~* &* +@all", "user u on nopass sanitize-payload ~* &* +@all"},
		{"+config|get +config -config|set", "user u off sanitize-payload resetchannels -@all " +
			"+config -config|set"},
		{"+config|get -CONFIG +get|A +get|b +get", "user u off sanitize-payload resetchannels -@all " +
			"-config +get"},
		{"%R~a %W~a %rw~b %W~c ~d*", "user u off sanitize-payload ~a ~b %W~c ~d* resetchannels -@all"},
		{"+@all -@Admin +@string", "user u off sanitize-payload resetchannels +@all -@admin +@string"},
	} {
		u := made(t, strings.Fields(c.rules)...)
		if got := string(u.AppendTo(nil)); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.rules, got, c.want)
		}
	}
}

func TestPermissions(t *testing.T) {
	s := made(t, "+@all", "-config|set", "-get", "+get|x", "~plain", "~start*", "%R~g?ob", "&c*").
		Selectors[0]
	for i, want := range []bool{false, true, true, true, false} {
		if got := s.Command(i, nil); got != want {
			t.Errorf("%s: %v", list[i].name, got)
		}
	}
	if !s.Command(0, []byte("X")) || s.Command(0, []byte("xx")) {
		t.Error("a first argument")
	}
	for key, want := range map[string]Access{"plain": 3, "plainer": 0, "start": 3, "started": 3,
		"glob": Read, "gob": 0, "": 0} {
		for does := range Access(4) {
			if got := s.Key([]byte(key), does); got != (want&does == does && key != "" &&
				key != "gob" && key != "plainer") {
				t.Errorf("%q for %d: %v", key, does, got)
			}
		}
	}
	if !s.Channel([]byte("cc"), false) || s.Channel([]byte("cc"), true) ||
		!s.Channel([]byte("c*"), true) {
		t.Error("a channel")
	}
}

func TestPasswords(t *testing.T) {
	u := made(t, ">a", ">b", "<a")
	if u.Knows([]byte("a")) || !u.Knows([]byte("b")) || u.Unrestricted() {
		t.Error("a password")
	}
	if problem := u.Apply("<a", table{}); problem != errPassword {
		t.Error(problem)
	}
}

// FuzzApply applies any rules: nothing may panic, and what a user's line says makes the user anew.
func FuzzApply(f *testing.F) {
	f.Add("on >a ~x %R~y &c +get +config|get +get|x -@string (+get ~z) reset")
	f.Add("(a ( b) ) +| -| % ~ & # ! < > +@ -@ +get| %RW")
	f.Fuzz(func(t *testing.T, text string) {
		rules, open := Join(strings.Split(text, " "))
		if open >= 0 {
			return
		}
		u := New("u", table{})
		for _, rule := range rules {
			u.Apply(rule, table{})
		}
		line := string(u.AppendTo(nil))
		words, _ := Join(strings.Split(line, " ")[2:])
		again := New("u", table{})
		for _, rule := range words {
			again.Apply(rule, table{})
		}
		if got := string(again.AppendTo(nil)); got != line && !strings.ContainsAny(text, "\"'\\") {
			t.Errorf("%q became %q", line, got)
		}
	})
}

func BenchmarkKey(b *testing.B) {
	u := New("u", table{})
	for _, rule := range []string{"~a:*", "~b:*", "~c:*"} {
		u.Apply(rule, table{})
	}
	for b.Loop() {
		u.Selectors[0].Key([]byte("c:123456"), Read)
	}
}
