package core

import (
	"maps"

	"github.com/redlet/redlet/core/internal/glob"
)

var configCommands = []Command{
	{
		Name: "config", Since: "2.0", Group: "server",
		Arity:      -2,
		Summary:    "Groups the commands about configuration.",
		Complexity: "that of the subcommand",
		Sub: []Command{
			{
				Name: "get", Since: "2.0", Group: "server",
				Flags:      Admin | NoScript | Loading | Stale,
				Syntax:     "parameter...",
				Summary:    "Gives the parameters whose names match patterns.",
				Complexity: "O(N) for N parameters",
				History:    "7.0 several patterns",
				Run:        cmdConfigGet,
			},
			{
				Name: "help", Since: "5.0", Group: "server",
				Flags:      Loading | Stale,
				Summary:    "Explains the subcommands.",
				Complexity: "O(1)",
				Run:        cmdHelp,
			},
			{
				Name: "resetstat", Since: "2.0", Group: "server",
				Flags:      Admin | NoScript | Loading | Stale,
				Tips:       "request_policy:all_nodes response_policy:all_succeeded",
				Summary:    "Sets the statistics back to zero.",
				Complexity: "O(1)",
				Run:        cmdConfigResetstat,
			},
			{
				Name: "rewrite", Since: "2.8", Group: "server",
				Flags:      Admin | NoScript | Loading | Stale,
				Tips:       "request_policy:all_nodes response_policy:all_succeeded",
				Summary:    "Writes the configuration in use back to its file.",
				Complexity: "O(1)",
				Run:        cmdConfigRewrite,
			},
			{
				Name: "set", Since: "2.0", Group: "server",
				Flags:      Admin | NoScript | Loading | Stale,
				Syntax:     "data:{parameter value}...",
				Tips:       "request_policy:all_nodes response_policy:all_succeeded",
				Summary:    "Changes parameters while the server runs.",
				Complexity: "O(N) for N parameters",
				History:    "7.0 several parameters",
				Run:        cmdConfigSet,
				Line:       &Line{Secrets: configSecrets},
			},
		},
	},
}

// cmdConfigGet answers with each parameter once, by the exact names first and then by patterns in
// the table's order.
func cmdConfigGet(c *Call) {
	at, n := c.ArrayLater(), 0
	seen := make([]bool, 2*len(parameters)) // names, then aliases
	show := func(i int, name string) {
		c.BulkString(name)
		c.BulkString(c.e.cfg.shows(i))
		n++
	}
	for _, arg := range c.Args[2:] {
		if hasWildcard(arg) {
			c.configMatches(arg, seen, show)
			continue
		}
		i := c.e.parameter(arg)
		if i < 0 {
			continue
		}
		at := i
		if !is(arg, parameters[i].name) {
			at += len(parameters)
		}
		if !seen[at] {
			seen[at] = true
			show(i, string(arg))
		}
	}
	if c.RESP3 {
		c.ArrayEnd(at, '%', n)
	} else {
		c.ArrayEnd(at, '*', 2*n)
	}
}

// configMatches shows the parameters whose names or aliases match a pattern.
func (c *Call) configMatches(pattern []byte, seen []bool, show func(i int, name string)) {
	for i := range parameters {
		p := &parameters[i]
		if p.flags&paramHidden != 0 || p.since > c.e.cfg.compat {
			continue
		}
		for k, name := range [...]string{p.name, p.alias} {
			at := i + k*len(parameters)
			if name != "" && !seen[at] && glob.Match(pattern, []byte(name), true) {
				seen[at] = true
				show(i, name)
			}
		}
	}
}

func hasWildcard(pattern []byte) bool {
	for _, b := range pattern {
		if b == '*' || b == '?' || b == '[' {
			return true
		}
	}
	return false
}

// cmdConfigSet sets all of the parameters or none.
func cmdConfigSet(c *Call) {
	if len(c.Args)%2 != 0 {
		c.Error(ErrSyntax)
		return
	}
	next := c.e.cfg
	next.shown = maps.Clone(next.shown)
	places, ok := c.configPlaces(&next)
	if !ok {
		return
	}
	if c.retry && c.conn.blocked.told != "" {
		c.Error(c.conn.blocked.told)
		return
	}
	for k, i := range places {
		if problem := next.change(i, string(c.Args[3+2*k])); problem != "" {
			c.Error(errConfigSet(parameters[i].called(c.Args[2+2*k]), problem))
			return
		}
		if parameters[i].flags&paramFolder != 0 && !c.retry && c.mayBlock() {
			c.askFolder(parameters[i].name, next.shows(i))
			return
		}
	}
	if c.configWaits(places, &next) {
		return
	}
	before := c.e.cfg
	c.e.reconfigure(next)
	c.hostHears(places, &before)
	if next.appendonly == before.appendonly || !c.switchAOF(&before) {
		c.OK()
	}
}

