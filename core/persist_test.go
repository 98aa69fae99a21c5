package core_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/redlet/redlet/core"
	"github.com/redlet/redlet/core/coretest"
)

// A saver is an engine whose saves succeed or fail as the test wants.
type saver struct {
	*core.Engine
	t      *testing.T
	now    core.Time
	saves  []core.Event
	unread map[core.ConnID]string
	stops  int
	hung   int
}

func newSaver(t *testing.T, config map[string]string) *saver {
	t.Helper()
	e, err := core.New(core.Options{Now: coretest.Epoch, Config: config})
	if err != nil {
		t.Fatal(err)
	}
	s := &saver{Engine: e, t: t, now: coretest.Epoch, unread: map[core.ConnID]string{}}
	s.poll()
	for id := range core.ConnID(2) {
		open(e, id+1)
	}
	return s
}

func (s *saver) feed(client core.ConnID, command string) {
	request := coretest.Request(strings.Fields(command)...)
	s.Input(&core.Input{Kind: core.InData, Conn: client, Data: request})
}

// poll does what the engine wants done.
func (s *saver) poll() {
	var ev core.Event
	for s.Poll(&ev) {
		switch ev.Kind {
		case core.EventRead: // there is nothing at the start
			s.Input(&core.Input{Kind: core.InAbsent, Ticket: ev.Ticket})
		case core.EventReplace:
			s.saves = append(s.saves, ev)
		case core.EventShutdown:
			s.stops++
		case core.EventHangup:
			s.hung++
		case core.EventData:
			s.unread[ev.Conn] += string(ev.Data)
		}
	}
}

// say sends a command and expects what its client, and no other, then gets.
func (s *saver) say(client core.ConnID, command, want string) {
	s.t.Helper()
	s.feed(client, command)
	s.gets(client, want)
}

func (s *saver) gets(client core.ConnID, want string) {
	s.t.Helper()
	s.poll()
	for id := core.ConnID(1); id <= 2; id++ {
		got, wanted := s.unread[id], ""
		delete(s.unread, id)
		if id == client {
			wanted = want
		}
		if got != wanted {
			s.t.Fatalf("client %d gets %q, want %q", id, got, wanted)
		}
	}
}

// saved ends the oldest save and expects what a client then gets.
func (s *saver) saved(failure string, client core.ConnID, want string) {
	s.t.Helper()
	if len(s.saves) == 0 {
		s.t.Fatal("nothing is being saved")
	}
	ev := s.saves[0]
	s.saves = s.saves[1:]
	s.Input(&core.Input{Kind: core.InDone, Ticket: ev.Ticket, Data: []byte(failure)})
	s.gets(client, want)
}

func (s *saver) turn(seconds int) {
	s.t.Helper()
	s.now += core.Time(seconds) * 1e6
	for s.Advance(s.now); s.Deadline() <= s.now; s.Advance(s.now) {
	}
	s.gets(0, "")
}

const ok = "+OK\r\n"

// TestSaveWaits shows that SAVE is answered once the host has told the outcome, and that other
// clients go on meanwhile.
func TestSaveWaits(t *testing.T) {
	s := newSaver(t, map[string]string{"dir": "/data", "dbfilename": "x.rdb"})
	s.say(1, "SET k v", ok)
	s.say(1, "SAVE", "")
	s.say(1, "PING", "")
	s.say(2, "SET k w", ok)
	if len(s.saves) != 1 || s.saves[0].Path != "/data/x.rdb" {
		t.Fatalf("%d saves", len(s.saves))
	}
	if err := s.Restore(s.saves[0].Data); err != nil {
		t.Fatal(err)
	}
	s.say(2, "GET k", "$1\r\nv\r\n")
	s.say(2, "CLIENT UNBLOCK 1", ":0\r\n")
	s.saved("", 1, "+OK\r\n+PONG\r\n")
	s.say(1, "SAVE", "")
	s.saved("no space left on device", 1, "-ERR\r\n")
	s.say(1, "SET k x", ok)
	s.say(1, "SAVE", "")
	s.Input(&core.Input{Kind: core.InClose, Conn: 1})
	s.saved("", 0, "")
	s.Input(&core.Input{Kind: core.InDone, Ticket: 77}) // a ticket that nobody waits for
	s.gets(0, "")
}

