package redlet

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/redlet/redlet/core"
	"github.com/redlet/redlet/host"
	"github.com/redlet/redlet/netbridge"
)

// Option changes how [Run] starts a server.
type Option func(*settings)

// settings are what the options ask for.
type settings struct {
	config     map[string]string
	addr       string
	unixSocket string
	secure     netbridge.Secure
	tail       *tail // notes what the engine is told, or nil
	seed       [32]byte
	clock      Clock
	log        func(level int, text string)
	died       func(why error)
	engine     any // *engineOptions, or nil
	replicas   int // of each master of a cluster
}

func settingsOf(options []Option) *settings {
	o := &settings{config: map[string]string{"save": ""}}
	for _, option := range options {
		option(o)
	}
	return o
}

// refuseSockets refuses parameters that an option sets, so that none is taken and has no effect.
func (o *settings) refuseSockets() error {
	for _, name := range slices.Sorted(maps.Keys(o.config)) {
		option := ""
		switch lower := strings.ToLower(name); {
		case lower == "port", lower == "bind":
			option = "WithAddr"
		case lower == "unixsocket", lower == "unixsocketperm":
			option = "WithUnixSocket"
		case strings.HasPrefix(lower, "tls-"):
			option = "WithTLS"
		default:
			continue
		}
		return fmt.Errorf("redlet: the parameter %s has no effect here: use %s", name, option)
	}
	return nil
}

// WithAddr has the server listen on a TCP address from the start, such as "127.0.0.1:6379".
// Without it the system chooses a port of 127.0.0.1 when one is asked for.
func WithAddr(addr string) Option {
	return func(o *settings) { o.addr = addr }
}

// WithUnixSocket has the server listen on a unix socket too, from the start. A file that is there
// already is replaced, as redis-server does. The port is opened nevertheless where one is asked
// for.
func WithUnixSocket(path string) Option {
	return func(o *settings) { o.unixSocket = path }
}

// WithTLS has the port speak TLS by a configuration, which has the server's certificate and says
// which clients are let in: such as that of [TestTLS]. Unix sockets and [Server.Dial] stay plain.
func WithTLS(config *tls.Config) Option {
	return func(o *settings) { o.secure = netbridge.TLS(config) }
}

// WithPassword has clients authenticate, as the parameter requirepass does.
func WithPassword(password string) Option {
	return func(o *settings) { o.config["requirepass"] = password }
}

// WithConfig sets parameters of redis.conf by name; a value of several words is written in one
// string, as CONFIG SET takes it. A parameter that there is not, or of sockets, for which there are
// options, has Run fail. Other than in redis-server, "save" is "": nothing is written to disk but
// by commands that ask for it. What has an option of its own, such as "dir", may be given here too.
func WithConfig(parameters map[string]string) Option {
	return func(o *settings) { maps.Copy(o.config, parameters) }
}

// WithDir has the server begin with the data in a folder, dump.rdb or, with "appendonly" set to
// "yes" by [WithConfig], the append-only file, and write there: what SAVE and BGSAVE save, and what
// is appended. Run fails if the folder is not there, or what is in it cannot be loaded; Close saves
// nothing.
func WithDir(dir string) Option {
	return WithConfig(map[string]string{"dir": dir})
}

// WithVersion has the server behave as an older version of Redis, such as "7.2", or as a newer one,
// "8.8": commands, options and parameters that came later are unknown to it, and INFO and HELLO
// say that version.
func WithVersion(version string) Option {
	return WithConfig(map[string]string{"compat": version})
}

// WithClusterReplicas has n of the nodes that RunCluster starts follow each master, as redis-cli's
// --cluster-replicas does: of six nodes with one replica each three are masters. Other servers take
// no notice of it.
func WithClusterReplicas(n int) Option {
	return func(o *settings) { o.replicas = n }
}

// WithSeed chooses the run of random choices: the same seed and the same commands give the same
// answers. Without it the seed is 0. What scripts draw by math.random has no part in it: as with
// redis-server it is the same after every start, until a script calls math.randomseed.
func WithSeed(seed uint64) Option {
	return func(o *settings) { binary.LittleEndian.PutUint64(o.seed[:], seed) }
}

// WithEngine has m make the engine. Those of [github.com/redlet/redlet/host/guest] run in a
// sandbox, as WebAssembly; without this option the engine is plain Go.
func WithEngine(m host.Maker) Option {
	return func(o *settings) { engineOf(o).maker = m }
}

// WithLog hands the lines of the server's log to f: level 0 is debug, 1 verbose, 2 notice, 3
// warning. f must not call the server.
func WithLog(f func(level int, text string)) Option {
	return func(o *settings) { o.log = f }
}

// WithLogger is WithLog for a [slog.Logger]: debug and verbose lines have its level Debug, notices
// Info, and warnings Warn. Which lines come says the parameter "loglevel"; by itself that is
// "notice".
func WithLogger(l *slog.Logger) Option {
	levels := []slog.Level{slog.LevelDebug, slog.LevelDebug, slog.LevelInfo, slog.LevelWarn}
	return WithLog(func(level int, text string) {
		l.Log(context.Background(), levels[level], text)
	})
}

// WithCommands adds commands of your own to those of Redis: see [core.Command] for what is declared
// of one and [core.Call] for what its Run has to work with. They run under the native engine only.
func WithCommands(commands ...core.Command) Option {
	return func(o *settings) {
		e := engineOf(o)
		e.more = append(e.more, commands...)
	}
}

// WithTypes adds types of values for commands of [WithCommands] to work on. RDB files and snapshots
// hold such values; where they are loaded the types must be known too.
func WithTypes(types ...*core.Type) Option {
	return func(o *settings) {
		e := engineOf(o)
		e.types = append(e.types, types...)
	}
}

// WithMaxKeys evicts keys, the one used least lately first, as soon as there are more than n in all
// databases together. A "maxmemory-policy" of [WithConfig], given behind it, chooses otherwise.
func WithMaxKeys(n int) Option {
	return WithConfig(map[string]string{
		"maxkeys": strconv.Itoa(n), "maxmemory-policy": "allkeys-lru",
	})
}
