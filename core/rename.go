package core

import (
	"maps"
	"strings"

	"github.com/redlet/redlet/core/internal/syntax"
	"github.com/redlet/redlet/internal/sds"
)

// renamesName is the entry of Options.Config that gives commands other names, as rename-command
// does: a line for each, of the name and what takes its place, which is "" for a command that
// nobody is to find.
const renamesName = "rename-command"

// RenameProblem tells what is wrong with the last of some rename-command lines of a configuration,
// "" if nothing is.
func RenameProblem(lines string) string {
	_, problem := commands.rename(lines)
	return problem
}

// rename returns a table in which commands have other names, or says what is wrong with a line.
// ACL goes on to know them by their own.
func (t *table) rename(lines string) (*table, string) {
	renamed := &table{byName: maps.Clone(t.byName), all: t.all, own: t.byName}
	for _, line := range strings.Split(lines, "\n") {
		words, ok := sds.SplitArgs(nil, []byte(line))
		switch {
		case ok && len(words) == 0:
			continue
		case !ok || len(words) != 2:
			return nil, badDirective
		}
		from, to := syntax.Lower(string(words[0])), syntax.Lower(string(words[1]))
		cmd := renamed.byName[from]
		if cmd == nil {
			return nil, "No such command in rename-command"
		}
		delete(renamed.byName, from)
		if to == "" {
			continue
		}
		if _, taken := renamed.byName[to]; taken {
			return nil, "Target command name already exists"
		}
		renamed.byName[to] = cmd
	}
	renamed.gone = make([]bool, len(t.all))
	for _, cmd := range t.all {
		renamed.gone[cmd.index] = true
	}
	for _, cmd := range renamed.byName { // order: they are noted
		renamed.gone[cmd.index] = false
		for i := range cmd.Sub {
			renamed.gone[cmd.Sub[i].index] = false
		}
	}
	return renamed, ""
}

// has tells whether there is a name for a command.
func (t *table) has(cmd *Command) bool { return t.gone == nil || !t.gone[cmd.index] }

// lookupOwn returns the command that has a name in any case before any is renamed, nil if there is
// none in this version.
func (e *Engine) lookupOwn(name []byte) *Command {
	if e.table.own == nil {
		return e.lookupName(name)
	}
	cmd := e.table.own[syntax.Lower(string(name))]
	if cmd == nil || !e.usable(cmd) {
		return nil
	}
	return cmd
}
