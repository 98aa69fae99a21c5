package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/redlet/redlet/core"
	"github.com/redlet/redlet/wasm/abi"
)

// start is the time at which tests begin.
const start = 1_750_000_000_000_000

// bench is a guest with a host's habits: it sends frames and keeps copies of what comes back, and
// it spoils every buffer as soon as it may be reused.
type bench struct {
	t testing.TB
	guest
	now  float64
	next []byte // frames of the coming step
}

func newBench(t testing.TB) *bench { return &bench{t: t, now: start} }

func (b *bench) send(kind core.InputKind, conn core.ConnID, ticket uint32, data string) {
	b.next = abi.AppendInput(b.next, in(kind, conn, ticket, data))
}

// run steps over what was sent and returns the status and the events that came back.
func (b *bench) run() (abi.Status, []core.Event) {
	b.t.Helper()
	spoil(b.output)
	buf := b.buffer(len(b.next))
	n := copy(buf, b.next)
	b.next = b.next[:0]
	status := b.step(n, b.now)
	spoil(buf)
	c := abi.ParseControl(b.control[:])
	if int(c.Length) != len(b.output) {
		b.t.Fatalf("control says %d bytes of output, there are %d", c.Length, len(b.output))
	}
	var events []core.Event
	for rest := bytes.Clone(b.output); len(rest) > 0; {
		var ev core.Event
		var err error
		if rest, err = abi.NextEvent(rest, &ev); err != nil {
			b.t.Fatal(err)
		}
		events = append(events, ev)
	}
	return status, events
}

// want runs and compares with what came back.
func (b *bench) want(want ...core.Event) {
	b.t.Helper()
	status, got := b.run()
	if status != abi.StatusOK || len(got) != len(want) {
		b.t.Fatalf("status %d, %d events %v, want %v", status, len(got), got, want)
	}
	for i, ev := range got {
		w := want[i]
		if ev.Kind != w.Kind || ev.Conn != w.Conn || ev.Ticket != w.Ticket || ev.Path != w.Path ||
			string(ev.Data) != string(w.Data) {
			b.t.Errorf("event %d: got %v %q, want %v %q", i, ev, ev.Data, w, w.Data)
		}
	}
}

func in(kind core.InputKind, conn core.ConnID, ticket uint32, data string) *core.Input {
	return &core.Input{Kind: kind, Conn: conn, Ticket: ticket, Data: []byte(data)}
}

func out(kind core.EventKind, conn core.ConnID, ticket uint32, data string) core.Event {
	return core.Event{Kind: kind, Conn: conn, Ticket: ticket, Data: []byte(data)}
}

func spoil(b []byte) {
	for i := range b {
		b[i] = 0xa5
	}
}

const peer = "127.0.0.1:50000 127.0.0.1:6379 8 0"

func TestSession(t *testing.T) {
	b := newBench(t)
	b.send(core.InOpen, 1, 0, peer)
	b.send(core.InOpen, 2, 0, peer)
	b.send(core.InData, 1, 0, "SET k v\r\nGE")
	b.send(core.InData, 2, 0, "APPEND k w\r\n")
	b.send(core.InData, 1, 0, "T k\r\n")
	b.send(core.InData, 1, 0, "PING\r\n")
	b.want(out(core.EventData, 1, 0, "+OK\r\n"), out(core.EventData, 2, 0, ":2\r\n"),
		out(core.EventData, 1, 0, "$2\r\nvw\r\n+PONG\r\n"))
	b.send(core.InClose, 2, 0, "")
	b.send(core.InData, 2, 0, "PING\r\n")
	b.send(core.InData, 1, 0, "QUIT\r\n")
	b.want(out(core.EventHangup, 1, 0, "+OK\r\n"))
}

