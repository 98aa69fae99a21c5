// Package aofile reads and writes the texts that an append-only file is made of, as redis-server 8
// does: the manifest that names its files, and the commands in them.
package aofile

import (
	"bytes"
	"strconv"

	"github.com/redlet/redlet/internal/sds"
)

// Manifest says of which files an append-only file is made. It lies beside them.
type Manifest struct {
	Base    *File   // nil if there is none
	History []*File // what has been replaced and may be removed
	Incrs   []*File // what came after the base, in their order
}

// File is one of the files. It is never changed.
type File struct {
	Name       string // in the manifest's folder
	Seq        int64
	Start, End int64 // where it stands in the stream of replication, -1 if that is not said
}

// manifestLine is the longest line, its newline included.
const manifestLine = 1024

// ParseManifest reads a manifest. problem is what redis-server logs where it refuses one, line by
// line; else it is empty.
func ParseManifest(text []byte) (m *Manifest, problem []string) {
	m = &Manifest{}
	if len(text) == 0 {
		return nil, refuse(0, nil, "Found an empty AOF manifest")
	}
	for number := 1; len(text) > 0; number++ {
		line := text[:lineEnd(text, manifestLine)]
		text = text[len(line):]
		if line[0] == '#' {
			continue
		}
		end := bytes.IndexByte(line, '\n')
		if nul := bytes.IndexByte(line, 0); end < 0 || nul >= 0 && nul < end {
			return nil, refuse(0, nil, "The AOF manifest file contains too long line")
		}
		line = trim(line)
		if why := m.add(line); why != "" {
			return nil, refuse(number, line, why)
		}
	}
	return m, nil
}

//go:noinline
func refuse(number int, line []byte, why string) (problem []string) {
	problem = []string{"\n*** FATAL AOF MANIFEST FILE ERROR ***\n"}
	if number > 0 {
		problem = append(problem,
			"Reading the manifest file, at line "+strconv.Itoa(number)+"\n", ">>> '"+string(line)+"'\n")
	}
	return append(problem, why+"\n")
}

// errFormat refuses a line for anything that has no words of its own.
const errFormat = "Invalid AOF manifest file format"

// add takes a line in and returns what is wrong with it.
//
//go:noinline
func (m *Manifest) add(line []byte) (problem string) {
	words, ok := sds.SplitArgs(nil, line)
	if !ok || len(words) < 6 || len(words)%2 != 0 {
		return errFormat
	}
	f, named, kind := &File{Start: -1, End: -1}, false, byte(0)
	for i := 0; i < len(words); i += 2 {
		key, _, _ := bytes.Cut(words[i], []byte{0}) // as strings of C end
		value, _, _ := bytes.Cut(words[i+1], []byte{0})
		switch {
		case is(key, "file"):
			f.Name, named = string(value), true
			if bytes.IndexByte(value, '/') >= 0 || bytes.IndexByte(value, '\\') >= 0 {
				return "File can't be a path, just a filename"
			}
		case is(key, "seq"):
			f.Seq = number(value)
		case is(key, "type"):
			if kind = 0; len(value) > 0 {
				kind = value[0]
			}
		case is(key, "startoffset"):
			f.Start = number(value)
		case is(key, "endoffset"):
			f.End = number(value)
		}
	}
	if !named || f.Seq == 0 || kind == 0 {
		return errFormat
	}
	return m.put(f, kind)
}

// is tells whether a key is a word, in any case.
//
//go:noinline
func is(key []byte, word string) bool {
	if len(key) != len(word) {
		return false
	}
	for i, b := range key {
		if 'A' <= b && b <= 'Z' {
			b += 'a' - 'A'
		}
		if b != word[i] {
			return false
		}
	}
	return true
}

// trim removes blanks at both ends.
//
//go:noinline
func trim(line []byte) []byte {
	for len(line) > 0 && blank(line[0]) {
		line = line[1:]
	}
	for len(line) > 0 && blank(line[len(line)-1]) {
		line = line[:len(line)-1]
	}
	return line
}

func blank(b byte) bool { return b == ' ' || b == '\t' || b == '\r' || b == '\n' }

// put takes a file in and returns why it cannot be.
//
//go:noinline
func (m *Manifest) put(f *File, kind byte) (problem string) {
	switch {
	case kind == 'b' && m.Base != nil:
		return "Found duplicate base file information"
	case kind == 'b':
		m.Base = f
	case kind == 'h':
		m.History = append(m.History, f)
	case kind != 'i':
		return "Unknown AOF file type"
	case f.Seq <= m.lastSeq():
		return "Found a non-monotonic sequence number"
	default:
		m.Incrs = append(m.Incrs, f)
	}
	return ""
}

// Append appends the manifest's text to dst.
//
//go:noinline
func (m *Manifest) Append(dst []byte) []byte {
	text := ""
	if m.Base != nil {
		text = m.Base.line("b")
	}
	for _, f := range m.History {
		text += f.line("h")
	}
	for _, f := range m.Incrs {
		text += f.line("i")
	}
	return append(dst, text...)
}

// line is the line of a file.
//
//go:noinline
func (f *File) line(kind string) string {
	name := f.Name
	for i := range len(name) {
		if b := name[i]; b <= ' ' || b > '~' || b == '\\' || b == '"' {
			name = sds.Repr(name)
			break
		}
	}
	return "file " + name + " seq " + strconv.FormatInt(f.Seq, 10) + " type " + kind +
		offset(" startoffset ", f.Start) + offset(" endoffset ", f.End) + "\n"
}

func offset(name string, at int64) string {
	if at == -1 {
		return ""
	}
	return name + strconv.FormatInt(at, 10)
}

// Files are the files that are loaded, in their order.
//
//go:noinline
func (m *Manifest) Files() []*File {
	if m.Base == nil {
		return m.Incrs
	}
	return append([]*File{m.Base}, m.Incrs...)
}

// AddIncr adds a new, empty file of commands to those of an append-only file named name. It begins
// at an offset of the stream of replication.
//
//go:noinline
func (m *Manifest) AddIncr(name string, offset int64) {
	seq := m.lastSeq() + 1
	m.Incrs = append(m.Incrs, &File{
		Name: name + "." + strconv.FormatInt(seq, 10) + ".incr.aof", Seq: seq, Start: offset, End: -1,
	})
}

// LastIncr is the file that changes are appended to: there must be one.
//
//go:noinline
func (m *Manifest) LastIncr() *File { return m.Incrs[len(m.Incrs)-1] }

func (m *Manifest) lastSeq() int64 {
	if len(m.Incrs) == 0 {
		return 0
	}
	return m.LastIncr().Seq
}

// Clone returns a copy: adding to one of the two does not show in the other.
//
//go:noinline
func (m *Manifest) Clone() *Manifest {
	c := *m
	c.History, c.Incrs = m.History[:len(m.History):len(m.History)], m.Incrs[:len(m.Incrs):len(m.Incrs)]
	return &c
}

// Rebase puts a new base, which is an RDB image or commands, in the place of all files but the
// last. They are history.
//
//go:noinline
func (m *Manifest) Rebase(name string, image bool) {
	last := m.LastIncr()
	seq, kind := int64(1), ".base.aof"
	if m.Base != nil {
		seq = m.Base.Seq + 1
	}
	if image {
		kind = ".base.rdb"
	}
	files := m.Files()
	m.History = append(m.History, files[:len(files)-1]...)
	m.Base = &File{Name: name + "." + strconv.FormatInt(seq, 10) + kind, Seq: seq, Start: -1, End: -1}
	m.Incrs = []*File{last}
}
