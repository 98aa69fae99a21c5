package coretest

import (
	"fmt"
	"slices"
	"strings"
)

// Words of the parts of a lesson that its runners need; the others are prose.
const (
	Solve = "try"   // what solves the task
	Check = "check" // what must be so then, by client Z; its text says what is the case if it is not
	Seen  = "seen"  // a reply that a client must have got by then; its text as of a check
	Wrong = "wrong" // a try that does not solve it; its text is that of the check that fails
)

// Teacher is the client that prepares a lesson, before its try, and checks what came of the try.
const Teacher = 'Z'

// Try is one way through a lesson: its start, then the solution or a wrong try, then the checks.
//
// A lesson is a transcript with parts:
//
//	# The title
//	#
//	# Why one wants to know.
//	Z> SET k v          what there is when the learner begins, by client Z
//	OK
//	= picture string k  what to look at meanwhile
//	= task              the part's prose stands in comments
//	= hint
//	= try               the solution
//	= check TEXT        commands of client Z and their replies
//	= seen TEXT         lines of a reply
//	= home              what to take home
//	= production        where production differs
//	= wrong TEXT        as often as there are wrong tries
//
// As a transcript it is played up to the first wrong try.
type Try struct {
	Line   int    // where it stands
	Says   string // what the first check that fails says; of the solution ""
	before []int  // the steps of the start and of the try
	checks []int  // the steps of the checks, and their parts
}

// Tries returns the ways through a lesson, the solution first.
func (t *Transcript) Tries() ([]Try, error) {
	var start, checks []int
	var tries []Try
	part := ""
	for i := range t.Steps {
		step := &t.Steps[i]
		if step.Kind == Part {
			part = step.Word
		}
		switch part {
		case "":
			start = append(start, i)
		case Check, Seen:
			checks = append(checks, i)
		case Solve, Wrong:
			if step.Kind == Part {
				tries = append(tries, Try{Line: step.Line, Says: step.Text})
				continue
			}
			last := &tries[len(tries)-1]
			last.before = append(last.before, i)
		}
		if wrong := t.misplaced(step, part); wrong != "" {
			return nil, fmt.Errorf("%s:%d: %s", t.Name, step.Line, wrong)
		}
	}
	for i := range tries {
		tries[i].before = append(slices.Clip(start), tries[i].before...)
		tries[i].checks = checks
	}
	if len(tries) == 0 || tries[0].Says != "" || len(checks) == 0 {
		return nil, fmt.Errorf("%s: no solution, or no check", t.Name)
	}
	return tries, nil
}

// misplaced tells what is wrong with a step where it stands.
func (t *Transcript) misplaced(step *Step, part string) string {
	teaches := part == "" || part == Check
	switch {
	case step.Kind > Receive:
		return ""
	case !teaches && part != Solve && part != Wrong:
		return "a step in the part " + part
	case teaches != (step.Client == Teacher):
		return "client Z prepares and checks, the others try"
	}
	return ""
}

// PlayTry goes one way through a lesson and returns the reply lines of each step before the checks,
// and an error for the first step that goes wrong, or for checks that pass or fail where they must
// not.
func PlayTry(t *Transcript, try *Try, s Session, all bool) ([][]string, error) {
	p := player{s: s, pending: map[byte][]byte{}, ids: map[byte]string{}}
	got := make([][]string, len(t.Steps))
	var first error
	for _, i := range try.before {
		lines, err := p.play(&t.Steps[i])
		got[i] = lines
		if err != nil && first == nil {
			first = fmt.Errorf("%s:%d: %w", t.Name, t.Steps[i].Line, err)
		}
		if first != nil && !all {
			return got, first
		}
	}
	says, why := p.check(t, try, got)
	if says != try.Says && first == nil {
		first = fmt.Errorf("%s:%d: the checks say %q, not %q; %w", t.Name, try.Line, says, try.Says,
			why)
	}
	if err := p.leftOver(); err != nil && first == nil {
		first = fmt.Errorf("%s:%d: %w", t.Name, try.Line, err)
	}
	return got, first
}

// Untried returns what the checks say to a learner who has not done anything: not "", or the lesson
// is solved before it begins.
func (t *Transcript) Untried(s Session) (string, error) {
	tries, err := t.Tries()
	if err != nil {
		return "", err
	}
	p := player{s: s, pending: map[byte][]byte{}, ids: map[byte]string{}}
	none := Try{checks: tries[0].checks}
	for _, i := range tries[0].before {
		if t.Steps[i].Client != Teacher && t.Steps[i].Kind != Turn {
			break
		}
		if _, err := p.play(&t.Steps[i]); err != nil {
			return "", err
		}
	}
	says, _ := p.check(t, &none, nil)
	return says, nil
}

// check runs the checks of a lesson and returns what the first that fails says, and why it fails.
func (p *player) check(t *Transcript, try *Try, got [][]string) (says string, why error) {
	text := ""
	for _, i := range try.checks {
		step := &t.Steps[i]
		var err error
		switch {
		case step.Kind == Part && step.Word == Seen:
			text, err = step.Text, seen(step, try, got)
		case step.Kind == Part:
			text = step.Text
		default:
			err = p.ask(step)
		}
		if err != nil && why == nil {
			says, why = text, err
		}
	}
	return says, why
}

// ask does a step of a check. Its reply is the one that comes first: a check that fails may get
// fewer lines than it wants.
func (p *player) ask(step *Step) error {
	if err := p.s.Send(step.Client, Request(p.args(step)...)); err != nil {
		return err
	}
	for {
		r, n, err := Parse(p.pending[step.Client])
		if err != nil {
			return err
		}
		if n > 0 {
			p.pending[step.Client] = p.pending[step.Client][n:]
			if diff := step.Differs(strings.Split(r.String(), "\n")); diff != "" {
				return fmt.Errorf("%s\n%s", strings.Join(step.Args, " "), diff)
			}
			return nil
		}
		more, err := p.s.Receive(step.Client, true)
		if err == nil && len(more) == 0 {
			err = fmt.Errorf("no reply to the check %q", step.Args)
		}
		if err != nil {
			return err
		}
		p.pending[step.Client] = append(p.pending[step.Client], more...)
	}
}

// seen looks for a reply among those that the clients got.
func seen(want *Step, try *Try, got [][]string) error {
	for _, i := range try.before {
		if want.Differs(got[i]) == "" {
			return nil
		}
	}
	return fmt.Errorf("nobody has seen %q", want.Want)
}
