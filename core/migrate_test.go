package core

import (
	"strings"
	"testing"

	"github.com/redlet/redlet/core/internal/resp"
)

// farServer is the other server of a MIGRATE, as the host shows it to the engine.
type farServer struct {
	t     *testing.T
	e     *Engine
	conns int               // how many connections came to be
	id    ConnID            // the last one
	got   []string          // the commands that came, without payloads
	hung  bool              // the engine has hung up
	out   map[ConnID]string // what clients were sent
}

// turn does what the engine wants, and goes on while it has something to do at once.
func (f *farServer) turn() {
	var ev Event
	for range 1000 {
		for f.e.Poll(&ev) {
			switch {
			case ev.Kind == EventConnect:
				f.conns++
				f.id, f.hung = ConnID(100+f.conns), false
				if ev.Path != "192.0.2.1:6379" {
					f.t.Errorf("connects to %s", ev.Path)
				}
			case ev.Kind == EventData && ev.Conn == f.id:
				f.heard(ev.Data)
			case ev.Kind == EventHangup && ev.Conn == f.id:
				f.hung = true
			default:
				f.out[ev.Conn] += string(ev.Data)
			}
		}
		if f.e.Deadline() > f.e.clock.host {
			return
		}
		f.e.Advance(f.e.clock.host)
	}
	f.t.Fatal("the engine is never done")
}

func (f *farServer) heard(data []byte) {
	var r resp.Reader
	for len(data) > 0 {
		n, _ := r.Next(data, resp.Limits{BulkMax: 1 << 30})
		if n == 0 {
			f.t.Fatalf("no request: %q", data)
		}
		var words []string
		for i, arg := range r.Args {
			if string(r.Args[0]) != "RESTORE" || i != 3 {
				words = append(words, string(arg))
			}
		}
		f.got = append(f.got, strings.Join(words, " "))
		r.Release()
		data = data[n:]
	}
}

// does carries out a row of words: what the other server says, or one of
//
//	connect  the connection comes to be
//	close    it ends
//	refuse   it does not come to be: connection refused
//	nowhere  it does not for another reason
//	+N       N milliseconds go by
func (f *farServer) does(words ...string) {
	for _, word := range words {
		switch {
		case word == "connect":
			f.e.Input(&Input{Kind: InConnected, Conn: f.id, Ticket: f.e.ticket})
		case word == "close":
			f.e.Input(&Input{Kind: InClose, Conn: f.id})
		case word == "refuse", word == "nowhere":
			why := map[string]string{"refuse": "dial: connection refused", "nowhere": "no sockets"}
			f.e.Input(&Input{Kind: InDone, Ticket: f.e.ticket, Data: []byte(why[word])})
		case word[0] == '+' && strings.Trim(word[1:], "0123456789") == "":
			f.e.Advance(f.e.clock.host + Time(leadingInt([]byte(word[1:])))*1000)
		default:
			f.e.Input(&Input{Kind: InData, Conn: f.id, Data: []byte(word)})
		}
		f.turn()
	}
}

// asked sends client 1's lines and returns what it is sent, once others do what they do.
func (f *farServer) asked(lines string, does ...string) string {
	f.take(1)
	f.e.feed(1, []byte(lines+"\r\n"))
	f.turn()
	f.does(does...)
	return f.take(1)
}

// take returns what a client was sent since it was last asked about.
func (f *farServer) take(id ConnID) string {
	defer delete(f.out, id)
	return f.out[id]
}

func startFar(t *testing.T) *farServer {
	f := &farServer{t: t, e: start(t), out: map[ConnID]string{}}
	f.turn()
	return f
}

const ok3 = "+OK\r\n+OK\r\n+OK\r\n"

