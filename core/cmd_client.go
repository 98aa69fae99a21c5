package core

import (
	"math"

	"github.com/redlet/redlet/core/internal/acl"
	"github.com/redlet/redlet/core/internal/resp"
	"github.com/redlet/redlet/core/internal/small"
)

var clientCommands = []Command{
	{
		Name: "client", Since: "2.4", Group: "connection",
		Summary:    "Groups the commands about connections.",
		Complexity: "that of the subcommand",
		Sub: []Command{
			{
				Name: "caching", Since: "6.0", Group: "connection",
				Flags:      NoScript | Loading | Stale | KeepsCaching,
				Cats:       CatConnection,
				Syntax:     "mode:(YES|NO)",
				Summary:    "Says whether the keys that the next command reads are tracked.",
				Complexity: "O(1)",
				Run:        cmdClientCaching,
			},
			{
				Name: "getname", Since: "2.6.9", Group: "connection",
				Flags:      NoScript | Loading | Stale | KeepsCaching,
				Cats:       CatConnection,
				Summary:    "Gives the name of this connection.",
				Complexity: "O(1)",
				Run:        cmdClientGetname,
			},
			{
				Name: "getredir", Since: "6.0", Group: "connection",
				Flags:      NoScript | Loading | Stale | KeepsCaching,
				Cats:       CatConnection,
				Summary:    "Gives the id of the connection that is told of tracked keys.",
				Complexity: "O(1)",
				Run:        cmdClientGetredir,
			},
			{
				Name: "help", Since: "5.0", Group: "connection",
				Flags:      Loading | Stale | KeepsCaching,
				Cats:       CatConnection,
				Summary:    "Explains the subcommands.",
				Complexity: "O(1)",
				Run:        cmdHelp,
			},
			{
				Name: "id", Since: "5.0", Group: "connection",
				Flags:      NoScript | Loading | Stale | KeepsCaching,
				Cats:       CatConnection,
				Summary:    "Gives the id of this connection.",
				Complexity: "O(1)",
				Run:        cmdClientId,
			},
			{
				Name: "info", Since: "6.2", Group: "connection",
				Flags:      NoScript | Loading | Stale | KeepsCaching,
				Cats:       CatConnection,
				Tips:       "nondeterministic_output",
				Summary:    "Describes this connection.",
				Complexity: "O(1)",
				Run:        cmdClientInfo,
			},
			{
				Name: "kill", Since: "2.4", Group: "connection",
				Flags: Admin | NoScript | Loading | Stale | KeepsCaching,
				Cats:  CatConnection,
				Syntax: `filter:(old-format"ip:port"!2.8.12|new-format:([ID ` +
					"client-id:int^2.8.12]|[TYPE " +
					"client-type:(NORMAL|MASTER^3.2|SLAVE|REPLICA^5.0|PUBSUB)^2.8.12]|[USER " +
					`username]|[ADDR addr"ip:port"]|[LADDR laddr"ip:port"^6.2]|[SKIPME ` +
					"(YES|NO)]|[MAXAGE maxage:int^7.4])...)",
				Arity:      -3,
				Summary:    "Closes connections.",
				Complexity: "O(N) for N connections",
				History: "2.8.12 filters; 2.8.12 ID; 3.2 TYPE master; 5.0 TYPE replica as " +
					"well as slave; 6.2 LADDR; 7.4 MAXAGE",
				Run: cmdClientKill,
			},
			{
				Name: "list", Since: "2.4", Group: "connection",
				Flags: Admin | NoScript | Loading | Stale | KeepsCaching,
				Cats:  CatConnection,
				Syntax: "[TYPE client-type:(NORMAL|MASTER|REPLICA|PUBSUB)^5.0] [ID " +
					"client-id:int^6.2...]",
				Tips:       "nondeterministic_output",
				Summary:    "Describes the open connections.",
				Complexity: "O(N) for N connections",
				History: "2.8.12 id; 5.0 TYPE; 6.0 user; 6.2 argv-mem, tot-mem, laddr, " +
					"redir and ID; 7.0 resp, multi-mem, rbs and rbp; 7.0.3 ssub; 7.2 lib-name " +
					"and lib-ver; 7.4 watch; 8.0 io-thread",
				Run: cmdClientList,
			},
			{
				Name: "no-evict", Since: "7.0", Group: "connection",
				Flags:      Admin | NoScript | Loading | Stale | KeepsCaching,
				Cats:       CatConnection,
				Syntax:     "enabled:(ON|OFF)",
				Summary:    "Keeps this connection from being closed to save memory.",
				Complexity: "O(1)",
				Run:        cmdClientNoEvict,
			},
			{
				Name: "no-touch", Since: "7.2", Group: "connection",
				Flags:      NoScript | Loading | Stale | KeepsCaching,
				Cats:       CatConnection,
				Syntax:     "enabled:(ON|OFF)",
				Summary:    "Keeps this connection's commands from marking keys as used.",
				Complexity: "O(1)",
				Run:        cmdClientNoTouch,
			},
			{
				Name: "pause", Since: "3.0", Group: "connection",
				Flags:      Admin | NoScript | Loading | Stale | KeepsCaching,
				Cats:       CatConnection,
				Syntax:     "timeout:int [mode:(WRITE|ALL)^6.2]",
				Summary:    "Holds back the commands of all clients for a time.",
				Complexity: "O(1)",
				History:    "6.2 WRITE and ALL",
				Run:        cmdClientPause,
			},
			{
				Name: "reply", Since: "3.2", Group: "connection",
				Flags:      NoScript | Loading | Stale | KeepsCaching,
				Cats:       CatConnection,
				Syntax:     "action:(ON|OFF|SKIP)",
				Summary:    "Says whether commands are to be answered.",
				Complexity: "O(1)",
				Run:        cmdClientReply,
			},
			{
				Name: "setinfo", Since: "7.2", Group: "connection",
				Flags:      NoScript | Loading | Stale,
				Cats:       CatConnection,
				Syntax:     "attr:(LIB-NAME libname|LIB-VER libver)",
				Tips:       "request_policy:all_nodes response_policy:all_succeeded",
				Summary:    "Notes the name or version of the client library.",
				Complexity: "O(1)",
				Run:        cmdClientSetinfo,
			},
			{
				Name: "setname", Since: "2.6.9", Group: "connection",
				Flags:      NoScript | Loading | Stale | KeepsCaching,
				Cats:       CatConnection,
				Syntax:     "connection-name",
				Tips:       "request_policy:all_nodes response_policy:all_succeeded",
				Summary:    "Names this connection.",
				Complexity: "O(1)",
				Run:        cmdClientSetname,
			},
			{
				Name: "tracking", Since: "6.0", Group: "connection",
				Flags: NoScript | Loading | Stale | KeepsCaching | Keeps,
				Cats:  CatConnection,
				Syntax: "status:(ON|OFF) [REDIRECT client-id:int] [PREFIX prefix:string+...] " +
					"[BCAST] [OPTIN] [OPTOUT] [NOLOOP]",
				Summary: "Has this connection told when keys change that it has read, " +
					"so that it can keep their values.",
				Complexity: "O(1); O(N) for N prefixes",
				Run:        cmdClientTracking,
			},
			{
				Name: "trackinginfo", Since: "6.2", Group: "connection",
				Flags:      NoScript | Loading | Stale | KeepsCaching,
				Cats:       CatConnection,
				Summary:    "Tells how this connection tracks keys.",
				Complexity: "O(1)",
				Run:        cmdClientTrackinginfo,
			},
			{
				Name: "unblock", Since: "5.0", Group: "connection",
				Flags:      Admin | NoScript | Loading | Stale | KeepsCaching,
				Cats:       CatConnection,
				Syntax:     "client-id:int [unblock-type:(TIMEOUT|ERROR)]",
				Summary:    "Ends the waiting of a blocked connection.",
				Complexity: "O(log(N)) for N connections",
				Run:        cmdClientUnblock,
			},
			{
				Name: "unpause", Since: "6.2", Group: "connection",
				Flags:      Admin | NoScript | Loading | Stale | KeepsCaching,
				Cats:       CatConnection,
				Summary:    "Lets paused clients go on.",
				Complexity: "O(N) for N paused clients",
				Run:        cmdClientUnpause,
			},
		},
	},
}

