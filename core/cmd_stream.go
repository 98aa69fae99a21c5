package core

import (
	"math"

	"github.com/redlet/redlet/core/internal/stream"
)

var streamCommands = []Command{
	{
		Name: "xadd", Since: "5.0", Group: "stream",
		Flags: Write | DenyOOM | Fast | TellsLater,
		Cats:  CatStream,
		Syntax: "key [NOMKSTREAM^6.2] " + refSyntax +
			"[idmp:(IDMPAUTO pid|IDMP idmp:{pid iid})^8.6] " + trimSyntax + " id-selector:(auto-id:*|id) " +
			"data:{field value}...",
		Keys:       `1 RW update "It may trim as well, which is why it updates."`,
		Tips:       "nondeterministic_output",
		Summary:    "Appends an entry to a stream, making the stream if need be.",
		Complexity: "O(1), and O(N) for N entries trimmed",
		History: "6.2 NOMKSTREAM, MINID and LIMIT; 7.0 ids whose number alone is made up; " +
			"8.2 KEEPREF, DELREF and ACKED; 8.6 IDMP and IDMPAUTO",
		Run: cmdXadd,
	},
	{
		Name: "xtrim", Since: "5.0", Group: "stream",
		Flags:      Write | TellsLater,
		Cats:       CatStream,
		Syntax:     "key " + trimSyntax[1:len(trimSyntax)-2] + " " + refSyntax + "}",
		Keys:       "1 RW delete",
		Tips:       "nondeterministic_output",
		Summary:    "Removes entries from the start of a stream.",
		Complexity: "O(N) for N entries removed",
		History:    "6.2 MINID and LIMIT; 8.2 KEEPREF, DELREF and ACKED",
		Run:        cmdXtrim,
	},
	{
		Name: "xlen", Since: "5.0", Group: "stream",
		Flags:      ReadOnly | Fast,
		Cats:       CatStream,
		Syntax:     "key",
		Keys:       "1 RO",
		Summary:    "Counts the entries of a stream.",
		Complexity: "O(1)",
		Run:        cmdXlen,
	},
	{
		Name: "xrange", Since: "5.0", Group: "stream",
		Flags:      ReadOnly,
		Cats:       CatStream,
		Syntax:     "key start end [COUNT count:int]",
		Keys:       "1 RO access",
		Summary:    "Gives the entries of a stream whose ids lie between two.",
		Complexity: "O(N) for N entries returned",
		History:    "6.2 bounds that are excluded",
		Run:        cmdXrange,
	},
	{
		Name: "xrevrange", Since: "5.0", Group: "stream",
		Flags:      ReadOnly,
		Cats:       CatStream,
		Syntax:     "key end start [COUNT count:int]",
		Keys:       "1 RO access",
		Summary:    "Gives the entries of a stream whose ids lie between two, the last one first.",
		Complexity: "O(N) for N entries returned",
		History:    "6.2 bounds that are excluded",
		Run:        cmdXrevrange,
	},
	{
		Name: "xdel", Since: "5.0", Group: "stream",
		Flags:      Write | Fast,
		Cats:       CatStream,
		Syntax:     "key id...",
		Keys:       "1 RW delete",
		Summary:    "Removes entries from a stream.",
		Complexity: "O(N) for N ids",
		Run:        cmdXdel,
	},
	{
		Name: "xsetid", Since: "5.0", Group: "stream",
		Flags:      Write | DenyOOM | Fast,
		Cats:       CatStream,
		Syntax:     "key last-id [ENTRIESADDED entries-added:int^7.0] [MAXDELETEDID max-deleted-id^7.0]",
		Keys:       "1 RW update",
		Summary:    "Sets the last id of a stream and what it counts.",
		Complexity: "O(1)",
		History:    "7.0 ENTRIESADDED and MAXDELETEDID",
		Run:        cmdXsetid,
	},
}

// trimSyntax is how XADD and XTRIM say what to remove.
const trimSyntax = "[trim:{strategy:(MAXLEN|MINID^6.2) [operator:(equal:=|approximately:~)] " +
	"threshold [LIMIT count:int^6.2]}]"

