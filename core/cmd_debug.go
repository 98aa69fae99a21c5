package core

import (
	"math"
	"strconv"

	"github.com/redlet/redlet/core/internal/rdb"
	"github.com/redlet/redlet/core/internal/small"
)

var debugCommands = []Command{
	{
		Name: "debug", Since: "1.0", Group: "server",
		Flags:      Admin | NoScript | Loading | Stale | Protected,
		Arity:      -2,
		Summary:    "Groups commands that serve tests.",
		Complexity: "that of the subcommand",
		System:     true,
		Run:        cmdDebug,
	},
}

// debugging is one of DEBUG's subcommands. To Redis they are no commands of their own.
type debugging struct {
	name, usage string
	least, most int // words, with DEBUG and the name
	run         func(*Call)
	help        string
}

// debuggings lists the subcommands. Those that restart a server or use its memory up, that print to
// its standard output alone, or that reach into what an engine does not have are unknown here.
func debuggings() []debugging {
	return []debugging{
		{"assert", "", 2, 2, debugAssert, "End the server by an assertion that does not hold."},
		{"change-repl-id", "", 2, 2, debugChangeReplID, "Make up another replication id."},
		{"config-rewrite-force-all", "", 2, 2, debugConfigRewrite,
			"Write the configuration to its file."},
		{"dial", "<host:port> <bytes>", 4, 4, debugDial,
			"Connect, send bytes, and answer with what comes back until the far end hangs up."},
		{"dict-resizing", "<0|1>", 3, 3, debugDictResizing,
			"Let the tables of databases change their size or not."},
		{"digest", "", 2, 2, debugDigest, "A signature of all data."},
		{"digest-value", "<key> [<key> ...]", 2, math.MaxInt, debugDigestValue,
			"A signature of each value."},
		{"error", "<string>", 3, 3, debugError, "Answer with an error."},
		{"htstats", "<dbid> [full]", 3, 4, debugHtstats, "Show the hash tables of a database."},
		{"htstats-key", "<key> [full]", 3, 4, debugHtstatsKey, "Show the hash table of a value."},
		{"listpack", "<key>", 3, 3, debugListpack, "Log the listpack of a value."},
		{"loadaof", "", 2, math.MaxInt, debugLoadaof, "Load the append-only file."},
		{"log", "<message>", 3, 3, debugLog, "Write a line to the log."},
		{"object", "<key>", 3, 3, debugObject, "Show how a value is kept."},
		{"panic", "", 2, 2, debugPanic, "End the server as if it had found a defect of its own."},
		{"pause-cron", "<0|1>", 3, 3, debugPauseCron,
			"Let keys expire only when they are asked for."},
		{"populate", "<count> [<prefix>] [<size>]", 3, 5, debugPopulate, "Make many keys."},
		{"protocol", "<type>", 3, 3, debugProtocol, "Answer with a reply of a type."},
		{"quicklist", "<key> [<0|1>]", 3, 4, debugQuicklist, "Log the nodes of a list."},
		{"quicklist-packed-threshold", "<size>", 3, 3, debugPackedThreshold,
			"From how many bytes on an element of a list gets a node of its own."},
		{"reload", "[MERGE] [NOFLUSH] [NOSAVE]", 2, 5, debugReload,
			"Save all data and load it again."},
		{"replicate", "<string> [<string> ...]", 3, math.MaxInt, debugReplicate,
			"Send replicas a command."},
		{"replybuffer", "<PEAK-RESET-TIME <NEVER|RESET|milliseconds>|RESIZING <0|1>>", 4, 4,
			debugReplyBuffer, "How clients' buffers for replies change their size."},
		{"script", "<LIST|sha>", 3, 3, debugScript, "Log scripts with their SHA1s."},
		{"sdslen", "<key>", 3, 3, debugSdslen, "Show what a key and its string take."},
		{"segfault", "", 2, 2, debugSegfault, "End the server by an access to memory it has not."},
		{"set-active-expire", "<0|1>", 3, 3, debugSetActiveExpire,
			"Let keys expire by themselves or only when they are asked for."},
		{"set-disable-deny-scripts", "<0|1>", 3, 3, debugDenyScripts,
			"Let scripts call commands of administration."},
		{"set-skip-checksum-validation", "<0|1>", 3, 3, debugSkipChecksum,
			"Take RDB files and payloads whose checksums are wrong."},
		{"sleep", "<seconds>", 3, 3, debugSleep, "Answer nobody for a time."},
	}
}

