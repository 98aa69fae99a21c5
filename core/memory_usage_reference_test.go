package core_test

import (
	"strconv"
	"strings"
	"testing"
)

// usageCases make a value under the key k, of a size.
var usageCases = []struct {
	name string
	make func(n int) [][]string
	many bool // n is a number of elements, not of bytes
}{
	{"set", func(n int) [][]string { return [][]string{{"SET", "k", xs(n)}} }, false},
	{"append to none", func(n int) [][]string { return [][]string{{"APPEND", "k", xs(n)}} }, false},
	{"append to embstr", func(n int) [][]string {
		return [][]string{{"SET", "k", "ab"}, {"APPEND", "k", xs(n)}}
	}, false},
	{"append to int", func(n int) [][]string {
		return [][]string{{"SET", "k", "12"}, {"APPEND", "k", xs(n)}, {"APPEND", "k", xs(n / 3)}}
	}, false},
	{"append twice", func(n int) [][]string {
		return [][]string{{"SET", "k", xs(n)}, {"APPEND", "k", xs(n)}, {"APPEND", "k", xs(7)}}
	}, false},
	{"append a little", func(n int) [][]string {
		return [][]string{{"SET", "k", xs(n)}, {"APPEND", "k", xs(3)}, {"APPEND", "k", xs(5)}}
	}, false},
	{"setrange of none", func(n int) [][]string {
		return [][]string{{"SETRANGE", "k", strconv.Itoa(n), "y"}}
	}, false},
	{"setrange", func(n int) [][]string {
		return [][]string{{"SET", "k", "abc"}, {"SETRANGE", "k", strconv.Itoa(n), "y"}}
	}, false},
	{"setrange within", func(n int) [][]string {
		return [][]string{{"SET", "k", xs(n)}, {"SETRANGE", "k", "0", "y"}}
	}, false},
	{"setbit", func(n int) [][]string {
		return [][]string{{"SETBIT", "k", strconv.Itoa(n), "1"},
			{"SETBIT", "k", strconv.Itoa(9 * n), "1"}}
	}, false},
	{"bitfield", func(n int) [][]string {
		return [][]string{{"BITFIELD", "k", "SET", "u8", strconv.Itoa(8 * n), "1"}}
	}, false},
	{"bitop", func(n int) [][]string {
		return [][]string{{"SET", "a", xs(n)}, {"BITOP", "NOT", "k", "a"}}
	}, false},
	{"set again", func(n int) [][]string {
		return [][]string{{"SET", "k", "ab"}, {"APPEND", "k", xs(n)}, {"SET", "k", xs(n)}}
	}, false},
	{"copy", func(n int) [][]string {
		return [][]string{{"APPEND", "a", xs(n)}, {"APPEND", "a", "x"}, {"COPY", "a", "k"}}
	}, false},
	{"incrbyfloat", func(n int) [][]string {
		return [][]string{{"SET", "k", strconv.Itoa(n)}, {"INCRBYFLOAT", "k", "0.5"}}
	}, false},

	{"pfadd", func(n int) (c [][]string) {
		for i := range n {
			c = append(c, []string{"PFADD", "k", strconv.Itoa(i)})
		}
		return append(c, []string{"PFADD", "k"})
	}, true},
	{"pfadd at once", func(n int) [][]string { return [][]string{each(n, "PFADD", "k", "#")} }, true},
	{"pfmerge", func(n int) [][]string {
		return [][]string{each(n, "PFADD", "a", "#"), {"PFMERGE", "k", "a"}}
	}, true},
	{"rpush", func(n int) [][]string { return [][]string{each(n, "RPUSH", "k", "m#")} }, true},
	{"lpush", func(n int) [][]string {
		return [][]string{each(n, "LPUSH", "k", xs(n)), each(n, "RPUSH", "k", "#")}
	}, true},
	{"lpop", func(n int) [][]string {
		return [][]string{each(n, "RPUSH", "k", xs(300)), {"LPOP", "k", strconv.Itoa(n / 2)}}
	}, true},
	{"sadd ints", func(n int) [][]string { return [][]string{each(n, "SADD", "k", "#")} }, true},
	{"sadd", func(n int) [][]string { return [][]string{each(n, "SADD", "k", "m#")} }, true},
	{"hset", func(n int) [][]string { return [][]string{each(n, "HSET", "k", "m#", "v")} }, true},
	{"hset long", func(n int) [][]string {
		return [][]string{each(n, "HSET", "k", "m#", xs(70))}
	}, true},
	{"hexpire", func(n int) [][]string {
		return [][]string{each(n, "HSET", "k", "m#", "v"), append([]string{"HEXPIRE", "k", "1000",
			"FIELDS", strconv.Itoa(n)}, each(n, "m#")...)}
	}, true},
	{"zadd of a listpack", func(n int) [][]string {
		return [][]string{each(min(n, 128), "ZADD", "k", "#.5", "m#")}
	}, true},
	{"xadd", entriesOf, true},
	{"xgroup", func(n int) [][]string {
		return append(entriesOf(n), []string{"XGROUP", "CREATE", "k", "g", "0"},
			[]string{"XREADGROUP", "GROUP", "g", "c", "COUNT", strconv.Itoa(n / 2), "STREAMS", "k", ">"},
			[]string{"XGROUP", "CREATE", "k", "h", "0"},
			[]string{"XREADGROUP", "GROUP", "h", "cc", "COUNT", strconv.Itoa(n), "STREAMS", "k", ">"},
			[]string{"XREADGROUP", "GROUP", "h", "d", "STREAMS", "k", ">"})
	}, true},
	{"vadd", func(n int) (c [][]string) {
		for i := range n {
			c = append(c, []string{"VADD", "k", "VALUES", "3", strconv.Itoa(i), "1", "2",
				"m" + strconv.Itoa(100+i)})
		}
		return c
	}, true},
}

