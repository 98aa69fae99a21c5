package main

import "strings"

// reason says why a row falls short of its goal: where the time goes.
type reason struct {
	peer  string
	tests []string // of redis-benchmark, or families
	why   string
}

// The figures are those of an engine in this process, with batches of 16 commands; what a request
// costs with the network stands in the row.
var reasons = []reason{
	{"native", []string{"ping_inline", "ping_mbulk", "get", "spop", "pfadd", "pfcount", "zrange"},
		"the engine takes 0.1 to 0.5 µs for it, a fifth of the time between two requests or less; " +
			"the rest is the socket's and redis-benchmark's, and moves by a tenth from run to run"},
	{"wazero", []string{"ping_inline", "get", "zadd", "zrange", "zrank", "pfadd", "pfcount", "xadd"},
		"the guest takes 0.8 µs for any request before its command runs, ten times as long as " +
			"natively, and the command is as much slower: Go's calls in WebAssembly pass all " +
			"arguments through memory, and nothing stays in a register over a call"},
	{"wazero", []string{"lrange", "xrange", "xreadgroup", "geosearch", "hgetall"},
		"each element takes several calls, to find it and to reply it; the guest takes 5 to 10 " +
			"times as long for them as the native engine"},
	{"wazero", []string{"sort", "sinter", "sinter of numbers", "zunionstore"},
		"each element is hashed or compared several times, a call or two each time; the guest takes " +
			"5 to 11 times as long for them as the native engine"},
}

// luaReasons say why a script's row may fall short, and what was tried.
var luaReasons = map[string]string{
	"gsub by a function": "a call of the script's function and two look-ups for each word: no part " +
		"of it but the loop takes a tenth. Reading a pattern's first item once and fewer calls on " +
		"the way gained an eighth in the guest, frames filled in place a tenth natively and less " +
		"there; a profile with scripts in it nothing, nor results that are copied one by one",
}

// whyShort is the reason of a row that falls short, "" if none is known; a row of a family ends
// with the number of its elements.
func whyShort(peer, test string) string {
	if at := strings.LastIndexByte(test, ' '); at > 0 {
		test = test[:at]
	}
	for _, r := range reasons {
		for _, name := range r.tests {
			if r.peer == peer && name == test {
				return r.why
			}
		}
	}
	return ""
}