func cmdDebug(c *Call) {
	if is(c.Args[1], "help") && len(c.Args) == 2 {
		debugHelp(c)
		return
	}
	for _, d := range debuggings() {
		if is(c.Args[1], d.name) && d.least <= len(c.Args) && len(c.Args) <= d.most {
			d.run(c)
			return
		}
	}
	c.Error(errSubcommandArity(c.Args))
}

func debugHelp(c *Call) {
	all := debuggings()
	c.Array(3 + 2*len(all))
	c.Status("DEBUG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:")
	for _, d := range all {
		line := upper(d.name)
		if d.usage != "" {
			line += " " + d.usage
		}
		c.Status(line)
		c.Status("    " + d.help)
	}
	c.Status("HELP")
	c.Status("    Explains the subcommands.")
}

const errDebugDial = "ERR DEBUG DIAL waits, which is not allowed in a transaction or a script"

// debugDialMax is how many bytes debugDial takes before it hangs up itself.
const debugDialMax = 1 << 20

// debugDial speaks to another server. It serves tests of the hosts, which see to the connection.
func debugDial(c *Call) {
	if !c.mayBlock() {
		c.Error(errDebugDial)
		return
	}
	e, request, got := c.e, small.Clone(c.Args[3]), []byte(nil)
	waiter := c.block(nil, kindCount, Never, nil)
	answer := func(reply func(*Call)) {
		if !waiter.over() {
			e.unblockWithReply(waiter, reply)
		}
	}
	e.dial(string(c.Args[2]), &link{
		opened: func(cl *conn) { cl.w.Raw(request) },
		failed: func(why string) { answer(func(c *Call) { c.Error("ERR " + why) }) },
		arrived: func(cl *conn, data []byte) {
			if got = append(got, data...); len(got) > debugDialMax || waiter.over() {
				e.hangup(cl)
			}
		},
		ended: func() { answer(func(c *Call) { c.Bulk(got) }) },
	})
}

func debugChangeReplID(c *Call) {
	c.e.newHistory()
	c.OK()
}

// debugConfigRewrite writes each parameter, whether it differs from the default or not. Without a
// file it says what writing to none says to C.
func debugConfigRewrite(c *Call) {
	const failed = "ERR CONFIG-REWRITE-FORCE-ALL failed: "
	if c.e.cfg.file == "" {
		c.Error(failed + "Bad address")
		return
	}
	c.rewriteConfig(true, failed, func(string) {})
}

func debugError(c *Call) { c.Error(string(c.Args[2])) }

func debugLog(c *Call) {
	c.e.log(logWarning, "DEBUG LOG: "+string(c.Args[2]))
	c.OK()
}

// leadingInt reads an integer as C's atoi does: 0 where there is none.
func leadingInt(b []byte) int64 {
	for len(b) > 0 && (b[0] == ' ' || '\t' <= b[0] && b[0] <= '\r') {
		b = b[1:]
	}
	n := 0
	for n < len(b) && ('0' <= b[n] && b[n] <= '9' || n == 0 && (b[n] == '-' || b[n] == '+')) {
		n++
	}
	v, _ := strconv.ParseInt(string(b[:n]), 10, 64)
	return v
}

func debugSetActiveExpire(c *Call) {
	c.e.expires.paused = leadingInt(c.Args[2]) == 0
	c.OK()
}

