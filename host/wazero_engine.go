package host

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/tetratelabs/wazero/api"

	"github.com/redlet/redlet/core"
	"github.com/redlet/redlet/wasm/abi"
)

// wazeroEngine is a guest under wazero.
type wazeroEngine struct {
	module  api.Module
	memory  api.Memory
	input   api.Function
	step    api.Function
	control uint32
	now     core.Time // of the last step
	stack   [2]uint64 // parameters and results of calls
	stderr  lastWords
	dead    *Death
	early   []Output // came with a Snapshot or Restore; the next Step hands them out
}

// configure sends the first frame.
func (w *wazeroEngine) configure(o core.Options) error {
	payload := abi.AppendConfigure(nil, o.Seed, o.Config)
	answer, err := w.ask(abi.Frame{Kind: abi.InConfigure, Payload: payload}, abi.OutConfigured)
	if err == nil && len(answer) > 0 {
		err = errors.New(string(answer))
	}
	return err
}

// Step implements Engine.
func (w *wazeroEngine) Step(now core.Time, in []Input, out []Output) ([]Output, core.Time, error) {
	if w.dead != nil {
		return out, core.Never, w.dead
	}
	size := 0
	for i := range in {
		size += frameSize(&in[i])
	}
	given := out
	out = append(out, w.early...)
	w.early = nil
	w.now = now
	if size > 0 {
		buf, err := w.buffer(size)
		if err != nil {
			return given, core.Never, err
		}
		buf = buf[:0]
		for i := range in {
			buf = appendInput(buf, &in[i])
		}
		if len(buf) != size {
			return given, core.Never, w.die(errors.New("frames differ from their size"))
		}
	}
	frames, deadline, err := w.run(size)
	if err != nil {
		return given, core.Never, err
	}
	for len(frames) > 0 {
		var f abi.Frame
		if f, frames, err = abi.Next(frames); err == nil {
			out, err = appendOutput(out, f)
		}
		if err != nil {
			return given, core.Never, w.die(err)
		}
	}
	return out, deadline, nil
}

