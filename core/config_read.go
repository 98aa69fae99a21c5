package core

import (
	"math"
	"strconv"
	"strings"
)

// The functions here read the parameters whose values have rules of their own. Each returns the
// value as CONFIG GET shows it, or what is wrong with it in the words of Redis.

func readSave(c *config, s string) (shown, problem string) {
	const wrong = "Invalid save parameters"
	if s == "" {
		c.save = nil
		return "", ""
	}
	words := strings.Split(s, " ")
	if len(words)%2 != 0 {
		return "", wrong
	}
	points := make([]savePoint, 0, len(words)/2)
	for i := 0; i < len(words); i += 2 {
		seconds, ok1 := parseInt(words[i])
		changes, ok2 := parseInt(words[i+1])
		if !ok1 || !ok2 || seconds < 1 || changes < 0 {
			return "", wrong
		}
		points = append(points, savePoint{seconds, changes})
	}
	c.save = points
	return s, ""
}

func readClientOutputBufferLimit(c *config, s string) (shown, problem string) {
	limits := c.outputLimits
	words := strings.Fields(s)
	if len(words)%4 != 0 {
		return "", "Wrong number of arguments in buffer limit configuration."
	}
	for ; len(words) > 0; words = words[4:] {
		var class int
		switch strings.ToLower(words[0]) {
		case "normal":
			class = limitNormal
		case "slave", "replica":
			class = limitReplica
		case "pubsub":
			class = limitPubSub
		default:
			return "", "Invalid client class specified in buffer limit configuration."
		}
		hard, ok1 := parseMemory(words[1])
		soft, ok2 := parseMemory(words[2])
		within, ok3 := parseInt(words[3])
		if !ok1 || !ok2 || !ok3 || within < 0 {
			return "", "Error in hard, soft or soft_seconds setting in buffer limit configuration."
		}
		limits[class] = outputLimit{
			int64(min(hard, math.MaxInt64)), int64(min(soft, math.MaxInt64)),
			Time(min(within, secondsMax)) * 1e6,
		}
	}
	c.outputLimits = limits
	var out []byte
	for class, name := range [...]string{"normal", "slave", "pubsub"} {
		l := &limits[class]
		if class > 0 {
			out = append(out, ' ')
		}
		out = append(append(out, name...), ' ')
		out = append(appendInt(out, l.hard), ' ')
		out = append(appendInt(out, l.soft), ' ')
		out = appendInt(out, int64(l.within/1e6))
	}
	return string(out), ""
}

// secondsMax is how many seconds fit into a Time.
const secondsMax = math.MaxInt64 / 1_000_000

func readNotifyKeyspaceEvents(c *config, s string) (shown, problem string) {
	n, ok := parseNotify(s, c.obeys)
	if !ok {
		return "", "Invalid event class character. Use '" + knownNotify(c.compat) + "'."
	}
	c.notify = n
	c.announces = c.lrm || n != 0
	return formatNotify(n, allNotify(c.compat)), ""
}

func readMaxmemoryClients(c *config, s string) (shown, problem string) {
	var n int64 // below 0 it is a percentage
	digits, ok := strings.CutSuffix(s, "%")
	if ok {
		n, ok = parseInt(digits)
		ok, n = ok && n >= 0, -n
	} else {
		var size uint64
		size, ok = parseMemory(s)
		n = int64(size) // a number too great for this is a percentage to Redis, too
	}
	switch {
	case !ok:
		return "", "argument must be a memory or percent value"
	case n < -100:
		return "", "percentage argument must be less or equal to 100"
	}
	c.maxmemoryClients = n
	if n < 0 {
		return itoa(-n) + "%", ""
	}
	return itoa(n), ""
}

// readHz keeps hz between 1 and 500. An engine has no ticks: only INFO shows it.
func readHz(c *config, s string) (shown, problem string) {
	n, ok := parseInt(s)
	if !ok {
		return "", "argument couldn't be parsed into an integer"
	}
	if n < 0 || n > math.MaxInt32 {
		return "", "argument must be between 0 and 2147483647 inclusive"
	}
	c.hz = min(max(n, 1), 500)
	return itoa(c.hz), ""
}

