package core

import (
	"strconv"

	"github.com/redlet/redlet/core/internal/list"
)

// config holds the parameters that the engine reads, each in its own type.
type config struct {
	databases         int
	maxclients        int
	requirepass       string
	timeout           Time // microseconds; 0 is none
	notify            notifyClass
	queryBufferLimit  int64
	protoMaxBulkLen   int64
	outputLimits      [3]outputLimit
	stopWritesOnError bool
	lists             list.Limits
	lfu               bool // maxmemory-policy is one of the LFU kind
}

type configError string

func (e configError) Error() string { return string(e) }

func (e *Engine) configure(values map[string]string) error {
	e.cfg = config{databases: 16, maxclients: 10000, queryBufferLimit: 1 << 30,
		protoMaxBulkLen: 512 << 20, stopWritesOnError: true, lists: list.Limits{Fill: -2}}
	e.cfg.outputLimits[limitPubSub] = outputLimit{32 << 20, 8 << 20, 60e6}
	for name, value := range values { // order: each sets a field of its own
		switch name {
		case "databases":
			e.cfg.databases, _ = strconv.Atoi(value)
		case "maxclients":
			e.cfg.maxclients, _ = strconv.Atoi(value)
		case "requirepass":
			e.cfg.requirepass = value
		}
	}
	return nil
}

const errDebug = "ERR DEBUG command not allowed. If the enable-debug-command option is set to " +
	"\"local\", you can run it from a local connection, otherwise you need to set this option " +
	"in the configuration file, and then restart the server."

func (e *Engine) debugAllowed(*conn) bool { return true }

func (e *Engine) visible(*Command) bool { return true }

func (e *Engine) find(name []byte) *Command { return e.table.find(name) }

// Version is the version of Redis that the engine behaves as.
func (e *Engine) Version() string { return "8.0.6" }
