package redlet

import (
	"encoding/binary"
	"maps"
	"strconv"

	"github.com/redlet/redlet/core"
	"github.com/redlet/redlet/host"
)

// Option changes how [Run] starts a server.
type Option func(*settings)

// settings are what the options ask for.
type settings struct {
	config map[string]string
	addr   string
	maker  host.Maker // nil: native
	seed   [32]byte
	clock  Clock
	log    func(level int, text string)
	more   []core.Command
	types  []*core.Type
}

// WithAddr has the server listen on a TCP address from the start, such as "127.0.0.1:6379".
// Without it the system chooses a port of 127.0.0.1 when one is asked for.
func WithAddr(addr string) Option {
	return func(o *settings) { o.addr = addr }
}

// WithPassword has clients authenticate, as the parameter requirepass does.
func WithPassword(password string) Option {
	return func(o *settings) { o.config["requirepass"] = password }
}

// WithConfig sets parameters of redis.conf by name; a value of several words is written in one
// string, as CONFIG SET takes it. "compat" makes the server behave as an older version: "7.2".
// What concerns sockets is ignored: see [WithAddr]. Other than in redis-server, "save" is "":
// nothing is written to disk but by commands that ask for it. With "dir" set to a folder, which
// must be there, the server begins with the data that the last one saved in it, or, with
// "appendonly" set to "yes", with all that the last one had.
func WithConfig(parameters map[string]string) Option {
	return func(o *settings) { maps.Copy(o.config, parameters) }
}

// WithSeed chooses the run of random choices: the same seed and the same commands give the same
// answers. Without it the seed is 0.
func WithSeed(seed uint64) Option {
	return func(o *settings) { binary.LittleEndian.PutUint64(o.seed[:], seed) }
}

// WithEngine has m make the engine. Those of [github.com/redlet/redlet/host/guest] run in a
// sandbox, as WebAssembly; without this option the engine is plain Go.
func WithEngine(m host.Maker) Option {
	return func(o *settings) { o.maker = m }
}

// WithLog hands the lines of the server's log to f: level 0 is debug, 1 verbose, 2 notice, 3
// warning. f must not call the server.
func WithLog(f func(level int, text string)) Option {
	return func(o *settings) { o.log = f }
}

// WithCommands adds commands of your own to those of Redis: see [core.Command] for what is declared
// of one and [core.Call] for what its Run has to work with. They run under the native engine only.
func WithCommands(commands ...core.Command) Option {
	return func(o *settings) { o.more = append(o.more, commands...) }
}

// WithTypes adds types of values for commands of [WithCommands] to work on. RDB files and snapshots
// hold such values; where they are loaded the types must be known too.
func WithTypes(types ...*core.Type) Option {
	return func(o *settings) { o.types = append(o.types, types...) }
}

// WithMaxKeys evicts keys, the one used least lately first, as soon as there are more than n in all
// databases together. A "maxmemory-policy" of [WithConfig], given behind it, chooses otherwise.
func WithMaxKeys(n int) Option {
	return WithConfig(map[string]string{
		"maxkeys": strconv.Itoa(n), "maxmemory-policy": "allkeys-lru",
	})
}
