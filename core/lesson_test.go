package core_test

import (
	"maps"
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/redlet/redlet/core/coretest"
)

// eachTry runs a test for every way through every lesson.
func eachTry(t *testing.T, test func(t *testing.T, tr *coretest.Transcript, try *coretest.Try)) {
	for name, tr := range transcriptsIn(t, "testdata/lessons") {
		tries, err := tr.Tries()
		if err != nil {
			t.Fatal(err)
		}
		if len(tries) < 3 {
			t.Errorf("%s has fewer than two wrong tries", name)
		}
		for i := range tries {
			t.Run(name+"/"+strconv.Itoa(i), func(t *testing.T) { test(t, tr, &tries[i]) })
		}
	}
}

// playTry goes one way through a lesson, or writes its replies anew.
func playTry(t *testing.T, tr *coretest.Transcript, try *coretest.Try, s coretest.Session,
	write bool) {
	t.Helper()
	defer s.Close()
	got, err := coretest.PlayTry(tr, try, s, write)
	if !write {
		if err != nil {
			t.Error(err)
		}
		return
	}
	text := tr.Rewrite(got)
	again, err := coretest.ParseTranscript(tr.Name, text)
	if err != nil {
		t.Fatal(err)
	}
	*tr = *again
	if err := os.WriteFile(tr.Name, text, 0o644); err != nil {
		t.Fatal(err)
	}
}

// newSchool returns an engine for a lesson.
func newSchool(t *testing.T, tr *coretest.Transcript) *coretest.Engine {
	t.Helper()
	config := maps.Clone(testConfig)
	config["port"] = "0"
	maps.Copy(config, tr.Config)
	e, err := coretest.NewEngine(config)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// TestLessons solves every lesson of the playground, and fails at it as its wrong tries do.
func TestLessons(t *testing.T) {
	eachTry(t, func(t *testing.T, tr *coretest.Transcript, try *coretest.Try) {
		playTry(t, tr, try, newSchool(t, tr), *rewrite)
	})
}

// TestLessonsUntried checks that no lesson is solved before it begins.
func TestLessonsUntried(t *testing.T) {
	for name, tr := range transcriptsIn(t, "testdata/lessons") {
		if says, err := tr.Untried(newSchool(t, tr)); err != nil || says == "" {
			t.Errorf("%s: the checks say %q to who has done nothing; %v", name, says, err)
		}
	}
}

// TestLessonsReference does so on a real redis-server.
func TestLessonsReference(t *testing.T) {
	common := coretest.StartReference(t)
	eachTry(t, func(t *testing.T, tr *coretest.Transcript, try *coretest.Try) {
		ref := common
		if len(tr.Config) > 0 || changesServer(tr) {
			args := []string{"--cluster-port", strconv.Itoa(freePort(t))}
			for name, value := range tr.Config {
				args = append(args, "--"+name, value)
			}
			ref = coretest.StartReference(t, args...)
		}
		clustered := tr.Config["cluster-enabled"] == "yes"
		if tr.Turns() || clustered {
			ref.NeedClock(t)
		}
		s, err := ref.Session()
		if err != nil {
			t.Fatal(err)
		}
		if clustered { // it serves its slots only after some seconds, so the lesson finds it at that
			serveAll(t, s)
		}
		playTry(t, tr, try, s, *record)
	})
}

// changesServer tells whether a lesson changes more than data and statistics.
func changesServer(tr *coretest.Transcript) bool {
	return slices.ContainsFunc(tr.Steps, func(step coretest.Step) bool {
		return step.Kind == coretest.Command &&
			(slices.Contains([]string{"ACL", "FUNCTION", "REPLICAOF", "SCRIPT"}, step.Args[0]) ||
				slices.Equal(step.Args[:min(2, len(step.Args))], []string{"CONFIG", "SET"}))
	})
}
