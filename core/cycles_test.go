package core_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redlet/redlet/core/coretest"
)

// TestPresent shows what INFO tells of the present: the mean of the last 1.6 seconds.
func TestPresent(t *testing.T) {
	e, err := coretest.NewEngine(nil)
	if err != nil {
		t.Fatal(err)
	}
	field := func(name string) float64 {
		t.Helper()
		_, rest, _ := strings.Cut(ask(t, e, "INFO", "everything", "debug").Text, "\n"+name+":")
		text, _, _ := strings.Cut(rest, "\r")
		n, err := strconv.ParseFloat(text, 64)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	turn := func(by time.Duration) {
		t.Helper()
		if err := e.Turn(by); err != nil {
			t.Fatal(err)
		}
	}
	turn(time.Millisecond)
	if n := field("instantaneous_ops_per_sec"); n != 0 {
		t.Errorf("%v commands a second at the start", n)
	}
	for range 20 { // a hundred commands a second for two seconds
		for i := range 10 {
			ask(t, e, "SET", fmt.Sprint(i), strings.Repeat("x", 1000))
		}
		turn(100 * time.Millisecond)
	}
	for name, least := range map[string]float64{"instantaneous_ops_per_sec": 90,
		"instantaneous_input_kbps": 90, "instantaneous_output_kbps": .4,
		"instantaneous_eventloop_cycles_per_sec": 9} {
		if got := field(name); got < least || got > 1.3*least {
			t.Errorf("%s is %v; want at least %v and not much more", name, got, least)
		}
	}
	turn(800 * time.Millisecond) // half of it at rest
	if n := field("instantaneous_ops_per_sec"); n < 40 || n > 60 {
		t.Errorf("%v commands a second in the mean of the half that was busy and one at rest", n)
	}
	turn(10 * time.Second)
	if n := field("instantaneous_ops_per_sec"); n > 1 { // which this one is
		t.Errorf("%v commands a second after ten seconds at rest", n)
	}
	if n := field("eventloop_cmd_per_cycle_max"); n != 11 { // with an INFO
		t.Errorf("%v commands in a step", n)
	}
	ask(t, e, "CONFIG", "RESETSTAT")
	if n := field("eventloop_cycles"); n > 2 {
		t.Errorf("%v steps since CONFIG RESETSTAT", n)
	}
}
