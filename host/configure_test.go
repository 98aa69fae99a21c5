package host

import (
	"slices"
	"testing"
)

// TestConfigure has a host put parameters into force, and refuse.
func TestConfigure(t *testing.T) { each(t, testConfigure) }

func testConfigure(t *testing.T, m Maker) {
	var asked []Change
	refusal := ""
	l := newLoop(t, LoopOptions{Maker: m, Config: testConfig,
		Configure: func(changes []Change, _ bool) string {
			asked = append(asked, changes...)
			return refusal
		}})
	c := dial(t, l)
	c.want(`CONFIG SET port 7000 bind "a b\nc" maxclients 5`, "+OK")
	c.want("CONFIG GET port", "*2", "$4", "port", "$4", "7000")
	c.want("CONFIG SET port 7000 maxclients 6", "+OK") // nothing is new
	c.want("CONFIG SET oom-score-adj-values '1 2 3' oom-score-adj yes tcp-keepalive 7", "+OK")
	refusal = "port Unable to do it."
	c.want("CONFIG SET maxclients 7 port 7001", "-ERR CONFIG SET failed (possibly related to "+
		"argument 'port') - Unable to do it.")
	c.want("CONFIG GET maxclients", "*2", "$10", "maxclients", "$1", "6")
	want := []Change{{"port", "7000"}, {"bind", "a b\nc"}, {"oom-score-adj-values", "relative 1"},
		{"oom-score-adj", "relative 1"}, {"tcp-keepalive", "7"}, {"port", "7001"}}
	if !slices.Equal(asked, want) {
		t.Errorf("the host was asked %q; want %q", asked, want)
	}
	none := dial(t, newLoop(t, LoopOptions{Maker: m, Config: testConfig}))
	none.want("CONFIG SET port 7000", "-ERR CONFIG SET failed (possibly related to argument "+
		"'port') - Unable to listen on this port. Check server logs.")
	none.want("CONFIG SET tcp-keepalive 7 tls-cert-file x", "+OK")
	none.want("MULTI", "+OK")
	none.want("CONFIG SET port 7000", "+QUEUED")
	none.want("EXEC", "*1", "-ERR CONFIG SET failed (possibly related to argument 'port') - "+
		"Unable to listen on this port. Check server logs.")
}
