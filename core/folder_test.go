package core_test

import (
	"testing"

	"github.com/redlet/redlet/core"
	"github.com/redlet/redlet/core/coretest"
)

// TestConfigSetDir has CONFIG SET change to folders and to what is none. It does all or nothing,
// and says what is wrong first in the order of its arguments.
func TestConfigSetDir(t *testing.T) {
	s := newSaver(t, map[string]string{"dir": "/data", "enable-protected-configs": "yes"})
	disk := &coretest.Disk{Files: map[string]string{"/data/file": "x"}}
	disk.Fails = func(ev *core.Event) string {
		switch ev.Path {
		case "/data", "/data/a", "/", "C:/x":
			return "Is a directory"
		case "/locked":
			return "Permission denied"
		}
		return ""
	}
	say := func(command, reads, want string) {
		t.Helper()
		s.feed(1, command)
		var ev core.Event
		if s.Poll(&ev) {
			if ev.Kind != core.EventRead || ev.Path != reads {
				t.Fatalf("%s: %d %q, want to read %q", command, ev.Kind, ev.Path, reads)
			}
			reads = ""
			s.say(2, "PING", "+PONG\r\n") // who asks others to wait is not served alone
			answer, _ := disk.Do(&ev)
			s.Input(&answer)
		}
		if reads != "" {
			t.Fatalf("%s: %q is not read", command, reads)
		}
		s.gets(1, want)
	}
	const refused = "-ERR CONFIG SET failed (possibly related to argument 'dir') - "
	const absent, noFolder = refused + "No such file or directory\r\n",
		refused + "Not a directory\r\n"
	shows := func(name, want string) {
		t.Helper()
		s.say(1, "CONFIG GET "+name, string(coretest.Request(name, want)))
	}
	say("CONFIG SET dir a", "/data/a", ok)
	shows("dir", "/data/a")
	say("CONFIG SET dir a", "/data/a/a", absent)
	say("CONFIG SET dir ../file", "/data/file", noFolder)
	say("CONFIG SET hz 11 dir /nowhere timeout x", "/nowhere", absent)
	say("CONFIG SET hz 11 dir / timeout x", "/", "-ERR CONFIG SET failed (possibly related to "+
		"argument 'timeout') - argument couldn't be parsed into an integer\r\n")
	say("CONFIG SET dir /locked", "/locked", refused+"Permission denied\r\n")
	shows("dir", "/data/a")
	shows("hz", "10")
	s.say(1, "CONFIG SET timeout x dir /nowhere", "-ERR CONFIG SET failed (possibly related to "+
		"argument 'timeout') - argument couldn't be parsed into an integer\r\n")
	s.say(1, "EVAL return{redis.pcall('config','set','dir','/')} 0", "*1\r\n-ERR This Redis "+
		"command is not allowed from script\r\n")
	say("CONFIG SET dir //data/./a/../ hz 12", "/data", ok)
	shows("dir", "/data")
	shows("hz", "12")
	say("CONFIG SET dir C:/x", "C:/x", ok)
}