func cmdClientId(c *Call) { c.Int(int64(c.conn.id)) }

func cmdClientGetname(c *Call) {
	if c.conn.name == nil {
		c.Null()
		return
	}
	c.Bulk(c.conn.name)
}

func cmdClientSetname(c *Call) {
	if c.setName(c.Args[2]) {
		c.OK()
	}
}

// setName gives the connection a name; an empty one takes it away.
func (c *Call) setName(name []byte) bool {
	if !validName(name) {
		c.Error(errClientName)
		return false
	}
	c.conn.name = nil
	if len(name) > 0 {
		c.conn.name = small.Clone(name)
	}
	return true
}

func cmdClientSetinfo(c *Call) {
	var field *[]byte
	switch {
	case is(c.Args[2], "lib-name"):
		field = &c.conn.libName
	case is(c.Args[2], "lib-ver"):
		field = &c.conn.libVer
	default:
		c.Error("ERR Unrecognized option '" + string(c.Args[2]) + "'")
		return
	}
	if !validName(c.Args[3]) {
		c.Error("ERR " + string(c.Args[2]) +
			" cannot contain spaces, newlines or special characters.")
		return
	}
	*field = small.Clone(c.Args[3])
	c.OK()
}

func cmdClientReply(c *Call) {
	switch {
	case is(c.Args[2], "on"):
		c.conn.flags &^= connSilent
		c.OK()
	case is(c.Args[2], "off"):
		c.conn.flags |= connReplyOff
	case is(c.Args[2], "skip"):
		if !c.conn.has(connReplyOff) {
			c.conn.flags |= connReplySkipNext
		}
	default:
		c.Error(ErrSyntax)
	}
}