// TestBackgroundSaveFails shows that no client may write after it, until a save succeeds.
func TestBackgroundSaveFails(t *testing.T) {
	s := newSaver(t, nil)
	s.say(1, "BGSAVE", "+Background saving started\r\n")
	s.say(1, "BGSAVE", "-ERR Background save already in progress\r\n")
	s.say(1, "SAVE", "-ERR Background save already in progress\r\n")
	s.saved("read-only file system", 0, "")
	s.feed(1, "SET k v")
	s.feed(1, "PING")
	s.poll()
	out := s.unread[1]
	delete(s.unread, 1)
	if strings.Count(out, "-MISCONF Redis is configured to save RDB snapshots") != 2 {
		t.Fatalf("%q", out)
	}
	s.say(1, "GET k", "$-1\r\n")
	s.say(1, "BGSAVE", "+Background saving started\r\n")
	s.saved("", 0, "")
	s.say(1, "SET k v", ok)

	s = newSaver(t, map[string]string{"save": ""})
	s.say(1, "BGSAVE", "+Background saving started\r\n")
	s.saved("read-only file system", 0, "")
	s.say(1, "SET k v", ok)
}

// TestSavePoints shows that a save begins when a save point is reached, and not before.
func TestSavePoints(t *testing.T) {
	s := newSaver(t, map[string]string{"save": "100 1 10 3"})
	s.turn(1000)
	s.say(1, "SET a 1", ok) // long after the last save: the time of a save point is over
	s.turn(0)
	if len(s.saves) != 1 {
		t.Fatalf("%d saves", len(s.saves))
	}
	s.saved("", 0, "")
	s.say(1, "SET a 1", ok)
	s.turn(99)
	if len(s.saves) != 0 {
		t.Fatal("saved too early")
	}
	s.turn(1)
	s.say(1, "SET a 2", ok) // while saving: counts for the next
	s.saved("", 0, "")
	for i := range 2 {
		s.say(1, "SET b "+strconv.Itoa(i), ok)
	}
	s.turn(9)
	if len(s.saves) != 0 {
		t.Fatal("saved too early")
	}
	s.turn(1)
	s.saved("disk full", 0, "")
	s.turn(4)
	if len(s.saves) != 0 {
		t.Fatal("tried again too early")
	}
	s.turn(1)
	s.saved("", 0, "")
	s.turn(100_000)
	if len(s.saves) != 0 {
		t.Fatal("saved without a change")
	}
}

// TestSaveDelay has saves in the background take a second a key, as rdb-key-save-delay wants it.
func TestSaveDelay(t *testing.T) {
	s := newSaver(t, map[string]string{"rdb-key-save-delay": "1000000", "save": ""})
	const begun = "+Background saving started\r\n"
	ends := func(after int, saves int) {
		t.Helper()
		s.turn(after)
		if len(s.saves) != saves {
			t.Fatalf("%d saves", len(s.saves))
		}
	}
	s.say(1, "BGSAVE", begun)
	ends(0, 1)
	s.saved("", 0, "")
	s.say(1, "MSET a 1 b 2", ok)
	s.say(1, "BGSAVE", begun)
	s.say(1, "CONFIG SET rdb-key-save-delay 500000", ok)
	ends(1, 0)
	s.say(1, "BGSAVE", "-ERR Background save already in progress\r\n")
	ends(1, 1)
	s.saved("", 0, "")
	s.say(1, "BGSAVE", begun)
	s.say(1, "FLUSHALL", ok)
	ends(100, 0)
	s.say(1, "SET a 1", ok)
	s.say(1, "BGSAVE", begun)
	s.say(1, "SHUTDOWN NOSAVE", "")
	ends(100, 0)
	if s.stops != 1 {
		t.Error("it goes on")
	}
}

