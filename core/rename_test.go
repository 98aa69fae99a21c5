package core_test

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/redlet/redlet/core/coretest"
)

// renames are what some commands are called, and renamedSays what is then sent and answered.
var renames = [][2]string{{"SET", "ls"}, {"GET", ""}, {"config", "cfg"}, {"ls", "lst"},
	{"FLUSHALL", "a-name-that-is-longer-than-any-command-has"}}

var renamedSays = []struct{ send, want string }{
	{"set a b", "-ERR unknown command 'set', with args beginning with: 'a' 'b' \r\n"},
	{"ls a b", "-ERR unknown command 'ls', with args beginning with: 'a' 'b' \r\n"},
	{"LST a b", "+OK\r\n"},
	{"get a", "-ERR unknown command 'get', with args beginning with: 'a' \r\n"},
	{"mget a", "*1\r\n$1\r\nb\r\n"},
	{"config get port", "-ERR unknown command 'config', with args beginning with: 'get' 'port' \r\n"},
	{"cfg get hz", "*2\r\n$2\r\nhz\r\n$2\r\n10\r\n"},
	{"cfg", "-ERR wrong number of arguments for 'config' command\r\n"},
	{"a-name-that-is-longer-than-any-command-has", "+OK\r\n"},
	{"command getkeys lst a b", "*1\r\n$1\r\na\r\n"},
	{"command getkeys set a b", "-ERR Invalid command specified\r\n"},
	{"command info get", "*1\r\n$-1\r\n"},
	{"command list filterby pattern get", "*0\r\n"},
	{"command list filterby pattern set", "*1\r\n$3\r\nset\r\n"},
	{"eval \"return redis.call('lst','z','1')\" 0", "+OK\r\n"},
	{"eval \"return redis.pcall('set','z','1').err:sub(1,42)\" 0",
		"$42\r\nERR Unknown Redis command called from scri\r\n"},
	{"acl setuser bob +lst", "-ERR Error in ACL SETUSER modifier '+lst': Unknown command or " +
		"category name in ACL\r\n"},
	{"acl setuser bob on nopass ~* +set +get +config|get", "+OK\r\n"},
	{"acl dryrun bob lst a b", "+OK\r\n"},
	{"acl dryrun bob set a b", "-ERR Command 'set' not found\r\n"},
}

// TestRename has commands found by other names, which ACL does not know.
func TestRename(t *testing.T) {
	lines := ""
	for _, pair := range renames {
		lines += pair[0] + " \"" + pair[1] + "\"\n"
	}
	s, err := coretest.NewEngine(map[string]string{"rename-command": lines})
	if err != nil {
		t.Fatal(err)
	}
	for _, say := range renamedSays {
		if got := says(t, s, say.send); got != say.want {
			t.Errorf("%s: %q, want %q", say.send, got, say.want)
		}
	}
	_, err = coretest.NewEngine(map[string]string{"rename-command": "get set"})
	if err == nil || !strings.Contains(err.Error(), "Target command name already exists") {
		t.Errorf("a name that is taken: %v", err)
	}
}

// TestReferenceRename has redis-server answer the same.
func TestReferenceRename(t *testing.T) {
	var args []string
	for _, pair := range renames {
		args = append(args, "--rename-command", pair[0], pair[1])
	}
	c, err := net.Dial("unix", coretest.StartReference(t, args...).Socket)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, say := range renamedSays {
		got := make([]byte, len(say.want))
		_ = c.SetDeadline(time.Now().Add(coretest.Patience))
		if _, err := c.Write([]byte(say.send + "\r\n")); err != nil {
			t.Fatal(err)
		}
		if n, err := io.ReadFull(c, got); err != nil || string(got) != say.want {
			t.Fatalf("%s: %q, %v, want %q", say.send, got[:n], err, say.want)
		}
	}
}
