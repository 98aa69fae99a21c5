//go:build go1.25

package host

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/redlet/redlet/core/coretest"
)

var (
	sweepAll    = flag.Bool("sweep", false, "try every damage, not some")
	sweepRecord = flag.Bool("record", false, "as -sweep, and write down what the reference does")
)

// The parts of an append-only file that are damaged, by the ends of their names.
const (
	partBase     = "1.base.rdb"
	partCommands = "1.base.aof" // in the place of partBase
	partIncr     = "1.incr.aof"
	partManifest = "manifest"
)

// request is a command as a file holds it.
func request(args ...string) string { return string(coretest.Request(args...)) }

var (
	damagedCommands = request("SELECT", "0") + request("SET", "a", "base") +
		request("RPUSH", "l", "1", "22", "a longer element")
	damagedIncr = request("SELECT", "0") + request("SET", "b", "a\r\nb") +
		request("MULTI") + request("SET", "t", "1") + request("INCR", "t") + request("EXEC") +
		request("SET", "e", "1", "PXAT", "4102444800123") + "#TS:1700000000\r\n" +
		request("HSET", "h", "f", "0123456789") + request("DEL", "a")
)

// parts are the files of an append-only file that is whole, whose base is an image, as testdata
// has it, or commands.
func parts(t *testing.T, base string) map[string]string {
	t.Helper()
	files := map[string]string{partIncr: damagedIncr, partManifest: "file appendonly.aof." + base +
		" seq 1 type b\nfile appendonly.aof.1.incr.aof seq 1 type i\n"}
	if base == partCommands {
		files[base] = damagedCommands
		return files
	}
	image, err := os.ReadFile("testdata/damage.rdb")
	if err != nil {
		t.Fatal(err)
	}
	files[base] = string(image)
	return files
}

// damage is one thing that can befall a byte of a part.
type damage struct {
	part string // that is damaged
	base string // the kind of base beside it
	what string // happens: see hurt
	at   int
}

// harms are what can befall a byte.
var harms = []string{"cut", "00", "ff", "lf", "digit", "bit"}

// hurt returns text with a damage, and whether there is any.
func (d damage) hurt(text string) (string, bool) {
	b := text[d.at]
	switch d.what {
	case "cut":
		return text[:d.at], true
	case "00":
		b = 0
	case "ff":
		b = 0xff
	case "lf":
		b = '\n'
	case "digit":
		if b < '0' || b > '9' {
			return "", false
		}
		b = '0' + (b-'0'+1)%10
	case "bit":
		b ^= 1
	}
	return text[:d.at] + string([]byte{b}) + text[d.at+1:], text[d.at] != b
}

// eachDamage calls f with every damage there can be, and with the parts that it leaves.
func eachDamage(t *testing.T, f func(d damage, files map[string]string)) {
	for _, one := range []damage{{part: partBase, base: partBase}, {part: partIncr, base: partBase},
		{part: partManifest, base: partBase}, {part: partCommands, base: partCommands}} {
		whole := parts(t, one.base)
		for _, one.what = range harms {
			for one.at = range len(whole[one.part]) {
				text, is := one.hurt(whole[one.part])
				if is {
					files := map[string]string{one.base: whole[one.base], partIncr: whole[partIncr],
						partManifest: whole[partManifest]}
					files[one.part] = text
					f(one, files)
				}
			}
		}
	}
}

// verdict is what a server makes of an append-only file.
type verdict struct {
	digest string // of the data, shortened; "refused" if the server does not start
	sizes  string // of the parts that have another size then, "" if none has
}

// lay puts files into a folder for a server.
func lay(dir string, files map[string]string) error {
	folder := filepath.Join(dir, "appendonlydir")
	if err := os.Mkdir(folder, 0o755); err != nil {
		return err
	}
	for name, text := range files {
		err := os.WriteFile(filepath.Join(folder, "appendonly.aof."+name), []byte(text), 0o600)
		if err != nil {
			return err
		}
	}
	return nil
}

// left says which parts have another size than before.
func left(dir string, files map[string]string, base string) (sizes string) {
	for _, name := range []string{base, partIncr} {
		size := "gone"
		text, err := os.ReadFile(filepath.Join(dir, "appendonlydir", "appendonly.aof."+name))
		if err == nil {
			size = strconv.Itoa(len(text))
		}
		if err != nil || len(text) != len(files[name]) {
			sizes += " " + name + "=" + size
		}
	}
	return sizes
}

// ourVerdict is what redlet makes of files.
func ourVerdict(t *testing.T, m Maker, d damage, files map[string]string) verdict {
	dir, err := os.MkdirTemp("", "damage")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := lay(dir, files); err != nil {
		t.Fatal(err)
	}
	l, err := NewLoop(LoopOptions{Maker: m, Dir: dir, Config: logged()})
	if err != nil {
		if sizes := left(dir, files, d.base); sizes != "" {
			t.Errorf("%v: refused, but the files are changed: %s", d, sizes)
		}
		return verdict{digest: "refused"}
	}
	defer l.Close()
	digest, err := digestOf(dial(t, l).ask("DEBUG DIGEST"), nil)
	if err != nil {
		t.Fatal(err)
	}
	return verdict{digest, left(dir, files, d.base)}
}

// theirVerdict is what a real redis-server makes of files.
func theirVerdict(d damage, files map[string]string) (v verdict, err error) {
	dir, err := os.MkdirTemp("", "damage")
	if err != nil {
		return v, err
	}
	defer os.RemoveAll(dir)
	if err := lay(dir, files); err != nil {
		return v, err
	}
	answer, err := coretest.AskReference(dir, "DEBUG DIGEST", "--appendonly", "yes")
	v = verdict{"refused", left(dir, files, d.base)}
	if answer != "" {
		v.digest, err = digestOf(answer, err)
	}
	return v, err
}

