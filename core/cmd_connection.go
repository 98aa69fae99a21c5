package core

import "github.com/redlet/redlet/core/internal/resp"

var connectionCommands = []Command{
	{
		Name: "ping", Since: "1.0", Group: "connection",
		Flags:      Fast | AllowSubscribed | DenyDiskError,
		Cats:       CatConnection,
		Syntax:     "[message]",
		Tips:       "request_policy:all_shards response_policy:all_succeeded",
		Summary:    "Answers, to show that the server is there.",
		Complexity: "O(1)",
		Run:        cmdPing,
	},
	{
		Name: "echo", Since: "1.0", Group: "connection",
		Flags:      Loading | Stale | Fast,
		Cats:       CatConnection,
		Syntax:     "message",
		Summary:    "Gives back its argument.",
		Complexity: "O(1)",
		Run:        cmdEcho,
	},
	{
		Name: "select", Since: "1.0", Group: "connection",
		Flags:      Loading | Stale | Fast | SelectsDB,
		Cats:       CatConnection,
		Syntax:     "index:int",
		Summary:    "Changes the database that this connection uses.",
		Complexity: "O(1)",
		Run:        cmdSelect,
	},
	{
		Name: "auth", Since: "1.0", Group: "connection",
		Flags:      NoScript | Loading | Stale | Fast | NoAuth | AllowBusy,
		Cats:       CatConnection,
		Syntax:     "[username^6.0] password",
		Summary:    "Says who this connection is.",
		Complexity: "O(N) for a user with N passwords",
		History:    "6.0 user name",
		Run:        cmdAuth,
		Line:       &Line{Secrets: authSecrets},
	},
	{
		Name: "hello", Since: "6.0", Group: "connection",
		Flags:      NoScript | Loading | Stale | Fast | NoAuth | AllowBusy,
		Cats:       CatConnection,
		Syntax:     "[arguments:{protover:int [AUTH {username password}] [SETNAME clientname]}]",
		Summary:    "Chooses the protocol version, and may authenticate and name the connection.",
		Complexity: "O(1)",
		History:    "6.2 without arguments",
		Run:        cmdHello,
		Line:       &Line{Secrets: helloSecrets},
	},
	{
		Name: "reset", Since: "6.2", Group: "connection",
		Flags: NoScript | Loading | Stale | Fast | NoAuth | AllowBusy | AllowSubscribed |
			NotQueued,
		Cats:       CatConnection,
		Summary:    "Puts this connection back to the state in which it began.",
		Complexity: "O(1)",
		Run:        cmdReset,
	},
	{
		Name: "quit", Since: "1.0", Group: "connection",
		Flags: NoScript | Loading | Stale | Fast | NoAuth | AllowBusy | AllowSubscribed |
			NotQueued,
		Cats:       CatConnection,
		Arity:      -1,
		Summary:    "Closes this connection.",
		Complexity: "O(1)",
		Deprecated: &Deprecation{"7.2", "just closing the connection"},
		Run:        cmdQuit,
	},
}

func cmdPing(c *Call) {
	if len(c.Args) > 2 {
		c.Error(errArity(c.cmd))
		return
	}
	if c.conn.has(connSubscribed) && !c.RESP3 {
		c.Array(2)
		c.BulkString("pong")
		if len(c.Args) == 2 {
			c.Bulk(c.Args[1])
		} else {
			c.Bulk(nil)
		}
		return
	}
	if len(c.Args) == 2 {
		c.Bulk(c.Args[1])
		return
	}
	c.Status("PONG")
}

func cmdEcho(c *Call) { c.Bulk(c.Args[1]) }

func cmdSelect(c *Call) {
	n, ok := c.argInt32(1, "")
	if !ok {
		return
	}
	if n != 0 && c.refusedInCluster() {
		return
	}
	if d, ok := c.dbAt(n); ok {
		c.conn.db = d
		c.OK()
	}
}

const errWrongPass = "WRONGPASS invalid username-password pair or user is disabled."

func cmdAuth(c *Call) {
	if len(c.Args) > 3 {
		c.Error(ErrSyntax)
		return
	}
	user, pass := []byte("default"), c.Args[len(c.Args)-1]
	if len(c.Args) == 3 {
		user = c.Args[1]
	} else if c.e.access.normal.NoPass {
		c.Error("ERR AUTH <password> called without any password configured for the default " +
			"user. Are you sure your configuration is correct?")
		return
	}
	if c.authenticate(user, pass) {
		c.OK()
	} else {
		c.wrongPass()
	}
}

