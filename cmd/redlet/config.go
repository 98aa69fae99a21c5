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

	"github.com/redlet/redlet/internal/sds"
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
	line   int // 0 if it is no one line's fault
	text   string
	reason string
}

func (e *badDirective) Error() string {
	place := ""
	if e.line > 0 {
		place = fmt.Sprintf("Reading the configuration file, at line %d\n>>> '%s'\n", e.line, e.text)
	}
	return fmt.Sprintf("\n*** FATAL CONFIG FILE ERROR (%s) ***\n%s%s\n", versionName, place, e.reason)
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
			options.WriteString(" " + sds.Repr(arg))
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

// splitLine splits a line into words.
func splitLine(line string) (words []string, ok bool) {
	all, ok := sds.SplitArgs(nil, []byte(line))
	for _, word := range all {
		words = append(words, string(word))
	}
	return words, ok
}
