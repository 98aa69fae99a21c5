package syntax

import (
	"reflect"
	"testing"
)

func TestParseSyntax(t *testing.T) {
	token := func(name, word string) Argument {
		return Argument{Name: name, Display: name, Token: word, HasToken: true, Kind: PureToken,
			Spec: -1}
	}
	value := func(name string, kind Kind) Argument {
		return Argument{Name: name, Display: name, Kind: kind, Spec: -1}
	}
	key := func(name string, spec int) Argument {
		return Argument{Name: name, Display: name, Kind: Key, Spec: spec}
	}
	count := value("count", Integer)
	count.Token, count.HasToken, count.Optional, count.Since = "COUNT", true, true, "6.2.0"
	by := value("by-pattern", Pattern)
	by.Display, by.Spec, by.Multiple, by.Repeats = "pattern", 1, true, true
	by.Token, by.HasToken = "GET", true
	old := value("old", String)
	old.Display, old.Deprecated = "ip:port", "2.8.12"
	many := key("key", 0)
	many.Multiple, many.Optional = true, true
	for _, c := range []struct {
		syntax string
		want   []Argument
	}{
		{"", nil},
		{"key newkey:key", []Argument{key("key", 0), key("newkey", 1)}},
		{"a:key key@0 b:key", []Argument{key("a", 0), key("key", 0), key("b", 1)}},
		{"[key...]", []Argument{many}},
		{"[COUNT count:int^6.2]", []Argument{count}},
		{`GET by-pattern"pattern":pattern@1+...`, []Argument{by}},
		{`old"ip:port"!2.8.12`, []Argument{old}},
		{"full:FULL x", []Argument{token("full", "FULL"), value("x", String)}},
		{`(NX|approximately:~|empty-string:"")`, []Argument{{Kind: OneOf, Spec: -1,
			Args: []Argument{token("nx", "NX"), token("approximately", "~"),
				token("empty-string", "")}}}},
		{"LIMIT {offset:int when:time}", []Argument{{Name: "limit", Token: "LIMIT", HasToken: true,
			Kind: Block, Spec: -1,
			Args: []Argument{value("offset", Integer), value("when", UnixTime)}}}},
		{"data:{key value}...", []Argument{{Name: "data", Kind: Block, Spec: -1,
			Multiple: true, Args: []Argument{key("key", 0), value("value", String)}}}},
	} {
		if got := Parse(c.syntax); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%q:\ngot  %+v\nwant %+v", c.syntax, got, c.want)
		}
	}
}

func TestNextKeySpec(t *testing.T) {
	for _, c := range []struct {
		keys, rest string
		want       KeySpec
	}{
		{"1 RO access", "", KeySpec{Index: 1, B: 1, Flags: RO | Access}},
		{"1:-1:2 OW update", "", KeySpec{Index: 1, A: -1, B: 2, Flags: OW | Update}},
		{"STREAMS@4:-1:1:2 RO access", "", KeySpec{Begin: BeginKeyword, Keyword: "STREAMS",
			Index: 4, A: -1, B: 1, C: 2, Flags: RO | Access}},
		{"KEYS@-2:-1 RW; 1 RO", "1 RO", KeySpec{Begin: BeginKeyword, Keyword: "KEYS", Index: -2,
			A: -1, B: 1, Flags: RW}},
		{`2# RO "a; b"; ? OW`, "? OW", KeySpec{Index: 2, Find: FindNumber, B: 1, C: 1,
			Flags: RO, Note: "a; b"}},
		{"2#0:2:3 RM", "", KeySpec{Index: 2, Find: FindNumber, B: 2, C: 3, Flags: RM}},
		{"? RO variable_flags", "", KeySpec{Begin: BeginUnknown, Find: FindUnknown,
			Flags: RO | Variable}},
	} {
		got, rest := NextKeySpec(c.keys)
		if got != c.want || rest != c.rest {
			t.Errorf("%q: got %+v and %q, want %+v and %q", c.keys, got, rest, c.want, c.rest)
		}
	}
}

func FuzzSyntax(f *testing.F) {
	f.Add("key value [NX|XX] [EX seconds:int^6.2]", "1 RW access; 2#0:1:2 RO")
	f.Fuzz(func(t *testing.T, syntax, keys string) {
		LeastWords(Parse(syntax))
		CountWords(syntax)
		for rest := keys; rest != ""; {
			var next string
			if _, next = NextKeySpec(rest); len(next) >= len(rest) {
				t.Fatalf("%q: no end at %q", keys, rest)
			}
			rest = next
		}
	})
}
