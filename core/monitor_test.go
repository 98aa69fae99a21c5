package core

import (
	"slices"
	"strings"
	"testing"
)

// TestMonitor shows to one client what others send. It is no transcript, since on redis-server the
// harness's own commands would be shown too; what is wanted here was seen there.
func TestMonitor(t *testing.T) {
	e, err := New(Options{Now: 1_700_000_000_000_042})
	if err != nil {
		t.Fatal(err)
	}
	e.open(1, Conn{Addr: "127.0.0.1:1"})
	e.open(2, Conn{Addr: "127.0.0.1:2"})
	e.open(3, Conn{Addr: "/tmp/s:0", Unix: true})
	e.feed(1, []byte("MONITOR\r\n"))
	if got := sent(e, 1); got != "+OK\r\n" {
		t.Fatalf("MONITOR is answered by %q", got)
	}
	for _, c := range []struct {
		conn ConnID
		send string
		want []string
	}{
		{2, `SET k "a\"b\\ \x00\xff\r\n\t"`, []string{
			`[0 127.0.0.1:2] "SET" "k" "a\"b\\ \x00\xff\r\n\t"`}},
		{3, "GET k", []string{`[0 unix:/tmp/s] "GET" "k"`}},
		{2, "GET\r\nNOPE\r\nCONFIG GET port\r\nEVAL \"return redis.pcall('MONITOR')\" 0", []string{
			`[0 127.0.0.1:2] "EVAL" "return redis.pcall('MONITOR')" "0"`}},
		{2, "LPUSH k x", []string{`[0 127.0.0.1:2] "LPUSH" "k" "x"`}},
		{2, "MULTI\r\nSET a 1\r\nSELECT 1\r\nMONITOR\r\nEXEC\r\nSELECT 0", []string{
			`[0 127.0.0.1:2] "MULTI"`, `[0 127.0.0.1:2] "SET" "a" "1"`,
			`[1 127.0.0.1:2] "SELECT" "1"`, `[1 127.0.0.1:2] "EXEC"`,
			`[0 127.0.0.1:2] "SELECT" "0"`}},
		{2, "EVAL \"redis.call('SELECT', 3) return redis.call('INCR', 'n')\" 0", []string{
			`[0 127.0.0.1:2] "EVAL" "redis.call('SELECT', 3) return redis.call('INCR', 'n')" "0"`,
			`[3 lua] "SELECT" "3"`, `[3 lua] "INCR" "n"`}},
		{2, "MULTI\r\nEVAL \"return redis.call('GET', 'n')\" 0\r\nEXEC", []string{
			`[0 127.0.0.1:2] "MULTI"`, `[0 127.0.0.1:2] "EVAL" "return redis.call('GET', 'n')" "0"`,
			`[0 lua] "GET" "n"`, `[0 127.0.0.1:2] "EXEC"`}},
		{2, "AUTH secret\r\nAUTH default secret\r\nAUTH x y z\r\nHELLO 2 AUTH default x", []string{
			`[0 127.0.0.1:2] "AUTH" "(redacted)"`,
			`[0 127.0.0.1:2] "AUTH" "(redacted)" "(redacted)"`, `[0 127.0.0.1:2] "AUTH" "x" "y" "z"`,
			`[0 127.0.0.1:2] "HELLO" "2" "AUTH" "(redacted)" "(redacted)"`}},
		{3, "BLPOP l 0", []string{`[0 unix:/tmp/s] "BLPOP" "l" "0"`}},
		{2, "RPUSH l x", []string{`[0 127.0.0.1:2] "RPUSH" "l" "x"`}},
	} {
		e.feed(c.conn, []byte(c.send+"\r\n"))
		want := ""
		for _, line := range c.want {
			want += "+1700000000.000042 " + line + "\r\n"
		}
		if got := sent(e, 1); got != want {
			t.Errorf("%s is shown as\n%swant\n%s", c.send, got, want)
		}
	}
}