// refSyntax is how they, and the commands that remove by id, say what becomes of an entry that
// groups refer to.
const refSyntax = "[condition:(KEEPREF|DELREF|ACKED)^8.2] "

const (
	errStreamID    = "ERR Invalid stream ID specified as stream command argument"
	errStreamStart = "ERR invalid start ID for the interval"
	errStreamEnd   = "ERR invalid end ID for the interval"
)

// asStream returns a value as a stream: nil when there is none, and false when it is something
// else, once that is replied.
func (c *Call) asStream(o *object) (*stream.Stream, bool) {
	if o == nil {
		return nil, true
	}
	if !c.ofKind(o, kindStream) {
		return nil, false
	}
	return o.stream(), true
}

// streamID writes an id.
func (c *Call) streamID(id stream.ID) {
	var text [stream.IDLenMax]byte
	c.Bulk(id.Append(text[:0]))
}

// idText is an id as an argument.
//
//go:noinline
func idText(id stream.ID) []byte { return id.Append(nil) }

// argStreamID reads argument i as an id, whose number may be missing.
func (c *Call) argStreamID(i int) (stream.ID, bool) {
	id, ok := stream.ParseID(c.Args[i], 0)
	if !ok {
		c.Error(errStreamID)
	}
	return id, ok
}

// looseID reads an id, or - and + for the least and the greatest.
func looseID(arg []byte, seq uint64) (stream.ID, bool) {
	switch string(arg) {
	case "-":
		return stream.ID{}, true
	case "+":
		return stream.MaxID, true
	}
	return stream.ParseID(arg, seq)
}

// argStart and argEnd read argument i as a bound of an interval of ids.
func (c *Call) argStart(i int) (stream.ID, bool) {
	return c.argBound(i, 0, stream.ID.Next, errStreamStart)
}

func (c *Call) argEnd(i int) (stream.ID, bool) {
	return c.argBound(i, math.MaxUint64, stream.ID.Prev, errStreamEnd)
}

// argBound reads a bound; behind a parenthesis it is excluded, and the next id counts.
func (c *Call) argBound(
	i int, seq uint64, next func(stream.ID) (stream.ID, bool), text string,
) (id stream.ID, ok bool) {
	arg := c.Args[i]
	excluded := len(arg) > 1 && arg[0] == '('
	if excluded {
		id, ok = stream.ParseID(arg[1:], seq)
	} else {
		id, ok = looseID(arg, seq)
	}
	if !ok {
		c.Error(errStreamID)
		return id, false
	}
	if excluded {
		if id, ok = next(id); !ok {
			c.Error(text)
		}
	}
	return id, ok
}

// streamEntry writes the entry at hand of an iterator.
func (c *Call) streamEntry(it *stream.Iterator) {
	c.Array(2)
	c.streamFields(it)
}

// streamFields writes its id and its fields.
func (c *Call) streamFields(it *stream.Iterator) {
	c.streamID(it.ID())
	c.Array(2 * it.Len())
	for range it.Len() {
		c.Element(it.Field())
		c.Element(it.Value())
	}
}

// streamEntries writes up to count entries, all if that is 0, as an array.
func (c *Call) streamEntries(it *stream.Iterator, count int64) {
	at, n := c.ArrayLater(), 0
	for (count == 0 || int64(n) < count) && it.Next() {
		c.streamEntry(it)
		n++
	}
	c.ArrayEnd(at, '*', n)
}

// streamAdd is what XADD is told of the id, and XTRIM and XADD of what to remove.
type streamAdd struct {
	trim       stream.Trim
	trims      bool
	trimAt     int  // the argument that says how much to trim
	nomkstream bool // no stream is made
	idmp       idmp
	told       bool // what becomes of entries that groups refer to
	idAt       int  // the argument that is the id
	id         stream.ID
	auto       bool // the whole id is made up,
	autoSeq    bool // or its number is
}

