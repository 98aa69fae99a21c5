package coretest

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redlet/redlet/internal/sds"
)

// Transcript is a recorded session. In its file each line is one of these:
//
//	# prose, up to the end of the line
//	> COMMAND arg "arg"     what client A sends, quoted as in redis-cli
//	B> COMMAND              what client B sends; every letter is a client of its own
//	B<                      client B now gets what follows without having asked
//	@ +5s                   the clock is turned: Go's duration notation
//	! since 8.4             the rest of the file needs that version of the server
//	! config name value     the server is started with that parameter
//	= task                  a part of a lesson begins: see Try
//	anything else           the reply, as redis-cli prints it; empty lines do not count
//
// A command that gets no reply now (it blocks, or replies are off) has no lines behind it. Behind
// a command that gets several replies (SUBSCRIBE a b) they stand one below the other. A reply's
// first line may be "(any order)": the lines behind it then stand in no particular order. A line
// that begins with "~ " is a pattern for one line: * stands for anything, {1..60} for a number of
// that range. Once client B has sent CLIENT ID, an argument $B stands for its answer, and $node for
// that of CLUSTER MYID.
type Transcript struct {
	Name  string
	Steps []Step
	// Config is what the server is started with, beside what every transcript may rely on.
	Config map[string]string
	lines  []string
}

// StepKind tells the steps of a transcript apart.
type StepKind uint8

const (
	Command StepKind = iota // a client sends a command and gets its reply
	Receive                 // a client gets something that it did not ask for
	Turn                    // the clock is turned
	Since                   // the rest needs a version
	Part                    // a part of a lesson begins
)

// Step is one step of a transcript.
type Step struct {
	Kind   StepKind
	Line   int           // where it stands, from 1
	Client byte          // 'A', 'B' …
	Args   []string      // of Command
	By     time.Duration // of Turn
	Word   string        // of Since: the version; of Part: which
	Text   string        // of Part: what stands behind its word
	Want   []string      // of Command and Receive, and of a part seen: the lines of the reply
	end    int           // the line behind the step
}

// Load reads a transcript's file.
func Load(path string) (*Transcript, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return ParseTranscript(path, text)
}

// ParseTranscript reads a transcript.
func ParseTranscript(name string, text []byte) (*Transcript, error) {
	t := &Transcript{Name: name, Config: map[string]string{},
		lines: strings.Split(string(text), "\n")}
	for i, line := range t.lines {
		if rest, is := strings.CutPrefix(line, "! config "); is {
			name, value, _ := strings.Cut(rest, " ")
			t.Config[name] = value
			continue
		}
		step, isStep, err := parseStep(line)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, i+1, err)
		}
		switch {
		case isStep:
			step.Line, step.end = i+1, i+1
			t.Steps = append(t.Steps, step)
		case line == "" || line == "#" || strings.HasPrefix(line, "# "):
		case len(t.Steps) == 0 || !t.Steps[len(t.Steps)-1].replies():
			return nil, fmt.Errorf("%s:%d: a reply without a command: %s", name, i+1, line)
		default:
			last := &t.Steps[len(t.Steps)-1]
			last.Want = append(last.Want, line)
			last.end = i + 1
		}
	}
	return t, nil
}

func parseStep(line string) (step Step, isStep bool, err error) {
	step.Client = 'A'
	rest := line
	if len(line) > 1 && 'B' <= line[0] && line[0] <= 'Z' && (line[1] == '>' || line[1] == '<') {
		step.Client, rest = line[0], line[1:]
	}
	switch {
	case strings.HasPrefix(rest, "> "):
		words, ok := sds.SplitArgs(nil, []byte(rest[2:]))
		if !ok || len(words) == 0 {
			return step, true, fmt.Errorf("unbalanced quotes or nothing to send: %s", rest)
		}
		for _, w := range words {
			step.Args = append(step.Args, string(w))
		}
		return step, true, nil
	case rest == "<" && step.Client != 'A' || line == "A<":
		step.Kind = Receive
		return step, true, nil
	case strings.HasPrefix(line, "@ +"):
		step.Kind = Turn
		step.By, err = time.ParseDuration(line[3:])
		return step, true, err
	case strings.HasPrefix(line, "! since "):
		step.Kind, step.Word = Since, line[len("! since "):]
		return step, true, nil
	case strings.HasPrefix(line, "= "):
		step.Kind = Part
		step.Word, step.Text, _ = strings.Cut(line[2:], " ")
		return step, true, nil
	}
	return step, false, nil
}

