package host

import (
	"fmt"
	"runtime/debug"

	"github.com/redlet/redlet/core"
)

// keepMax is how large an output buffer may grow and still be kept for the next step.
const keepMax = 1 << 20

// native is an engine that is called directly.
type native struct {
	core *core.Engine
	buf  []byte // what the engine has lent and may write over within the step
	dead *Death
}

// Native makes an engine that runs in this process as plain Go. A panic in it is its death.
func Native(o core.Options) (Engine, error) {
	e, err := core.New(o)
	if err != nil {
		return nil, err
	}
	return &native{core: e}, nil
}

// Step implements Engine. It looks for events behind a row of clients' data, not behind each: as
// in Redis, where output is written before the server sleeps, a replica, a subscriber or one who
// reads MONITOR has that of all of them at once.
func (n *native) Step(now core.Time, in []core.Input, out []core.Event) (
	done []core.Event, next core.Time, err error,
) {
	if n.dead != nil {
		return out, core.Never, n.dead
	}
	given := out
	defer func() {
		if broken := recover(); broken != nil {
			done, next, err = given, core.Never, n.die(broken)
		}
	}()
	if n.buf = n.buf[:0]; cap(n.buf) > keepMax {
		n.buf = nil
	}
	n.core.Advance(now)
	out = n.poll(out, len(in) == 0)
	for i := range in {
		n.core.Input(&in[i])
		if last := i == len(in)-1; last || in[i+1].Kind != core.InData {
			out = n.poll(out, last)
		}
	}
	return out, n.core.Deadline(), nil
}

// poll appends the engine's events. Slices of n.buf stay whole when it grows: what they hold is
// not written again before the next step. Behind the last input of a step clients' output is passed
// on where it stands: a message to a thousand clients need not be copied a thousand times more.
func (n *native) poll(out []core.Event, last bool) []core.Event {
	var ev core.Event
	for n.core.Poll(&ev) {
		if ev.Kind.Lent() && !(last && ev.Kind == core.EventData) {
			at := len(n.buf)
			n.buf = append(n.buf, ev.Data...)
			ev.Data = n.buf[at:len(n.buf):len(n.buf)]
		}
		out = append(out, ev)
	}
	return out
}

// memory is what Loop.Memory tells.
func (n *native) memory() (used, most int64) {
	if n.core == nil {
		return 0, 0
	}
	return n.core.Memory(), n.core.MaxMemory()
}

// Close implements Engine.
func (n *native) Close() error {
	if n.dead == nil {
		n.core.Close()
		n.dead = &Death{Reason: "closed"}
	}
	n.core, n.buf = nil, nil
	return nil
}

func (n *native) die(broken any) *Death {
	n.dead = &Death{Reason: fmt.Sprint(broken),
		Detail: n.core.Culprit() + string(debug.Stack())}
	return n.dead
}