// streamAddOptions reads the arguments of XADD up to the id, or those of XTRIM.
func (c *Call) streamAddOptions(add bool) (o streamAdd, ok bool) {
	limited := false
	for i := 2; i < len(c.Args) && o.idAt == 0; i++ {
		arg, more := c.Args[i], i+1 < len(c.Args)
		switch {
		case add && string(arg) == "*":
			o.auto, o.idAt = true, i
		case more && is(arg, "maxlen"), more && is(arg, "minid"):
			if i, ok = c.streamTrim(&o, i); !ok {
				return o, false
			}
		case more && is(arg, "limit"):
			i++
			if o.trim.Limit, ok = c.ArgInt(i); !ok {
				return o, false
			}
			if o.trim.Limit < 0 {
				c.Error("ERR The LIMIT argument must be >= 0.")
				return o, false
			}
			limited = true
		case !o.told && c.isStrategy(arg, &o.trim.How):
			o.told = true
		case add && is(arg, "nomkstream"):
			o.nomkstream = true
		case add && c.isIdmp(i):
			if i, ok = c.idmpOption(&o.idmp, i); !ok {
				return o, false
			}
		case add:
			if o.id.Ms, o.autoSeq = stream.ParseAutoSeq(arg); !o.autoSeq {
				if o.id, ok = c.argStreamID(i); !ok {
					return o, false
				}
			}
			if o.idmp.pid != nil && !c.replayed() { // what is replayed has the id it was given
				c.Error(errIdmp + "/IDMPAUTO can be used only with auto-generated IDs")
				return o, false
			}
			o.idAt = i
		default:
			c.Error(ErrSyntax)
			return o, false
		}
	}
	return o, c.streamLimit(&o, limited, add)
}

// isStrategy reads what is to become of an entry that groups refer to, if an argument says so.
func (c *Call) isStrategy(arg []byte, how *stream.Strategy) bool {
	said := stream.KeepRef
	switch {
	case is(arg, "keepref"):
	case is(arg, "delref"):
		said = stream.DelRef
	case is(arg, "acked"):
		said = stream.Acked
	default:
		return false
	}
	if !c.takes("8.2") { // asked last: mostly the argument is another
		return false
	}
	*how = said
	return true
}

// streamTrim reads MAXLEN or MINID, which is argument i, and returns the last argument of it.
func (c *Call) streamTrim(o *streamAdd, i int) (last int, ok bool) {
	if o.trims {
		c.Error("ERR syntax error, MAXLEN and MINID options at the same time are not compatible")
		return i, false
	}
	o.trims, o.trim.ByID = true, is(c.Args[i], "minid")
	i++
	if i+1 < len(c.Args) {
		if approximately := string(c.Args[i]) == "~"; approximately || string(c.Args[i]) == "=" {
			o.trim.Whole = approximately
			i++
		}
	}
	o.trimAt = i
	if o.trim.ByID {
		o.trim.MinID, ok = c.argStreamID(i)
		return i, ok
	}
	if o.trim.MaxLen, ok = c.ArgInt(i); ok && o.trim.MaxLen < 0 {
		c.Error("ERR The MAXLEN argument must be >= 0.")
		ok = false
	}
	return i, ok
}

// streamLimit checks the options against each other and sets the limit of work.
func (c *Call) streamLimit(o *streamAdd, limited, add bool) bool {
	text := ""
	switch {
	case o.trim.Limit > 0 && !o.trims:
		text = "ERR syntax error, LIMIT cannot be used without specifying a trimming strategy"
	case !add && !o.trims:
		text = "ERR syntax error, XTRIM must be called with a trimming strategy"
	case c.replayed():
		o.trim.Limit = 0 // what was removed is said exactly
	case limited && !o.trim.Whole:
		text = "ERR syntax error, LIMIT cannot be used without the special ~ option"
	case !limited && o.trim.Whole:
		const nodes, least, most = 100, 10_000, 1_000_000
		o.trim.Limit = nodes * c.e.cfg.streamNodeEntriesMax
		if o.trim.Limit <= 0 {
			o.trim.Limit = least
		}
		o.trim.Limit = min(o.trim.Limit, most)
	}
	if text != "" {
		c.Error(text)
	}
	return text == ""
}

// streamLimits say when a node is full.
func (e *Engine) streamLimits() stream.Limits {
	return stream.Limits{Bytes: e.cfg.streamNodeBytesMax, Entries: e.cfg.streamNodeEntriesMax}
}

