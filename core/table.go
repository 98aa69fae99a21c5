package core

import (
	"slices"
	"strings"

	"github.com/redlet/redlet/core/internal/syntax"
)

// table finds commands by name.
type table struct {
	byName map[string]*Command
	all    []*Command // every command and subcommand by its index
	// own is byName before commands were renamed, nil if none is; gone tells by index of those that
	// no name is left for.
	own  map[string]*Command
	gone []bool
}

// commands is the table of every engine without commands of its own; it is never changed.
var commands = newTable(
	&stringCommands,
	&stringIfCommands,
	&increxCommands,
	&lcsCommands,
	&listCommands,
	&listMoveCommands,
	&listMovemCommands,
	&hashCommands,
	&hashExpireCommands,
	&hashImportCommands,
	&setCommands,
	&setStoreCommands,
	&zsetCommands,
	&zsetRangeCommands,
	&zsetPopCommands,
	&zsetStoreCommands,
	&arrayCommands,
	&arrayRingCommands,
	&arraySearchCommands,
	&streamCommands,
	&streamReadCommands,
	&streamGroupCommands,
	&streamClaimCommands,
	&streamInfoCommands,
	&streamDeleteCommands,
	&streamIdmpCommands,
	&streamNackCommands,
	&genericCommands,
	&migrateCommands,
	&expireCommands,
	&connectionCommands,
	&clientCommands,
	&clockCommands,
	&transactionCommands,
	&pubsubCommands,
	&serverCommands,
	&monitorCommands,
	&slowlogCommands,
	&latencyCommands,
	&moduleCommands,
	&hotkeysCommands,
	&commandCommands,
	&configCommands,
	&aclCommandTable,
	&infoCommands,
	&memoryCommands,
	&debugCommands,
	&scriptCommands,
	&functionCommands,
	&persistCommands,
	&aofCommands,
	&bitmapCommands,
	&hyperloglogCommands,
	&geoCommands,
	&sortCommands,
	&vectorCommands,
	&replicaCommands,
	&clusterCommands,
)

func newTable(families ...*[]Command) table {
	t := table{byName: make(map[string]*Command, 384), all: make([]*Command, 0, 512)}
	for _, family := range families {
		for i := range *family {
			t.add(&(*family)[i], nil)
		}
	}
	return t
}

// with returns a table that has more commands. Their literals are copied: an engine notes things in
// them, and several engines may be given the same.
func (t *table) with(more []Command) (*table, error) {
	all := table{byName: make(map[string]*Command, len(t.byName)+len(more)), all: slices.Clip(t.all)}
	for name, cmd := range t.byName { // order: it is a copy
		all.byName[name] = cmd
	}
	more = cloneCommands(more)
	for i := range more {
		cmd := &more[i]
		switch _, taken := all.byName[cmd.Name]; {
		case taken:
			return nil, CommandError("there is a command " + cmd.Name + " already")
		case !wellNamed(cmd):
			return nil, CommandError("'" + cmd.Name + "' cannot be the name of a command")
		case !runs(cmd):
			return nil, CommandError("the command " + cmd.Name + " lacks its Run")
		}
		from := len(all.all)
		all.add(cmd, nil)
		for _, cmd := range all.all[from:] {
			cmd.Flags |= Module
			cmd.since = 0 // what it counts are versions of its own
			if cmd.Group == "" {
				cmd.Group = "module"
			}
		}
	}
	return &all, nil
}

// CommandError says why [New] refuses one of [Options.Commands] or [Options.Types].
type CommandError string

// Error implements error.
func (e CommandError) Error() string { return string(e) }

func cloneCommands(list []Command) []Command {
	list = slices.Clone(list)
	for i := range list {
		list[i].Sub = cloneCommands(list[i].Sub)
	}
	return list
}

// wellNamed tells whether a command and its subcommands can be found by their names.
func wellNamed(cmd *Command) bool {
	for i := range cmd.Sub {
		if !wellNamed(&cmd.Sub[i]) {
			return false
		}
	}
	return cmd.Name != "" && len(cmd.Name) <= nameMax && cmd.Name == syntax.Lower(cmd.Name) &&
		!strings.ContainsAny(cmd.Name, " |\r\n")
}

// runs tells whether a command, or each of its subcommands, does something.
func runs(cmd *Command) bool {
	for i := range cmd.Sub {
		if !runs(&cmd.Sub[i]) {
			return false
		}
	}
	return cmd.Run != nil || len(cmd.Sub) > 0
}

func (t *table) add(cmd, container *Command) {
	cmd.parent = container
	cmd.index = int32(len(t.all))
	if cmd.Arity != 0 {
		cmd.Flags |= givenArity
	} else {
		cmd.Arity = arityOf(cmd)
	}
	cmd.since = sinceOf(cmd.Since)
	t.all = append(t.all, cmd)
	if container == nil {
		t.byName[cmd.Name] = cmd
	}
	if len(cmd.Sub) == 0 {
		if container == nil && takesFastPath(cmd) {
			cmd.Flags |= onFastPath
		}
		if mayTakeLong(cmd) {
			cmd.Flags |= takesLong
		}
		return
	}
	for i := range cmd.Sub {
		t.add(&cmd.Sub[i], cmd)
	}
}

// arityOf derives a command's arity as COMMAND INFO gives it: how many words the command line has,
// negative where there may be more.
func arityOf(cmd *Command) int16 {
	n := cmd.words()
	if len(cmd.Sub) > 0 {
		return int16(-n - 1)
	}
	words, more := syntax.CountWords(cmd.Syntax)
	if n += words; more {
		return int16(-n)
	}
	return int16(n)
}
