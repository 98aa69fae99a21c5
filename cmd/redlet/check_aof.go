package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// aofCheck goes through append-only files as redis-check-aof does.
type aofCheck struct {
	in       io.Reader
	out      io.Writer
	fix      bool
	until    int64 // what is behind a later timestamp is cut off; 0 for nothing
	data     []byte
	at       int
	epos     int // where what was read last began
	line     int
	multi    int
	problem  string
	name     string // as messages have it
	path     string
	lastFile bool
}

// The results of the check of one file.
const (
	aofValid = iota
	aofEmpty
	aofCut
	aofCutByTime
	aofBroken
)

// checkAOF is redis-check-aof.
func checkAOF(args []string, stdin io.Reader, stdout io.Writer) int {
	c := &aofCheck{in: stdin, out: stdout}
	path := ""
	switch {
	case len(args) == 2 && (args[1] == "-v" || args[1] == "--version"):
		fmt.Fprintf(stdout, "redis-check-aof %s\n", versionText())
		return 0
	case len(args) == 2:
		path = args[1]
	case len(args) == 3 && args[1] == "--fix":
		path, c.fix = args[2], true
	case len(args) == 4 && args[1] == "--truncate-to-timestamp":
		path = args[3]
		c.until, _ = strconv.ParseInt(args[2], 10, 64)
		if c.until == 0 {
			fmt.Fprintf(stdout, "Invalid timestamp, aborting...\n")
			return 1
		}
	default:
		fmt.Fprintf(stdout, "Usage: %s [--fix|--truncate-to-timestamp $timestamp] "+
			"<file.manifest|file.aof>\n", args[0])
		return 1
	}
	text, err := os.ReadFile(path)
	if err != nil {
		fmt.Fprintf(stdout, "Cannot open file %s: %s\n", path, systemText(err))
		return 1
	}
	if isManifest(text) {
		return c.manifest(path, text)
	}
	c.say("Start checking Old-Style AOF")
	c.lastFile = true
	if result := c.file(path, path); !c.tell("AOF", path, result) {
		return 1
	}
	return 0
}

func (c *aofCheck) say(format string, args ...any) { fmt.Fprintf(c.out, format+"\n", args...) }

// isManifest tells whether a file is a list of files.
func isManifest(text []byte) bool {
	for _, line := range bytes.Split(text, []byte("\n")) {
		if len(line) > 0 && line[0] != '#' {
			return bytes.HasPrefix(line, []byte("file"))
		}
	}
	return false
}

// tell says what became of a file. It reports false if the check is to end.
func (c *aofCheck) tell(kind, name string, result int) bool {
	switch result {
	case aofValid:
		c.say("%s %s is valid", kind, name)
	case aofEmpty:
		c.say("%s %s is empty", kind, name)
	case aofCut:
		c.say("Successfully truncated AOF %s", name)
	case aofCutByTime:
		c.say("Successfully truncated AOF %s to timestamp %d", name, c.until)
	default:
		return false
	}
	return true
}

// manifest checks the files that a list names.
func (c *aofCheck) manifest(path string, text []byte) int {
	c.say("Start checking Multi Part AOF")
	type part struct{ name, kind string }
	var parts []part
	for i, line := range strings.Split(strings.TrimRight(string(text), "\n"), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		words, _ := splitLine(line)
		fields := map[string]string{}
		for k := 0; k+1 < len(words); k += 2 {
			fields[words[k]] = words[k+1]
		}
		seq, err := strconv.Atoi(fields["seq"])
		if err != nil || seq <= 0 || fields["file"] == "" || len(fields["type"]) != 1 {
			log := newLogger(c.out)
			for _, text := range []string{"\n*** FATAL AOF MANIFEST FILE ERROR ***",
				fmt.Sprintf("Reading the manifest file, at line %d", i+1),
				fmt.Sprintf(">>> '%s'", line), "Invalid AOF manifest file format"} {
				log.print(levelWarning, text)
			}
			return 1
		}
		if fields["type"] != "h" {
			parts = append(parts, part{fields["file"], fields["type"]})
		}
	}
	started := false
	for i, p := range parts {
		kind := "INCR AOF"
		at := filepath.Dir(path) + "/" + p.name
		switch {
		case p.kind == "b":
			format := "RESP"
			if begins, err := os.ReadFile(at); err == nil && bytes.HasPrefix(begins, []byte("REDIS")) {
				format = "RDB"
			}
			c.say("Start to check BASE AOF (%s format).", format)
			kind = "BASE AOF"
		case !started:
			c.say("Start to check INCR files.")
			started = true
		}
		c.lastFile = i == len(parts)-1
		if !c.tell(kind, p.name, c.file(at, p.name)) {
			return 1
		}
	}
	c.say("All AOF files and manifest are valid")
	return 0
}

