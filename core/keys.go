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

// keyAt is one key of a command line and what is done with it.
type keyAt struct {
	index int
	flags syntax.KeyFlag
}

// keysOf lists the keys of a command line. It reports false if the line cannot be one.
func (cmd *Command) keysOf(args [][]byte) (keys []keyAt, ok bool) {
	for rest := cmd.Keys; rest != ""; {
		var spec syntax.KeySpec
		spec, rest = syntax.NextKeySpec(rest)
		if spec.Begin == syntax.BeginUnknown {
			continue // see variableKeys
		}
		from, to, found := spec.Locate(args)
		if !found {
			if spec.Find == syntax.FindNumber && !cmd.mayLackKeys() {
				return nil, false
			}
			continue
		}
		for i := from; i <= to && i < len(args); i += max(spec.Step(), 1) {
			if spec.Flags&syntax.NotKey == 0 {
				keys = append(keys, keyAt{i, spec.Flags &^ (syntax.Incomplete | syntax.Variable)})
			}
		}
	}
	return cmd.variableKeys(args, keys), true
}

// mayLackKeys tells whether a wrong number of keys means none: of scripts and functions.
func (cmd *Command) mayLackKeys() bool { return cmd.Flags&NoMandatoryKeys != 0 }

// variableKeys corrects the keys of commands whose options decide: SET without GET reads nothing,
// BITFIELD of GETs writes nothing, SORT may store, MIGRATE may name its keys at the end.
func (cmd *Command) variableKeys(args [][]byte, keys []keyAt) []keyAt {
	switch cmd.full {
	case "set":
		for _, arg := range args[min(3, len(args)):] {
			if is(arg, "get") {
				return keys
			}
		}
		return setFlags(keys, syntax.OW|syntax.Update)
	case "bitfield":
		for i := 2; i < len(args); i++ {
			if is(args[i], "set") || is(args[i], "incrby") || is(args[i], "overflow") {
				return keys
			}
		}
		return setFlags(keys, syntax.RO|syntax.Access)
	case "sort":
		store := 0
		for i := 2; i < len(args); i++ {
			switch {
			case is(args[i], "limit"):
				i += 2
			case is(args[i], "by"), is(args[i], "get"):
				i++
			case is(args[i], "store") && i+1 < len(args):
				store = i + 1
				i++
			}
		}
		if store > 0 {
			keys = append(keys, keyAt{store, syntax.OW | syntax.Update})
		}
	case "migrate":
		if len(args) > 3 && len(args[3]) == 0 && len(keys) > 0 && keys[0].index == 3 {
			keys = keys[1:]
		} else if len(keys) > 1 {
			keys = keys[:1]
		}
	}
	return keys
}

func setFlags(keys []keyAt, flags syntax.KeyFlag) []keyAt {
	for i := range keys {
		keys[i].flags = flags
	}
	return keys
}

// findKeys lists the keys of the command line behind COMMAND GETKEYS, or replies what is wrong.
func (c *Call) findKeys() ([]keyAt, bool) {
	args := c.Args[2:]
	cmd := c.e.lookupName(args[0])
	if cmd != nil && cmd.subs != nil && len(args) > 1 {
		if sub := cmd.sub(args[1]); sub != nil && c.e.visible(sub) {
			cmd = sub
		}
	}
	switch {
	case cmd == nil:
		c.Error("ERR Invalid command specified")
		return nil, false
	case !cmd.takesKeys():
		c.Error("ERR The command has no key arguments")
		return nil, false
	case !c.e.arityFits(cmd, len(args)):
		c.Error("ERR Invalid number of arguments specified for command")
		return nil, false
	}
	keys, ok := cmd.keysOf(args)
	if !ok || len(keys) == 0 && !cmd.mayLackKeys() && cmd.full != "migrate" {
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
		c.Bulk(c.Args[2+k.index])
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
		c.Bulk(c.Args[2+k.index])
		c.statusSet("", syntax.KeyFlagNames[:], uint32(k.flags))
	}
}
