package coretest

import (
	"bufio"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// Patience is how long a test waits at most for what another program or goroutine does in a moment:
// on a machine that is busy with much else, the guest alone takes half a minute to compile.
const Patience = 2 * time.Minute

// Within receives from a channel. A test for which nothing comes fails with what it waited for.
func Within[T any](t testing.TB, what string, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(Patience):
		t.Fatalf("waited %v in vain for %s", Patience, what)
		panic("not reached")
	}
}

// Process is a program that a test started, and what it writes to its standard output. A wait that
// lasts too long kills it.
type Process struct {
	*exec.Cmd
	lines *bufio.Scanner
	said  strings.Builder
}

// StartProcess starts a program. Whoever starts it awaits its End.
func StartProcess(cmd *exec.Cmd) (*Process, error) {
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	return &Process{Cmd: cmd, lines: bufio.NewScanner(out)}, cmd.Start()
}

// Await reads the output up to a line that contains text, and returns that line.
func (p *Process) Await(text string) (string, error) {
	late := p.hurry()
	defer late.Stop()
	for p.lines.Scan() {
		p.note()
		if strings.Contains(p.lines.Text(), text) {
			return p.lines.Text(), nil
		}
	}
	if !late.Stop() {
		return "", fmt.Errorf("%s did not say %q in %v; it said:\n%s", p.Path, text, Patience, &p.said)
	}
	return "", fmt.Errorf("%s ended without saying %q; it said:\n%s", p.Path, text, &p.said)
}

// Drain reads the rest of the output, so that the program never waits for a reader.
func (p *Process) Drain() {
	go func() {
		for p.lines.Scan() {
		}
	}()
}

// End waits until the program has ended, unless Drain reads its output, and returns its exit code.
func (p *Process) End() (code int, err error) {
	late := p.hurry()
	for p.lines.Scan() {
		p.note()
	}
	_ = p.Wait() // the exit code tells
	if !late.Stop() {
		return 0, fmt.Errorf("%s did not end in %v; it said:\n%s", p.Path, Patience, &p.said)
	}
	return p.ProcessState.ExitCode(), nil
}

// Said is what the program has written, as far as Await and End have read it.
func (p *Process) Said() string { return p.said.String() }

func (p *Process) note() { fmt.Fprintln(&p.said, p.lines.Text()) }

// hurry ends the program, and with it its output, when patience does.
func (p *Process) hurry() *time.Timer {
	return time.AfterFunc(Patience, func() { _ = p.Process.Kill() })
}