// buffer returns the guest's input buffer for size bytes. What is put there must stay in place.
func (w *wazeroEngine) buffer(size int) ([]byte, error) {
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
func (w *wazeroEngine) run(size int) (frames []byte, deadline core.Time, err error) {
	w.stack[0], w.stack[1] = uint64(size), api.EncodeF64(float64(w.now))
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
func (w *wazeroEngine) failed(status abi.Status, frames []byte) error {
	f, _, err := abi.Next(frames)
	if err != nil || f.Kind != abi.OutLog {
		return w.die(fmt.Errorf("status %d of step", status))
	}
	return w.die(errors.New(string(f.Payload)))
}

// frameSize is what appendInput will append.
func frameSize(in *Input) int {
	switch in.Kind {
	case InOpen:
		return len(appendInput(nil, in))
	case InData:
		return abi.HeaderSize + len(in.Data)
	case InSaved, InStop, InLoaded, InAppended, InRewritten:
		return abi.HeaderSize + len(in.Text)
	}
	return abi.HeaderSize
}

// appendInput appends an input as a frame.
func appendInput(dst []byte, in *Input) []byte {
	at := len(dst)
	dst = abi.AppendHeader(dst, inputFrames[in.Kind], uint32(in.Conn), in.Ticket, 0)
	switch in.Kind {
	case InOpen:
		dst = abi.AppendOpen(dst, abi.Peer(in.Peer))
	case InData:
		dst = append(dst, in.Data...)
	case InSaved, InStop, InLoaded, InAppended, InRewritten:
		dst = append(dst, in.Text...)
	}
	abi.PatchSize(dst, at)
	return dst
}

// inputFrames are the kinds of frames that carry the kinds of inputs.
var inputFrames = [...]abi.Kind{InOpen: abi.InOpen, InData: abi.InData, InClose: abi.InClose,
	InCork: abi.InCork, InUncork: abi.InUncork, InSaved: abi.InSaved,
	InStop: abi.InStop, InLoaded: abi.InLoaded, InAppended: abi.InAppended,
	InRewritten: abi.InRewritten}

// appendOutput appends a frame as an output, whose bytes stay where they are.
func appendOutput(out []Output, f abi.Frame) ([]Output, error) {
	o := Output{Conn: core.ConnID(f.Conn), Ticket: f.Ticket}
	switch f.Kind {
	case abi.OutData:
		o.Kind, o.Data = core.EventData, f.Payload
	case abi.OutHangup:
		o.Kind, o.Data = core.EventHangup, f.Payload
	case abi.OutSave:
		var err error
		o.Kind = core.EventSave
		if o.Path, o.Data, err = abi.ParseSave(f.Payload); err != nil {
			return out, err
		}
	case abi.OutLoad:
		o.Kind, o.Path = core.EventLoad, string(f.Payload)
	case abi.OutAppend:
		o.Kind, o.Data = core.EventAppend, f.Payload
	case abi.OutRewrite:
		var err error
		o.Kind = core.EventRewrite
		if o.Path, o.Data, err = abi.ParseSave(f.Payload); err != nil {
			return out, err
		}
	case abi.OutShutdown:
		o.Kind, o.Text = core.EventShutdown, string(f.Payload)
	case abi.OutLog:
		o.Kind, o.Text = core.EventLog, string(f.Payload)
		o.Level, o.Ticket = int(f.Ticket), 0
	default:
		return out, errors.New("a frame of unknown kind")
	}
	return append(out, o), nil
}

// ask sends one frame and returns the payload of the answer; other frames wait for the next Step.
func (w *wazeroEngine) ask(f abi.Frame, answer abi.Kind) (payload []byte, err error) {
	if w.dead != nil {
		return nil, w.dead
	}
	size := abi.HeaderSize + len(f.Payload)
	buf, err := w.buffer(size)
	if err != nil {
		return nil, err
	}
	abi.AppendFrame(buf[:0], f)
	frames, _, err := w.run(size)
	if err != nil {
		return nil, err
	}
	found := false
	for len(frames) > 0 {
		if f, frames, err = abi.Next(frames); err != nil {
			return nil, w.die(err)
		}
		if f.Kind == answer {
			payload, found = bytes.Clone(f.Payload), true
			continue
		}
		f.Payload = bytes.Clone(f.Payload)
		if w.early, err = appendOutput(w.early, f); err != nil {
			return nil, w.die(err)
		}
	}
	if !found {
		return nil, w.die(errors.New("no answer"))
	}
	return payload, nil
}

// Snapshot implements Engine.
func (w *wazeroEngine) Snapshot() ([]byte, error) {
	return w.ask(abi.Frame{Kind: abi.InSnapshot}, abi.OutSnapshot)
}

// Restore implements Engine.
func (w *wazeroEngine) Restore(image []byte) error {
	why, err := w.ask(abi.Frame{Kind: abi.InRestore, Payload: image}, abi.OutRestored)
	if err == nil && len(why) > 0 {
		err = errors.New(string(why))
	}
	return err
}

// Replay implements Engine.
func (w *wazeroEngine) Replay(file []byte) (good int, err error) {
	answer, err := w.ask(abi.Frame{Kind: abi.InReplay, Payload: file}, abi.OutReplayed)
	if err != nil {
		return 0, err
	}
	good, why, err := abi.ParseReplayed(answer)
	switch {
	case err != nil:
		err = w.die(err)
	case why != "":
		err = errors.New(why)
	}
	return good, err
}

// Close implements Engine.
func (w *wazeroEngine) Close() error {
	if w.dead == nil {
		w.dead = &Death{Reason: "closed"}
	}
	if w.module == nil {
		return nil
	}
	err := w.module.Close(context.Background())
	w.module, w.memory = nil, nil
	return err
}

// die marks the guest as dead. If its runtime said why before it trapped, that is the reason.
func (w *wazeroEngine) die(why error) error {
	reason, detail, _ := strings.Cut(why.Error(), "\n")
	if first, rest, _ := strings.Cut(w.stderr.String(), "\n"); first != "" {
		reason, detail = first+" ("+reason+")", rest+"\n"+detail
	}
	w.dead = &Death{Reason: reason, Detail: strings.TrimSpace(detail)}
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
