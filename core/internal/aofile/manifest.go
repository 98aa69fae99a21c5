// Package aofile reads and writes the texts that an append-only file is made of, as redis-server 8
// does: the manifest that names its files, and the commands in them.
package aofile

import (
	"bytes"
	"slices"
	"strconv"

	"github.com/redlet/redlet/internal/sds"
)

// Manifest says of which files an append-only file is made. It lies beside them.
type Manifest struct {
	Base    *File  // nil if there is none
	History []File // what has been replaced and may be removed
	Incrs   []File // what came after the base, in their order
}

// File is one of the files.
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
		line = bytes.Trim(line, " \t\r\n")
		if why := m.add(line); why != "" {
			return nil, refuse(number, line, why)
		}
	}
	return m, nil
}

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
func (m *Manifest) add(line []byte) (problem string) {
	words, ok := sds.SplitArgs(nil, line)
	if !ok || len(words) < 6 || len(words)%2 != 0 {
		return errFormat
	}
	f, named, kind := File{Start: -1, End: -1}, false, byte(0)
	for i := 0; i < len(words); i += 2 {
		key, _, _ := bytes.Cut(words[i], []byte{0}) // as strings of C end
		value, _, _ := bytes.Cut(words[i+1], []byte{0})
		switch string(bytes.ToLower(key)) {
		case "file":
			if f.Name, named = string(value), true; bytes.ContainsAny(value, `/\`) {
				return "File can't be a path, just a filename"
			}
		case "seq":
			f.Seq = number(value)
		case "type":
			if kind = 0; len(value) > 0 {
				kind = value[0]
			}
		case "startoffset":
			f.Start = number(value)
		case "endoffset":
			f.End = number(value)
		}
	}
	if !named || f.Seq == 0 || kind == 0 {
		return errFormat
	}
	return m.put(f, kind)
}

// put takes a file in and returns why it cannot be.
func (m *Manifest) put(f File, kind byte) (problem string) {
	switch {
	case kind == 'b' && m.Base != nil:
		return "Found duplicate base file information"
	case kind == 'b':
		m.Base = &f
	case kind == 'h':
		m.History = append(m.History, f)
	case kind != 'i':
		return "Unknown AOF file type"
	case f.Seq <= m.lastIncr():
		return "Found a non-monotonic sequence number"
	default:
		m.Incrs = append(m.Incrs, f)
	}
	return ""
}

// Append appends the manifest's text to dst.
func (m *Manifest) Append(dst []byte) []byte {
	if m.Base != nil {
		dst = m.Base.append(dst, 'b')
	}
	for _, f := range m.History {
		dst = f.append(dst, 'h')
	}
	for _, f := range m.Incrs {
		dst = f.append(dst, 'i')
	}
	return dst
}

func (f *File) append(dst []byte, kind byte) []byte {
	dst = append(dst, "file "...)
	if slices.ContainsFunc([]byte(f.Name), quotes) {
		dst = sds.AppendRepr(dst, f.Name)
	} else {
		dst = append(dst, f.Name...)
	}
	dst = strconv.AppendInt(append(dst, " seq "...), f.Seq, 10)
	dst = append(append(dst, " type "...), kind)
	if f.Start != -1 {
		dst = strconv.AppendInt(append(dst, " startoffset "...), f.Start, 10)
	}
	if f.End != -1 {
		dst = strconv.AppendInt(append(dst, " endoffset "...), f.End, 10)
	}
	return append(dst, '\n')
}

// quotes tells whether a name with a byte stands in quotes.
func quotes(b byte) bool { return b <= ' ' || b > '~' || b == '\\' || b == '"' }

// Files are the files that are loaded, in their order.
func (m *Manifest) Files() []File {
	if m.Base == nil {
		return m.Incrs
	}
	return append([]File{*m.Base}, m.Incrs...)
}

// AddIncr adds a new, empty file of commands to those of an append-only file named name. It begins
// at an offset of the stream of replication.
func (m *Manifest) AddIncr(name string, offset int64) {
	seq := m.lastIncr() + 1
	m.Incrs = append(m.Incrs, File{
		Name: name + "." + strconv.FormatInt(seq, 10) + ".incr.aof", Seq: seq, Start: offset, End: -1,
	})
}

// Rewritten is the manifest of an append-only file named name that begins anew, with a base, which
// is an RDB image or commands. What m names is history.
func (m *Manifest) Rewritten(name string, image bool, offset int64) *Manifest {
	next := &Manifest{Base: &File{Seq: 1, Start: -1, End: -1}, History: slices.Clone(m.History)}
	if m.Base != nil {
		next.Base.Seq = m.Base.Seq + 1
	}
	kind := ".base.aof"
	if image {
		kind = ".base.rdb"
	}
	next.Base.Name = name + "." + strconv.FormatInt(next.Base.Seq, 10) + kind
	next.History = append(next.History, m.Files()...)
	next.Incrs = m.Incrs // for the number
	next.AddIncr(name, offset)
	next.Incrs = next.Incrs[len(m.Incrs):]
	return next
}

func (m *Manifest) lastIncr() int64 {
	if n := len(m.Incrs); n > 0 {
		return m.Incrs[n-1].Seq
	}
	return 0
}
