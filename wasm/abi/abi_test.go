package abi

import (
	"bytes"
	"errors"
	"maps"
	"math"
	"testing"
)

func TestFrameRoundTrip(t *testing.T) {
	frames := []Frame{
		{InOpen, 1, 0, []byte("127.0.0.1:1 127.0.0.1:2 8 0")},
		{InData, 7, 0, []byte("PING\r\n")},
		{InClose, math.MaxUint32, 9, nil},
	}
	var b []byte
	for _, f := range frames {
		b = AppendFrame(b, f)
	}
	for _, want := range frames {
		var got Frame
		var err error
		if got, b, err = Next(b); err != nil {
			t.Fatal(err)
		}
		if got.Kind != want.Kind || got.Conn != want.Conn || got.Ticket != want.Ticket ||
			!bytes.Equal(got.Payload, want.Payload) {
			t.Errorf("got %v, want %v", got, want)
		}
	}
	if len(b) != 0 {
		t.Errorf("%d bytes left over", len(b))
	}
}

func TestNextRefusesWhatIsCutShort(t *testing.T) {
	whole := AppendFrame(nil, Frame{InData, 1, 0, []byte("abc")})
	for n := range len(whole) {
		want := ErrShortPayload
		if n < HeaderSize {
			want = ErrShortHeader
		}
		if _, rest, err := Next(whole[:n]); !errors.Is(err, want) || len(rest) != n {
			t.Errorf("%d bytes: got %v and %d left, want %v and all left", n, err, len(rest), want)
		}
	}
	huge := AppendHeader(nil, InData, 1, 0, math.MaxUint32)
	if _, _, err := Next(huge); !errors.Is(err, ErrShortPayload) {
		t.Errorf("a payload of 4 GiB that is not there: got %v", err)
	}
}

func TestPatchSize(t *testing.T) {
	b := AppendFrame(nil, Frame{OutLog, 0, 2, []byte("first")})
	at := len(b)
	b = append(AppendHeader(b, OutData, 3, 0, 0), "payload"...)
	PatchSize(b, at)
	if f, rest, err := Next(b[at:]); err != nil || string(f.Payload) != "payload" || len(rest) != 0 {
		t.Errorf("got %v, %d left, %v", f, len(rest), err)
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

func TestOpen(t *testing.T) {
	for _, c := range []struct{ give, want Peer }{
		{Peer{"127.0.0.1:1", "[::1]:2", 8, false}, Peer{"127.0.0.1:1", "[::1]:2", 8, false}},
		{Peer{"/my dir/s:0", "", -1, true}, Peer{"/my_dir/s:0", "?:0", -1, true}},
	} {
		got, err := ParseOpen(AppendOpen(nil, c.give))
		if err != nil || got != c.want {
			t.Errorf("got %v, %v, want %v", got, err, c.want)
		}
	}
	for _, bad := range []string{
		"", "a", "a b 1", "a b 1 0 ", " b 1 0", "a  1 0", "a b x 0", "a b 1 2",
	} {
		if _, err := ParseOpen([]byte(bad)); !errors.Is(err, ErrBadOpen) {
			t.Errorf("%q: got %v", bad, err)
		}
	}
}

func TestSave(t *testing.T) {
	path, image, err := ParseSave(AppendSave(nil, "/tmp/dump.rdb", []byte("REDIS")))
	if err != nil || path != "/tmp/dump.rdb" || string(image) != "REDIS" {
		t.Errorf("got %q, %q, %v", path, image, err)
	}
	for _, bad := range []string{"", "abc", "\x01\x00\x00\x00", "\xff\xff\xff\xffabc"} {
		if _, _, err := ParseSave([]byte(bad)); !errors.Is(err, ErrBadSave) {
			t.Errorf("%q: got %v", bad, err)
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
	f.Add(AppendFrame(AppendFrame(nil, Frame{InData, 1, 2, []byte("x")}), Frame{InClose, 1, 0, nil}))
	f.Add([]byte("\x03\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var again []byte
		rest := b
		for len(rest) > 0 {
			frame, next, err := Next(rest)
			if err != nil {
				break
			}
			again, rest = AppendFrame(again, frame), next
		}
		if !bytes.Equal(append(again, rest...), b) {
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

func TestReplayed(t *testing.T) {
	good, why, err := ParseReplayed(AppendReplayed(nil, 77, "broken"))
	if good != 77 || why != "broken" || err != nil {
		t.Error(good, why, err)
	}
	if _, _, err := ParseReplayed([]byte("abc")); err != ErrBadReplayed {
		t.Error(err)
	}
}
