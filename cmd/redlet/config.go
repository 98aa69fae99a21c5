package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// directive is one line of a configuration: a name and its arguments.
type directive struct {
	name string // in lower case
	args []string
	line int    // counted from 1, in its own file
	text string // as written, without the white space around it
}

// badDirective is a configuration that cannot be obeyed. It prints as redis-server prints it.
type badDirective struct {
	line   int
	text   string
	reason string
}

func (e *badDirective) Error() string {
	return fmt.Sprintf("\n*** FATAL CONFIG FILE ERROR (%s) ***\n"+
		"Reading the configuration file, at line %d\n>>> '%s'\n%s\n",
		versionName, e.line, e.text, e.reason)
}

// unreadable is a configuration file that could not be opened.
type unreadable struct {
	path string
	err  error
}

func (e *unreadable) Error() string {
	return fmt.Sprintf("Fatal error, can't open config file '%s': %s", e.path, systemText(e.err))
}

// systemText words an error of the system as C's strerror does.
func systemText(err error) string {
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		return err.Error()
	}
	text := errno.Error()
	return strings.ToUpper(text[:1]) + text[1:]
}

// arguments are what the command line asks for.
type arguments struct {
	file    string // the configuration file, "" for none
	stdin   bool   // read further configuration from standard input
	options string // configuration text that the options stand for
}

// parseArguments reads the command line as redis-server does: a file first if the first argument
// is none of the options; each --name begins a line, what follows it are the line's arguments; a
// lone - in the first or last place is standard input.
func parseArguments(args []string) arguments {
	var a arguments
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		a.file, args = args[0], args[1:]
	}
	var options strings.Builder
	named := false // an option has been named that has no argument yet
	for i, arg := range args {
		switch {
		case arg == "-" && (i == 0 || i == len(args)-1):
			a.stdin = true
		case strings.HasPrefix(arg, "--") && !named:
			if options.Len() > 0 {
				options.WriteByte('\n')
			}
			options.WriteString(arg[2:])
			words, _ := splitLine(arg[2:])
			named = len(words) == 1
			if arg == "--save" && (i+1 == len(args) || strings.HasPrefix(args[i+1], "--")) {
				options.WriteString(` ""`)
				named = false
			}
		default:
			options.WriteString(" " + quote(arg))
			named = false
		}
	}
	a.options = options.String()
	return a
}

// readConfig gathers the configuration that a command line asks for: the file, then standard
// input, then the options, as one text.
func readConfig(a arguments, stdin io.Reader) ([]directive, error) {
	var text strings.Builder
	if a.file != "" {
		content, err := os.ReadFile(a.file)
		if err != nil {
			path, absErr := filepath.Abs(a.file)
			if absErr != nil {
				path = a.file
			}
			return nil, &unreadable{path, err}
		}
		text.Write(content)
	}
	if a.stdin {
		if _, err := io.Copy(&text, stdin); err != nil {
			return nil, err
		}
	}
	if a.options != "" {
		text.WriteString("\n" + a.options)
	}
	return parseConfig(text.String(), 0)
}

// includeDepthMax bounds how deep files may include one another.
const includeDepthMax = 32

// parseConfig reads the text of a configuration file and the files that it includes.
func parseConfig(text string, depth int) ([]directive, error) {
	var all []directive
	lines := bufio.NewScanner(strings.NewReader(text))
	lines.Buffer(nil, len(text)+1)
	for number := 1; lines.Scan(); number++ {
		line := strings.Trim(lines.Text(), " \t\r\n")
		if line == "" || line[0] == '#' {
			continue
		}
		words, ok := splitLine(line)
		if !ok {
			return nil, &badDirective{number, line, "Unbalanced quotes in configuration line"}
		}
		if len(words) == 0 {
			continue
		}
		d := directive{strings.ToLower(words[0]), words[1:], number, line}
		if d.name != "include" {
			all = append(all, d)
			continue
		}
		included, err := include(d, depth)
		if err != nil {
			return nil, err
		}
		all = append(all, included...)
	}
	return all, lines.Err()
}

// include reads the files that an include directive names; a pattern may match none.
func include(d directive, depth int) ([]directive, error) {
	if len(d.args) != 1 || depth == includeDepthMax {
		return nil, d.refuse("Bad directive or wrong number of arguments")
	}
	paths := d.args
	if strings.ContainsAny(d.args[0], "*?[") {
		matches, err := filepath.Glob(d.args[0])
		if err != nil {
			return nil, d.refuse(err.Error())
		}
		slices.Sort(matches)
		paths = matches
	}
	var all []directive
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			return nil, &unreadable{path, err}
		}
		more, err := parseConfig(string(content), depth+1)
		if err != nil {
			return nil, err
		}
		all = append(all, more...)
	}
	return all, nil
}

func (d directive) refuse(reason string) error {
	return &badDirective{d.line, d.text, reason}
}

// splitLine splits a line into words as redis.conf has them: words in double quotes know the
// escapes \n \r \t \b \a \xHH, those in single quotes only \'. A closing quote ends the word, so
// white space must follow; otherwise, and for a quote that is not closed, it answers false.
func splitLine(line string) (words []string, ok bool) {
	const blank, space = " \t\n\r\x00", " \t\n\r\v\f\x00"
	for {
		line = strings.TrimLeft(line, space)
		if line == "" {
			return words, true
		}
		var word []byte
		for line != "" && !strings.ContainsRune(blank, rune(line[0])) {
			var rest string
			switch c := line[0]; c {
			case '"':
				word, rest, ok = quoted(word, line[1:])
			case '\'':
				word, rest, ok = singleQuoted(word, line[1:])
			default:
				word, rest, ok = append(word, c), line[1:], true
				line = rest
				continue
			}
			if !ok || rest != "" && !strings.ContainsRune(space, rune(rest[0])) {
				return nil, false
			}
			line = rest
			break
		}
		words = append(words, string(word))
	}
}

// quoted reads the rest of a word in double quotes.
func quoted(word []byte, s string) ([]byte, string, bool) {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			return word, s[i+1:], true
		case c == '\\' && i+3 < len(s) && s[i+1] == 'x' && hex(s[i+2]) >= 0 && hex(s[i+3]) >= 0:
			word = append(word, byte(hex(s[i+2])<<4|hex(s[i+3])))
			i += 3
		case c == '\\' && i+1 < len(s):
			i++
			if at := strings.IndexByte("nrtba", s[i]); at >= 0 {
				word = append(word, "\n\r\t\b\a"[at])
			} else {
				word = append(word, s[i])
			}
		default:
			word = append(word, c)
		}
	}
	return nil, "", false
}

// singleQuoted reads the rest of a word in single quotes.
func singleQuoted(word []byte, s string) ([]byte, string, bool) {
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\'':
			return word, s[i+1:], true
		case s[i] == '\\' && i+1 < len(s) && s[i+1] == '\'':
			word = append(word, '\'')
			i++
		default:
			word = append(word, s[i])
		}
	}
	return nil, "", false
}

// hex is the value of a hexadecimal digit, or -1.
func hex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// quote writes a word so that splitLine reads it back.
func quote(word string) string {
	out := []byte{'"'}
	for i := range len(word) {
		c := word[i]
		at := strings.IndexByte("\n\r\t\a\b", c)
		switch {
		case c == '"' || c == '\\':
			out = append(out, '\\', c)
		case at >= 0:
			out = append(out, '\\', "nrtab"[at])
		case c < ' ' || c > '~':
			out = fmt.Appendf(out, `\x%02x`, c)
		default:
			out = append(out, c)
		}
	}
	return string(append(out, '"'))
}
