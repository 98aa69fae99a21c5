package coretest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Session is a server as a transcript meets it: clients that send and receive bytes, and a clock.
type Session interface {
	// Send hands over what a client sends; a client that is new connects first.
	Send(client byte, request []byte) error
	// Receive returns what has come for a client since the last call. With more it waits, for as
	// long as the server may need, until something comes; without, it returns what is there once
	// the server has dealt with everything that was sent.
	Receive(client byte, more bool) ([]byte, error)
	// Turn turns the clock.
	Turn(by time.Duration) error
	// Version is the server's version, "8.0.6".
	Version() string
	Close()
}

// Play runs a transcript and returns each step's reply lines and an error for the first step that
// goes wrong: it then stops, unless all is set.
func Play(t *Transcript, s Session, all bool) ([][]string, error) {
	p := player{s: s, pending: map[byte][]byte{}, ids: map[byte]string{}}
	got := make([][]string, len(t.Steps))
	var first error
	for i := range t.Steps {
		step := &t.Steps[i]
		if step.Kind == Since && !AtLeast(s.Version(), step.Word) ||
			step.Kind == Part && step.Word == Wrong {
			break
		}
		lines, err := p.play(step)
		got[i] = lines
		if err != nil && first == nil {
			first = fmt.Errorf("%s:%d: %w", t.Name, step.Line, err)
			if !all {
				return got, first
			}
		}
	}
	if err := p.leftOver(); err != nil && first == nil {
		first = fmt.Errorf("%s: %w", t.Name, err)
	}
	return got, first
}

// AtLeast compares two versions.
func AtLeast(have, want string) bool {
	a, b := strings.Split(have, "."), strings.Split(want, ".")
	for i := range b {
		x, y := 0, 0
		if i < len(a) {
			x, _ = strconv.Atoi(a[i])
		}
		y, _ = strconv.Atoi(b[i])
		if x != y {
			return x > y
		}
	}
	return true
}

type player struct {
	s       Session
	pending map[byte][]byte // received, and not yet expected
	ids     map[byte]string // what CLIENT ID answered
	node    string          // what CLUSTER MYID answered
}

// leftOver tells of replies that nobody expected.
func (p *player) leftOver() error {
	for client, rest := range p.pending {
		if len(rest) > 0 {
			return fmt.Errorf("left over for client %c: %q", client, rest)
		}
	}
	return nil
}

// play does a step and compares what came of it with what it wants.
func (p *player) play(step *Step) ([]string, error) {
	lines, err := p.step(step)
	if err == nil && step.Kind <= Receive {
		if diff := step.Differs(lines); diff != "" {
			err = fmt.Errorf("%s\n%s", strings.Join(step.Args, " "), diff)
		}
	}
	return lines, err
}

// step does a step. Of the parts of a lesson and of versions nothing comes.
func (p *player) step(step *Step) ([]string, error) {
	switch step.Kind {
	case Since, Part:
		return nil, nil
	case Turn:
		return nil, p.s.Turn(step.By)
	case Command:
		if err := p.s.Send(step.Client, Request(p.args(step)...)); err != nil {
			return nil, err
		}
	}
	lines, err := p.replies(step)
	if len(lines) != 1 {
		return lines, err
	}
	switch strings.ToUpper(strings.Join(step.Args, " ")) {
	case "CLIENT ID":
		p.ids[step.Client] = strings.TrimPrefix(lines[0], "(integer) ")
	case "CLUSTER MYID":
		p.node = strings.Trim(lines[0], `"`)
	}
	return lines, err
}

// args are a command's arguments with the ids of clients in place of $A, $B and so on, and that of
// the cluster's node in place of $node.
func (p *player) args(step *Step) []string {
	args := slices.Clone(step.Args)
	for i, arg := range args {
		if len(arg) == 2 && arg[0] == '$' && p.ids[arg[1]] != "" {
			args[i] = p.ids[arg[1]]
		}
		if arg == "$node" && p.node != "" {
			args[i] = p.node
		}
	}
	return args
}

// replies takes as many whole replies as it needs for the lines that a step wants: at least one
// if it wants any. What else has come by then belongs to it too.
func (p *player) replies(step *Step) ([]string, error) {
	var lines []string
	waited := false
	for {
		buf := p.pending[step.Client]
		r, n, err := Parse(buf)
		if err != nil {
			return lines, err
		}
		if n > 0 {
			p.pending[step.Client] = buf[n:]
			lines = append(lines, strings.Split(r.String(), "\n")...)
			continue
		}
		if waited && len(lines) >= len(step.Want) {
			return lines, nil
		}
		more, err := p.s.Receive(step.Client, len(lines) < wanted(step))
		if err != nil {
			return lines, err
		}
		if len(more) == 0 && waited {
			return lines, nil
		}
		waited = true
		p.pending[step.Client] = append(p.pending[step.Client], more...)
	}
}

func wanted(step *Step) int {
	if len(step.Want) > 0 && step.Want[0] == "(any order)" {
		return len(step.Want) - 1
	}
	return len(step.Want)
}

// Run plays a transcript as a test.
func Run(t testing.TB, tr *Transcript, s Session) {
	t.Helper()
	defer s.Close()
	if _, err := Play(tr, s, false); err != nil {
		t.Error(err)
	}
}
