package core

import (
	"strings"
	"testing"
)

// feed sends a client's lines, each a command.
func feed(e *Engine, id ConnID, lines ...string) {
	for _, line := range lines {
		e.feed(id, []byte(line+"\r\n"))
	}
}

// received returns what a connection got, one command a line.
func received(e *Engine, id ConnID) string {
	var out []string
	fields := strings.Split(sent(e, id), "\r\n")
	for i := 0; i < len(fields); i++ {
		switch {
		case strings.HasPrefix(fields[i], "*"):
			out = append(out, "")
		case strings.HasPrefix(fields[i], "$") && len(out) > 0:
			i++
			out[len(out)-1] = strings.TrimSpace(out[len(out)-1] + " " + fields[i])
		}
	}
	return strings.Join(out, "\n")
}

// payload11 is what DUMP gives of 11, as sds.SplitArgs reads it, and bare11 as it is.
const (
	payload11 = `"\x00\xc0\x0b\x0c\x00\x1b\xd1#K\xdd\xd5\xef\x06"`
	bare11    = "\x00\xc0\x0b\x0c\x00\x1b\xd1#K\xdd\xd5\xef\x06"
)

// replicated is what replicas are sent of what a client sends.
var replicated = []struct{ name, send, want string }{
	{"as it is", "SET a 1|set a 1 nx|LPOP none", "SELECT 0\nSET a 1"},
	{"databases", "set a 1|select 3|set a 1|get a", "SELECT 0\nset a 1\nSELECT 3\nset a 1"},
	{"expiry", "set a 1 ex 100 get|expire a 200|getex a persist|expire a -1",
		"SELECT 0\nSET a 1 PXAT 1700000100000\nPEXPIREAT a 1700000200000\nPERSIST a\nDEL a"},
	{"conditions of an expiry", "set a 1|expire a 200 nx|expire a 300 nx|expire a 100 XX lt",
		"SELECT 0\nset a 1\nPEXPIREAT a 1700000200000 nx\nPEXPIREAT a 1700000100000 XX lt"},
	{"GEOADD and SWAPDB", "geoadd g ch 1 1 a|geoadd g 1 1 a|geoadd g nx|swapdb 0 0",
		"SELECT 0\nzadd g ch 3377822707026402 a\nswapdb 0 0"},
	{"payloads", "restore a 1700000100000 " + payload11 + " absttl|restore b 100 " + payload11,
		"SELECT 0\nrestore a 1700000100000 " + bare11 + " absttl\n" +
			"restore b 1700000000100 " + bare11 + " ABSTTL"},
	{"a given instant", "set a 1 get pxat 1700000100000|set a 1 pxat 1",
		"SELECT 0\nset a 1 get pxat 1700000100000\nset a 1 pxat 1"},
	{"lazily", "config set lazyfree-lazy-expire yes|set a 1|expire a -1|set a 1|getex a px -1|" +
		"set a 1|getex a exat 1|sadd s a|spop s 1|config set lazyfree-lazy-server-del yes|" +
		"sadd s a|spop s 1|config set maxmemory-policy allkeys-lru maxmemory 1|" +
		"config set maxmemory 0|config set lazyfree-lazy-eviction yes|set a 1|" +
		"config set maxmemory 1",
		"SELECT 0\nset a 1\nUNLINK a\nset a 1\nset a 1\nUNLINK a\nsadd s a\nDEL s\n" +
			"sadd s a\nUNLINK s\nset a 1\nUNLINK a"},
	{"conditions", "set a 1|set a 2 ifeq 1|set a 3 ifeq 1|set a 3 ifne 1 get keepttl|" +
		"set a 4 ifne 1 ex 1|delex a ifeq 1|delex a ifeq 4|delex a|set a 1|delex a",
		"SELECT 0\nset a 1\nSET a 2\nSET a 3 KEEPTTL\nSET a 4 PXAT 1700000001000\nDEL a\n" +
			"set a 1\nDEL a"},
	{"several strings", "msetex 2 a 1 b 2|msetex 2 a 1 b 2 ex 1|msetex 1 a 1 keepttl nx|" +
		"msetex 1 a 1 keepttl",
		"SELECT 0\nMSET a 1 b 2\nMULTI\nSET a 1 PXAT 1700000001000\n" +
			"SET b 2 PXAT 1700000001000\nEXEC\nSET a 1 KEEPTTL"},
	{"increments", "increx a|increx a byfloat 0.5 ex 1|increx a byfloat 1 ex 2 enx|" +
		"increx a byint 1 ubound 0|increx a byfloat 1 ubound 0|increx a byfloat 1 persist|" +
		"increx a byfloat 1 pxat 1|increx a pxat 1|increx a byint 9 ubound 5 saturate",
		"SELECT 0\nSET a 1 KEEPTTL\nSET a 1.5 PXAT 1700000001000\nSET a 2.5 KEEPTTL\n" +
			"SET a 3.5\nDEL a\nSET a 5 KEEPTTL"},
	{"floats", "incrbyfloat a 1.5|hincrbyfloat h f 2",
		"SELECT 0\nSET a 1.5 KEEPTTL\nHSET h f 2"},
	{"lists", "rpush a 1 2 3 4 5 6|blpop a 0|blmove a b left right 0|lmpop 1 a right count 2",
		"SELECT 0\nrpush a 1 2 3 4 5 6\nLPOP a\nLMOVE a b left right\nRPOP a 2"},
	{"several elements", "rpush a 1 2 3 4 5 6|lmovem a b left right count 1 obo|" +
		"blmovem a b left right 0 count 9 bulk|blmovem b a right left 0",
		"SELECT 0\nrpush a 1 2 3 4 5 6\nlmovem a b left right count 1 obo\n" +
			"LMOVEM a b left right EXACTLY 5 BULK\nLMOVEM b a right left EXACTLY 1 OBO"},
	{"fields", "hset h f 1 g 2|hexpire h 100 fields 2 f none|hgetdel h fields 1 g",
		"SELECT 0\nhset h f 1 g 2\nHPEXPIREAT h 1700000100000 fields 1 f\nHDEL h g"},
	{"expiries of fields", "hset h f 1 g 2|hpexpireat h 4000000000000 nx fields 3 f g none|" +
		"hexpireat h 4000000000 XX fields 1 f|hexpire h 100 gt fields 1 f|" +
		"hpersist h fields 1 none|hpersist h fields 2 f none|hpexpire h 0 fields 2 f g",
		"SELECT 0\nhset h f 1 g 2\nhpexpireat h 4000000000000 nx fields 2 f g\n" +
			"HPEXPIREAT h 4000000000000 XX fields 1 f\nhpersist h fields 2 f none\n" +
			"MULTI\nHDEL h f\nHDEL h g\nEXEC"},
	{"HGETEX and HGETDEL", "hset h f 1 g 2 i 3|hgetex h ex 100 fields 2 f none|" +
		"hgetex h persist fields 2 f none|hgetex h persist fields 1 f|hgetex h fields 1 f|" +
		"hgetex h exat 1 fields 3 f g none|hgetdel h fields 1 none|hgetdel h fields 2 i none",
		"SELECT 0\nhset h f 1 g 2 i 3\nHPEXPIREAT h 1700000100000 fields 2 f none\n" +
			"HPERSIST h fields 2 f none\nMULTI\nHDEL h f\nHDEL h g\nEXEC\nHDEL h i none"},
	{"HSETEX", "hsetex h fields 1 f 1|hsetex h fxx ex 100 fields 1 f 2|" +
		"hsetex h px 1000 FXX fields 1 f 2|hsetex h pxat 4000000000000 fields 1 f 2|" +
		"hsetex h exat 1 fields 2 f 1 g 2",
		"SELECT 0\nhsetex h fields 1 f 1\nhsetex h fxx PXAT 1700000100000 fields 1 f 2\n" +
			"hsetex h PXAT 1700000001000 FXX fields 1 f 2\n" +
			"hsetex h pxat 4000000000000 fields 1 f 2\nMULTI\nHDEL h f\nHDEL h g\nEXEC"},
	{"sets", "sadd s a|spop s|sadd i 1 2|spop i 2|sadd i 1 1|spop i 0|smove i s 2",
		"SELECT 0\nsadd s a\nSREM s a\nsadd i 1 2\nDEL i\nsadd i 1 1"},
	{"streams", "xadd s * a 1|xadd s maxlen ~ 1 limit 5 1700000000000-* a 1|" +
		"xadd s maxlen 1 2000000000000 a 1|xtrim s maxlen ~ 0|xtrim s maxlen ~ 0 limit 0|" +
		"xadd s minid ~ 3 2000000000001 a 1|xadd s nomkstream 2000000000002-0 a 1|xlen s",
		"SELECT 0\nxadd s 1700000000000-0 a 1\n" +
			"xadd s maxlen = 2 limit 5 1700000000000-1 a 1\n" +
			"xadd s maxlen 1 2000000000000 a 1\nxtrim s maxlen = 0\n" +
			"xadd s minid = 2000000000001-0 2000000000001 a 1\n" +
			"xadd s nomkstream 2000000000002-0 a 1"},
	{"readers", "xgroup create s g 0 mkstream|xadd s 1 a 1|xadd s 2 a 1|" +
		"xreadgroup group g c count 1 streams s >|xreadgroup group g c streams s 0|" +
		"xreadgroup group g d noack streams s >|xreadgroup group g e streams s 0|xack s g 1",
		"SELECT 0\nxgroup create s g 0 mkstream\nxadd s 1 a 1\nxadd s 2 a 1\nMULTI\n" +
			"XCLAIM s g c 0 1-0 TIME 1700000000000 RETRYCOUNT 1 FORCE JUSTID LASTID 1-0\n" +
			"XGROUP SETID s g 1-0 ENTRIESREAD 1\nEXEC\nMULTI\nXGROUP CREATECONSUMER s g d\n" +
			"XGROUP SETID s g 2-0 ENTRIESREAD 2\nEXEC\nxack s g 1"},
	{"claims", "xgroup create s g 0 mkstream|xadd s 1 a 1|xadd s 2 a 1|" +
		"xclaim s g c 0 1 force justid|xclaim s g d 0 9|xclaim s g d 0 9 lastid 5|" +
		"xautoclaim s g d 0 0|xautoclaim s g d 5 0|xdel s 1|xclaim s g d 0 1",
		"SELECT 0\nxgroup create s g 0 mkstream\nxadd s 1 a 1\nxadd s 2 a 1\n" +
			"XCLAIM s g c 0 1 TIME 1700000000000 RETRYCOUNT 1 FORCE JUSTID LASTID 0-0\n" +
			"XGROUP SETID s g 5-0 ENTRIESREAD -1\n" +
			"XCLAIM s g d 0 1-0 TIME 1700000000000 RETRYCOUNT 2 FORCE JUSTID LASTID 5-0\n" +
			"xdel s 1\n" +
			"XCLAIM s g d 0 1 TIME 1700000000000 RETRYCOUNT 2 FORCE JUSTID LASTID 5-0"},
	{"transactions", "multi|set a 1|get a|set b 2|exec|multi|set a 1|exec",
		"MULTI\nSELECT 0\nset a 1\nset b 2\nEXEC\nset a 1"},
	{"scripts", `eval "redis.call('set','a',1) redis.call('get','a')" 0`, "SELECT 0\nset a 1"},
	{"set_repl", `eval "local s,r=redis.call,redis.set_repl s('set','a',1) r(0) s('set','b',2) r(1) ` +
		`s('select',1) s('set','c',3) r(2) s('set','d',4) r(3) s('set','e',5)" 0|set f 6|` +
		`eval "redis.set_repl(redis.REPL_NONE) redis.call('set','g',7)" 0|set h 8`,
		"MULTI\nSELECT 0\nset a 1\nSELECT 1\nset d 4\nset e 5\nEXEC\nSELECT 0\nset f 6\nset h 8"},
	{"messages", "publish a b", "SELECT 0\npublish a b"},
	{"flushing", "flushdb|flushall", "SELECT 0\nflushdb\nflushall"},
}

