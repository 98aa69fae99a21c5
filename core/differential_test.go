package core_test

import (
	"flag"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redlet/redlet/core/coretest"
)

var (
	diffCommands = flag.Int("commands", 20_000, "how many commands the differential run makes up")
	diffSeed     = flag.Uint64("seed", 0, "the seed of the differential run; 0 takes the time's")
	diffOnly     = flag.String("only", "", "the differential run makes up these groups alone")
)

// runLen is how many commands a differential run makes up between two empty databases.
const runLen = 400

// What no run on one connection makes up has one of these reasons, or one of its own.
const (
	chance     = "chance decides what it answers"
	host       = "it is about the process, its connections or its files: transcripts have it"
	inLockstep = "it waits or listens: TestLockstep makes it up"
	inScans    = "its order may be of a hash table: one run has none"
	wording    = "its text is each server's own words"
)

// unmade are the groups and commands that TestDifferential does not make up, and why.
var unmade = map[string]string{
	"connection": host, "server": host, "cluster": "there is none: transcripts have it",

	"randomkey": chance, "hrandfield": chance, "srandmember": chance, "zrandmember": chance,
	"spop": chance, "VRANDMEMBER": chance,
	"VINFO":  "which layers of the graph a node is in is chance",
	"VLINKS": "what a node of the graph is linked with is chance",
	"scan":   "its cursor and its order are of a hash table",
	"hscan":  inScans, "sscan": inScans, "zscan": inScans,

	"blpop": inLockstep, "brpop": inLockstep, "blmove": inLockstep, "brpoplpush": inLockstep,
	"blmpop": inLockstep, "bzpopmin": inLockstep, "bzpopmax": inLockstep, "bzmpop": inLockstep,
	"wait": inLockstep, "subscribe": inLockstep, "psubscribe": inLockstep,
	"ssubscribe": inLockstep, "unsubscribe": inLockstep, "punsubscribe": inLockstep,
	"sunsubscribe":    inLockstep,
	"pubsub|channels": "its order is of a hash table", "pubsub|shardchannels": "as pubsub|channels",
	"pubsub|numpat": inLockstep, "pubsub|numsub": inLockstep, "pubsub|shardnumsub": inLockstep,
	"waitaof": "neither side has an append-only file", "migrate": host,

	"xgroup|help": wording, "xinfo|help": wording, "object|help": wording, "script|help": wording,
	"function|help": wording, "pubsub|help": wording,

	"script|debug":    host,
	"pfselftest":      "it takes the reference seconds",
	"object|idletime": "the reference looks at its clock now and then",
	"object|refcount": "it counts the references of a queued command",
}

// made are commands of groups that are not made up which are so all the same.
var made = map[string]bool{"ping": true, "echo": true, "select": true, "dbsize": true,
	"flushdb": true, "flushall": true, "swapdb": true, "time": true}

// isMade tells whether TestDifferential makes a command up.
func isMade(name, group string) bool {
	return made[name] || unmade[name] == "" && unmade[group] == ""
}

// newSeed is the seed of a run, which it logs: the same for all that a run makes up.
func newSeed(t *testing.T) uint64 {
	t.Helper()
	if *diffSeed == 0 {
		*diffSeed = uint64(time.Now().UnixNano())
	}
	t.Logf("seed %d", *diffSeed)
	return *diffSeed
}

// newGenerator returns a generator of commands, and logs its seed.
func newGenerator(t *testing.T, accept func(name, group string) bool) *coretest.Generator {
	t.Helper()
	seed := newSeed(t)
	p := coretest.EnginePeer{Config: testConfig}
	if err := p.Reset(false); err != nil {
		t.Fatal(err)
	}
	docs, err := p.Run([][]string{{"COMMAND", "DOCS"}})
	if err != nil {
		t.Fatal(err)
	}
	return coretest.NewGenerator(docs[0], seed, accept)
}