// authSecrets are the name and the password.
func authSecrets(args [][]byte) []int {
	switch len(args) {
	case 2:
		return []int{1}
	case 3:
		return []int{1, 2}
	}
	return nil
}

// helloSecrets are the name and the password, as far as HELLO reads its options.
func helloSecrets(args [][]byte) (hidden []int) {
	if len(args) > 1 && string(args[1]) != "2" && string(args[1]) != "3" {
		return nil
	}
	for i := 2; i < len(args); i++ {
		left := len(args) - 1 - i
		switch {
		case is(args[i], "auth") && left >= 2:
			hidden = append(hidden, i+1, i+2)
			i += 2
		case is(args[i], "setname") && left >= 1 && validName(args[i+1]):
			i++
		default:
			return hidden
		}
	}
	return hidden
}

// wrongPass refuses a name and password. Redis says so only to a client for whom no other reply
// waits to be sent: behind another command of the same write, or in a transaction, a wrong
// password has no reply at all. What was announced to the host is as good as sent.
func (c *Call) wrongPass() {
	cl := c.conn
	if waits := cl.w.Len() > 0; !waits || cl.announced && !cl.has(connExec) {
		c.Error(errWrongPass)
	}
}

func cmdHello(c *Call) {
	version, next := 2, 1
	if c.RESP3 {
		version = 3
	}
	if len(c.Args) > 1 {
		n, ok := resp.Int(c.Args[1])
		if !ok {
			c.Error("ERR Protocol version is not an integer or out of range")
			return
		}
		if n < 2 || n > 3 {
			c.Error("NOPROTO unsupported protocol version")
			return
		}
		version, next = int(n), 2
	}
	var user, pass, name []byte
	named := false
	for i := next; i < len(c.Args); i++ {
		left := len(c.Args) - 1 - i
		switch {
		case is(c.Args[i], "auth") && left >= 2:
			user, pass = c.Args[i+1], c.Args[i+2]
			i += 2
		case is(c.Args[i], "setname") && left >= 1:
			i++
			name, named = c.Args[i], true
			if !validName(name) {
				c.Error(errClientName)
				return
			}
		default:
			c.Error("ERR Syntax error in HELLO option '" + string(c.Args[i]) + "'")
			return
		}
	}
	if user != nil && !c.authenticate(user, pass) {
		c.wrongPass()
		return
	}
	if c.conn.has(connUnauthenticated) {
		c.Error("NOAUTH HELLO must be called with the client already authenticated, otherwise " +
			"the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client " +
			"and select the RESP protocol version at the same time")
		return
	}
	if named && !c.setName(name) {
		return
	}
	c.RESP3 = version == 3
	c.greet(version)
}

// greet writes HELLO's reply.
func (c *Call) greet(version int) {
	c.Map(7)
	c.BulkString("server")
	c.BulkString("redis")
	c.BulkString("version")
	c.BulkString(c.e.Version())
	c.BulkString("proto")
	c.Int(int64(version))
	c.BulkString("id")
	c.Int(int64(c.conn.id))
	c.BulkString("mode")
	c.BulkString(c.e.mode())
	c.BulkString("role")
	if c.e.master != nil {
		c.BulkString("replica")
	} else {
		c.BulkString("master")
	}
	c.BulkString("modules")
	c.modules()
}

func cmdReset(c *Call) {
	cl := c.conn
	c.e.discard(cl)
	c.e.unsubscribeAll(cl)
	c.e.disableTracking(cl)
	c.e.unmonitor(cl)
	cl.db = c.e.dbs[0]
	cl.w.RESP3 = cl.peer.Own
	c.e.greetGuest(cl)
	cl.name, cl.noEvict, cl.noTouch = nil, false, false
	cl.readOnly, cl.asking = false, 0
	c.e.forgetFieldsets(cl)
	cl.flags &^= connReplyOff
	c.Status("RESET")
}

func cmdQuit(c *Call) {
	c.OK()
	c.e.hangup(c.conn)
}

const errClientName = "ERR Client names cannot contain spaces, newlines or special characters."

// validName reports whether a client's name is of printable characters without spaces. It is looked
// at as a string of C: up to a NUL.
func validName(name []byte) bool {
	for _, b := range name {
		if b == 0 {
			break
		}
		if b < '!' || b > '~' {
			return false
		}
	}
	return true
}