func cmdClientNoEvict(c *Call) { c.onOff(&c.conn.noEvict) }
func cmdClientNoTouch(c *Call) { c.onOff(&c.conn.noTouch) }

// onOff sets a flag to what argument 2 says.
func (c *Call) onOff(flag *bool) {
	on := is(c.Args[2], "on")
	if !on && !is(c.Args[2], "off") {
		c.Error(ErrSyntax)
		return
	}
	*flag = on
	c.OK()
}

func cmdClientPause(c *Call) {
	if len(c.Args) > 4 {
		c.Error(errSubcommandArity(c.Args))
		return
	}
	all := true
	if len(c.Args) == 4 {
		all = is(c.Args[3], "all")
		if !all && !is(c.Args[3], "write") {
			c.Error("ERR CLIENT PAUSE mode must be WRITE or ALL")
			return
		}
	}
	until, ok := c.argMilliseconds(2)
	if !ok {
		return
	}
	if until == Never { // a pause of 0 milliseconds
		until = c.Now()
	}
	c.e.pauseUntil(until, all)
	c.OK()
}

func cmdClientUnpause(c *Call) {
	c.e.unpause()
	c.OK()
}

func cmdClientUnblock(c *Call) {
	if len(c.Args) > 4 {
		c.Error(errSubcommandArity(c.Args))
		return
	}
	fail := false
	if len(c.Args) == 4 {
		if fail = is(c.Args[3], "error"); !fail && !is(c.Args[3], "timeout") {
			c.Error("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR")
			return
		}
	}
	id, ok := c.ArgInt(2)
	if !ok {
		return
	}
	cl := c.e.connOf(id)
	if cl == nil || cl.blocked == nil || cl.blocked.timeout == nil {
		c.Int(0)
		return
	}
	reply := cl.blocked.timeout
	if fail {
		reply = func(c *Call) { c.Error("UNBLOCKED client unblocked via CLIENT UNBLOCK") }
	}
	c.e.unblockWithReply(cl.blocked, reply)
	c.Int(1)
}

