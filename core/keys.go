package core

import "github.com/redlet/redlet/core/internal/resp"

// keyRange derives COMMAND INFO's first key, last key and step, which say of key specs what can be
// said so, and whether there is more: the flag movablekeys.
func (cmd *Command) keyRange() (first, last, step int, movable bool) {
	end := 0 // of the range before, to which the next may be joined
	for rest := cmd.Keys; rest != ""; {
		var spec keySpec
		spec, rest = nextKeySpec(rest)
		plain := spec.begin == beginIndex && spec.find == findRange && spec.c == 0
		if !plain || spec.flags&keyIncomplete != 0 {
			movable = true
		}
		if !plain {
			continue
		}
		to := spec.a
		if to >= 0 {
			to += spec.index
		}
		switch {
		case first == 0:
			first, last, step = spec.index, to, spec.b
		case end >= 0 && end == spec.index-1 && spec.b == 1 && step == 1:
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
	flags keyFlag
}

// keysOf lists the keys of a command line. It reports false if the line cannot be one.
func (cmd *Command) keysOf(args [][]byte) (keys []keyAt, ok bool) {
	for rest := cmd.Keys; rest != ""; {
		var spec keySpec
		spec, rest = nextKeySpec(rest)
		if spec.begin == beginUnknown {
			continue // see variableKeys
		}
		from, to, found := spec.locate(args)
		if !found {
			if spec.find == findNumber && !cmd.mayLackKeys() {
				return nil, false
			}
			continue
		}
		for i := from; i <= to && i < len(args); i += max(spec.step(), 1) {
			if spec.flags&keyNotKey == 0 {
				keys = append(keys, keyAt{i, spec.flags &^ (keyIncomplete | keyVariable)})
			}
		}
	}
	return cmd.variableKeys(args, keys), true
}

// mayLackKeys tells whether a wrong number of keys means none: of scripts and functions.
func (cmd *Command) mayLackKeys() bool { return cmd.Flags&NoMandatoryKeys != 0 }

func (spec *keySpec) step() int {
	if spec.find == findNumber {
		return spec.c
	}
	return spec.b
}

// locate finds the first and the last key that a spec describes.
func (spec *keySpec) locate(args [][]byte) (from, to int, ok bool) {
	from = spec.index
	if spec.begin == beginKeyword {
		if from = spec.seek(args); from == 0 {
			return 0, 0, false
		}
	}
	if from >= len(args) {
		return 0, 0, false
	}
	if spec.find == findNumber {
		at := from + spec.a
		if at >= len(args) {
			return 0, 0, false
		}
		n, ok := resp.Int(args[at])
		if !ok || n < 1 {
			return 0, 0, false
		}
		from += spec.b
		if n > int64((len(args)-from)/spec.c) {
			return 0, 0, false
		}
		return from, from + (int(n)-1)*spec.c, true
	}
	switch {
	case spec.a >= 0:
		to = from + spec.a
	case spec.c == 0:
		to = len(args) + spec.a
	default: // -1 of the first part of what is left
		to = from + (len(args)-from)/spec.c + spec.a
	}
	return from, to, to >= from
}

// seek returns the place behind the keyword, 0 if the keyword is not there.
func (spec *keySpec) seek(args [][]byte) int {
	at, step, end := spec.index, 1, len(args)-1
	if at < 0 {
		at, step, end = len(args)+at, -1, 0
	}
	for i := at; i > 0 && i < len(args) && i != end; i += step {
		if is(args[i], lowerString(spec.keyword)) {
			return i + 1
		}
	}
	return 0
}

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
		return setFlags(keys, keyOW|keyUpdate)
	case "bitfield":
		for i := 2; i < len(args); i++ {
			if is(args[i], "set") || is(args[i], "incrby") || is(args[i], "overflow") {
				return keys
			}
		}
		return setFlags(keys, keyRO|keyAccess)
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
			keys = append(keys, keyAt{store, keyOW | keyUpdate})
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

func setFlags(keys []keyAt, flags keyFlag) []keyAt {
	for i := range keys {
		keys[i].flags = flags
	}
	return keys
}

// findKeys lists the keys of the command line behind COMMAND GETKEYS, or replies what is wrong.
func (c *call) findKeys() ([]keyAt, bool) {
	args := c.args[2:]
	cmd := c.e.find(args[0])
	if cmd != nil && cmd.subs != nil && len(args) > 1 {
		if sub := cmd.sub(args[1]); sub != nil && c.e.visible(sub) {
			cmd = sub
		}
	}
	switch {
	case cmd == nil:
		c.err("ERR Invalid command specified")
		return nil, false
	case !cmd.takesKeys():
		c.err("ERR The command has no key arguments")
		return nil, false
	case !c.e.arityFits(cmd, len(args)):
		c.err("ERR Invalid number of arguments specified for command")
		return nil, false
	}
	keys, ok := cmd.keysOf(args)
	if !ok || len(keys) == 0 && !cmd.mayLackKeys() && cmd.full != "migrate" {
		c.err("ERR Invalid arguments specified for command")
		return nil, false
	}
	return keys, true
}

// takesKeys tells whether a command has key specs that are about keys.
func (cmd *Command) takesKeys() bool {
	for rest := cmd.Keys; rest != ""; {
		var spec keySpec
		if spec, rest = nextKeySpec(rest); spec.flags&keyNotKey == 0 {
			return true
		}
	}
	return false
}

func cmdCommandGetkeys(c *call) {
	keys, ok := c.findKeys()
	if !ok {
		return
	}
	c.array(len(keys))
	for _, k := range keys {
		c.bulk(c.args[2+k.index])
	}
}

func cmdCommandGetkeysandflags(c *call) {
	keys, ok := c.findKeys()
	if !ok {
		return
	}
	c.array(len(keys))
	for _, k := range keys {
		c.array(2)
		c.bulk(c.args[2+k.index])
		c.statusSet("", keyFlagNames[:], uint32(k.flags))
	}
}
