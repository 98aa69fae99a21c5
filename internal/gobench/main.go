//go:build !redlet && !miniredis

// What measures is not part of the binaries that are measured: hence the line above.

// Gobench compares what redlet and miniredis cost a team that tests in Go, in one run: what they
// add to a test binary, and what a server and its commands take through a client and a port.
//
//	cd internal/gobench && go run .           # a quiet machine, some minutes
//	cd internal/gobench && go run . -quick    # shows that it works; its figures mean nothing
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

var (
	quick = flag.Bool("quick", false, "measure each thing once and leave out the cold build")
	count = flag.Int("count", 5, "how often each benchmark runs: the best counts")
)

// kind is one of the two.
type kind struct {
	name, tag string
	module    string // whose packages it is
	binary    string // its test binary
	figures   map[string]float64
}

func main() {
	flag.Parse()
	if err := measure(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func measure() (err error) {
	dir, err := os.MkdirTemp("", "gobench")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := settle(dir); err != nil {
		return err
	}
	kinds := []*kind{
		{name: "redlet", tag: "redlet", module: ours},
		{name: "miniredis", tag: "miniredis", module: "github.com/alicebob/miniredis/v2"},
	}
	for _, k := range kinds {
		k.binary = filepath.Join(dir, k.name+".test")
		k.figures = map[string]float64{}
		for _, step := range []func(*kind, string) error{build, binarySize, deps, memory} {
			if err := step(k, dir); err != nil {
				return fmt.Errorf("%s: %w", k.name, err)
			}
		}
	}
	for _, step := range []func([]*kind) error{edits, hundred, benchmarks} {
		if err := step(kinds); err != nil {
			return err
		}
	}
	table(kinds)
	return nil
}

// command runs a command in the place and returns what it printed.
func command(env []string, name string, args ...string) (string, error) {
	c := exec.Command(name, args...)
	c.Dir = place.dir
	c.Env = append(append(os.Environ(), place.env...), env...)
	out, err := c.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out), nil
}

// timed is command, and tells the seconds that it took.
func timed(env []string, name string, args ...string) (float64, error) {
	began := time.Now()
	_, err := command(env, name, args...)
	return time.Since(began).Seconds(), err
}

// build makes the test binary, with a cache that has nothing unless the run is quick.
func build(k *kind, dir string) error {
	if !*quick {
		s, err := timed([]string{"GOCACHE=" + filepath.Join(dir, "cache-"+k.name)}, "go",
			k.building()...)
		if err != nil {
			return err
		}
		k.figures["go test -c, nothing cached (s)"] = s
	}
	_, err := command(nil, "go", k.building()...)
	return err
}

func (k *kind) building() []string {
	return []string{"test", "-c", "-tags", k.tag, "-o", k.binary, "."}
}

// edits builds after an edit of a test file, by turns.
func edits(kinds []*kind) error {
	edited := filepath.Join(place.dir, "edited_test.go")
	for range runs() {
		for _, k := range kinds {
			text := fmt.Sprintf("package main\n\nconst edited = %d\n", time.Now().UnixNano())
			if err := os.WriteFile(edited, []byte(text), 0o666); err != nil {
				return err
			}
			s, err := timed(nil, "go", k.building()...)
			if err != nil {
				return fmt.Errorf("%s: %w", k.name, err)
			}
			k.best("go test -c after an edit (s)", s)
		}
	}
	return nil
}

// best notes a figure unless there is a lower one already.
func (k *kind) best(row string, figure float64) {
	if was := k.figures[row]; was == 0 || figure < was {
		k.figures[row] = figure
	}
}

func binarySize(k *kind, dir string) error {
	stripped := filepath.Join(dir, "stripped.test")
	_, err := command(nil, "go", "test", "-c", "-tags", k.tag, "-ldflags", "-s -w", "-o", stripped,
		".")
	if err != nil {
		return err
	}
	info, err := os.Stat(stripped)
	if err != nil {
		return err
	}
	k.figures["test binary, stripped (MB)"] = float64(info.Size()) / 1e6
	return nil
}

// deps counts the packages that the server depends on: the standard library's and other modules',
// and those of other modules alone. Into how many folders its own code is divided is nobody's cost.
func deps(k *kind, _ string) error {
	out, err := command(nil, "go", "list", "-deps", k.module)
	if err != nil {
		return err
	}
	all, foreign := 0, 0
	for _, name := range strings.Fields(out) {
		if strings.HasPrefix(name, k.module) {
			continue
		}
		all++
		if first, _, _ := strings.Cut(name, "/"); strings.Contains(first, ".") {
			foreign++
		}
	}
	k.figures["packages that it imports"] = float64(all)
	k.figures["packages of other modules"] = float64(foreign)
	return nil
}

// hundreds is how often the hundred tests run: a single run of some 30 ms says little.
const hundreds = 100

// hundred runs a hundred tests with a server each, by turns.
func hundred(kinds []*kind) error {
	for range hundreds {
		for _, k := range kinds {
			s, err := timed(nil, k.binary, "-test.run", "Hundred")
			if err != nil {
				return fmt.Errorf("%s: %w", k.name, err)
			}
			k.best("a hundred tests (ms)", 1e3*s)
		}
	}
	return nil
}

func runs() int {
	if *quick {
		return 1
	}
	return *count
}

var memoryLine = regexp.MustCompile(`(?m)^(heap|resident) (-?\d+)$`)

func memory(k *kind, _ string) error {
	out, err := command(nil, k.binary, "-test.run", "Memory")
	if err != nil {
		return err
	}
	for _, m := range memoryLine.FindAllStringSubmatch(out, -1) {
		n, err := strconv.ParseFloat(m[2], 64)
		if err != nil {
			return err
		}
		k.figures[m[1]+" a server (KB)"] = n / 1e3
	}
	return nil
}

// benches are the benchmarks, with the unit in which the table has them.
var benches = []struct {
	name, row string
	unit      float64 // in nanoseconds
	time      string
}{
	{"Start", "Run, Addr, Close (µs)", 1e3, "1000x"},
	{"Pipeline", "pipeline of 100 SET (µs)", 1e3, "2000x"},
	{"Eval", "EVAL with 100 INCR (µs)", 1e3, "2000x"},
	{"Set", "100,000 SET (ms)", 1e6, "1x"},
}

var benchLine = regexp.MustCompile(`(?m)^Benchmark\S+\s+\d+\s+([\d.]+) ns/op`)

// benchmarks runs both by turns, so that what else the machine does meets both.
func benchmarks(kinds []*kind) error {
	for _, b := range benches {
		for range runs() {
			for _, k := range kinds {
				out, err := command(nil, k.binary, "-test.run", "^$", "-test.bench",
					"^Benchmark"+b.name+"$", "-test.benchtime", b.time)
				if err != nil {
					return fmt.Errorf("%s: %w", k.name, err)
				}
				m := benchLine.FindStringSubmatch(out)
				if m == nil {
					return fmt.Errorf("%s: no figure in\n%s", k.name, out)
				}
				ns, err := strconv.ParseFloat(m[1], 64)
				if err != nil {
					return err
				}
				k.best(b.row, ns/b.unit)
			}
		}
	}
	return nil
}

// table prints the figures side by side.
func table(kinds []*kind) {
	rows := []string{"test binary, stripped (MB)", "packages that it imports",
		"packages of other modules", "go test -c, nothing cached (s)",
		"go test -c after an edit (s)", "heap a server (KB)", "resident a server (KB)",
		"a hundred tests (ms)"}
	for _, b := range benches {
		rows = append(rows, b.row)
	}
	fmt.Printf("| %-32s | %10s | %10s | ratio |\n", "less is better", kinds[0].name, kinds[1].name)
	fmt.Printf("| %s | %s: | %s: | ----: |\n", strings.Repeat("-", 32), strings.Repeat("-", 9),
		strings.Repeat("-", 9))
	for _, row := range rows {
		a, is := kinds[0].figures[row]
		b := kinds[1].figures[row]
		if !is {
			continue
		}
		ratio := "     "
		if b > 0 {
			ratio = fmt.Sprintf("%5.2f", a/b)
		}
		fmt.Printf("| %-32s | %10s | %10s | %s |\n", row, short(a), short(b), ratio)
	}
}

// short writes a figure with three digits or so.
func short(f float64) string {
	switch {
	case f >= 100 || f == float64(int(f)):
		return strconv.FormatFloat(f, 'f', 0, 64)
	case f >= 10:
		return strconv.FormatFloat(f, 'f', 1, 64)
	}
	return strconv.FormatFloat(f, 'f', 2, 64)
}
