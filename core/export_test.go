package core

import (
	"strconv"

	"github.com/redlet/redlet/core/internal/rdb"
	"github.com/redlet/redlet/core/internal/stream"
)

// Recount goes through all that takes memory and says where the counts differ from what is there,
// "" if nowhere. Values are made anew for that.
func (e *Engine) Recount() string {
	used, clients := int64(startupBytes), int64(0)
	for _, conns := range []map[ConnID]*conn{e.conns, e.links} {
		for _, cl := range conns { // order: summed
			clients += cl.bytes()
		}
	}
	for _, d := range e.dbs {
		for i := range d.keys.Len() {
			key, p := d.keys.At(i)
			o := *p
			size := e.anew(o).size()
			if !o.held || o.weighed || size != o.size() || o.body != nil && size != o.num {
				return key + " counts for " + strconv.FormatInt(o.size(), 10) + ", not " +
					strconv.FormatInt(size, 10)
			}
			used += keySize(len(key)) + size
			if o.ttl != nil {
				used += expiryBytes
			}
		}
	}
	switch {
	case e.mem.clients+e.mem.links != clients:
		return "clients: " + strconv.FormatInt(e.mem.clients+e.mem.links, 10) + ", not " +
			strconv.FormatInt(clients, 10)
	case e.mem.used != used+clients:
		return strconv.FormatInt(e.mem.used, 10) + ", not " + strconv.FormatInt(used+clients, 10)
	case e.has(engineMemory) != (e.cfg.maxmemory > 0 && e.mem.used > e.cfg.maxmemory):
		return "maxmemory was overlooked"
	case e.mem.weighed != nil:
		return "a value was weighed and not settled"
	}
	return ""
}

// Overlooked says where Deadline tells something else than it would if it looked at everything; ""
// if nowhere.
func (e *Engine) Overlooked() string {
	due := e.Deadline()
	e.stir()
	if all := e.Deadline(); all != due {
		return "due at " + strconv.FormatInt(int64(due), 10) + ", not " +
			strconv.FormatInt(int64(all), 10)
	}
	return ""
}

// Afterwards are commands that walk through and change the value under the key k.
var Afterwards = afterwards

// anew makes a value anew, as COPY does, or as it comes out of a file where COPY refuses it. The
// copy of a stream is told of the idempotent producers too, that of a string for how much there is
// room.
func (e *Engine) anew(o *object) *object {
	if clone := o.ops().clone; clone != nil {
		twin := clone(o)
		switch {
		case o.kind == kindStream:
			copyIdmp(&twin.stream().Idmp, &o.stream().Idmp)
		case o.kind == kindString && o.room() > 0:
			twin.setRoom(o.room())
		}
		return twin
	}
	var w rdb.Writer
	w.BeginPayload(nil)
	o.ops().save(&w, o)
	r, err := rdb.NewPayloadReader(w.EndPayload(), false)
	if err == nil {
		o, err = e.loadValue(r, o.ops().rdbType(o))
	}
	if err != nil {
		panic(err)
	}
	return o
}

func copyIdmp(to, from *stream.Idmp) {
	pid := ""
	from.Each(func(name string, _ int) { pid = name },
		func(name string, id stream.ID) { to.Load([]byte(pid), []byte(name), id) })
}