func readLatencyTrackingInfoPercentiles(c *config, s string) (shown, problem string) {
	const name = "latency-tracking-info-percentiles"
	var all []float64
	var out []byte
	words := strings.Split(s, " ")
	if s == "" {
		words = nil
	}
	for _, word := range words {
		f, err := parseFloat([]byte(word))
		if err != nil {
			return "", "Invalid " + name + " parameters"
		}
		if !(f >= 0 && f <= 100) {
			return "", name + " parameters should sit between [0.0,100.0]"
		}
		if len(all) > 0 {
			out = append(out, ' ')
		}
		all = append(all, f)
		out = appendPercentile(out, f)
	}
	c.latencyPercentiles = all
	return string(out), ""
}

// appendPercentile writes up to six decimals, without trailing zeros.
func appendPercentile(dst []byte, f float64) []byte {
	at := len(dst)
	dst = strconv.AppendFloat(dst, f, 'f', 6, 64)
	return append(dst[:at], strings.TrimRight(strings.TrimRight(string(dst[at:]), "0"), ".")...)
}

// readReplBacklogSize keeps the backlog, which nothing reads, at 16 KB at least.
func readReplBacklogSize(c *config, s string) (shown, problem string) {
	n, ok := parseMemory(s)
	switch {
	case !ok:
		return "", "argument must be a memory value"
	case n < 1 || n > math.MaxInt64:
		return "", "argument must be between 1 and 9223372036854775807 inclusive"
	}
	c.replBacklogSize = max(int64(n), 16<<10)
	return itoa(c.replBacklogSize), ""
}

func readOomScoreAdjValues(c *config, s string) (shown, problem string) {
	words := strings.Split(s, " ")
	if len(words) != 3 {
		return "", "wrong number of arguments"
	}
	var scores [3]int64
	for i, word := range words {
		n, ok := parseInt(word)
		if !ok || n < -2000 || n > 2000 {
			return "", "Invalid oom-score-adj-values, elements must be between -2000 and 2000."
		}
		scores[i] = n
	}
	c.oomScores = scores
	return s, ""
}

func readClusterAnnounceHostname(c *config, s string) (shown, problem string) {
	if len(s) >= 256 {
		return "", "Hostnames must be less than 256 characters"
	}
	for i := range len(s) {
		if b := s[i]; !isAlnum(b) && b != '-' && b != '.' {
			return "", "Hostnames may only contain alphanumeric characters, hyphens or dots"
		}
	}
	c.clusterHostname = s
	return s, ""
}

func readClusterAnnounceHumanNodename(c *config, s string) (shown, problem string) {
	if strings.ContainsAny(s, "!#$%&()*+:;<>?@[]^{|}~") {
		return "", "Announced human node name contained invalid character"
	}
	c.clusterNodename = s
	return s, ""
}

func isAlnum(b byte) bool {
	return '0' <= b && b <= '9' || 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z'
}

func readProcTitleTemplate(_ *config, s string) (shown, problem string) {
	const wrong = "template format is invalid or contains unknown variables"
	if strings.Trim(strings.ReplaceAll(s, "{title}", ""), " ") == "" {
		return "", wrong // the title may be empty, and nothing would be left
	}
	const known = "title listen-addr server-mode port tls-port unixsocket config-file"
	for rest := s; ; {
		_, after, found := strings.Cut(rest, "{")
		if !found {
			return s, ""
		}
		name, behind, closed := strings.Cut(after, "}")
		if !closed || wordIndex(known, name) < 0 || strings.ToLower(name) != name {
			return "", wrong
		}
		rest = behind
	}
}

// readLocaleCollate accepts the locales that compare bytes, which is what an engine does.
func readLocaleCollate(_ *config, s string) (shown, problem string) {
	switch s {
	case "", "C", "POSIX", "C.UTF-8", "C.utf8":
		return s, ""
	}
	return "", "Invalid locale name"
}

