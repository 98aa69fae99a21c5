package main

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redlet/redlet/core/coretest"
)

var configs = flag.Int("configs", 600, "how many CONFIG SETs to compare with redis-server")

// TestReferenceParameters compares names and defaults of all parameters with redis-server's.
func TestReferenceParameters(t *testing.T) {
	ours, theirs := speak(t, servers()[0]), speak(t, coretest.NeedReference(t))
	got, want := ours.parameters("*"), theirs.parameters("*")
	for _, own := range []string{"unixsocket", "dir", "logfile"} { // each has its own folder
		delete(got, own)
		delete(want, own)
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		value, is := got[name]
		if !is || value != want[name] {
			t.Errorf("%s: %q, %v; want %q", name, value, is, want[name])
		}
		delete(got, name)
	}
	if len(got) > 0 {
		t.Errorf("parameters that 8.0 does not have: %q", got)
	}
}

// parameters returns what CONFIG GET shows.
func (s *speaker) parameters(pattern string) map[string]string {
	s.t.Helper()
	all := map[string]string{}
	items := s.ask("CONFIG", "GET", pattern).Items
	for i := 0; i+1 < len(items); i += 2 {
		all[items[i].Text] = items[i+1].Text
	}
	return all
}

// unset are not set to made-up values: they would end the connection or the server, move files, or
// ask the system, which may have changed between two servers. Of events some are newer than 8.0.
var unset = map[string]bool{
	"maxclients": true, "maxmemory-clients": true, "dir": true, "port": true, "bind": true,
	"tls-port": true, "client-output-buffer-limit": true, "appendonly": true, "save": true,
	"timeout": true, "requirepass": true, "oom-score-adj": true, "maxmemory": true,
	"locale-collate": true, "unixsocket": true, "notify-keyspace-events": true,
}

// TestReferenceConfigSet compares what made-up CONFIG SETs answer and leave behind.
func TestReferenceConfigSet(t *testing.T) {
	ours, theirs := speak(t, servers()[0]), speak(t, coretest.NeedReference(t))
	seed := uint64(time.Now().UnixNano())
	names := slices.Sorted(maps.Keys(theirs.parameters("*")))
	m := configMaker{rand.New(rand.NewPCG(seed, 0)), names, theirs}
	for range *configs {
		words := m.set()
		got, want := ours.ask(words...), theirs.ask(words...)
		if got.Kind != want.Kind || got.Text != want.Text {
			t.Errorf("seed %d: %q: %q; want %q", seed, words, got.Text, want.Text)
		}
		for i := 2; i < len(words); i += 2 {
			name := strings.ToLower(words[i])
			got, want := ours.parameters(name), theirs.parameters(name)
			if !maps.Equal(got, want) {
				t.Errorf("seed %d: after %q: %q; want %q", seed, words, got, want)
			}
		}
		if t.Failed() && !testing.Verbose() {
			return
		}
	}
}

// configMaker makes CONFIG SETs up.
type configMaker struct {
	*rand.Rand
	names  []string
	theirs *speaker
}

// set makes one of one to three parameters, now and then of a name that is unknown or that comes
// twice.
func (m *configMaker) set() []string {
	words := []string{"CONFIG", "SET"}
	for range []int{1, 1, 1, 1, 2, 3}[m.IntN(6)] {
		name := m.names[m.IntN(len(m.names))]
		switch {
		case unset[name]:
			name = "hz"
		case m.IntN(30) == 0:
			name = "no-such-" + name
		case m.IntN(10) == 0:
			name = strings.ToUpper(name)
		case m.IntN(20) == 0 && len(words) > 2:
			name = words[len(words)-2]
		}
		words = append(words, name, m.value(name))
	}
	if m.IntN(40) == 0 {
		words = words[:len(words)-1]
	}
	return words
}

// value makes a value up that suits a parameter, or none.
func (m *configMaker) value(name string) string {
	pick := func(of ...string) string { return of[m.IntN(len(of))] }
	now := m.theirs.parameters(strings.ToLower(name))[strings.ToLower(name)]
	switch m.IntN(8) {
	case 0:
		return now
	case 1:
		return pick("yes", "no", "YES", "No", "maybe", "1", "on", "")
	case 2:
		return pick("", " ", "x", "a b", "\"", "'", "a\nb", "é", "%", "*", "A.b-9", "a/b",
			"0x10", "disabled", "swapdb", "local", "C", "POSIX", "{title}", "{port} x", "{",
			"{nope}", "KEA", "Exg",
			"allchannels", "hostname", "ip", "debug", "nothing", "always", "relative", "now force",
			"save nosave", "default", "clients", "allkeys-lfu", "volatile-ttl", "TLSv1.2",
			"panic", "local7",
			"50 99.9", "0.1 100 101", "1 2 3", "0 200 800", "-2001 0 0", "1 2", "0 0")
	case 3:
		return pick("0", "1", "-1", "10", "100", "1000", "0010", "+5", " 5", "5 ", "1e3", "1.5", "65535",
			"65536", "2147483647", "2147483648", "-2147483648", "-2147483649", "4294967295",
			"4294967296", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
			"18446744073709551615", "18446744073709551616", "99999999999999999999999")
	case 4:
		return fmt.Sprint(m.IntN(2000) - 100)
	case 5:
		return fmt.Sprint(m.IntN(3000)) + pick("b", "k", "kb", "m", "mb", "g", "gb", "KB", "Mb", "t",
			"%", " mb", "kk", "-")
	case 6:
		return pick("-1mb", "mb", "1 kb", "1.5gb", "16kb", "1mb", "32mb", "10%", "100%", "101%", "0b",
			"17179869184gb")
	}
	if now != "" && m.IntN(2) == 0 {
		return strings.ToUpper(now)
	}
	return fmt.Sprint(m.Int64N(1<<40) - 1<<20)
}
