package core

import (
	"math"
	"strconv"
	"strings"

	"github.com/redlet/redlet/core/internal/array"
	"github.com/redlet/redlet/core/internal/hash"
	"github.com/redlet/redlet/core/internal/list"
)

// config holds the parameters that the engine reads, each in a field of its own type. Parameters
// that mean nothing to an engine (sockets, processes, replication) are checked and kept, so that
// CONFIG GET shows what was set.
type config struct {
	shown map[int]string // values as CONFIG GET shows them, by place in parameters, where changed
	file  string         // where CONFIG REWRITE writes them; "" for nowhere
	host  []string       // what the host told of itself, in the order of hostFacts; nil for nothing

	compat  compatLevel // the version that the engine says it is
	obeys   compatLevel // the newest version whose commands it takes: see compat.go
	version string      // what HELLO and INFO call the server

	databases        int
	maxclients       int64
	port             int64
	requirepass      string
	protected        bool // without a password only this machine's clients are welcome
	aclfile          string
	dir, dbfilename  string
	save             []savePoint
	timeout          Time // microseconds; 0 is none
	notify           notifyClass
	queryBufferLimit int64
	protoMaxBulkLen  int64 // an int can hold it
	outputLimits     [3]outputLimit

	hashes                                   hash.Limits // but for Seed: see hashLimits
	setIntsetMax, setEntriesMax, setValueMax int64
	zsetEntriesMax, zsetValueMax             int64
	lists                                    list.Limits
	arrays                                   array.Limits
	hllSparseMax                             int64
	streamNodeBytesMax, streamNodeEntriesMax int64
	streamIdmpDuration, streamIdmpMaxSize    int64

	maxkeys                       int64 // keys of all databases; 0 is no limit
	maxmemory                     int64 // bytes; 0 is no limit
	maxmemoryClients              int64 // bytes, or if negative a percentage of maxmemory
	maxmemoryPolicy               evictionPolicy
	sanitize                      sanitizing
	maxmemorySamples              int
	lfu, lrm                      bool // maxmemory-policy is one of the LFU or LRM kind
	oddUse                        bool // it is one of either
	announces                     bool // somebody hears of every change: by notify or by lrm
	lfuLogFactor, lfuDecayMinutes int64

	slowlogSlowerUs, slowlogMax int64
	latencyThresholdMs          int64
	latencyTracking             bool
	latencyPercentiles          []float64
	busyMs                      int64 // after which a script lets others be answered with BUSY
	trackingKeysMax             int64
	aclLogMax                   int64
	aclAllChannels              bool // new users may use every channel
	minReplicas                 int64
	minReplicasMaxLag           int64 // in seconds
	tlsPort                     int64
	tlsReplication, tlsCluster  bool
	oomScoreAdj                 int64    // oomNo and so on
	oomScores                   [3]int64 // of a master, a replica and a child
	bindSource                  string   // the address that connections to others come from
	masterHost                  string
	masterPort                  int64
	masterauth, masteruser      string
	announceIP                  string
	announcePort                int64
	announced                   bool
	replicaPriority             int64
	replicaReadOnly, serveStale bool
	ignoreMaxmemory             bool // replica-ignore-maxmemory
	replTimeout, backlogTTL     Time
	diskless                    bool // repl-diskless-sync
	replicaLazyFlush            bool
	syncDelay                   Time
	shutdownTimeout             Time
	syncReplicas                int64
	replBacklogSize             int64
	replPing                    Time // repl-ping-replica-period
	hz, ioThreads               int64
	logLevel                    int // lines of a lower level are not logged

	rdbCompression, rdbChecksum bool
	stopWritesOnError           bool
	disklessLoad                disklessLoad
	keyLoadDelay                Time // how long loading a key takes: see keyDelay
	keySaveDelay                Time // how long a save in the background takes over a key
	appendonly                  bool
	appenddirname               string
	appendfilename              string
	appendfsync                 int64 // fsyncEverysec, fsyncAlways or fsyncNo
	aofPreamble, aofTimestamps  bool
	aofTruncated                bool  // aof-load-truncated: a tail that is cut short is dropped
	aofGrowth, aofSizeMin       int64 // in percent and bytes: when to rewrite it
	lazyFlush                   bool
	lazyEviction, lazyExpire    bool // removals for such a reason are told as UNLINK
	lazyServerDel               bool

	clusterEnabled                                bool
	clusterFullCoverage                           bool // without some slots none is served
	clusterReadsWhenDown, clusterChannelsWhenDown bool
	clusterMigratesReplicas                       bool // who has no slots left follows
	clusterIP, clusterHostname, clusterNodename   string
	clusterFile                                   string
	clusterTimeout                                Time  // after which a node that is gone has failed
	clusterNoFailover                             bool  // no replica takes over by itself
	clusterPort                                   int64 // of the bus; 0 is 10000 above port
	clusterAnnouncedPort, clusterAnnouncedBusPort int64
	clusterEndpoint                               int64 // endpointIP and so on

	clockCommand                                  bool
	debugCommand, moduleCommand, protectedConfigs int64 // allowNo, allowYes or allowLocal
}

