package core

import "github.com/redlet/redlet/core/internal/syntax"

// table finds commands by name.
type table struct {
	byName map[string]*Command
	all    []*Command // every command and subcommand by its index
}

// commands is the table of every engine in the process; it is never changed.
var commands = newTable(
	stringCommands,
	lcsCommands,
	listCommands,
	listMoveCommands,
	listMovemCommands,
	hashCommands,
	hashExpireCommands,
	setCommands,
	setStoreCommands,
	genericCommands,
	expireCommands,
	connectionCommands,
	clientCommands,
	clockCommands,
	transactionCommands,
	pubsubCommands,
	serverCommands,
	commandCommands,
	configCommands,
	infoCommands,
	memoryCommands,
	debugCommands,
	scriptCommands,
	functionCommands,
	persistCommands,
	aofCommands,
	bitmapCommands,
	sortCommands,
	replicaCommands,
)

func newTable(families ...[]Command) table {
	t := table{byName: map[string]*Command{}}
	for _, family := range families {
		for i := range family {
			t.add(&family[i], nil)
		}
	}
	return t
}

func (t *table) add(cmd, container *Command) {
	cmd.full, cmd.parent = cmd.Name, container
	if container != nil {
		cmd.full = container.Name + "|" + cmd.Name
	}
	cmd.index = len(t.all)
	cmd.arity = arityOf(cmd, container != nil)
	cmd.since = sinceOf(cmd.Since)
	t.all = append(t.all, cmd)
	if container == nil {
		t.byName[cmd.Name] = cmd
	}
	if len(cmd.Sub) == 0 {
		cmd.fastPath = container == nil && takesFastPath(cmd)
		return
	}
	cmd.subs = make(map[string]*Command, len(cmd.Sub))
	for i := range cmd.Sub {
		t.add(&cmd.Sub[i], cmd)
		cmd.subs[cmd.Sub[i].Name] = &cmd.Sub[i]
	}
}

// arityOf derives a command's arity as COMMAND INFO gives it: how many words the command line has,
// negative where there may be more.
func arityOf(cmd *Command, sub bool) int {
	if cmd.Arity != 0 {
		return cmd.Arity
	}
	n := 1
	if sub {
		n++
	}
	if len(cmd.Sub) > 0 {
		return -n - 1
	}
	words, more := syntax.CountWords(cmd.Syntax)
	if n += words; more {
		return -n
	}
	return n
}