// A set that is a hash table has an order of its own on each side, which SORT and DUMP carry to
// other keys. So most runs keep sets small; those that do not are of the commands of sets alone.
var (
	smallSets   = limits("1000", "128", "1000", "64")
	smallHashes = limits("1000", "128", "1000", "1000")
	defaultSets = limits("64", "128", "64", "64")
	skipLists   = limits("64", "3", "64", "64")
)

// limits are the command that sets the limits of listpacks: the reference keeps those of the run
// before.
func limits(setValue, zsetEntries, zsetValue, hashValue string) [][]string {
	return [][]string{{"CONFIG", "SET", "set-max-listpack-value", setValue,
		"zset-max-listpack-entries", zsetEntries, "zset-max-listpack-value", zsetValue,
		"hash-max-listpack-value", hashValue}}
}

// A range of members of a skip list whose scores differ is what the heights of its nodes make of
// it, and they are chance; what SORT finds alike it leaves in the order of a hash table. So what
// goes by members meets listpacks alone, or skip lists in which all scores are made the same.

// goesByMember tells whether a command is of a range of members.
func goesByMember(args []string) bool {
	return strings.Contains(args[0], "lex") || slices.ContainsFunc(args, func(arg string) bool {
		return strings.EqualFold(arg, "bylex")
	})
}

// strays tells whether a command may sort a sorted set, which makes a skip list of it and has the
// order of a hash table where SORT finds elements alike; or put one where SORT may meet it.
func strays(args []string) bool {
	apart := func(i int) bool { // from the keys that other types have
		return i < len(args) && !strings.ContainsAny(args[i][:min(1, len(args[i]))], "slht")
	}
	switch args[0] {
	case "sort", "sort_ro":
		return apart(1)
	case "rename", "renamenx", "copy":
		return apart(1) && !apart(2)
	case "restore":
		return !apart(1) && len(args) > 3 && strings.ContainsAny(args[3][:min(1, len(args[3]))],
			"\x05\x11")
	case "zadd", "zincrby", "zrangestore", "zunionstore", "zinterstore", "zdiffstore":
		return !apart(1)
	}
	return false
}

// compiles tells whether a command has no script but one that compiles: what is said of another is
// the compiler's own.
func compiles(args []string) bool {
	at := 1
	switch args[0] {
	case "script":
		at = 2
	case "eval", "eval_ro":
	default:
		return true
	}
	return at >= len(args) || at == 2 && args[1] != "load" || strings.HasPrefix(args[at], "return ")
}

// level makes all scores that a command of sorted sets sets the same.
func level(args []string) []string {
	for i := 2; i < len(args); i++ {
		_, err := strconv.ParseFloat(args[i], 64)
		if args[0] == "zadd" && (err == nil || args[i] == "0x10") {
			args[i] = "0"
		}
	}
	return args
}

// differentialRun is what the commands of a run are made up of.
type differentialRun struct {
	gen    *coretest.Generator
	before [][]string
	passes func(args []string) bool // nil lets all pass
	change func(args []string) []string
}

// next makes up a command of the run.
func (r *differentialRun) next() []string {
	for {
		args := r.gen.Next()
		if r.passes != nil && !r.passes(args) {
			continue
		}
		if r.change != nil {
			args = r.change(args)
		}
		if args = withoutDistances(args); !waits(args) {
			return args
		}
	}
}

// streamNodes are the sizes of a stream's nodes that runs take turns with.
var streamNodes = [][][]string{
	{{"CONFIG", "SET", "stream-node-max-entries", "100", "stream-node-max-bytes", "4096"}},
	{{"CONFIG", "SET", "stream-node-max-entries", "3", "stream-node-max-bytes", "4096"}},
	{{"CONFIG", "SET", "stream-node-max-entries", "0", "stream-node-max-bytes", "60"}},
}

// waits tells whether a command may wait because an option says so.
func waits(command []string) bool {
	return strings.HasPrefix(command[0], "xread") &&
		slices.ContainsFunc(command, func(word string) bool { return strings.EqualFold(word, "block") })
}

// forgetErrno has the reference forget that a number was out of range, and does nothing else. It
// takes an empty element for no number in SORT if the command before in a pipeline has come upon
// such a number.
var forgetErrno = []string{"zadd", "calm", "XX", "1", "m"}