// connOf finds a connection by the id that a client names.
func (e *Engine) connOf(id int64) *conn {
	if id < 0 || id > math.MaxUint32 {
		return nil
	}
	return e.conns[ConnID(id)]
}

// killFilter says which connections CLIENT KILL ends; what is zero does not matter.
type killFilter struct {
	id          int64
	class       connClass
	addr, laddr []byte
	age         int64 // in seconds, at least
	user        *acl.User
	keepMe      bool
}

func (k *killFilter) matches(cl *conn, c *Call) bool {
	switch {
	case cl.has(connClosing) && cl != c.conn,
		k.id != 0 && int64(cl.id) != k.id,
		k.class != classAny && cl.class() != k.class,
		k.addr != nil && string(k.addr) != cl.peer.Addr,
		k.laddr != nil && string(k.laddr) != cl.peer.Laddr,
		k.age != 0 && int64(c.Now()-cl.created)/1e6 < k.age,
		k.user != nil && cl.user != k.user,
		k.keepMe && cl == c.conn:
		return false
	}
	return true
}

func cmdClientKill(c *Call) {
	if len(c.Args) == 3 {
		k := killFilter{addr: c.Args[2]}
		if c.kill(&k) == 0 {
			c.Error("ERR No such client")
			return
		}
		c.OK()
		return
	}
	k, ok := c.killFilter()
	if ok {
		c.Count(c.kill(&k))
	}
}

func (c *Call) killFilter() (k killFilter, ok bool) {
	k.keepMe = true
	for i := 2; i < len(c.Args); i += 2 {
		if i+1 == len(c.Args) {
			c.Error(ErrSyntax)
			return k, false
		}
		arg := c.Args[i+1]
		switch {
		case is(c.Args[i], "id"):
			k.id, ok = resp.Int(arg)
			if !ok || k.id < 1 {
				c.Error("ERR client-id should be greater than 0")
				return k, false
			}
		case is(c.Args[i], "type"):
			if k.class, ok = c.argClass(i + 1); !ok {
				return k, false
			}
		case is(c.Args[i], "addr"):
			k.addr = arg
		case is(c.Args[i], "laddr"):
			k.laddr = arg
		case is(c.Args[i], "user"):
			if k.user = c.e.findUser(string(arg)); k.user == nil {
				c.Error("ERR No such user '" + string(arg) + "'")
				return k, false
			}
		case is(c.Args[i], "skipme") && (is(arg, "yes") || is(arg, "no")):
			k.keepMe = is(arg, "yes")
		case is(c.Args[i], "maxage"):
			if k.age, ok = c.argIntOr(i+1, "ERR maxage is not an integer or out of range"); !ok {
				return k, false
			}
			if k.age <= 0 {
				c.Error("ERR maxage should be greater than 0")
				return k, false
			}
		default:
			c.Error(ErrSyntax)
			return k, false
		}
	}
	return k, true
}

// kill hangs up the connections that a filter matches and returns how many there were.
func (c *Call) kill(k *killFilter) int {
	n := 0
	for _, cl := range c.e.listedConns() {
		if !k.matches(cl, c) {
			continue
		}
		if cl != c.conn {
			cl.w.Reset()
		}
		c.e.hangup(cl)
		n++
	}
	return n
}

// connClass is what CLIENT LIST and KILL call the type of a client.
type connClass uint8

const (
	classAny connClass = iota
	classNormal
	classPubSub
	classReplica
	classMaster
)

