package core

import "strings"

// An engine loads no modules. The one of vector sets is built in, as it is in Redis.

var moduleCommands = []Command{
	{
		Name: "module", Since: "4.0", Group: "server",
		Arity:      -2,
		Summary:    "Groups the commands about modules.",
		Complexity: "that of the subcommand",
		Sub: []Command{
			{
				Name: "help", Since: "5.0", Group: "server",
				Flags:      Loading | Stale,
				Summary:    "Lists the subcommands.",
				Complexity: "O(1)",
				Run:        cmdHelp,
			},
			{
				Name: "list", Since: "4.0", Group: "server",
				Flags:      Admin | NoScript,
				Tips:       "nondeterministic_output_order",
				Summary:    "Lists the modules.",
				Complexity: "O(N) for N modules",
				Run:        (*Call).modules,
			},
			{
				Name: "load", Since: "4.0", Group: "server",
				Flags:      Admin | NoScript | NoAsyncLoading | LoadsModules,
				Syntax:     "path [arg...]",
				Summary:    "Fails to load a module.",
				Complexity: "O(1)",
				Run:        cmdModuleLoad,
			},
			{
				Name: "loadex", Since: "7.0", Group: "server",
				Flags:      Admin | NoScript | NoAsyncLoading | LoadsModules,
				Syntax:     "path [CONFIG configs:{name value}+...] [ARGS args...]",
				Summary:    "Fails to load a module that has parameters of its own.",
				Complexity: "O(1)",
				Run:        cmdModuleLoad,
			},
			{
				Name: "unload", Since: "4.0", Group: "server",
				Flags:      Admin | NoScript | NoAsyncLoading | LoadsModules,
				Syntax:     "name",
				Summary:    "Fails to unload a module.",
				Complexity: "O(1)",
				Run:        cmdModuleUnload,
			},
		},
	},
}

// hasModule tells whether there is a module: servers before 8.0 have none.
func (e *Engine) hasModule() bool { return e.since("8.0") }

// modules writes the list of modules.
func (c *Call) modules() {
	if !c.e.hasModule() {
		c.Array(0)
		return
	}
	c.Array(1)
	c.Map(4)
	c.BulkString("name")
	c.BulkString(vectorModule)
	c.BulkString("ver")
	c.Int(1)
	c.BulkString("path")
	c.BulkString("")
	c.BulkString("args")
	c.Array(0)
}

func infoModules(w *infoText, e *Engine) {
	if e.hasModule() {
		w.text("module", "name="+vectorModule+",ver=1,api=1,filters=0,usedby=[],using=[],"+
			"options=[handle-io-errors|handle-repl-async-load]")
	}
}

func cmdModuleLoad(c *Call) {
	c.e.log(logWarning, "Module "+string(c.Args[2])+" failed to load: no module can be")
	c.Error("ERR Error loading the extension. Please check the server logs.")
}

func cmdModuleUnload(c *Call) {
	if c.e.hasModule() && strings.EqualFold(string(c.Args[2]), vectorModule) {
		c.Error("ERR Error unloading module: the module can't be unloaded")
		return
	}
	c.Error("ERR Error unloading module: no such module with that name")
}
