package core

import (
	"encoding/binary"
	"math/bits"

	"github.com/redlet/redlet/core/internal/stream"
	"github.com/redlet/redlet/core/internal/xxh3"
)

// A producer that sends a message again, since it has not heard that it came, names it: XADD with
// IDMP or IDMPAUTO adds it but once. See stream.Idmp.

var streamIdmpCommands = []Command{
	{
		Name: "xcfgset", Since: "8.6", Group: "stream",
		Flags:      Write | Fast,
		Cats:       CatStream,
		Syntax:     "key [IDMP-DURATION idmp-duration:int] [IDMP-MAXSIZE idmp-maxsize:int]",
		Keys:       "1 RW update",
		Summary:    "Sets what a stream remembers of messages that may be sent again.",
		Complexity: "O(1)",
		Run:        cmdXcfgset,
	},
	{
		Name: "xidmprecord", Since: "8.6.2", Group: "stream",
		Flags:      Write | DenyOOM | Fast,
		Cats:       CatStream,
		Syntax:     "key pid iid stream-id",
		Keys:       "1 RW update",
		Summary:    "Has a stream remember under which name a producer has sent an entry.",
		Complexity: "O(1)",
		Run:        cmdXidmprecord,
	},
}

// The bounds of what a stream may remember.
const (
	idmpDurationMax = 86_400 // seconds
	idmpMaxSizeMost = 10_000
)

// idmp is how XADD is told which message of which producer it adds.
type idmp struct {
	pid, iid []byte // nil without
	auto     bool   // iid is made of the fields
}

const errIdmp = "ERR syntax error, IDMP"

// idmpOption reads IDMP or IDMPAUTO, which is argument i, and returns the last argument of it.
func (c *Call) idmpOption(o *idmp, i int) (last int, ok bool) {
	o.auto = is(c.Args[i], "idmpauto")
	text := ""
	switch {
	case o.pid != nil:
		text = errIdmp + "/IDMPAUTO specified multiple times"
	case len(c.Args[i+1]) == 0 && o.auto:
		text = errIdmp + "AUTO requires a non-empty producer ID"
	case len(c.Args[i+1]) == 0:
		text = errIdmp + " requires a non-empty producer ID"
	case !o.auto && len(c.Args[i+2]) == 0:
		text = errIdmp + " requires a non-empty idempotent ID"
	}
	if text != "" {
		c.Error(text)
		return i, false
	}
	o.pid = c.Args[i+1]
	if o.auto {
		return i + 1, true
	}
	o.iid = c.Args[i+2]
	return i + 2, true
}

// isIdmp tells whether argument i begins IDMP or IDMPAUTO.
func (c *Call) isIdmp(i int) bool {
	more := len(c.Args) - i - 1
	return more >= 1 && is(c.Args[i], "idmpauto") && c.takes("8.6") ||
		more >= 2 && is(c.Args[i], "idmp") && c.takes("8.6")
}

// duplicate answers for a message that the stream has already, and reports whether it has. What is
// replayed with an id was added then: the message that had the name had been forgotten.
func (c *Call) duplicate(s *stream.Stream, o *streamAdd, fields [][]byte) bool {
	if o.idmp.pid == nil {
		return false
	}
	if o.idmp.auto {
		o.idmp.iid = messageHash(fields)
	}
	id, known := s.Idmp.Find(o.idmp.pid, o.idmp.iid)
	if !known || c.replayed() && !o.auto {
		return false
	}
	s.Idmp.Duplicates++
	c.streamID(id)
	c.signalAside(1, 0, "", c.Args[1])
	return true
}

// record has the stream at argument 1 remember a message.
func (c *Call) record(o *object, pid, iid []byte, id stream.ID) {
	o.stream().Idmp.Record(pid, iid, id)
	c.e.placeStream(o)
}