func cmdXadd(c *Call) {
	o, ok := c.streamAddOptions(true)
	if !ok {
		return
	}
	fields := c.Args[min(len(c.Args), o.idAt+1):]
	if o.idAt == 0 || len(fields) == 0 || len(fields)%2 == 1 {
		c.Error(errArity(c.cmd))
		return
	}
	if !o.auto && !o.autoSeq && o.id == (stream.ID{}) {
		c.Error("ERR The ID specified in XADD must be greater than 0-0")
		return
	}
	v := c.lookupWrite(c.Args[1])
	if !c.ofKind(v, kindStream) {
		return
	}
	if v == nil {
		if o.nomkstream {
			c.Null()
			return
		}
		v = c.e.newStream()
		c.add(c.Args[1], v)
	}
	s := v.stream()
	if c.duplicate(s, &o, fields) {
		return
	}
	if text := c.newEntryID(s, &o, fields); text != "" {
		c.Error(text)
		return
	}
	s.Add(o.id, fields, c.e.streamLimits())
	c.streamID(o.id)
	if o.idmp.pid != nil {
		c.record(v, o.idmp.pid, o.idmp.iid, o.id)
	}
	c.signalModified(notifyStream, "xadd", c.Args[1])
	if o.trims && s.Trim(&o.trim) > 0 {
		c.notify(notifyStream, "xtrim", c.Args[1])
	}
	c.propagateAdd(s, &o)
	c.signalReady(c.Args[1])
}

// newEntryID makes o.id that of the new entry, or says why there is none.
func (c *Call) newEntryID(s *stream.Stream, o *streamAdd, fields [][]byte) (text string) {
	ok := true
	switch {
	case s.Last == stream.MaxID:
		return "ERR The stream has exhausted the last possible ID, unable to add more items"
	case o.auto:
		o.id, ok = s.NextID(uint64(c.e.tellMs()))
	case o.autoSeq:
		o.id, ok = s.NextSeq(o.id.Ms)
	default:
		ok = s.Last.Less(o.id)
	}
	switch {
	case !ok:
		return "ERR The ID specified in XADD is equal or smaller than the target stream top item"
	case !stream.Fits(fields):
		return "ERR Elements are too large to be stored"
	}
	return ""
}

// propagateAdd propagates an entry with its id, and with what was trimmed.
func (c *Call) propagateAdd(s *stream.Stream, o *streamAdd) {
	if !c.propagates() {
		return
	}
	args := append([][]byte(nil), c.Args...)
	if o.auto || o.autoSeq {
		args[o.idAt] = idText(o.id)
	}
	propagateTrim(args, s, o)
	c.Propagate(string(args[0]), args[1:]...)
}

// propagateTrim makes arguments say exactly what has been trimmed approximately.
func propagateTrim(args [][]byte, s *stream.Stream, o *streamAdd) {
	if !o.trims || !o.trim.Whole {
		return
	}
	args[o.trimAt-1] = []byte("=")
	switch {
	case !o.trim.ByID:
		args[o.trimAt] = decimal(s.Len())
	case o.trim.How != stream.KeepRef:
		args[o.trimAt] = idText(o.trim.MinID) // what comes before it may have been passed over
	default:
		args[o.trimAt] = idText(s.FirstEver())
	}
}

func cmdXtrim(c *Call) {
	o, ok := c.streamAddOptions(false)
	if !ok {
		return
	}
	s, ok := c.asStream(c.lookupWrite(c.Args[1]))
	if !ok {
		return
	}
	if s == nil {
		c.Int(0)
		return
	}
	n := s.Trim(&o.trim)
	if n > 0 {
		c.notify(notifyStream, "xtrim", c.Args[1])
		c.signalDirty(int(n), 0, "", c.Args[1])
		if c.propagates() {
			args := append([][]byte(nil), c.Args...)
			propagateTrim(args, s, &o)
			c.Propagate(string(args[0]), args[1:]...)
		}
	}
	c.Int(n)
}

func cmdXlen(c *Call) {
	s, ok := c.asStream(c.lookupRead(c.Args[1]))
	switch {
	case !ok:
	case s == nil:
		c.Int(0)
	default:
		c.Int(s.Len())
	}
}

