// Command wasm is the engine as a WebAssembly guest: five exports over package core, described in
// ABI.md. Natively it is a program that does nothing, so that its parts can be tested.
package main

import (
	"math"
	"runtime"

	"github.com/redlet/redlet/core"
	"github.com/redlet/redlet/wasm/abi"
)

// keepMax is how large an input or output buffer may be and still outlive the step that needed it.
const keepMax = 1 << 20

// stackMax bounds the stack trace in the LOG frame of a failed step.
const stackMax = 8 << 10

// guest is one instance: an engine and the buffers that its host reads and writes.
type guest struct {
	engine  *core.Engine // nil until the first frame
	refused bool         // a CONFIGURE was refused and none was taken since
	ready   bool         // it has loaded its data

	input   []byte // the host writes frames here
	output  []byte // frames for the host, lent until the next call
	last    int    // where the DATA frame that ends output begins; -1 if it ends with another
	control [abi.ControlSize]byte
}

// buffer returns an input buffer of at least size bytes, valid until the next call of buffer: a
// step may use what is in it, and leaves it where it is.
func (g *guest) buffer(size int) []byte {
	if cap(g.input) < size || cap(g.input) > keepMax && size <= keepMax {
		g.input = make([]byte, max(size, 4096))
	}
	g.input = g.input[:cap(g.input)]
	return g.input
}

// step applies the frames in the first size bytes of the input buffer at the host's time now, in
// microseconds, and leaves what the engine wants done in g.output.
func (g *guest) step(size int, now float64) (status abi.Status) {
	if cap(g.output) > keepMax {
		g.output = nil
	}
	g.output, g.last = g.output[:0], -1
	defer func() {
		if broken := recover(); broken != nil {
			status = g.fail(abi.StatusFailed, g.reason(broken))
		}
	}()
	if size < 0 || size > len(g.input) {
		return g.fail(abi.StatusMalformed, "step: more input than the buffer holds")
	}
	frames := g.input[:size]
	if fault := check(frames); fault != "" {
		return g.fail(abi.StatusMalformed, fault)
	}
	g.apply(instant(now), frames)
	return abi.StatusOK
}

// check returns what is wrong with the frames, or nothing.
func check(frames []byte) string {
	for len(frames) > 0 {
		end, err := abi.FrameEnd(frames)
		if err != nil {
			return err.Error()
		}
		if !abi.HoldsData(frames) {
			if fault := fault(frames); fault != "" {
				return "abi: " + fault
			}
		}
		frames = frames[end:]
	}
	return ""
}

// fault returns what is wrong with the first of whole frames, or nothing.
func fault(frames []byte) string {
	var in core.Input
	abi.NextInput(frames, &in)
	return in.Fault()
}

// apply runs frames that check has passed.
func (g *guest) apply(now core.Time, frames []byte) {
	if g.engine != nil {
		g.engine.Advance(now)
		g.poll()
	}
	var in core.Input
	for len(frames) > 0 {
		frames, _ = abi.NextInput(frames, &in)
		if g.engine != nil || g.begin(now, &in) {
			g.engine.Input(&in)
			g.poll()
		}
	}
	g.finish(abi.StatusOK)
}

// begin makes the engine, if it may be, since a first input has come. It tells whether the input
// is for the engine.
func (g *guest) begin(now core.Time, in *core.Input) bool {
	if in.Kind != core.InConfigure {
		if !g.refused {
			gauge := newGauge()
			g.engine, _ = core.New(core.Options{Now: now, Yield: runtime.Gosched,
				Room: gauge.room})
			gauge.counted, gauge.scripts = g.engine.Memory, g.engine.ScriptMemory
			g.ready = g.engine.Poll(&core.Event{}) // it is configured, which nobody asked
		}
		return !g.refused
	}
	g.refused = true
	if err := g.configure(now, in); err != nil {
		g.append(&core.Event{Kind: core.EventConfigured, Ticket: in.Ticket, Data: []byte(err.Error())})
		return false
	}
	g.refused = false
	g.poll()
	return false
}

// configure makes the engine, which says itself when it is ready.
func (g *guest) configure(now core.Time, in *core.Input) error {
	seed, config, err := abi.ParseConfigure(in.Data)
	if err != nil {
		return err
	}
	gauge := newGauge()
	options := core.Options{Now: now, Seed: seed, Config: config, Ticket: in.Ticket,
		Yield: runtime.Gosched, Room: gauge.room}
	if in.Conn != 0 {
		options.Stopwatch = stopwatch
	}
	engine, err := core.New(options)
	if err == nil {
		g.engine, gauge.counted, gauge.scripts = engine, engine.Memory, engine.ScriptMemory
	}
	return err
}

// poll forwards the engine's events as frames.
func (g *guest) poll() {
	var ev core.Event
	for g.engine.Poll(&ev) {
		if ev.Kind == core.EventData && g.last >= 0 && connAt(g.output[g.last:]) == uint32(ev.Conn) {
			g.output = append(g.output, ev.Data...)
			abi.Extend(g.output, g.last)
			continue
		}
		g.append(&ev)
		if ev.Kind == core.EventConfigured && !g.ready {
			if g.ready = len(ev.Data) == 0; !g.ready { // its data cannot be loaded
				g.engine, g.refused = nil, true
				return
			}
		}
	}
}

// append appends an event as a frame.
func (g *guest) append(ev *core.Event) {
	g.last = -1
	if ev.Kind == core.EventData {
		g.last = len(g.output)
	}
	g.output = abi.AppendEvent(g.output, ev)
}

// fail replaces the output by one LOG frame.
func (g *guest) fail(status abi.Status, why string) abi.Status {
	g.output = g.output[:0]
	g.append(&core.Event{Kind: core.EventLog, Ticket: 3, Data: []byte(why)})
	return g.finish(status)
}

// finish fills the control block.
func (g *guest) finish(status abi.Status) abi.Status {
	c := abi.Control{Output: uint32(address(g.output)), Length: uint32(len(g.output)),
		Deadline: math.Inf(1)}
	if g.engine != nil && status == abi.StatusOK {
		if deadline := g.engine.Deadline(); deadline != core.Never {
			c.Deadline = float64(deadline)
		}
	}
	c.Put(g.control[:])
	return status
}

// connAt reads the connection of the frame at the start of b.
func connAt(b []byte) uint32 {
	return uint32(b[4]) | uint32(b[5])<<8 | uint32(b[6])<<16 | uint32(b[7])<<24
}

// timeMax is the last microsecond that an f64 holds exactly, in the year 2255.
const timeMax = 1 << 53

// instant makes a time of whatever a host may pass.
func instant(now float64) core.Time {
	if !(now > 0) { // negative or not a number
		return 0
	}
	return core.Time(min(now, timeMax))
}

// reason says what broke, in whose command and where.
func (g *guest) reason(broken any) string {
	text := "panic"
	switch v := broken.(type) {
	case error:
		text = v.Error()
	case string:
		text = v
	}
	stack := make([]byte, stackMax)
	return text + "\n" + g.engine.Culprit() + string(stack[:runtime.Stack(stack, false)])
}

// main is for a native build, which serves only tests: the guest is entered by its exports.
func main() {}
