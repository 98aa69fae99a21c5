package core_test

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/redlet/redlet/core"
	"github.com/redlet/redlet/core/coretest"
)

const isLoading = "-LOADING Redis is loading the dataset in memory\r\n"

// TestLoadingDelay starts an engine whose keys take a second each to load: clients are told, until
// the time is over or nobody wants it any more.
func TestLoadingDelay(t *testing.T) {
	for _, c := range []struct {
		delay   string
		passes  core.Time
		ask     string
		loading bool
	}{
		{"1000000", 1_900_000, "", true},
		{"1000000", 2_000_000, "", false},
		{"1000000", 0, "CONFIG SET key-load-delay 0", false},
		{"-2", 0, "", true},
		{"-2", 1, "", false},
		{"-3", 0, "", false},
	} {
		config := maps.Clone(aofConfig)
		config["enable-protected-configs"] = "yes"
		s, err := coretest.NewEngine(config)
		if err != nil {
			t.Fatal(err)
		}
		reply(t, s, "MSET", "a", "1", "b", "2")
		config["key-load-delay"] = c.delay
		if s, err = coretest.LoadEngine(config, s.Now(), s.Disk); err != nil {
			t.Fatal(err)
		}
		if c.ask != "" {
			reply(t, s, strings.Fields(c.ask)...)
		}
		if err := s.Turn(time.Duration(c.passes) * time.Microsecond); err != nil {
			t.Fatal(err)
		}
		want, field := "$1\r\n1\r\n", "\r\nloading:0\r\n"
		if c.loading {
			want, field = isLoading, "\r\nloading:1\r\n"
		}
		info := reply(t, s, "INFO", "persistence")
		if !strings.Contains(info, field) || strings.Contains(info, "eta_seconds") != c.loading {
			t.Errorf("%+v: %s", c, info)
		}
		if got := reply(t, s, "GET", "a"); got != want {
			t.Errorf("%+v: %q", c, got)
		}
		if want = "+OK\r\n"; c.loading {
			want = isLoading
		}
		set := []string{"CONFIG", "SET", "loglevel", "debug", "repl-diskless-load", "swapdb"}
		if got := reply(t, s, set...); got != want {
			t.Errorf("%+v: %q: %q", c, set, got)
		}
		if got := reply(t, s, "CONFIG", "SET", "dir", "nowhere"); got == want != c.loading {
			t.Errorf("%+v: CONFIG SET dir: %q", c, got)
		}
	}
}

// TestDisklessLoad has a replica receive data, and asks what it serves meanwhile and when the link
// has ended before they were there.
func TestDisklessLoad(t *testing.T) {
	const one, none = "$1\r\n1\r\n", "$-1\r\n"
	for _, c := range []struct {
		name, mode    string
		empty, again  bool // the replica has no data; it has followed the same stream before
		get, loads    string
		async, writes string // INFO's async_loading, and what REPLICAOF is told
	}{
		{"disabled", "disabled", false, false, one, "0", "0", ok},
		{"not empty", "on-empty-db", false, false, one, "0", "0", ok},
		{"empty", "on-empty-db", true, false, isLoading, "1", "0", isLoading},
		{"other stream", "swapdb", false, false, isLoading, "1", "0", isLoading},
		{"same stream", "swapdb", false, true, one, "0", "1", isLoading},
	} {
		w := newWorld(t, 1, map[string]string{"repl-diskless-load": c.mode})
		if !c.empty {
			w.want(0, "SET a 1", ok)
		}
		n := w.nodes[0]
		say := func(text string) {
			n.Input(&core.Input{Kind: core.InData, Conn: n.last, Data: []byte(text)})
		}
		id := strings.Repeat("1", 40)
		if c.again {
			id = w.field(0, "master_replid")
		}
		link := func() {
			for ev := (core.Event{}); n.Poll(&ev); {
				if ev.Kind == core.EventConnect {
					n.last += 10
					n.Input(&core.Input{Kind: core.InConnected, Conn: n.last, Ticket: ev.Ticket})
				}
			}
			say("+PONG\r\n+OK\r\n+OK\r\n+FULLRESYNC " + id + " 5\r\n$EOF:" + id + "\r\nREDIS")
		}
		n.Input(&core.Input{Kind: core.InData, Conn: 1, Data: []byte("REPLICAOF host 9\r\n")})
		link()
		w.want(0, "GET a", c.get)
		if got := w.field(0, "loading") + w.field(0, "async_loading"); got != c.loads+c.async {
			t.Errorf("%s: loading and async_loading %s", c.name, got)
		}
		w.want(0, "MULTI", ok)
		if got := w.do(0, "REPLICAOF NO ONE"); got != "+QUEUED\r\n" && got != c.writes {
			t.Errorf("%s: REPLICAOF in MULTI: %q", c.name, got)
		}
		w.do(0, "DISCARD")
		if c.writes != ok {
			w.want(0, "REPLICAOF NO ONE", c.writes)
		}
		n.Input(&core.Input{Kind: core.InClose, Conn: n.last})
		want := one
		if c.empty {
			want = none
		}
		w.want(0, "GET a", want)
		if got := w.field(0, "loading") + w.field(0, "async_loading"); got != "00" {
			t.Errorf("%s: behind the end: loading and async_loading %s", c.name, got)
		}
	}
}

