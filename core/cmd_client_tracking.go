package core

import (
	"slices"
	"strings"
)

func cmdClientTracking(c *Call) {
	next, ok := c.argTracking()
	if !ok {
		return
	}
	switch {
	case is(c.Args[2], "off"):
		c.e.disableTracking(c.conn)
		c.OK()
	case !is(c.Args[2], "on"):
		c.Error(ErrSyntax)
	case c.mayTrack(next):
		c.e.enableTracking(c.conn, next)
		c.OK()
	}
}

// argTracking reads the options of CLIENT TRACKING.
func (c *Call) argTracking() (next *clientTracking, ok bool) {
	next = &clientTracking{}
	for i := 3; i < len(c.Args); i++ {
		more := i+1 < len(c.Args)
		switch {
		case is(c.Args[i], "redirect") && more:
			i++
			if next.redirect, ok = c.argRedirect(i, next.redirect); !ok {
				return nil, false
			}
		case is(c.Args[i], "bcast"):
			next.bcast = true
		case is(c.Args[i], "optin"):
			next.optIn = true
		case is(c.Args[i], "optout"):
			next.optOut = true
		case is(c.Args[i], "noloop"):
			next.noLoop = true
		case is(c.Args[i], "prefix") && more:
			i++
			next.prefixes = append(next.prefixes, string(c.Args[i]))
		default:
			c.Error(ErrSyntax)
			return nil, false
		}
	}
	return next, true
}

// argRedirect reads argument i as the connection that is to get the messages; before is what an
// earlier option named.
func (c *Call) argRedirect(i int, before ConnID) (ConnID, bool) {
	if before != 0 {
		c.Error("ERR A client can only redirect to a single other client")
		return 0, false
	}
	id, ok := c.ArgInt(i)
	if !ok {
		return 0, false
	}
	to := c.e.connOf(id)
	if to == nil || to.has(connClosing) {
		c.Error("ERR The client ID you want redirect to does not exist")
		return 0, false
	}
	return to.id, true
}

// mayTrack tells whether the options of CLIENT TRACKING ON agree with each other and with what
// they were before, or replies what is wrong.
func (c *Call) mayTrack(next *clientTracking) bool {
	was := c.conn.tracking
	if was == nil {
		was = &clientTracking{}
	}
	switch {
	case len(next.prefixes) > 0 && !next.bcast:
		c.Error("ERR PREFIX option requires BCAST mode to be enabled")
	case was.on && was.bcast != next.bcast:
		c.Error("ERR You can't switch BCAST mode on/off before disabling tracking for this " +
			"client, and then re-enabling it with a different mode.")
	case next.bcast && (next.optIn || next.optOut):
		c.Error("ERR OPTIN and OPTOUT are not compatible with BCAST")
	case next.optIn && next.optOut:
		c.Error("ERR You can't specify both OPTIN mode and OPTOUT mode")
	case next.optIn && was.optOut || next.optOut && was.optIn:
		c.Error("ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this " +
			"client, and then re-enabling it with a different mode.")
	default:
		return c.prefixesApart(was.prefixes, next.prefixes)
	}
	return false
}

// prefixesApart tells whether no prefix begins with another, or replies which two do: among those
// that a connection has and those that it names.
func (c *Call) prefixesApart(has, named []string) bool {
	const rule = ". Prefixes for a single client must not overlap."
	for i, name := range named {
		overlaps := func(other string) bool {
			return strings.HasPrefix(name, other) || strings.HasPrefix(other, name)
		}
		which, at, list := "an existing", slices.IndexFunc(has, overlaps), has
		if at < 0 {
			which, list = "another provided", named[i+1:]
			at = slices.IndexFunc(list, overlaps)
		}
		if at >= 0 {
			c.Error("ERR Prefix '" + cString(name) + "' overlaps with " + which + " prefix '" +
				cString(list[at]) + "'" + rule)
			return false
		}
	}
	return true
}

// cString is what an error line shows of a client's word: what stands before a NUL.
func cString(s string) string {
	before, _, _ := strings.Cut(s, "\x00")
	return before
}

func cmdClientCaching(c *Call) {
	t := c.conn.tracking
	switch yes := is(c.Args[2], "yes"); {
	case t == nil || !t.on:
		c.Error("ERR CLIENT CACHING can be called only when the client is in tracking mode with " +
			"OPTIN or OPTOUT mode enabled")
	case !yes && !is(c.Args[2], "no"):
		c.Error(ErrSyntax)
	case yes && !t.optIn:
		c.Error("ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.")
	case !yes && !t.optOut:
		c.Error("ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.")
	default:
		t.caching = true
		c.OK()
	}
}

func cmdClientGetredir(c *Call) { c.Int(c.conn.redirection()) }

// redirection is the id of the connection that gets the messages: 0 for the one that tracks
// itself, -1 if it does not track.
func (cl *conn) redirection() int64 {
	if cl.tracking == nil || !cl.tracking.on {
		return -1
	}
	return int64(cl.tracking.redirect)
}

func cmdClientTrackinginfo(c *Call) {
	t := c.conn.tracking
	if t == nil {
		t = &clientTracking{}
	}
	var flags []string
	for _, f := range [...]struct {
		on   bool
		name string
	}{
		{!t.on, "off"}, {t.on, "on"}, {t.bcast, "bcast"},
		{t.optIn, "optin"}, {t.optIn && t.caching, "caching-yes"},
		{t.optOut, "optout"}, {t.optOut && t.caching, "caching-no"},
		{t.noLoop, "noloop"}, {t.broken, "broken_redirect"},
	} {
		if f.on {
			flags = append(flags, f.name)
		}
	}
	c.Map(3)
	c.BulkString("flags")
	c.Set(len(flags))
	for _, name := range flags {
		c.BulkString(name)
	}
	c.BulkString("redirect")
	c.Int(c.conn.redirection())
	c.BulkString("prefixes")
	c.Array(len(t.prefixes))
	for _, name := range t.prefixes {
		c.BulkString(name)
	}
}
