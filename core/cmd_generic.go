package core

import (
	"bytes"
	"math"

	"github.com/redlet/redlet/core/internal/glob"
	"github.com/redlet/redlet/core/internal/reply"
	"github.com/redlet/redlet/core/internal/resp"
)

var genericCommands = []Command{
	{
		Name: "del", Since: "1.0", Group: "generic",
		Flags:      Write,
		Cats:       CatKeyspace,
		Syntax:     "key...",
		Keys:       "1:-1 RM delete",
		Tips:       "request_policy:multi_shard response_policy:agg_sum",
		Summary:    "Removes keys.",
		Complexity: "O(N) for N keys, and O(M) for each collection of M items among them",
		Run:        cmdDel,
	},
	{
		Name: "unlink", Since: "4.0", Group: "generic",
		Flags:      Write | Fast,
		Cats:       CatKeyspace,
		Syntax:     "key...",
		Keys:       "1:-1 RM delete",
		Tips:       "request_policy:multi_shard response_policy:agg_sum",
		Summary:    "Removes keys and frees their memory later.",
		Complexity: "O(1) a key, and O(N) in the background for N allocations",
		Run:        cmdUnlink,
	},
	{
		Name: "exists", Since: "1.0", Group: "generic",
		Flags:      ReadOnly | Fast,
		Cats:       CatKeyspace,
		Syntax:     "key...",
		Keys:       "1:-1 RO",
		Tips:       "request_policy:multi_shard response_policy:agg_sum",
		Summary:    "Counts how many of the named keys exist.",
		Complexity: "O(N) for N keys",
		History:    "3.0.3 several keys",
		Run:        cmdExists,
	},
	{
		Name: "touch", Since: "3.2.1", Group: "generic",
		Flags:      ReadOnly | Fast,
		Cats:       CatKeyspace,
		Syntax:     "key...",
		Keys:       "1:-1 RO",
		Tips:       "request_policy:multi_shard response_policy:agg_sum",
		Summary:    "Counts the named keys that exist and marks them as just used.",
		Complexity: "O(N) for N keys",
		Run:        cmdTouch,
	},
	{
		Name: "type", Since: "1.0", Group: "generic",
		Flags:      ReadOnly | Fast,
		Cats:       CatKeyspace,
		Syntax:     "key",
		Keys:       "1 RO",
		Summary:    "Names the type of the value at a key.",
		Complexity: "O(1)",
		Run:        cmdType,
	},
	{
		Name: "keys", Since: "1.0", Group: "generic",
		Flags:      ReadOnly,
		Cats:       CatKeyspace | CatDangerous,
		Syntax:     "pattern:pattern",
		Tips:       "request_policy:all_shards nondeterministic_output_order",
		Summary:    "Lists the names of all keys that match a pattern.",
		Complexity: "O(N) for N keys in the database",
		Run:        cmdKeys,
	},
	{
		Name: "scan", Since: "2.8", Group: "generic",
		Flags:      ReadOnly | TouchesArbitraryKeys,
		Cats:       CatKeyspace,
		Syntax:     "cursor:int [MATCH pattern:pattern] [COUNT count:int] [TYPE type^6.0]",
		Tips:       "nondeterministic_output request_policy:special response_policy:special",
		Summary:    "Walks through the names of the keys in small steps.",
		Complexity: "O(1) a call, O(N) for a whole walk over N keys",
		History:    "6.0 TYPE",
		Run:        cmdScan,
	},
	{
		Name: "randomkey", Since: "1.0", Group: "generic",
		Flags:      ReadOnly | TouchesArbitraryKeys,
		Cats:       CatKeyspace,
		Tips:       "request_policy:all_shards response_policy:special nondeterministic_output",
		Summary:    "Gives the name of a key chosen at random.",
		Complexity: "O(1)",
		Run:        cmdRandomkey,
	},
	{
		Name: "rename", Since: "1.0", Group: "generic",
		Flags:      Write,
		Cats:       CatKeyspace,
		Syntax:     "key newkey:key",
		Keys:       "1 RW access delete; 2 OW update",
		Summary:    "Gives a key another name, replacing any key that has it.",
		Complexity: "O(1)",
		Run:        cmdRename,
	},
	{
		Name: "renamenx", Since: "1.0", Group: "generic",
		Flags:      Write | Fast,
		Cats:       CatKeyspace,
		Syntax:     "key newkey:key",
		Keys:       "1 RW access delete; 2 OW insert",
		Summary:    "Gives a key another name, but only if that name is free.",
		Complexity: "O(1)",
		History:    "3.2 no error when both names are the same",
		Run:        cmdRenamenx,
	},
	{
		Name: "copy", Since: "6.2", Group: "generic",
		Flags:      Write | DenyOOM,
		Cats:       CatKeyspace,
		Syntax:     "source:key destination:key [DB destination-db:int] [REPLACE]",
		Keys:       "1 RO access; 2 OW update",
		Summary:    "Copies the value of one key to another.",
		Complexity: "O(N) for a collection of N items, O(1) for a string",
		Run:        cmdCopy,
	},
	{
		Name: "move", Since: "1.0", Group: "generic",
		Flags:      Write | Fast,
		Cats:       CatKeyspace,
		Syntax:     "key db:int",
		Keys:       "1 RW access update",
		Summary:    "Moves a key to another database.",
		Complexity: "O(1)",
		Run:        cmdMove,
	},
	{
		Name: "object", Since: "2.2.3", Group: "generic",
		Arity:      -2,
		Summary:    "Groups the commands that look inside a stored value.",
		Complexity: "that of the subcommand",
		Sub: []Command{
			{
				Name: "encoding", Since: "2.2.3", Group: "generic",
				Flags:      ReadOnly,
				Cats:       CatKeyspace,
				Syntax:     "key",
				Keys:       "2 RO",
				Tips:       "nondeterministic_output",
				Summary:    "Names the representation that a value has in memory.",
				Complexity: "O(1)",
				Run:        cmdObjectEncoding,
			},
			{
				Name: "freq", Since: "4.0", Group: "generic",
				Flags:      ReadOnly,
				Cats:       CatKeyspace,
				Syntax:     "key",
				Keys:       "2 RO",
				Tips:       "nondeterministic_output",
				Summary:    "Gives the access frequency counter of a key under an LFU policy.",
				Complexity: "O(1)",
				Run:        cmdObjectFreq,
			},
			{
				Name: "help", Since: "6.2", Group: "generic",
				Flags:      Loading | Stale,
				Cats:       CatKeyspace,
				Summary:    "Explains the subcommands.",
				Complexity: "O(1)",
				Run:        cmdHelp,
			},
			{
				Name: "idletime", Since: "2.2.3", Group: "generic",
				Flags:      ReadOnly,
				Cats:       CatKeyspace,
				Syntax:     "key",
				Keys:       "2 RO",
				Tips:       "nondeterministic_output",
				Summary:    "Tells for how many seconds a key has not been touched.",
				Complexity: "O(1)",
				Run:        cmdObjectIdletime,
			},
			{
				Name: "refcount", Since: "2.2.3", Group: "generic",
				Flags:      ReadOnly,
				Cats:       CatKeyspace,
				Syntax:     "key",
				Keys:       "2 RO",
				Tips:       "nondeterministic_output",
				Summary:    "Gives the number of references to a value.",
				Complexity: "O(1)",
				Run:        cmdObjectRefcount,
			},
		},
	},
	{
		Name: "wait", Since: "3.0", Group: "generic",
		Flags:      Blocking,
		Cats:       CatConnection,
		Syntax:     "numreplicas:int timeout:int",
		Tips:       "request_policy:all_shards response_policy:agg_min",
		Summary:    "Waits until some replicas have the writes of this connection.",
		Complexity: "O(1)",
		Run:        cmdWait,
	},
	{
		Name: "waitaof", Since: "7.2", Group: "generic",
		Flags:      Blocking,
		Cats:       CatConnection,
		Syntax:     "numlocal:int numreplicas:int timeout:int",
		Tips:       "request_policy:all_shards response_policy:agg_min",
		Summary:    "Waits until the writes of this connection are on disk, here and on replicas.",
		Complexity: "O(1)",
		Run:        cmdWaitaof,
	},
}

