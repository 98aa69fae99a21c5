// Command build builds redlet's guest, the engine as a WebAssembly module, with the Go that runs:
//
//	go run github.com/redlet/redlet/wasm/build redlet.wasm
//
// It works in a checkout of redlet, and in any module that requires redlet. With -pgo=off before
// the name the compiler is given no profile: no function is then made long by what it calls, for
// engines that compile no long ones, as the JVM.
//
// What Go's linker wrote is rewritten, so that it compresses better and starts sooner. The linker
// cuts the data section into pieces at every run of zeros, 77,000 of them, each with an address of
// its own; in few pieces the guest is 90 KB smaller after brotli, and starts in fewer steps. And it
// keeps tables of files, lines and inlined calls, which serve stack traces alone: without them, and
// without the names of other people's functions, the guest is 250 KB smaller, and its traces still
// name the engine's functions.
//
// Go's assembler has every jump within a function go through one table. Where they can, they go
// straight: see jumps.go. Commands then take between a third and two thirds of the time.
//
// The linker exports no globals. Go keeps a few of an instance's registers there, so a host that is
// to copy an instance needs them: those that change are exported.
package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
)

func main() {
	args := os.Args[1:]
	if len(args) == 0 || len(args) > 1 && !slices.Equal(args[:len(args)-1], []string{"-pgo=off"}) {
		fmt.Fprintln(os.Stderr, "usage: build [-pgo=off] redlet.wasm")
		os.Exit(2)
	}
	if err := run(args[len(args)-1], args[:len(args)-1]); err != nil {
		fmt.Fprintln(os.Stderr, "build:", err)
		os.Exit(1)
	}
}

func run(out string, flags []string) (err error) {
	dir, err := os.MkdirTemp("", "redlet-guest")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	changes, err := overlay(dir)
	if err != nil {
		return err
	}
	linked := filepath.Join(dir, "guest.wasm")
	if err := link(linked, changes, flags); err != nil {
		return err
	}
	module, err := os.ReadFile(linked)
	if err != nil {
		return err
	}
	if !bytes.Contains(module, []byte(linesMagic)) {
		return errTable // and its runtime would not find the buckets that it looks for
	}
	if module, err = pack(module); err != nil {
		return err
	}
	return os.WriteFile(out, module, 0o644)
}

// link has Go build the guest.
//
// The compiler takes call sites for hot until they are 99 % of the profile. 58 %, and 50 % in Go's
// own packages, makes the guest 2 % smaller and no slower: what it saves in calls it loses in the
// processor's cache for code.
func link(out, overlay string, flags []string) error {
	args := append([]string{"build", "-buildmode=c-shared", "-trimpath", "-ldflags=-s -w",
		"-gcflags=all=-d=pgoinlinecdfthreshold=50",
		"-gcflags=github.com/redlet/redlet/...=-d=pgoinlinecdfthreshold=58",
		"-overlay", overlay, "-o", out}, flags...)
	build := exec.Command("go", append(args, "github.com/redlet/redlet/wasm")...)
	build.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	build.Stdout, build.Stderr = os.Stdout, os.Stderr
	return build.Run()
}

// Numbers of a module's sections.
const (
	importSection = 2
	globalSection = 6
	exportSection = 7
	codeSection   = 10
	dataSection   = 11
)

// errCut says that a module ends too early.
var errCut = errors.New("not a whole WebAssembly module")

// section is one of the parts that a module consists of.
type section struct {
	id   byte
	body []byte
}

// magic is what a module begins with.
const magic = "\x00asm\x01\x00\x00\x00"

func sectionsOf(module []byte) ([]section, error) {
	if !bytes.HasPrefix(module, []byte(magic)) {
		return nil, errCut
	}
	var sections []section
	for r := (reader{module[len(magic):]}); len(r.rest) > 0; {
		id := r.rest[0]
		r.rest = r.rest[1:]
		body, err := r.bytes()
		if err != nil {
			return nil, err
		}
		sections = append(sections, section{id, body})
	}
	return sections, nil
}

// pack returns the module with other code and another data section, and its globals exported.
func pack(module []byte) ([]byte, error) {
	sections, err := sectionsOf(module)
	if err != nil {
		return nil, err
	}
	known, err := runtimeOf(sections)
	if err != nil {
		return nil, err
	}
	empty, err := emptyPlaces(sections)
	if err != nil {
		return nil, err
	}
	out := []byte(magic)
	var globals []uint64
	for _, s := range sections {
		body := s.body
		switch s.id {
		case globalSection:
			globals, err = changing(body)
		case exportSection:
			body, err = export(body, globals)
		case tableSection:
			body, err = packTable(body, empty)
		case elementSection:
			body, err = packElements(body)
		case codeSection:
			body, err = packCode(body, known, empty)
		case dataSection:
			body, err = packData(body)
		}
		if err != nil {
			return nil, err
		}
		out = append(out, s.id)
		out = appendUnsigned(out, uint64(len(body)))
		out = append(out, body...)
	}
	return out, nil
}