// TestMigrate has every kind of server at the far end; what redis-server does with each was asked.
func TestMigrate(t *testing.T) {
	const key, keys = "192.0.2.1 6379 a 0 300", "192.0.2.1 6379 \"\" 0 300 KEYS a b c"
	const target = "-ERR Target instance replied with error: "
	long := strings.Repeat("x", 2000)
	for _, c := range []struct {
		name, args string
		does       []string
		want, left string
		conns      int
	}{
		{"all well", keys, []string{"connect", "+OK\r\n+OK\r\n+OK\r\n+OK\r\n"}, "+OK", "", 1},
		{"piece by piece", keys, []string{"connect", "+O", "K\r", "\n+OK\r\n+", "OK\r\n+OK\r\n"},
			"+OK", "", 1},
		{"copy", "192.0.2.1 6379 a 0 300 COPY", []string{"connect", ok3}, "+OK", "abc", 1},
		{"a database that there is not", key, []string{"connect", "-ERR DB index\r\n+OK\r\n"},
			target + "ERR DB index", "abc", 1},
		{"a wrong password", "192.0.2.1 6379 a 0 300 AUTH p",
			[]string{"connect", "-WRONGPASS no\r\n-NOAUTH x\r\n-NOAUTH y\r\n"},
			target + "WRONGPASS no", "abc", 1},
		{"a key that is there", key, []string{"connect", "+OK\r\n-BUSYKEY x\r\n"},
			target + "BUSYKEY x", "abc", 1},
		{"one of several", keys, []string{"connect", "+OK\r\n+OK\r\n-BUSYKEY x\r\n+OK\r\n"},
			target + "BUSYKEY x", "b", 1},
		{"two of several", keys, []string{"connect", "+OK\r\n-A\r\n+OK\r\n-B\r\n"},
			target + "A", "ac", 1},
		{"it closes", key, []string{"connect", "close", "connect", "close"},
			"-" + errMigrateRead, "abc", 2},
		{"it closes once", key, []string{"connect", "+OK\r\n", "close", "connect", "+OK\r\n+OK\r\n"},
			"+OK", "bc", 2},
		{"it closes behind the first key", keys, []string{"connect", "+OK\r\n+OK\r\n", "close"},
			"-" + errMigrateRead, "bc", 1},
		{"it hangs", key, []string{"connect", "+299", "+1"}, "-" + errMigrateRead, "abc", 1},
		{"it hangs later", keys, []string{"connect", "+200", "+OK\r\n", "+200", "+OK\r\n", "+300"},
			"-" + errMigrateRead, "bc", 1},
		{"it is long in coming", key, []string{"+300", "connect"}, "-" + errMigrateConnect, "abc", 1},
		{"it refuses", key, []string{"refuse"}, "-" + errMigrateWrite, "abc", 1},
		{"no way leads there", key, []string{"nowhere"}, "-" + errMigrateConnect + ": no sockets",
			"abc", 1},
		{"nonsense", key, []string{"connect", "hello\r\n$3\r\nfoo\r\n"}, "+OK", "bc", 1},
		{"empty lines", key, []string{"connect", "\n\n"}, "+OK", "bc", 1},
		{"a long line is two", key, []string{"connect", "+" + long + "\r\n"}, "+OK", "bc", 1},
		{"a long error", key, []string{"connect", "-" + long + "\r\n"}, target + long[:1022],
			"abc", 1},
		{"a NUL in an error", key, []string{"connect", "+OK\r\n-a\x00b\r\n"}, target + "a", "abc", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := startFar(t)
			f.asked("MSET a 1 b 2 c 3")
			if got := f.asked("MIGRATE "+c.args, c.does...); got != c.want+"\r\n" {
				t.Errorf("replies %q, want %q", got, c.want)
			}
			left := ""
			for _, key := range []string{"a", "b", "c"} {
				if f.asked("EXISTS "+key) == ":1\r\n" {
					left += key
				}
			}
			if left != c.left || f.conns != c.conns {
				t.Errorf("%s is left after %d connections, want %s after %d", left, f.conns, c.left,
					c.conns)
			}
			if open := len(f.e.links) > 0 && !f.hung; open != (len(f.e.sockets) > 0) ||
				len(f.e.asked) > 0 || f.e.migration != nil {
				t.Errorf("%d links, %d questions and a migration %v remain", len(f.e.links),
					len(f.e.asked), f.e.migration)
			}
		})
	}
}