func cmdDel(c *Call) { c.del(false) }

// cmdUnlink is DEL: where nothing runs in the background there is nobody to leave the work to.
func cmdUnlink(c *Call) { c.del(true) }

// del removes keys; lazy says that Redis is asked to free their values in the background.
func (c *Call) del(lazy bool) {
	n := 0
	for _, key := range c.Args[1:] {
		o := c.peek(key)
		switch {
		case o != nil:
			if lazy {
				c.e.countLazyFree(o)
			}
			c.delete(key)
			n++
		case c.deleteHidden(key):
			n++
		}
	}
	c.Count(n)
}

func cmdExists(c *Call) {
	n := 0
	for _, key := range c.Args[1:] {
		if c.lookupNoTouch(key) != nil {
			n++
		}
	}
	c.Count(n)
}

func cmdTouch(c *Call) {
	n := 0
	for _, key := range c.Args[1:] {
		if o := c.lookupNoTouch(key); o != nil {
			if !c.e.cfg.lrm {
				c.e.touchLRU(o)
			}
			n++
		}
	}
	c.Count(n)
}

func cmdType(c *Call) {
	if o := c.lookupNoTouch(c.Args[1]); o != nil {
		c.Status(o.typeName())
		return
	}
	c.Status("none")
}

func cmdKeys(c *Call) {
	pattern := c.Args[1]
	all := len(pattern) == 1 && pattern[0] == '*'
	at, n := c.ArrayLater(), 0
	for i := range c.db.keys.Len() {
		key, p := c.db.keys.At(i)
		if (*p).gone(c.nowMs()) || !all && !glob.Match(pattern, []byte(key), false) {
			continue
		}
		c.BulkString(key)
		n++
	}
	c.ArrayEnd(at, '*', n)
}