// messageHash names a message by its fields and values, whatever their order. The length of each
// field stands between it and its value.
func messageHash(fields [][]byte) []byte {
	var sum, xor [2]uint64 // low, high
	var pair []byte
	for i := 0; i+1 < len(fields); i += 2 {
		pair = append(pair[:0], fields[i]...)
		pair = binary.LittleEndian.AppendUint64(pair, uint64(len(fields[i])))
		high, low := xxh3.Sum128(append(pair, fields[i+1]...))
		sum[0] += low
		sum[1] += high
		xor[0] ^= low
		xor[1] ^= high
	}
	b := binary.LittleEndian.AppendUint64(nil, sum[0]^bits.RotateLeft64(xor[1], 1))
	return binary.LittleEndian.AppendUint64(b, sum[1]^bits.RotateLeft64(xor[0], 1))
}

func cmdXcfgset(c *Call) {
	o := c.lookupWrite(c.Args[1])
	s, ok := c.asStream(o)
	switch {
	case !ok:
		return
	case s == nil:
		c.Error(ErrNoKey)
		return
	}
	duration, maxsize, ok := c.idmpLimits()
	if !ok {
		return
	}
	changed := idmpLimit(s, &s.Idmp.Duration, duration)
	if idmpLimit(s, &s.Idmp.MaxSize, maxsize) || changed {
		c.e.placeStream(o)
		c.signalAside(1, 0, "", c.Args[1])
	}
	c.OK()
}

// idmpLimits reads the options of XCFGSET; -1 is what it is not told.
func (c *Call) idmpLimits() (duration, maxsize int64, ok bool) {
	duration, maxsize = -1, -1
	for i := 2; i < len(c.Args); i += 2 {
		switch more := i+1 < len(c.Args); {
		case more && is(c.Args[i], "idmp-duration"):
			ok = c.idmpLimit(&duration, i+1, "IDMP-DURATION", idmpDurationMax, "86400 seconds")
		case more && is(c.Args[i], "idmp-maxsize"):
			ok = c.idmpLimit(&maxsize, i+1, "IDMP-MAXSIZE", idmpMaxSizeMost, "10000 entries")
		default:
			c.Error(ErrSyntax)
			ok = false
		}
		if !ok {
			return 0, 0, false
		}
	}
	if duration == -1 && maxsize == -1 {
		c.Error("ERR At least one parameter must be specified")
		return 0, 0, false
	}
	return duration, maxsize, true
}

// idmpLimit reads the value of an option of XCFGSET, which is argument i.
func (c *Call) idmpLimit(to *int64, i int, option string, most int64, text string) (ok bool) {
	if *to != -1 {
		c.Error("ERR " + option + " specified multiple times")
		return false
	}
	if *to, ok = c.ArgInt(i); ok && (*to < 1 || *to > most) {
		c.Error("ERR " + option + " must be between 1 and " + text)
		ok = false
	}
	return ok
}

// idmpLimit sets a limit, unless it is -1, and reports whether it was another. All producers are
// forgotten then.
func idmpLimit(s *stream.Stream, to *int64, limit int64) bool {
	if limit == -1 || *to == limit {
		return false
	}
	*to = limit
	s.Idmp.Clear()
	return true
}

func cmdXidmprecord(c *Call) {
	id, ok := c.argStreamID(4)
	switch {
	case !ok:
		return
	case len(c.Args[2]) == 0:
		c.Error("ERR producer ID must be non-empty")
		return
	case len(c.Args[3]) == 0:
		c.Error("ERR idempotent ID must be non-empty")
		return
	}
	o := c.lookupWrite(c.Args[1])
	s, ok := c.asStream(o)
	if !ok {
		return
	}
	if s == nil {
		c.Error(ErrNoKey)
		return
	}
	if !s.Has(id) {
		c.Error("ERR No such message in stream")
		return
	}
	switch had, known := s.Idmp.Find(c.Args[2], c.Args[3]); {
	case !known:
		c.record(o, c.Args[2], c.Args[3], id)
		c.OK()
		c.signalAside(1, 0, "", c.Args[1])
	case had == id:
		c.OK()
	default:
		c.Error("ERR IID already exists for this producer with a different stream ID")
	}
}
