package core

import (
	"strings"

	"github.com/redlet/redlet/core/internal/rdb"
	"github.com/redlet/redlet/core/internal/small"
)

var persistCommands = []Command{
	{
		Name: "save", Since: "1.0", Group: "server",
		Flags:      Admin | NoScript | NoAsyncLoading | NoMulti,
		Summary:    "Saves the data, and lets nothing else run meanwhile.",
		Complexity: "O(N) for N keys",
		Run:        cmdSave,
	},
	{
		Name: "bgsave", Since: "1.0", Group: "server",
		Flags:      Admin | NoScript | NoAsyncLoading,
		Syntax:     "[SCHEDULE^3.2.2]",
		Summary:    "Saves the data in the background.",
		Complexity: "O(1)",
		History:    "3.2.2 SCHEDULE",
		Run:        cmdBgsave,
	},
	{
		Name: "lastsave", Since: "1.0", Group: "server",
		Flags:      Loading | Stale | Fast,
		Cats:       CatAdmin | CatDangerous,
		Tips:       "nondeterministic_output",
		Summary:    "Gives the Unix time of the last save that succeeded.",
		Complexity: "O(1)",
		Run:        cmdLastsave,
	},
	{
		Name: "shutdown", Since: "1.0", Group: "server",
		Flags:      Admin | NoScript | Loading | Stale | NoMulti | AllowBusy,
		Syntax:     "[save-selector:(NOSAVE|SAVE)] [NOW^7.0] [FORCE^7.0] [ABORT^7.0]",
		Summary:    "Saves if asked to, and stops the server.",
		Complexity: "O(N) for N keys when saving, else O(1)",
		History:    "7.0 NOW, FORCE and ABORT",
		Run:        cmdShutdown,
	},
	{
		Name: "dump", Since: "2.6", Group: "generic",
		Flags:      ReadOnly,
		Cats:       CatKeyspace,
		Syntax:     "key",
		Keys:       "1 RO access",
		Tips:       "nondeterministic_output",
		Summary:    "Gives a serialised copy of the value at a key.",
		Complexity: "O(N*M) for N items of M bytes each",
		Run:        cmdDump,
	},
	{
		Name: "restore", Since: "2.6", Group: "generic",
		Flags:      Write | DenyOOM,
		Cats:       CatKeyspace | CatDangerous,
		Syntax:     restoreSyntax,
		Keys:       "1 OW update",
		Summary:    "Makes a key from the output of DUMP.",
		Complexity: restoreComplexity,
		History:    restoreHistory,
		Run:        cmdRestore,
	},
	{
		Name: "restore-asking", Since: "3.0", Group: "server",
		Flags:      Write | DenyOOM | Asking,
		Cats:       CatKeyspace | CatDangerous,
		Syntax:     restoreSyntax,
		Keys:       "1 OW update",
		Summary:    "Makes a key as RESTORE does, for a cluster that moves it.",
		Complexity: restoreComplexity,
		History:    restoreHistory,
		System:     true,
		Run:        cmdRestore,
	},
}

const (
	restoreSyntax = "key ttl:int serialized-value [REPLACE^3.0] [ABSTTL^5.0] [IDLETIME " +
		"seconds:int^5.0] [FREQ frequency:int^5.0]"
	restoreHistory    = "3.0 REPLACE; 5.0 ABSTTL; 5.0 IDLETIME and FREQ"
	restoreComplexity = "O(N*M) for N items of M bytes each; O(N*M*log(N)) for a sorted set"
)

const (
	errSaving     = "ERR Background save already in progress"
	errOtherChild = "ERR Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE " +
		"SCHEDULE in order to schedule a BGSAVE whenever possible."
	errShutdown   = "ERR Errors trying to SHUTDOWN. Check logs."
	errNoShutdown = "ERR No shutdown in progress."
	errBusyKey    = "BUSYKEY Target key name already exists."
	errTTL        = "ERR Invalid TTL value, must be >= 0"
	errIdle       = "ERR Invalid IDLETIME value, must be >= 0"
	errFreq       = "ERR Invalid FREQ value, must be >= 0 and <= 255"
	errPayload    = "ERR DUMP payload version or checksum are wrong"
	errBadFormat  = "ERR Bad data format"
)