// scanOptions are what SCAN and its like may be told.
type scanOptions struct {
	count    int
	match    []byte // nil matches all
	kind     []byte // SCAN alone: the name of a type
	noValues bool   // HSCAN alone
}

// argCursor reads argument i as a cursor: as C's strtoull would, white space and sign included and
// up to a NUL, once it is seen not to be a negative integer.
func (c *Call) argCursor(i int) (uint64, bool) {
	text, _, _ := bytes.Cut(c.Args[i], []byte{0})
	if n, ok := resp.Int(text); ok && n < 0 {
		c.Error(errBadCursor)
		return 0, false
	}
	text = bytes.TrimLeft(text, " \t\n\v\f\r")
	negative := len(text) > 0 && text[0] == '-'
	if negative || len(text) > 0 && text[0] == '+' {
		text = text[1:]
	}
	if len(text) == 0 {
		c.Error(errBadCursor)
		return 0, false
	}
	var n uint64
	for _, b := range text {
		if b < '0' || b > '9' || n > (math.MaxUint64-uint64(b-'0'))/10 {
			c.Error(errBadCursor)
			return 0, false
		}
		n = n*10 + uint64(b-'0')
	}
	if negative {
		n = -n
	}
	return n, true
}

// cursorEnd writes what begins the reply of SSCAN and its like, once it is known: the cursor, and
// how many elements there are.
func (c *Call) cursorEnd(at reply.Later, cursor uint64, n int) {
	var head reply.Writer
	head.BulkCursor(cursor)
	head.Array(n)
	c.Insert(at, head.Buf)
}

// scanOptions reads the options of SCAN and its like from argument i on; fields says that what is
// scanned has values that can be left out.
func (c *Call) scanOptions(i int, fields bool) (opt scanOptions, ok bool) {
	opt.count = 10
	keyed := i > 2
	for ; i < len(c.Args); i++ {
		more := i+1 < len(c.Args)
		switch {
		case is(c.Args[i], "count") && more:
			i++
			n, ok := c.ArgInt(i)
			if !ok {
				return opt, false
			}
			if n < 1 {
				c.Error(ErrSyntax)
				return opt, false
			}
			opt.count = int(min(n, math.MaxInt32/10)) // ten times as many buckets are passed
		case is(c.Args[i], "match") && more:
			i++
			opt.match = c.Args[i]
			if len(opt.match) == 1 && opt.match[0] == '*' {
				opt.match = nil
			}
		case is(c.Args[i], "type") && more && !keyed:
			i++
			opt.kind = c.Args[i]
		case is(c.Args[i], "novalues"):
			if !fields {
				c.Error("ERR NOVALUES option can only be used in HSCAN")
				return opt, false
			}
			opt.noValues = true
		default:
			c.Error(ErrSyntax)
			return opt, false
		}
	}
	return opt, true
}

