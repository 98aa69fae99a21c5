package core

import (
	"slices"
	"strings"

	"github.com/redlet/redlet/core/internal/acl"
	"github.com/redlet/redlet/core/internal/small"
)

// access is who may do what.
type access struct {
	users  []*acl.User // by their names
	normal *acl.User   // "default", whom everybody is who has not said otherwise
	denied []*denial   // what ACL LOG tells, the latest first
	count  int64       // of denials that were told apart so far
	keys   []KeyAt     // of a command that is looked at; reused
}

// denial is one entry of ACL LOG.
type denial struct {
	id               int64
	count            int64
	reason           denied
	context          string
	object, username string
	client           []byte
	created, updated Time
}

// denied says what a user lacks for a command. What stands behind is more telling.
type denied uint8

const (
	deniedNothing denied = iota
	deniedCommand
	deniedKey
	deniedAuth
	deniedChannel
	deniedReasons
)

// deniedNames are the reasons as ACL LOG gives them.
var deniedNames = [deniedReasons]string{"", "command", "key", "auth", "channel"}

// aclCommands is the engine's table as rules see it.
type aclCommands struct{ e *Engine }

// Count implements acl.Commands.
func (t aclCommands) Count() int { return len(t.e.table.all) }

// Find implements acl.Commands.
func (t aclCommands) Find(name string) (acl.Command, bool) {
	cmd := t.e.byFullNameIn([]byte(name), t.e.lookupOwn)
	if cmd == nil || cmd.Flags&Internal != 0 {
		return acl.Command{}, false
	}
	return acl.Command{Index: int(cmd.index), Subs: len(cmd.Sub), Sub: cmd.words() > 1}, true
}

// Category implements acl.Commands.
func (t aclCommands) Category(name string) uint32 { return uint32(t.e.category([]byte(name))) }

// Categories implements acl.Commands.
func (t aclCommands) Categories(i int) uint32 { return uint32(t.e.table.all[i].categories()) }

// Subs implements acl.Commands.
func (t aclCommands) Subs(i int) int { return len(t.e.table.all[i].Sub) }

// AllChannels implements acl.Commands.
func (t aclCommands) AllChannels() bool { return t.e.cfg.aclAllChannels }

// findUser returns the user of a name, or nil.
//
//go:noinline
func (e *Engine) findUser(name string) *acl.User {
	if i, there := e.userPlace(name); there {
		return e.access.users[i]
	}
	return nil
}

func (e *Engine) userPlace(name string) (int, bool) {
	return slices.BinarySearchFunc(e.access.users, name, func(u *acl.User, name string) int {
		return strings.Compare(u.Name, name)
	})
}

// dropUser forgets a user and ends its connections. It reports false if there is none.
func (e *Engine) dropUser(name string) bool {
	i, there := e.userPlace(name)
	if !there {
		return false
	}
	u := e.access.users[i]
	e.access.users = small.Delete(e.access.users, i, i+1)
	for _, cl := range e.connsByID() {
		if cl.user == u {
			e.expel(cl)
		}
	}
	return true
}

// addUser adds a user of a new name.
func (e *Engine) addUser(u *acl.User) {
	i, _ := e.userPlace(u.Name)
	e.access.users = small.Insert(e.access.users, i, u)
}

// userChanged has the connections of a user go by what it is now.
func (e *Engine) userChanged(u *acl.User) {
	for _, cl := range e.connsByID() {
		if cl.user == u {
			e.identify(cl, u)
		}
	}
	if u == e.access.normal {
		for _, cl := range e.connsByID() {
			e.askWho(cl)
		}
	}
}

// identify makes a connection that of a user.
//
//go:noinline
func (e *Engine) identify(cl *conn, u *acl.User) {
	cl.user = u
	free := u.Unrestricted() || cl.peer.Own && u == e.access.normal
	cl.flags.set(connRestricted, !free)
}

// greetGuest makes a connection that of somebody who has not said yet who it is.
func (e *Engine) greetGuest(cl *conn) {
	cl.authenticated, cl.guest = false, !e.mustAuthenticate()
	e.identify(cl, e.access.normal)
	e.askWho(cl)
}

// askWho notes whether a connection has yet to say who it is.
//
//go:noinline
func (e *Engine) askWho(cl *conn) {
	asks := !cl.authenticated && !cl.guest && !cl.peer.Own && e.mustAuthenticate()
	cl.flags.set(connUnauthenticated, asks)
}

// orderGuests has those who came in while no password was needed say who they are.
func (e *Engine) orderGuests() {
	for _, cl := range e.connsByID() {
		cl.guest = false
		e.askWho(cl)
	}
}