func cmdXrange(c *Call)    { c.streamRange(false) }
func cmdXrevrange(c *Call) { c.streamRange(true) }

func (c *Call) streamRange(back bool) {
	startAt, endAt := 2, 3
	if back {
		startAt, endAt = 3, 2
	}
	start, ok := c.argStart(startAt)
	if !ok {
		return
	}
	end, ok := c.argEnd(endAt)
	if !ok {
		return
	}
	count := int64(-1)
	for i := 4; i < len(c.Args); i += 2 {
		if !is(c.Args[i], "count") || i+1 == len(c.Args) {
			c.Error(ErrSyntax)
			return
		}
		if count, ok = c.ArgInt(i + 1); !ok {
			return
		}
		count = max(count, 0)
	}
	s, ok := c.asStream(c.lookupRead(c.Args[1]))
	switch {
	case !ok:
	case s == nil:
		c.Array(0)
	case count == 0:
		c.NullArray()
	case back:
		c.streamEntries(s.Reverse(start, end), max(count, 0))
	default:
		c.streamEntries(s.Range(start, end), max(count, 0))
	}
}

// argStreamIDs checks arguments, each of which is to be an id.
func (c *Call) argStreamIDs(ids [][]byte) bool {
	for _, arg := range ids {
		if _, ok := stream.ParseID(arg, 0); !ok {
			c.Error(errStreamID)
			return false
		}
	}
	return true
}

func cmdXdel(c *Call) {
	s, ok := c.asStream(c.lookupWrite(c.Args[1]))
	if !ok {
		return
	}
	if s == nil {
		c.Int(0)
		return
	}
	if !c.argStreamIDs(c.Args[2:]) {
		return
	}
	n := 0
	for _, arg := range c.Args[2:] {
		if id, _ := stream.ParseID(arg, 0); s.Remove(id) {
			n++
		}
	}
	if n > 0 {
		c.signalDirty(n, notifyStream, "xdel", c.Args[1])
	}
	c.Count(n)
}

func cmdXsetid(c *Call) {
	id, ok := c.argStreamID(2)
	if !ok {
		return
	}
	added, deleted, ok := c.setidOptions(id)
	if !ok {
		return
	}
	s, ok := c.asStream(c.lookupWrite(c.Args[1]))
	switch {
	case !ok:
	case s == nil:
		c.Error(ErrNoKey)
	case id.Less(s.MaxDeleted):
		c.Error("ERR The ID specified in XSETID is smaller than current max_deleted_entry_id")
	case s.Len() > 0 && id.Less(s.LastEntry()):
		c.Error("ERR The ID specified in XSETID is smaller than the target stream top item")
	case s.Len() > 0 && added != -1 && added < s.Len():
		c.Error("ERR The entries_added specified in XSETID is smaller than the target stream " +
			"length")
	default:
		s.Last = id
		if added != -1 {
			s.Added = added
		}
		if deleted != (stream.ID{}) {
			s.MaxDeleted = deleted
		}
		c.OK()
		c.signalAside(1, notifyStream, "xsetid", c.Args[1])
	}
}

// setidOptions reads what XSETID is told besides the id; -1 and the zero ID are what it is not.
func (c *Call) setidOptions(id stream.ID) (added int64, deleted stream.ID, ok bool) {
	added = -1
	for i := 3; i < len(c.Args); i += 2 {
		switch more := i+1 < len(c.Args); {
		case more && is(c.Args[i], "entriesadded"):
			if added, ok = c.ArgInt(i + 1); !ok {
				return 0, deleted, false
			}
			if added < 0 {
				c.Error("ERR entries_added must be positive")
				return 0, deleted, false
			}
		case more && is(c.Args[i], "maxdeletedid"):
			if deleted, ok = c.argStreamID(i + 1); !ok {
				return 0, deleted, false
			}
			if id.Less(deleted) {
				c.Error("ERR The ID specified in XSETID is smaller than the provided " +
					"max_deleted_entry_id")
				return 0, deleted, false
			}
		default:
			c.Error(ErrSyntax)
			return 0, deleted, false
		}
	}
	return added, deleted, true
}