func TestInputStaysWhereItIs(t *testing.T) {
	b := newBench(t)
	at := &b.buffer(4096)[0]
	b.send(core.InOpen, 1, 0, peer)
	for range 3 {
		b.send(core.InData, 1, 0, "PING\r\n")
		status := b.step(copy(b.input, b.next), b.now)
		b.next = b.next[:0]
		if &b.input[0] != at || status != abi.StatusOK ||
			!strings.HasSuffix(string(b.output), "+PONG\r\n") {
			t.Fatalf("status %d, output %q, or the buffer has moved", status, b.output)
		}
	}
}

func TestConfigure(t *testing.T) {
	seed := strings.Repeat("\x07", abi.SeedSize)
	b := newBench(t)
	b.send(core.InConfigure, 0, 5, seed+"no-such-parameter 1\n")
	b.send(core.InOpen, 1, 0, peer)
	b.send(core.InData, 1, 0, "PING\r\n")
	status, events := b.run()
	if status != abi.StatusOK || len(events) != 1 || events[0].Kind != core.EventConfigured ||
		events[0].Ticket != 5 || len(events[0].Data) == 0 {
		t.Fatalf("status %d, events %v: want a refusal and no more", status, events)
	}
	b.send(core.InConfigure, 0, 6, seed+"requirepass secret\n")
	b.send(core.InOpen, 1, 0, peer)
	b.send(core.InData, 1, 0, "GET k\r\nAUTH secret\r\n")
	b.want(out(core.EventConfigured, 0, 6, ""),
		out(core.EventData, 1, 0, "-NOAUTH Authentication required.\r\n+OK\r\n"))
	b.send(core.InConfigure, 0, 7, seed)
	b.want(out(core.EventConfigured, 0, 7, "already configured"))
	b.send(core.InConfigure, 0, 8, "short")
	b.want(out(core.EventConfigured, 0, 8, "already configured"))
}

func TestDeadline(t *testing.T) {
	b := newBench(t)
	b.want()
	if c := abi.ParseControl(b.control[:]); !math.IsInf(c.Deadline, 1) {
		t.Errorf("a guest without an engine has the deadline %v", c.Deadline)
	}
	b.send(core.InOpen, 1, 0, peer)
	b.send(core.InData, 1, 0, "SET k v PX 5\r\n")
	b.want(out(core.EventData, 1, 0, "+OK\r\n"))
	if c := abi.ParseControl(b.control[:]); c.Deadline > start+5000 || c.Deadline <= start {
		t.Errorf("deadline %v, want within 5 ms of %v", c.Deadline, float64(start))
	}
	b.now += 5000
	b.want()
	b.send(core.InData, 1, 0, "GET k\r\n")
	b.want(out(core.EventData, 1, 0, "$-1\r\n"))
	for _, odd := range []float64{math.NaN(), math.Inf(-1), -1, 0} {
		b.now = odd
		b.want()
	}
}

func TestSnapshot(t *testing.T) {
	b := newBench(t)
	b.send(core.InOpen, 1, 0, peer)
	b.send(core.InData, 1, 0, "SET k v\r\n")
	b.run()
	b.send(core.InSnapshot, 0, 9, "")
	_, events := b.run()
	if len(events) != 1 || events[0].Kind != core.EventSnapshot || events[0].Ticket != 9 {
		t.Fatalf("got %v", events)
	}
	image := string(events[0].Data)
	if len(image) < 9 {
		t.Fatalf("the image has %d bytes", len(image))
	}
	b.send(core.InData, 1, 0, "SET k w\r\n")
	b.run()
	b.send(core.InRestore, 0, 10, image[:len(image)-9])
	if _, events = b.run(); len(events) != 1 || events[0].Kind != core.EventRestored ||
		events[0].Ticket != 10 || len(events[0].Data) == 0 {
		t.Fatalf("half an image: got %v", events)
	}
	b.send(core.InData, 1, 0, "GET k\r\n")
	b.want(out(core.EventData, 1, 0, "$1\r\nw\r\n"))
	b.send(core.InRestore, 0, 11, image)
	b.send(core.InData, 1, 0, "GET k\r\n")
	b.want(out(core.EventRestored, 0, 11, ""), out(core.EventData, 1, 0, "$1\r\nv\r\n"))
}

