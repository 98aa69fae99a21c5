package core

import (
	"reflect"
	"testing"
)

func TestParseSyntax(t *testing.T) {
	token := func(name, word string) argument {
		return argument{name: name, display: name, token: word, hasToken: true, kind: argToken,
			spec: -1}
	}
	value := func(name string, kind argumentKind) argument {
		return argument{name: name, display: name, kind: kind, spec: -1}
	}
	key := func(name string, spec int) argument {
		return argument{name: name, display: name, kind: argKey, spec: spec}
	}
	count := value("count", argInteger)
	count.token, count.hasToken, count.optional, count.since = "COUNT", true, true, "6.2.0"
	by := value("by-pattern", argPattern)
	by.display, by.spec, by.multiple, by.repeats = "pattern", 1, true, true
	by.token, by.hasToken = "GET", true
	old := value("old", argString)
	old.display, old.deprecated = "ip:port", "2.8.12"
	many := key("key", 0)
	many.multiple, many.optional = true, true
	for _, c := range []struct {
		syntax string
		want   []argument
	}{
		{"", nil},
		{"key newkey:key", []argument{key("key", 0), key("newkey", 1)}},
		{"a:key key@0 b:key", []argument{key("a", 0), key("key", 0), key("b", 1)}},
		{"[key...]", []argument{many}},
		{"[COUNT count:int^6.2]", []argument{count}},
		{`GET by-pattern"pattern":pattern@1+...`, []argument{by}},
		{`old"ip:port"!2.8.12`, []argument{old}},
		{"full:FULL x", []argument{token("full", "FULL"), value("x", argString)}},
		{`(NX|approximately:~|empty-string:"")`, []argument{{kind: argOneOf, spec: -1,
			args: []argument{token("nx", "NX"), token("approximately", "~"),
				token("empty-string", "")}}}},
		{"LIMIT {offset:int when:time}", []argument{{name: "limit", token: "LIMIT", hasToken: true,
			kind: argBlock, spec: -1,
			args: []argument{value("offset", argInteger), value("when", argTime)}}}},
		{"data:{key value}...", []argument{{name: "data", kind: argBlock, spec: -1,
			multiple: true, args: []argument{key("key", 0), value("value", argString)}}}},
	} {
		if got := parseSyntax(c.syntax); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%q:\ngot  %+v\nwant %+v", c.syntax, got, c.want)
		}
	}
}

func TestNextKeySpec(t *testing.T) {
	for _, c := range []struct {
		keys, rest string
		want       keySpec
	}{
		{"1 RO access", "", keySpec{index: 1, b: 1, flags: keyRO | keyAccess}},
		{"1:-1:2 OW update", "", keySpec{index: 1, a: -1, b: 2, flags: keyOW | keyUpdate}},
		{"STREAMS@4:-1:1:2 RO access", "", keySpec{begin: beginKeyword, keyword: "STREAMS",
			index: 4, a: -1, b: 1, c: 2, flags: keyRO | keyAccess}},
		{"KEYS@-2:-1 RW; 1 RO", "1 RO", keySpec{begin: beginKeyword, keyword: "KEYS", index: -2,
			a: -1, b: 1, flags: keyRW}},
		{`2# RO "a; b"; ? OW`, "? OW", keySpec{index: 2, find: findNumber, b: 1, c: 1,
			flags: keyRO, note: "a; b"}},
		{"2#0:2:3 RM", "", keySpec{index: 2, find: findNumber, b: 2, c: 3, flags: keyRM}},
		{"? RO variable_flags", "", keySpec{begin: beginUnknown, find: findUnknown,
			flags: keyRO | keyVariable}},
	} {
		got, rest := nextKeySpec(c.keys)
		if got != c.want || rest != c.rest {
			t.Errorf("%q: got %+v and %q, want %+v and %q", c.keys, got, rest, c.want, c.rest)
		}
	}
}

// TestArity shows that counting words and reading the tree come to the same for every command.
func TestArity(t *testing.T) {
	for _, cmd := range commands.all {
		if cmd.Arity != 0 || len(cmd.Sub) > 0 {
			continue
		}
		want, more := leastWords(parseSyntax(cmd.Syntax))
		want++
		if cmd.parent != nil {
			want++
		}
		if more {
			want = -want
		}
		if cmd.arity != want {
			t.Errorf("%s: %d by counting words, %d by the tree", cmd.full, cmd.arity, want)
		}
	}
}

// TestDeclarations shows that every command says what COMMAND DOCS must tell.
func TestDeclarations(t *testing.T) {
	for _, cmd := range commands.all {
		if cmd.Since == "" || cmd.Group == "" || cmd.Summary == "" || cmd.since == 0 {
			t.Errorf("%s lacks its since, group or summary", cmd.full)
		}
		if cmd.Run == nil && len(cmd.Sub) == 0 {
			t.Errorf("%s does nothing", cmd.full)
		}
		if len(cmd.full) > nameMax {
			t.Errorf("%s: its name is too long to be found", cmd.full)
		}
	}
	for i := range parameters {
		p := &parameters[i]
		if (p.kind == paramSpecial) != (p.read != nil) && p.kind != paramUnsigned {
			t.Errorf("%s: a parameter with rules of its own needs a read function", p.name)
		}
		var c config
		if shown, problem := p.apply(&c, p.value); problem != "" || shown != p.value {
			t.Errorf("%s: its default %q reads as %q, %s", p.name, p.value, shown, problem)
		}
	}
}

func FuzzSyntax(f *testing.F) {
	for _, cmd := range commands.all {
		f.Add(cmd.Syntax, cmd.Keys)
	}
	f.Fuzz(func(t *testing.T, syntax, keys string) {
		args := parseSyntax(syntax)
		leastWords(args)
		appendUsage(nil, args, " ")
		arityOf(&Command{Syntax: syntax}, false)
		for rest := keys; rest != ""; {
			var next string
			if _, next = nextKeySpec(rest); len(next) >= len(rest) {
				t.Fatalf("%q: no end at %q", keys, rest)
			}
			rest = next
		}
	})
}
