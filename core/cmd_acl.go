package core

import (
	"github.com/redlet/redlet/core/internal/acl"
	"github.com/redlet/redlet/core/internal/sha1"
)

var aclCommandTable = []Command{
	{
		Name: "acl", Since: "6.0", Group: "server",
		Arity:      -2,
		Summary:    "Groups the commands about users and what they may do.",
		Complexity: "that of the subcommand",
		Sub: []Command{
			{
				Name: "cat", Since: "6.0", Group: "server",
				Flags:      NoScript | Loading | Stale,
				Syntax:     "[category]",
				Summary:    "Lists the categories of commands, or the commands of one.",
				Complexity: "O(1), a category O(N) for N commands",
				Run:        cmdACLCat,
			},
			{
				Name: "deluser", Since: "6.0", Group: "server",
				Flags:      Admin | NoScript | Loading | Stale,
				Syntax:     "username...",
				Tips:       "request_policy:all_nodes response_policy:all_succeeded",
				Summary:    "Removes users and ends their connections.",
				Complexity: "O(1) for each user, and O(N) for N connections",
				Run:        cmdACLDeluser,
				Line:       &Line{Secrets: aclSecrets},
			},
			{
				Name: "dryrun", Since: "7.0", Group: "server",
				Flags:      Admin | NoScript | Loading | Stale,
				Syntax:     "username command [arg...]",
				Summary:    "Tells whether a user may run a command, without running it.",
				Complexity: "O(1)",
				Run:        cmdACLDryrun,
			},
			{
				Name: "genpass", Since: "6.0", Group: "server",
				Flags:      NoScript | Loading | Stale,
				Syntax:     "[bits:int]",
				Summary:    "Makes a password up.",
				Complexity: "O(1)",
				Run:        cmdACLGenpass,
			},
			{
				Name: "getuser", Since: "6.0", Group: "server",
				Flags:      Admin | NoScript | Loading | Stale,
				Syntax:     "username",
				Summary:    "Describes a user.",
				Complexity: "O(N) for N rules",
				History:    "6.2 patterns of channels; 7.0 selectors, and what keys may be used for",
				Run:        cmdACLGetuser,
				Line:       &Line{Secrets: aclSecrets},
			},
			{
				Name: "help", Since: "6.0", Group: "server",
				Flags:      Loading | Stale,
				Summary:    "Explains the subcommands.",
				Complexity: "O(1)",
				Run:        cmdHelp,
			},
			{
				Name: "list", Since: "6.0", Group: "server",
				Flags:      Admin | NoScript | Loading | Stale,
				Summary:    "Lists the users as a file of users holds them.",
				Complexity: "O(N) for N users",
				Run:        cmdACLList,
			},
			{
				Name: "load", Since: "6.0", Group: "server",
				Flags:      Admin | NoScript | Loading | Stale | Awaits,
				Summary:    "Reads the users from their file again.",
				Complexity: "O(N) for N users",
				Run:        cmdACLLoad,
			},
			{
				Name: "log", Since: "6.0", Group: "server",
				Flags:      Admin | NoScript | Loading | Stale,
				Syntax:     "[operation:(count:int|RESET)]",
				Summary:    "Lists what was denied of late, or forgets it.",
				Complexity: "O(N) for N entries",
				History:    "7.2 entry-id, timestamp-created and timestamp-last-updated",
				Run:        cmdACLLog,
			},
			{
				Name: "save", Since: "6.0", Group: "server",
				Flags:      Admin | NoScript | Loading | Stale,
				Tips:       "request_policy:all_nodes response_policy:all_succeeded",
				Summary:    "Writes the users to their file.",
				Complexity: "O(N) for N users",
				Run:        cmdACLSave,
			},
			{
				Name: "setuser", Since: "6.0", Group: "server",
				Flags:      Admin | NoScript | Loading | Stale,
				Syntax:     "username [rule...]",
				Tips:       "request_policy:all_nodes response_policy:all_succeeded",
				Summary:    "Makes a user, or changes it, by rules.",
				Complexity: "O(N) for N rules",
				History:    "6.2 patterns of channels; 7.0 selectors, and what keys may be used for",
				Run:        cmdACLSetuser,
				Line:       &Line{Secrets: aclSecrets},
			},
			{
				Name: "users", Since: "6.0", Group: "server",
				Flags:      Admin | NoScript | Loading | Stale,
				Summary:    "Lists the names of the users.",
				Complexity: "O(N) for N users",
				Run:        cmdACLUsers,
			},
			{
				Name: "whoami", Since: "6.0", Group: "server",
				Flags:      NoScript | Loading | Stale,
				Summary:    "Names the user of this connection.",
				Complexity: "O(1)",
				Run:        cmdACLWhoami,
			},
		},
	},
}

