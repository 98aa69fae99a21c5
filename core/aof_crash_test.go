package core_test

import (
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/redlet/redlet/core"
	"github.com/redlet/redlet/core/coretest"
)

// crash is a disk as it is when its machine stops, and what clients have been told by then.
type crash struct {
	after string // the verb that was carried out last
	disk  *coretest.Disk
	acked int
}

// crasher runs an engine whose host takes its time to answer, and keeps its disk as it is after
// each verb.
type crasher struct {
	*core.Engine
	disk    *coretest.Disk
	answers []core.Input // that the engine has yet to get
	crashes []crash
	acked   int
}

// poll does what the engine wants done.
func (c *crasher) poll() {
	var ev core.Event
	for c.Poll(&ev) {
		if ev.Kind == core.EventData {
			for _, b := range ev.Data {
				if b == ':' {
					c.acked++
				}
			}
			continue
		}
		before := c.disk.Clone()
		if answer, is := c.disk.Do(&ev); is {
			c.answers = append(c.answers, answer)
		}
		if ev.Kind == core.EventAppend { // the machine may stop in the midst of it
			before.Files[ev.Path] += string(ev.Data[:len(ev.Data)/2])
			c.crashes = append(c.crashes, crash{"half of " + verb(&ev), before, c.acked})
		}
		c.crashes = append(c.crashes, crash{verb(&ev), c.disk.Clone(), c.acked})
	}
}

// say has the client send a line.
func (c *crasher) say(line string) {
	c.Input(&core.Input{Kind: core.InData, Conn: 1, Data: []byte(line + "\r\n")})
	c.poll()
}

// settle answers one thing after the other, and has the client change something between the first
// few.
func (c *crasher) settle() {
	c.poll()
	for n := 0; ; n++ {
		if at := c.Deadline(); at <= coretest.Epoch {
			c.Advance(coretest.Epoch)
			c.poll()
			continue
		}
		if len(c.answers) == 0 {
			return
		}
		answer := c.answers[0]
		c.answers = c.answers[1:]
		c.Input(&answer)
		if c.poll(); n < 20 {
			c.say("INCR n")
		}
	}
}

// TestAOFCrash stops the machine after each verb, and in the midst of each that appends, of an
// append-only file that is rewritten, turned off and on, and loaded again: what is left can be
// loaded, and has all that was acknowledged.
func TestAOFCrash(t *testing.T) {
	for _, fsync := range []string{"everysec", "always"} {
		t.Run(fsync, func(t *testing.T) {
			for _, one := range crashes(t, fsync) {
				s, err := coretest.LoadEngine(aofConfig, coretest.Epoch, one.disk)
				if err != nil {
					t.Errorf("after %s: %v", one.after, err)
					continue
				}
				got, err := strconv.Atoi(strings.Trim(reply(t, s, "INCRBY", "n", "0"), ":\r\n"))
				if err != nil || got < one.acked {
					t.Errorf("after %s: %d changes of %d, %v", one.after, got, one.acked, err)
				}
			}
		})
	}
}

// crashes makes the disks of TestAOFCrash.
func crashes(t *testing.T, fsync string) []crash {
	config := maps.Clone(aofConfig)
	config["appendfsync"] = fsync
	start := func(disk *coretest.Disk, acked int) *crasher {
		e, err := core.New(core.Options{Now: coretest.Epoch, Config: config})
		if err != nil {
			t.Fatal(err)
		}
		c := &crasher{Engine: e, disk: disk, acked: acked}
		open(e, 1)
		c.settle()
		return c
	}
	c := start(&coretest.Disk{}, 0)
	for range 3 {
		c.say("INCR n")
		c.say("BGREWRITEAOF")
		c.settle()
	}
	c.say("MULTI\r\nINCR n\r\nINCR n\r\nEXEC")
	c.settle()
	all := c.crashes
	for _, name := range []string{"5.base.rdb", "5.incr.aof"} { // what a crash may have left
		c.disk.Files[aofFolder+name] = "nonsense"
	}
	c = start(c.disk, c.acked)
	c.say("BGREWRITEAOF")
	c.settle()
	return append(all, c.crashes...)
}

// TestAOFCrashReference has a real redis-server load what TestAOFCrash loads.
func TestAOFCrashReference(t *testing.T) {
	coretest.NeedReference(t)
	for i, one := range crashes(t, "everysec") {
		if i%3 > 0 && !strings.Contains(one.after, "manifest") {
			continue
		}
		dir := t.TempDir()
		for path, text := range one.disk.Files {
			path = filepath.Join(dir, path)
			err := os.MkdirAll(filepath.Dir(path), 0o755)
			if err == nil {
				err = os.WriteFile(path, []byte(text), 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		answer, err := coretest.AskReference(dir, "INCRBY n 0", "--appendonly", "yes")
		got, _ := strconv.Atoi(strings.TrimPrefix(answer, ":"))
		if err != nil || answer == "" || got < one.acked {
			t.Errorf("after %s: %q, %v; want %d", one.after, answer, err, one.acked)
		}
	}
}