// readReplicaof reads host and port of a master; nothing, or "no one", is none.
func readReplicaof(c *config, s string) (shown, problem string) {
	words := strings.Fields(s)
	if len(words) == 0 || strings.EqualFold(s, "no one") {
		c.masterHost = ""
		return "", ""
	}
	if len(words) != 2 {
		return "", "wrong number of arguments"
	}
	port, ok := parseInt(words[1])
	if !ok || port < 0 || port > 65535 {
		return "", "Invalid master port"
	}
	c.masterHost, c.masterPort = words[0], port
	return words[0] + " " + words[1], ""
}

// readBind keeps the addresses that the host listens at, sixteen at most.
func readBind(_ *config, s string) (shown, problem string) {
	if strings.Count(s, " ") >= 16 {
		return "", "Too many bind addresses specified."
	}
	return s, ""
}

func readUnixsocketperm(_ *config, s string) (shown, problem string) {
	n, err := strconv.ParseInt(s, 8, 64)
	switch {
	case err != nil:
		return "", "argument couldn't be parsed into an integer"
	case n < 0 || n > 0o777:
		return "", "argument must be between 0 and 777 inclusive"
	}
	return strconv.FormatInt(n, 8), ""
}

func readDbfilename(c *config, s string) (shown, problem string) {
	if strings.ContainsAny(s, `/\`) {
		return "", "dbfilename can't be a path, just a filename"
	}
	c.dbfilename = s
	return s, ""
}

// readDir takes what is relative from the folder before, as changing to it does. Whether there is
// such a folder the host knows: see askFolder. At the start it has seen to that.
func readDir(c *config, s string) (shown, problem string) {
	switch {
	case s == "":
		return "", errNoFile
	case c.dir != "" && !isAbsolute(s):
		s = cleanPath(c.dir + "/" + s)
	case c.dir != "":
		s = cleanPath(s)
	}
	c.dir = s
	return s, ""
}

// cleanPath has a path without what leads nowhere, or up from where it has led.
func cleanPath(path string) string {
	root, way := "", []string(nil)
	if path[0] == '/' {
		root = "/"
	}
	for name := range strings.SplitSeq(path, "/") {
		switch last := len(way) - 1; {
		case name == "" || name == ".":
		case name != ".." || root == "" && (last < 0 || way[last] == ".."):
			way = append(way, name)
		case last >= 0:
			way = way[:last]
		}
	}
	if path = root + strings.Join(way, "/"); path == "" {
		return "."
	}
	return path
}

// isAbsolute tells whether a path is relative to nothing, on any system.
func isAbsolute(s string) bool {
	if len(s) > 2 && s[1] == ':' { // a drive's
		s = s[2:]
	}
	return s[0] == '/' || s[0] == '\\'
}

func readAppendfilename(c *config, s string) (shown, problem string) {
	switch {
	case s == "":
		return "", "appendfilename can't be empty"
	case strings.ContainsAny(s, `/\`):
		return "", "appendfilename can't be a path, just a filename"
	}
	c.appendfilename = s
	return s, ""
}

func readAppenddirname(c *config, s string) (shown, problem string) {
	switch {
	case s == "":
		return "", "appenddirname can't be empty"
	case strings.ContainsAny(s, `/\`):
		return "", "appenddirname can't be a path, just a dirname"
	}
	c.appenddirname = s
	return s, ""
}

// readActivedefrag refuses what Redis refuses when it is built with the system's allocator.
func readActivedefrag(_ *config, s string) (shown, problem string) {
	switch wordIndex("no yes", s) {
	case 0:
		return "no", ""
	case 1:
		return "", "Active defragmentation cannot be enabled: it requires a Redis server " +
			"compiled with a modified Jemalloc like the one shipped by default with the Redis " +
			"source distribution"
	}
	return "", "argument must be 'yes' or 'no'"
}

// compatLevel is a version of Redis as one number: major<<16 | minor<<8 | patch.
type compatLevel uint32

// The versions that brought parameters.
const (
	in8dot6 compatLevel = 8<<16 | 6<<8
	in8dot8 compatLevel = 8<<16 | 8<<8
)

// anyVersion is later than every version.
const anyVersion = ^compatLevel(0)

// compatDefault is the version whose commands are complete.
const compatDefault = "8.0.2"

// readShutdownOn reads the options of SHUTDOWN that a signal stands for, and shows them in the
// order of Redis; default stands for none.
func readShutdownOn(_ *config, s string) (shown, problem string) {
	const known = "default save nosave now force"
	given := [5]bool{}
	words := strings.Fields(s)
	for _, word := range words {
		n := wordIndex(known, word)
		if n < 0 {
			words = nil
			break
		}
		given[n] = true
	}
	switch {
	case len(words) == 0:
		return "", "argument(s) must be one of the following: " +
			strings.ReplaceAll(known, " ", ", ")
	case given[1] && given[2]:
		return "", "shutdown options SAVE and NOSAVE can't be used simultaneously"
	}
	for n := 1; n < len(given); n++ {
		if given[n] {
			shown += " " + wordAt(known, n)
		}
	}
	if shown == "" {
		return "default", ""
	}
	return shown[1:], ""
}

// readCompat reads redlet's own parameter: the version of Redis to behave as. Of a version
// without a patch level everything counts, up to its last patch. With "latest" the engine says
// that it is the version whose commands are complete, and obeys what it knows of later ones.
func readCompat(c *config, s string) (shown, problem string) {
	if strings.EqualFold(s, "latest") {
		c.version, c.compat, c.obeys = compatDefault, sinceOf(compatDefault)|0xff, anyVersion
		return "latest", ""
	}
	level, parts, ok := parseVersion(s)
	if !ok || parts < 2 {
		return "", "argument must be a version of Redis such as 7.2 or 8.0.2, or 'latest'"
	}
	c.version = s
	if parts == 2 {
		c.version = lastPatch(s)
	}
	c.compat = level | 0xff
	c.obeys = c.compat
	return s, ""
}

// lastPatch completes a version of two numbers with the patch that redlet was measured against.
func lastPatch(s string) string {
	switch s {
	case "7.0":
		return "7.0.15"
	case "8.0":
		return compatDefault
	}
	return s + ".0"
}

// parseVersion reads a version of up to three numbers.
func parseVersion(s string) (level compatLevel, parts int, ok bool) {
	for shift := 16; shift >= 0; shift -= 8 {
		part, rest, more := strings.Cut(s, ".")
		n, ok := parseInt(part)
		if !ok || n < 0 || n > 255 {
			return 0, 0, false
		}
		level |= compatLevel(n) << shift
		parts++
		if !more {
			return level, parts, true
		}
		s = rest
	}
	return 0, 0, false
}

// sinceOf is the version that brought something, written as Command.Since.
//
//go:noinline
func sinceOf(version string) compatLevel {
	level, _, _ := parseVersion(version)
	return level
}

// readArraySliceSize reads how many indexes a slice of a new array has.
func readArraySliceSize(c *config, s string) (shown, problem string) {
	v, problem := (&parameter{kind: paramInt, least: 256, most: 65536}).parse(c, s)
	switch {
	case problem != "":
		return "", problem
	case v.n&(v.n-1) != 0:
		return "", "array-slice-size must be a power of two"
	}
	c.arrays.SliceSize = int(v.n)
	return v.s, ""
}

// readArraySparseKmax reads the most elements of a slice that is a list, 0 for no lists.
func readArraySparseKmax(c *config, s string) (shown, problem string) {
	v, problem := arrayList.parse(c, s)
	switch {
	case problem != "":
		return "", problem
	case v.n > 0 && int(v.n) <= c.arrays.SparseMin:
		return "", "array-sparse-kmax must be greater than array-sparse-kmin when non-zero"
	}
	c.arrays.SparseMax = int(v.n)
	return v.s, ""
}

// readArraySparseKmin reads how few elements make a slice a list again.
func readArraySparseKmin(c *config, s string) (shown, problem string) {
	v, problem := arrayList.parse(c, s)
	switch {
	case problem != "":
		return "", problem
	case c.arrays.SparseMax > 0 && int(v.n) >= c.arrays.SparseMax:
		return "", "array-sparse-kmin must be less than array-sparse-kmax"
	}
	c.arrays.SparseMin = int(v.n)
	return v.s, ""
}

// arrayList is what goes for every number of elements of a list.
var arrayList = parameter{kind: paramInt, most: 256}
