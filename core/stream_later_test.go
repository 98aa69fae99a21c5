package core

import (
	"strings"
	"testing"
)

// TestStreamLater shows what an engine of one version takes of what later ones brought to streams,
// and that words of data are no options.
func TestStreamLater(t *testing.T) {
	type step struct{ send, want string }
	for version, steps := range map[string][]step{
		"": { // which says that it is 8.0
			{"XADD s IDMP p i 1-* f v", "-ERR syntax error, IDMP/IDMPAUTO can be used only with " +
				"auto-generated IDs"},
			{"XADD s IDMP p i * f acked", "$3|0-1"},
			{"XADD s IDMP p i * f acked", "$3|0-1"},
			{"XGROUP CREATE s g 0", "+OK"},
			{"XNACK s g FATAL IDS 1 0-1 FORCE", ":1"},
			{"XINFO STREAM s", "*20|$6|length|"},
			{"XINFO STREAM s FULL COUNT 1", "$9|pel-count|:1|$7|pending|"},
			{"XCLAIM s g c 0 0-1 JUSTID RETRYCOUNT 9223372036854775807", "*1|$3|0-1"},
			{"XCLAIM s g c 0 0-1", "*1|*2|$3|0-1|"},
			{"XPENDING s g - + 1", ":9223372036854775807"},
			{"CONFIG GET stream-idmp*", "*0"},
			{"CONFIG GET stream-idmp-maxsize", "*2|$19|stream-idmp-maxsize|$3|100"},
		},
		"8.0": {
			{"XADD s IDMP p i * f v", "-ERR Invalid stream ID specified as stream command argument"},
			{"XADD s ACKED * f v", "-ERR Invalid stream ID specified as stream command argument"},
			{"XADD s * acked delref", "$3|0-1"},
			{"XTRIM s MAXLEN 5 ACKED", "-ERR syntax error"},
			{"XGROUP CREATE s g 0", "+OK"},
			{"XREADGROUP GROUP g c CLAIM 0 STREAMS s >", "-ERR syntax error"},
			{"XREAD MAXCOUNT 1 STREAMS s 0", "-ERR syntax error"},
			{"XREAD STREAMS claim maxsize 0 0", "*-1"},
			{"XDELEX s IDS 1 0-1", "-ERR unknown command 'XDELEX', with args beginning with: 's' " +
				"'IDS' '1' '0-1' "},
			{"CONFIG GET stream-idmp-maxsize", "*0"},
			{"XCLAIM s g c 0 0-1 FORCE JUSTID RETRYCOUNT 9223372036854775807", "*1|$3|0-1"},
			{"XCLAIM s g c 0 0-1", "*1|*2|$3|0-1|"},
			{"XPENDING s g - + 1", ":-9223372036854775808"},
		},
		"8.8": {
			{"XADD s IDMP p i * f v", "$3|0-1"},
			{"XINFO STREAM s", "*32|$6|length|"},
			{"XREAD MAXCOUNT 1 STREAMS s 0", "-ERR syntax error"},
		},
	} {
		options := Options{}
		if version != "" {
			options.Config = map[string]string{"compat": version}
		}
		e, err := New(options)
		if err != nil {
			t.Fatal(err)
		}
		e.open(1, Conn{Addr: "127.0.0.1:1"})
		for _, s := range steps {
			feed(e, 1, s.send)
			got := strings.ReplaceAll(strings.TrimSuffix(sent(e, 1), "\r\n"), "\r\n", "|")
			if got != s.want && (s.want[0] == '-' || !strings.Contains(got, s.want)) {
				t.Errorf("compat %q: %s: got %s, want %s", version, s.send, got, s.want)
			}
		}
	}
}
