package core

import (
	"strings"

	"github.com/redlet/redlet/core/internal/rdb"
)

// Type declares a type of values that commands from outside work on: see [Options.Types]. A value
// is whatever its package makes of it; the engine keeps it under its key, with an expiry if it has
// one, evicts it, copies it, writes it into RDB files and reads it from them.
type Type struct {
	// Name is what TYPE answers, and with Version what tells the type in an RDB file: nine letters,
	// digits, - or _.
	Name string
	// Version is that of what Save writes, from 0 to 1023.
	Version int
	// Save appends a value to dst.
	Save func(dst []byte, value any) []byte
	// Load reads what Save wrote in some version. Data is lent.
	Load func(version int, data []byte) (value any, err error)
	// Clone copies a value, for COPY.
	Clone func(value any) any
	// Size tells how many bytes of memory a value takes. It is asked after each change, so it must
	// not take long.
	Size func(value any) int64
}

// typeNameChars are the characters of a type's name by the six bits that stand for them in a file.
const typeNameChars = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

const (
	typeNameLen    = 9
	typeVersionMax = 1<<10 - 1
)

// id is how an RDB file names the type: its name and its version.
func (t *Type) id() uint64 {
	id := uint64(0)
	for i := range len(t.Name) {
		id = id<<6 | uint64(strings.IndexByte(typeNameChars, t.Name[i]))
	}
	return id<<10 | uint64(t.Version)
}

// problem is what is wrong with the declaration of a type, "" if nothing is.
func (t *Type) problem() string {
	well := len(t.Name) == typeNameLen
	for i := range len(t.Name) {
		well = well && strings.IndexByte(typeNameChars, t.Name[i]) >= 0
	}
	switch {
	case !well:
		return "'" + t.Name + "' cannot be the name of a type"
	case t.Version < 0 || t.Version > typeVersionMax:
		return "the type " + t.Name + " has a version that no file can hold"
	case t.Save == nil || t.Load == nil || t.Clone == nil || t.Size == nil:
		return "the type " + t.Name + " lacks its Save, Load, Clone or Size"
	}
	return ""
}

// checkTypes says what is wrong with types that an engine is to know.
func checkTypes(types []*Type) error {
	for i, t := range types {
		if problem := t.problem(); problem != "" {
			return CommandError(problem)
		}
		taken := t.Name == vectorModule
		for _, other := range types[:i] {
			taken = taken || other.Name == t.Name
		}
		if taken {
			return CommandError("there is a type " + t.Name + " already")
		}
	}
	return nil
}

// Value returns the value at a key for a command that reads it; nil if there is none. It reports
// false, after replying the error, if the key holds a value of another type. Who changes the value
// says so with [Call.Changed].
func (c *Call) Value(t *Type, key []byte) (value any, ok bool) {
	o := c.lookupRead(key)
	switch {
	case o == nil:
		return nil, true
	case o.kind == kindModule && o.moduleValue().of == t:
		return o.moduleValue().value, true
	}
	c.Error(ErrWrongType)
	return nil, false
}

// SetValue stores a value under a key in place of whatever it holds, and ends its expiry. Call
// [Call.Changed] next.
func (c *Call) SetValue(t *Type, key []byte, value any) {
	c.set(key, &object{kind: kindModule, body: &moduleValue{t, value}})
}

// Changed tells everybody that the value at a key was changed or set: those who watch the key, wait
// for it or track it, and those who listen to keyspace events, to whom event is named. It counts as
// one change, and has the command propagated as it is, unless Do or Propagate said what to
// propagate.
func (c *Call) Changed(event string, key []byte) {
	if p := c.db.keys.Find(key); p != nil {
		c.e.weigh(*p)
	}
	c.signalModified(notifyModule, event, key)
}

// Delete removes a key, whatever it holds, as DEL does, and reports whether it was there.
func (c *Call) Delete(key []byte) bool {
	if c.peek(key) == nil {
		return false
	}
	c.delete(key)
	return true
}

// moduleValue is a value of a type from outside.
type moduleValue struct {
	of    *Type
	value any
}

// Memory is what the type says.
func (v *moduleValue) Memory() int { return int(v.of.Size(v.value)) }

func (o *object) moduleValue() *moduleValue { return o.body.(*moduleValue) }

// The parts of a module's value in an RDB file. Save's bytes are one string.
const (
	moduleEnd    = 0
	moduleString = 5
)

var moduleOps = kindOps{
	encoding: func(*object) string { return "raw" },
	length:   func(*object) int { return 0 },
	clone: func(o *object) *object {
		v := o.moduleValue()
		return &object{kind: kindModule, body: &moduleValue{v.of, v.of.Clone(v.value)}}
	},
	digest: func(d *digest, o *object) {
		v := o.moduleValue()
		d.mix([]byte(v.of.Name))
		d.mix(v.of.Save(nil, v.value))
	},

	rdbTypes: []rdb.Type{rdb.TypeModule2},
	rdbType:  func(*object) rdb.Type { return rdb.TypeModule2 },
	save: func(w *rdb.Writer, o *object) {
		v := o.moduleValue()
		w.Length(v.of.id())
		w.Length(moduleString)
		w.String(v.of.Save(nil, v.value))
		w.Length(moduleEnd)
	},
	load: loadModuleValue,
}

func loadModuleValue(e *Engine, r *rdb.Reader, _ rdb.Type) (*object, error) {
	at := r.Offset()
	id, err := r.Length()
	if err != nil {
		return nil, err
	}
	if id == vectorType.id() {
		return loadVectors(e, r, at)
	}
	var of *Type
	for _, t := range e.types {
		if t.id()>>10 == id>>10 {
			of = t
		}
	}
	if of == nil {
		return nil, r.Fail(at, "a value of a type that nobody here knows")
	}
	part, err := r.Length()
	if err != nil {
		return nil, err
	}
	if part != moduleString {
		return nil, r.Fail(at, "a value of "+of.Name+" that it has not written")
	}
	data, err := r.String()
	if err != nil {
		return nil, err
	}
	value, err := of.Load(int(id&typeVersionMax), data)
	if err != nil {
		return nil, r.Fail(at, of.Name+": "+err.Error())
	}
	if part, err = r.Length(); err != nil {
		return nil, err
	}
	if part != moduleEnd {
		return nil, r.Fail(at, "a value of "+of.Name+" that goes on behind its end")
	}
	return &object{kind: kindModule, body: &moduleValue{of, value}}, nil
}