// mustAuthenticate tells whether nobody is let in without a password.
func (e *Engine) mustAuthenticate() bool {
	u := e.access.normal
	return !u.NoPass || !u.On
}

// expel ends a connection whose user may no longer use it.
func (e *Engine) expel(cl *conn) {
	cl.authenticated, cl.guest = false, false
	e.identify(cl, e.access.normal)
	e.hangup(cl)
}

// authenticate makes the connection that of a user, if the password is right.
func (c *Call) authenticate(name, password []byte) bool {
	u := c.e.findUser(string(name))
	if u == nil || !u.On || !u.Knows(password) {
		c.e.deny(c.conn, deniedAuth, contextOf(c.conn), string(c.Args[0]), string(name))
		return false
	}
	c.conn.authenticated = true
	c.e.identify(c.conn, u)
	c.e.askWho(c.conn)
	return true
}

// contextOf is where a command of a connection runs, or would, as ACL LOG says it.
func contextOf(cl *conn) string {
	switch {
	case cl.has(connScript):
		return "lua"
	case cl.has(connMulti | connExec):
		return "multi"
	}
	return "toplevel"
}

// permits tells whether a user may run a command line; if not, what is denied, and in which
// argument.
func (e *Engine) permits(u *acl.User, cmd *Command, args [][]byte) (d denied, at int) {
	var keys []KeyAt
	known := false
	for _, s := range u.Selectors {
		if !s.AllCommands && cmd.Flags&NoAuth == 0 && !s.Command(int(cmd.index), firstArg(cmd, args)) {
			d = max(d, deniedCommand)
			continue
		}
		if !s.AllKeys && cmd.Keys != "" {
			if !known {
				known = true
				if found, ok := e.appendKeys(cmd, e.access.keys[:0], args, false); ok {
					keys, e.access.keys = found, found
				}
			}
			if i := deniedKeyAt(s, keys, args); i > 0 {
				if d < deniedKey || d == deniedKey && i > at {
					d, at = deniedKey, i
				}
				continue
			}
		}
		if i := deniedChannelAt(s, cmd, args); i > 0 {
			if d < deniedChannel || i > at {
				d, at = deniedChannel, i
			}
			continue
		}
		return deniedNothing, 0
	}
	return d, at
}

// firstArg is the argument behind a command's name, nil if there is none.
func firstArg(cmd *Command, args [][]byte) []byte {
	if n := cmd.words(); n < len(args) {
		return args[n]
	}
	return nil
}

// deniedKeyAt is the place of the first key that a selector denies, 0 if there is none.
func deniedKeyAt(s *acl.Selector, keys []KeyAt, args [][]byte) int {
	for _, k := range keys {
		does := acl.Access(0)
		if k.Flags&KeyAccess != 0 {
			does |= acl.Read
		}
		if k.Flags&(KeyUpdate|KeyInsert|KeyDelete) != 0 {
			does |= acl.Write
		}
		if !s.Key(args[k.Index], does) {
			return k.Index
		}
	}
	return 0
}

// deniedChannelAt is the place of the first channel that a selector denies, 0 if there is none.
func deniedChannelAt(s *acl.Selector, cmd *Command, args [][]byte) int {
	if s.AllChannels || cmd.channels == noChannels {
		return 0
	}
	end := len(args)
	if cmd.channels == oneChannel {
		end = min(end, 2)
	}
	for i := 1; i < end; i++ {
		if !s.Channel(args[i], cmd.channels == channelPatterns) {
			return i
		}
	}
	return 0
}

// deny counts what was denied and notes it for ACL LOG, together with the like that was denied
// within a minute.
func (e *Engine) deny(cl *conn, reason denied, context, object, username string) {
	const together, looked = Time(60e6), 10
	e.stats.denied[reason]++
	asker := cl
	if cl.has(connScript) {
		asker = e.currentClient
	}
	c := &Call{e: e, conn: asker, Args: e.top.Args}
	a := &e.access
	if e.cfg.aclLogMax == 0 {
		a.denied = nil
		return
	}
	for i, d := range a.denied[:min(len(a.denied), looked)] {
		apart := e.now - d.updated
		if d.reason == reason && d.context == context && max(apart, -apart) <= together &&
			d.object == object && d.username == username {
			d.count++
			d.updated, d.client = e.now, c.describe(nil, asker)
			copy(a.denied[1:i+1], a.denied[:i])
			a.denied[0] = d
			return
		}
	}
	d := &denial{id: a.count, count: 1, reason: reason, context: context, object: object,
		username: username, client: c.describe(nil, asker), created: e.now, updated: e.now}
	a.count++
	a.denied = small.Insert(a.denied, 0, d)
	if n := e.cfg.aclLogMax; int64(len(a.denied)) > n {
		a.denied = small.Delete(a.denied, int(n), len(a.denied))
	}
}

