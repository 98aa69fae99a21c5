package core

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
		cmd.steady = container == nil && isSteady(cmd)
		return
	}
	cmd.subs = make(map[string]*Command, len(cmd.Sub))
	for i := range cmd.Sub {
		t.add(&cmd.Sub[i], cmd)
		cmd.subs[cmd.Sub[i].Name] = &cmd.Sub[i]
	}
}

// find returns the command of a name in any case, or nil.
func (t *table) find(name []byte) *Command {
	var low [nameMax]byte
	if len(name) > nameMax {
		return nil
	}
	return t.byName[string(lower(low[:0], name))]
}

// nameMax is longer than any command's name.
const nameMax = 32

// sub returns the subcommand of a name in any case, or nil.
func (cmd *Command) sub(name []byte) *Command {
	var low [nameMax]byte
	if len(name) > nameMax {
		return nil
	}
	return cmd.subs[string(lower(low[:0], name))]
}

// lower appends src to dst with A to Z in lower case.
func lower(dst, src []byte) []byte {
	for _, b := range src {
		if 'A' <= b && b <= 'Z' {
			b += 'a' - 'A'
		}
		dst = append(dst, b)
	}
	return dst
}
