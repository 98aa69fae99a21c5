package core_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redlet/redlet/core/coretest"
)

var rewrite = flag.Bool("rewrite", false, "write the engine's replies into the transcripts")

// TestTranscripts plays every transcript against the engine.
func TestTranscripts(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatal("no transcripts", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			tr, err := coretest.Load(path)
			if err != nil {
				t.Fatal(err)
			}
			s, err := coretest.NewEngine(nil)
			if err != nil {
				t.Fatal(err)
			}
			got, err := coretest.Play(tr, s, *rewrite)
			switch {
			case err == nil:
			case *rewrite:
				if err := os.WriteFile(path, tr.Rewrite(got), 0o644); err != nil {
					t.Fatal(err)
				}
			default:
				t.Error(err)
			}
		})
	}
}
