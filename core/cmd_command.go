package core

import (
	"strings"

	"github.com/redlet/redlet/core/internal/glob"
)

var commandCommands = []Command{
	{
		Name: "command", Since: "2.8.13", Group: "server",
		Flags:      Loading | Stale,
		Cats:       CatConnection,
		Arity:      -1,
		Tips:       "nondeterministic_output_order",
		Summary:    "Describes all commands.",
		Complexity: "O(N) for N commands",
		Run:        cmdCommand,
		Sub: []Command{
			{
				Name: "count", Since: "2.8.13", Group: "server",
				Flags:      Loading | Stale,
				Cats:       CatConnection,
				Summary:    "Counts the commands.",
				Complexity: "O(1)",
				Run:        cmdCommandCount,
			},
			{
				Name: "docs", Since: "7.0", Group: "server",
				Flags:      Loading | Stale,
				Cats:       CatConnection,
				Syntax:     "[command-name...]",
				Tips:       "nondeterministic_output_order",
				Summary:    "Documents commands.",
				Complexity: "O(N) for N commands",
				Run:        cmdCommandDocs,
			},
			{
				Name: "getkeys", Since: "2.8.13", Group: "server",
				Flags:      Loading | Stale,
				Cats:       CatConnection,
				Syntax:     "command [arg...]",
				Summary:    "Picks the names of keys out of a command line.",
				Complexity: "O(N) for N arguments",
				Run:        cmdCommandGetkeys,
			},
			{
				Name: "getkeysandflags", Since: "7.0", Group: "server",
				Flags:  Loading | Stale,
				Cats:   CatConnection,
				Syntax: "command [arg...]",
				Summary: "Picks the names of keys out of a command line, with what is done " +
					"to each.",
				Complexity: "O(N) for N arguments",
				Run:        cmdCommandGetkeysandflags,
			},
			{
				Name: "help", Since: "5.0", Group: "server",
				Flags:      Loading | Stale,
				Cats:       CatConnection,
				Summary:    "Explains the subcommands.",
				Complexity: "O(1)",
				Run:        cmdHelp,
			},
			{
				Name: "info", Since: "2.8.13", Group: "server",
				Flags:      Loading | Stale,
				Cats:       CatConnection,
				Syntax:     "[command-name...]",
				Tips:       "nondeterministic_output_order",
				Summary:    "Describes the named commands.",
				Complexity: "O(N) for N commands",
				History:    "7.0 without arguments",
				Run:        cmdCommandInfo,
			},
			{
				Name: "list", Since: "7.0", Group: "server",
				Flags: Loading | Stale,
				Cats:  CatConnection,
				Syntax: "[FILTERBY (MODULE module-name|ACLCAT category|PATTERN " +
					"pattern:pattern)]",
				Tips:       "nondeterministic_output_order",
				Summary:    "Lists the names of commands.",
				Complexity: "O(N) for N commands",
				Run:        cmdCommandList,
			},
		},
	},
}

// eachCommand calls f with every command of this version, without subcommands, in the table's
// order.
func (e *Engine) eachCommand(f func(*Command)) {
	for _, cmd := range e.table.all {
		if cmd.parent == nil && cmd.Flags&Internal == 0 && e.visible(cmd) {
			f(cmd)
		}
	}
}

func (e *Engine) commandCount() int {
	n := 0
	e.eachCommand(func(*Command) { n++ })
	return n
}

func cmdCommand(c *call) {
	c.array(c.e.commandCount())
	c.e.eachCommand(c.commandInfo)
}

func cmdCommandCount(c *call) { c.count(c.e.commandCount()) }

func cmdCommandInfo(c *call) {
	if len(c.args) == 2 {
		cmdCommand(c)
		return
	}
	c.array(len(c.args) - 2)
	for _, name := range c.args[2:] {
		if cmd := c.e.byFullName(name); cmd != nil {
			c.commandInfo(cmd)
		} else {
			c.null()
		}
	}
}

// byFullName finds a command, or a subcommand written with a bar: config|get.
func (e *Engine) byFullName(name []byte) *Command {
	for i, b := range name {
		if b != '|' {
			continue
		}
		cmd := e.find(name[:i])
		if cmd == nil || cmd.subs == nil {
			return nil
		}
		if cmd = cmd.sub(name[i+1:]); cmd != nil && e.visible(cmd) {
			return cmd
		}
		return nil
	}
	return e.find(name)
}

// flagNames are the names of the flags that COMMAND INFO shows, from the lowest bit up.
var flagNames = [...]string{
	"write", "readonly", "denyoom", "module", "admin", "pubsub", "noscript", "blocking",
	"loading", "stale", "skip_monitor", "skip_slowlog", "asking", "fast", "no_auth", "", "",
	"no_async_loading", "no_multi", "no_mandatory_keys", "allow_busy",
}

// categoryNames are the names of the ACL categories, from the lowest bit up.
var categoryNames = [...]string{
	"keyspace", "read", "write", "set", "sortedset", "list", "hash", "string", "bitmap",
	"hyperloglog", "geo", "stream", "pubsub", "admin", "fast", "slow", "blocking", "dangerous",
	"connection", "transaction", "scripting",
}

// categories are the ACL categories of a command: its own and those that its flags imply.
func (cmd *Command) categories() Category {
	cats := cmd.Cats
	implied := [...]struct {
		flag Flag
		cats Category
	}{
		{Write, CatWrite}, {Admin, CatAdmin | CatDangerous}, {PubSub, CatPubSub},
		{Fast, CatFast}, {Blocking, CatBlocking},
	}
	for _, i := range implied {
		if cmd.Flags&i.flag != 0 {
			cats |= i.cats
		}
	}
	if cmd.Flags&ReadOnly != 0 && cats&CatScripting == 0 {
		cats |= CatRead
	}
	if cmd.Flags&Fast == 0 {
		cats |= CatSlow
	}
	return cats
}