func (cl *conn) class() connClass {
	switch {
	case cl.link != nil:
		return classMaster
	case cl.has(connReplica):
		return classReplica
	case cl.has(connSubscribed):
		return classPubSub
	}
	return classNormal
}

// argClass reads argument i as the type of a client.
func (c *Call) argClass(i int) (connClass, bool) {
	switch arg := c.Args[i]; {
	case is(arg, "normal"):
		return classNormal, true
	case is(arg, "pubsub"):
		return classPubSub, true
	case is(arg, "replica"), is(arg, "slave"):
		return classReplica, true
	case is(arg, "master"):
		return classMaster, true
	}
	c.Error("ERR Unknown client type '" + string(c.Args[i]) + "'")
	return classAny, false
}

// listedConns are the connections that CLIENT LIST shows: the clients, and the link to a master.
func (e *Engine) listedConns() []*conn {
	all := e.connsByID()
	if m := e.master; m != nil && m.state == linkUp {
		i := 0
		for i < len(all) && all[i].id < m.conn.id {
			i++
		}
		all = small.Insert(all, i, m.conn)
	}
	return all
}

func cmdClientInfo(c *Call) {
	c.Verbatim("txt", string(append(c.describe(nil, c.conn), '\n')))
}

func cmdClientList(c *Call) {
	class := classAny
	switch {
	case len(c.Args) == 2:
	case len(c.Args) == 4 && is(c.Args[2], "type"):
		var ok bool
		if class, ok = c.argClass(3); !ok {
			return
		}
	case len(c.Args) > 3 && is(c.Args[2], "id"):
		c.listByID()
		return
	default:
		c.Error(ErrSyntax)
		return
	}
	var out []byte
	for _, cl := range c.e.listedConns() {
		if class == classAny || cl.class() == class {
			out = append(c.describe(out, cl), '\n')
		}
	}
	c.Verbatim("txt", string(out))
}

// listByID is CLIENT LIST with the word ID: a line for each id of a client, as often as it is asked
// for.
func (c *Call) listByID() {
	var out []byte
	for i := 3; i < len(c.Args); i++ {
		id, ok := c.argIntOr(i, "ERR Invalid client ID")
		if !ok {
			return
		}
		if cap(out)-len(out) < 1<<10 && !c.roomFor(2*int64(cap(out))) { // it is about to grow
			return
		}
		if cl := c.e.listedConn(id); cl != nil {
			out = append(c.describe(out, cl), '\n')
		}
	}
	c.Verbatim("txt", string(out))
}

// listedConn is the one of listedConns that has an id, nil if none has.
func (e *Engine) listedConn(id int64) *conn {
	cl := e.conn(ConnID(id))
	if cl == nil || int64(cl.id) != id {
		return nil
	}
	if m := e.master; cl.link != nil && (m == nil || cl != m.conn || m.state != linkUp) {
		return nil
	}
	return cl
}

// letters are the flags that CLIENT LIST shows of a connection.
func (cl *conn) letters() string {
	var out []byte
	t := cl.tracking
	if t == nil {
		t = &clientTracking{}
	}
	for _, f := range [...]struct {
		on     bool
		letter byte
	}{
		{cl.has(connMonitor), 'O'}, {cl.has(connReplica), 'S'}, {cl.link != nil, 'M'},
		{cl.has(connSubscribed), 'P'}, {cl.has(connMulti), 'x'},
		{cl.has(connBlocked | connPostponed), 'b'},
		{t.on, 't'}, {t.broken, 'R'}, {t.bcast, 'B'},
		{cl.readOnly, 'r'},
		{cl.dirtyCAS, 'd'}, {cl.has(connClosing), 'c'}, {cl.peer.Unix, 'U'}, {cl.noEvict, 'e'},
		{cl.noTouch, 'T'},
	} {
		if f.on {
			out = append(out, f.letter)
		}
	}
	if out == nil {
		return "N"
	}
	return string(out)
}