// configWaits tells whether CONFIG SET waits for what its host does of it, or has been answered:
// where nothing may wait that is refused, but a folder, which is taken at its word.
func (c *Call) configWaits(places []int, next *config) bool {
	if c.retry && c.conn.blocked.applied {
		return false
	}
	lines := c.hostChanges(places, next)
	switch {
	case lines == "":
		return false
	case !c.mayBlock():
		c.Error(c.e.hostRefused(lines, "nothing waits here"))
	default:
		c.askHost(lines, places, next)
	}
	return true
}

// configSecrets are the values of parameters that are passwords.
func configSecrets(args [][]byte) (hidden []int) {
	if len(args)%2 != 0 {
		return nil
	}
	for i := 2; i < len(args); i += 2 {
		at := findParameter(args[i])
		if at >= 0 && parameters[at].flags&paramSecret != 0 {
			hidden = append(hidden, i+1)
		}
	}
	return hidden
}

// configPlaces finds the parameters that CONFIG SET names and checks that they may be set.
func (c *Call) configPlaces(next *config) ([]int, bool) {
	places := make([]int, 0, len(c.Args)/2)
	for k := 2; k < len(c.Args); k += 2 {
		name := c.Args[k]
		i := c.e.parameter(name)
		if i < 0 {
			c.Error("ERR Unknown option or number of arguments for CONFIG SET - '" +
				clip(name, 128) + "'")
			return nil, false
		}
		p := &parameters[i]
		switch {
		case p.flags&paramImmutable != 0:
			c.Error(errConfigSet(clip(name, 128), "can't set immutable config"))
			return nil, false
		case p.flags&paramProtected != 0 && !allows(next.protectedConfigs, c.conn):
			c.Error(errConfigSet(clip(name, 128), "can't set protected config"))
			return nil, false
		case p.flags&paramLoaded != 0 && c.e.loading != nil:
			c.Error(errLoading)
			return nil, false
		}
		alias := !is(name, p.name)
		for j, earlier := range places {
			if earlier == i && alias != is(c.Args[2+2*j], p.name) {
				c.Error(errConfigSet(clip(name, 128), "duplicate parameter"))
				return nil, false
			}
		}
		places = append(places, i)
	}
	return places, true
}

// called returns which of its names a client means.
func (p *parameter) called(name []byte) string {
	if is(name, p.alias) {
		return p.alias
	}
	return p.name
}

//go:noinline
func errConfigSet(name, problem string) string {
	return "ERR CONFIG SET failed (possibly related to argument '" + name + "') - " + problem
}

// reconfigure puts a changed configuration into force.
func (e *Engine) reconfigure(next config) {
	if next.timeout != e.cfg.timeout {
		defer func() {
			for _, cl := range e.connsByID() {
				e.watchIdle(cl)
			}
		}()
	}
	if r := &e.replicas; next.replPing != e.cfg.replPing && r.pingAt != Never {
		r.pingAt = min(r.pingAt, e.now+next.replPing)
	}
	e.mem.limited = next.maxmemory != e.cfg.maxmemory || next.maxkeys != e.cfg.maxkeys
	secret := next.requirepass != e.cfg.requirepass
	e.cfg = next
	if secret {
		e.access.normal.SetPassword(next.requirepass)
		e.userChanged(e.access.normal)
	}
	e.configChanged()
}

// configChanged notes what the configuration asks to be looked at for each command.
func (e *Engine) configChanged() {
	e.memoryChanged()
	e.aof.plan(e)
	if e.cluster != nil {
		e.clusterConfigured()
	}
	e.mem.weightMost = e.cfg.clientsMost()
	e.clientsChanged()
	slower := e.cfg.slowlogSlowerUs
	e.flags.set(engineTimed, 0 <= slower && slower < exactUs)
	e.flags.set(engineMinReplicas, e.cfg.minReplicas > 0 && e.cfg.minReplicasMaxLag > 0)
}

func cmdConfigResetstat(c *Call) {
	c.e.stats.start(c.e)
	c.OK()
}

// cmdConfigRewrite answers when the file is in its place; in a transaction nothing is said of a
// failure.
func cmdConfigRewrite(c *Call) {
	e := c.e
	switch {
	case e.cfg.file == "":
		c.Error("ERR The server is running without a config file")
	default:
		c.rewriteConfig(false, "ERR Rewriting config file: ", e.noteRewritten)
	}
}

// rewriteConfig writes the file, with all parameters if all of them are asked for, and answers, in
// words that begin with prefix if it cannot be done. note hears of it first.
func (c *Call) rewriteConfig(all bool, prefix string, note func(failure string)) {
	e := c.e
	c.answerWhen(func(done func(string)) {
		e.rewriteConfigFile(all, func(failure string) {
			note(failure)
			done(failure)
		})
	}, func(c *Call, failure string) { c.Error(prefix + failure) })
}

// noteRewritten tells the host what became of the file.
func (e *Engine) noteRewritten(failure string) {
	if failure != "" {
		e.log(logWarning, "CONFIG REWRITE failed: "+failure)
		return
	}
	e.log(logNotice, "CONFIG REWRITE executed with success.")
}
