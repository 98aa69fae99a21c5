package core_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/redlet/redlet/core/coretest"
)

// TestCompat shows that an engine that behaves as an older version knows nothing newer.
func TestCompat(t *testing.T) {
	for _, c := range []struct{ version, command, want string }{
		{"7.2", "HSETEX h FIELDS 1 a b", "(error) ERR unknown command 'HSETEX', with args " +
			"beginning with: 'h' 'FIELDS' '1' 'a' 'b' "},
		{"7.2", "COMMAND INFO hsetex", "1) (nil)"},
		{"7.2", "CLIENT NO-TOUCH ON", "OK"},
		{"7.0", "CLIENT NO-TOUCH ON", "(error) ERR unknown subcommand 'NO-TOUCH'. Try CLIENT HELP."},
		{"7.0", "HELLO", "7.0.15"},
		{"7.0.3", "INFO server", "redis_version:7.0.3"},
		{"6.0", "SET k GET", "OK"},
		{"6.0", "SET k v GET", "(error) ERR syntax error"},
		{"6.0", "SET k v EXAT 99999999999", "(error) ERR syntax error"},
		{"6.0", "SET k v EX 9", "OK"},
		{"6.0", "LPOP k 1", "(error) ERR wrong number of arguments for 'lpop' command"},
		{"8.0", "LPOP k 1", "(nil)"},
		{"8.0", "CLIENT KILL MAXAGE 5", "(integer) 0"},
		{"7.2", "CLIENT KILL MAXAGE 5", "(error) ERR syntax error"},
		{"8.0", "MODULE LIST", "vectorset"},
		{"7.4", "MODULE LIST", "(empty array)"},
		{"8.0", "SET k v IFNE x", "(error) ERR syntax error"},
		{"8.4", "SET k v IFNE x", "OK"},
		{"8.0", "CONFIG SET notify-keyspace-events KEo", "(error) ERR CONFIG SET failed " +
			"(possibly related to argument 'notify-keyspace-events') - Invalid event class " +
			"character. Use 'Ag$lshzxeKEtmdn'."},
		{"8.2", "CONFIG SET notify-keyspace-events ?", "(error) ERR CONFIG SET failed " +
			"(possibly related to argument 'notify-keyspace-events') - Invalid event class " +
			"character. Use 'Ag$lshzxeKEtmdnoc'."},
		{"8.2", "CONFIG SET notify-keyspace-events KEo", "OK"},
		{"8.6", "CONFIG SET notify-keyspace-events KEhS", "(error) ERR CONFIG SET failed " +
			"(possibly related to argument 'notify-keyspace-events') - Invalid event class " +
			"character. Use 'Ag$lshzxeKEtmdnoc'."},
		{"8.0", "CONFIG SET maxmemory-policy allkeys-lrm", "(error) ERR CONFIG SET failed " +
			"(possibly related to argument 'maxmemory-policy') - argument(s) must be one of the " +
			"following: volatile-lru, volatile-lfu, volatile-random, volatile-ttl, allkeys-lru, " +
			"allkeys-lfu, allkeys-random, noeviction"},
		{"8.6", "CONFIG SET maxmemory-policy allkeys-lrm", "OK"},
		{"8.0", "BITOP ONE d a b", "(error) ERR syntax error"},
		{"8.0", "BITOP OR one diff andor", "(integer) 0"},
		{"8.2", "BITOP ONE d a b", "(integer) 0"},
		{"8.6", "ZUNION 1 a AGGREGATE COUNT", "(error) ERR syntax error"},
		{"8.6", "ZUNIONSTORE count 2 count a AGGREGATE SUM", "(integer) 0"},
		{"8.8", "ZUNIONSTORE d 2 count a AGGREGATE COUNT", "(integer) 0"},
	} {
		e, err := coretest.NewEngine(map[string]string{"compat": c.version})
		if err != nil {
			t.Fatal(err)
		}
		got := fmt.Sprint(ask(t, e, strings.Fields(c.command)...))
		if got != c.want && !(strings.Contains(got, c.want) && !strings.HasPrefix(got, "(")) {
			t.Errorf("compat %s: %s: got %s, want %s", c.version, c.command, got, c.want)
		}
	}
	for _, version := range []string{"", "8", "x.y", "7.2.1.1", "7.-2"} {
		if _, err := coretest.NewEngine(map[string]string{"compat": version}); err == nil {
			t.Errorf("compat %q was accepted", version)
		}
	}
}

// TestCompatPayload shows that DUMP writes, and RESTORE takes, what the older version can read.
func TestCompatPayload(t *testing.T) {
	payloads := map[string]string{}
	for version, format := range map[string]byte{"7.0": 10, "7.2": 11, "7.4": 12, "8.0": 12} {
		e, err := coretest.NewEngine(map[string]string{"compat": version})
		if err != nil {
			t.Fatal(err)
		}
		ask(t, e, "SET", "k", "v")
		dump := ask(t, e, "DUMP", "k").Text
		if got := dump[len(dump)-10]; got != format {
			t.Errorf("compat %s: DUMP is of version %d", version, got)
		}
		if got := string(e.Snapshot(nil)[5:9]); got != fmt.Sprintf("%04d", format) {
			t.Errorf("compat %s: a snapshot is of version %s", version, got)
		}
		payloads[version] = dump
	}
	for version, payload := range payloads {
		e, err := coretest.NewEngine(map[string]string{"compat": "7.2"})
		if err != nil {
			t.Fatal(err)
		}
		got := ask(t, e, "RESTORE", "k", "0", payload).Text
		if (got == "OK") != (version < "7.4") {
			t.Errorf("compat 7.2 restores a payload of %s: %s", version, got)
		}
	}
}
