package miniredis

import (
	"fmt"
	"slices"
	"strings"
)

// T is what the checks need of a testing.T.
type T interface {
	Helper()
	Errorf(string, ...interface{})
}

// CheckGet reports an error unless a key holds a string.
func (m *Miniredis) CheckGet(t T, key, expected string) {
	t.Helper()
	found, err := m.Get(key)
	switch {
	case err != nil:
		t.Errorf("GET error, key %#v: %v", key, err)
	case found != expected:
		t.Errorf("GET error, key %#v: Expected %#v, got %#v", key, expected, found)
	}
}

// CheckList reports an error unless a key holds a list of these items.
func (m *Miniredis) CheckList(t T, key string, expected ...string) {
	t.Helper()
	found, err := m.List(key)
	check(t, "List", key, found, expected, err)
}

// CheckSet reports an error unless a key holds a set of these members.
func (m *Miniredis) CheckSet(t T, key string, expected ...string) {
	t.Helper()
	found, err := m.Members(key)
	expected = slices.Clone(expected)
	slices.Sort(expected)
	check(t, "Set", key, found, expected, err)
}

func check(t T, kind, key string, found, expected []string, err error) {
	t.Helper()
	switch {
	case err != nil:
		t.Errorf("%s error, key %#v: %v", kind, key, err)
	case !slices.Equal(found, expected):
		t.Errorf("%s error, key %#v: Expected %#v, got %#v", kind, key, expected, found)
	}
}

// DumpMaxLineLen is how many bytes of a key or value Dump shows.
var DumpMaxLineLen = 60

// Dump shows the keys of the selected database with their values, for people.
func (m *Miniredis) Dump() string {
	var b strings.Builder
	db := m.db()
	for _, key := range db.Keys() {
		fmt.Fprintf(&b, "- %s\n", key)
		db.dump(&b, key)
	}
	return b.String()
}

func (db *RedisDB) dump(b *strings.Builder, key string) {
	const in = "   "
	switch db.Type(key) {
	case "string":
		value, _ := db.Get(key)
		fmt.Fprintf(b, in+"%s\n", shown(value))
	case "hash":
		fields, _ := db.HKeys(key)
		for _, f := range fields {
			fmt.Fprintf(b, in+"%s: %s\n", f, shown(db.HGet(key, f)))
		}
	case "list":
		items, _ := db.List(key)
		for _, item := range items {
			fmt.Fprintf(b, in+"%s\n", shown(item))
		}
	case "set":
		members, _ := db.Members(key)
		for _, member := range members {
			fmt.Fprintf(b, in+"%s\n", shown(member))
		}
	case "zset":
		members, _ := db.ZMembers(key)
		for _, member := range members {
			score, _ := db.ZScore(key, member)
			fmt.Fprintf(b, in+"%f: %s\n", score, shown(member))
		}
	case "stream":
		entries, _ := db.Stream(key)
		for _, e := range entries {
			fmt.Fprintf(b, in+"%s\n", e.ID)
			for i := 0; i+1 < len(e.Values); i += 2 {
				fmt.Fprintf(b, in+in+"%s: %s\n", shown(e.Values[i]), shown(e.Values[i+1]))
			}
		}
	}
}

// shown is a string in quotes, of which what is too long is cut off.
func shown(s string) string {
	if len(s) > DumpMaxLineLen {
		rest := fmt.Sprintf("...(%d)", len(s))
		return fmt.Sprintf("%q%s", s[:max(DumpMaxLineLen-len(rest), 0)], rest)
	}
	return fmt.Sprintf("%q", s)
}