func cmdScan(c *Call) {
	cursor, ok := c.argCursor(1)
	if !ok {
		return
	}
	opt, ok := c.scanOptions(2, false)
	if !ok {
		return
	}
	const header = 16 // of a string
	if !c.roomFor(2 * header * int64(min(opt.count, c.db.keys.Len()))) {
		return
	}
	var keys []string
	var expired []*object
	seen := 0
	visit := func(key string, p **object) {
		seen++
		o := *p
		switch {
		case opt.match != nil && !glob.Match(opt.match, []byte(key), false):
		case o.gone(c.nowMs()):
			expired = append(expired, o)
		case opt.kind == nil || o.isType(opt.kind):
			keys = append(keys, key)
		}
	}
	for range 10 * opt.count {
		cursor = c.db.keys.Scan(cursor, visit)
		for _, o := range expired {
			c.e.expireIfNeeded(o)
		}
		expired = expired[:0]
		if cursor == 0 || seen >= opt.count {
			break
		}
	}
	c.Array(2)
	c.BulkCursor(cursor)
	c.Array(len(keys))
	for _, key := range keys {
		c.BulkString(key)
	}
}

// randomTriesMax bounds the search for a key whose time has not come.
const randomTriesMax = 100

func cmdRandomkey(c *Call) {
	for range randomTriesMax {
		n := c.db.keys.Len()
		if n == 0 {
			break
		}
		key, p := c.db.keys.At(c.e.random.Below(n))
		if !c.e.expireIfNeeded(*p) {
			c.BulkString(key)
			return
		}
	}
	c.Null()
}

func cmdRename(c *Call) {
	if c.rename(false) {
		c.OK()
	}
}

func cmdRenamenx(c *Call) {
	if c.rename(true) {
		c.Int(1)
	}
}

// rename moves a value to another key. Where it does not, it writes the reply.
func (c *Call) rename(nx bool) bool {
	from, to := c.Args[1], c.Args[2]
	o := c.lookupWrite(from)
	if o == nil {
		c.Error(ErrNoKey)
		return false
	}
	if string(from) == string(to) {
		if nx {
			c.Int(0)
		}
		return !nx
	}
	before := c.lookupWrite(to)
	if before != nil {
		if nx {
			c.Int(0)
			return false
		}
		c.remove(to)
	}
	expiry := o.expiry()
	c.remove(from)
	c.addTo(c.db, to, o, expiry)
	c.signalDirty(0, notifyGeneric, "rename_from", from)
	c.signalModified(notifyGeneric, "rename_to", to)
	if before != nil {
		c.overwritten(c.db, to, before.kind, o.kind)
	}
	return true
}

func cmdCopy(c *Call) {
	from, to, target, replace := c.Args[1], c.Args[2], c.db, false
	for i := 3; i < len(c.Args); i++ {
		switch {
		case is(c.Args[i], "replace"):
			replace = true
		case is(c.Args[i], "db") && i+1 < len(c.Args):
			i++
			var ok bool
			if target, ok = c.argDB(i); !ok {
				return
			}
		default:
			c.Error(ErrSyntax)
			return
		}
	}
	if target == c.db && string(from) == string(to) {
		c.Error(errSameObject)
		return
	}
	o := c.lookupRead(from)
	if o == nil {
		c.Int(0)
		return
	}
	before := c.peekIn(target, to)
	if before != nil && !replace {
		c.Int(0)
		return
	}
	clone := o.ops().clone
	if clone == nil {
		c.Error("ERR not supported for this module key")
		return
	}
	if !c.roomFor(2 * o.size()) {
		return
	}
	twin := clone(o)
	if before != nil {
		c.e.removeFrom(target, to)
	}
	c.addTo(target, to, twin, o.expiry())
	c.signalModifiedIn(target, notifyGeneric, "copy_to", to)
	if before != nil {
		c.overwritten(target, to, before.kind, twin.kind)
	}
	c.Int(1)
}

