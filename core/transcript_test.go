package core_test

import (
	"flag"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redlet/redlet/core/coretest"
)

var (
	rewrite = flag.Bool("rewrite", false, "write the engine's replies into the transcripts")
	record  = flag.Bool("record", false, "write the replies of the reference into them")
)

// transcripts yields every transcript by its name.
func transcripts(t *testing.T) iter.Seq2[string, *coretest.Transcript] {
	return transcriptsIn(t, "testdata")
}

// transcriptsIn yields those of a folder.
func transcriptsIn(t *testing.T, dir string) iter.Seq2[string, *coretest.Transcript] {
	t.Helper()
	paths, err := filepath.Glob(dir + "/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatal("no transcripts", err)
	}
	return func(yield func(string, *coretest.Transcript) bool) {
		for _, path := range paths {
			tr, err := coretest.Load(path)
			if err != nil {
				t.Fatal(err)
			}
			if !yield(strings.TrimSuffix(filepath.Base(path), ".txt"), tr) {
				return
			}
		}
	}
}

// play plays a transcript, or writes its replies anew.
func play(t *testing.T, tr *coretest.Transcript, s coretest.Session, write bool) {
	t.Helper()
	defer s.Close()
	got, err := coretest.Play(tr, s, write)
	switch {
	case err == nil:
	case write:
		if err := os.WriteFile(tr.Name, tr.Rewrite(got), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Error(err)
	}
}

// testConfig is what every transcript may rely on.
var testConfig = map[string]string{"enable-debug-command": "yes"}

// newEngine returns an engine for a transcript: as new as that needs it.
func newEngine(t *testing.T, tr *coretest.Transcript) *coretest.Engine {
	t.Helper()
	config := maps.Clone(testConfig)
	if version := tr.Needs(); version != "" {
		config["compat"] = version
	}
	e, err := coretest.NewEngine(config)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// TestTranscripts plays every transcript against the engine.
func TestTranscripts(t *testing.T) {
	for name, tr := range transcripts(t) {
		t.Run(name, func(t *testing.T) {
			play(t, tr, newEngine(t, tr), *rewrite)
		})
	}
}

// TestTranscriptsReference plays every transcript against a real redis-server.
func TestTranscriptsReference(t *testing.T) {
	ref := coretest.StartReference(t)
	for name, tr := range transcripts(t) {
		t.Run(name, func(t *testing.T) {
			if tr.Turns() {
				ref.NeedClock(t)
			}
			s, err := ref.Session()
			if err != nil {
				t.Fatal(err)
			}
			play(t, tr, s, *record)
		})
	}
}

// TestVariants plays every transcript in the other ways that must not change an answer.
func TestVariants(t *testing.T) {
	for _, v := range coretest.Variants {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			varied := 0
			for name, tr := range transcripts(t) {
				t.Run(name, func(t *testing.T) {
					s := v.Wrap(func() *coretest.Engine { return newEngine(t, tr) })
					coretest.Run(t, tr, s)
					varied += s.Varied
				})
			}
			t.Logf("%d commands went %s", varied, v.Name)
		})
	}
}
