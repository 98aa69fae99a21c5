// Command wasm is the engine as a WebAssembly guest: four exports over package core, described in
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

	input   []byte // the host writes frames here
	output  []byte // frames for the host, lent until the next call
	last    int    // where the last frame of output begins; -1 if it cannot be added to
	control [abi.ControlSize]byte
}

// buffer returns an input buffer of at least size bytes, valid until the next call of buffer or
// step.
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
			status = g.fail(abi.StatusFailed, reason(broken))
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
		f, rest, err := abi.Next(frames)
		if err != nil {
			return err.Error()
		}
		if f.Kind < abi.InConfigure || f.Kind > abi.InRewritten {
			return "abi: a frame of unknown kind"
		}
		if f.Kind == abi.InOpen {
			if _, err := abi.ParseOpen(f.Payload); err != nil {
				return err.Error()
			}
		}
		frames = rest
	}
	return ""
}

// apply runs frames that check has passed.
func (g *guest) apply(now core.Time, frames []byte) {
	if g.engine != nil {
		g.engine.Advance(now)
		g.poll()
	}
	for len(frames) > 0 {
		f, rest, _ := abi.Next(frames)
		frames = rest
		if f.Kind == abi.InConfigure {
			g.configure(now, f)
			if g.engine != nil {
				g.poll()
			}
			continue
		}
		if g.engine == nil && !g.refused {
			g.engine, _ = core.New(core.Options{Now: now, Yield: runtime.Gosched})
		}
		if g.engine != nil {
			g.input1(&f)
			g.poll()
		}
	}
	g.finish(abi.StatusOK)
}

// configure makes the engine.
func (g *guest) configure(now core.Time, f abi.Frame) {
	g.append(abi.OutConfigured, 0, f.Ticket, g.start(now, f.Payload))
}

// start makes the engine, or returns why not.
func (g *guest) start(now core.Time, payload []byte) []byte {
	if g.engine != nil {
		return []byte("already configured")
	}
	g.refused = true
	seed, config, err := abi.ParseConfigure(payload)
	if err != nil {
		return []byte(err.Error())
	}
	engine, err := core.New(core.Options{
		Now: now, Seed: seed, Config: config, Yield: runtime.Gosched,
	})
	if err != nil {
		return []byte(err.Error())
	}
	g.engine, g.refused = engine, false
	return nil
}

// input1 applies one frame other than CONFIGURE.
func (g *guest) input1(f *abi.Frame) {
	id := core.ConnID(f.Conn)
	switch f.Kind {
	case abi.InOpen:
		peer, _ := abi.ParseOpen(f.Payload)
		g.engine.Open(id, core.Conn(peer))
	case abi.InData:
		g.engine.Feed(id, f.Payload)
	case abi.InClose:
		g.engine.Close(id)
	case abi.InCork, abi.InUncork:
		g.engine.Cork(id, f.Kind == abi.InCork)
	case abi.InSaved:
		g.engine.Saved(f.Ticket, string(f.Payload))
	case abi.InStop:
		g.engine.Stop(string(f.Payload))
	case abi.InLoaded:
		g.engine.Loaded(string(f.Payload))
	case abi.InAppended:
		g.engine.Appended(string(f.Payload))
	case abi.InRewritten:
		g.engine.Rewritten(f.Ticket, string(f.Payload))
	case abi.InReplay:
		good, err := g.engine.Replay(f.Payload)
		why := ""
		if err != nil {
			why = err.Error()
		}
		g.append(abi.OutReplayed, 0, f.Ticket, abi.AppendReplayed(nil, good, why))
	case abi.InSnapshot:
		at := g.begin(abi.OutSnapshot, 0, f.Ticket)
		g.output = g.engine.Snapshot(g.output)
		abi.PatchSize(g.output, at)
	case abi.InRestore:
		var why []byte
		if err := g.engine.Restore(f.Payload); err != nil {
			why = []byte(err.Error())
		}
		g.append(abi.OutRestored, 0, f.Ticket, why)
	}
}

// poll turns the engine's events into frames.
func (g *guest) poll() {
	for g.engine.Pending() {
		if id, data := g.engine.PollData(); data {
			g.data(id)
			continue
		}
		ev, _ := g.engine.Poll()
		id := uint32(ev.Conn)
		switch ev.Kind {
		case core.EventHangup:
			at := g.begin(abi.OutHangup, id, 0)
			g.output = g.engine.AppendOutput(ev.Conn, g.output)
			abi.PatchSize(g.output, at)
		case core.EventSave, core.EventRewrite:
			kind := abi.OutSave
			if ev.Kind == core.EventRewrite {
				kind = abi.OutRewrite
			}
			at := g.begin(kind, 0, ev.Ticket)
			g.output = abi.AppendSave(g.output, ev.Path, ev.Image)
			abi.PatchSize(g.output, at)
		case core.EventLoad:
			g.append(abi.OutLoad, 0, 0, []byte(ev.Path))
		case core.EventAppend:
			g.append(abi.OutAppend, 0, ev.Ticket, ev.Image)
		case core.EventShutdown:
			g.append(abi.OutShutdown, 0, 0, []byte(ev.Text))
		case core.EventLog:
			g.append(abi.OutLog, 0, uint32(ev.Level), []byte(ev.Text))
		}
	}
}

// data appends what waits for a connection, to the last frame if that was for the same one.
func (g *guest) data(id core.ConnID) {
	at := g.last
	if at < 0 || g.output[at] != byte(abi.OutData) || connAt(g.output[at:]) != uint32(id) {
		at = g.begin(abi.OutData, uint32(id), 0)
	}
	g.output = g.engine.AppendOutput(id, g.output)
	abi.PatchSize(g.output, at)
}

// begin appends the header of a frame whose size PatchSize fills in later.
func (g *guest) begin(kind abi.Kind, conn, ticket uint32) int {
	g.last = len(g.output)
	g.output = abi.AppendHeader(g.output, kind, conn, ticket, 0)
	return g.last
}

func (g *guest) append(kind abi.Kind, conn, ticket uint32, payload []byte) {
	g.begin(kind, conn, ticket)
	g.output = append(g.output, payload...)
	abi.PatchSize(g.output, g.last)
}

// fail replaces the output by one LOG frame.
func (g *guest) fail(status abi.Status, why string) abi.Status {
	g.output = g.output[:0]
	g.append(abi.OutLog, 0, 3, []byte(why))
	return g.finish(status)
}

// finish fills the control block but for the address of the output.
func (g *guest) finish(status abi.Status) abi.Status {
	deadline := core.Never
	if g.engine != nil && status == abi.StatusOK {
		deadline = g.engine.Deadline()
	}
	c := abi.Control{Length: uint32(len(g.output)), Deadline: math.Inf(1)}
	if deadline != core.Never {
		c.Deadline = float64(deadline)
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

// reason says what broke and where.
func reason(broken any) string {
	text := "panic"
	switch v := broken.(type) {
	case error:
		text = v.Error()
	case string:
		text = v
	}
	stack := make([]byte, stackMax)
	return text + "\n" + string(stack[:runtime.Stack(stack, false)])
}

// main is for a native build, which serves only tests: the guest is entered by its exports.
func main() {}