// TestMigrateSays shows what is sent.
func TestMigrateSays(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"192.0.2.1 6379 a 3 0", "SELECT 3, RESTORE a 0"},
		{"192.0.2.1 6379 b -1 0 REPLACE", "RESTORE b 5000 REPLACE"},
		{"192.0.2.1 6379 \"\" 0 0 COPY AUTH p REPLACE KEYS a none b a",
			"AUTH p, SELECT 0, RESTORE a 0 REPLACE, RESTORE b 5000 REPLACE, RESTORE a 0 REPLACE"},
		{"192.0.2.1 71915 a 0 0 AUTH p AUTH2 u q AUTH r", "AUTH u r, SELECT 0, RESTORE a 0"},
	} {
		f := startFar(t)
		f.asked("SET a 1\r\nSET b 1 PX 5000")
		f.asked("MIGRATE "+c.args, "connect")
		if got := strings.Join(f.got, ", "); got != c.want {
			t.Errorf("%s says %s, want %s", c.args, got, c.want)
		}
	}
	for host, want := range map[string]string{"h 1": "h:1", "::1 6379": "[::1]:6379",
		"h -1": "h:65535", "h x": "h:0", "h 99999": "h:34463"} {
		name, port, _ := strings.Cut(host, " ")
		if got := migrateAddress([]byte(name), []byte(port)); got != want {
			t.Errorf("%s is %s, want %s", host, got, want)
		}
	}
}

// TestMigrateHolds shows that nobody is served meanwhile and nothing expires, that a transaction
// and a script go on behind it, and what is propagated.
func TestMigrateHolds(t *testing.T) {
	f := startFar(t)
	e := f.e
	e.open(2, Conn{Addr: "127.0.0.1:50001"})
	e.open(3, Conn{Addr: "127.0.0.1:50002"})
	e.feed(3, []byte("SYNC\r\n"))
	f.turn()
	f.asked("MSET a 1 b 2 c 3 n 0\r\nSET short 1 PX 100")
	f.take(3)
	got := f.asked("MULTI\r\nINCR n\r\nMIGRATE 192.0.2.1 6379 \"\" 0 300 KEYS a b\r\nGET n\r\n"+
		"GET a\r\nEXEC\r\nGET b", "connect")
	e.feed(2, []byte("APPEND a x\r\nEXISTS short\r\n"))
	f.does("+200")
	if f.take(2) != "" {
		t.Error("others are served")
	}
	f.does("+OK\r\n+OK\r\n-no\r\n")
	if got += f.take(1); got != "+OK\r\n"+strings.Repeat("+QUEUED\r\n", 4)+"*4\r\n:1\r\n"+
		"-ERR Target instance replied with error: no\r\n$1\r\n1\r\n$-1\r\n$1\r\n2\r\n" {
		t.Errorf("%q", got)
	}
	if got := f.take(2); got != ":1\r\n:0\r\n" {
		t.Errorf("others are told %q", got)
	}
	stream := strings.NewReplacer("\r\n", " ").Replace(f.take(3))
	if want := "*1 $5 MULTI *2 $4 INCR $1 n *2 $3 DEL $1 a *1 $4 EXEC"; !strings.Contains(stream,
		want) {
		t.Errorf("replicas are sent %s", stream)
	}
	if got := f.asked("EVAL \"redis.call('incr', 'n') local ok = redis.pcall('migrate', "+
		"'192.0.2.1', '6379', KEYS[1], 0, 300) return {ok, redis.call('exists', KEYS[1])}\" 1 c",
		"+OK\r\n+OK\r\n"); got != "*2\r\n+OK\r\n:0\r\n" {
		t.Errorf("a script: %q", got)
	}
	stream = strings.NewReplacer("\r\n", " ").Replace(f.take(3))
	if want := "MULTI *2 $4 incr $1 n *2 $3 DEL $1 c *1 $4 EXEC"; !strings.Contains(stream, want) {
		t.Errorf("replicas are sent %s", stream)
	}
}