// forgetDenied empties what ACL LOG tells.
func (e *Engine) forgetDenied() { e.access.denied = nil }

// refused notes that a command is denied to who runs it and tells why.
func (c *Call) refused(d denied, at int) {
	object := c.cmd.full()
	if d != deniedCommand {
		object = string(c.Args[at])
	}
	c.e.deny(c.conn, d, contextOf(c.conn), object, c.conn.user.Name)
}

func checkACL(c *Call, at place) verdict {
	d, i := c.e.permits(c.conn.user, c.cmd, c.Args)
	if d == deniedNothing {
		return allowed
	}
	c.refused(d, i)
	text := "No permissions to access a " + deniedNames[d]
	if d == deniedCommand {
		text = errMayNotRun(c.conn.user, c.cmd)
	}
	if at == atScript {
		return verdict("ERR ACL failure in script: " + text)
	}
	return verdict("NOPERM " + text)
}

func errMayNotRun(u *acl.User, cmd *Command) string {
	return "User " + u.Name + " has no permissions to run the '" + cmd.full() + "' command"
}

// recheckACL answers a queued command that meanwhile is denied, and reports true.
func (c *Call) recheckACL() bool {
	d, at := c.e.permits(c.conn.user, c.cmd, c.Args)
	if d == deniedNothing {
		return false
	}
	c.refused(d, at)
	text := "NOPERM ACLs rules changed between the moment the transaction was accumulated and " +
		"the EXEC call. This command is no longer allowed for the following reason: "
	switch d {
	case deniedCommand:
		text += "no permission to execute the command or subcommand"
	case deniedKey:
		text += "no permission to touch the specified keys"
	default:
		text += "no permission to access one of the channels used as arguments"
	}
	c.e.countError([]byte(text))
	c.Error(text)
	return true
}

// deniedNow answers a command that has waited and meanwhile is denied, and reports true.
func (c *Call) deniedNow() bool {
	v := checkACL(c, atClient)
	if v != allowed {
		c.e.refuse(c, string(v))
	}
	return v != allowed
}

// mayReadAll tells whether the command's user may read every key: what SORT looks up by patterns
// may be any.
func (c *Call) mayReadAll() bool {
	if !c.conn.has(connRestricted) {
		return true
	}
	for _, s := range c.conn.user.Selectors {
		one := acl.User{Selectors: []*acl.Selector{s}}
		if d, _ := c.e.permits(&one, c.cmd, c.Args); d == deniedNothing && s.EveryKey(acl.Read) {
			return true
		}
	}
	return false
}

// keepsListening tells whether a user may listen to all that a connection listens to.
func (cl *conn) keepsListening(u *acl.User) bool {
	for k := range subKinds {
		for name := range cl.subs[k].All {
			if !u.MayListen(name, k == subPattern) {
				return false
			}
		}
	}
	return true
}

// changeUser puts what a user is now in place of what it was. Who listens to channels that it may
// not use any more is sent away.
func (e *Engine) changeUser(u, now *acl.User) {
	if !now.Covers(u) {
		for _, cl := range e.connsByID() {
			if cl.user == u && !cl.keepsListening(now) {
				e.expel(cl)
			}
		}
	}
	name := u.Name
	*u = *now
	u.Name = name
	e.userChanged(u)
}

// replaceUsers puts users that a file holds in the place of all, and sends those away who are no
// longer there or who listen to what they may not.
func (e *Engine) replaceUsers(users []*acl.User) {
	a := &e.access
	old := a.users
	a.users = nil
	fresh := acl.Default(aclCommands{e})
	for _, u := range users {
		if u.Name == fresh.Name {
			fresh = u
		} else {
			e.addUser(u)
		}
	}
	for _, was := range old {
		now := e.findUser(was.Name)
		if was == a.normal {
			now = fresh
		}
		for _, cl := range e.connsByID() {
			switch {
			case cl.user != was:
			case now == nil, !now.Covers(was) && !cl.keepsListening(now):
				e.expel(cl)
			case was != a.normal:
				e.identify(cl, now)
			}
		}
	}
	*a.normal = *fresh
	e.addUser(a.normal)
	e.userChanged(a.normal)
}
