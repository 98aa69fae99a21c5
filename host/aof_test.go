package host

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redlet/redlet/core"
	"github.com/redlet/redlet/core/coretest"
)

// logged is a configuration with an append-only file that is rewritten only when asked for.
func logged(more ...string) map[string]string {
	c := map[string]string{"appendonly": "yes", "save": "", "enable-debug-command": "yes"}
	for i := 0; i < len(more); i += 2 {
		c[more[i]] = more[i+1]
	}
	return c
}

// copyDir copies a folder and what lies in it: the disk as it is after a kill -9.
func copyDir(t *testing.T, from string) string {
	t.Helper()
	to := t.TempDir()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	return to
}

// files returns what lies in the folder of the append-only file, by name.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "appendonlydir", "*"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimPrefix(filepath.Base(path), "appendonly.aof.")] = string(text)
	}
	return all
}

// TestAOF has a server killed again and again, and the next one go on from its files.
func TestAOF(t *testing.T) { each(t, testAOF) }

func testAOF(t *testing.T, m Maker) {
	dir := t.TempDir()
	run := func(config map[string]string) (*Loop, *client) {
		l := newLoop(t, LoopOptions{Maker: m, Dir: dir, Config: config})
		return l, dial(t, l)
	}
	_, c := run(logged())
	c.want("SET a 1", "+OK")
	c.want("INCR a", ":2")
	dir = copyDir(t, dir)
	_, c = run(logged("appendfsync", "always"))
	c.want("INCR a", ":3")
	c.want("BGREWRITEAOF", "+Background append only file rewriting started")
	c.want("INCR a", ":4")
	c.want("WAITAOF 1 0 0", "*2", ":1", ":0")
	settled(c)
	dir = copyDir(t, dir)
	if got := len(files(t, dir)); got != 3 {
		t.Errorf("%d files: %q", got, files(t, dir))
	}
	_, c = run(logged("aof-use-rdb-preamble", "no"))
	c.want("INCR a", ":5")
	c.want("BGREWRITEAOF", "+Background append only file rewriting started")
	c.want("SELECT 3", "+OK")
	c.want("RPUSH l 1 2", ":2")
	settled(c) // a folder cannot be copied at one instant
	dir = copyDir(t, dir)
	l, c := run(logged())
	c.want("GET a", "$1", "5")
	c.want("DEBUG LOADAOF", "+OK")
	c.want("SELECT 3", "+OK")
	c.want("LLEN l", ":2")
	c.want("CONFIG SET appendonly no", "+OK")
	c.want("RPUSH l 3", ":3")
	c.want("CONFIG SET appendonly yes", "+OK")
	c.want("RPUSH l 4", ":4")
	image, err := l.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	c.want("FLUSHALL", "+OK")
	if err := l.Restore(image); err != nil {
		t.Fatal(err)
	}
	c.want("RPUSH l 5", ":5")
	settled(c)
	dir = copyDir(t, dir)
	_, c = run(logged())
	c.want("SELECT 3", "+OK")
	c.want("LLEN l", ":5")
}

// TestAOFRefuses has files that cannot be loaded.
func TestAOFRefuses(t *testing.T) { each(t, testAOFRefuses) }

