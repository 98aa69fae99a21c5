package guest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redlet/redlet/core"
	"github.com/redlet/redlet/host"
)

// needGuest skips a test where the guest is not built.
func needGuest(t *testing.T) {
	if _, err := Module(); err != nil {
		t.Skip(err)
	}
}

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

// TestNoCache has a plain file where the folder of the cache should be. The module is
// none of redlet's, so that it compiles at once.
func TestNoCache(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	o := Options{CacheDir: file, Module: []byte("\x00asm\x01\x00\x00\x00")}
	_, err := Maker(o)(core.Options{})
	if err == nil || !strings.Contains(err.Error(), "not a guest of redlet") {
		t.Errorf("got %v", err)
	}
}

func TestMakerRefuses(t *testing.T) {
	for name, module := range map[string][]byte{
		"nothing":      {},
		"no module":    []byte("hello"),
		"empty module": []byte("\x00asm\x01\x00\x00\x00"),
	} {
		if _, err := Maker(Options{Module: module})(core.Options{}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	needGuest(t)
	o := core.Options{Config: map[string]string{"no-such": "x"}}
	_, want := host.Native(o)
	_, err := Maker(Options{})(o)
	if err == nil || want == nil || err.Error() != want.Error() {
		t.Errorf("a bad configuration: got %v, natively %v", err, want)
	}
}

// TestImportsAreDocumented compares what the guest imports and exports with wasm/ABI.md.
func TestImportsAreDocumented(t *testing.T) {
	needGuest(t)
	m, err := moduleFor(Options{})
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../../wasm/ABI.md")
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
	if size := len(e.(*engine).Memory()); size < 4<<20 || size > 8<<20 {
		t.Errorf("a fresh instance has %d bytes", size)
	}
}