// debugPauseCron pauses what Redis does in the background and an engine does as well: expiring, and
// obeying a signal.
func debugPauseCron(c *Call) {
	e := c.e
	e.cronOff = leadingInt(c.Args[2]) != 0
	e.expires.paused = e.cronOff
	c.OK()
	if signal := e.signal; signal != "" && !e.cronOff {
		e.signal = ""
		e.stop(signal)
	}
}

// debugSleep stands for a server that does not answer: all connections wait by the engine's clock.
func debugSleep(c *Call) {
	seconds, _ := strconv.ParseFloat(string(c.Args[2]), 64)
	if !(seconds > 0) || seconds > 1e9 {
		c.OK()
		return
	}
	c.e.sleepUntil(max(c.e.asleep, c.e.now+Time(seconds*1e6)))
	c.e.slept += int64(seconds * 1e9)
	if !c.mayBlock() {
		c.OK()
		return
	}
	c.block(nil, kindString, c.e.asleep, (*Call).replyOK)
}

// sleepUntil has nobody served before an instant; 0 is over.
//
//go:noinline
func (e *Engine) sleepUntil(t Time) {
	e.asleep = t
	e.flags.set(engineAsleep, t != 0)
}

// wakeUp ends what sleepUntil began.
//
//go:noinline
func (e *Engine) wakeUp() {
	e.sleepUntil(0)
	e.resumePostponed()
}

// sleepsUntil is when sleepUntil is over.
func (e *Engine) sleepsUntil() Time {
	if e.asleep == 0 {
		return Never
	}
	return e.asleep
}

func debugPackedThreshold(c *Call) {
	n, ok := parseMemory(string(c.Args[2]))
	if !ok || n > math.MaxUint32 {
		c.Error("ERR argument must be a memory value bigger than 1 and smaller than 4gb")
		return
	}
	c.e.cfg.lists.Packed = int(min(n, math.MaxInt))
	c.OK()
}

func debugPopulate(c *Call) {
	count, ok := c.argPositive(2)
	if !ok {
		return
	}
	prefix, size := "key", int64(0)
	if len(c.Args) > 3 {
		prefix = string(c.Args[3])
	}
	if len(c.Args) > 4 {
		if size, ok = c.argPositive(4); !ok {
			return
		}
		if size > c.e.cfg.protoMaxBulkLen {
			c.Error(errTooBig)
			return
		}
	}
	for i := range count {
		n := itoa(i)
		key := []byte(prefix + ":" + n)
		switch {
		case c.e.mem.full:
			c.noMemory()
			return
		case !c.roomFor(2 * size):
			return
		}
		if c.peek(key) != nil {
			continue
		}
		value := []byte("value:" + n)
		if size > 0 {
			value = append(make([]byte, 0, size), value[:min(size, int64(len(value)))]...)
			value = value[:size]
		}
		o := &object{kind: kindString}
		o.setRaw(value)
		if size == 0 || size <= embstrLenMax {
			o.enc = encEmbstr
		}
		c.add(key, o)
		c.e.signalModifiedKey(c.db, string(key), c.conn)
		c.e.yieldIn(int(i))
	}
	c.OK()
}

// debugObject shows a value even if its time is over, until something removes it.
func debugObject(c *Call) {
	found := c.db.keys.Find(c.Args[2])
	if found == nil {
		c.Error(ErrNoKey)
		return
	}
	o := *found
	ops := o.ops()
	var w rdb.Writer
	w.Compress = c.e.cfg.rdbCompression
	w.BeginPayload(nil)
	ops.save(&w, o)
	const footer = 10 // version and checksum
	idle := c.e.idleSeconds(o)
	text := "Value at:0x7f0000000000 refcount:1 encoding:" + ops.encoding(o) +
		" serializedlength:" + itoa(len(w.EndPayload())-footer) +
		" lru:" + strconv.FormatInt((int64(c.e.told()/1e6)-idle)&(1<<24-1), 10) +
		" lru_seconds_idle:" + itoa(idle)
	if ops.describe != nil {
		text += ops.describe(o)
	}
	c.Status(text)
}

