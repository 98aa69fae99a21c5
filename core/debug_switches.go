package core

import (
	"strings"

	"github.com/redlet/redlet/core/internal/alloc"
	"github.com/redlet/redlet/core/internal/small"
	"github.com/redlet/redlet/core/internal/syntax"
)

// debugDictResizing is a switch to Redis's tables. Those here are laid out in another way, so that
// all it does is to have active expiry pass over those that have become too large.
func debugDictResizing(c *Call) {
	c.e.fixTables(leadingInt(c.Args[2]) == 0)
	c.OK()
}

// debugSkipChecksum has payloads and files taken whose checksums are wrong.
func debugSkipChecksum(c *Call) {
	c.e.persist.unchecked = leadingInt(c.Args[2]) != 0
	c.OK()
}

// debugDenyScripts lets scripts call what they must not.
func debugDenyScripts(c *Call) {
	c.e.scripts.permissive = leadingInt(c.Args[2]) != 0
	c.OK()
}

// debugReplicate sends replicas a command that has changed nothing.
func debugReplicate(c *Call) {
	if c.e.master == nil {
		c.e.feedReplicas(appendRequest(nil, string(c.Args[2]), c.Args[3:]))
	}
	c.OK()
}

// debugScript writes scripts that EVAL and SCRIPT LOAD brought to the log.
func debugScript(c *Call) {
	s := &c.e.scripts
	if is(c.Args[2], "list") {
		all := make([]string, 0, len(s.cache))
		for sha := range s.cache { // order: sorted below
			all = append(all, sha)
		}
		small.Sort(all, strings.Compare)
		for _, sha := range all {
			c.e.log(logWarning, "SCRIPT SHA: "+sha+"\n"+string(s.cache[sha].body))
		}
		c.OK()
		return
	}
	sc := s.cache[string(syntax.AppendLower(nil, c.Args[2]))]
	if sc == nil {
		c.Error(errSubcommandArity(c.Args))
		return
	}
	c.e.log(logWarning, "SCRIPT SHA: "+sc.sha+"\n"+string(sc.body))
	c.OK()
}

// debugSdslen shows what a key and its value, a string, take in Redis.
func debugSdslen(c *Call) {
	o := c.peek(c.Args[2])
	switch {
	case o == nil:
		c.Error(ErrNoKey)
	case o.kind != kindString || o.enc == encInt:
		c.Error("ERR Not an sds encoded string.")
	default:
		key := len(c.Args[2])
		c.Status("key_sds_len:" + itoa(key) + ", key_sds_avail:0, key_zmalloc: " +
			itoa(alloc.String(key)) + ", val_sds_len:" + itoa(len(o.str)) +
			", val_sds_avail:0, val_zmalloc: " + itoa(o.size()-headBytes))
	}
}
