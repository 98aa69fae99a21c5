package core

import (
	"github.com/redlet/redlet/core/internal/syntax"
)

// keyRange derives COMMAND INFO's first key, last key and step, which say of key specs what can be
// said so, and whether there is more: the flag movablekeys.
func (cmd *Command) keyRange() (first, last, step int, movable bool) {
	end := 0 // of the range before, to which the next may be joined
	for rest := cmd.Keys; rest != ""; {
		var spec syntax.KeySpec
		spec, rest = syntax.NextKeySpec(rest)
		plain := spec.Begin == syntax.BeginIndex && spec.Find == syntax.FindRange && spec.C == 0
		if !plain || spec.Flags&syntax.Incomplete != 0 {
			movable = true
		}
		if !plain {
			continue
		}
		to := spec.A
		if to >= 0 {
			to += spec.Index
		}
		switch {
		case first == 0:
			first, last, step = spec.Index, to, spec.B
		case end >= 0 && end == spec.Index-1 && spec.B == 1 && step == 1:
			last = to
		default:
			movable = true
			continue
		}
		end = to
	}
	return first, last, step, movable
}

// KeyAt is one key of a command line and what is done with it.
type KeyAt struct {
	Index int // its place in the command line
	Flags KeyFlag
}

// KeyFlag says what a command does with a key. The names are those of key specs.
type KeyFlag = syntax.KeyFlag

// The flags that [Line].Keys may give a key.
const (
	KeyRO     = syntax.RO
	KeyRW     = syntax.RW
	KeyOW     = syntax.OW
	KeyRM     = syntax.RM
	KeyAccess = syntax.Access
	KeyUpdate = syntax.Update
	KeyInsert = syntax.Insert
	KeyDelete = syntax.Delete
)

// keySpecs are a command's key specs. An engine parses them once: that took half of what a GET of a
// user with rules cost.
func (e *Engine) keySpecs(cmd *Command) []syntax.KeySpec {
	if e.specs == nil {
		e.specs = make([][]syntax.KeySpec, len(e.table.all))
	}
	known := &e.specs[cmd.index]
	if *known == nil {
		for rest := cmd.Keys; rest != ""; {
			var spec syntax.KeySpec
			spec, rest = syntax.NextKeySpec(rest)
			*known = append(*known, spec)
		}
	}
	return *known
}

// keysOf lists the keys of a command line. It reports false if the line cannot be one.
func (e *Engine) keysOf(cmd *Command, args [][]byte) (keys []KeyAt, ok bool) {
	return e.appendKeys(cmd, nil, args, false)
}

// appendKeys is keysOf into a list of the caller's, shard channels among them if they are asked
// for.
func (e *Engine) appendKeys(
	cmd *Command, keys []KeyAt, args [][]byte, channels bool,
) ([]KeyAt, bool) {
	specs := e.keySpecs(cmd)
	for i := range specs {
		spec := &specs[i]
		if spec.Begin == syntax.BeginUnknown {
			continue // Line.Keys knows
		}
		from, to, found := spec.Locate(args)
		if !found {
			if spec.Find == syntax.FindNumber && spec.Begin == syntax.BeginIndex {
				if loose, ok := looseKeys(spec, args, keys); ok {
					return loose, true
				}
			}
			if spec.Begin != syntax.BeginKeyword && !cmd.mayLackKeys() {
				return nil, false // Redis says so even of keys that may be left out
			}
			continue
		}
		for i := from; i <= to && i < len(args); i += max(spec.Step(), 1) {
			if spec.Flags&syntax.NotKey == 0 || channels {
				keys = append(keys, KeyAt{i, spec.Flags &^ (syntax.Incomplete | syntax.Variable)})
			}
		}
	}
	if cmd.Line != nil && cmd.Line.Keys != nil {
		keys = cmd.Line.Keys(args, keys)
	}
	return keys, true
}

// looseKeys lists the keys of a command line whose number of keys is no number, or too great. Redis
// then takes what C's atoi reads of it; what is done with the keys it does not know, and a key
// before them comes last.
func looseKeys(spec *syntax.KeySpec, args [][]byte, before []KeyAt) ([]KeyAt, bool) {
	at, first := spec.Index+spec.A, spec.Index+spec.B
	if at >= len(args) {
		return nil, false
	}
	n := int(int32(leadingInt(args[at])))
	if n < 1 || n > (len(args)-first)/spec.C {
		return nil, false
	}
	keys := make([]KeyAt, 0, n+len(before))
	for i := range n {
		keys = append(keys, KeyAt{Index: first + i*spec.C})
	}
	return append(keys, withFlags(before, 0)...), true
}

// mayLackKeys tells whether a wrong number of keys means none: of scripts and functions.
func (cmd *Command) mayLackKeys() bool { return cmd.Flags&NoMandatoryKeys != 0 }

// withFlags gives keys other flags.
func withFlags(keys []KeyAt, flags KeyFlag) []KeyAt {
	for i := range keys {
		keys[i].Flags = flags
	}
	return keys
}

// findKeys lists the keys of the command line behind COMMAND GETKEYS, or replies what is wrong.
func (c *Call) findKeys() ([]KeyAt, bool) {
	args := c.Args[2:]
	cmd := c.e.lookupCommand(args)
	switch {
	case cmd == nil, cmd.lacksSub(args):
		c.Error("ERR Invalid command specified")
		return nil, false
	case !cmd.takesKeys():
		c.Error("ERR The command has no key arguments")
		return nil, false
	case !c.e.arityFits(cmd, len(args)):
		c.Error("ERR Invalid number of arguments specified for command")
		return nil, false
	}
	keys, ok := c.e.keysOf(cmd, args)
	if !ok || len(keys) == 0 && !cmd.mayLackKeys() {
		c.Error("ERR Invalid arguments specified for command")
		return nil, false
	}
	return keys, true
}

// takesKeys tells whether a command has key specs that are about keys.
func (cmd *Command) takesKeys() bool {
	for rest := cmd.Keys; rest != ""; {
		var spec syntax.KeySpec
		if spec, rest = syntax.NextKeySpec(rest); spec.Flags&syntax.NotKey == 0 {
			return true
		}
	}
	return false
}

func cmdCommandGetkeys(c *Call) {
	keys, ok := c.findKeys()
	if !ok {
		return
	}
	c.Array(len(keys))
	for _, k := range keys {
		c.Bulk(c.Args[2+k.Index])
	}
}

func cmdCommandGetkeysandflags(c *Call) {
	keys, ok := c.findKeys()
	if !ok {
		return
	}
	c.Array(len(keys))
	for _, k := range keys {
		c.Array(2)
		c.Bulk(c.Args[2+k.Index])
		c.statusSet("", syntax.KeyFlagNames[:], uint32(k.Flags))
	}
}