func testAOFRefuses(t *testing.T, m Maker) {
	good := t.TempDir()
	c := dial(t, newLoop(t, LoopOptions{Maker: m, Dir: good, Config: logged()}))
	c.want("SET a 1", "+OK")
	c.want("SET b 1", "+OK")
	const (
		manifest = "appendonly.aof.manifest"
		base     = "appendonly.aof.1.base.rdb"
		incr     = "appendonly.aof.1.incr.aof"
	)
	incr1 := files(t, good)["1.incr.aof"]
	for _, c := range []struct {
		name, text string // a file's text, "" to remove it
		config     []string
		want       string // in the error; a key count if it loads
	}{
		{incr, incr1[:len(incr1)-1], nil, ":1"},
		{incr, incr1[:len(incr1)-1], []string{"aof-load-truncated", "no"},
			"Unexpected end of file reading the append only file appendonly.aof.1.incr.aof. You can: "},
		{incr, incr1[:23] + "X" + incr1[24:], nil,
			"Bad file format reading the append only file appendonly.aof.1.incr.aof: make a backup"},
		{incr, incr1 + "XYZ", nil, "(at offset 77)"},
		{incr, "", nil, "appendonly.aof.1.incr.aof length. stat: No such file or directory"},
		{base, "", nil, "appendonly.aof.1.base.rdb length. stat: No such file or directory"},
		{base, "REDIS0012", nil, "appendonly.aof.1.base.rdb, AOF loading aborted: RDB: "},
		{manifest, "foo\n", nil, "at line 1: >>> 'foo': Invalid AOF manifest file format"},
		{manifest, "\n", nil, "Invalid AOF manifest file format"},
		{manifest, "# nothing\n", nil, ":0"},
		{manifest, "file ../x seq 1 type b\n", nil, "File can't be a path, just a filename"},
		{manifest, "file x seq 1 type z\n", nil, "Unknown AOF file type"},
		{manifest, "file " + incr + " seq 1 type i\nfile x seq 1 type i\n", nil,
			"Found a non-monotonic sequence number"},
		{manifest, "file x seq 1 type b\nfile y seq 2 type b\n", nil,
			"Found duplicate base file information"},
		{manifest, "file \"" + incr + "\" seq 1 type i startoffset 0\nfile gone seq 9 type h\n", nil,
			":2"},
		{manifest, "", nil, ":0"},
	} {
		dir := copyDir(t, good)
		path := filepath.Join(dir, "appendonlydir", c.name)
		err := os.Remove(path)
		if c.text != "" {
			err = os.WriteFile(path, []byte(c.text), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		l, err := NewLoop(LoopOptions{Maker: m, Dir: dir, Config: logged(c.config...)})
		if err != nil {
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s %q: %v; want %s", c.name, c.text, err, c.want)
			}
			continue
		}
		dial(t, l).want("DBSIZE", c.want)
		l.Close()
	}
}

// TestAOFTruncated is not the last file, and so no kill can have cut it short.
func TestAOFTruncated(t *testing.T) {
	dir := t.TempDir()
	l := newLoop(t, LoopOptions{Dir: dir, Config: logged()})
	dial(t, l).want("SET a 1", "+OK")
	folder := filepath.Join(dir, "appendonlydir")
	for name, text := range map[string]string{
		"appendonly.aof.1.incr.aof": "*1\r\n$3",
		"appendonly.aof.2.incr.aof": "",
		"appendonly.aof.manifest": "file appendonly.aof.1.incr.aof seq 1 type i\n" +
			"file appendonly.aof.2.incr.aof seq 2 type i\n",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, err := NewLoop(LoopOptions{Dir: dir, Config: logged()})
	if err == nil || !strings.Contains(err.Error(), "the truncated file is not the last file") {
		t.Error(err)
	}
}

// TestAOFOld takes over the one file of a redis-server before 7.0: an image and then commands.
func TestAOFOld(t *testing.T) { each(t, testAOFOld) }

func testAOFOld(t *testing.T, m Maker) {
	source := newLoop(t, LoopOptions{})
	dial(t, source).want("SET a 1", "+OK")
	image, err := source.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := append(image, "*2\r\n$4\r\nINCR\r\n$1\r\na\r\n"...)
	if err := os.WriteFile(filepath.Join(dir, "appendonly.aof"), file, 0o600); err != nil {
		t.Fatal(err)
	}
	for want := 2; want < 4; want++ {
		l, err := NewLoop(LoopOptions{Maker: m, Dir: dir, Config: logged()})
		if err != nil {
			t.Fatal(err)
		}
		c := dial(t, l)
		c.want("GET a", "$1", fmt.Sprint(want))
		c.want("INCR a", fmt.Sprintf(":%d", want+1))
		c.Close()
		l.Close()
	}
}

// TestAOFCannotBegin has a file where the folder is to be.
func TestAOFCannotBegin(t *testing.T) { each(t, testAOFCannotBegin) }

func testAOFCannotBegin(t *testing.T, m Maker) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "appendonlydir"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	c := dial(t, newLoop(t, LoopOptions{Maker: m, Dir: dir}))
	c.want("CONFIG SET appendonly yes timeout 7", "-ERR CONFIG SET failed (possibly related to "+
		"argument 'appendonly') - Unable to turn on AOF. Check server logs.")
	c.want("CONFIG GET appendonly", "*2", "$10", "appendonly", "$2", "no")
	c.want("CONFIG GET timeout", "*2", "$7", "timeout", "$1", "0")
	c.want("SET a 1", "+OK")
	if _, err := NewLoop(LoopOptions{Maker: m, Dir: dir, Config: logged()}); err == nil {
		t.Error("it starts without its append-only file")
	}
}

// breakLog makes every write to the append-only file fail until mend is called.
func breakLog(t *testing.T, l *Loop) (mend func()) {
	t.Helper()
	l.own(l.base)
	var a *appended
	for _, a = range l.files {
	}
	whole := a.file
	broken, err := os.Open(whole.Name()) // for reading
	if err != nil {
		t.Fatal(err)
	}
	a.file = broken
	l.release()
	return func() {
		l.own(l.base)
		a.file = whole
		l.release()
		broken.Close()
	}
}

// TestAOFWriteFails has writes fail for a while: nothing of what was acknowledged is lost.
func TestAOFWriteFails(t *testing.T) { each(t, testAOFWriteFails) }

func testAOFWriteFails(t *testing.T, m Maker) {
	dir := t.TempDir()
	l := newLoop(t, LoopOptions{Maker: m, Dir: dir, Config: logged()})
	c := dial(t, l)
	c.want("SET a 1", "+OK")
	mend := breakLog(t, l)
	c.want("SET b 1", "+OK") // as with Redis
	c.want("SET c 1", "-MISCONF Errors writing to the AOF file: Bad file descriptor")
	mend()
	for end := time.Now().Add(20 * time.Second); ; {
		c.say("SET d 1")
		if c.line() == "+OK" {
			break
		}
		if time.Now().After(end) {
			t.Fatal("it never recovers")
		}
	}
	log := files(t, dir)["1.incr.aof"]
	for _, key := range []string{"a", "b", "d"} {
		if !strings.Contains(log, "SET\r\n$1\r\n"+key+"\r\n$1\r\n1") {
			t.Errorf("%s is not in the file: %q", key, log)
		}
	}
}

// TestAOFAlways ends where a change cannot be written that must be.
func TestAOFAlways(t *testing.T) { each(t, testAOFAlways) }

func testAOFAlways(t *testing.T, m Maker) {
	over := make(chan string, 1)
	l := newLoop(t, LoopOptions{Maker: m, Dir: t.TempDir(),
		Config: logged("appendfsync", "always"), Shutdown: func(why string) { over <- why }})
	c := dial(t, l)
	c.want("SET a 1", "+OK")
	defer breakLog(t, l)()
	c.say("SET b 1")
	c.wantEnd()
	why := coretest.Within(t, "the end", over)
	if !strings.Contains(why, "Can't recover from AOF write error") {
		t.Error(why)
	}
}

// TestAOFAlwaysAtOnce has the disk waited for by whoever steps the engine: what was sent is
// answered when Send returns, and lies in the file.
func TestAOFAlwaysAtOnce(t *testing.T) { each(t, testAOFAlwaysAtOnce) }

func testAOFAlwaysAtOnce(t *testing.T, m Maker) {
	dir := t.TempDir()
	l := newLoop(t, LoopOptions{Maker: m, Dir: dir, Config: logged("appendfsync", "always")})
	var sink heard
	id := l.Open(core.Conn{Addr: "127.0.0.1:50000"}, &sink)
	for range 20 {
		sink = sink[:0]
		l.Send([]core.Input{{Kind: core.InData, Conn: id, Data: []byte("SET a 1\r\nSET b 2\r\n")}})
		if string(sink) != "+OK\r\n+OK\r\n" {
			t.Fatalf("the answer is %q", sink)
		}
	}
	if n := strings.Count(files(t, dir)["1.incr.aof"], "SET"); n != 40 {
		t.Errorf("%d changes are in the file", n)
	}
}

// heard is a Sink that keeps what comes. It is the owner's.
type heard []byte

func (h *heard) Data(data []byte)   { *h = append(*h, data...) }
func (h *heard) Hangup(last []byte) { *h = append(*h, last...) }

// TestAOFAfterDeath has an engine die: the next one has what the file has.
func TestAOFAfterDeath(t *testing.T) {
	dir := t.TempDir()
	l := newLoop(t, LoopOptions{Dir: dir, Config: logged()})
	c := dial(t, l)
	c.want("SET a 1", "+OK")
	l.own(l.base)
	l.bury(&Death{Reason: "a test"})
	l.release()
	c = dial(t, l)
	c.want("INCR a", ":2")
	if log := files(t, dir)["1.incr.aof"]; !strings.HasSuffix(log, "INCR\r\n$1\r\na\r\n") {
		t.Errorf("the file holds %q", log)
	}
}

// TestDirMissing has dir name no folder, which is made neither at once nor later.
func TestDirMissing(t *testing.T) { each(t, testDirMissing) }

func testDirMissing(t *testing.T, m Maker) {
	missing := filepath.Join(t.TempDir(), "missing")
	for _, config := range []map[string]string{{}, logged()} {
		config["dir"] = missing
		_, err := NewLoop(LoopOptions{Maker: m, Config: config})
		var refusal *core.ConfigError
		if !errors.As(err, &refusal) || refusal.Name != "dir" ||
			refusal.Problem != "No such file or directory" {
			t.Error(err)
		}
	}
	l := newLoop(t, LoopOptions{Maker: m, Dir: missing})
	c := dial(t, l)
	c.want("SAVE", "-ERR")
	c.want("CONFIG SET appendonly yes", "-ERR CONFIG SET failed (possibly related to argument "+
		"'appendonly') - Unable to turn on AOF. Check server logs.")
	if _, err := os.Stat(missing); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder is there: %v", err)
	}
}