// TestMigrateEnds shows that a migration goes on when its client leaves, that it ends when all data
// are replaced, and that it needs no clock that runs.
func TestMigrateEnds(t *testing.T) {
	f := startFar(t)
	e := f.e
	e.open(2, Conn{Addr: "127.0.0.1:50001"})
	f.asked("MSET a 1 b 2 c 3")
	f.asked("MIGRATE 192.0.2.1 6379 a 0 300", "connect")
	e.Input(&Input{Kind: InClose, Conn: 1})
	f.turn()
	f.does(ok3)
	e.feed(2, []byte("EXISTS a b c\r\n"))
	f.turn()
	if got := f.take(2); got != ":2\r\n" {
		t.Errorf("%s keys are left", got)
	}
	image := e.Snapshot(nil)
	e.feed(2, []byte("MIGRATE 192.0.2.1 6379 b 0 300\r\n"))
	f.turn()
	e.Input(&Input{Kind: InRestore, Data: image})
	f.turn()
	if e.migration != nil || !f.hung {
		t.Error("the migration goes on")
	}
	e.clock.freeze()
	e.feed(2, []byte("MIGRATE 192.0.2.1 6379 b 0 300\r\nEXISTS b c\r\n"))
	f.turn()
	f.does("connect", "+300")
	if got := f.take(2); !strings.HasSuffix(got, errMigrateRead+"\r\n:2\r\n") {
		t.Errorf("%q", got)
	}
}

// TestMigrateSockets shows that the connection is left open for the next MIGRATE to the same
// address, at the database where it is, and for how long.
func TestMigrateSockets(t *testing.T) {
	f := startFar(t)
	f.asked("MSET a 1 b 2 c 3 d 4 e 5 f 6 g 7")
	step := func(command, says string, conns, sockets int, does ...string) {
		t.Helper()
		f.got = nil
		got := f.asked("MIGRATE 192.0.2.1 6379 "+command, does...)
		if said := strings.Join(f.got, ", "); said != says || f.conns != conns {
			t.Errorf("%s says %s over %d connections and replies %q", command, said, f.conns, got)
		}
		want := "migrate_cached_sockets:" + string(decimal(int64(sockets))) + "\r\n"
		if info := f.asked("INFO stats"); !strings.Contains(info, want) {
			t.Errorf("%s: not %s", command, want)
		}
	}
	step("a 3 300", "SELECT 3, RESTORE a 0", 1, 1, "connect", "+OK\r\n+OK\r\n")
	step("b 3 300", "RESTORE b 0", 1, 1, "+OK\r\n")
	step("c 4 300 COPY AUTH p", "AUTH p, SELECT 4, RESTORE c 0", 1, 1, "+\r\n", "+\r\n", "-no\r\n")
	step("c 4 300", "SELECT 4, RESTORE c 0", 1, 1, "+OK\r\n+OK\r\n")
	f.does("close")
	step("d 4 300", "SELECT 4, RESTORE d 0", 2, 1, "connect", "+OK\r\n+OK\r\n")
	f.does("close")
	step("e 4 300", "SELECT 4, RESTORE e 0", 3, 0, "connect", "close")
	step("e 4 300", "SELECT 4, RESTORE e 0", 4, 1, "connect", "+OK\r\n+OK\r\n")
	step("f 4 300", "RESTORE f 0, SELECT 4, RESTORE f 0", 5, 1, "close", "connect",
		"+OK\r\n+OK\r\n")
	f.does("unasked", "+9999")
	if f.hung {
		t.Error("it ends too early")
	}
	f.does("+1")
	if !f.hung || len(f.e.sockets) > 0 {
		t.Errorf("%d connections are left", len(f.e.sockets))
	}
	step("g 4 300", "SELECT 4, RESTORE g 0", 6, 0, "connect", "+300")
	for i := range socketsMax + 1 {
		f.e.leaveSocket(string(decimal(int64(i))), &conn{}, 0)
	}
	if n := len(f.e.sockets); n != socketsMax || f.e.takeSocket("0") != nil {
		t.Errorf("%d connections are kept", n)
	}
}
