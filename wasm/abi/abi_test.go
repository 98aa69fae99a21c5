package abi

import (
	"bytes"
	"errors"
	"maps"
	"math"
	"reflect"
	"testing"

	"github.com/redlet/redlet/core"
)

func TestInputRoundTrip(t *testing.T) {
	inputs := []core.Input{
		{Kind: core.InOpen, Conn: 1, Data: []byte("127.0.0.1:1 127.0.0.1:2 8 0")},
		{Kind: core.InData, Conn: 7, Data: []byte("PING\r\n")},
		{Kind: core.InDone, Conn: math.MaxUint32, Ticket: 9},
	}
	var b []byte
	for i := range inputs {
		before := len(b)
		if b = AppendInput(b, &inputs[i]); len(b)-before != InputSize(&inputs[i]) {
			t.Errorf("%v takes %d bytes, not %d", inputs[i], len(b)-before, InputSize(&inputs[i]))
		}
	}
	for _, want := range inputs {
		var got core.Input
		var err error
		if b, err = NextInput(b, &got); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got.Data, want.Data) {
			t.Errorf("got %q, want %q", got.Data, want.Data)
		}
		if got.Data, want.Data = nil, nil; !reflect.DeepEqual(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	}
	if len(b) != 0 {
		t.Errorf("%d bytes left over", len(b))
	}
}

func TestEventRoundTrip(t *testing.T) {
	events := []core.Event{
		{Kind: core.EventData, Conn: 7, Data: []byte("+OK\r\n")},
		{Kind: core.EventReplace, Ticket: 3, Path: "./dump.rdb", Data: []byte("REDIS")},
		{Kind: core.EventRead, Ticket: 4, Path: "a", Offset: 5 << 30, Data: []byte{}},
		{Kind: core.EventLog, Ticket: 2, Data: []byte("first")},
	}
	var b []byte
	for i := range events {
		b = AppendEvent(b, &events[i])
	}
	got := core.Event{Path: "of the last event", Offset: 1}
	for _, want := range events {
		var err error
		if b, err = NextEvent(b, &got); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %v, %v, want %v", got, err, want)
		}
	}
	if len(b) != 0 {
		t.Errorf("%d bytes left over", len(b))
	}
}

func TestNextRefusesWhatIsCutShort(t *testing.T) {
	whole := AppendInput(nil, &core.Input{Kind: core.InData, Conn: 1, Data: []byte("abc")})
	for n := range len(whole) {
		want := ErrShortPayload
		if n < HeaderSize {
			want = ErrShortHeader
		}
		var in core.Input
		if rest, err := NextInput(whole[:n], &in); !errors.Is(err, want) || len(rest) != n {
			t.Errorf("%d bytes: got %v and %d left, want %v and all left", n, err, len(rest), want)
		}
	}
	huge := appendHeader(nil, uint32(core.InData), 1, 0, -1)
	if _, err := NextInput(huge, new(core.Input)); !errors.Is(err, ErrShortPayload) {
		t.Errorf("a payload of 4 GiB less a byte that is not there: got %v", err)
	}
	for _, bad := range []string{"", "12345678\x00\x00\x00", "12345678\x01\x00\x00\x00",
		"12345678\xff\xff\xff\xffabc"} {
		b := append(appendHeader(nil, uint32(core.EventRead), 0, 1, len(bad)), bad...)
		if _, err := NextEvent(b, new(core.Event)); !errors.Is(err, ErrShortPath) {
			t.Errorf("%q: got %v", bad, err)
		}
	}
}

// TestKindsBeyond shows that the number of a kind is not cut to what a kind can be.
func TestKindsBeyond(t *testing.T) {
	b := appendHeader(nil, 256+uint32(core.InData), 1, 0, 0)
	var in core.Input
	var ev core.Event
	_, inErr := NextInput(b, &in)
	_, evErr := NextEvent(b, &ev)
	if inErr != nil || evErr != nil || in.Kind != 0 || ev.Kind != 0 {
		t.Errorf("kinds %d and %d, %v, %v", in.Kind, ev.Kind, inErr, evErr)
	}
}

func TestExtend(t *testing.T) {
	b := AppendEvent(nil, &core.Event{Kind: core.EventLog, Data: []byte("first")})
	at := len(b)
	b = AppendEvent(b, &core.Event{Kind: core.EventData, Conn: 3, Data: []byte("pay")})
	b = append(b, "load"...)
	Extend(b, at)
	var ev core.Event
	rest, err := NextEvent(b[at:], &ev)
	if err != nil || string(ev.Data) != "payload" || len(rest) != 0 {
		t.Errorf("got %v, %d left, %v", ev, len(rest), err)
	}
}