// The values of enable-debug-command and its like.
const (
	allowNo = iota
	allowYes
	allowLocal
)

// savePoint asks for a snapshot after so many seconds in which there were so many changes.
type savePoint struct{ seconds, changes int64 }

// evictionPolicy is maxmemory-policy.
type evictionPolicy uint8

// The policies, in the order of the parameter's words.
const (
	evictVolatileLRU evictionPolicy = iota
	evictVolatileLFU
	evictVolatileRandom
	evictVolatileTTL
	evictVolatileLRM
	evictAllLRU
	evictAllLFU
	evictAllRandom
	evictAllLRM
	evictNone
)

// volatile tells whether a policy evicts only keys with an expiry.
func (p evictionPolicy) volatile() bool { return p < evictAllLRU }

// shares tells whether Redis keeps a small number just once: unless each is to have an age of its
// own. For each value it goes by what was set when the value came.
func (c *config) shares() bool {
	switch c.maxmemoryPolicy {
	case evictVolatileLRU, evictVolatileLFU, evictVolatileLRM, evictAllLRU, evictAllLFU, evictAllLRM:
		return c.maxmemory == 0
	}
	return true
}

// parameter declares a configuration parameter: all that CONFIG knows of it.
type parameter struct {
	name, alias string
	kind        paramKind
	flags       paramFlag
	since       compatLevel // the version that brought it, where that is later than 8.0; else 0
	value       string      // the default
	least, most int64       // of numbers and bytes
	words       string      // of an enumeration, the first being 0; ^V behind one that came later
	// set hands a checked value to the engine; nil if the engine has no use for it.
	set func(c *config, v setting)
	// read checks a value that has rules of its own, sets it, and returns how CONFIG GET shows it
	// or what is wrong with it.
	read func(c *config, s string) (shown, problem string)
}

type paramKind uint8

const (
	paramBool paramKind = iota
	paramInt
	paramMemory   // bytes, with units
	paramUnsigned // the same up to 2^64-1
	paramEnum
	paramString
	paramSpecial // has a read function
)

type paramFlag uint16

const (
	paramImmutable paramFlag = 1 << iota // set at the start only
	paramProtected                       // needs enable-protected-configs
	paramHidden                          // CONFIG GET shows it by its exact name only
	paramHost                            // the host puts it into force: see config_host.go
	paramTLS                             // the same, if anything speaks TLS
	paramOOM                             // the same, for the process in the system's eyes
	paramTold                            // the host does of it what it can
	paramOwn                             // not one of Redis's
	paramReread                          // a file's name: whoever sets it means what is in the file
	paramSecret                          // a password: nobody is shown it
	paramFolder                          // the host knows whether there is such a folder
	paramText                            // of a special one: a file has it in quotes
	paramEmpty                           // of a text: nothing is a value, too
	paramBytes                           // of a special one: a file has it with a unit
	paramLoaded                          // not to be set while data are loaded
	paramBinary                          // of a string: it may hold zero bytes
)

// setting is a checked value.
type setting struct {
	n int64  // numbers; 1 and 0; the place of a word
	s string // as CONFIG GET shows it
}