func cmdSave(c *Call) {
	if c.e.persist.inBackground() {
		c.Error(errSaving)
		return
	}
	if c.mayMakeImage() {
		c.e.beginSave(save{waiter: c.block(nil, 0, Never, nil)})
	}
}

// mayMakeImage tells whether there is memory for an image of the data; it answers if there is none.
func (c *Call) mayMakeImage() bool {
	if c.e.hasRoomForImage() {
		return true
	}
	c.e.log(logWarning, "Can't save the DB: "+noMemory)
	c.Error("ERR")
	return false
}

func cmdBgsave(c *Call) {
	if len(c.Args) > 2 || len(c.Args) == 2 && !is(c.Args[1], "schedule") {
		c.Error(ErrSyntax)
		return
	}
	if c.e.persist.inBackground() {
		c.Error(errSaving)
		return
	}
	busy := c.e.aof.rewriting != nil
	if c.conn.has(connExec) || busy && len(c.Args) == 2 {
		c.e.persist.wanted = true
		c.Status("Background saving scheduled")
		return
	}
	if busy {
		c.Error(errOtherChild)
		return
	}
	if !c.mayMakeImage() {
		return
	}
	c.e.beginSave(save{background: true})
	c.Status("Background saving started")
}

func cmdLastsave(c *Call) { c.Int(int64(c.e.persist.last) / 1e6) }

// shutdownOptions are what SHUTDOWN may be told.
type shutdownOptions struct{ save, nosave, now, force, abort bool }

func (c *Call) shutdownOptions() (opt shutdownOptions, ok bool) {
	for _, arg := range c.Args[1:] {
		switch {
		case is(arg, "nosave"):
			opt.nosave = true
		case is(arg, "save"):
			opt.save = true
		case is(arg, "now"):
			opt.now = true
		case is(arg, "force"):
			opt.force = true
		case is(arg, "abort"):
			opt.abort = true
		default:
			c.Error(ErrSyntax)
			return opt, false
		}
	}
	alone := opt == shutdownOptions{abort: true}
	if opt.abort && !alone || opt.save && opt.nosave {
		c.Error(ErrSyntax)
		return opt, false
	}
	return opt, true
}

func cmdShutdown(c *Call) {
	opt, ok := c.shutdownOptions()
	if !ok {
		return
	}
	e := c.e
	if opt.abort {
		if e.abortShutdown() {
			c.OK()
		} else {
			c.Error(errNoShutdown)
		}
		return
	}
	if e.has(engineScript) && !opt.nosave {
		c.Error(e.scripts.busyError())
		return
	}
	e.end(&ending{saving: opt.save || len(e.cfg.save) > 0 && !opt.nosave, force: opt.force,
		waiters: []*blockedCall{c.block(nil, 0, Never, nil)}}, opt.now)
}

func cmdDump(c *Call) {
	o := c.lookupRead(c.Args[1])
	if o == nil {
		c.Null()
		return
	}
	if !c.roomFor(2 * o.size()) {
		return
	}
	c.BulkLent(c.e.payload(o))
}

// payload is a serialised copy of a value.
func (e *Engine) payload(o *object) []byte {
	w, ops := &e.persist.writer, o.ops()
	w.Compress, w.Version = e.cfg.rdbCompression, e.rdbVersion()
	w.BeginPayload(nil)
	w.Type(ops.rdbType(o))
	ops.save(w, o)
	return w.EndPayload()
}

// restoreOptions are what RESTORE may be told beside key, TTL and payload.
type restoreOptions struct {
	replace, absolute bool
	idle, freq        int64 // -1 if not given
}

func (c *Call) restoreOptions() (opt restoreOptions, ok bool) {
	opt.idle, opt.freq = -1, -1
	for i := 4; i < len(c.Args); i++ {
		more := i+1 < len(c.Args)
		switch arg := c.Args[i]; {
		case is(arg, "replace"):
			opt.replace = true
		case is(arg, "absttl"):
			opt.absolute = true
		case is(arg, "idletime") && more && opt.freq == -1:
			i++
			if opt.idle, ok = c.ArgInt(i); !ok {
				return opt, false
			}
			if opt.idle < 0 {
				c.Error(errIdle)
				return opt, false
			}
		case is(arg, "freq") && more && opt.idle == -1:
			i++
			if opt.freq, ok = c.ArgInt(i); !ok {
				return opt, false
			}
			if opt.freq < 0 || opt.freq > 255 {
				c.Error(errFreq)
				return opt, false
			}
		default:
			c.Error(ErrSyntax)
			return opt, false
		}
	}
	return opt, true
}

