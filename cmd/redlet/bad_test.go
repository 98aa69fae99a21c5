package main

import (
	"context"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redlet/redlet/core"
	"github.com/redlet/redlet/core/coretest"
)

const (
	aofSet  = "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n"
	aofName = "appendonlydir/appendonly.aof."
	aofBase = "file appendonly.aof.1.base.aof seq 1 type b\n"
	aofIncr = "file appendonly.aof.1.incr.aof seq 1 type i\n"
	noImage = "Fatal error loading the DB, check server logs. Exiting."
)

// image is an RDB file.
func image(t *testing.T) string {
	e, err := core.New(core.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return string(e.Snapshot(nil))
}

// badFiles are folders with which no server starts. The log of redis-server 8.0 has these lines, in
// this order, and nothing in the folder changes. $PORT is one that is taken.
var badFiles = []struct {
	name  string
	files map[string]string // $RDB is an image
	args  string
	want  []string
}{
	{"a checksum", map[string]string{"dump.rdb": "$RDBfoobar00"}, "",
		[]string{"Wrong RDB checksum", "RDB CRC error"}},
	{"half an image", map[string]string{"dump.rdb": "REDIS0011\xfa\x09redis-ver"}, "",
		[]string{"Short read or OOM loading DB", "Unexpected EOF reading RDB file"}},
	{"no image", map[string]string{"dump.rdb": "this is no image"}, "",
		[]string{"Wrong signature trying to load DB from file", noImage}},
	{"a version", map[string]string{"dump.rdb": "REDIS9999 and more"}, "",
		[]string{"Can't handle RDB format version 9999", noImage}},
	{"a manifest with an empty line", map[string]string{aofName + "manifest": aofIncr + "\n"}, "$AOF",
		[]string{"*** FATAL AOF MANIFEST FILE ERROR ***", "Reading the manifest file, at line 2",
			">>> ''", "Invalid AOF manifest file format"}},
	{"an empty manifest", map[string]string{aofName + "manifest": ""}, "$AOF",
		[]string{"*** FATAL AOF MANIFEST FILE ERROR ***", "Found an empty AOF manifest"}},
	{"a missing file", map[string]string{aofName + "manifest": aofBase + aofIncr,
		aofName + "1.base.aof": aofSet}, "$AOF", []string{"Unable to obtain the AOF file " +
		"appendonly.aof.1.incr.aof length. stat: No such file or directory"}},
	{"damage", map[string]string{aofName + "manifest": aofIncr,
		aofName + "1.incr.aof": aofSet + "!!!" + aofSet}, "$AOF", []string{"Bad file format reading " +
		"the append only file appendonly.aof.1.incr.aof: make a backup"}},
	{"half a command", map[string]string{aofName + "manifest": aofIncr,
		aofName + "1.incr.aof": aofSet + "*3\r\n$3\r\nSE"}, "$AOF --aof-load-truncated no",
		[]string{"Unexpected end of file reading the append only file appendonly.aof.1.incr.aof"}},
	{"half a transaction", map[string]string{aofName + "manifest": aofIncr,
		aofName + "1.incr.aof": "*1\r\n$5\r\nMULTI\r\n" + aofSet}, "$AOF --aof-load-truncated no",
		[]string{"Revert incomplete MULTI/EXEC transaction in AOF file",
			"Unexpected end of file reading the append only file appendonly.aof.1.incr.aof"}},
	{"a rule", map[string]string{"users.acl": "user a on +nope\n"}, "--aclfile users.acl",
		[]string{"Aborting Redis startup because of ACL errors: users.acl:1: Error in applying " +
			"operation '+nope': Unknown command or category name in ACL"}},
	{"no user", map[string]string{"users.acl": "hello\n"}, "--aclfile users.acl",
		[]string{"users.acl:1 should start with user keyword followed by the username"}},
	{"two of a name", map[string]string{"users.acl": "user a on\nuser a off\n"},
		"--aclfile users.acl", []string{"WARNING: Duplicate user 'a' found on line 2."}},
	{"a port that is taken", map[string]string{"dump.rdb": "this is no image"},
		"--port $PORT --bind 127.0.0.1", []string{"Warning: Could not create server TCP listening " +
			"socket 127.0.0.1:$PORT: bind: Address already in use",
			"Failed listening on port $PORT (tcp), aborting."}},
	{"certificates that do not match", nil, "--port 0 --tls-port 1 --tls-cert-file $CERT " +
		"--tls-key-file $KEY --tls-ca-cert-file $CERT --bind 127.0.0.1",
		[]string{"Failed to load private key: $KEY: ",
			"Failed to configure TLS. Check logs for more info."}},
}

// badFolder makes the folder of a case, and returns the arguments and what is to be said.
func badFolder(t *testing.T, i, port int) (dir string, args, want []string) {
	c := badFiles[i]
	dir = t.TempDir()
	for name, text := range c.files {
		if text == "$RDBfoobar00" {
			rdb := image(t)
			text = rdb[:len(rdb)-8] + "foobar00"
		}
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	fill := strings.NewReplacer("$PORT", fmt.Sprint(port), "$AOF", "--appendonly yes")
	if strings.Contains(c.args, "$CERT") {
		one, other := t.TempDir(), t.TempDir()
		certificate(t, one)
		certificate(t, other)
		fill = strings.NewReplacer("$CERT", filepath.Join(one, "cert"), "$KEY",
			filepath.Join(other, "key"))
	}
	for _, line := range c.want {
		want = append(want, fill.Replace(line))
	}
	if !strings.Contains(c.args, "--port") {
		args = []string{"--port", "0", "--unixsocket", filepath.Join(dir, "socket")}
	}
	return dir, append(append(args, strings.Fields(fill.Replace(c.args))...), "--dir", dir), want
}

// contents is all that a folder holds but for the socket.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	got := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		got[path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// saysInOrder tells whether a text has lines in their order.
func saysInOrder(text string, lines []string) bool {
	for _, line := range lines {
		_, after, found := strings.Cut(text, line)
		if !found {
			return false
		}
		text = after
	}
	return true
}

// TestBadFiles starts the server on what it cannot start on. It says so once, and changes nothing.
func TestBadFiles(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for i, c := range badFiles {
		dir, args, want := badFolder(t, i, taken.Addr().(*net.TCPAddr).Port)
		t.Chdir(dir)
		before := contents(t, dir)
		out := refused(t, args, "")
		last := want[len(want)-1]
		if !saysInOrder(out, want) || strings.Count(out, last) != 1 {
			t.Errorf("%s: output %q; want %q", c.name, out, want)
		}
		if after := contents(t, dir); !maps.Equal(before, after) {
			t.Errorf("%s: the folder was %q and is %q", c.name, before, after)
		}
	}
}

// TestReferenceBadFiles has redis-server say the same.
func TestReferenceBadFiles(t *testing.T) {
	server := coretest.NeedReference(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for i, c := range badFiles {
		dir, args, want := badFolder(t, i, taken.Addr().(*net.TCPAddr).Port)
		ctx, cancel := context.WithTimeout(t.Context(), coretest.Patience)
		cmd := exec.CommandContext(ctx, server, args...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if cancel(); err == nil || !saysInOrder(string(out), want) {
			t.Errorf("%s: %v, output %q; want %q", c.name, err, out, want)
		}
	}
}