func TestMalformedInputAppliesNothing(t *testing.T) {
	set := string(abi.AppendInput(nil, in(core.InData, 1, 0, "SET k v\r\n")))
	open := func(peer string) string {
		return string(abi.AppendInput(nil, in(core.InOpen, 3, 0, peer)))
	}
	for name, bad := range map[string]string{
		"half a header":  "\x03\x00\x00",
		"half a payload": set[:len(set)-1],
		"kind 0":         strings.Repeat("\x00", abi.HeaderSize),
		"kind 17":        "\x11" + strings.Repeat("\x00", abi.HeaderSize-1),
		"size 4 GiB":     "\x03" + strings.Repeat("\x00", 11) + "\xff\xff\xff\xff",
		"bad peer":       open("nobody"),
	} {
		b := newBench(t)
		b.send(core.InOpen, 1, 0, peer)
		b.run()
		b.next = append(b.next, set+bad...)
		status, events := b.run()
		if status != abi.StatusMalformed || len(events) != 1 || events[0].Kind != core.EventLog ||
			events[0].Ticket != 3 {
			t.Errorf("%s: status %d, events %v", name, status, events)
		}
		b.send(core.InData, 1, 0, "GET k\r\n")
		b.want(out(core.EventData, 1, 0, "$-1\r\n"))
	}
	b := newBench(t)
	b.buffer(16)
	if status := b.step(math.MaxInt32, start); status != abi.StatusMalformed {
		t.Errorf("more than the buffer: status %d", status)
	}
	if status := b.step(-1, start); status != abi.StatusMalformed {
		t.Errorf("less than nothing: status %d", status)
	}
}

func TestBuffersShrink(t *testing.T) {
	b := newBench(t)
	b.send(core.InOpen, 1, 0, peer)
	b.send(core.InData, 1, 0, "*2\r\n$4\r\nPING\r\n$4000000\r\n"+strings.Repeat("x", 4e6)+"\r\n")
	got := 0
	for got < 4e6 { // a large reply comes in turns
		_, events := b.run()
		if len(events) != 1 {
			t.Fatalf("%d events", len(events))
		}
		got += len(events[0].Data)
	}
	b.want()
	if cap(b.input) > keepMax || cap(b.output) > keepMax {
		t.Errorf("input keeps %d, output %d bytes", cap(b.input), cap(b.output))
	}
}

func TestPanicIsAFailedStep(t *testing.T) {
	b := newBench(t)
	b.send(core.InOpen, 1, 0, peer)
	b.run()
	b.guest.engine = new(core.Engine)
	b.send(core.InData, 1, 0, "PING\r\n")
	b.send(core.InOpen, 2, 0, peer)
	status, events := b.run()
	if status != abi.StatusFailed || len(events) != 1 || events[0].Kind != core.EventLog ||
		!bytes.Contains(events[0].Data, []byte("goroutine")) {
		t.Errorf("status %d, events %v", status, events)
	}
}

// TestPanicTellsWhoseCommandItWas has a command panic.
func TestPanicTellsWhoseCommandItWas(t *testing.T) {
	b := newBench(t)
	b.guest.engine, _ = core.New(core.Options{Now: start, Commands: []core.Command{
		{Name: "boom", Arity: -1, Flags: core.Fast, Run: func(*core.Call) { panic("broken") }}}})
	b.send(core.InOpen, 7, 0, peer)
	b.send(core.InData, 7, 0, "BOOM secret\r\n")
	_, events := b.run()
	said := string(events[0].Data)
	if !strings.HasPrefix(said, "broken\n------ CURRENT CLIENT INFO ------\nid=7 ") ||
		!strings.Contains(said, " cmd=boom ") ||
		strings.Contains(said, "secret") {
		t.Error(said)
	}
}