func cmdMove(c *Call) {
	if c.refusedInCluster() {
		return
	}
	key := c.Args[1]
	target, ok := c.argDB(2)
	if !ok {
		return
	}
	if target == c.db {
		c.Error(errSameObject)
		return
	}
	o := c.lookupWrite(key)
	if o == nil || c.peekIn(target, key) != nil {
		c.Int(0)
		return
	}
	expiry := o.expiry()
	c.remove(key)
	c.addTo(target, key, o, expiry)
	c.signalDirty(0, notifyGeneric, "move_from", key)
	c.signalModifiedIn(target, notifyGeneric, "move_to", key)
	c.Int(1)
}

const errSameObject = "ERR source and destination objects are the same"

// object returns the value that an OBJECT subcommand asks about; nil once it has replied null.
func (c *Call) object() *object {
	o := c.lookupNoNotify(c.Args[2])
	if o == nil {
		c.Null()
	}
	return o
}

func cmdObjectEncoding(c *Call) {
	if o := c.object(); o != nil {
		c.BulkString(o.ops().encoding(o))
	}
}

func cmdObjectRefcount(c *Call) {
	o := c.object()
	switch {
	case o == nil:
	case o.shared() && c.e.cfg.shares():
		c.Int(math.MaxInt32)
	default:
		c.Int(1)
	}
}

func cmdObjectIdletime(c *Call) {
	o := c.object()
	switch {
	case o == nil:
	case c.e.cfg.lfu:
		c.Error("ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that " +
			"when switching between policies at runtime LRU and LFU data will take some time to " +
			"adjust.")
	default:
		c.Int(c.e.idleSeconds(o))
	}
}

func cmdObjectFreq(c *Call) {
	o := c.object()
	switch {
	case o == nil:
	case !c.e.cfg.lfu:
		c.Error("ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please " +
			"note that when switching between policies at runtime LRU and LFU data will take some " +
			"time to adjust.")
	default:
		c.Int(c.e.frequency(o))
	}
}

func cmdWait(c *Call) {
	if c.e.master != nil {
		c.Error("ERR WAIT cannot be used with replica instances. Please also note that since Redis " +
			"4.0 if a replica is configured to be writable (which is not the default) writes to " +
			"replicas are just local and are not propagated.")
		return
	}
	want, ok := c.ArgInt(1)
	if !ok {
		return
	}
	r := &c.e.replicas
	if !c.retry {
		c.conn.replica.awaits = c.conn.replica.wrote
	}
	have := int64(r.have(c.conn.replica.awaits))
	// Redis keeps the number in 32 bits while it waits, and so do clients that ask for too many.
	c.awaitReplicas(have >= want || have >= int64(int32(want)), 2, func(c *Call) {
		c.Count(r.have(c.conn.replica.awaits))
	})
}

func cmdWaitaof(c *Call) {
	local, ok := c.argBit(1)
	if !ok {
		return
	}
	replicas, ok := c.argPositive(2)
	if !ok {
		return
	}
	if c.e.master != nil {
		c.Error("ERR WAITAOF cannot be used with replica instances. Please also note that writes to " +
			"replicas are just local and are not propagated.")
		return
	}
	if local > 0 && !c.e.aof.on {
		if _, ok := c.argMilliseconds(3); ok {
			c.Error("ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.")
		}
		return
	}
	r := &c.e.replicas
	if !c.retry {
		c.conn.replica.awaits = c.conn.replica.wrote
	}
	enough := int64(r.durable(c.conn.replica.awaits)) >= replicas && (local == 0 || c.mayBeDurable())
	c.awaitReplicas(enough, 3, func(c *Call) {
		c.Array(2)
		c.durable()
		c.Count(r.durable(c.conn.replica.awaits))
	})
}

// awaitReplicas waits for replicas to say that they have what there is: until argument i, a
// timeout in milliseconds, has passed.
func (c *Call) awaitReplicas(enough bool, i int, reply func(*Call)) {
	deadline, ok := c.argMilliseconds(i)
	switch {
	case !ok:
	case enough || !c.mayBlock():
		reply(c)
	default:
		p := c.block(nil, kindCount, deadline, reply)
		if !c.retry {
			c.e.askReplicas(p)
		}
	}
}

// argMilliseconds reads argument i as a timeout in milliseconds and returns its deadline.
func (c *Call) argMilliseconds(i int) (Time, bool) {
	n, ok := resp.Int(c.Args[i])
	if !ok {
		c.Error("ERR timeout is not an integer or out of range")
		return 0, false
	}
	return c.deadline(n)
}