// file checks one file, and cuts it if that is asked for.
func (c *aofCheck) file(path, name string) (result int) {
	var err error
	c.path, c.name = path, name
	if c.data, err = os.ReadFile(path); err != nil {
		c.say("Cannot open file %s: %s, aborting...", path, systemText(err))
		return aofBroken
	}
	if len(c.data) == 0 {
		return aofEmpty
	}
	c.at, c.line, c.multi, c.problem = 0, 1, 0, ""
	if len(c.data) >= 8 && bytes.HasPrefix(c.data, []byte("REDIS")) {
		end, ok := checkRDBFile(path, c.out)
		if !ok {
			c.say("RDB preamble of AOF file is not sane, aborting.")
			return aofBroken
		}
		c.say("RDB preamble is OK, proceeding with AOF tail...")
		c.at = end
	}
	good, cut := c.commands()
	if cut {
		return c.cutByTime(good)
	}
	if c.problem != "" {
		c.say("%s", c.problem)
	}
	size := len(c.data)
	c.say("AOF analyzed: filename=%s, size=%d, ok_up_to=%d, ok_up_to_line=%d, diff=%d", name, size,
		good, c.line, size-good)
	switch {
	case good == size:
		return aofValid
	case !c.fix:
		c.say("AOF %s is not valid. Use the --fix option to try fixing it.", name)
		return aofBroken
	case !c.lastFile:
		c.say("Failed to truncate AOF %s because it is not the last file", name)
		return aofBroken
	}
	return c.cut(good)
}

// cut shortens a file, if the user says so.
func (c *aofCheck) cut(good int) int {
	size := len(c.data)
	fmt.Fprintf(c.out, "This will shrink the AOF %s from %d bytes, with %d bytes, to %d bytes\n"+
		"Continue? [y/N]: ", c.name, size, size-good, good)
	answer, _ := bufio.NewReader(c.in).ReadString('\n')
	if !strings.HasPrefix(strings.ToLower(answer), "y") {
		c.say("Aborting...")
		return aofBroken
	}
	if os.Truncate(c.path, int64(good)) != nil {
		c.say("Failed to truncate AOF %s", c.name)
		return aofBroken
	}
	return aofCut
}

// cutByTime shortens a file to what was there at an instant.
func (c *aofCheck) cutByTime(good int) int {
	switch {
	case !c.lastFile:
		c.say("Failed to truncate AOF %s to timestamp %d to offset %d because it is not the last "+
			"file.", c.name, c.until, good)
		return aofBroken
	case good == 0:
		c.say("AOF %s has nothing before timestamp %d, aborting...", c.name, c.until)
		return aofBroken
	case os.Truncate(c.path, int64(good)) != nil:
		c.say("Failed to truncate AOF %s to timestamp %d", c.name, c.until)
		return aofBroken
	}
	return aofCutByTime
}

// commands reads to the end, or to what is wrong, and returns up to where all is right. It ends
// with cut at a timestamp that is too late.
func (c *aofCheck) commands() (good int, cut bool) {
	good = c.at
	for {
		if c.multi == 0 {
			good = c.at
		}
		if c.at == len(c.data) {
			break
		}
		switch c.data[c.at] {
		case '#':
			line, _, _ := bytes.Cut(c.data[c.at:], []byte("\n"))
			digits, is := bytes.CutPrefix(line, []byte("#TS:"))
			stamp, _ := strconv.ParseInt(strings.TrimSpace(string(digits)), 10, 64)
			if is && c.until > 0 && stamp > c.until {
				return c.at, true
			}
			c.at = min(len(c.data), c.at+len(line)+1)
			continue
		case '*':
			if c.command() {
				continue
			}
		default:
			c.say("AOF %s format error", c.name)
			return good, false
		}
		break
	}
	if c.at == len(c.data) && c.multi > 0 && c.problem == "" {
		c.fail("Reached EOF before reading EXEC for MULTI")
	}
	return good, false
}

func (c *aofCheck) fail(format string, args ...any) bool {
	c.problem = fmt.Sprintf("0x%16x: %s", c.epos, fmt.Sprintf(format, args...))
	return false
}

// command reads one command, and reports false if it is not whole.
func (c *aofCheck) command() bool {
	n, ok := c.number('*')
	for i := int64(0); ok && i < n; i++ {
		var word []byte
		if word, ok = c.text(); !ok || i > 0 {
			continue
		}
		switch {
		case strings.EqualFold(string(word), "multi"):
			if c.multi++; c.multi > 1 {
				return c.fail("Unexpected MULTI in AOF %s", c.name)
			}
		case strings.EqualFold(string(word), "exec"):
			if c.multi--; c.multi != 0 {
				return c.fail("Unexpected EXEC in AOF %s", c.name)
			}
		}
	}
	return ok
}

// number reads a line of a letter and a number.
func (c *aofCheck) number(prefix byte) (int64, bool) {
	if c.epos = c.at; c.at == len(c.data) {
		return 0, false
	}
	if c.data[c.at] != prefix {
		return 0, c.fail("Expected prefix '%c', got: '%c'", prefix, c.data[c.at])
	}
	end := c.at + 1
	for end < len(c.data) && ('0' <= c.data[end] && c.data[end] <= '9' || c.data[end] == '-') {
		end++
	}
	n, _ := strconv.ParseInt(string(c.data[c.at+1:end]), 10, 64)
	if c.at = end; !c.newline() {
		return 0, false
	}
	return n, true
}

// newline reads the end of a line.
func (c *aofCheck) newline() bool {
	var got [2]byte
	copy(got[:], c.data[c.at:])
	if got != [2]byte{'\r', '\n'} {
		return c.fail("Expected \\r\\n, got: %02x%02x", got[0], got[1])
	}
	c.at += 2
	c.line++
	return true
}

// text reads an argument.
func (c *aofCheck) text() ([]byte, bool) {
	n, ok := c.number('$')
	if !ok || n < 0 {
		return nil, false
	}
	c.epos = c.at
	if left := int64(len(c.data) - c.at); left < n+2 {
		return nil, c.fail("Expected to read %d bytes, got %d bytes", n+2, left)
	}
	word := c.data[c.at : c.at+int(n)]
	c.at += int(n)
	return word, c.newline()
}