// TestShutdown shows how SHUTDOWN ends the engine, with and without saving.
func TestShutdown(t *testing.T) {
	const failed = "-ERR Errors trying to SHUTDOWN. Check logs.\r\n"
	s := newSaver(t, nil)
	s.say(1, "SHUTDOWN", "")
	s.saved("disk full", 1, failed)
	s.say(1, "SHUTDOWN", "")
	s.feed(2, "SHUTDOWN ABORT")
	s.poll()
	if got := s.unread[1]; got != failed {
		t.Fatalf("%q", got)
	}
	delete(s.unread, 1)
	s.gets(2, ok)
	s.saved("", 0, "")
	if s.stops != 0 {
		t.Fatal("stopped")
	}
	s.say(1, "SHUTDOWN FORCE", "")
	s.saved("disk full", 0, "")
	if s.stops != 1 {
		t.Fatal("goes on")
	}
	s.say(2, "PING", "")

	for _, c := range []struct {
		config, command string
		saves           int
	}{
		{"", "SHUTDOWN", 0}, {"", "SHUTDOWN SAVE", 1}, {"", "SHUTDOWN NOSAVE NOW FORCE", 0},
		{"1 1", "SHUTDOWN", 1}, {"1 1", "SHUTDOWN NOSAVE", 0},
	} {
		s := newSaver(t, map[string]string{"save": c.config})
		s.say(1, c.command, "")
		if len(s.saves) != c.saves {
			t.Fatalf("%q: %d saves", c.command, len(s.saves))
		}
		if c.saves > 0 {
			s.saved("", 0, "")
		}
		if s.stops != 1 {
			t.Fatalf("%q does not stop the engine", c.command)
		}
	}
}

// TestFlushallSaves shows that with save points FLUSHALL has an empty file written, and that the
// changes which were flushed count as saved, unless that fails.
func TestFlushallSaves(t *testing.T) {
	s := newSaver(t, nil)
	changes := func(want int) {
		t.Helper()
		s.feed(1, "INFO persistence")
		s.poll()
		line := "rdb_changes_since_last_save:" + strconv.Itoa(want) + "\r\n"
		if got := s.unread[1]; !strings.Contains(got, line) {
			t.Errorf("not %q: %q", line, got)
		}
		delete(s.unread, 1)
	}
	s.say(1, "MSET a 1 b 2", ok)
	s.say(1, "BGSAVE", "+Background saving started\r\n")
	s.say(1, "SET c 3", ok)
	s.say(1, "FLUSHALL", ok)
	changes(0)
	s.saved("", 0, "")
	changes(0)
	s.say(1, "SET d 4", ok)
	if err := s.Restore(s.saves[0].Data); err != nil {
		t.Fatal(err)
	}
	s.say(1, "DBSIZE", ":0\r\n")
	s.saved("", 0, "")
	changes(1)
	s.say(1, "FLUSHALL", ok)
	changes(0)
	s.saved("disk full", 0, "")
	changes(1)
	s.Input(&core.Input{Kind: core.InData, Conn: 1,
		Data: coretest.Request("CONFIG", "SET", "save", "")})
	s.gets(1, ok)
	s.say(1, "FLUSHALL", ok)
	if len(s.saves) > 0 {
		t.Error("saved without a save point")
	}
}

// TestSavesOfSeveral shows that what two saves hold counts as saved once.
func TestSavesOfSeveral(t *testing.T) {
	s := newSaver(t, nil)
	s.say(1, "SET a 1", ok)
	s.say(1, "SAVE", "")
	s.say(2, "SAVE", "")
	s.saved("", 1, ok)
	s.saved("", 2, ok)
	s.feed(1, "INFO persistence")
	s.poll()
	if got := s.unread[1]; !strings.Contains(got, "rdb_changes_since_last_save:0\r\n") {
		t.Error(got)
	}
}