// TestDifferential makes commands up and compares the engine with a real redis-server.
func TestDifferential(t *testing.T) {
	ref := coretest.StartReference(t)
	ref.NeedClock(t)
	session, err := ref.Session() // sets the clock
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	runs := differentialRuns(t)
	d := coretest.Differ{
		Left:  &coretest.EnginePeer{Config: testConfig},
		Right: &coretest.NetworkPeer{Dial: ref.Dial},
	}
	for n := 0; n < *diffCommands; n += runLen {
		commands := make([][]string, runLen)
		run := runs[n/runLen%len(runs)]
		d.Before = append(run.before[:1:1], streamNodes[n/runLen%len(streamNodes)]...)
		for i := range commands {
			commands[i] = run.next()
			if i > 0 && strings.HasPrefix(commands[i][0], "sort") {
				commands[i-1] = forgetErrno
			}
		}
		d.RESP3 = n/runLen/len(runs)%2 == 1
		diff, err := d.Compare(commands)
		if err != nil {
			t.Fatal(err)
		}
		if diff != nil {
			t.Fatalf("RESP3 %v: left is redlet, right is Redis %s: %v", d.RESP3,
				session.Version(), diff)
		}
	}
}

// differentialRuns are the runs that take turns.
func differentialRuns(t *testing.T) []*differentialRun {
	only := func(groups string, names ...string) *coretest.Generator {
		return newGenerator(t, func(name, group string) bool {
			return slices.Contains(strings.Fields(groups), group) && isMade(name, group) ||
				slices.Contains(names, name)
		})
	}
	general := &differentialRun{before: smallSets,
		gen: newGenerator(t, func(name, group string) bool {
			return isMade(name, group) && group != "module" &&
				(*diffOnly == "" || strings.Contains(*diffOnly, group))
		}),
		passes: func(args []string) bool { return !strays(args) && compiles(args) }}
	sets := &differentialRun{gen: only("set", "ping"), before: defaultSets}
	zsets := &differentialRun{gen: only("set sorted-set", "ping"), before: smallSets}
	skips := &differentialRun{
		gen:    only("sorted-set", "ping", "sort", "copy", "dump", "object|encoding"),
		before: skipLists,
		passes: func(args []string) bool {
			line := strings.ToLower(strings.Join(args, " "))
			return !goesByMember(args) && !strings.Contains(line, " by ") &&
				!strings.Contains(line, " alpha") // what stands behind a NUL does not count
		},
	}
	flat := &differentialRun{gen: only("", "ping", "zadd", "zrem", "zrange", "zrangestore",
		"zrangebylex", "zrevrangebylex", "zlexcount", "zremrangebylex", "zrank", "zpopmin", "zrevrank",
		"zremrangebyrank", "zcount"), before: skipLists, change: level}
	// Alone a listpack has an order of its own, and is scanned in one go.
	scans := &differentialRun{gen: only("", "ping", "hset", "hdel", "hexpire", "hscan", "sadd",
		"srem", "sscan", "zadd", "zrem", "zscan"), before: smallHashes}
	vectors := &differentialRun{gen: only("", "VADD", "VREM", "VSIM", "VDIM", "VCARD", "VEMB",
		"VSETATTR", "VGETATTR", "VISMEMBER", "ping", "set", "exists", "type", "rename",
		"object|encoding"), before: smallSets, change: alike}
	return []*differentialRun{general, zsets, general, sets, general, skips, general, flat, vectors,
		general, sets, scans}
}

