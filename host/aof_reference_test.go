package host

import (
	"bufio"
	"strings"
	"testing"
	"time"

	"github.com/redlet/redlet/core"
	"github.com/redlet/redlet/core/coretest"
)

// aofLines make data of every type, in two halves: what comes first is rewritten.
var aofLines = [2][]string{{
	"SET text hello", "SET number 12", "SET raw " + strings.Repeat("x", 100),
	"SET goes v PXAT 4102444800123", "SET lapses v PX 20", "RPUSH list a b 3", "SADD ints 1 2 3",
	"SADD set a b c", "HSET hash f v g w", "HPEXPIREAT hash 4102444800000 FIELDS 1 f",
	"SELECT 9", "SET text \"\\x00\\r\\n\"", "SELECT 0",
	`FUNCTION LOAD "#!lua name=lib\n` +
		`redis.register_function('f', function() return 'called' end)"`,
}, {
	"INCR number", "APPEND raw y", "SPOP ints", "LPOP list", "HINCRBY hash n 2",
	"HPERSIST hash FIELDS 1 f", "EXPIRE text 100000000",
	"PERSIST goes", "SETBIT bits 7 1",
	"INCRBYFLOAT number 0.5",
	"MULTI\r\nSET x 1\r\nINCR x\r\nEXEC", "EVAL \"redis.call('set', 'y', 1)\" 0", "COPY list copied",
	"RENAME copied renamed", "SWAPDB 0 9", "GETDEL text", "HSETEX hash EX 100000000 FIELDS 1 z 1",
	"FCALL f 0", "SET last v EX 100000000",
}}

// fill runs lines that nobody answers with an error.
func fill(c *client, lines []string) {
	c.t.Helper()
	for _, line := range lines {
		if got := c.ask(line); strings.HasPrefix(got, "-") {
			c.t.Fatalf("%s: %s", line, got)
		}
	}
}

// ask returns the reply to a line, as long as it can be told from its end.
func (c *client) ask(line string) string {
	c.t.Helper()
	c.say(line + "\r\nECHO ends-here")
	var got []string
	for {
		if line := c.line(); line == "ends-here" {
			return strings.Join(got[:len(got)-1], "\n")
		} else {
			got = append(got, line)
		}
	}
}

// rewritten has the append-only file rewritten.
func rewritten(c *client) {
	c.t.Helper()
	c.ask("BGREWRITEAOF")
	settled(c)
}

// settled waits for the end of a rewrite.
func settled(c *client) {
	c.t.Helper()
	for strings.Contains(strings.ReplaceAll(c.ask("INFO persistence"), "scheduled", "in_progress"),
		"aof_rewrite_in_progress:1") {
		time.Sleep(time.Millisecond)
	}
}

func theirs(t *testing.T, dir string, args ...string) *client {
	t.Helper()
	args = append([]string{"--dir", dir, "--appendonly", "yes"}, args...)
	ref := coretest.StartReference(t, args...)
	ref.NeedClock(t) // the engine's is turned to the same time
	conn, err := ref.Dial()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(coretest.Patience)); err != nil {
		t.Fatal(err)
	}
	return &client{Conn: conn, t: t, r: bufio.NewReader(conn)}
}

// TestAOFReference has a real redis-server load what redlet wrote, and the other way round.
func TestAOFReference(t *testing.T) {
	for _, preamble := range []string{"yes", "no"} {
		t.Run("preamble="+preamble, func(t *testing.T) {
			each(t, func(t *testing.T, m Maker) { testAOFReference(t, m, preamble) })
		})
	}
}

func testAOFReference(t *testing.T, m Maker, preamble string) {
	ours := func(dir string) *client {
		return dial(t, newLoop(t, LoopOptions{Maker: m, Dir: dir,
			Clock:  func() core.Time { return coretest.Epoch },
			Config: logged("aof-use-rdb-preamble", preamble)}))
	}
	run := func(from, to func(dir string) *client) {
		t.Helper()
		dir := t.TempDir()
		c := from(dir)
		fill(c, aofLines[0])
		rewritten(c)
		fill(c, aofLines[1])
		other := to(copyDir(t, dir))
		for _, line := range []string{"DEBUG DIGEST", "FCALL f 0", "PEXPIRETIME last"} {
			if got, want := other.ask(line), c.ask(line); got != want || strings.HasPrefix(got, "-") {
				t.Errorf("%s: %q, want %q", line, got, want)
			}
		}
		other.ask("SET one more")
		if got := other.ask("DBSIZE"); got == c.ask("DBSIZE") {
			t.Errorf("still %s keys", got)
		}
	}
	reference := func(dir string) *client {
		return theirs(t, dir, "--aof-use-rdb-preamble", preamble)
	}
	run(ours, reference)
	run(reference, ours)
}