func (v setting) yes() bool { return v.n != 0 }

// ConfigError says which parameter New refused, and why, in the words of Redis.
type ConfigError struct{ Name, Problem string }

// Error words the refusal in one line.
func (e *ConfigError) Error() string {
	return "configuration parameter '" + e.Name + "': " + e.Problem
}

// badDirective is what Redis says of a line of redis.conf that names no parameter.
const badDirective = "Bad directive or wrong number of arguments"

// defaults is what every engine begins with. What its slices hold is never changed.
var defaults = defaultConfig()

func defaultConfig() config {
	var c config
	for i := range parameters {
		if p := &parameters[i]; p.set != nil || p.read != nil {
			p.apply(&c, p.value)
		}
	}
	return c
}

// configure sets every default and then the values given.
func (e *Engine) configure(values map[string]string) error {
	e.cfg = defaults
	c := &e.cfg
	if len(values) == 0 {
		return nil
	}
	known, named := 0, make([]bool, len(parameters))
	for name := range values { // order: they are counted and marked
		if isBeside(name) {
			known++
		} else if i := findParameter([]byte(name)); i >= 0 {
			named[i] = true
		}
	}
	c.file = values[configFileName]
	c.host = toldByHost(values)
	for i := range parameters {
		if !named[i] {
			continue
		}
		p := &parameters[i]
		for _, name := range [...]string{p.name, p.alias} {
			value, given := values[name]
			if !given || name == "" {
				continue
			}
			known++
			if problem := c.change(i, value); problem != "" {
				return &ConfigError{name, problem}
			}
		}
	}
	if known < len(values) {
		return &ConfigError{firstUnknown(values), badDirective}
	}
	return nil
}

// isBeside tells whether an entry of Options.Config is no parameter's, and yet known.
func isBeside(name string) bool {
	fact, is := strings.CutPrefix(name, hostFactPrefix)
	return name == usersName || name == renamesName || name == configFileName ||
		is && hostFact(fact) >= 0
}

// firstUnknown returns the name, first in the order of bytes, that no parameter has.
func firstUnknown(values map[string]string) string {
	first := ""
	for name := range values { // order: the least name is chosen
		if !isBeside(name) && findParameter([]byte(name)) < 0 && (first == "" || name < first) {
			first = name
		}
	}
	return first
}

// findParameter returns the place of a parameter by name or alias in any case, -1 if unknown.
func findParameter(name []byte) int {
	for i := range parameters {
		p := &parameters[i]
		if is(name, p.name) || p.alias != "" && is(name, p.alias) {
			return i
		}
	}
	return -1
}

// shows returns a parameter's value as CONFIG GET shows it.
//
//go:noinline
func (c *config) shows(i int) string {
	if s, changed := c.shown[i]; changed {
		return s
	}
	return parameters[i].value
}

// change sets a parameter and returns what is wrong with the value, "" if nothing.
func (c *config) change(i int, value string) (problem string) {
	shown, problem := parameters[i].apply(c, value)
	if problem != "" {
		return problem
	}
	if c.shown == nil {
		c.shown = map[int]string{}
	}
	c.shown[i] = shown
	return ""
}

// apply checks a value and hands it to the engine.
func (p *parameter) apply(c *config, value string) (shown, problem string) {
	if p.read != nil {
		return p.read(c, value)
	}
	v, problem := p.parse(c, value)
	if problem == "" && p.set != nil {
		p.set(c, v)
	}
	return v.s, problem
}

func (p *parameter) parse(c *config, s string) (v setting, problem string) {
	switch p.kind {
	case paramBool:
		n := wordIndex("no yes", s)
		if n < 0 {
			return v, "argument must be 'yes' or 'no'"
		}
		return setting{int64(n), [...]string{"no", "yes"}[n]}, ""
	case paramInt:
		n, ok := parseInt(s)
		if !ok {
			return v, "argument couldn't be parsed into an integer"
		}
		return setting{n, s}, p.within(n)
	case paramMemory:
		n, ok := parseMemory(s)
		if !ok {
			return v, "argument must be a memory value"
		}
		if n > math.MaxInt64 {
			return v, p.bounds()
		}
		return setting{int64(n), strconv.FormatUint(n, 10)}, p.within(int64(n))
	case paramUnsigned:
		n, ok := parseMemory(s)
		if !ok {
			return v, "argument must be a memory value"
		}
		return setting{int64(min(n, math.MaxInt64)), strconv.FormatUint(n, 10)}, ""
	case paramEnum:
		return p.parseWord(c, s)
	}
	if p.flags&paramBinary == 0 {
		s, _, _ = strings.Cut(s, "\x00") // to C the text ends there
	}
	return setting{0, s}, ""
}

