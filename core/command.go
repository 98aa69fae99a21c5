package core

// Command declares a command once: everything that is known of it derives from this literal.
type Command struct {
	Name       string      // lower case; of a subcommand the second word only
	Since      string      // the version that brought it, "2.8.13", or "6.2" for its first patch
	Group      string      // as COMMAND DOCS names it: "string", or "module NAME" of a module
	Flags      Flag        // what dispatch checks and COMMAND INFO shows
	Cats       Category    // ACL categories that the flags do not imply
	System     bool        // COMMAND DOCS calls it a syscmd
	channels   channelArgs // which arguments are channels, which the user must be permitted
	Arity      int16       // as COMMAND INFO gives it; 0 where it follows from Syntax
	index      int32       // its place among the engine's statistics
	since      compatLevel
	Syntax     string       // its arguments on one line: see core/internal/syntax
	Keys       string       // its key specs: see core/internal/syntax
	Tips       string       // COMMAND INFO's tips, separated by spaces
	Summary    string       // one sentence in our own words
	Complexity string       // in our own words; "" where the reference is silent too
	Deprecated *Deprecation // nil: it is not
	History    string       // what later versions added: "6.2 GET and EXAT; 7.0 NX with GET"
	Run        func(*Call)
	Line       *Line     // what a command line decides by its words; nil if nothing
	Sub        []Command // the subcommands of a container

	parent *Command // the container of a subcommand
}

// Deprecation says that a version has deprecated a command.
type Deprecation struct {
	Since   string // the version, "7.0"
	Instead string // what to use in its place, with code in backticks
}

// Line is what a command line decides by its words, and its [Command] cannot say of them all. What
// is nil is as the command says.
type Line struct {
	// Keys corrects the keys that Command.Keys gives.
	Keys func(args [][]byte, keys []KeyAt) []KeyAt
	// Flags gives the flags, where they depend on what the command runs.
	Flags func(*Call) Flag
	// Secrets lists which arguments nobody is to be shown, such as passwords.
	Secrets func(args [][]byte) []int
}

// channelArgs says which arguments name channels.
type channelArgs uint8

const (
	noChannels      channelArgs = iota
	oneChannel                  // the first
	allChannels                 // all
	channelPatterns             // all, and they are patterns
)

// Flag is a set of command flags. Those that COMMAND INFO shows have the names that it gives them.
type Flag uint64

// The flags of commands, in the order in which COMMAND INFO lists them.
const (
	Write Flag = 1 << iota
	ReadOnly
	DenyOOM
	Module
	Admin
	PubSub
	NoScript
	Blocking
	Loading
	Stale
	SkipMonitor
	SkipSlowlog
	Asking
	Fast
	NoAuth
	MayReplicate
	TouchesArbitraryKeys // keys that it was not given may expire: each is a change by itself
	NoAsyncLoading
	NoMulti
	NoMandatoryKeys
	AllowBusy
	Protected // needs enable-debug-command

	// What follows COMMAND INFO does not show. In Redis most of it are comparisons with functions.

	Internal        // the command itself is not shown either
	ClockCommand    // needs enable-clock-command
	AllowSubscribed // allowed in RESP2 to a client that is subscribed
	DenyDiskError   // refused like a write while data cannot be kept on disk
	NotQueued       // runs at once inside MULTI
	StartsMulti     // MULTI
	RunsQueue       // EXEC
	RunsScripts     // may take long, and what it calls is propagated in its place
	Awaits          // waits for another server, and everybody with it
	SelectsDB       // stands among the changes in an append-only file, though it is none
	KeepsCaching    // CLIENT CACHING holds beyond it
	toReplica       // a master sends it to a replica, though it changes nothing
	LoadsModules    // is protected by enable-module-command
	Keeps           // keeps what it is told beside the data: refused where memory is full
	TakesArgs       // a large argument becomes a value as it stands in the input: see takeArg
	compiles        // is suspended while a long source is compiled
	TellsLater      // its handler tells options of later versions from data: see Call.takes

	// What the table finds out when a command is added to it.

	onFastPath // see fastpath.go
	takesLong  // there it is timed by itself: see mayTakeLong
	givenArity // its Arity was given, and does not follow from Syntax
)

// Category is a set of ACL categories.
type Category uint32

// The ACL categories, in the order in which ACL CAT lists them.
const (
	CatKeyspace Category = 1 << iota
	CatRead
	CatWrite
	CatSet
	CatSortedSet
	CatList
	CatHash
	CatString
	CatBitmap
	CatHyperLogLog
	CatGeo
	CatStream
	CatPubSub
	CatAdmin
	CatFast
	CatSlow
	CatBlocking
	CatDangerous
	CatConnection
	CatTransaction
	CatScripting
	CatArray
)