// replies tells whether the lines of a reply may stand behind a step.
func (s *Step) replies() bool { return s.Kind <= Receive || s.Kind == Part && s.Word == Seen }

// Needs returns the latest version of the server that a part of the transcript needs, or "".
func (t *Transcript) Needs() string {
	version := ""
	for _, s := range t.Steps {
		if s.Kind == Since && (version == "" || AtLeast(s.Word, version)) {
			version = s.Word
		}
	}
	return version
}

// Turns reports whether the transcript turns the clock.
func (t *Transcript) Turns() bool {
	for _, s := range t.Steps {
		if s.Kind == Turn {
			return true
		}
	}
	return false
}

// Differs compares a reply's lines with those that a step wants; "" if they agree.
func (s *Step) Differs(got []string) string {
	want, have := s.Want, got
	if len(want) > 0 && want[0] == "(any order)" {
		want, have = sorted(want[1:]), sorted(got)
	}
	if len(want) != len(have) {
		return mismatch(s.Want, got)
	}
	for i := range want {
		if p, ok := strings.CutPrefix(want[i], "~ "); ok && like(p, have[i]) {
			continue
		}
		if want[i] != have[i] {
			return mismatch(s.Want, got)
		}
	}
	return ""
}

func mismatch(want, got []string) string {
	return "got:\n\t" + strings.Join(got, "\n\t") + "\nwant:\n\t" + strings.Join(want, "\n\t")
}

// like matches a pattern in which * stands for anything and {1..60} for a number.
func like(pattern, s string) bool {
	var ranges [][]string
	source := span.ReplaceAllStringFunc(regexp.QuoteMeta(pattern), func(part string) string {
		ranges = append(ranges, span.FindStringSubmatch(part))
		return `(-?\d+)`
	})
	re := regexp.MustCompile(`(?s)^` + strings.ReplaceAll(source, `\*`, `.*`) + `$`)
	found := re.FindStringSubmatch(s)
	if found == nil {
		return false
	}
	for i, r := range ranges {
		low, _ := strconv.Atoi(r[1])
		high, _ := strconv.Atoi(r[2])
		if n, err := strconv.Atoi(found[i+1]); err != nil || n < low || n > high {
			return false
		}
	}
	return true
}

// span finds the numbers' ranges of a pattern whose other signs have been quoted.
var span = regexp.MustCompile(`\\\{(-?\d+)\\\.\\\.(-?\d+)\\\}`)

// sorted strips the numbers of a flat reply's elements and sorts them.
func sorted(lines []string) []string {
	out := make([]string, len(lines))
	for i, line := range lines {
		line = strings.TrimLeft(line, " ")
		at := strings.IndexAny(line, ")~#")
		if at > 0 {
			if _, err := strconv.Atoi(line[:at]); err == nil {
				line = line[at+2:]
			}
		}
		out[i] = line
	}
	slices.Sort(out)
	return out
}

// Rewrite returns the transcript's text with the replies that were got in place of its own.
func (t *Transcript) Rewrite(got [][]string) []byte {
	var out bytes.Buffer
	line := 0
	for i, s := range t.Steps {
		for ; line < s.Line; line++ {
			out.WriteString(t.lines[line] + "\n")
		}
		if s.Kind > Receive {
			continue
		}
		if got[i] == nil || s.Differs(got[i]) == "" {
			continue
		}
		for _, g := range got[i] {
			out.WriteString(g + "\n")
		}
		line = s.end
	}
	for ; line < len(t.lines)-1; line++ {
		out.WriteString(t.lines[line] + "\n")
	}
	return out.Bytes()
}
