package host

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redlet/redlet/core"
	"github.com/redlet/redlet/internal/errs"
)

// Control gives an order to the engine, which no client can stop or see, and returns its answer:
// see core.InControl for the orders. What comes of it is delivered when it returns.
func (l *Loop) Control(order string) (string, error) {
	l.own(l.here())
	defer l.release()
	return l.command(order)
}

// command is Control for the owner.
func (l *Loop) command(order string) (string, error) {
	answer, err := l.order(order, true)
	if _, refusal := errs.As[refused](err); !refusal {
		l.mourn(err)
	}
	return answer, err
}

// refused is an order's refusal.
type refused string

func (r refused) Error() string { return "redlet: " + string(r) }

// order is command, but leaves an engine that dies to the caller.
func (l *Loop) order(order string, mayWait bool) (string, error) {
	answer, err := l.ask(core.InControl, []byte(order), mayWait)
	switch {
	case err != nil:
		return "", err
	case len(answer) == 0:
		return "", refused("the engine does not know orders")
	case answer[0] != '+':
		return "", refused(answer[1:])
	}
	return string(answer[1:]), nil
}

// filterOn is the order that has the engine ask its filter.
const filterOn = "filter on"

// SetFilter has ask be asked about each command before it runs, in this engine and those that come
// after it: see core.Options.Filter. nil ends that. The owner calls it, so it must not call the
// Loop. Only Native's engines have filters.
func (l *Loop) SetFilter(ask func(*core.Call) core.Fault) error {
	l.own(l.here())
	defer l.release()
	was, order := l.filter, "filter off"
	if ask != nil {
		l.filter, order = ask, filterOn
	}
	_, err := l.command(order)
	if l.filter = ask; err != nil {
		l.filter = was
	}
	return err
}

// Forward turns the engine's clock ahead. What fell due is done and delivered when it returns. What
// is less than a microsecond is not counted.
func (l *Loop) Forward(d time.Duration) error {
	if d < 0 {
		return refused("time cannot be turned by less than nothing: " + d.String())
	}
	return l.turn(fmt.Sprintf("clock forward %d", d.Microseconds()))
}

// SetTime sets the engine's clock, forward or back; a clock that runs runs on from there.
func (l *Loop) SetTime(t time.Time) error {
	return l.turn(fmt.Sprintf("clock set %d", t.UnixMicro()))
}

// turn gives an order to the clock until nothing more is due.
func (l *Loop) turn(order string) error {
	for {
		answer, err := l.Control(order)
		if err != nil || !strings.HasSuffix(answer, " 1") {
			return err
		}
		order = "clock forward 0"
	}
}

// Now is the time that the engine tells.
func (l *Loop) Now() (time.Time, error) {
	answer, err := l.Control("clock")
	if err != nil {
		return time.Time{}, err
	}
	text, _, _ := strings.Cut(answer, " ")
	us, err := strconv.ParseInt(text, 10, 64)
	return time.UnixMicro(us), err
}