// TestMonitorItself is about what a client that is shown commands may send, and the end of it.
func TestMonitorItself(t *testing.T) {
	e, err := New(Options{Now: 1_700_000_000_000_042})
	if err != nil {
		t.Fatal(err)
	}
	e.open(1, Conn{Addr: "127.0.0.1:1"})
	e.open(2, Conn{Addr: "127.0.0.1:2"})
	e.feed(1, []byte("MONITOR\r\n"))
	sent(e, 1)
	const refused = "-ERR Replica can't interact with the keyspace\r\n"
	e.feed(1, []byte("MONITOR\r\nPING\r\nGET k\r\nEVAL \"return 1\" 0\r\nPUBLISH c m\r\nSYNC\r\n"))
	want := "+PONG\r\n+1700000000.000042 [0 127.0.0.1:1] \"PING\"\r\n" + refused + refused + refused
	if got := sent(e, 1); got != want {
		t.Errorf("to itself it is answered\n%swant\n%s", got, want)
	}
	e.feed(1, []byte("CLIENT REPLY OFF\r\nPING\r\n"))
	e.feed(2, []byte("SET k v\r\nCLIENT LIST\r\n"))
	e.feed(1, []byte("CLIENT REPLY ON\r\n"))
	want = "+OK\r\n+1700000000.000042 [0 127.0.0.1:1] \"CLIENT\" \"REPLY\" \"ON\"\r\n"
	if got := sent(e, 1); got != want {
		t.Errorf("without replies it is shown %s", got)
	}
	if list := sent(e, 2); !strings.Contains(list, " flags=O ") {
		t.Errorf("CLIENT LIST knows no monitor:\n%s", list)
	}
	e.feed(1, []byte("RESET\r\n"))
	e.feed(2, []byte("SET k v\r\n"))
	if got := sent(e, 1); got != "+RESET\r\n" || e.has(engineMonitor) {
		t.Errorf("after RESET it is shown %s", got)
	}
	e.feed(1, []byte("MONITOR\r\n"))
	if e.close(1); e.has(engineMonitor) || len(e.monitors) > 0 {
		t.Error("a client that has gone is still shown commands")
	}
}

// TestSlowOnFastPath shows that of a row of commands the slow one is found, whatever is before and
// behind it.
func TestSlowOnFastPath(t *testing.T) {
	shows, slow := int64(0), false
	e, err := New(Options{Now: 1e15, Stopwatch: func() int64 {
		if shows += 1000; slow {
			shows += 20e6
		}
		return shows
	}})
	if err != nil {
		t.Fatal(err)
	}
	e.open(1, Conn{})
	e.feed(1, []byte("SET k v\r\nGET k\r\nKEYS x\r\nKEYS y\r\n")) // which are known from now on
	keys := func(pattern string) string { return "*2\r\n$4\r\nKEYS\r\n$1\r\n" + pattern + "\r\n" }
	get := "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n"
	e.feed(1, []byte(get+get+keys("a")+keys("b")+get))
	if len(e.slowlog.entries) > 0 {
		t.Fatalf("of what took 1 µs there is %v", e.slowlog.entries)
	}
	slow = true
	e.feed(1, []byte(keys("c")+get))
	var got []string
	for _, s := range e.slowlog.entries {
		got = append(got, string(s.args[len(s.args)-1]))
	}
	if !slices.Equal(got, []string{"c"}) {
		t.Errorf("slow was %q", got)
	}
}

// TestLatency has commands take long by the engine's clock, and no others.
func TestLatency(t *testing.T) {
	e, err := New(Options{Now: 1e15, Config: map[string]string{"enable-debug-command": "yes",
		"latency-monitor-threshold": "100"}})
	if err != nil {
		t.Fatal(err)
	}
	e.open(1, Conn{Addr: "127.0.0.1:1"})
	for i, command := range []string{"DEBUG SLEEP 0.12", "DEBUG SLEEP 0.2", "DEBUG SLEEP 0.05",
		"DEBUG SLEEP 0.15"} {
		e.Advance(1e15 + Time(i)*2e6)
		e.feed(1, []byte(command+"\r\n"))
		e.Advance(1e15 + Time(i)*2e6 + 1e6)
	}
	e.Advance(1e15 + 70e6)
	e.feed(1, []byte("LATENCY LATEST\r\nLATENCY HISTORY command\r\nLATENCY GRAPH command\r\n"+
		"LATENCY DOCTOR\r\nSLOWLOG LEN\r\nLATENCY RESET command\r\nLATENCY LATEST\r\n"))
	got := strings.ReplaceAll(sent(e, 1), "\r\n", "\n")
	want := strings.TrimPrefix(`
*1
*4
$7
command
:1000000006
:150
:200
*3
*2
:1000000000
:120
*2
:1000000002
:200
*2
:1000000006
:150
$166
command - high 200 ms, low 120 ms (all time high 200 ms)
--------------------------------------------------------------------------------
 # 
 | 
 |o
_||
   
111
mmm

$`, "\n")
	if got = strings.TrimPrefix(got, "+OK\n+OK\n+OK\n+OK\n"); !strings.HasPrefix(got, want) {
		t.Errorf("it tells\n%s", got)
	}
	doctor := "1. command: 3 latency spikes (average 156ms, mean deviation 28ms, period 23.33 sec). " +
		"Worst all time event 200ms.\n"
	if !strings.Contains(got, doctor) || !strings.HasSuffix(got, "\n:4\n:1\n*0\n") {
		t.Errorf("the doctor says\n%s", got)
	}
}
