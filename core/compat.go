package core

import "github.com/redlet/redlet/core/internal/syntax"

// An engine can behave as another version of Redis: the parameter compat says which. Commands
// that came later are unknown then, and so are the arguments that later versions gave to commands.
//
// Where nothing is said, the engine is the version whose commands are complete (compatDefault) in
// all that it tells: INFO, what COMMAND lists, arguments in COMMAND DOCS, the parameters that a
// pattern finds, the shape of replies. It obeys what it knows of later versions all the same, and
// tells of a later command that is asked for by its name. So there are two questions:
//
//   - is a command or an argument taken: visible, cfg.obeys. Command.Since, and
//     ^V behind an argument in Command.Syntax, answer it: a handler need not ask;
//   - is the answer shaped as a later version shapes it: e.since("8.6"), cfg.compat.
//
// A transcript of a later version has the line "! since V", which also configures the engine.

// compat is what an engine that behaves as an older version must know beyond the tables.
type compat struct {
	arity []int // by the index of the command; nil at the newest version
	later map[*Command]laterWords
}

// laterWords are the words that begin a command's arguments of later versions, and how many words
// of the command line stand before the first place at which they could be.
type laterWords struct {
	tokens []string
	fixed  int
}

// visible tells whether the engine takes a command.
func (e *Engine) visible(cmd *Command) bool { return cmd.since <= e.cfg.obeys }

// listed tells whether the version that the engine says it is has a command.
func (e *Engine) listed(cmd *Command) bool { return cmd.since <= e.cfg.compat }

// parameter returns the place of a parameter that the engine takes, -1 if there is none.
func (e *Engine) parameter(name []byte) int {
	i := findParameter(name)
	if i >= 0 && sinceOf(parameters[i].since) > e.cfg.obeys {
		return -1
	}
	return i
}

// since tells whether the engine says that it is of a version or later.
func (e *Engine) since(version string) bool { return sinceOf(version) <= e.cfg.compat }

// newCompat finds out what the commands of a version lack.
func newCompat(e *Engine) compat {
	var o compat
	if e.cfg.obeys == anyVersion {
		return o
	}
	o.arity = make([]int, len(e.table.all))
	o.later = map[*Command]laterWords{}
	for i, cmd := range e.table.all {
		o.arity[i] = cmd.arity
		args := syntax.Parse(cmd.Syntax)
		later := e.laterTokens(args, nil)
		known := known(args, e.cfg.obeys)
		if len(later) == 0 && len(known) == len(args) {
			continue
		}
		names := cmd.words()
		o.later[cmd] = laterWords{later, names + syntax.FixedWords(known)}
		if cmd.Arity != 0 {
			continue
		}
		n, more := syntax.LeastWords(known)
		n += names
		if more {
			n = -n
		}
		o.arity[i] = n
	}
	if len(o.later) > 0 {
		e.flags |= engineCompat
	}
	return o
}

// laterTokens collects the tokens of arguments that the engine's version does not have.
func (e *Engine) laterTokens(args []syntax.Argument, to []string) []string {
	for i := range args {
		a := &args[i]
		if a.Since != "" && sinceOf(a.Since) > e.cfg.obeys && a.HasToken {
			to = append(to, syntax.Lower(a.Token))
		}
		to = e.laterTokens(a.Args, to)
	}
	return to
}

// arity is how many words a command has in the engine's version, negative where there may be more.
func (e *Engine) arity(cmd *Command) int {
	if e.compat.arity == nil {
		return cmd.arity
	}
	return e.compat.arity[cmd.index]
}

// arityFits tells whether a command can have so many words.
func (e *Engine) arityFits(cmd *Command, n int) bool {
	return fits(e.arity(cmd), n)
}

// fits tells whether a command of an arity can have so many words.
func fits(arity, n int) bool { return n == arity || arity < 0 && n >= -arity }

// tooNew tells whether a command line uses an argument that only later versions have.
func (e *Engine) tooNew(cmd *Command, args [][]byte) bool {
	later := e.compat.later[cmd]
	for _, arg := range args[min(len(args), later.fixed):] {
		for _, token := range later.tokens {
			if is(arg, token) {
				return true
			}
		}
	}
	return false
}

// rdbVersion is the version of the RDB format that the version of Redis writes, and the newest
// that its RESTORE takes. What came before Redis 7.0 is not written any more.
func (e *Engine) rdbVersion() uint16 {
	switch {
	case e.cfg.compat < sinceOf("7.2"):
		return 10
	case e.cfg.compat < sinceOf("7.4"):
		return 11
	case e.cfg.compat < sinceOf("8.6"):
		return 12
	case e.cfg.compat < sinceOf("8.8"):
		return 13
	}
	return 14
}