// digestOf shortens what DEBUG DIGEST answers.
func digestOf(answer string, err error) (string, error) {
	if err != nil || len(answer) != 41 || answer[0] != '+' {
		return "", fmt.Errorf("DEBUG DIGEST: %q, %w", answer, err)
	}
	return answer[1:9], nil
}

const verdictsPath = "testdata/damage.txt"

// verdicts reads what a real redis-server makes of each damage.
func verdicts(t *testing.T) map[damage]verdict {
	t.Helper()
	text, err := os.ReadFile(verdictsPath)
	if err != nil {
		t.Fatal(err)
	}
	all := map[damage]verdict{}
	for line := range strings.Lines(string(text)) {
		var d damage
		var v verdict
		last := 0
		if strings.HasPrefix(line, "#") {
			continue
		}
		_, err := fmt.Sscanf(line, "%s %s %s %d-%d %s", &d.part, &d.base, &d.what, &d.at, &last,
			&v.digest)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		_, v.sizes, _ = strings.Cut(strings.TrimSuffix(line, "\n"), " "+v.digest)
		for ; d.at <= last; d.at++ {
			all[d] = v
		}
	}
	return all
}

// record writes the verdicts, a line for each row of places where they are the same.
func record(t *testing.T, all map[damage]verdict) {
	t.Helper()
	out := []byte("# What redis-server makes of a damaged append-only " +
		"file: the part, the base beside it, what\n# happens at which bytes, the digest of the data " +
		"then, and the parts that have another size afterwards.\n")
	var from, last damage
	var row verdict
	flush := func() {
		if last.part != "" {
			out = fmt.Appendf(out, "%s %s %s %d-%d %s%s\n", from.part, from.base, from.what, from.at,
				last.at, row.digest, row.sizes)
		}
	}
	eachDamage(t, func(d damage, _ map[string]string) {
		next := last
		next.at++
		if v := all[d]; d != next || v != row {
			flush()
			from, row = d, v
		}
		last = d
	})
	flush()
	if err := os.WriteFile(verdictsPath, out, 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestAOFDamage damages an append-only file at every byte and has redlet load it: the same files
// are refused as by redis-server, the others hold the same, and are cut at the same place.
func TestAOFDamage(t *testing.T) {
	want := verdicts(t)
	for name, m := range makers {
		t.Run(name, func(t *testing.T) {
			needGuest(t, m)
			n, every := 0, 7
			if name != "native" {
				every = 67 // a guest takes its time to start
			}
			eachDamage(t, func(d damage, files map[string]string) {
				if n++; n%every != 0 && !*sweepAll {
					return
				}
				if got := ourVerdict(t, m, d, files); !agree(files, d, got, want[d]) {
					t.Errorf("%v: %v, want %v", d, got, want[d])
				}
			})
		})
	}
}

// agree tells whether redlet's verdict is as good as redis-server's. Redis leaves the start of a
// transaction that was cut short in the file, and then loses what comes behind it; it appends to an
// annotation that was cut short, which then takes the next command with it; and it removes the file
// that it has just made if its manifest calls one of the same name history.
func agree(files map[string]string, d damage, ours, theirs verdict) bool {
	if ours.digest != theirs.digest {
		return false
	}
	if ours.sizes == theirs.sizes || ours.digest == "refused" {
		return true
	}
	if d.part == partManifest {
		return strings.ReplaceAll(theirs.sizes, "=gone", "=0") == ours.sizes
	}
	text := files[partIncr]
	cut, err := strconv.Atoi(strings.TrimPrefix(ours.sizes, " "+partIncr+"="))
	if err != nil || d.part != partIncr || d.what != "cut" || cut > len(text) {
		return false
	}
	return strings.HasPrefix(text[cut:], "#") || strings.HasPrefix(text[cut:], "*1\r\n$5\r\nMULTI\r\n")
}

// TestAOFDamageReference has a real redis-server load what TestAOFDamage loads.
func TestAOFDamageReference(t *testing.T) {
	coretest.NeedReference(t)
	if *sweepRecord {
		recordImage(t)
	}
	type task struct {
		d     damage
		files map[string]string
	}
	tasks := make(chan task)
	var mu sync.Mutex
	var done sync.WaitGroup
	all := map[damage]verdict{}
	for range 4 {
		done.Go(func() {
			for one := range tasks {
				v, err := theirVerdict(one.d, one.files)
				if err != nil {
					t.Errorf("%v: %v", one.d, err)
				}
				mu.Lock()
				all[one.d] = v
				mu.Unlock()
			}
		})
	}
	n := 0
	eachDamage(t, func(d damage, files map[string]string) {
		if n++; n%23 == 0 || *sweepAll || *sweepRecord {
			tasks <- task{d, files}
		}
	})
	close(tasks)
	done.Wait()
	if *sweepRecord && !t.Failed() {
		record(t, all)
	}
	want := verdicts(t)
	for d, v := range all {
		if v != want[d] {
			t.Errorf("%v: %v, but %s has %v", d, v, verdictsPath, want[d])
		}
	}
	t.Logf("%d of %d damages", len(all), n)
}

// recordImage has the reference write the base.
func recordImage(t *testing.T) {
	dir := t.TempDir()
	c := theirs(t, dir)
	c.ask("SET a base")
	c.ask("RPUSH l 1 22 element")
	c.ask("SAVE")
	image, err := os.ReadFile(filepath.Join(dir, "dump.rdb"))
	if err == nil && !bytes.HasPrefix(image, []byte("REDIS")) {
		err = errors.New("no image")
	}
	if err == nil {
		err = os.WriteFile("testdata/damage.rdb", image, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}
