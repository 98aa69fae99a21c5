package core

import (
	"strings"

	"github.com/redlet/redlet/core/internal/reply"
	"github.com/redlet/redlet/core/internal/syntax"
)

func cmdCommandDocs(c *Call) {
	at, n := c.ArrayLater(), 0
	show := func(cmd *Command) {
		c.BulkString(cmd.full())
		c.commandDocs(cmd)
		n++
	}
	if len(c.Args) == 2 {
		c.e.eachCommand(show)
	}
	for _, name := range c.Args[2:] {
		if cmd := c.e.byFullName(name); cmd != nil {
			show(cmd)
		}
	}
	c.mappingEnd(at, n)
}

// mappingEnd ends a map of n pairs begun with arrayLater.
func (c *Call) mappingEnd(at reply.Later, n int) {
	if c.RESP3 {
		c.ArrayEnd(at, '%', n)
	} else {
		c.ArrayEnd(at, '*', 2*n)
	}
}

// field writes a pair of texts, unless the second is empty, and counts it.
func (c *Call) field(n *int, name, value string) {
	if value != "" {
		c.BulkString(name)
		c.BulkString(value)
		*n++
	}
}

// commandDocs writes a command as COMMAND DOCS shows it.
func (c *Call) commandDocs(cmd *Command) {
	at, n := c.ArrayLater(), 0
	c.field(&n, "summary", cmd.Summary)
	c.field(&n, "since", syntax.FullVersion(cmd.Since))
	group, _, _ := strings.Cut(cmd.Group, " ")
	c.field(&n, "group", group)
	c.field(&n, "complexity", cmd.Complexity)
	c.field(&n, "module", cmd.module())
	if cmd.System || cmd.Deprecated != nil {
		c.BulkString("doc_flags")
		flags, count := c.ArrayLater(), 0
		if cmd.Deprecated != nil {
			c.Status("deprecated")
			count++
		}
		if cmd.System {
			c.Status("syscmd")
			count++
		}
		c.setEnd(flags, count)
		n++
	}
	if old := cmd.Deprecated; old != nil {
		c.field(&n, "deprecated_since", syntax.FullVersion(old.Since))
		c.field(&n, "replaced_by", old.Instead)
	}
	if cmd.History != "" {
		c.BulkString("history")
		c.history(cmd.History)
		n++
	}
	if args := c.e.arguments(cmd); len(args) > 0 {
		c.BulkString("arguments")
		c.arguments(args)
		n++
	}
	if subs := c.e.subcommands(cmd); len(subs) > 0 {
		c.BulkString("subcommands")
		c.Map(len(subs))
		for _, sub := range subs {
			c.BulkString(sub.full())
			c.commandDocs(sub)
		}
		n++
	}
	c.mappingEnd(at, n)
}

// history writes what later versions added.
func (c *Call) history(text string) {
	at, n := c.ArrayLater(), 0
	for text != "" {
		var entry string
		entry, text, _ = strings.Cut(text, "; ")
		version, change, _ := strings.Cut(entry, " ")
		if !c.e.since(version) {
			continue
		}
		c.Array(2)
		c.BulkString(syntax.FullVersion(version))
		c.BulkString(change)
		n++
	}
	c.setEnd(at, n)
}

// arguments returns the arguments that a command has in this version.
func (e *Engine) arguments(cmd *Command) []syntax.Argument {
	return known(syntax.Parse(cmd.Syntax), max(e.cfg.compat, cmd.since))
}

// known drops the arguments that came after a version.
func known(args []syntax.Argument, version compatLevel) []syntax.Argument {
	kept := args[:0]
	for _, a := range args {
		if a.Since == "" || sinceOf(a.Since) <= version {
			a.Args = known(a.Args, version)
			kept = append(kept, a)
		}
	}
	return kept
}

// arguments writes arguments as COMMAND DOCS shows them.
func (c *Call) arguments(args []syntax.Argument) {
	c.Array(len(args))
	for i := range args {
		c.argument(&args[i])
	}
}

func (c *Call) argument(a *syntax.Argument) {
	at, n := c.ArrayLater(), 0
	c.field(&n, "name", a.Name)
	c.field(&n, "type", syntax.KindNames[a.Kind])
	c.field(&n, "display_text", a.Display)
	if a.Spec >= 0 {
		c.BulkString("key_spec_index")
		c.Int(int64(a.Spec))
		n++
	}
	if a.HasToken {
		c.BulkString("token")
		c.BulkString(a.Token)
		n++
	}
	c.field(&n, "since", a.Since)
	c.field(&n, "deprecated_since", a.Deprecated)
	if a.Optional || a.Multiple || a.Repeats {
		c.BulkString("flags")
		flags, count := c.ArrayLater(), 0
		for _, flag := range [...]struct {
			on   bool
			name string
		}{{a.Optional, "optional"}, {a.Multiple, "multiple"}, {a.Repeats, "multiple_token"}} {
			if flag.on {
				c.Status(flag.name)
				count++
			}
		}
		c.setEnd(flags, count)
		n++
	}
	if len(a.Args) > 0 {
		c.BulkString("arguments")
		c.arguments(a.Args)
		n++
	}
	c.mappingEnd(at, n)
}

// cmdHelp is the HELP of every container: its subcommands, what they take and what they do.
func cmdHelp(c *Call) {
	container := c.cmd.parent
	at, n := c.ArrayLater(), 0
	line := func(text string) {
		c.Status(text)
		n++
	}
	name := upper(string(c.Args[0]))
	line(name + " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:")
	if container.Arity == -1 {
		line("(no subcommand)")
		line("    " + container.Summary)
	}
	for _, sub := range c.e.subcommands(container) {
		if sub.Name != "help" {
			line(usage(sub, c.e.arguments(sub)))
			line("    " + sub.Summary)
		}
	}
	line("HELP")
	line("    " + c.cmd.Summary)
	c.ArrayEnd(at, '*', n)
}

// usage writes a subcommand's syntax on one line.
func usage(cmd *Command, args []syntax.Argument) string {
	text := appendUsage([]byte(upper(cmd.Name)), args, " ")
	return string(text)
}

func appendUsage(dst []byte, args []syntax.Argument, between string) []byte {
	for i := range args {
		a := &args[i]
		if i > 0 || between == " " {
			dst = append(dst, between...)
		}
		if a.Optional {
			dst = append(dst, '[')
		}
		dst = appendArgument(dst, a, true)
		if a.Multiple {
			dst = append(dst, " ["...)
			dst = appendArgument(dst, a, a.Repeats)
			dst = append(dst, " ...]"...)
		}
		if a.Optional {
			dst = append(dst, ']')
		}
	}
	return dst
}

// appendArgument writes an argument once, with or without the token that announces it.
func appendArgument(dst []byte, a *syntax.Argument, token bool) []byte {
	if a.HasToken && token {
		dst = append(dst, a.Token...)
		if a.Kind != syntax.PureToken {
			dst = append(dst, ' ')
		}
	}
	switch a.Kind {
	case syntax.PureToken:
	case syntax.OneOf:
		if !a.Optional || a.HasToken {
			dst = append(dst, '(')
		}
		dst = appendUsage(dst, a.Args, "|")
		if !a.Optional || a.HasToken {
			dst = append(dst, ')')
		}
	case syntax.Block:
		at := len(dst)
		dst = appendUsage(dst, a.Args, " ")
		dst = append(dst[:at], dst[min(at+1, len(dst)):]...) // the first space
	default:
		dst = append(dst, '<')
		dst = append(dst, a.Display...)
		dst = append(dst, '>')
	}
	return dst
}