// alike makes commands of vector sets such that most work on the set that is there: each key has a
// dimension and a quantization of its own, and its sets are projected or not. A search is exact:
// what it finds first of elements as near is what the graph makes of it, and that is chance; and it
// is made at once, as a new vector is added, where the reference would leave it to a thread.
func alike(args []string) []string {
	for i := range args {
		if args[i] == "inf" { // a vector of NaN: in the graph of the reference anything may come of it
			args[i] = "0.25"
		}
		if n, err := strconv.Atoi(args[i]); err == nil && n > 1_000_001 {
			args[i] = "9" // of a count, the reference takes memory for as many, and ends
		}
		if len(args[i]) == 2 && i > 0 && strings.ContainsAny(args[i][:1], "slhtzxp") {
			args[i] = "v" + args[i][1:]
		}
	}
	key := -1
	if len(args) > 1 && len(args[1]) == 2 && args[1][0] == 'v' {
		key = int(args[1][1] - '0')
	}
	if key < 0 || args[0] != "VADD" && args[0] != "VSIM" {
		return args
	}
	values := func(s string) bool { return strings.EqualFold(s, "values") }
	if i := slices.IndexFunc(args, values); i > 0 && i+2 < len(args) &&
		len(args[len(args)-1])%3 > 0 {
		if n, err := strconv.Atoi(args[i+1]); err == nil && n > 0 && n < len(args)-i-1 {
			x := append([]string{args[i+1+n]}, args[i+2:i+2+n]...)
			args[i+1] = strconv.Itoa(1 + key)
			args = slices.Replace(args, i+2, i+2+n, append(x, "1", "-3", "2", "0")[:1+key]...)
		}
	}
	args = slices.DeleteFunc(args, func(s string) bool { return strings.EqualFold(s, "cas") })
	if args[0] == "VSIM" {
		return append(args, "NOTHREAD", "TRUTH")
	}
	if quant := []string{"Q8", "NOQUANT", "BIN", "NOQUANT"}[key]; len(args)%5 > 0 {
		args = append(args, quant)
	}
	if key == 3 && len(args)%4 > 0 && !strings.EqualFold(args[2], "reduce") {
		args = slices.Insert(args, 2, "REDUCE", "3")
	}
	return args
}

// withoutDistances makes a command store no distances, the last digit of which is the C library's.
func withoutDistances(args []string) []string {
	i := slices.IndexFunc(args, func(arg string) bool { return strings.EqualFold(arg, "storedist") })
	switch {
	case i < 0:
	case args[0] == "geosearchstore":
		args = slices.Delete(args, i, i+1)
	default:
		args[i] = "STORE"
	}
	return args
}

// lockstep compares the engine with the reference, both first prepared alike.
func lockstep(ref *coretest.Reference, prepare func(coretest.Session) error) coretest.Lockstep {
	return coretest.Lockstep{
		Left: func() (*coretest.Engine, error) {
			e, err := coretest.NewEngine(testConfig)
			if err == nil {
				err = prepare(e)
			}
			return e, err
		},
		Right: func() (*coretest.Network, error) {
			n, err := ref.Session()
			if err == nil {
				err = prepare(n)
			}
			return n, err
		},
	}
}

// lockstepGenerator makes up what TestLockstep compares.
func lockstepGenerator(t *testing.T) *coretest.Generator {
	return newGenerator(t, func(name, group string) bool {
		switch group {
		case "list", "transactions", "pubsub", "sorted-set":
			return !strings.HasSuffix(name, "help") && name != "pubsub|channels" &&
				name != "pubsub|shardchannels" && name != "zscan" && name != "zrandmember" &&
				!strings.Contains(name, "lex")
		}
		switch name {
		case "set", "get", "del", "rename", "copy", "move", "select", "swapdb", "expire",
			"pexpire", "sort", "flushall", "flushdb", "hset", "ttl", "wait", "restore", "lpush":
			return true
		}
		return false
	})
}

// TestLockstep makes commands of several clients up, those that wait and listen among them, turns
// the clock between them and compares with a real redis-server.
func TestLockstep(t *testing.T) {
	ref := coretest.StartReference(t)
	ref.NeedClock(t)
	gen := lockstepGenerator(t)
	l := lockstep(ref, func(coretest.Session) error { return nil })
	for range *diffCommands / runLen {
		moves := gen.Moves(runLen, 5, func(name string) bool {
			return strings.HasPrefix(name, "b") || name == "wait" ||
				strings.HasSuffix(name, "subscribe")
		})
		for i := range moves {
			if args := moves[i].Args; len(args) > 0 && (goesByMember(args) || strays(args)) {
				moves[i].Args = []string{"ping"}
			}
		}
		if err := l.Compare(moves); err != nil {
			t.Fatal(err)
		}
	}
}