// commandInfo writes a command as COMMAND INFO shows it.
func (c *call) commandInfo(cmd *Command) {
	c.array(10)
	c.bulkString(cmd.full)
	c.int(int64(c.e.arity(cmd)))
	c.commandFlags(cmd)
	first, last, step, _ := cmd.keyRange()
	c.int(int64(first))
	c.int(int64(last))
	c.int(int64(step))
	c.statusSet("@", categoryNames[:], uint32(cmd.categories()))
	tips := strings.Fields(cmd.Tips)
	c.set(len(tips))
	for _, tip := range tips {
		c.bulkString(tip)
	}
	c.keySpecs(cmd)
	subs := c.e.subcommands(cmd)
	if len(subs) == 0 {
		c.set(0)
		return
	}
	c.array(len(subs))
	for _, sub := range subs {
		c.commandInfo(sub)
	}
}

// subcommands lists those that this version has.
func (e *Engine) subcommands(cmd *Command) []*Command {
	var subs []*Command
	for i := range cmd.Sub {
		if e.visible(&cmd.Sub[i]) && cmd.Sub[i].Flags&Internal == 0 {
			subs = append(subs, &cmd.Sub[i])
		}
	}
	return subs
}

func (c *call) commandFlags(cmd *Command) {
	at, n := c.arrayLater(), 0
	for i, name := range flagNames {
		if name != "" && cmd.Flags&(1<<i) != 0 {
			c.status(name)
			n++
		}
	}
	if _, _, _, movable := cmd.keyRange(); movable {
		c.status("movablekeys")
		n++
	}
	c.setEnd(at, n)
}

// statusSet writes the names of the bits that are set.
func (c *call) statusSet(prefix string, names []string, bits uint32) {
	at, n := c.arrayLater(), 0
	for i, name := range names {
		if bits&(1<<i) != 0 {
			c.status(prefix + name)
			n++
		}
	}
	c.setEnd(at, n)
}

// setEnd ends a set begun with arrayLater.
func (c *call) setEnd(at later, n int) {
	kind := byte('*')
	if c.resp3 {
		kind = '~'
	}
	c.arrayEnd(at, kind, n)
}

// keySpecs writes the key specs of a command.
func (c *call) keySpecs(cmd *Command) {
	at, n := c.arrayLater(), 0
	for rest := cmd.Keys; rest != ""; n++ {
		var spec keySpec
		spec, rest = nextKeySpec(rest)
		if spec.note != "" {
			c.mapping(4)
			c.bulkString("notes")
			c.bulkString(spec.note)
		} else {
			c.mapping(3)
		}
		c.bulkString("flags")
		c.statusSet("", keyFlagNames[:], uint32(spec.flags))
		c.keySpecBegin(&spec)
		c.keySpecFind(&spec)
	}
	c.setEnd(at, n)
}

func (c *call) keySpecBegin(spec *keySpec) {
	c.bulkString("begin_search")
	c.mapping(2)
	c.bulkString("type")
	switch spec.begin {
	case beginIndex:
		c.bulkString("index")
		c.bulkString("spec")
		c.numbers("index", spec.index)
	case beginKeyword:
		c.bulkString("keyword")
		c.bulkString("spec")
		c.mapping(2)
		c.bulkString("keyword")
		c.bulkString(spec.keyword)
		c.bulkString("startfrom")
		c.int(int64(spec.index))
	default:
		c.bulkString("unknown")
		c.bulkString("spec")
		c.mapping(0)
	}
}

func (c *call) keySpecFind(spec *keySpec) {
	c.bulkString("find_keys")
	c.mapping(2)
	c.bulkString("type")
	switch spec.find {
	case findRange:
		c.bulkString("range")
		c.bulkString("spec")
		c.numbers("lastkey keystep limit", spec.a, spec.b, spec.c)
	case findNumber:
		c.bulkString("keynum")
		c.bulkString("spec")
		c.numbers("keynumidx firstkey keystep", spec.a, spec.b, spec.c)
	default:
		c.bulkString("unknown")
		c.bulkString("spec")
		c.mapping(0)
	}
}

// numbers writes a map of names, separated by spaces, to numbers.
func (c *call) numbers(names string, values ...int) {
	c.mapping(len(values))
	for _, n := range values {
		var name string
		name, names, _ = strings.Cut(names, " ")
		c.bulkString(name)
		c.int(int64(n))
	}
}

func cmdCommandList(c *call) {
	var keep func(*Command) bool
	switch {
	case len(c.args) == 2:
		keep = func(*Command) bool { return true }
	case len(c.args) != 5 || !is(c.args[2], "filterby"):
		c.err(errSyntax)
		return
	case is(c.args[3], "module"):
		keep = func(*Command) bool { return false } // an engine loads no modules
	case is(c.args[3], "aclcat"):
		name, category := c.args[4], Category(0)
		for i, known := range categoryNames {
			if is(name, known) {
				category = 1 << i
			}
		}
		keep = func(cmd *Command) bool { return cmd.categories()&category != 0 }
	case is(c.args[3], "pattern"):
		pattern := c.args[4]
		keep = func(cmd *Command) bool { return glob.Match(pattern, []byte(cmd.full), true) }
	default:
		c.err(errSyntax)
		return
	}
	at, n := c.arrayLater(), 0
	for _, cmd := range c.e.table.all {
		shown := cmd.Flags&Internal == 0 && c.e.visible(cmd) &&
			(cmd.parent == nil || c.e.visible(cmd.parent))
		if shown && keep(cmd) {
			c.bulkString(cmd.full)
			n++
		}
	}
	c.arrayEnd(at, '*', n)
}