func cmdACLCat(c *Call) {
	switch len(c.Args) {
	case 2:
		at, n := c.ArrayLater(), 0
		for _, name := range categoryNames {
			if c.e.category([]byte(name)) != 0 {
				c.BulkString(name)
				n++
			}
		}
		c.ArrayEnd(at, '*', n)
	case 3:
		category := c.e.category(c.Args[2])
		if category == 0 {
			c.Error("ERR Unknown category '" + clip(c.Args[2], 128) + "'")
			return
		}
		c.listCommands(func(cmd *Command) bool { return cmd.categories()&category != 0 })
	default:
		c.Error(errSubcommandArity(c.Args))
	}
}

// cmdACLDeluser removes all of the users or, if one of them is "default", none.
func cmdACLDeluser(c *Call) {
	e := c.e
	for _, name := range c.Args[2:] {
		if string(name) == e.access.normal.Name {
			c.Error("ERR The 'default' user cannot be removed")
			return
		}
	}
	n := 0
	for _, name := range c.Args[2:] {
		if e.dropUser(string(name)) {
			n++
		}
	}
	c.Count(n)
}

func cmdACLDryrun(c *Call) {
	u := c.e.findUser(string(c.Args[2]))
	if u == nil {
		c.Error("ERR User '" + cText(c.Args[2]) + "' not found")
		return
	}
	args := c.Args[3:]
	cmd := c.e.lookupCommand(args)
	switch {
	case cmd == nil, cmd.lacksSub(args):
		c.Error("ERR Command '" + cText(args[0]) + "' not found")
		return
	case !c.e.arityFits(cmd, len(args)):
		c.Error(errArity(cmd))
		return
	}
	switch d, at := c.e.permits(u, cmd, args); d {
	case deniedNothing:
		c.OK()
	case deniedCommand:
		c.BulkString(errMayNotRun(u, cmd))
	default:
		c.BulkString("User " + u.Name + " has no permissions to access the '" + string(args[at]) +
			"' " + deniedNames[d])
	}
}

func cmdACLGenpass(c *Call) {
	bits := int64(256)
	switch len(c.Args) {
	case 2:
	case 3:
		var ok bool
		if bits, ok = c.ArgInt(2); !ok {
			return
		}
		if bits < 1 || bits > 4096 {
			c.Error("ERR ACL GENPASS argument must be the number of bits for the output password, " +
				"a positive number up to 4096")
			return
		}
	default:
		c.Error(errSubcommandArity(c.Args))
		return
	}
	secret := make([]byte, 0, 512)
	for int64(8*len(secret)) < bits {
		secret = append(secret, byte(c.e.random.Next()))
	}
	c.BulkString(sha1.Digits(secret)[:(bits+3)/4])
}

func cmdACLGetuser(c *Call) {
	u := c.e.findUser(string(c.Args[2]))
	if u == nil {
		c.Null()
		return
	}
	c.Map(6)
	c.BulkString("flags")
	flags := u.Flags()
	c.Set(len(flags))
	for _, flag := range flags {
		c.BulkString(flag)
	}
	c.BulkString("passwords")
	c.Array(len(u.Passwords))
	for _, sum := range u.Passwords {
		c.BulkString(sum)
	}
	c.selector(u.Selectors[0])
	c.BulkString("selectors")
	c.Array(len(u.Selectors) - 1)
	for _, s := range u.Selectors[1:] {
		c.Map(3)
		c.selector(s)
	}
}

// selector writes the three fields of a selector.
func (c *Call) selector(s *acl.Selector) {
	c.BulkString("commands")
	c.BulkString(s.Commands())
	c.BulkString("keys")
	c.BulkString(s.Keys())
	c.BulkString("channels")
	c.BulkString(s.Channels())
}

func cmdACLList(c *Call) {
	users := c.e.access.users
	c.Array(len(users))
	var line []byte
	for _, u := range users {
		line = u.AppendTo(line[:0])
		c.Bulk(line)
	}
}

func cmdACLUsers(c *Call) {
	users := c.e.access.users
	c.Array(len(users))
	for _, u := range users {
		c.BulkString(u.Name)
	}
}

func cmdACLWhoami(c *Call) { c.BulkString(c.conn.user.Name) }

