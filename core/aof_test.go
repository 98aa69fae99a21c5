package core_test

import (
	"bytes"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/redlet/redlet/core"
	"github.com/redlet/redlet/core/coretest"
)

// aofConfig has engines keep an append-only file.
var aofConfig = map[string]string{"enable-debug-command": "yes", "appendonly": "yes", "save": ""}

// reply sends a command for a client of its own and returns the reply.
func reply(t *testing.T, s *coretest.Engine, args ...string) string {
	t.Helper()
	if err := s.Send('?', coretest.Request(args...)); err != nil {
		t.Fatal(err)
	}
	b, err := s.Receive('?', true)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// unlogged are transcripts whose data an append-only file cannot give back: DEBUG POPULATE tells
// nobody; HINCRBYFLOAT is told as HSET, as by Redis, so that a field's expiry is lost; RESTORE
// takes no expiry before 1970, and tells of one that has wrapped around; and the layout of a
// HyperLogLog, which is bytes of a string, depends on the configuration.
var unlogged = map[string]bool{"debug": true, "hash_expire": true, "dump_wrap": true,
	"hyperloglog_encoding": true}

// TestAOFTranscripts plays every transcript with an append-only file, now and then loads that into
// a new engine, and compares the data.
func TestAOFTranscripts(t *testing.T) {
	for name, tr := range transcripts(t) {
		if tr.Needs() != "" || unlogged[name] {
			continue
		}
		t.Run(name, func(t *testing.T) {
			s, err := coretest.NewEngine(aofConfig)
			if err != nil {
				t.Fatal(err)
			}
			c := &checked{Engine: s, t: t}
			_, _ = coretest.Play(tr, c, true) // INFO and WAITAOF may answer otherwise
			c.check()
		})
	}
}

// checked is an engine whose append-only file is compared with its data.
type checked struct {
	*coretest.Engine
	t    *testing.T
	sent int
	// lapses: what has expired stays until somebody asks for it, as it would not in a new engine.
	lapses bool
}

// Send implements coretest.Session.
func (c *checked) Send(client byte, request []byte) error {
	if text := strings.ToLower(string(request)); strings.Contains(text, "set-active-expire") ||
		strings.Contains(text, "pause-cron") {
		c.lapses = !c.lapses
	}
	if c.sent++; c.sent%50 == 0 {
		c.check()
	}
	return c.Engine.Send(client, request)
}

func (c *checked) check() {
	c.t.Helper()
	info := reply(c.t, c.Engine, "INFO", "persistence")
	if c.lapses || !strings.Contains(info, "aof_enabled:1") {
		return // HELLO has told the client to authenticate, or a transcript has turned it off
	}
	config := maps.Clone(aofConfig)
	if c.sent%100 == 0 { // begin anew with commands instead of an image
		reply(c.t, c.Engine, "CONFIG", "SET", "aof-use-rdb-preamble", "no")
		reply(c.t, c.Engine, "BGREWRITEAOF")
		reply(c.t, c.Engine, "CONFIG", "SET", "aof-use-rdb-preamble", "yes")
	}
	now := c.Now()
	disk := c.Disk.Clone()
	disk.Piece = c.sent % 1000 // all at once, or piece by piece
	other, err := coretest.LoadEngine(config, now, disk)
	if err != nil {
		c.t.Fatal(err)
	}
	for _, ask := range [][]string{{"DEBUG", "DIGEST"}, {"FUNCTION", "LIST"}} {
		got, want := reply(c.t, other, ask...), reply(c.t, c.Engine, ask...)
		if got != want && !strings.HasPrefix(want, "-") {
			c.t.Fatalf("after %d commands %q: %q, want %q; the file:\n%q", c.sent, ask, got, want,
				c.Disk.Log())
		}
	}
}

// sparing is a script that has the append-only file told of one key, and replicas of another.
const sparing = `EVAL "redis.set_repl(1) redis.call('set','f',1) redis.set_repl(2) ` +
	`redis.call('set','g',1)" 0`

// TestAOFOrder shows that what acknowledges or spreads a change comes after the event that appends
// it, and, with appendfsync always, after the answer to the event that makes it durable; and that a
// rewrite parts what was appended before from what comes after.
func TestAOFOrder(t *testing.T) {
	e, err := core.New(core.Options{Now: coretest.Epoch, Config: aofConfig})
	if err != nil {
		t.Fatal(err)
	}
	disk, ev := &coretest.Disk{}, core.Event{}
	poll := func() (got string) {
		for e.Poll(&ev) {
			switch ev.Kind {
			case core.EventConfigured:
				got += "configured|"
			case core.EventData:
				got += "data" + string(rune('0'+ev.Conn)) + " " +
					strings.ReplaceAll(string(ev.Data), "\r\n", " ") + "|"
			case core.EventLog:
			default:
				got += verb(&ev) + "|"
			}
			if answer, is := disk.Do(&ev); is {
				var next core.Event
				if ev.Kind == core.EventSync && e.Poll(&next) {
					got += "not held back: " + verb(&next)
				}
				e.Input(&answer)
			}
		}
		return got
	}
	want := func(got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	for id := range core.ConnID(2) {
		open(e, id+1)
	}
	feed := func(id core.ConnID, lines ...string) {
		e.Input(&core.Input{Kind: core.InData, Conn: id,
			Data: []byte(strings.Join(lines, "\r\n") + "\r\n")})
	}
	want(poll(), "read manifest|read ./appendonly.aof|remove 1.incr.aof|append 1.incr.aof|"+
		"append 1.incr.aof|replace 1.base.rdb|replace manifest|configured|")
	feed(2, "SUBSCRIBE c")
	poll()
	feed(1, "PUBLISH c hi", "SET a 1", "GET a")
	want(poll(), "append 1.incr.aof SELECT 0 SET a 1|data2 *3 $7 message $1 c $2 hi |"+
		"data1 :1 +OK $1 1 |")
	feed(1, "GET a")
	want(poll(), "data1 $1 1 |")
	feed(1, sparing, "DEL f g")
	want(poll(), "append 1.incr.aof set f 1 DEL f g|data1 $-1 :2 |")
	feed(1, "MULTI", "SET a 1", "SET b 2 PX 100", "EXEC", "BGREWRITEAOF", "DEL a")
	e.Advance(coretest.Epoch + 50_000)
	want(poll(), "append 1.incr.aof MULTI SET a 1 SET b 2 PXAT 1700000000100 EXEC DEL a|data1 +OK "+
		"+QUEUED +QUEUED *2 +OK +OK +Background append only file rewriting started :1 |"+
		"remove 2.incr.aof|append 2.incr.aof|replace manifest|append 2.incr.aof|replace 2.base.rdb|"+
		"replace manifest|remove 1.base.rdb|remove 1.incr.aof|replace manifest|")
	e.Advance(coretest.Epoch + 150_000)
	want(poll(), "append 2.incr.aof SELECT 0 DEL b|")
	e.Advance(coretest.Epoch + 1_000_000)
	want(poll(), "sync 2.incr.aof|")
	if at := e.Deadline(); at != core.Never {
		t.Errorf("due at %d with nothing to do", at)
	}
	feed(1, "CONFIG SET appendfsync always", "SET a 1", "SET a 2")
	want(poll(), "append 2.incr.aof SET a 1 SET a 2|sync 2.incr.aof|data1 +OK +OK +OK |")
	feed(1, "CONFIG SET appendfsync everysec", "SET a 2", "WAITAOF 1 0 0")
	want(poll(), "append 2.incr.aof SET a 2|sync 2.incr.aof|data1 +OK +OK *2 :1 :0 |")
}

// verb words an event that is a verb of files.
func verb(ev *core.Event) string {
	names := map[core.EventKind]string{core.EventRead: "read ", core.EventAppend: "append ",
		core.EventSync: "sync ", core.EventReplace: "replace ", core.EventRemove: "remove "}
	got := names[ev.Kind] + strings.TrimPrefix(ev.Path, "./appendonlydir/appendonly.aof.")
	if ev.Kind == core.EventAppend {
		fields := strings.Split(string(ev.Data), "\r\n")
		for i, field := range fields {
			if strings.HasPrefix(field, "$") {
				got += " " + fields[i+1]
			}
		}
	}
	return got
}

// TestAOFAlways has the clients wait while what was appended is being made durable, and a failure
// of that end the engine before anybody hears of the change.
func TestAOFAlways(t *testing.T) {
	for _, failure := range []string{"", "Input/output error"} {
		config := maps.Clone(aofConfig)
		config["appendfsync"] = "always"
		s, err := coretest.NewEngine(config)
		if err != nil {
			t.Fatal(err)
		}
		e := s.Engine
		open(e, 9)
		var ev core.Event
		e.Input(&core.Input{Kind: core.InData, Conn: 9, Data: []byte("SET a 1 PX 100\r\n")})
		for e.Poll(&ev) {
			if ev.Kind == core.EventData {
				t.Fatalf("%q is said before the change is durable", ev.Data)
			}
		}
		sync := ev.Ticket
		if ev.Kind != core.EventSync || sync == 0 {
			t.Fatalf("the last event is %v", ev)
		}
		e.Input(&core.Input{Kind: core.InData, Conn: 9, Data: []byte("GET a\r\n")})
		e.Advance(s.Now() + 1_000_000)
		if e.Poll(&ev) || e.Deadline() != core.Never {
			t.Fatalf("it goes on with %v, and next at %d", ev, e.Deadline())
		}
		got := ""
		e.Input(&core.Input{Kind: core.InDone, Ticket: sync, Data: []byte(failure)})
		for e.Advance(s.Now() + 1_000_000); e.Poll(&ev); {
			switch ev.Kind {
			case core.EventData, core.EventShutdown:
				got += string(ev.Data)
			case core.EventSync:
				e.Input(&core.Input{Kind: core.InDone, Ticket: ev.Ticket})
			}
		}
		want := "+OK\r\n$-1\r\n" // since time has passed
		if failure != "" {
			want = "Can't recover from AOF write error when the AOF fsync policy is 'always'. Exiting..."
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", failure, got, want)
		}
	}
}

// TestAOFRestore has all data replaced: what is changed then is acknowledged when the file holds
// them too.
func TestAOFRestore(t *testing.T) {
	s, err := coretest.NewEngine(aofConfig)
	if err != nil {
		t.Fatal(err)
	}
	reply(t, s, "SET", "a", "1")
	image := s.Snapshot(nil)
	reply(t, s, "FLUSHALL")
	if err := s.Restore(image); err != nil {
		t.Fatal(err)
	}
	e := s.Engine
	open(e, 9)
	if got := feed(e, 9, "INCR a\r\n"); got != "" {
		t.Errorf("%q is said before the file holds the data", got)
	}
	if got := reply(t, s, "GET", "a"); got != "$1\r\n2\r\n" {
		t.Errorf("%q", got)
	}
	next, err := coretest.LoadEngine(aofConfig, s.Now(), s.Disk)
	if err != nil {
		t.Fatal(err)
	}
	if got := reply(t, next, "GET", "a"); got != "$1\r\n2\r\n" {
		t.Errorf("the file has %q", got)
	}
}

const (
	aofFolder   = "./appendonlydir/appendonly.aof."
	aofManifest = aofFolder + "manifest"
	aofBase     = aofFolder + "1.base.rdb"
	aofIncr     = aofFolder + "1.incr.aof"
)

// logOf is a disk with an append-only file of one file.
func logOf(file []byte) *coretest.Disk {
	return &coretest.Disk{Files: map[string]string{aofIncr: string(file),
		aofManifest: "file appendonly.aof.1.incr.aof seq 1 type i\n"}}
}

// TestReplay has files as they may come to lie on a disk.
func TestReplay(t *testing.T) {
	request := func(args ...string) string { return string(coretest.Request(args...)) }
	set := request("SET", "a", "1")
	transaction := request("MULTI") + request("SET", "b", "1") + request("EXEC")
	const badFormat = "Bad file format reading the append only file appendonly.aof.1.incr.aof: make " +
		"a backup of your AOF file, then use ./redis-check-aof --fix <filename.manifest>"
	for _, c := range []struct {
		name, file string
		good       int    // -1: all of it
		fault      string // why it is refused
		keys       string
	}{
		{"whole", set + transaction, -1, "", ":2"},
		{"nothing", "", -1, "", ":0"},
		{"annotated", "#TS:1\r\n" + set + "#TS:2\r\n", -1, "", ":1"},
		{"cut in a command", set + set[:5], len(set), "", ":1"},
		{"cut behind an annotation", set + "#TS:1\r\n" + set[:5], len(set), "", ":1"},
		{"cut in an annotation", set + "#T", len(set), "", ":1"},
		{"cut in a transaction", set + transaction[:len(transaction)-3], len(set), "", ":1"},
		{"without EXEC", set + request("MULTI") + request("DEL", "a"), len(set), "", ":1"},
		{"databases", set + request("SELECT", "1") + set, -1, "", ":1"},
		{"broken", set + "XYZ" + set, -1, badFormat + " (at offset 27)", ""},
		{"inline", "SET a 1\r\n", -1, badFormat + " (at offset 0)", ""},
		{"broken length", set + strings.Replace(set, "$3", "$x", 1), -1,
			badFormat + " (at offset 27)", ""},
		{"a NUL in a length", set + strings.Replace(set, "$3", "$\x00", 1) + set, -1,
			badFormat + " (at offset 27)", ""},
		{"a NUL in a count", set + "*\x00\r\n" + set, -1, "Unrecoverable error reading the append " +
			"only file appendonly.aof.1.incr.aof (at offset 27)", ""},
		{"unknown", set + request("FOO"), -1, "Unknown command 'FOO' reading the append only file " +
			"appendonly.aof.1.incr.aof (at offset 27)", ""},
		{"arity", request("SET", "a"), -1, badFormat + " (at offset 0)", ""},
		{"no image", "REDIS0011", -1, "Error reading the RDB base file appendonly.aof.1.incr.aof, AOF " +
			"loading aborted: RDB: the image ends too early at offset 9", ""},
		{"failing", request("LPUSH", "a", "1") + request("INCR", "a"), -1, "", ":1"},
		{"waiting", request("BLPOP", "a", "0") + set, -1, "", ":1"},
		{"not for files", request("QUIT") + request("SUBSCRIBE", "c") + set, -1, "", ":1"},
		{"a script", request("EVAL", "for i = 1, 1000000 do end redis.call('set', 'a', 1)", "0"), -1,
			"", ":1"},
	} {
		for _, piece := range []int{0, 1, 7} {
			disk := logOf([]byte(c.file))
			disk.Piece = piece
			s, err := coretest.LoadEngine(aofConfig, coretest.Epoch, disk)
			if c.good < 0 {
				c.good = len(c.file)
			}
			if good := len(disk.Files[aofIncr]); good != c.good {
				t.Errorf("%s: %d bytes are left, want %d", c.name, good, c.good)
			}
			if err != nil || c.fault != "" {
				if err == nil || err.Error() != c.fault {
					t.Errorf("%s: %v; want %q", c.name, err, c.fault)
				}
				continue
			}
			if got := reply(t, s, "DBSIZE"); got != c.keys+"\r\n" {
				t.Errorf("%s: %q keys, want %s", c.name, got, c.keys)
			}
		}
	}
}

// TestReplayRefusesCut has aof-load-truncated forbid what is allowed else.
func TestReplayRefusesCut(t *testing.T) {
	config := maps.Clone(aofConfig)
	config["aof-load-truncated"] = "no"
	set := coretest.Request("SET", "a", "1")
	file := append(bytes.Clone(set), set[:9]...)
	disk := logOf(file)
	_, err := coretest.LoadEngine(config, coretest.Epoch, disk)
	if err == nil || !strings.HasPrefix(err.Error(), "Unexpected end of file reading the append only "+
		"file appendonly.aof.1.incr.aof. You can: 1) Make a backup") ||
		!strings.HasSuffix(err.Error(), " (at offset 27)") {
		t.Error(err)
	}
	if disk.Files[aofIncr] != string(file) {
		t.Error("the file is changed")
	}
}

// TestReplayExpired has a key's time be over before the file is replayed, but not when the commands
// came that followed.
func TestReplayExpired(t *testing.T) {
	base, err := coretest.NewEngine(aofConfig)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"RPUSH k a", "PEXPIRE k 100", "HSET h f 1 g 2",
		"HPEXPIRE h 100 FIELDS 1 f", "BGREWRITEAOF", "RPUSH k b", "PERSIST k", "HSET h f 3",
		"SET x 1 PX 100", "SET y 1", "PEXPIRE y 100"} {
		reply(t, base, strings.Fields(line)...)
	}
	now := coretest.Epoch + 1_000_000
	log := base.Disk.Log()
	s, err := coretest.LoadEngine(aofConfig, now, base.Disk)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range [][2]string{{"LRANGE k 0 -1", "*2 $1 a $1 b "}, {"TTL k", ":-1 "},
		{"HGET h f", "$1 3 "}, {"EXISTS x y", ":0 "}, {"OBJECT IDLETIME k", ":0 "}} {
		got := strings.ReplaceAll(reply(t, s, strings.Fields(c[0])...), "\r\n", " ")
		if got != c[1] {
			t.Errorf("%s: %q, want %q", c[0], got, c[1])
		}
	}
	reply(t, s, "PING")
	if got := s.Disk.Log(); !strings.HasSuffix(got, string(coretest.Request("DEL", "y"))) {
		t.Errorf("the log ends with %q", got[len(log):])
	}
	setex := coretest.Request("SETEX", "a", "10", "1")
	old, err := coretest.LoadEngine(aofConfig, now, logOf(setex))
	if err != nil {
		t.Fatal(err)
	}
	if got := reply(t, old, "TTL", "a"); got != ":10\r\n" {
		t.Errorf("a duration in the file is %q", got)
	}
}

// TestAOFFails has the host fail to append, and then succeed.
func TestAOFFails(t *testing.T) {
	s, err := coretest.NewEngine(aofConfig)
	if err != nil {
		t.Fatal(err)
	}
	want := func(want string, args ...string) {
		t.Helper()
		if got := reply(t, s, args...); got != want {
			t.Errorf("%q: %q, want %q", args, got, want)
		}
	}
	want("+OK\r\n", "SET", "a", "1")
	s.Input(&core.Input{Kind: core.InAppended, Ticket: 1, Data: []byte("No space left on device")})
	const misconf = "-MISCONF Errors writing to the AOF file: No space left on device"
	want(misconf+"\r\n", "SET", "a", "2")
	want(misconf+"\r\n", "PING")
	want("$1\r\n1\r\n", "GET", "a")
	want(misconf+" script: 0958f5d93a85040c17a3da899f09191e99fc0591, on @user_script:1.\r\n",
		"EVAL", `return redis.call("set","q",1)`, "0")
	info := reply(t, s, "INFO", "persistence")
	if !strings.Contains(info, "aof_last_write_status:err") {
		t.Error(info)
	}
	if at := s.Deadline(); at != s.Now()+1_000_000 {
		t.Errorf("the next attempt comes at %d", at-s.Now())
	}
	s.Input(&core.Input{Kind: core.InAppended, Ticket: 1})
	want("+OK\r\n", "SET", "a", "2")
	s.Input(&core.Input{Kind: core.InAppended, Ticket: 1, Data: []byte("No space left on device")})
	want("+OK\r\n", "CONFIG", "SET", "appendonly", "no")
	want("+OK\r\n", "SET", "a", "2")
}

// TestAOFAnnotated has the files say what time it was: each second that has a change, and at the
// beginning of a base of commands.
func TestAOFAnnotated(t *testing.T) {
	config := maps.Clone(aofConfig)
	config["aof-timestamp-enabled"], config["aof-use-rdb-preamble"] = "yes", "no"
	s, err := coretest.NewEngine(config)
	if err != nil {
		t.Fatal(err)
	}
	reply(t, s, "SET", "a", "1")
	reply(t, s, "SET", "a", "2")
	if log := s.Disk.Log(); !strings.HasPrefix(log, "#TS:") || strings.Count(log, "#") != 1 {
		t.Errorf("the increment: %q", log)
	}
	reply(t, s, "BGREWRITEAOF")
	base := s.Disk.Files[aofFolder+"2.base.aof"]
	if !strings.HasPrefix(base, "#TS:") || strings.Count(base, "#") != 1 {
		t.Errorf("the base: %q", base)
	}
}

// TestAOFGrows has the file rewritten when it has doubled.
func TestAOFGrows(t *testing.T) {
	config := maps.Clone(aofConfig)
	config["auto-aof-rewrite-min-size"] = "1kb"
	s, err := coretest.NewEngine(config)
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		reply(t, s, "SET", "a", strings.Repeat("x", 100))
	}
	if log := s.Disk.Log(); len(log) > 1024 {
		t.Errorf("the log has %d bytes", len(log))
	}
	if info := reply(t, s, "INFO", "persistence"); strings.Contains(info, "aof_rewrites:0") {
		t.Error(info)
	}
}

