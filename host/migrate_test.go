package host

import (
	"bufio"
	"context"
	"net"
	"strconv"
	"strings"
	"testing"

	"github.com/redlet/redlet/core"
	"github.com/redlet/redlet/core/coretest"
)

// migrants make a key of every type and encoding, which the first word names.
var migrants = []string{
	"SET int 12", "SET embstr hello", "SET raw " + strings.Repeat("x", 100), "SETBIT bits 7 1",
	"SET lapses v PX 100000000", "RPUSH listpack a b 3", "RPUSH quicklist " + words(600),
	"SADD intset 1 2 3", "SADD set a b c", "SADD hashtable " + words(600), "HSET hash f v g w",
	"HSET table " + words(1200), "HSETEX fields EX 100000000 FIELDS 1 f v", "ZADD zset 1 a 2.5 b",
	"ZADD skiplist " + scored(300), "XADD stream 1-1 f v", "XGROUP CREATE stream g 0",
	"XREADGROUP GROUP g c STREAMS stream >", "PFADD hll a b c", "GEOADD geo 13.36 38.11 Palermo",
}

// words are so many words.
func words(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(" word-" + strconv.Itoa(i))
	}
	return b.String()
}

// scored are so many members with their scores.
func scored(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(" " + strconv.Itoa(i) + " m" + strconv.Itoa(i))
	}
	return b.String()
}

// dumped is a key's payload and encoding. A string that was changed may be raw, and embstr when it
// is restored; the elements of a hash table have no order.
func dumped(c *client, key string) string {
	encoding, payload := c.ask("OBJECT ENCODING "+key), c.ask("DUMP "+key)
	switch encoding {
	case "$9\nhashtable":
		return payload[:len("$1234")]
	case "$3\nraw":
		encoding = "$6\nembstr"
	}
	return payload + encoding
}

// migrates moves what migrants make from one server to another, whose address the first one is
// told, and back from there to a second database.
func migrates(t *testing.T, from, to *client, there, back string) {
	t.Helper()
	fill(from, migrants)
	digest := from.ask("DEBUG DIGEST")
	var keys []string
	for _, line := range migrants {
		key := strings.Fields(line)[1]
		if key == "CREATE" || key == "GROUP" {
			continue
		}
		keys = append(keys, key)
	}
	dumps := map[string]string{}
	for _, key := range keys {
		dumps[key] = dumped(from, key)
	}
	all := ` "" 0 10000 KEYS ` + strings.Join(keys, " ")
	from.want("MIGRATE "+there+all, "+OK")
	from.want("DBSIZE", ":0")
	if got := to.ask("DEBUG DIGEST"); got != digest {
		t.Errorf("the data are others: %s, want %s", got, digest)
	}
	for _, key := range keys {
		if got := dumped(to, key); got != dumps[key] {
			t.Errorf("%s: got %.200q, want %.200q", key, got, dumps[key])
		}
	}
	from.want("SET set here", "+OK")
	const taken = "-ERR Target instance replied with error: BUSYKEY Target key name already exists."
	to.want("MIGRATE "+back+all, taken)
	to.want("DBSIZE", ":1")
	to.want("MIGRATE "+back+" set 0 10000 COPY REPLACE", "+OK")
	to.want("MIGRATE "+back+" set 0 10000", taken)
	to.want("EXISTS set", ":1")
	to.want("MIGRATE "+back+" set 99 10000", "-ERR Target instance replied with error: ERR DB index "+
		"is out of range")
	to.want("MIGRATE "+back+" set 0 10000 AUTH wrong", "-ERR Target instance replied with error: "+
		"ERR AUTH <password> called without any password configured for the default user. Are you "+
		"sure your configuration is correct?")
	to.want("DEL set", ":1")
	if got := from.ask("DEBUG DIGEST"); got != digest {
		t.Errorf("the data came back as others: %s, want %s", got, digest)
	}
}

// TestMigrate moves keys between two engines, and from a transaction and a script.
func TestMigrate(t *testing.T) { each(t, testMigrate) }

func testMigrate(t *testing.T, m Maker) {
	var near, far *Loop
	connect := func(_ context.Context, address, _ string) (net.Conn, error) {
		return map[string]*Loop{"near:1": near, "far:1": far}[address].Dial()
	}
	near = newLoop(t, LoopOptions{Maker: m, Config: testConfig, Connect: connect})
	far = newLoop(t, LoopOptions{Maker: m, Config: testConfig, Connect: connect})
	a, b := dial(t, near), dial(t, far)
	migrates(t, a, b, "far 1", "near 1")
	a.ask("FLUSHALL")
	a.ask("MSET x 1 y 2 z 3")
	a.want("MULTI\r\nMIGRATE far 1 x 0 1000\r\nGET x\r\nGET y\r\nEXEC", "+OK", "+QUEUED", "+QUEUED",
		"+QUEUED", "*3", "+OK", "$-1", "$1", "2")
	a.want(`EVAL "return redis.call('MIGRATE', 'far', '1', KEYS[1], '0', '1000')" 1 y`, "+OK")
	a.want("MIGRATE far 1 z 0 1000\r\nGET z\r\nDBSIZE", "+OK", "$-1", ":0")
	b.want("MGET x y z", "*3", "$1", "1", "$1", "2", "$1", "3")
	b.want("MIGRATE far 1 x 1 50", "-IOERR error or timeout reading to target instance") // itself
	b.want("EXISTS x", ":1")
}

// TestMigrateNowhere has no server at the far end.
func TestMigrateNowhere(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	c := dial(t, newLoop(t, LoopOptions{Config: testConfig}))
	c.want("SET k v", "+OK")
	c.want("MIGRATE 127.0.0.1 "+port+" k 0 10000",
		"-IOERR error or timeout writing to target instance")
	c.want("EXISTS k", ":1")
}

// TestMigrateReference moves keys between an engine and a redis-server, both ways.
func TestMigrateReference(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	ref := coretest.StartReference(t)
	l := newLoop(t, LoopOptions{Config: testConfig,
		Connect: func(_ context.Context, _, _ string) (net.Conn, error) { return ref.Dial() }})
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			NewStream(l, c, func() {}).Open(core.Conn{Addr: c.RemoteAddr().String()})
		}
	}()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	c, err := ref.Dial()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	to := &client{Conn: c, t: t, r: bufio.NewReader(c)}
	migrates(t, dial(t, l), to, "reference 1", "127.0.0.1 "+port)
}
