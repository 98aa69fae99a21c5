package host

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "dump.rdb")
	for _, data := range []string{"first", "second, longer", ""} {
		if err := writeFile(path, []byte(data)); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != data {
			t.Errorf("got %q, %v, want %q", got, err, data)
		}
	}
	if err := writeFile(filepath.Join(dir, "none", "dump.rdb"), nil); err == nil {
		t.Error("a folder that is not there took a file")
	}
	if err := writeFile(dir, []byte("x")); err == nil {
		t.Error("a folder was replaced by a file")
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

func TestSave(t *testing.T) { each(t, testSave) }

func testSave(t *testing.T, m Maker) {
	dir := t.TempDir()
	l := newLoop(t, LoopOptions{Maker: m, Dir: dir})
	c := dial(t, l)
	c.want("SET k v", "+OK")
	c.want("SAVE", "+OK")
	image, err := os.ReadFile(filepath.Join(dir, "dump.rdb"))
	if err != nil || !bytes.HasPrefix(image, []byte("REDIS")) {
		t.Fatalf("saved %q, %v", image, err)
	}
	other := newLoop(t, LoopOptions{Maker: m})
	if err := other.Restore(image); err != nil {
		t.Fatal(err)
	}
	dial(t, other).want("GET k", "$1", "v")
}

func TestReload(t *testing.T) { each(t, testReload) }

func testReload(t *testing.T, m Maker) {
	l := newLoop(t, LoopOptions{Maker: m, Dir: t.TempDir(),
		Config: map[string]string{"enable-debug-command": "yes"}})
	c := dial(t, l)
	const bad = "-ERR Error trying to load the RDB dump, check server logs."
	c.want("SET a 1", "+OK")
	c.want("DEBUG RELOAD NOSAVE", bad)
	c.want("DBSIZE", ":0")
	c.want("SET a 1 EX 100", "+OK")
	c.want("DEBUG RELOAD", "+OK")
	c.want("SET a 2", "+OK")
	c.want("SET b 2", "+OK")
	c.want("DEBUG RELOAD NOSAVE NOFLUSH", bad)
	c.want("DEBUG RELOAD NOSAVE NOFLUSH MERGE", "+OK")
	c.want("MGET a b", "*2", "$1", "1", "$1", "2")
	c.want("TTL a", ":100")
	c.want("DEBUG RELOAD NOSAVE", "+OK")
	c.want("MGET a b", "*2", "$1", "1", "$-1")
	c.want("BGREWRITEAOF", "+Background append only file rewriting started")
	settled(c)
	c.want("SET b 2", "+OK")
	c.want("DEBUG LOADAOF", "+OK")
	c.want("MGET a b", "*2", "$1", "1", "$-1")
}

func TestLoadaofNothing(t *testing.T) {
	l := newLoop(t, LoopOptions{Dir: t.TempDir(),
		Config: map[string]string{"enable-debug-command": "yes"}})
	c := dial(t, l)
	c.want("SET a 1", "+OK")
	c.want("DEBUG LOADAOF", "-ERR Error trying to load the AOF files, check server logs.")
	c.want("DBSIZE", ":0")
}

// TestSaveFails has a plain file where the folder should be: unlike a folder without the right to
// write, that stops root too.
func TestSaveFails(t *testing.T) { each(t, testSaveFails) }

func testSaveFails(t *testing.T, m Maker) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	l := newLoop(t, LoopOptions{Maker: m, Dir: file})
	c := dial(t, l)
	c.say("SAVE")
	if got := c.line(); !strings.HasPrefix(got, "-ERR") {
		t.Errorf("SAVE: %q", got)
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != "old" {
		t.Errorf("the old file holds %q, %v", got, err)
	}
	c.want("PING", "+PONG")
}

func TestRestoreRefuses(t *testing.T) { each(t, testRestoreRefuses) }

func testRestoreRefuses(t *testing.T, m Maker) {
	l := newLoop(t, LoopOptions{Maker: m})
	c := dial(t, l)
	c.want("SET k v", "+OK")
	image, err := l.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range [][]byte{nil, []byte("REDIS"), image[:len(image)-1]} {
		if err := l.Restore(bad); err == nil {
			t.Errorf("%q was restored", bad)
		}
	}
	c.want("GET k", "$1", "v")
}
