package core

import (
	"testing"

	"github.com/redlet/redlet/core/internal/syntax"
)

// TestArity shows that counting words and reading the tree come to the same for every command.
func TestArity(t *testing.T) {
	for _, cmd := range commands.all {
		if cmd.Flags&givenArity != 0 || len(cmd.Sub) > 0 {
			continue
		}
		want, more := syntax.LeastWords(syntax.Parse(cmd.Syntax))
		want++
		if cmd.parent != nil {
			want++
		}
		if more {
			want = -want
		}
		if int(cmd.Arity) != want {
			t.Errorf("%s: %d by counting words, %d by the tree", cmd.full(), int(cmd.Arity), want)
		}
	}
}

// TestDeclarations shows that every command says what COMMAND DOCS must tell.
func TestDeclarations(t *testing.T) {
	for _, cmd := range commands.all {
		if cmd.Since == "" || cmd.Group == "" || cmd.Summary == "" || cmd.since == 0 {
			t.Errorf("%s lacks its since, group or summary", cmd.full())
		}
		if cmd.Run == nil && len(cmd.Sub) == 0 {
			t.Errorf("%s does nothing", cmd.full())
		}
		if len(cmd.full()) > nameMax {
			t.Errorf("%s: its name is too long to be found", cmd.full())
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

// FuzzUsage shows that whatever reads as a syntax can be written as HELP prints it.
func FuzzUsage(f *testing.F) {
	for _, cmd := range commands.all {
		f.Add(cmd.Syntax)
	}
	f.Fuzz(func(t *testing.T, line string) { appendUsage(nil, syntax.Parse(line), " ") })
}