func xs(n int) string { return strings.Repeat("x", n) }

// each is a command with the words behind its name and its key repeated n times, where # stands for
// a number of three digits; one word is repeated by itself.
func each(n int, words ...string) (out []string) {
	fixed := min(2, len(words)-1)
	out = append(out, words[:fixed]...)
	for i := range n {
		for _, w := range words[fixed:] {
			out = append(out, strings.ReplaceAll(w, "#", strconv.Itoa(100+i)))
		}
	}
	return out
}

// entriesOf adds entries whose ids part at many a byte.
func entriesOf(n int) (c [][]string) {
	for i := range n {
		id := strconv.Itoa(1+i*i*i) + "-" + strconv.Itoa(i*77%300)
		c = append(c, []string{"XADD", "k", id, "f", "value " + strconv.Itoa(i)})
	}
	return c
}

// TestMemoryUsageReference compares MEMORY USAGE where it does not hang on chance: of skip lists
// their levels are, and of tables which elements are looked at.
func TestMemoryUsageReference(t *testing.T) {
	ref := theirs(t, t.TempDir())
	_, s := ours(t)
	bytes := []int{0, 1, 3, 10, 16, 28, 31, 32, 44, 45, 100, 128, 253, 255, 256, 600, 5000, 33_000,
		40_000, 65_536, 1 << 20, 1<<20 + 1}
	many := []int{1, 4, 39, 129, 300, 513}
	for _, c := range usageCases {
		sizes := bytes
		if c.many {
			sizes = many
		}
		for _, n := range sizes {
			compareUsage(t, s, ref, c.name, n, c.make(n))
		}
	}
}

func compareUsage(t *testing.T, s, ref server, name string, n int, commands [][]string) {
	t.Helper()
	for _, side := range []server{s, ref} {
		side.do("DEL", "k", "a")
		for _, args := range commands {
			if r := side.do(args...); r.Kind == '-' {
				t.Fatalf("%s %d: %.80q: %s", name, n, args, r.Text)
			}
		}
		if side.do("OBJECT", "ENCODING", "k").Text == "hashtable" {
			for range n { // a table has done with growing
				side.do("HEXISTS", "k", "x")
				side.do("SISMEMBER", "k", "x")
			}
		}
	}
	for _, samples := range []string{"0", "1", "5", "7"} {
		args := []string{"MEMORY", "USAGE", "k", "SAMPLES", samples}
		if got, want := s.do(args...).Text, ref.do(args...).Text; got != want {
			t.Errorf("%s %d (%s) with %s samples: %s, want %s", name, n,
				ref.do("OBJECT", "ENCODING", "k").Text, samples, got, want)
		}
	}
}
