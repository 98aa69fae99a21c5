package guest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/tetratelabs/wazero/api"

	"github.com/redlet/redlet/core"
	"github.com/redlet/redlet/host"
	"github.com/redlet/redlet/wasm/abi"
)

// engine is a guest under wazero.
type engine struct {
	module  api.Module
	memory  api.Memory
	input   api.Function
	step    api.Function
	control uint32
	stack   [2]uint64    // parameters and results of calls
	early   []core.Event // came of the configuration; the first Step gives them out
	stderr  lastWords
	dead    *host.Death
}

// configure sends the first input. The events that come of it are for the first Step.
func (w *engine) configure(o core.Options) error {
	in := core.Input{Kind: core.InConfigure, Data: abi.AppendConfigure(nil, o.Seed, o.Config)}
	if o.Stopwatch != nil {
		in.Conn = 1 // the guest has one of its own
	}
	out, _, err := w.Step(o.Now, []core.Input{in}, nil)
	if err != nil {
		return err
	}
	for _, ev := range out {
		if ev.Kind == core.EventConfigured && len(ev.Data) > 0 {
			return errors.New(string(ev.Data))
		}
		ev.Data = bytes.Clone(ev.Data)
		w.early = append(w.early, ev)
	}
	return nil
}

// stepMax is how much input is handed to the guest at once, about: what waits for a guest that is
// busy must not take its memory before the engine can be asked whether there is room for it.
const stepMax = 1 << 20

// Step implements host.Engine.
func (w *engine) Step(now core.Time, in []core.Input, out []core.Event) (
	[]core.Event, core.Time, error,
) {
	if w.dead != nil {
		return out, core.Never, w.dead
	}
	given := out
	if w.early != nil {
		out, w.early = append(out, w.early...), nil
	}
	in = inPieces(in)
	for {
		n, size := 0, 0
		for ; n < len(in); n++ {
			more := abi.InputSize(&in[n])
			if n > 0 && size+more > stepMax {
				break
			}
			size += more
		}
		from := len(out)
		var deadline core.Time
		var err error
		if out, deadline, err = w.hand(now, in[:n], size, out); err != nil {
			return given, core.Never, err
		}
		if in = in[n:]; len(in) == 0 {
			return out, deadline, nil
		}
		for i := from; i < len(out); i++ { // it is lent until the guest is called next
			out[i].Data = bytes.Clone(out[i].Data)
		}
	}
}

// inPieces cuts what clients sent in pieces that can be handed in at once.
func inPieces(in []core.Input) []core.Input {
	large := func(i core.Input) bool { return i.Kind == core.InData && len(i.Data) > stepMax }
	if !slices.ContainsFunc(in, large) {
		return in
	}
	var pieces []core.Input
	for _, i := range in {
		for large(i) {
			piece := i
			piece.Data, i.Data = i.Data[:stepMax], i.Data[stepMax:]
			pieces = append(pieces, piece)
		}
		pieces = append(pieces, i)
	}
	return pieces
}

// hand has the guest take inputs whose frames have so many bytes, and appends what comes of them.
func (w *engine) hand(now core.Time, in []core.Input, size int, out []core.Event) (
	[]core.Event, core.Time, error,
) {
	if size > 0 {
		buf, err := w.buffer(size)
		if err != nil {
			return out, core.Never, err
		}
		buf = buf[:0]
		for i := range in {
			buf = abi.AppendInput(buf, &in[i])
		}
	}
	frames, deadline, err := w.run(size, now)
	if err != nil {
		return out, core.Never, err
	}
	for len(frames) > 0 {
		out = append(out, core.Event{})
		if frames, err = abi.NextEvent(frames, &out[len(out)-1]); err != nil {
			return out, core.Never, w.die(err)
		}
	}
	return out, deadline, nil
}

// buffer returns the guest's input buffer for size bytes. What is put there must stay in place.
func (w *engine) buffer(size int) ([]byte, error) {
	if size > math.MaxInt32 {
		return nil, w.die(errors.New("more input than a guest can hold"))
	}
	w.stack[0] = uint64(size)
	if err := w.input.CallWithStack(context.Background(), w.stack[:]); err != nil {
		return nil, w.die(err)
	}
	buf, ok := w.memory.Read(uint32(w.stack[0]), uint32(size))
	if !ok {
		return nil, w.die(errors.New("the input buffer lies outside of memory"))
	}
	return buf[:size:size], nil
}

// run calls step over size bytes of input, and returns the output frames in the guest's memory.
func (w *engine) run(size int, now core.Time) (
	frames []byte, deadline core.Time, err error,
) {
	w.stack[0], w.stack[1] = uint64(size), api.EncodeF64(float64(now))
	if err := w.step.CallWithStack(context.Background(), w.stack[:]); err != nil {
		return nil, 0, w.die(err)
	}
	status := abi.Status(int32(w.stack[0]))
	block, ok := w.memory.Read(w.control, abi.ControlSize)
	if !ok {
		return nil, 0, w.die(errors.New("the control block lies outside of memory"))
	}
	c := abi.ParseControl(block)
	if frames, ok = w.memory.Read(c.Output, c.Length); !ok {
		return nil, 0, w.die(errors.New("the output lies outside of memory"))
	}
	if status != abi.StatusOK {
		return nil, 0, w.failed(status, frames)
	}
	deadline = core.Never
	if c.Deadline < float64(math.MaxInt64) {
		deadline = core.Time(c.Deadline)
	}
	return frames, deadline, nil
}

// failed is the death of a guest that says itself what happened, in a LOG frame.
func (w *engine) failed(status abi.Status, frames []byte) error {
	var ev core.Event
	if _, err := abi.NextEvent(frames, &ev); err != nil || ev.Kind != core.EventLog {
		return w.die(fmt.Errorf("status %d of step", status))
	}
	return w.die(errors.New(string(ev.Data)))
}

// Memory lends the guest's memory, until the engine is called next: for a debugger to look at, and
// for a test to break.
func (w *engine) Memory() []byte {
	memory, _ := w.memory.Read(0, w.memory.Size())
	return memory
}

// Close implements host.Engine.
func (w *engine) Close() error {
	if w.dead == nil {
		w.dead = &host.Death{Reason: "closed"}
	}
	if w.module == nil {
		return nil
	}
	err := w.module.Close(context.Background())
	w.module, w.memory = nil, nil
	return err
}

// die marks the guest as dead. If its runtime said why before it trapped, that is the reason.
func (w *engine) die(why error) error {
	reason, detail, _ := strings.Cut(why.Error(), "\n")
	if first, rest, _ := strings.Cut(w.stderr.String(), "\n"); first != "" {
		reason, detail = first+" ("+reason+")", rest+"\n"+detail
	}
	w.dead = &host.Death{Reason: reason, Detail: strings.TrimSpace(detail)}
	return w.dead
}

// lastWords keeps the first bytes that a guest writes to its stderr: the runtime says first what
// broke, and then goes on for pages.
type lastWords struct{ buf bytes.Buffer }

const lastWordsMax = 4 << 10

func (l *lastWords) Write(b []byte) (int, error) {
	l.buf.Write(b[:min(len(b), lastWordsMax-l.buf.Len())])
	return len(b), nil
}

func (l *lastWords) String() string { return l.buf.String() }
