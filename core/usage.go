package core

import "github.com/redlet/redlet/core/internal/alloc"

// The bytes that things take in a 64-bit Redis beside what they hold. They are the same on every
// host, and so are the sums of them.
const (
	startupBytes = 670600 // an empty server
	entryBytes   = 44     // a key's entry in its database and its share of the buckets
	headBytes    = 16     // what begins every value
	expiryBytes  = 48     // a key's expiry
	clientBytes  = 1928   // a connection without its buffers
)

// size is the bytes that a value takes.
func (o *object) size() int64 {
	if o.body == nil {
		return stringSize(o.enc, len(o.str), o.num)
	}
	return headBytes + int64(o.body.Memory())
}

// keySize is the bytes that a key takes beside its value.
func keySize(n int) int64 { return entryBytes + int64(alloc.String(n)) }

// usage is what MEMORY USAGE says of a key: of values in one piece what the allocator gave for
// them, of others what Redis reckons by a few of their parts, where this knows all but for nodes.
// It is not what counts as memory in use.
func (o *object) usage(key []byte, samples int) int64 {
	const entry = 24 // without its share of the buckets, and before the allocator rounds it up
	value := o.size()
	if f := o.ops().usage; f != nil {
		value = headBytes + int64(f(o, samples))
	}
	return entry + int64(alloc.String(len(key))) + value
}

// memoryUse counts the bytes in use as they change: of the keys, of their values, of the
// connections. At any moment between two commands the counts are what going through everything
// would give.
type memoryUse struct {
	used    int64 // all: INFO's used_memory
	clients int64 // connections of clients with their buffers: see isUser
	links   int64 // the other connections
	// clientsBefore is what clients was when the eviction of keys that is under way began.
	clientsBefore int64
	// weight is what counts of clients where they are evicted: see weighClient.
	weight     int64
	weightMost int64 // what it may be, as maxmemory-clients says
	asked      int64 // used when the host was last asked for room
	came       int   // bytes of input since then
	full       bool  // it had none
	// weighed is a collection that the command under way may change, nil if there is none; further
	// ones are in more.
	weighed *object
	more    []*object
	// limited is set when maxmemory has changed, and while there are more keys than maxkeys: keys
	// are evicted without waiting for a command.
	limited bool
}

// Memory is how many bytes are in use, as INFO's used_memory tells.
func (e *Engine) Memory() int64 { return e.mem.used }

// ScriptMemory is how many bytes the script under way has made, which Memory does not count, less
// what was found to be garbage since.
func (e *Engine) ScriptMemory() int64 {
	if e.scripts.vm == nil {
		return 0
	}
	return int64(e.scripts.vm.Made())
}

// MaxMemory is how many maxmemory allows, 0 if it does not say.
func (e *Engine) MaxMemory() int64 { return e.cfg.maxmemory }

// countMemory adds to the bytes in use, of a key that was just added or removed as well.
func (e *Engine) countMemory(n int64) {
	e.mem.used += n
	if e.cfg.maxmemory > 0 || e.cfg.maxkeys > 0 || e.room != nil {
		e.memoryChanged()
	}
}

// weigh notes a collection that the command under way changes or may change. What has become of it
// is counted when the command is over, so that it is enough to weigh a collection where it is
// looked up. A string, which changes in few ways, is counted as it changes.
//
//go:noinline
func (e *Engine) weigh(o *object) {
	switch {
	case o.body == nil || o.weighed:
		return
	case e.mem.weighed == nil:
		e.mem.weighed = o
	default:
		e.mem.more = append(e.mem.more, o)
	}
	o.weighed = true
}

// countWeighed counts what has become of the collections that were weighed, if any were. It stays
// out of the row of the fast path, which it would double.
//
//go:noinline
func (e *Engine) countWeighed() {
	if e.mem.weighed == nil {
		return
	}
	e.countChange(e.mem.weighed)
	e.mem.weighed = nil // not to be kept alive from here
	if len(e.mem.more) > 0 {
		for _, o := range e.mem.more {
			e.countChange(o)
		}
		clear(e.mem.more)
		e.mem.more = e.mem.more[:0]
	}
}

// countChange counts what has become of a collection.
func (e *Engine) countChange(o *object) {
	size := int64(0)
	if o.held {
		size = headBytes + int64(o.body.Memory())
	}
	if size != o.num {
		e.countMemory(size - o.num)
	}
	o.num, o.weighed = size, false
}

// countValue counts a value that comes to stand under a key, discountValue one that stands there no
// longer.
func (e *Engine) countValue(o *object) {
	o.held = true
	if o.body != nil {
		e.weigh(o)
	} else {
		e.countMemory(o.size())
	}
}

func (e *Engine) discountValue(o *object) {
	o.held = false
	switch {
	case o.body == nil:
		e.countMemory(-o.size())
	case !o.weighed:
		e.countMemory(-o.num)
		o.num = 0
	}
}

// resized counts the change of a string in size.
func (e *Engine) resized(o *object, was int64) {
	if o.held {
		e.countMemory(o.size() - was)
	}
}

// What a connection takes for each thing that it watches or listens to, and for each prefix of what
// it tracks, as Redis counts it: without the names.
const (
	watchBytes     = 80
	subscribeBytes = 32
	prefixBytes    = 32
)

// bytes is what a connection takes with the input that it has yet to complete, the output that it
// has yet to send, the commands that it has queued, what it watches, listens to and tracks, and the
// fieldsets that it has prepared. One that has only to be closed takes nothing.
func (cl *conn) bytes() int64 {
	out := cl.w.Len()
	if cl.has(connClosing) && out == 0 {
		return 0
	}
	n := clientBytes + int64(len(cl.in)+out) + cl.queueBytes +
		watchBytes*int64(len(cl.watched))
	if cl.has(connSubscribed) {
		for i := range cl.subs {
			n += subscribeBytes * int64(cl.subs[i].Len())
		}
	}
	if cl.tracking != nil {
		n += prefixBytes * int64(len(cl.tracking.prefixes))
	}
	if cl.fieldsets != nil {
		n += cl.fieldsets.bytes
	}
	return n
}

// countClient counts what a connection takes now. It is to be called when one of those may have
// grown or shrunk.
func (e *Engine) countClient(cl *conn, bytes int64) {
	more := bytes - cl.counted
	e.countFor(cl, more)
	if cl.isUser() {
		e.weighClient(cl)
	}
	if more != 0 {
		e.countMemory(more)
	}
}

// countTaken is countClient where all that has changed is that output has been taken, and so little
// of it that it did not weigh.
func (e *Engine) countTaken(cl *conn, n int64) {
	e.countFor(cl, -n)
	e.countMemory(-n)
}

// countFor counts that a connection takes so much more.
func (e *Engine) countFor(cl *conn, more int64) {
	cl.counted += more
	if cl.isUser() {
		e.mem.clients += more
	} else {
		e.mem.links += more
	}
}