func TestControlRoundTrip(t *testing.T) {
	for _, c := range []Control{{}, {1, 2, 3.5}, {math.MaxUint32, 1 << 31, math.Inf(1)}} {
		b := make([]byte, ControlSize)
		c.Put(b)
		if got := ParseControl(b); got != c {
			t.Errorf("got %v, want %v", got, c)
		}
	}
}

func TestConfigureRoundTrip(t *testing.T) {
	seed := [SeedSize]byte{1, 2, 31: 3}
	want := map[string]string{
		"requirepass": "a \"b\" \\ 'c' \n\r\t\a\b \x00\xff\xc3\xa9",
		"save":        "3600 1 300 100",
		"logfile":     "",
	}
	gotSeed, got, err := ParseConfigure(AppendConfigure(nil, seed, want))
	if err != nil || gotSeed != seed || !maps.Equal(got, want) {
		t.Errorf("got %v %q %v", gotSeed, got, err)
	}
}

func TestConfigureReadsRedisConf(t *testing.T) {
	text := "# a comment\r\n\n  MaxMemory 100mb\r\nsave 3600 1  300 100\nname 'it\\'s' \n" +
		`requirepass "\x41\n\q"` + "\nmaxmemory 200mb\nlogfile \"\"\n"
	_, got, err := ParseConfigure(append(make([]byte, SeedSize), text...))
	want := map[string]string{
		"maxmemory": "200mb", "save": "3600 1 300 100", "name": "it's",
		"requirepass": "A\nq", "logfile": "",
	}
	if err != nil || !maps.Equal(got, want) {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestConfigureRefuses(t *testing.T) {
	for text, want := range map[string]Error{
		"requirepass":         ErrNoValue,
		"requirepass  \r":     ErrNoValue,
		`requirepass "a`:      ErrQuotes,
		`requirepass 'a`:      ErrQuotes,
		`requirepass "a"b`:    ErrQuotes,
		`requirepass "a\"`:    ErrQuotes,
		`"" x`:                ErrNoValue,
		"port 1\nsave 'x'''y": ErrQuotes,
	} {
		_, _, err := ParseConfigure(append(make([]byte, SeedSize), text...))
		if !errors.Is(err, want) {
			t.Errorf("%q: got %v, want %v", text, err, want)
		}
	}
	if _, _, err := ParseConfigure(make([]byte, SeedSize-1)); !errors.Is(err, ErrNoSeed) {
		t.Errorf("short seed: got %v", err)
	}
}

func FuzzNext(f *testing.F) {
	f.Add(AppendInput(AppendInput(nil, &core.Input{Kind: core.InData, Conn: 1, Data: []byte("x")}),
		&core.Input{Kind: core.InClose, Conn: 1}))
	f.Add(AppendEvent(nil, &core.Event{Kind: core.EventAppend, Path: "p", Data: []byte("x")}))
	f.Add([]byte("\x03\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var inputs, events []byte
		for rest := b; len(rest) > 0; {
			var in core.Input
			next, err := NextInput(rest, &in)
			if err != nil || in.Kind == 0 {
				break
			}
			inputs, rest = AppendInput(inputs, &in), next
		}
		for rest := b; len(rest) > 0; {
			var ev core.Event
			next, err := NextEvent(rest, &ev)
			if err != nil || ev.Kind == 0 {
				break
			}
			events, rest = AppendEvent(events, &ev), next
		}
		if !bytes.HasPrefix(b, inputs) || !bytes.HasPrefix(b, events) {
			t.Error("frames written again differ from those read")
		}
	})
}

func FuzzConfigure(f *testing.F) {
	f.Add([]byte("requirepass \"a\\x00\"\n# x\nsave 1 2"))
	f.Fuzz(func(t *testing.T, b []byte) {
		_, config, err := ParseConfigure(append(make([]byte, SeedSize), b...))
		if err != nil {
			return
		}
		clean := true
		for name := range config {
			clean = clean && !bytes.ContainsAny([]byte(name), "\x00\"' #\n\r\t\v\f")
		}
		_, again, err := ParseConfigure(AppendConfigure(nil, [SeedSize]byte{}, config))
		if clean && (err != nil || !maps.Equal(again, config)) {
			t.Errorf("%q read again is %q, %v", config, again, err)
		}
	})
}
