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
	buf  []byte // bytes of the outputs that are lent
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

// Step implements Engine.
func (n *native) Step(now core.Time, in []Input, out []Output) (
	done []Output, next core.Time, err error,
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
	out = n.poll(out)
	for i := range in {
		n.input(&in[i])
		out = n.poll(out)
	}
	return out, n.core.Deadline(), nil
}

func (n *native) input(in *Input) {
	switch in.Kind {
	case InOpen:
		n.core.Open(in.Conn, in.Peer)
	case InData:
		n.core.Feed(in.Conn, in.Data)
	case InClose:
		n.core.Close(in.Conn)
	case InCork, InUncork:
		n.core.Cork(in.Conn, in.Kind == InCork)
	case InStop:
		n.core.Stop(in.Text)
	case InSaved:
		n.core.Saved(in.Ticket, in.Text)
	case InLoaded:
		n.core.Loaded(in.Text)
	case InAppended:
		n.core.Appended(in.Text)
	case InRewritten:
		n.core.Rewritten(in.Ticket, in.Text)
	}
}

// poll appends the engine's events. Slices of n.buf stay whole when it grows: what they hold is
// not written again before the next step.
func (n *native) poll(out []Output) []Output {
	for n.core.Pending() {
		ev, _ := n.core.Poll()
		out = append(out, Output{Kind: ev.Kind, Conn: ev.Conn})
		o := &out[len(out)-1]
		if ev.Kind == core.EventData || ev.Kind == core.EventHangup {
			at := len(n.buf)
			n.buf = n.core.AppendOutput(ev.Conn, n.buf)
			o.Data = n.buf[at:len(n.buf):len(n.buf)]
			continue
		}
		o.Ticket, o.Path, o.Text, o.Level, o.Data = ev.Ticket, ev.Path, ev.Text, ev.Level, ev.Image
		if ev.Kind == core.EventAppend {
			at := len(n.buf)
			n.buf = append(n.buf, ev.Image...)
			o.Data = n.buf[at:len(n.buf):len(n.buf)]
		}
	}
	return out
}

// Snapshot implements Engine.
func (n *native) Snapshot() (image []byte, err error) {
	if n.dead != nil {
		return nil, n.dead
	}
	defer func() {
		if broken := recover(); broken != nil {
			image, err = nil, n.die(broken)
		}
	}()
	return n.core.Snapshot(nil), nil
}

// Restore implements Engine.
func (n *native) Restore(image []byte) (err error) {
	if n.dead != nil {
		return n.dead
	}
	defer func() {
		if broken := recover(); broken != nil {
			err = n.die(broken)
		}
	}()
	return n.core.Restore(image)
}

// Replay implements Engine.
func (n *native) Replay(file []byte) (good int, err error) {
	if n.dead != nil {
		return 0, n.dead
	}
	defer func() {
		if broken := recover(); broken != nil {
			good, err = 0, n.die(broken)
		}
	}()
	return n.core.Replay(file)
}

// Close implements Engine.
func (n *native) Close() error {
	if n.dead == nil {
		n.dead = &Death{Reason: "closed"}
	}
	n.core, n.buf = nil, nil
	return nil
}

func (n *native) die(broken any) *Death {
	n.dead = &Death{Reason: fmt.Sprint(broken), Detail: string(debug.Stack())}
	return n.dead
}