// segment is a piece of memory that the module fills at its start.
type segment struct {
	at   int64
	data []byte
}

// gapMax is how many zeros between two segments are written out to make one of them. An instance
// pays with memory for every page that a segment fills, even with zeros: with 64 KB for a gap they
// are 18 pages more, and the guest is 900 bytes larger after brotli.
const gapMax = 16 << 10

func packData(body []byte) ([]byte, error) {
	segments, err := readSegments(body)
	if err != nil {
		return nil, err
	}
	segments = merge(segments)
	if err := stripLines(segments); err != nil {
		return nil, err
	}
	segments = split(segments)
	out := appendUnsigned(nil, uint64(len(segments)))
	for _, s := range segments {
		out = append(out, 0, i32Const)
		out = appendSigned(out, s.at)
		out = append(out, end)
		out = appendUnsigned(out, uint64(len(s.data)))
		out = append(out, s.data...)
	}
	return out, nil
}

// merge sorts segments and joins neighbours. The linker's do not overlap; where some do, all stay
// as they are, since the later one counts.
func merge(segments []segment) []segment {
	sorted := slices.SortedStableFunc(slices.Values(segments), func(a, b segment) int {
		return cmp.Compare(a.at, b.at)
	})
	var out []segment
	for _, s := range sorted {
		if n := len(out); n > 0 {
			last := &out[n-1]
			gap := s.at - last.at - int64(len(last.data))
			if gap < 0 {
				return segments
			}
			if gap <= gapMax {
				last.data = append(last.data, make([]byte, gap)...)
				last.data = append(last.data, s.data...)
				continue
			}
		}
		out = append(out, segment{s.at, bytes.Clone(s.data)})
	}
	return out
}

// The instructions of a constant address.
const (
	i32Const = 0x41
	end      = 0x0b
)

func readSegments(body []byte) ([]segment, error) {
	r := reader{body}
	n, err := r.unsigned()
	if err != nil {
		return nil, err
	}
	var segments []segment
	for range n {
		if len(r.rest) < 2 || r.rest[0] != 0 || r.rest[1] != i32Const {
			return nil, errors.New("a data segment that is not in memory 0 at a constant address")
		}
		r.rest = r.rest[2:]
		at, err := r.signed()
		if err != nil {
			return nil, err
		}
		if len(r.rest) < 1 || r.rest[0] != end {
			return nil, errors.New("a data segment whose address is calculated")
		}
		r.rest = r.rest[1:]
		data, err := r.bytes()
		if err != nil {
			return nil, err
		}
		segments = append(segments, segment{at, data})
	}
	return segments, nil
}

// reader reads what a module is written in.
type reader struct{ rest []byte }

// unsigned reads a LEB128 number.
func (r *reader) unsigned() (uint64, error) {
	var n uint64
	for i, b := range r.rest {
		if i == 10 {
			break
		}
		n |= uint64(b&0x7f) << (7 * i)
		if b < 0x80 {
			r.rest = r.rest[i+1:]
			return n, nil
		}
	}
	return 0, errCut
}

// signed reads a LEB128 number with a sign.
func (r *reader) signed() (int64, error) {
	size := len(r.rest)
	u, err := r.unsigned()
	bits := 7 * (size - len(r.rest))
	if err != nil || bits >= 64 {
		return int64(u), err
	}
	return int64(u<<(64-bits)) >> (64 - bits), nil
}

// bytes reads a size and so many bytes.
func (r *reader) bytes() ([]byte, error) {
	n, err := r.unsigned()
	if err != nil || n > uint64(len(r.rest)) {
		return nil, errCut
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b, nil
}

func appendUnsigned(dst []byte, n uint64) []byte {
	for ; n >= 0x80; n >>= 7 {
		dst = append(dst, byte(n)|0x80)
	}
	return append(dst, byte(n))
}

func appendSigned(dst []byte, n int64) []byte {
	for n < -0x40 || n >= 0x40 {
		dst = append(dst, byte(n)&0x7f|0x80)
		n >>= 7
	}
	return append(dst, byte(n)&0x7f)
}
