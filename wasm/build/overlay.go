package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// edit changes one place in a file of Go's library, for the guest alone.
type edit struct{ file, old, new string }

// wideBuckets has the guest's runtime look for functions in buckets of 64 KiB, which packBuckets
// leaves, in place of the linker's.
var wideBuckets = edit{"internal/abi/symtab.go",
	"const FuncTabBucketSize = 256 * MINFUNC", "const FuncTabBucketSize = 64 << 10"}

// unused are places at which Go's runtime goes into what nothing in a guest turns on, or what it
// has no second module for. The compiler leaves out what comes behind a constant, and the linker
// what is then called by nobody.
var unused = []edit{
	// The execution tracer, which stands inline wherever a goroutine changes its state.
	{"runtime/traceruntime.go", "return trace.enabled\n", "return false\n"},
	{"runtime/traceruntime.go", "return trace.enabledWithAllocFree", "return false"},
	{"runtime/traceruntime.go", "return trace.shutdown.Load()", "return false"},
	{"runtime/traceruntime.go", "return tl.gen != 0\n", "return false\n"},
	// The profiles of allocations, of waiting, and of locks.
	{"runtime/malloc.go", "func profilealloc(mp *m, x unsafe.Pointer, size uintptr) {",
		"func profilealloc(mp *m, x unsafe.Pointer, size uintptr) {\n\treturn"},
	{"runtime/mprof.go", "func blockevent(cycles int64, skip int) {",
		"func blockevent(cycles int64, skip int) {\n\treturn"},
	{"runtime/mprof.go", "func mutexevent(cycles int64, skip int) {",
		"func mutexevent(cycles int64, skip int) {\n\treturn"},
	// What GODEBUG has written about the scheduler and collections.
	{"runtime/panic.go", "if debug.schedtrace > 0 || debug.scheddetail > 0 {", "if false {"},
	{"runtime/mgc.go", "if debug.gctrace > 0 {", "if false {"},
	{"runtime/mgc.go", "\n\t\tif debug.checkfinalizers > 0 {", "\n\t\tif false {"},
	{"runtime/mgc.go", "\n\tif debug.checkfinalizers > 0 {", "\n\tif false {"},
	// The check of the linker's table of functions, which goes through all of them at each start.
	{"runtime/proc.go", "\tmoduledataverify()\n", ""},
	// The types of further modules.
	{"runtime/type.go", "func typelinksinit() {", "func typelinksinit() {\n\treturn"},
	// Counters of GODEBUG's settings and the descriptions of all metrics, made at each start.
	{metricsFile, "range godebugs.All {", "range []godebugs.Info(nil) {"},
	{"runtime/metrics/description.go", "func init() {", "func describe() {"},
	// What is skipped for the heap to begin at a round address has never been used. The runtime frees
	// it, which clears it: 188 KB that an instance would pay for.
	{"runtime/mem_sbrk.go", "memFree(r, l)\n", "last := &memFreelist\n" +
		"for *last != 0 {\n last = &last.ptr().next\n}\n" +
		"*(*memHdr)(r) = memHdr{size: l}\n last.set((*memHdr)(r))\n"},
}

// patient are places at which the collector works for as long as it likes, in the one thread that
// there is: a worker until a part of all the time since the marking began is made up for, and what
// allocates until it has marked as much as it takes, all that there is for a large table. Each has
// a quarter of 16 ms here; what marking then lacks, the next ones do. A heap of more than a quarter
// of its limit has no time to lose.
var patient = []edit{
	{"runtime/mgc.go",
		"return float64(selfTime)/float64(delta) > 1.2*gcController.fractionalUtilizationGoal",
		"return float64(selfTime)/float64(delta) > 1.2*gcController.fractionalUtilizationGoal ||\n" +
			"now-p.gcMarkWorkerStartTime > 4e6"},
	{"runtime/mgcpacer.go", "if delta > 0 && float64(pp.gcFractionalMarkTime",
		"if pp.gcFractionalMarkTime.Load() > 4e6 && now-pp.gcMarkWorkerStartTime < 16e6 ||\n" +
			"delta > 0 && float64(pp.gcFractionalMarkTime"},
	{"runtime/mgcmark.go", "// gcWakeAllAssists wakes",
		"var assists struct{ began, took int64 }\n\n// gcWakeAllAssists wakes"},
	{"runtime/mgcmark.go", "	trackLimiterEvent := gp.m.p.ptr().limiterEvent.start(" +
		"limiterEventMarkAssist, startTime)\n\n	gcBeginWork()\n", `
	patient := gcController.heapLive.Load() < uint64(gcController.memoryLimit.Load())/4
	if patient {
		if startTime-assists.began > 16e6 {
			assists.began, assists.took = startTime, 0
		}
		if assists.took > 4e6 {
			gp.gcAssistBytes = 0
			return
		}
		scanWork = min(scanWork, 1<<20)
	}
	trackLimiterEvent := gp.m.p.ptr().limiterEvent.start(limiterEventMarkAssist, startTime)

	gcBeginWork()
`},
	{"runtime/mgcmark.go", "	duration := now - startTime\n	pp := gp.m.p.ptr()\n", `
	duration := now - startTime
	if assists.took += duration; patient {
		gp.gcAssistBytes = max(gp.gcAssistBytes, 0)
	}
	pp := gp.m.p.ptr()
`},
}

