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
)

func TestPruneCache(t *testing.T) {
	dir := t.TempDir()
	folder := filepath.Join(dir, "wazero-1")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	begin := time.Unix(1_750_000_000, 0)
	write := func(name string, age time.Duration) {
		path := filepath.Join(folder, name)
		err := errors.Join(os.WriteFile(path, nil, 0o600), os.Chtimes(path, begin, begin.Add(-age)))
		if err != nil {
			t.Fatal(err)
		}
	}
	for i := range cachedMax + 3 {
		write(fmt.Sprintf("%064x", i), time.Duration(i)*time.Hour)
	}
	write("notes", 1000*time.Hour)
	pruneCache(dir)
	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) != cachedMax+1 {
		t.Fatalf("%d files, %v", len(entries), err)
	}
	for i, e := range entries[:cachedMax] {
		if want := fmt.Sprintf("%064x", i); e.Name() != want {
			t.Errorf("got %s, want %s", e.Name(), want)
		}
	}
	pruneCache(filepath.Join(dir, "none"))
}

// TestWazeroWithoutACache has a plain file where the folder of the cache should be. The module is
// none of redlet's, so that it compiles at once.
func TestWazeroWithoutACache(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	o := WazeroOptions{CacheDir: file, Module: []byte("\x00asm\x01\x00\x00\x00")}
	_, err := Wazero(o)(core.Options{})
	if err == nil || !strings.Contains(err.Error(), "not a guest of redlet") {
		t.Errorf("got %v", err)
	}
}

// TestMemoryMax gives a guest little memory: it refuses too much data, and keeps what it has.
func TestMemoryMax(t *testing.T) {
	needGuest(t, makers["wazero"])
	var log logbook
	l := newLoop(t, LoopOptions{Maker: Wazero(WazeroOptions{MemoryMax: 32 << 20}), Log: log.log})
	g := &greedy{t: t, loop: l}
	value, n, got := strings.Repeat("x", 1<<20), 0, ""
	for ; n < 64; n++ {
		if got = g.do("SET", fmt.Sprint("k", n), value); got != "+OK\r\n" {
			break
		}
	}
	if n < 2 || n == 64 || !strings.HasPrefix(got, "-OOM command not allowed") {
		t.Errorf("after %d values: %q", n, got)
	}
	for i := range n {
		if got := g.do("STRLEN", fmt.Sprint("k", i)); got != ":1048576\r\n" {
			t.Errorf("the length of k%d: %q", i, got)
		}
	}
	if len(log.lines) > 0 {
		t.Errorf("log: %q", log.lines)
	}
}

func TestWazeroRefuses(t *testing.T) {
	for name, module := range map[string][]byte{
		"nothing":      {},
		"no module":    []byte("hello"),
		"empty module": []byte("\x00asm\x01\x00\x00\x00"),
	} {
		if _, err := Wazero(WazeroOptions{Module: module})(core.Options{}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	needGuest(t, makers["wazero"])
	o := core.Options{Config: map[string]string{"no-such": "x"}}
	_, want := Native(o)
	_, err := makers["wazero"](o)
	if err == nil || want == nil || err.Error() != want.Error() {
		t.Errorf("a bad configuration: got %v, natively %v", err, want)
	}
}

// TestImportsAreDocumented compares what the guest imports and exports with wasm/ABI.md.
func TestImportsAreDocumented(t *testing.T) {
	needGuest(t, makers["wazero"])
	m, err := moduleFor(WazeroOptions{})
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../wasm/ABI.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range m.compiled.ImportedFunctions() {
		from, name, _ := f.Import()
		if from != "wasi_snapshot_preview1" || !strings.Contains(string(page), "`"+name+"`") {
			t.Errorf("%s.%s is not in ABI.md", from, name)
		}
	}
	for name := range m.compiled.ExportedFunctions() {
		if !strings.Contains(string(page), "| `"+name+"` |") {
			t.Errorf("the export %s is not in ABI.md", name)
		}
	}
	e, err := m.instantiate(core.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	// ABI.md says "about 6 MB".
	if size := e.(*wazeroEngine).memory.Size(); size < 4<<20 || size > 8<<20 {
		t.Errorf("a fresh instance has %d bytes", size)
	}
}
