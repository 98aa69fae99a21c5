package core

import (
	"encoding/binary"
	"strings"

	"github.com/redlet/redlet/core/internal/syntax"
)

// recentCommand is a command that was found, by its name as a client spelt it. Comparing it costs
// less than lower case and a look into the table, which took a fifth of a simple command in the
// guest.
type recentCommand struct {
	digest uint64 // of the name, which it determines together with size up to 8 bytes
	size   int
	long   *string // a name of more than 8 bytes
	cmd    *Command
}

// recentSize is the number of commands that are kept. Clients use few.
const recentSize = 64

// recentLookup returns where the command of a name is kept, a number made of the name, which is its
// bytes if they are no more than 8, and whether that command was found before under this very name.
func (e *Engine) recentLookup(name []byte) (k *recentCommand, digest uint64, known bool) {
	n := len(name)
	switch {
	case n > 8:
		digest = binary.LittleEndian.Uint64(name) + 3*binary.LittleEndian.Uint64(name[n-8:])
	case n == 8:
		digest = binary.LittleEndian.Uint64(name)
	case n >= 4:
		digest = uint64(binary.LittleEndian.Uint32(name)) |
			uint64(binary.LittleEndian.Uint32(name[n-4:]))<<32
	case n > 0:
		digest = uint64(name[0]) | uint64(name[n>>1])<<8 | uint64(name[n-1])<<16
	}
	k = &e.recent[digest*0x9e3779b97f4a7c15>>58]
	return k, digest, n > 0 && k.digest == digest && k.size == n &&
		(n <= 8 || *k.long == string(name))
}

// lookupName returns the command of a name in any case, nil if there is none in this version.
func (e *Engine) lookupName(name []byte) *Command {
	k, digest, known := e.recentLookup(name)
	if known {
		return k.cmd
	}
	cmd := e.table.find(name)
	if cmd == nil || !e.usable(cmd) {
		return nil
	}
	if cmd.Flags&Internal == 0 {
		*k = recentCommand{digest: digest, size: len(name), cmd: cmd}
		if k.size > 8 {
			long := string(name)
			k.long = &long
		}
	}
	return cmd
}

// usable tells whether this version has a command and the configuration allows it.
func (e *Engine) usable(cmd *Command) bool {
	return e.visible(cmd) && (cmd.Flags&ClockCommand == 0 || e.cfg.clockCommand)
}

// lookupCommand finds the command or subcommand that a request names; nil if there is none. A
// container stands for a subcommand that it does not have.
func (e *Engine) lookupCommand(args [][]byte) *Command {
	cmd := e.lookupName(args[0])
	if cmd == nil || len(cmd.Sub) == 0 || len(args) < 2 {
		return cmd
	}
	if sub := cmd.sub(args[1]); sub != nil && e.visible(sub) {
		return sub
	}
	return cmd
}

// lacksSub tells whether a command line, for which this command was looked up, names a subcommand
// that it does not have.
func (cmd *Command) lacksSub(args [][]byte) bool { return len(cmd.Sub) > 0 && len(args) > 1 }

// find returns the command of a name in any case, or nil.
func (t *table) find(name []byte) *Command {
	var low [nameMax]byte
	switch {
	case len(name) <= nameMax:
		return t.byName[string(syntax.AppendLower(low[:0], name))]
	case t.own != nil:
		return t.byName[syntax.Lower(string(name))]
	}
	return nil
}

// nameMax is longer than any command's name, but for one that rename-command gave.
const nameMax = 32

// full is the name by which Redis tells of a command: "config|get".
//
//go:noinline
func (cmd *Command) full() string {
	switch {
	case cmd.parent != nil:
		return cmd.parent.Name + "|" + cmd.Name
	case cmd.module() != "":
		return upper(cmd.Name)
	}
	return cmd.Name
}

// module is the name of the module that brings a command to Redis, which then writes the command in
// capitals; "" if none does.
//
//go:noinline
func (cmd *Command) module() string {
	_, name, _ := strings.Cut(cmd.Group, " ")
	return name
}

// words is how many words a command's name has.
func (cmd *Command) words() int {
	if cmd.parent != nil {
		return 2
	}
	return 1
}

// sub returns the subcommand of a name in any case, or nil.
//
//go:noinline
func (cmd *Command) sub(name []byte) *Command {
	var room [nameMax]byte
	if len(name) > nameMax {
		return nil
	}
	low := syntax.AppendLower(room[:0], name)
	for i := range cmd.Sub {
		if sub := &cmd.Sub[i]; sub.Name == string(low) {
			return sub
		}
	}
	return nil
}
