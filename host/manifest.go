package host

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// manifest says of which files an append-only file is made, in the order in which they are
// loaded. It lies beside them, as redis-server writes it.
type manifest struct {
	base  *logFile  // nil if there is none
	incrs []logFile // what came after it
	old   []logFile // what has been replaced and may be removed
}

// logFile is one of the files.
type logFile struct {
	name string // in the manifest's folder
	seq  int64
}

const errManifest = "Invalid AOF manifest file format"

// readManifest reads the manifest of the append-only file at path. It answers nil if there is none.
func readManifest(path string) (*manifest, error) {
	text, err := os.ReadFile(path + ".manifest")
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	m := &manifest{}
	for i, line := range strings.Split(strings.TrimSuffix(string(text), "\n"), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		if problem := m.add(line); problem != "" {
			return nil, fmt.Errorf("FATAL AOF MANIFEST FILE ERROR: reading the manifest file, at "+
				"line %d: '%s': %s", i+1, line, problem)
		}
	}
	return m, nil
}

// add takes a line in and returns what is wrong with it.
func (m *manifest) add(line string) (problem string) {
	var f logFile
	kind := ""
	for rest := line; rest != ""; {
		var key, value string
		if key, rest = manifestWord(rest); rest == "" {
			return errManifest
		}
		value, rest = manifestWord(rest)
		switch key {
		case "file":
			f.name = value
		case "seq":
			f.seq, _ = strconv.ParseInt(value, 10, 64)
		case "type":
			kind = value
		}
	}
	switch {
	case f.name == "" || f.seq == 0:
		return errManifest
	case filepath.Base(f.name) != f.name:
		return "File can't be a path, just a filename"
	case kind == "b" && m.base != nil:
		return "Found duplicate base file information"
	case kind == "b":
		m.base = &f
	case kind == "h":
		m.old = append(m.old, f)
	case kind != "i":
		return "Unknown AOF file type"
	case len(m.incrs) > 0 && f.seq <= m.incrs[len(m.incrs)-1].seq:
		return "Found a non-monotonic sequence number"
	default:
		m.incrs = append(m.incrs, f)
	}
	return ""
}

// manifestWord takes the first word of a line, which may stand between double quotes.
func manifestWord(line string) (word, rest string) {
	if quoted, err := strconv.QuotedPrefix(line); err == nil && line[0] == '"' {
		word, _ = strconv.Unquote(quoted)
		return word, strings.TrimLeft(line[len(quoted):], " ")
	}
	word, rest, _ = strings.Cut(line, " ")
	return word, strings.TrimLeft(rest, " ")
}

// write puts the manifest in its place.
func (m *manifest) write(path string) error {
	var text []byte
	line := func(f logFile, kind string) {
		name := f.name
		if strings.ContainsAny(name, " \"\\'") || strconv.Quote(name) != `"`+name+`"` {
			name = strconv.Quote(name)
		}
		text = fmt.Appendf(text, "file %s seq %d type %s\n", name, f.seq, kind)
	}
	if m.base != nil {
		line(*m.base, "b")
	}
	for _, f := range m.incrs {
		line(f, "i")
	}
	return writeFile(path+".manifest", text)
}

// lastSeqs are the greatest numbers in use.
func (m *manifest) lastSeqs() (base, incr int64) {
	if m == nil {
		return 0, 0
	}
	if m.base != nil {
		base = m.base.seq
	}
	for _, f := range m.incrs {
		incr = max(incr, f.seq)
	}
	return base, incr
}

// remove removes the files. One that stays harms nobody.
func (m *manifest) remove(dir string) {
	if m == nil {
		return
	}
	for _, f := range append(m.files(), m.old...) {
		_ = os.Remove(filepath.Join(dir, f.name))
	}
}

// files are all files but the manifest, in the order in which they are loaded.
func (m *manifest) files() []logFile {
	if m.base == nil {
		return m.incrs
	}
	return append([]logFile{*m.base}, m.incrs...)
}