func cmdRestore(c *Call) {
	opt, ok := c.restoreOptions()
	if !ok {
		return
	}
	key := c.Args[1]
	if !opt.replace && c.peek(key) != nil {
		c.Error(errBusyKey)
		return
	}
	expire, ok := c.ArgInt(2)
	if !ok {
		return
	}
	if expire < 0 {
		c.Error(errTTL)
		return
	}
	o := c.restored(c.Args[3])
	if o == nil {
		return
	}
	switch {
	case expire == 0:
	case opt.absolute:
		expire = c.keyInstant(expire)
	default:
		expire += c.sinceMs() // what wraps around does not count as over: see gone
	}
	before := c.peek(key)
	if before != nil {
		c.remove(key)
	}
	if expire > 0 && expire <= c.nowMs() {
		if before != nil {
			c.Propagate(removalName(c.e.cfg.lazyServerDel), key)
			c.signalModified(notifyGeneric, "del", key)
		}
		c.OK()
		return
	}
	expiry := expire
	if expire == 0 {
		expiry = stays
	}
	c.addTo(c.db, key, o, expiry)
	c.e.setUse(o, c.e.told(), opt.idle, int(opt.freq))
	if expire != 0 && !opt.absolute && c.propagates() {
		c.Propagate(string(c.Args[0]), small.Concat([][]byte{key, decimal(expire)}, c.Args[3:],
			[][]byte{[]byte("ABSTTL")})...)
	}
	c.signalModified(notifyGeneric, "restore", key)
	if before != nil {
		c.overwritten(c.db, key, before.kind, o.kind)
	}
	c.OK()
}

// sanitizing says what of RESTORE and of files is sanitized: the words of sanitize-dump-payload.
type sanitizing int64

const (
	sanitizeNone    sanitizing = iota
	sanitizeAll                // files, too
	sanitizeClients            // what those restore whose user has no skip-sanitize-payload
)

// sanitizes reports whether the payload of a RESTORE is. What others have restored was then.
func (c *Call) sanitizes() bool {
	if c.e.cfg.sanitize == sanitizeClients {
		return !c.replayed() && !c.conn.user.SkipPayload
	}
	return c.e.cfg.sanitize == sanitizeAll
}

// restored reads a payload; where it cannot be read it replies the error and returns nil.
func (c *Call) restored(payload []byte) *object {
	r, err := rdb.NewPayloadReader(payload, c.e.persist.unchecked)
	if err != nil || r.Version() > int(c.e.rdbVersion()) {
		c.Error(errPayload)
		return nil
	}
	r.Room, r.Sanitize = c.e.rdbRoom(), c.sanitizes()
	t, err := r.ReadType()
	if err == nil {
		var o *object
		if o, err = c.e.loadValue(r, t); err == nil && o != nil {
			return o
		}
	}
	if r.Starved {
		c.noMemory()
		return nil
	}
	c.e.logBadPayload(t, err)
	c.Error(errBadFormat)
	return nil
}

// logBadPayload logs what is wrong with a value: where nothing is, it is empty.
func (e *Engine) logBadPayload(t rdb.Type, err error) {
	name := strings.ReplaceAll(t.String(), "-", " ")
	switch {
	case strings.HasPrefix(name, "stream"):
		name = "stream listpack"
	case t == rdb.TypeHashZipmap:
		name = "zipmap"
	}
	text := strings.ToUpper(name[:1]) + name[1:] + " integrity check failed."
	bad, is := err.(*rdb.Error)
	if !is {
		e.log(logWarning, text)
		return
	}
	e.log(logWarning, "Internal error in RDB reading offset "+string(decimal(int64(bad.Offset)))+
		" -> "+text+" "+bad.Reason)
}