// TestLoadingEmpty loads an image with a set in which there is nothing, as a server of before 7.0
// may have written it.
func TestLoadingEmpty(t *testing.T) {
	image := "REDIS0009\xfe\x00\x02\x01s\x00\x00\x01a\x01b\xff\x00\x00\x00\x00\x00\x00\x00\x00"
	disk := coretest.Disk{Files: map[string]string{"./dump.rdb": image}}
	e, err := core.New(core.Options{Now: coretest.Epoch, Config: map[string]string{"dir": "."}})
	if err != nil {
		t.Fatal(err)
	}
	log := ""
	for ev := (core.Event{}); e.Poll(&ev); {
		if ev.Kind == core.EventLog {
			log += string(ev.Data) + "\n"
		}
		if answer, is := disk.Do(&ev); is {
			e.Input(&answer)
		}
	}
	want := "rdbLoadObject skipping empty key: s\nDone loading RDB, keys loaded: 1, " +
		"keys expired: 0, empty keys skipped: 1.\n"
	if !strings.HasPrefix(log, want) {
		t.Errorf("%s", log)
	}
}

// TestDataAnnounced has a master say that data come before they do. A replica that loads what it
// receives tells its clients so; it gets what changed meanwhile, and is cut off when that is much.
func TestDataAnnounced(t *testing.T) {
	w := newWorld(t, 2, map[string]string{"save": "", "repl-diskless-load": "swapdb"})
	w.want(0, "SET a 1", ok)
	w.want(0, "CONFIG SET rdb-key-save-delay 10000000", ok)
	w.want(1, "REPLICAOF host 0", ok)
	w.pass(2e6)
	w.want(1, "GET a", isLoading)
	w.want(0, "SET b 2", ok)
	w.want(0, "SET a 3", ok)
	if got := w.field(1, "loading") + w.field(0, "slave0"); !strings.Contains(got, "wait_bgsave") ||
		got[0] != '1' {
		t.Errorf("while the data are made: %s", got)
	}
	w.pass(9e6)
	w.same(0, 1)
	w.want(1, "GET a", "$1\r\n3\r\n")

	w.want(0, "CONFIG SET client-output-buffer-limit \"replica 1000 0 0\"", ok)
	w.want(1, "REPLICAOF NO ONE", ok)
	w.want(1, "REPLICAOF host 0", ok)
	w.pass(2e6)
	w.want(1, "GET a", isLoading)
	w.want(0, "SET b "+strings.Repeat("x", 1000), ok)
	w.want(1, "GET a", "$1\r\n3\r\n")
	w.want(0, "CONFIG SET rdb-key-save-delay 0", ok)
	w.pass(3e6)
	w.same(0, 1)
}
