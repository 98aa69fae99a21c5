package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

// checkedAOFs are files and what redis-check-aof 8.0.2 says of them behind its first line.
var checkedAOFs = []struct{ content, want string }{
	{"", "AOF f is empty\n"},
	{"*1\r\n$4\r\nPING\r\n", "AOF analyzed: filename=f, size=14, ok_up_to=14, ok_up_to_line=4, " +
		"diff=0\nAOF f is valid\n"},
	{"*1\r\n$3\r\nabcd\r\n", "0x               8: Expected \\r\\n, got: 640d\n" +
		"AOF analyzed: filename=f, size=14, ok_up_to=0, ok_up_to_line=3, diff=14\n" + notValid},
	{"xx\r\n", "AOF f format error\nAOF analyzed: filename=f, size=4, ok_up_to=0, " +
		"ok_up_to_line=1, diff=4\n" + notValid},
	{"*1\r\n$5\r\nMULTI\r\n", "0x               8: Reached EOF before reading EXEC for MULTI\n" +
		"AOF analyzed: filename=f, size=15, ok_up_to=0, ok_up_to_line=4, diff=15\n" + notValid},
	{"*1\r\n$4\r\nEXEC\r\n", "0x               8: Unexpected EXEC in AOF f\n" +
		"AOF analyzed: filename=f, size=14, ok_up_to=0, ok_up_to_line=4, diff=14\n" + notValid},
}

const notValid = "AOF f is not valid. Use the --fix option to try fixing it.\n"

func TestCheckAOF(t *testing.T) {
	t.Chdir(t.TempDir())
	write := func(content string) {
		if err := os.WriteFile("f", []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range checkedAOFs {
		write(c.content)
		var out bytes.Buffer
		code := checkAOF([]string{"redis-check-aof", "f"}, nil, &out)
		want := "Start checking Old-Style AOF\n" + c.want
		if out.String() != want || (code == 1) != strings.HasSuffix(c.want, notValid) {
			t.Errorf("%q: exit code %d, %q; want %q", c.content, code, out.String(), want)
		}
	}
	for answer, left := range map[string]int64{"n\n": 18, "y\n": 14} {
		write("*1\r\n$4\r\nPING\r\n*2\r\n")
		var out bytes.Buffer
		code := checkAOF([]string{"redis-check-aof", "--fix", "f"}, strings.NewReader(answer), &out)
		info, err := os.Stat("f")
		if err != nil || info.Size() != left || (code == 0) != (left == 14) {
			t.Errorf("%q: exit code %d, %v, %s", answer, code, err, out.String())
		}
	}
}

func TestCheckRDB(t *testing.T) {
	t.Chdir(t.TempDir())
	const nothing = "[info] 0 keys read\n[info] 0 expires\n[info] 0 already expired\n" +
		"[info] 0 subexpires\n"
	for content, want := range map[string]string{
		"hello\n": "--- RDB ERROR DETECTED ---\n[offset 0] Unexpected EOF reading RDB file\n" +
			"[additional info] While doing: start\n[additional info] Reading type 0 (string)\n" + nothing,
		"REDIS0099aaaa": "--- RDB ERROR DETECTED ---\n[offset 9] Can't handle RDB format version 99\n" +
			"[additional info] While doing: start\n[additional info] Reading type 0 (string)\n" + nothing,
	} {
		if err := os.WriteFile("f", []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		code := checkRDB([]string{"redis-check-rdb", "f"}, &out, &out)
		if want = "[offset 0] Checking RDB file f\n" + want; code != 1 || out.String() != want {
			t.Errorf("%q: exit code %d, %q; want %q", content, code, out.String(), want)
		}
	}
}