// Redis reads into buffers of this size and shows what is free of them.
const queryBufferSize = 20474

// inputOf is how much of a connection's input has not become arguments yet, how long the arguments
// are of the command that it runs, waits for or is sending, and how much there is room for besides.
func (c *Call) inputOf(cl *conn) (query, args, more int64) {
	switch query = int64(len(cl.in)); {
	case cl == c.conn:
		return query + int64(cl.request), argBytes(c.Args), 0
	case cl.blocked != nil:
		return query, argBytes(cl.blocked.args), 0
	}
	return cl.underWay()
}

// describe appends the line that CLIENT LIST shows of a connection.
func (c *Call) describe(out []byte, cl *conn) []byte {
	w := clientLine{out}
	queued := int64(-1)
	if cl.has(connMulti) {
		queued = int64(len(cl.queue))
	}
	query, argMem, more := c.inputOf(cl)
	free := more
	if query > 0 { // those that have sent nothing share one buffer
		free = max(more, queryBufferSize-query)
	}
	name := ""
	if cl.lastCmd != nil {
		name = cl.lastCmd.full()
	} else {
		name = "NULL"
	}
	version := int64(2)
	if cl.w.RESP3 {
		version = 3
	}
	w.number("id", int64(cl.id))
	w.text("addr", cl.peer.Addr)
	w.text("laddr", cl.peer.Laddr)
	w.number("fd", int64(cl.peer.FD))
	w.text("name", cText(cl.name))
	w.number("age", int64(c.Now()-cl.created)/1e6)
	w.number("idle", int64(c.Now()-cl.lastInput)/1e6)
	w.text("flags", cl.letters())
	w.number("db", int64(cl.db.id))
	w.number("sub", int64(cl.subs[subChannel].Len()))
	w.number("psub", int64(cl.subs[subPattern].Len()))
	w.number("ssub", int64(cl.subs[subShard].Len()))
	w.number("multi", queued)
	w.number("watch", int64(cl.watches()))
	w.number("qbuf", query)
	w.number("qbuf-free", free)
	w.number("argv-mem", argMem)
	w.number("multi-mem", cl.queueBytes)
	static, nodes, listed := outputBytes(int64(cl.w.Len()))
	buffer := c.e.replyBufferOf(cl)
	w.number("rbs", int64(buffer.size))
	w.number("rbp", int64(buffer.peak))
	w.number("obl", static)
	w.number("oll", nodes)
	w.number("omem", listed)
	w.number("tot-mem", cl.bytes()-int64(len(cl.in))+query+argMem+more)
	w.text("events", "r")
	w.text("cmd", name)
	w.text("user", cl.userName())
	w.number("redir", cl.redirection())
	w.number("resp", version)
	w.text("lib-name", cText(cl.libName))
	w.text("lib-ver", cText(cl.libVer))
	w.number("io-thread", 0)
	return w.b
}

// clientLine is the line about a client under way. With its two inlined in their 55 places it would
// take 50 KB of the guest.
type clientLine struct{ b []byte }

// text appends ` name=value`, without the blank at the start of a line.
//
//go:noinline
func (w *clientLine) text(name, value string) {
	if len(w.b) > 0 && w.b[len(w.b)-1] != '\n' {
		w.b = append(w.b, ' ')
	}
	w.b = append(append(append(w.b, name...), '='), value...)
}

//go:noinline
func (w *clientLine) number(name string, n int64) { w.text(name, itoa(n)) }

// userName is whose permissions a connection has. A master has all.
func (cl *conn) userName() string {
	if cl.link != nil {
		return "(superuser)"
	}
	return cl.user.Name
}

// queuedBytes is what Redis counts for each queued command besides its arguments.
const queuedBytes = 16

func argBytes(args [][]byte) int64 {
	n := int64(0)
	for _, arg := range args {
		n += int64(len(arg))
	}
	return n
}
