package core

import (
	"math"

	"github.com/redlet/redlet/core/internal/syntax"
)

// An engine can behave as another version of Redis: the parameter compat says which. Commands
// that came later are unknown then, and so are the arguments that later versions gave to commands.
//
// Where nothing is said, the engine is the version whose commands are complete (compatDefault) in
// all that it tells: INFO, what COMMAND lists, arguments in COMMAND DOCS, the parameters that a
// pattern finds, the shape of replies. It obeys what it knows of later versions all the same, and
// tells of a later command that is asked for by its name. So there are two questions:
//
//   - is a command or an argument taken: visible, cfg.obeys. Command.Since, and
//     ^V behind an argument in Command.Syntax, answer it: a handler need not ask, but
//     see TellsLater;
//   - is the answer shaped as a later version shapes it: e.since("8.6"), cfg.compat.
//
// A transcript of a later version has the line "! since V", which also configures the engine.

// compat is what an engine that behaves as an older version must know beyond the tables.
type compat struct {
	arity []int // by the index of the command; nil at the newest version
	later map[*Command]laterWords
}

// laterWords are the words that begin a command's arguments of later versions. They count from one
// place in the command line on and before another: what stands elsewhere is a key or a value.
type laterWords struct {
	words    []laterWord
	from, to int
}

// laterWord is one of them. Behind a token it counts only there.
type laterWord struct{ behind, token string }

// visible tells whether the engine takes a command.
func (e *Engine) visible(cmd *Command) bool { return cmd.since <= e.cfg.obeys }

// listed tells whether the version that the engine says it is has a command, and no directive has
// removed it.
//
//go:noinline
func (e *Engine) listed(cmd *Command) bool {
	return cmd.since <= e.cfg.compat && e.table.has(cmd)
}

// parameter returns the place of a parameter that the engine takes, -1 if there is none.
func (e *Engine) parameter(name []byte) int {
	i := findParameter(name)
	if i >= 0 && parameters[i].since > e.cfg.obeys {
		return -1
	}
	return i
}

// takes tells whether the engine takes arguments of a version. Handlers ask whose command line has
// words of the client's where options stand, which dispatch cannot tell apart: TellsLater.
func (c *Call) takes(version string) bool { return sinceOf(version) <= c.e.cfg.obeys }

// since tells whether the engine says that it is of a version or later.
//
//go:noinline
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
		o.arity[i] = int(cmd.Arity)
		args := syntax.Parse(cmd.Syntax)
		names := cmd.words()
		var later laterWords
		if cmd.Flags&TellsLater == 0 {
			later = e.laterWords(args, names)
		}
		known := known(args, e.cfg.obeys)
		if len(later.words) == 0 && len(known) == len(args) {
			continue
		}
		o.later[cmd] = later
		if cmd.Flags&givenArity != 0 {
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

// laterWords finds the words that the engine's version does not have among the arguments that stand
// behind a command's name of so many words.
func (e *Engine) laterWords(args []syntax.Argument, names int) laterWords {
	fixed := syntax.FixedWords(args)
	later := laterWords{e.laterTokens(args, "", nil), names + fixed, math.MaxInt}
	if fixed < len(args) && args[fixed].IsChoice() &&
		len(e.laterTokens(args[fixed+1:], "", nil)) == 0 {
		later.to = later.from + 1
	}
	return later
}

// laterTokens collects the tokens of arguments that the engine's version does not have, which stand
// behind a token or are options of their own.
func (e *Engine) laterTokens(args []syntax.Argument, behind string, to []laterWord) []laterWord {
	for i := range args {
		a := &args[i]
		if a.Since != "" && sinceOf(a.Since) > e.cfg.obeys && a.HasToken {
			to = append(to, laterWord{behind, syntax.Lower(a.Token)})
		}
		within := ""
		if a.HasToken && a.Kind == syntax.OneOf {
			within = syntax.Lower(a.Token)
		}
		to = e.laterTokens(a.Args, within, to)
	}
	return to
}

// arity is how many words a command has in the engine's version, negative where there may be more.
func (e *Engine) arity(cmd *Command) int {
	if e.compat.arity == nil {
		return int(cmd.Arity)
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
	for i := later.from; i < min(len(args), later.to); i++ {
		for _, w := range later.words {
			if is(args[i], w.token) && (w.behind == "" || is(args[i-1], w.behind)) {
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