// TestReplicate compares what replicas are sent with what redis-server sent them.
func TestReplicate(t *testing.T) {
	for _, c := range replicated {
		e := start(t)
		e.open(2, Conn{})
		e.feed(2, []byte("SYNC\r\n"))
		if image := sent(e, 2); !strings.HasPrefix(image, "$") ||
			!strings.Contains(image, "\r\nREDIS") {
			t.Fatalf("%s: SYNC answers %.20q", c.name, image)
		}
		feed(e, 1, strings.Split(c.send, "|")...)
		if got := received(e, 2); got != c.want {
			t.Errorf("%s: the replica gets\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
}

// TestReplicateExpiredFields shows that replicas are told of each field by itself that a command
// comes upon when its time is over, and of those that the clock finds not as a transaction.
func TestReplicateExpiredFields(t *testing.T) {
	for _, c := range []struct{ active, send, want string }{
		{"0", "hgetex h fields 1 a|hgetdel h fields 1 b|hgetex h persist fields 1 c|hrandfield h 9",
			"HDEL h a\nHDEL h b\nHDEL h c\nMULTI\nHDEL h e\nHDEL h d\nEXEC"},
		{"0", "hsetex h fnx ex 100 fields 1 a 1|hsetex h exat 1 fields 1 b 2|hdel h c d e",
			"MULTI\nHDEL h a\nhsetex h fnx PXAT 1700000100010 fields 1 a 1\nEXEC\nHDEL h b\n" +
				"hdel h c d e"},
		{"1", "hlen h", "HDEL h e\nHDEL h d\nHDEL h c\nHDEL h b\nHDEL h a"},
	} {
		e, err := New(Options{Now: 1_700_000_000_000_000,
			Config: map[string]string{"enable-debug-command": "yes"}})
		if err != nil {
			t.Fatal(err)
		}
		e.open(1, Conn{})
		e.open(2, Conn{})
		e.feed(2, []byte("SYNC\r\n"))
		feed(e, 1, "debug set-active-expire "+c.active, "hset h a 1 b 2 c 3 d 4 e 5 f 6",
			"hpexpire h 1 fields 5 a b c d e")
		received(e, 2)
		e.Advance(e.now + 10_000)
		feed(e, 1, strings.Split(c.send, "|")...)
		if got := received(e, 2); got != c.want {
			t.Errorf("%s: the replica gets\n%s\nwant\n%s", c.send, got, c.want)
		}
	}
}

// TestReplicateImport shows that replicas are sent the hash that HIMPORT makes.
func TestReplicateImport(t *testing.T) {
	e := start(t)
	e.open(2, Conn{})
	e.feed(2, []byte("SYNC\r\n"))
	sent(e, 2)
	feed(e, 1, "himport prepare f b a", "himport set h f 1 2")
	p := e.dbs[0].keys.Find([]byte("h"))
	args := [][]byte{[]byte("h"), []byte("0"), e.payload(*p), []byte("REPLACE")}
	want := appendRequest(nil, "SELECT", [][]byte{[]byte("0")})
	want = appendRequest(want, "RESTORE", args)
	if got := sent(e, 2); got != string(want) {
		t.Errorf("the replica gets %q, want %q", got, want)
	}
}

// TestReplicateLate has a command come upon keys that are over. Those that it was not asked for
// are changes by themselves; in a transaction or a script they are part of it, and so are those
// that a command names.
func TestReplicateLate(t *testing.T) {
	const together = "MULTI\nDEL b\nDEL a\nEXEC"
	for _, c := range []struct{ send, want string }{
		{"scan 0", "DEL b\nDEL a"},
		{"randomkey", "DEL b\nDEL a"},
		{"exists b a", together},
		{"multi|scan 0|exec", together},
		{`eval "redis.call('scan', 0)" 0`, together},
		{"config set maxmemory-policy volatile-ttl|config set maxmemory 1", "DEL a\nDEL b"},
	} {
		e, err := New(Options{
			Now:    1_700_000_000_000_000,
			Config: map[string]string{"enable-debug-command": "yes"},
		})
		if err != nil {
			t.Fatal(err)
		}
		e.open(1, Conn{})
		e.open(2, Conn{})
		feed(e, 2, "sync")
		feed(e, 1, "debug set-active-expire 0", "set a 1 px 1", "set b 1 px 2")
		sent(e, 2)
		e.Advance(1_700_000_000_100_000)
		feed(e, 1, strings.Split(c.send, "|")...)
		if got := received(e, 2); got != c.want {
			t.Errorf("%s: the replica gets\n%s\nwant\n%s", c.send, got, c.want)
		}
	}
}

// TestReplicateSpop compares the members that SPOP gives with those that replicas are told of.
func TestReplicateSpop(t *testing.T) {
	for _, send := range []string{
		"SADD s a b c d|SPOP s 2",
		"SADD s 1 2 3 4 5 6 7 8|SPOP s 7",
		"CONFIG SET set-max-intset-entries 2|SADD s 1 2 3|SPOP s 1",
	} {
		e := start(t)
		e.open(2, Conn{})
		e.feed(2, []byte("SYNC\r\n"))
		sent(e, 2)
		lines := strings.Split(send, "|")
		feed(e, 1, lines[:len(lines)-1]...)
		sent(e, 1)
		feed(e, 1, lines[len(lines)-1])
		_, got, _ := strings.Cut(received(e, 2), "\nSREM s ")
		if want := strings.TrimSpace(received(e, 1)); got != want {
			t.Errorf("%s: the replica removes %q, want %q", send, got, want)
		}
	}
}

// TestReplicateServed shows that who is served by a change comes after it, and a key's expiry
// before what it makes room for.
func TestReplicateServed(t *testing.T) {
	e := start(t)
	for id := range ConnID(4) {
		e.open(id+2, Conn{})
	}
	e.feed(2, []byte("SYNC\r\n"))
	sent(e, 2)
	feed(e, 3, "blpop q 0")
	feed(e, 1, "multi", "rpush q 1 2", "set a 1", "exec", "set x 1 px 100")
	e.Advance(1_700_000_000_500_000)
	want := "MULTI\nSELECT 0\nrpush q 1 2\nset a 1\nEXEC\nLPOP q\nSET x 1 PXAT 1700000000100\nDEL x"
	if got := received(e, 2); got != want {
		t.Errorf("the replica gets\n%s\nwant\n%s", got, want)
	}
	e.Advance(1_700_000_011_000_000)
	if got := received(e, 2); got != "PING" {
		t.Errorf("after 10 seconds it gets %q", got)
	}
	e.close(2)
	feed(e, 1, "set a 1")
	if len(e.replicas.conns) != 0 || e.replicas.count != 0 {
		t.Error("a replica that has gone is still fed")
	}
}

// TestReplicateExpired lets a command that waits find a key whose time is over.
func TestReplicateExpired(t *testing.T) {
	e, err := New(Options{Now: 1_700_000_000_000_000,
		Config: map[string]string{"enable-debug-command": "yes"}})
	if err != nil {
		t.Fatal(err)
	}
	for id := range ConnID(3) {
		e.open(id+1, Conn{})
	}
	e.feed(2, []byte("SYNC\r\n"))
	sent(e, 2)
	e.expires.paused = true
	feed(e, 3, "blpop k a 0")
	feed(e, 1, "multi", "rpush k x", "pexpire k 1", "debug sleep 0.1", "exec")
	e.Advance(1_700_000_000_500_000)
	feed(e, 1, "rpush a 1")
	want := "MULTI\nSELECT 0\nrpush k x\nPEXPIREAT k 1700000000001\nEXEC\nrpush a 1\n" +
		"MULTI\nDEL k\nLPOP a\nEXEC"
	if got := received(e, 2); got != want {
		t.Errorf("the replica gets\n%s\nwant\n%s", got, want)
	}
}

// TestWait lets WAIT wait until a replica says that it has what was written.
func TestWait(t *testing.T) {
	e := start(t)
	e.open(2, Conn{})
	e.feed(2, []byte("SYNC\r\n"))
	sent(e, 2)
	feed(e, 1, "set a 1", "wait 1 100")
	if got := sent(e, 1); got != "+OK\r\n" {
		t.Errorf("at once %q", got)
	}
	if got := received(e, 2); got != "SELECT 0\nset a 1\nREPLCONF GETACK *" {
		t.Errorf("the replica gets %q", got)
	}
	feed(e, 2, "REPLCONF ACK 10")
	if got := sent(e, 1); got != "" {
		t.Errorf("too early %q", got)
	}
	feed(e, 2, "REPLCONF ACK 1000")
	if got := sent(e, 1); got != ":1\r\n" {
		t.Errorf("in the end %q", got)
	}
	feed(e, 1, "wait 2 100")
	e.Advance(1_700_000_000_200_000)
	if got := sent(e, 1); got != ":1\r\n" {
		t.Errorf("for too many %q", got)
	}
}

// replication returns the lines of INFO replication about replicas.
func replication(e *Engine) string {
	feed(e, 1, "INFO replication")
	var lines []string
	for _, line := range strings.Split(sent(e, 1), "\r\n") {
		if strings.HasPrefix(line, "connected_slaves") || strings.HasPrefix(line, "min_slaves") ||
			strings.HasPrefix(line, "slave") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, " ")
}

// TestMinReplicas lets a replica be heard of, or not, for as long as min-replicas-max-lag.
func TestMinReplicas(t *testing.T) {
	const second = Time(1e6)
	now := Time(1_700_000_000_900_000)
	e, err := New(Options{Now: now, Config: map[string]string{"protected-mode": "no"}})
	if err != nil {
		t.Fatal(err)
	}
	e.open(1, Conn{})
	e.open(2, Conn{Addr: "10.0.0.2:4000"})
	e.open(3, Conn{Addr: "10.0.0.3:4000"})
	write := func(when, want string) {
		t.Helper()
		sent(e, 1)
		feed(e, 1, "SET k 1", "EVAL \"return redis.pcall('SET', 'k', 2)\" 0")
		if got := sent(e, 1); got != want+want {
			t.Errorf("%s: a write is answered %q, want %q twice", when, got, want)
		}
	}
	const ok, refused = "+OK\r\n", "-" + errNoReplicas + "\r\n"
	info := func(when, want string) {
		t.Helper()
		if got := replication(e); got != want {
			t.Errorf("%s: %q, want %q", when, got, want)
		}
	}
	feed(e, 1, "CONFIG SET min-replicas-to-write 1 min-replicas-max-lag 2")
	write("without replicas", refused)
	info("without replicas", "connected_slaves:0 min_slaves_good_slaves:0")
	feed(e, 2, "REPLCONF listening-port 7001")
	sent(e, 2)
	feed(e, 2, "SYNC")
	write("before the first ACK", ok)
	e.Advance(now + 2*second)
	write("after 2 s", ok)
	info("after 2 s", "connected_slaves:1 min_slaves_good_slaves:1 "+
		"slave0:ip=10.0.0.2,port=7001,state=online,offset=0,lag=2")
	e.Advance(now + 2*second + second/8) // whole seconds count, and here the third begins
	write("in the third second", refused)
	info("in the third second", "connected_slaves:1 min_slaves_good_slaves:0 "+
		"slave0:ip=10.0.0.2,port=7001,state=online,offset=0,lag=3")
	feed(e, 2, "REPLCONF ACK 7")
	write("after an ACK", ok)
	info("after an ACK", "connected_slaves:1 min_slaves_good_slaves:1 "+
		"slave0:ip=10.0.0.2,port=7001,state=online,offset=7,lag=0")

	feed(e, 1, "CONFIG SET min-replicas-to-write 2")
	write("where two are wanted", refused)
	feed(e, 3, "SYNC")
	write("with two", ok)
	e.close(2)
	write("when one has gone", refused)
	feed(e, 1, "CONFIG SET min-replicas-max-lag 0")
	write("with a lag of 0", ok)
	info("with a lag of 0", "connected_slaves:1 "+
		"slave0:ip=10.0.0.3,port=0,state=online,offset=0,lag=0")
}

// TestReplicaPaused: a replica says how far it is while clients are paused.
func TestReplicaPaused(t *testing.T) {
	e := start(t)
	e.open(2, Conn{})
	feed(e, 2, "SYNC")
	feed(e, 1, "CLIENT PAUSE 100000 ALL")
	feed(e, 2, "REPLCONF ACK 5")
	sent(e, 1)
	feed(e, 1, "GET k")
	if cl := e.conn(2); cl.replica.acked != 5 || len(sent(e, 1)) > 0 {
		t.Errorf("the replica says %d, the client is answered", cl.replica.acked)
	}
}