func (p *parameter) within(n int64) string {
	if n < p.least || n > p.most {
		return p.bounds()
	}
	return ""
}

func (p *parameter) bounds() string {
	return "argument must be between " + itoa(p.least) + " and " +
		itoa(p.most) + " inclusive"
}

// parseInt reads an integer in its only way of writing: no sign +, no leading zero.
func parseInt(s string) (int64, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil && itoa(n) == s
}

// parseMemory reads bytes with an optional unit: k is 1000 and kb is 1024. No digits are 0, and
// too many of them the greatest number, as for C, for which a text ends at a zero byte.
func parseMemory(s string) (uint64, bool) {
	s, _, _ = strings.Cut(s, "\x00")
	i := 0
	for i < len(s) && '0' <= s[i] && s[i] <= '9' {
		i++
	}
	unit := uint64(0)
	switch strings.ToLower(s[i:]) {
	case "", "b":
		unit = 1
	case "k":
		unit = 1000
	case "kb":
		unit = 1 << 10
	case "m":
		unit = 1000 * 1000
	case "mb":
		unit = 1 << 20
	case "g":
		unit = 1000 * 1000 * 1000
	case "gb":
		unit = 1 << 30
	default:
		return 0, false
	}
	n, err := strconv.ParseUint(s[:i], 10, 64)
	if err != nil && i > 0 {
		n = math.MaxUint64
	}
	return n * unit, true
}

// parseWord reads a word of an enumeration.
func (p *parameter) parseWord(c *config, s string) (v setting, problem string) {
	var listed []string
	for n, word := range strings.Fields(p.words) {
		word, since, _ := strings.Cut(word, "^")
		if strings.EqualFold(word, s) && sinceOf(since) <= c.obeys {
			return setting{int64(n), word}, ""
		}
		if sinceOf(since) <= c.compat {
			listed = append(listed, word)
		}
	}
	return v, "argument(s) must be one of the following: " + strings.Join(listed, ", ")
}

// wordIndex returns the place of a word, in any case, among words separated by spaces; or -1.
func wordIndex(words, word string) int {
	for n := 0; words != ""; n++ {
		next, rest, _ := strings.Cut(words, " ")
		if strings.EqualFold(next, word) {
			return n
		}
		words = rest
	}
	return -1
}

// wordAt returns the word at a place.
func wordAt(words string, n int) string {
	for ; n > 0; n-- {
		_, words, _ = strings.Cut(words, " ")
	}
	word, _, _ := strings.Cut(words, " ")
	return word
}

// isLocal tells whether a connection comes from this machine, as enable-debug-command and
// protected-mode mean it. One without an address comes from the host's own process.
//
//go:noinline
func (cl *conn) isLocal() bool {
	addr := cl.peer.Addr
	return cl.peer.Unix || addr == "" || strings.HasPrefix(addr, "127.") ||
		strings.HasPrefix(addr, "[::1]")
}

// allows tells whether a parameter like enable-debug-command lets a connection do something.
func allows(level int64, cl *conn) bool {
	return level == allowYes || level == allowLocal && cl.isLocal()
}

// Version is the version of Redis that the engine behaves as.
func (e *Engine) Version() string { return e.cfg.version }

// Parameter returns the name of the configuration parameter that has a name or an alias, in any
// case, if there is one.
func Parameter(nameOrAlias string) (name string, is bool) {
	i := findParameter([]byte(nameOrAlias))
	if i < 0 {
		return "", false
	}
	return parameters[i].name, true
}
