package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestEditsApply finds every place that is edited in the Go that runs: else a new version of Go
// would make the guest larger, and nobody would notice.
func TestEditsApply(t *testing.T) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	source, texts := filepath.Join(strings.TrimSpace(string(root)), "src"), map[string][]byte{}
	for _, e := range allEdits() {
		found, err := e.apply(source, texts)
		if err != nil {
			t.Fatal(err)
		}
		if !found {
			t.Errorf("%s does not have %q, or several of it", e.file, e.old)
		}
	}
}

func TestMetricsAreDropped(t *testing.T) {
	got := string(dropMetrics([]byte("\tm = map[string]metricData{\n" +
		"\t\t\"/cpu/idle:cpu-seconds\": {\n\t\t\tcompute: a,\n\t\t},\n" +
		"\t\t\"/gc/heap/live:bytes\": {\n\t\t\tcompute: b,\n\t\t},\n" +
		"\t\t\"/sync/mutex:seconds\": {\n\t\t\tcompute: c,\n\t\t},\n\t}\n")))
	want := "\tm = map[string]metricData{\n" +
		"\t\t\"/gc/heap/live:bytes\": {\n\t\t\tcompute: b,\n\t\t},\n\t}\n"
	if got != want {
		t.Errorf("got %s", got)
	}
}