func debugListpack(c *Call) {
	o := c.peek(c.Args[2])
	if o == nil {
		c.Error(ErrNoKey)
		return
	}
	switch o.ops().encoding(o) {
	default:
		c.Error("ERR Not a listpack encoded object.")
	case "listpack", "listpackex":
		c.e.log(logNotice, "listpack of "+itoa(o.size())+" bytes")
		c.Status("Listpack structure printed on stdout")
	}
}

func debugQuicklist(c *Call) {
	o := c.peek(c.Args[2])
	switch {
	case o == nil:
		c.Error(ErrNoKey)
	case o.ops().encoding(o) != "quicklist":
		c.Error("ERR Not a quicklist encoded object.")
	default:
		o.list().EachNode(func(data []byte, plain bool) {
			kind := "packed"
			if plain {
				kind = "plain"
			}
			c.e.log(logNotice, kind+" node of "+itoa(len(data))+" bytes")
		})
		c.Status("Quicklist structure printed on stdout")
	}
}

func debugHtstats(c *Call) {
	n, ok := c.ArgInt(2)
	if !ok {
		return
	}
	if n < 0 || n >= int64(len(c.e.dbs)) {
		c.Error("ERR Out of range database")
		return
	}
	d := c.e.dbs[n]
	c.Verbatim("txt", "[Dictionary HT]\n"+tableStats(d.keys.Len())+
		"[Expires HT]\n"+tableStats(d.expires))
}

func debugHtstatsKey(c *Call) {
	o := c.peek(c.Args[2])
	switch {
	case o == nil:
		c.Error(ErrNoKey)
	case o.ops().encoding(o) != "hashtable":
		c.Error("ERR The value stored at the specified key is not represented using an hash table")
	default:
		c.Verbatim("txt", tableStats(o.ops().length(o)))
	}
}

// tableStats describes a hash table of n elements: as large as Redis would make it.
func tableStats(n int) string {
	if n == 0 {
		return ""
	}
	return "Hash table 0 stats (main hash table):\n table size: " + itoa(tableSize(n)) +
		"\n number of elements: " + itoa(n) + "\n"
}

const errRESP2 = "ERR RESP2 is not supported by this command"

func debugProtocol(c *Call) {
	arg := c.Args[2]
	switch {
	case is(arg, "string"):
		c.BulkString("Hello World")
	case is(arg, "integer"):
		c.Int(12345)
	case is(arg, "double"):
		c.Double(3.141)
	case is(arg, "null"):
		c.Null()
	case is(arg, "array"):
		c.Array(3)
		c.upTo3(func(i int64) { c.Int(i) })
	case is(arg, "set"):
		c.Set(3)
		c.upTo3(func(i int64) { c.Int(i) })
	case is(arg, "map"):
		c.Map(3)
		c.upTo3(func(i int64) {
			c.Int(i)
			c.Bool(i == 1)
		})
	case is(arg, "attrib"):
		c.debugAttribute()
	case is(arg, "push"):
		c.debugPush()
	case is(arg, "true"), is(arg, "false"):
		c.Bool(is(arg, "true"))
	case is(arg, "verbatim"):
		c.Verbatim("txt", "This is a verbatim\nstring")
	case is(arg, "bignum"):
		c.BigNumber("1234567999999999999999999999999999999")
	default:
		c.Error("ERR Wrong protocol type name. Please use one of the following: " +
			"string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false")
	}
}

func (c *Call) upTo3(f func(int64)) {
	for i := range int64(3) {
		f(i)
	}
}

func (c *Call) debugAttribute() {
	if c.RESP3 {
		c.Head('|', 1)
		c.BulkString("key-popularity")
		c.Array(2)
		c.BulkString("key:123")
		c.Int(90)
	}
	c.BulkString("Some real reply following the attribute")
}

func (c *Call) debugPush() {
	if !c.RESP3 {
		c.Error(errRESP2)
		return
	}
	c.BulkString("Some real reply following the push reply")
	at := c.Len()
	c.Push(2)
	c.BulkString("server-cpu-usage")
	c.Int(42)
	c.conn.noteMessage(at)
}