// TestDirSet has CONFIG SET change to a folder, and refuse what is none.
func TestDirSet(t *testing.T) { each(t, testDirSet) }

func testDirSet(t *testing.T, m Maker) {
	dir := t.TempDir()
	for _, name := range []string{"a", "a/b"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "a", "text"), []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	l := newLoop(t, LoopOptions{Maker: m, Config: map[string]string{
		"dir": dir, "enable-protected-configs": "yes",
	}})
	c := dial(t, l)
	const refused = "-ERR CONFIG SET failed (possibly related to argument 'dir') - "
	c.want("CONFIG SET dir a", "+OK")
	c.want("CONFIG SET dir missing", refused+"No such file or directory")
	c.want("CONFIG SET dir text", refused+"Not a directory")
	c.want("CONFIG SET dir text/b", refused+"Not a directory")
	c.want("CONFIG SET dir b", "+OK")
	c.want("SAVE", "+OK")
	if _, err := os.Stat(filepath.Join(dir, "a", "b", "dump.rdb")); err != nil {
		t.Error(err)
	}
}

// TestFilesStartup has an engine begin with what the last one saved in its folder.
func TestFilesStartup(t *testing.T) { each(t, testFilesStartup) }

func testFilesStartup(t *testing.T, m Maker) {
	config := map[string]string{"dir": t.TempDir(), "save": "", "rdbcompression": "no"}
	l := newLoop(t, LoopOptions{Maker: m, Config: config})
	c := dial(t, l)
	c.want("SET a 1", "+OK")
	c.want("SETRANGE big 3145727 x", ":3145728") // more than one piece
	c.want("SAVE", "+OK")
	c.want("SET a 2", "+OK")
	c = dial(t, newLoop(t, LoopOptions{Maker: m, Config: config}))
	c.want("GET a", "$1", "1")
	c.want("STRLEN big", ":3145728")
	path := filepath.Join(config["dir"], "dump.rdb")
	if err := os.WriteFile(path, []byte("REDIS0012"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := NewLoop(LoopOptions{Maker: m, Config: config})
	if err == nil || !strings.HasPrefix(err.Error(), "Fatal error loading the DB from "+path) {
		t.Error(err)
	}
}