// FuzzReplay loads any file: an engine refuses it, or serves.
func FuzzReplay(f *testing.F) {
	set := string(coretest.Request("SET", "a", "1"))
	f.Add([]byte(set + "*1\r\n$5\r\nMULTI\r\n" + set + "*1\r\n$4\r\nEXEC\r\n#TS:1\r\n" + set[:9]))
	f.Add(coretest.Request("EVAL", "return redis.call('set', 'a', 1)", "0"))
	f.Add(coretest.Request("BLMOVE", "a", "b", "LEFT", "LEFT", "0"))
	f.Fuzz(func(t *testing.T, file []byte) {
		if bytes.Contains(bytes.ToLower(file), []byte("while")) {
			return // a script may run for ever, as in Redis
		}
		disk := logOf(file)
		disk.Piece = len(file)/3 + 1
		s, err := coretest.LoadEngine(aofConfig, coretest.Epoch, disk)
		if left := disk.Log(); left != string(file) &&
			(err != nil || !strings.HasPrefix(string(file), left)) {
			t.Fatalf("the file is %q then, %v", left, err)
		}
		if err != nil {
			return
		}
		if err := s.Turn(time.Second); err != nil {
			t.Fatal(err)
		}
		if got := reply(t, s, "SET", "a", "1") + reply(t, s, "GET", "a"); got != "+OK\r\n$1\r\n1\r\n" {
			t.Fatalf("%q", got)
		}
	})
}
