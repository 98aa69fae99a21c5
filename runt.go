package redlet

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/redlet/redlet/core"
	"github.com/redlet/redlet/host"
	"github.com/redlet/redlet/internal/errs"
	"github.com/redlet/redlet/internal/sds"
)

// TB is what [RunT] needs of a test: a *testing.T, B or F, the T of a testify suite, GinkgoT().
type TB interface {
	Helper()
	Cleanup(func())
	Log(args ...any)
	Error(args ...any)
	Fatal(args ...any)
	Failed() bool
}

// RunT starts a server that is closed when the test and its subtests end. A failure to start ends
// the test, and an engine that died, by a defect of redlet or by a function of yours that it
// called, fails it. To a test that failed it logs the server's warnings and the last commands.
func RunT(t TB, options ...Option) *Server {
	t.Helper()
	o := settingsOf(options)
	w := &witness{log: o.log}
	o.tail, o.log, o.died = &w.tail, w.note, w.bury
	s, err := run(o)
	if err != nil {
		t.Fatal(err)
		return nil
	}
	t.Cleanup(func() {
		t.Helper()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		w.report(t)
	})
	return s
}

// witness keeps what a test that failed is told.
type witness struct {
	tail tail
	log  func(level int, text string) // the test's own, or nil

	mu       sync.Mutex
	warnings []string // the last ones
	deaths   []error
}

// warningsMax is how many warnings are told.
const warningsMax = 20

// warning is the level of those lines.
const warning = 3

func (w *witness) note(level int, text string) {
	if level == warning && !strings.Contains(text, "\n") { // not the stack of an engine that died
		w.mu.Lock()
		if len(w.warnings) == warningsMax {
			w.warnings = w.warnings[1:]
		}
		w.warnings = append(w.warnings, text)
		w.mu.Unlock()
	}
	if w.log != nil {
		w.log(level, text)
	}
}

func (w *witness) bury(why error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.deaths = append(w.deaths, why)
}

// report is called when the server is closed.
func (w *witness) report(t TB) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, why := range w.deaths {
		text := why.Error()
		if death, ok := errs.As[*host.Death](why); ok {
			text = death.Reason + "\n" + death.Detail
		}
		t.Error("redlet: the engine died: " + text)
	}
	if !t.Failed() {
		return
	}
	if len(w.warnings) > 0 {
		t.Log("redlet: the server's warnings:\n\t" + strings.Join(w.warnings, "\n\t"))
	}
	if text := w.tail.String(); text != "" {
		t.Log("redlet: the last commands, when they came and from which client:\n" + text)
	}
}

const (
	tailLen  = 32  // how many inputs a tail has
	tailClip = 200 // how many bytes of each
)

// tail is the last that engines were told by clients. It belongs to who steps them.
type tail struct {
	inputs [tailLen]tailInput
	count  int // of all that there were
}

type tailInput struct {
	at   core.Time
	conn core.ConnID
	data []byte
	more int // bytes that are left out
}

// noted makes m's engines note in a tail what they are told, if there is one.
func noted(m host.Maker, x *tail) host.Maker {
	if x == nil {
		return m
	}
	if m == nil {
		m = host.Native
	}
	return func(o core.Options) (host.Engine, error) {
		e, err := m(o)
		return &tailed{e, x}, err
	}
}

// tailed is an engine with a tail.
type tailed struct {
	host.Engine
	tail *tail
}

// Step implements host.Engine.
func (e *tailed) Step(now core.Time, in []core.Input, out []core.Event) (
	[]core.Event, core.Time, error,
) {
	for i := range in {
		if in[i].Kind == core.InData {
			e.tail.note(now, &in[i])
		}
	}
	return e.Engine.Step(now, in, out)
}

func (x *tail) note(now core.Time, in *core.Input) {
	n := min(len(in.Data), tailClip)
	to := &x.inputs[x.count%tailLen]
	to.at, to.conn, to.data = now, in.Conn, append(to.data[:0], in.Data[:n]...)
	to.more = len(in.Data) - n
	x.count++
}

// String writes a line for each command.
func (x *tail) String() string {
	var b strings.Builder
	for i := max(0, x.count-tailLen); i < x.count; i++ {
		in := &x.inputs[i%tailLen]
		at := time.UnixMicro(int64(in.at)).UTC().Format("15:04:05.000000")
		lines := commandLines(in.data)
		if in.more > 0 && len(lines) > 0 {
			lines[len(lines)-1] += fmt.Sprintf(" … and %d bytes", in.more)
		}
		for _, line := range lines {
			fmt.Fprintf(&b, "\t%s [%d] %s\n", at, in.conn, line)
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// commandLines writes input as people write commands. The last may be cut off, and what does not
// begin with a command is written as it stands.
func commandLines(b []byte) (lines []string) {
	for len(b) > 0 {
		line, n, rest := cutNumber(b)
		if b[0] != '*' {
			lines, b = append(lines, printed(line, "")), rest
			continue
		}
		var words []string
		for b = rest; n > 0 && len(b) > 0; n-- {
			size := 0
			if _, size, b = cutNumber(b); size > len(b) || size < 0 {
				size = len(b)
			}
			words = append(words, printed(b[:size], " '"))
			b = b[min(size+len("\r\n"), len(b)):]
		}
		lines = append(lines, strings.Join(words, " "))
	}
	return lines
}

// cutNumber cuts a line off, and reads the number behind its first byte.
func cutNumber(b []byte) (line []byte, n int, rest []byte) {
	end := strings.IndexByte(string(b), '\n') + 1
	if end == 0 {
		end = len(b)
	}
	line = []byte(strings.TrimRight(string(b[:end]), "\r\n"))
	for _, digit := range line[min(1, len(line)):] {
		if digit < '0' || digit > '9' || n > lengthMax {
			break
		}
		n = 10*n + int(digit-'0')
	}
	return line, n, b[end:]
}

// printed is a text as it is, or in quotes where it is empty, or has what cannot be printed or is
// special.
func printed(b []byte, special string) string {
	quoted := sds.Repr(string(b))
	if len(quoted) == len(b)+2 && len(b) > 0 && !strings.ContainsAny(string(b), special) {
		return string(b)
	}
	return quoted
}