// TestFiles has a guest load its data, save them, and refuse what it cannot load.
func TestFiles(t *testing.T) {
	content := func(text string) string {
		return string(binary.LittleEndian.AppendUint64(nil, uint64(len(text)))) + text
	}
	configure := strings.Repeat("\x00", abi.SeedSize) + "dir /data\n"
	reads := func(ticket uint32, path string) core.Event {
		return core.Event{Kind: core.EventRead, Ticket: ticket, Path: path}
	}
	for _, broken := range []bool{false, true} {
		b := newBench(t)
		b.send(core.InConfigure, 0, 5, configure)
		b.send(core.InOpen, 1, 0, peer)
		b.send(core.InData, 1, 0, "SAVE\r\n") // waits until all is there
		b.want(reads(1, "/data/appendonlydir/appendonly.aof.manifest"))
		b.send(core.InAbsent, 0, 1, "")
		b.want(reads(2, "/data/dump.rdb"))
		if broken {
			b.send(core.InContent, 0, 2, content("REDIX"))
			b.run()
			b.send(core.InData, 1, 0, "PING\r\n")
			b.want()
			continue
		}
		b.send(core.InAbsent, 0, 2, "")
		_, events := b.run()
		if len(events) != 2 || events[0].Kind != core.EventConfigured || events[0].Ticket != 5 ||
			events[1].Kind != core.EventReplace || events[1].Path != "/data/dump.rdb" {
			t.Fatal(events)
		}
		b.send(core.InDone, 0, events[1].Ticket, "full")
		b.run()
		b.send(core.InData, 1, 0, "PING\r\n")
		b.want(out(core.EventData, 1, 0, "+PONG\r\n"))
	}
}

// TestABIPage runs the example session of ABI.md: blocks of hex marked `hex in` and `hex out`.
func TestABIPage(t *testing.T) {
	page, err := os.Open("ABI.md")
	if err != nil {
		t.Fatal(err)
	}
	defer page.Close()
	b := newBench(t)
	blocks, kind, text := 0, "", ""
	for lines := bufio.NewScanner(page); lines.Scan(); {
		line := lines.Text()
		switch {
		case strings.HasPrefix(line, "```hex "):
			kind, text = strings.TrimPrefix(line, "```hex "), ""
		case line == "```" && kind != "":
			frames, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
			if err != nil {
				t.Fatal(err)
			}
			if kind == "in" {
				b.next = append(b.next, frames...)
			} else if b.run(); !bytes.Equal(b.output, frames) {
				t.Errorf("out block %d: got\n%x, the page has\n%x", blocks, b.output, frames)
			}
			blocks, kind = blocks+1, ""
		case kind != "":
			text += line
		}
	}
	if blocks != 4 {
		t.Errorf("%d blocks of hex in the page, want 4", blocks)
	}
}

func FuzzFrames(f *testing.F) {
	session := abi.AppendInput(nil, in(core.InOpen, 1, 0, peer))
	session = abi.AppendInput(session, in(core.InData, 1, 0, "SET k v\r\nGET k\r\n"))
	session = abi.AppendInput(session, in(core.InSnapshot, 0, 1, ""))
	f.Add(session)
	f.Add(abi.AppendInput(nil, in(core.InRestore, 0, 1, "REDIS0012")))
	f.Add(abi.AppendInput(nil, in(core.InConfigure, 0, 1, strings.Repeat("s", 32)+"save 1 2")))
	f.Fuzz(func(t *testing.T, frames []byte) {
		b := newBench(t)
		b.next = frames
		status, _ := b.run()
		if status == abi.StatusFailed {
			t.Fatalf("the engine broke: %s", b.output)
		}
		b.now++
		if again, _ := b.run(); again != abi.StatusOK {
			t.Fatalf("a turn of the clock: status %d, %s", again, b.output)
		}
	})
}