// stretch adds a metric: the size of the longest stretch of the heap that is free. The allocator
// keeps it, in the one summary that there is of each half of a guest's memory.
var stretch = edit{metricsFile, "\t\t\"/memory/classes/heap/stacks:bytes\": {",
	`		"/memory/classes/heap/stretch:bytes": {
			compute: func(in *statAggregate, out *metricValue) {
				pages := uint(0)
				for _, half := range mheap_.pages.summary[0] {
					pages = max(pages, half.max())
				}
				out.kind = metricKindUint64
				out.scalar = uint64(pages) * pageSize
			},
		},
		"/memory/classes/heap/stacks:bytes": {`}

// memoryLimit has the collector know the limit of a module's memory where the host names none: it
// is 4 GiB but for a sixteenth and 8 MiB, as wasm/ABI.md asks of a host.
var memoryLimit = edit{"runtime/mgcpacer.go", "if p == \"\" || p == \"off\" {",
	"if p == \"\" {\n\t\treturn 15<<28 - 8<<20\n\t}\n\tif p == \"off\" {"}

// metrics are those that the guest asks for. The runtime has a function for each that it knows, and
// enters them all in a table when it is asked first.
var metrics = []string{"/memory/classes/heap/", "/gc/heap/live:", "/gc/cycles/total:",
	"/gc/gomemlimit:"}

const metricsFile = "runtime/metrics.go"

// dropMetrics leaves metrics alone in the text of metricsFile.
func dropMetrics(text []byte) []byte {
	var kept []byte
	keep := true
	for line := range bytes.Lines(text) {
		if entry, is := bytes.CutPrefix(line, []byte("\t\t\"")); is {
			keep = slices.ContainsFunc(metrics, func(name string) bool {
				return bytes.HasPrefix(entry, []byte(name))
			})
		}
		if keep {
			kept = append(kept, line...)
		}
		keep = keep || string(line) == "\t\t},\n"
	}
	return kept
}

// words has strings compared by eight bytes as long as these are the same, where Go's library takes
// one at a time on WebAssembly.
var words = []edit{
	{"internal/bytealg/equal_wasm.s", "\nloop:\n\tLoop\n", eightEqual("I64", "Get R0\nI32WrapI64\n",
		"Get R1\nI32WrapI64\n") + "\nloop:\n\tLoop\n"},
	{"internal/bytealg/compare_wasm.s", "\tGet R2\n\tIf $1\n", eightEqual("I32", "Get R0\n",
		"Get R1\n") + "\tGet R2\n\tIf $1\n"},
}

// eightEqual is a loop that passes over eight bytes at a time of what R0 and R1 point to, R2 bytes
// of each, until some differ or fewer are left. The registers are of a type; a and b put what the
// first two hold on the stack as addresses.
func eightEqual(kind, a, b string) string {
	text := "Block\nLoop\nGet R2\n*Const $8\n*LtU\nBrIf $1\n" +
		a + "I64Load $0\n" + b + "I64Load $0\nI64Ne\nBrIf $1\n"
	for _, step := range [...]string{"R0\n*Const $8", "R1\n*Const $8", "R2\n*Const $-8"} {
		text += "Get " + step + "\n*Add\nSet " + step[:2] + "\n"
	}
	return strings.ReplaceAll(text, "*", kind) + "Br $0\nEnd\nEnd\n"
}

// overlay has Go build the guest with a runtime that knows of wide buckets, of stretches and of a
// module's memory, and nothing of what is unused, and that compares strings by words. Where another
// version of Go does not have a place of these, the guest is larger and slower, guesses what is
// free, and knows no limit that its host does not name. It returns the file that tells Go so.
func overlay(dir string) (string, error) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return "", err
	}
	source := filepath.Join(strings.TrimSpace(string(root)), "src")
	texts := map[string][]byte{}
	for _, e := range allEdits() {
		found, err := e.apply(source, texts)
		if err == nil && !found && e == wideBuckets {
			err = errTable
		}
		if err != nil {
			return "", err
		}
	}
	if text, is := texts[metricsFile]; is {
		texts[metricsFile] = dropMetrics(text)
	}
	replace := map[string]string{}
	for file, text := range texts {
		changed := filepath.Join(dir, strings.ReplaceAll(file, "/", "_"))
		if err := os.WriteFile(changed, text, 0o644); err != nil {
			return "", err
		}
		replace[filepath.Join(source, filepath.FromSlash(file))] = changed
	}
	list, err := json.Marshal(map[string]map[string]string{"Replace": replace})
	if err != nil {
		return "", err
	}
	name := filepath.Join(dir, "overlay.json")
	return name, os.WriteFile(name, list, 0o644)
}

// allEdits are all that the guest's Go is changed by.
func allEdits() []edit {
	return slices.Concat([]edit{wideBuckets, stretch, memoryLimit}, unused, words, patient)
}

// apply makes an edit in texts, which has the files that were changed so far. It tells whether its
// place is there.
func (e *edit) apply(source string, texts map[string][]byte) (bool, error) {
	text, is := texts[e.file]
	if !is {
		var err error
		if text, err = os.ReadFile(filepath.Join(source, filepath.FromSlash(e.file))); err != nil {
			return false, err
		}
	}
	if bytes.Count(text, []byte(e.old)) != 1 {
		return false, nil
	}
	texts[e.file] = bytes.Replace(text, []byte(e.old), []byte(e.new), 1)
	return true, nil
}