// TestLockstepStreams is TestLockstep for clients that wait for entries of streams.
func TestLockstepStreams(t *testing.T) {
	ref := coretest.StartReference(t)
	ref.NeedClock(t)
	gen := newGenerator(t, func(name, group string) bool {
		switch group {
		case "stream", "transactions":
			return !strings.HasSuffix(name, "help")
		}
		switch name {
		case "set", "del", "rename", "copy", "move", "select", "swapdb", "expire", "persist",
			"pexpire", "flushall", "flushdb", "restore", "lpush":
			return true
		}
		return false
	})
	l := lockstep(ref, expireWhenAsked)
	for range *diffCommands / runLen {
		moves := gen.Moves(runLen, 5, func(name string) bool {
			return strings.HasPrefix(name, "xread")
		})
		if err := l.Compare(moves); err != nil {
			t.Fatal(err)
		}
	}
}

// trackings are the modes of CLIENT TRACKING that a TestLockstepTracking takes turns with.
var trackings = [][]string{
	{"ON"}, {"ON"}, {"OFF"}, {"ON", "NOLOOP"}, {"ON", "OPTIN"}, {"ON", "OPTOUT", "NOLOOP"},
	{"ON", "BCAST"}, {"ON", "BCAST", "NOLOOP"}, {"ON", "BCAST", "PREFIX", "s"},
	{"ON", "BCAST", "PREFIX", "s1", "PREFIX", "l"}, {"ON", "OPTIN", "OPTOUT"}, {"ON", "PREFIX", "x"},
}

// TestLockstepTracking has clients of RESP3 track what they read, and compares what each is pushed
// with what a real redis-server pushes.
func TestLockstepTracking(t *testing.T) {
	ref := coretest.StartReference(t)
	ref.NeedClock(t)
	gen := newGenerator(t, func(name, group string) bool {
		switch group {
		case "string", "list", "generic":
			return name != "keys" && name != "dump" && !strings.HasPrefix(name, "wait") &&
				(unmade[name] == "" || strings.HasPrefix(name, "b"))
		}
		switch name {
		case "multi", "exec", "discard", "flushall", "flushdb", "swapdb", "select", "publish",
			"subscribe", "client|caching", "client|trackinginfo", "client|tracking", "hset",
			"hdel", "hmget", "hlen":
			return true
		}
		return false
	})
	l := lockstep(ref, greet)
	for range *diffCommands / (4 * runLen) {
		moves := gen.Moves(runLen, len(greeted), func(name string) bool {
			return strings.HasPrefix(name, "b") || strings.HasSuffix(name, "subscribe")
		})
		for i, m := range moves {
			if len(m.Args) > 1 && m.Args[0] == "client" && m.Args[1] == "tracking" {
				moves[i].Args = append(m.Args[:2:2], trackings[i%len(trackings)]...)
			}
		}
		if err := l.Compare(moves); err != nil {
			t.Fatal(err)
		}
	}
}

// greeted are the clients of TestLockstepTracking.
const greeted = "ABCD"

// expireWhenAsked has keys go when somebody asks for them: when else they go, and whether before or
// behind a client whose time is up too, is the server's own business.
func expireWhenAsked(s coretest.Session) error {
	if err := s.Send('A', coretest.Request("DEBUG", "SET-ACTIVE-EXPIRE", "0")); err != nil {
		return err
	}
	_, err := s.Receive('A', true)
	return err
}

// greet has clients speak RESP3; what servers say of themselves differs.
func greet(s coretest.Session) error {
	if err := expireWhenAsked(s); err != nil {
		return err
	}
	for _, c := range []byte(greeted) {
		if err := s.Send(c, coretest.Request("HELLO", "3")); err != nil {
			return err
		}
		if _, err := s.Receive(c, true); err != nil {
			return err
		}
	}
	return nil
}
