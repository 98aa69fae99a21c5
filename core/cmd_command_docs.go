package core

import "strings"

func cmdCommandDocs(c *call) {
	at, n := c.arrayLater(), 0
	show := func(cmd *Command) {
		c.bulkString(cmd.full)
		c.commandDocs(cmd)
		n++
	}
	if len(c.args) == 2 {
		c.e.eachCommand(show)
	}
	for _, name := range c.args[2:] {
		if cmd := c.e.byFullName(name); cmd != nil {
			show(cmd)
		}
	}
	c.mappingEnd(at, n)
}

// mappingEnd ends a map of n pairs begun with arrayLater.
func (c *call) mappingEnd(at later, n int) {
	if c.resp3 {
		c.arrayEnd(at, '%', n)
	} else {
		c.arrayEnd(at, '*', 2*n)
	}
}

// field writes a pair of texts, unless the second is empty, and counts it.
func (c *call) field(n *int, name, value string) {
	if value != "" {
		c.bulkString(name)
		c.bulkString(value)
		*n++
	}
}

// commandDocs writes a command as COMMAND DOCS shows it.
func (c *call) commandDocs(cmd *Command) {
	at, n := c.arrayLater(), 0
	c.field(&n, "summary", cmd.Summary)
	c.field(&n, "since", fullVersion(cmd.Since))
	c.field(&n, "group", cmd.Group)
	c.field(&n, "complexity", cmd.Complexity)
	if cmd.System || cmd.Deprecated != "" {
		c.bulkString("doc_flags")
		flags, count := c.arrayLater(), 0
		if cmd.Deprecated != "" {
			c.status("deprecated")
			count++
		}
		if cmd.System {
			c.status("syscmd")
			count++
		}
		c.setEnd(flags, count)
		n++
	}
	c.field(&n, "deprecated_since", fullVersion(cmd.Deprecated))
	c.field(&n, "replaced_by", cmd.Replaced)
	if cmd.History != "" {
		c.bulkString("history")
		c.history(cmd.History)
		n++
	}
	if args := c.e.arguments(cmd); len(args) > 0 {
		c.bulkString("arguments")
		c.arguments(args)
		n++
	}
	if subs := c.e.subcommands(cmd); len(subs) > 0 {
		c.bulkString("subcommands")
		c.mapping(len(subs))
		for _, sub := range subs {
			c.bulkString(sub.full)
			c.commandDocs(sub)
		}
		n++
	}
	c.mappingEnd(at, n)
}

// history writes what later versions added.
func (c *call) history(text string) {
	at, n := c.arrayLater(), 0
	for text != "" {
		var entry string
		entry, text, _ = strings.Cut(text, "; ")
		version, change, _ := strings.Cut(entry, " ")
		if sinceOf(version) > c.e.cfg.compat {
			continue
		}
		c.array(2)
		c.bulkString(fullVersion(version))
		c.bulkString(change)
		n++
	}
	c.setEnd(at, n)
}

// arguments returns the arguments that a command has in this version.
func (e *Engine) arguments(cmd *Command) []argument {
	return e.known(parseSyntax(cmd.Syntax))
}

// known drops the arguments that came after the version that the engine behaves as.
func (e *Engine) known(args []argument) []argument {
	kept := args[:0]
	for _, a := range args {
		if a.since == "" || sinceOf(a.since) <= e.cfg.compat {
			a.args = e.known(a.args)
			kept = append(kept, a)
		}
	}
	return kept
}

// arguments writes arguments as COMMAND DOCS shows them.
func (c *call) arguments(args []argument) {
	c.array(len(args))
	for i := range args {
		c.argument(&args[i])
	}
}

func (c *call) argument(a *argument) {
	at, n := c.arrayLater(), 0
	c.field(&n, "name", a.name)
	c.field(&n, "type", argumentKinds[a.kind])
	c.field(&n, "display_text", a.display)
	if a.spec >= 0 {
		c.bulkString("key_spec_index")
		c.int(int64(a.spec))
		n++
	}
	if a.hasToken {
		c.bulkString("token")
		c.bulkString(a.token)
		n++
	}
	c.field(&n, "since", a.since)
	c.field(&n, "deprecated_since", a.deprecated)
	if a.optional || a.multiple || a.repeats {
		c.bulkString("flags")
		flags, count := c.arrayLater(), 0
		for _, flag := range [...]struct {
			on   bool
			name string
		}{{a.optional, "optional"}, {a.multiple, "multiple"}, {a.repeats, "multiple_token"}} {
			if flag.on {
				c.status(flag.name)
				count++
			}
		}
		c.setEnd(flags, count)
		n++
	}
	if len(a.args) > 0 {
		c.bulkString("arguments")
		c.arguments(a.args)
		n++
	}
	c.mappingEnd(at, n)
}

// cmdHelp is the HELP of every container: its subcommands, what they take and what they do.
func cmdHelp(c *call) {
	container := c.cmd.parent
	at, n := c.arrayLater(), 0
	line := func(text string) {
		c.status(text)
		n++
	}
	name := upper(container.Name)
	line(name + " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:")
	if container.arity == -1 {
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
	c.arrayEnd(at, '*', n)
}

// usage writes a subcommand's syntax on one line.
func usage(cmd *Command, args []argument) string {
	text := appendUsage([]byte(upper(cmd.Name)), args, " ")
	return string(text)
}

func appendUsage(dst []byte, args []argument, between string) []byte {
	for i := range args {
		a := &args[i]
		if i > 0 || between == " " {
			dst = append(dst, between...)
		}
		if a.optional {
			dst = append(dst, '[')
		}
		dst = appendArgument(dst, a, true)
		if a.multiple {
			dst = append(dst, " ["...)
			dst = appendArgument(dst, a, a.repeats)
			dst = append(dst, " ...]"...)
		}
		if a.optional {
			dst = append(dst, ']')
		}
	}
	return dst
}

// appendArgument writes an argument once, with or without the token that announces it.
func appendArgument(dst []byte, a *argument, token bool) []byte {
	if a.hasToken && token {
		dst = append(dst, a.token...)
		if a.kind != argToken {
			dst = append(dst, ' ')
		}
	}
	switch a.kind {
	case argToken:
	case argOneOf:
		if !a.optional || a.hasToken {
			dst = append(dst, '(')
		}
		dst = appendUsage(dst, a.args, "|")
		if !a.optional || a.hasToken {
			dst = append(dst, ')')
		}
	case argBlock:
		at := len(dst)
		dst = appendUsage(dst, a.args, " ")
		dst = append(dst[:at], dst[min(at+1, len(dst)):]...) // the first space
	default:
		dst = append(dst, '<')
		dst = append(dst, a.display...)
		dst = append(dst, '>')
	}
	return dst
}