// cmdACLSetuser changes a user by all of the rules or, if one of them is wrong, not at all.
func cmdACLSetuser(c *Call) {
	e, name := c.e, string(c.Args[2])
	if acl.HasSpaces(name) {
		c.Error("ERR Usernames can't contain spaces or null characters")
		return
	}
	words := make([]string, 0, len(c.Args)-3)
	for _, arg := range c.Args[3:] {
		words = append(words, string(arg))
	}
	rules, open := acl.Join(words)
	if open >= 0 {
		c.Error("ERR Unmatched parenthesis in acl selector starting at '" +
			cText([]byte(words[open])) + "'.")
		return
	}
	t := aclCommands{e}
	u := e.findUser(name)
	now := acl.New(name, t)
	if u != nil {
		now = u.Clone()
	}
	for _, rule := range rules {
		if problem := now.Apply(rule, t); problem != "" {
			c.Error("ERR Error in ACL SETUSER modifier '" + cText([]byte(rule)) + "': " + problem)
			return
		}
	}
	if u == nil {
		e.addUser(now)
	} else {
		e.changeUser(u, now)
	}
	c.OK()
}

func cmdACLLog(c *Call) {
	a := &c.e.access
	count := int64(10)
	switch {
	case len(c.Args) > 3:
		c.Error(errSubcommandArity(c.Args))
		return
	case len(c.Args) == 3 && is(c.Args[2], "reset"):
		c.e.forgetDenied()
		c.OK()
		return
	case len(c.Args) == 3:
		var ok bool
		if count, ok = c.ArgInt(2); !ok {
			return
		}
	}
	shown := a.denied[:max(0, min(count, int64(len(a.denied))))]
	c.Array(len(shown))
	for _, d := range shown {
		c.denial(d)
	}
}

// denial writes an entry of ACL LOG.
func (c *Call) denial(d *denial) {
	c.Map(10)
	c.BulkString("count")
	c.Int(d.count)
	for _, field := range [...][2]string{
		{"reason", deniedNames[d.reason]}, {"context", d.context}, {"object", d.object},
		{"username", d.username},
	} {
		c.BulkString(field[0])
		c.BulkString(field[1])
	}
	c.BulkString("age-seconds")
	c.Double(float64(c.Now()/1000-d.updated/1000) / 1000)
	c.BulkString("client-info")
	c.Bulk(d.client)
	c.BulkString("entry-id")
	c.Int(d.id)
	c.BulkString("timestamp-created")
	c.Int(int64(d.created) / 1000)
	c.BulkString("timestamp-last-updated")
	c.Int(int64(d.updated) / 1000)
}

const errNoACLFile = "ERR This Redis instance is not configured to use an ACL file. You may want " +
	"to specify users via the ACL SETUSER command and then issue a CONFIG REWRITE (assuming you " +
	"have a Redis configuration file set) in order to store users in the Redis configuration."

func cmdACLLoad(c *Call) {
	switch {
	case c.e.cfg.aclfile == "":
		c.Error(errNoACLFile)
	case c.mayBlock():
		waiter := c.block(nil, kindCount, Never, nil)
		c.e.loadUsers(func(problem string) {
			if !waiter.over() {
				c.e.unblockWithReply(waiter, func(c *Call) { c.usersLoaded(problem) })
			}
		})
	default: // in a transaction, which waits
		problem := ""
		m := &migration{e: c.e, deadline: Never}
		m.instead = func(c *Call) { c.usersLoaded(problem) }
		m.await(c)
		c.e.loadUsers(func(why string) { problem, m.over = why, true })
	}
}

func (c *Call) usersLoaded(problem string) {
	if problem == "" {
		c.OK()
		return
	}
	c.Error("ERR " + problem)
}

// cmdACLSave answers when the file is in its place; in a transaction nothing is said of a failure.
func cmdACLSave(c *Call) {
	e := c.e
	if e.cfg.aclfile == "" {
		c.Error(errNoACLFile)
		return
	}
	c.answerWhen(func(done func(string)) {
		e.saveUsers(func(failure string) {
			e.noteUnsaved(failure)
			done(failure)
		})
	}, func(c *Call, _ string) {
		c.Error("ERR There was an error trying to save the ACLs. Please check the server " +
			"logs for more information")
	})
}

// noteUnsaved tells the host why the users could not be saved.
func (e *Engine) noteUnsaved(failure string) {
	if failure != "" {
		e.log(logWarning, "Opening temp ACL file for ACL SAVE: "+failure)
	}
}

// aclSecrets are all of a user's names and rules.
func aclSecrets(args [][]byte) (hidden []int) {
	for i := 2; i < len(args); i++ {
		hidden = append(hidden, i)
	}
	return hidden
}
