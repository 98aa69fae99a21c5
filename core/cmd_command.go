package core

import (
	"strings"

	"github.com/redlet/redlet/core/internal/glob"
	"github.com/redlet/redlet/core/internal/reply"
	"github.com/redlet/redlet/core/internal/syntax"
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
//
//go:noinline
func (e *Engine) eachCommand(f func(*Command)) {
	for _, cmd := range e.table.all {
		if cmd.parent == nil && cmd.Flags&Internal == 0 && e.listed(cmd) {
			f(cmd)
		}
	}
}

func (e *Engine) commandCount() int {
	n := 0
	e.eachCommand(func(*Command) { n++ })
	return n
}

func cmdCommand(c *Call) {
	c.Array(c.e.commandCount())
	c.e.eachCommand(c.commandInfo)
}

func cmdCommandCount(c *Call) { c.Count(c.e.commandCount()) }

func cmdCommandInfo(c *Call) {
	if len(c.Args) == 2 {
		cmdCommand(c)
		return
	}
	c.Array(len(c.Args) - 2)
	for _, name := range c.Args[2:] {
		if cmd := c.e.byFullName(name); cmd != nil {
			c.commandInfo(cmd)
		} else {
			c.Null()
		}
	}
}

// byFullName finds a command, or a subcommand written with a bar: config|get.
func (e *Engine) byFullName(name []byte) *Command { return e.byFullNameIn(name, e.lookupName) }

// byFullNameIn is byFullName where a command is found otherwise.
func (e *Engine) byFullNameIn(name []byte, find func([]byte) *Command) *Command {
	for i, b := range name {
		if b != '|' {
			continue
		}
		cmd := find(name[:i])
		if cmd == nil || len(cmd.Sub) == 0 {
			return nil
		}
		if cmd = cmd.sub(name[i+1:]); cmd != nil && e.visible(cmd) {
			return cmd
		}
		return nil
	}
	return find(name)
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
	"connection", "transaction", "scripting", "array",
}

// categories are the ACL categories of a command: its own and those that its flags imply.
func (cmd *Command) categories() Category {
	cats := cmd.Cats
	if cmd.module() != "" { // what its flags say counts for nothing there
		return cats
	}
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
func (c *Call) commandInfo(cmd *Command) {
	c.Array(10)
	c.BulkString(cmd.full())
	c.Int(int64(c.e.arity(cmd)))
	c.replyFlags(cmd)
	first, last, step, _ := cmd.keyRange()
	c.Int(int64(first))
	c.Int(int64(last))
	c.Int(int64(step))
	c.statusSet("@", categoryNames[:], uint32(cmd.categories()))
	tips := strings.Fields(cmd.Tips)
	c.Set(len(tips))
	for _, tip := range tips {
		c.BulkString(tip)
	}
	c.keySpecs(cmd)
	subs := c.e.subcommands(cmd)
	if len(subs) == 0 {
		c.Set(0)
		return
	}
	c.Array(len(subs))
	for _, sub := range subs {
		c.commandInfo(sub)
	}
}

// subcommands lists those that this version has, all of them where the command came later.
//
//go:noinline
func (e *Engine) subcommands(cmd *Command) []*Command {
	var subs []*Command
	for i := range cmd.Sub {
		if (e.listed(&cmd.Sub[i]) || !e.listed(cmd)) && cmd.Sub[i].Flags&Internal == 0 {
			subs = append(subs, &cmd.Sub[i])
		}
	}
	return subs
}

func (c *Call) replyFlags(cmd *Command) {
	at, n := c.ArrayLater(), 0
	for i, name := range flagNames {
		if name != "" && cmd.Flags&(1<<i) != 0 {
			c.Status(name)
			n++
		}
	}
	if _, _, _, movable := cmd.keyRange(); movable {
		c.Status("movablekeys")
		n++
	}
	c.setEnd(at, n)
}

// statusSet writes the names of the bits that are set.
func (c *Call) statusSet(prefix string, names []string, bits uint32) {
	at, n := c.ArrayLater(), 0
	for i, name := range names {
		if bits&(1<<i) != 0 {
			c.Status(prefix + name)
			n++
		}
	}
	c.setEnd(at, n)
}

// setEnd ends a set begun with arrayLater.
//
//go:noinline
func (c *Call) setEnd(at reply.Later, n int) {
	kind := byte('*')
	if c.RESP3 {
		kind = '~'
	}
	c.ArrayEnd(at, kind, n)
}

// keySpecs writes the key specs of a command.
func (c *Call) keySpecs(cmd *Command) {
	at, n := c.ArrayLater(), 0
	for rest := cmd.Keys; rest != ""; n++ {
		var spec syntax.KeySpec
		spec, rest = syntax.NextKeySpec(rest)
		if spec.Note != "" {
			c.Map(4)
			c.BulkString("notes")
			c.BulkString(spec.Note)
		} else {
			c.Map(3)
		}
		c.BulkString("flags")
		c.statusSet("", syntax.KeyFlagNames[:], uint32(spec.Flags))
		c.keySpecBegin(&spec)
		c.keySpecFind(&spec)
	}
	c.setEnd(at, n)
}

func (c *Call) keySpecBegin(spec *syntax.KeySpec) {
	c.BulkString("begin_search")
	c.Map(2)
	c.BulkString("type")
	switch spec.Begin {
	case syntax.BeginIndex:
		c.BulkString("index")
		c.BulkString("spec")
		c.numbers("index", spec.Index)
	case syntax.BeginKeyword:
		c.BulkString("keyword")
		c.BulkString("spec")
		c.Map(2)
		c.BulkString("keyword")
		c.BulkString(spec.Keyword)
		c.BulkString("startfrom")
		c.Int(int64(spec.Index))
	default:
		c.BulkString("unknown")
		c.BulkString("spec")
		c.Map(0)
	}
}

func (c *Call) keySpecFind(spec *syntax.KeySpec) {
	c.BulkString("find_keys")
	c.Map(2)
	c.BulkString("type")
	switch spec.Find {
	case syntax.FindRange:
		c.BulkString("range")
		c.BulkString("spec")
		c.numbers("lastkey keystep limit", spec.A, spec.B, spec.C)
	case syntax.FindNumber:
		c.BulkString("keynum")
		c.BulkString("spec")
		c.numbers("keynumidx firstkey keystep", spec.A, spec.B, spec.C)
	default:
		c.BulkString("unknown")
		c.BulkString("spec")
		c.Map(0)
	}
}

// numbers writes a map of names, separated by spaces, to numbers.
func (c *Call) numbers(names string, values ...int) {
	c.Map(len(values))
	for _, n := range values {
		var name string
		name, names, _ = strings.Cut(names, " ")
		c.BulkString(name)
		c.Int(int64(n))
	}
}

func cmdCommandList(c *Call) {
	var keep func(*Command) bool
	switch {
	case len(c.Args) == 2:
		keep = func(*Command) bool { return true }
	case len(c.Args) != 5 || !is(c.Args[2], "filterby"):
		c.Error(ErrSyntax)
		return
	case is(c.Args[3], "module"):
		name := string(c.Args[4])
		keep = func(cmd *Command) bool { return name != "" && cmd.module() == name }
	case is(c.Args[3], "aclcat"):
		category := c.e.category(c.Args[4])
		keep = func(cmd *Command) bool { return cmd.categories()&category != 0 }
	case is(c.Args[3], "pattern"):
		pattern := c.Args[4]
		keep = func(cmd *Command) bool { return glob.Match(pattern, []byte(cmd.full()), true) }
	default:
		c.Error(ErrSyntax)
		return
	}
	c.listCommands(keep)
}

// category is the bit of a category that the engine's version has, 0 if there is none of that name.
func (e *Engine) category(name []byte) Category {
	for i, known := range categoryNames {
		bit := Category(1) << i
		if is(name, known) && (bit != CatArray || e.since(arrayCommands[0].Since)) {
			return bit
		}
	}
	return 0
}

// listCommands answers with the names of the commands that are to be kept.
func (c *Call) listCommands(keep func(*Command) bool) {
	at, n := c.ArrayLater(), 0
	for _, cmd := range c.e.table.all {
		shown := cmd.Flags&Internal == 0 && c.e.listed(cmd) &&
			(cmd.parent == nil || c.e.listed(cmd.parent))
		if shown && keep(cmd) {
			c.BulkString(cmd.full())
			n++
		}
	}
	c.ArrayEnd(at, '*', n)
}
