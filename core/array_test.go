package core

import (
	"strings"
	"testing"
)

// TestArrayDamage restores payloads of arrays that nothing can be made of.
func TestArrayDamage(t *testing.T) {
	e := start(t)
	answer(e, "SET", "k", "kept")
	for name, body := range map[string]string{
		"no elements":            "\x1c\x00\x00",
		"no head":                "\x1c\x01",
		"a head of 2":            "\x1c\x01\x02\x05\x03\x01a",
		"inserted beyond":        "\x1c\x01\x01\x81\xff\xff\xff\xff\xff\xff\xff\xff\x05\x03\x01a",
		"an index beyond":        "\x1c\x01\x00\x81\xff\xff\xff\xff\xff\xff\xff\xff\x03\x01a",
		"an index that is text":  "\x1c\x01\x00\xc0\x05\x03\x01a",
		"no value":               "\x1c\x01\x00\x05",
		"a kind of 4":            "\x1c\x01\x00\x05\x04\x01a",
		"too long for short":     "\x1c\x01\x00\x05\x03\x0812345678",
		"a text that is cut off": "\x1c\x01\x00\x05\x00\x7f",
		"more than there are":    "\x1c\x7f\xff\x00\x05\x03\x01a",
	} {
		got := answer(e, "RESTORE", "k", "0", string(sealed([]byte(body))), "REPLACE")
		if got != "-ERR Bad data format" {
			t.Errorf("%s: %s", name, got)
		}
	}
	if got := answer(e, "GET", "k"); got != "$4\r\nkept" {
		t.Error("the key is changed:", got)
	}
}

// TestArrayLoads restores what Redis writes and reads in ways that redlet does not write it.
func TestArrayLoads(t *testing.T) {
	for name, c := range map[string]struct{ body, want string }{
		"an index twice":    {"\x1c\x02\x00\x05\x03\x01a\x05\x03\x01b", "5 b"},
		"out of order":      {"\x1c\x02\x00\x05\x03\x01a\x03\x03\x01b", "3 b 5 a"},
		"a number as text":  {"\x1c\x02\x00\x01\x00\x0242\x02\x00\xc0\x2a", "1 42 2 42"},
		"a number as short": {"\x1c\x01\x00\x01\x03\x0242", "1 42"},
		"an integer of 64": {"\x1c\x01\x00\x01\x01\x00\x00\x00\x00\x00\x00\x00\x80",
			"1 -9223372036854775808"},
		"a double that is one": {"\x1c\x01\x00\x01\x02\x00\x00\x00\x00\x00\x00\xf0\x3f", "1 1.0"},
		"an infinite double":   {"\x1c\x01\x00\x01\x02\x00\x00\x00\x00\x00\x00\xf0\x7f", "1 inf"},
		"a double of its own": {"\x1c\x01\x00\x01\x02\x9a\x99\x99\x99\x99\x99\xb9\x3f",
			"1 0.09999999999999998"},
	} {
		e := start(t)
		if got := answer(e, "RESTORE", "k", "0", string(sealed([]byte(c.body)))); got != "+OK" {
			t.Errorf("%s: %s", name, got)
			continue
		}
		var got []string
		for _, line := range strings.Split(answer(e, "ARSCAN", "k", "0", "100"), "\r\n") {
			if line[0] != '*' && line[0] != '$' {
				got = append(got, strings.TrimPrefix(line, ":"))
			}
		}
		if all := strings.Join(got, " "); all != c.want {
			t.Errorf("%s: %s, want %s", name, all, c.want)
		}
	}
}

// TestArrayVersions shows who knows of arrays, and who tells of them.
func TestArrayVersions(t *testing.T) {
	payload := string(sealed([]byte("\x1c\x01\x00\x05\x03\x01a")))
	commands := [][]string{{"RESTORE", "k", "0", payload}, {"ARLEN", "k"}, {"TYPE", "k"},
		{"COMMAND", "LIST", "FILTERBY", "PATTERN", "arl*n"}, {"CONFIG", "GET", "array-*min"},
		{"CONFIG", "GET", "array-sparse-kmin"},
		{"CONFIG", "SET", "notify-keyspace-events", "Ka"},
		{"CONFIG", "SET", "notify-keyspace-events", "K$lshzxetdg"},
		{"CONFIG", "GET", "notify-keyspace-events"}}
	const parameter, events = "*2|$17|array-sparse-kmin|$1|5", "*2|$22|notify-keyspace-events|"
	for version, want := range map[string]string{
		"": "+OK, :6, +array, *0, *0, " + parameter + ", +OK, +OK, " + events + "$2|AK",
		"8.8": "+OK, :6, +array, *1|$5|arlen, " + parameter + ", " + parameter + ", +OK, +OK, " +
			events + "$11|g$lshzxetdK",
		"8.0": "-ERR Bad data format, -ERR unknown command 'ARLEN', +none, *0, *0, *0, " +
			"-ERR CONFIG SET failed (possibly related to argument 'notify-keyspace-events'), " +
			"+OK, " + events + "$2|AK",
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
		var got []string
		for _, args := range commands {
			text, _, _ := strings.Cut(answer(e, args...), ", with")
			text, _, _ = strings.Cut(text, " - ")
			got = append(got, strings.ReplaceAll(text, "\r\n", "|"))
		}
		if all := strings.Join(got, ", "); all != want {
			t.Errorf("%q:\ngot  %s\nwant %s", version, all, want)
		}
	}
}

// TestArrayDigest shows that a digest of an array tells what it holds and where, and takes no
// longer for a high index.
func TestArrayDigest(t *testing.T) {
	digests := map[string]string{}
	for _, line := range []string{"0 a", "1 a", "0 b", "0 a 1 a", "100000 a", "100001 a",
		"18446744073709551614 a", "0 a 18446744073709551614 b"} {
		e := startRings(t)
		answer(e, append([]string{"ARMSET", "k"}, strings.Fields(line)...)...)
		d := answer(e, "DEBUG", "DIGEST-VALUE", "k")
		if other, ok := digests[d]; ok {
			t.Errorf("%s and %s have the same digest", line, other)
		}
		digests[d] = line
	}
}
