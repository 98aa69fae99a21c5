package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redlet/redlet/core/coretest"
	"github.com/redlet/redlet/host/guest"
)

// TestMain makes the test program redlet itself when a test starts it as such.
func TestMain(m *testing.M) {
	if os.Getenv("REDLET_TEST_MAIN") != "" {
		main()
	}
	os.Exit(m.Run())
}

// refusals are command lines that redis-server 8.0 refuses, and what it says. $DIR is an empty
// folder.
var refusals = []struct {
	args  []string
	stdin string
	want  string // what standard error or output ends with, but for the last line end
}{
	{args: []string{"--port"}, want: "at line 2\n>>> 'port'\nwrong number of arguments"},
	{args: []string{"--port", "abc"},
		want: "at line 2\n>>> 'port \"abc\"'\nargument couldn't be parsed into an integer"},
	{args: []string{"--port", "70000"},
		want: "at line 2\n>>> 'port \"70000\"'\nargument must be between 0 and 65535 inclusive"},
	{args: []string{"--port", "1", "--maxmemory", "12xx"},
		want: "at line 3\n>>> 'maxmemory \"12xx\"'\nargument must be a memory value"},
	{args: []string{"--shutdown-on-sigint"}, want: "at line 2\n>>> 'shutdown-on-sigint'\n" +
		"argument(s) must be one of the following: default, save, nosave, now, force"},
	{args: []string{"--save", "1"}, want: "at line 2\n>>> 'save \"1\"'\nInvalid save parameters"},
	{args: []string{"--port", "1", "--foo"},
		want: "at line 3\n>>> 'foo'\nBad directive or wrong number of arguments"},
	{args: []string{"-x"},
		want: "at line 2\n>>> '\"-x\"'\nBad directive or wrong number of arguments"},
	{args: []string{"--appendonly", "maybe"},
		want: "at line 2\n>>> 'appendonly \"maybe\"'\nargument must be 'yes' or 'no'"},
	{args: []string{"--appendfilename", "a/b"}, want: "at line 2\n>>> 'appendfilename \"a/b\"'\n" +
		"appendfilename can't be a path, just a filename"},
	{args: []string{"--appenddirname", ""}, want: "at line 2\n>>> 'appenddirname \"\"'\n" +
		"appenddirname can't be empty"},
	{args: []string{"--loglevel", "foo"}, want: "at line 2\n>>> 'loglevel \"foo\"'\nargument(s) " +
		"must be one of the following: debug, verbose, notice, warning, nothing"},
	{args: []string{"--dir", "$DIR/missing"},
		want: "at line 2\n>>> 'dir \"$DIR/missing\"'\nNo such file or directory"},
	{args: []string{"--dir", "$DIR/text"},
		want: "at line 2\n>>> 'dir \"$DIR/text\"'\nNot a directory"},
	{args: []string{"--dir", ""},
		want: "at line 2\n>>> 'dir \"\"'\nNo such file or directory"},
	{args: []string{"--databases", "0"},
		want: "at line 2\n>>> 'databases \"0\"'\nargument must be between 1 and 2147483647 inclusive"},
	{args: []string{"--client-output-buffer-limit", "foo", "1", "2", "3"},
		want: "at line 2\n>>> 'client-output-buffer-limit \"foo\" \"1\" \"2\" \"3\"'\n" +
			"Invalid client class specified in buffer limit configuration."},
	{args: []string{"--notify-keyspace-events", "Q"},
		want: "at line 2\n>>> 'notify-keyspace-events \"Q\"'\n" +
			"Invalid event class character. Use 'Ag$lshzxeKEtmdn'."},
	{args: []string{"-", "--foo"}, stdin: "port 1\n",
		want: "at line 3\n>>> 'foo'\nBad directive or wrong number of arguments"},
	{args: []string{"-"}, stdin: "port 1\n'x",
		want: "at line 2\n>>> ''x'\nUnbalanced quotes in configuration line"},
	{args: []string{"--nosuch", "a b", "\"c"}, want: " # Module Configuration detected without " +
		"loadmodule directive or no ApplyConfig call: aborting"},
	{args: []string{"--logfile", "$DIR/missing/log"},
		want: "*** FATAL CONFIG FILE ERROR (Redis 8.0.2) ***\n" +
			"Can't open the log file: No such file or directory"},
	{args: []string{"--cluster-enabled", "yes", "--replicaof", "127.0.0.1 1"},
		want: "*** FATAL CONFIG FILE ERROR (Redis 8.0.2) ***\n" +
			"replicaof directive not allowed in cluster mode"},
	{args: []string{"$DIR/missing.conf"}, want: " # Fatal error, can't open config file " +
		"'$DIR/missing.conf': No such file or directory"},
	{args: []string{"--rename-command", "nosuch", "x"},
		want: "at line 2\n>>> 'rename-command \"nosuch\" \"x\"'\nNo such command in rename-command"},
	{args: []string{"--rename-command", "get", "", "--rename-command", "GET", "g"},
		want: "at line 3\n>>> 'rename-command \"GET\" \"g\"'\nNo such command in rename-command"},
	{args: []string{"--rename-command", "get", "SET"},
		want: "at line 2\n>>> 'rename-command \"get\" \"SET\"'\nTarget command name already exists"},
	{args: []string{"--rename-command", "get"}, want: " # Module Configuration detected without " +
		"loadmodule directive or no ApplyConfig call: aborting"},
	{args: []string{"--foo", "bar"}, want: " # Module Configuration detected without loadmodule " +
		"directive or no ApplyConfig call: aborting"},
	{args: []string{"--bind"}, want: " # Configured to not listen anywhere, exiting."},
	{args: []string{"--port", "0"}, want: " # Configured to not listen anywhere, exiting."},
	{args: []string{"--port", "0", "--unixsocket", "$DIR/missing/x"},
		want: " # Failed opening Unix socket: bind: No such file or directory"},
	{args: []string{"--port", "1", "--bind", "192.0.2.77"},
		want: " # Failed listening on port 1 (tcp), aborting."},
}

// inDir puts a folder in the place of $DIR.
func inDir(dir string, words ...string) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = strings.ReplaceAll(w, "$DIR", dir)
	}
	return out
}

// refused runs a command line that is to be refused, and returns what was said. A server that
// starts for all that serves until the test ends.
func refused(t *testing.T, args []string, stdin string) string {
	t.Helper()
	var out bytes.Buffer
	ended := make(chan int, 1)
	go func() { ended <- run(args, strings.NewReader(stdin), &out, &out) }()
	if code := coretest.Within(t, fmt.Sprintf("%q to be refused", args), ended); code != 1 {
		t.Errorf("%q: exit code %d; want 1", args, code)
	}
	return out.String()
}

func TestRefusals(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	if err := os.WriteFile("text", nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range refusals {
		args, want := inDir(dir, c.args...), inDir(dir, c.want)[0]
		if out := refused(t, args, c.stdin); !strings.HasSuffix(out, want+"\n") {
			t.Errorf("%q: output %q; want %q", args, out, want)
		}
	}
}

// TestReferenceRefusals has redis-server say the same.
func TestReferenceRefusals(t *testing.T) {
	server := coretest.NeedReference(t)
	for _, c := range refusals {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "text"), nil, 0o644); err != nil {
			t.Fatal(err)
		}
		args, want := inDir(dir, c.args...), inDir(dir, c.want)[0]
		ctx, cancel := context.WithTimeout(t.Context(), coretest.Patience)
		cmd := exec.CommandContext(ctx, server, args...)
		cmd.Dir, cmd.Stdin = dir, strings.NewReader(c.stdin)
		out, err := cmd.CombinedOutput()
		if ctx.Err() != nil {
			t.Fatalf("%q: redis-server does not end: %q", args, out)
		}
		cancel()
		if err == nil || !strings.HasSuffix(string(out), want+"\n") {
			t.Errorf("%q: %v, output %q; want %q", args, err, out, want)
		}
	}
}

func TestOwnRefusals(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--engine", "x"}, "must be one of the following: native, wasm"},
		{[]string{"--engine"}, "wrong number of arguments"},
		{[]string{"some.conf", "--sentinel"}, "redlet: --sentinel: it watches over servers"},
		{[]string{"--check-system"}, "redlet: --check-system: it asks whether this system"},
		{[]string{"--test-memory", "1"}, "redlet: --test-memory: it tests the machine"},
		{[]string{"--user", "alice on nopass"}, "Spaces not allowed in ACL usernames"},
		{[]string{"--user", "alice", "(+get"}, ">>> 'user \"alice\" \"(+get\"'\nError in user " +
			"declaration 'user': Wrong format"},
		{[]string{"--user", "alice", "+nosuch"}, "Error loading ACL rule '+nosuch' for the user " +
			"named 'alice': Unknown command or category name in ACL"},
		{[]string{"--aclfile", "none"}, "Error loading ACLs, opening file 'none': No such file"},
		{[]string{"--playground-port", "x"}, "couldn't be parsed into an integer"},
		{[]string{"--playground-port", "-1"}, "between 0 and 65535 inclusive"},
		{[]string{"--playground-port", "1", "--playground-dir", ".", "--port", "0", "--unixsocket",
			"s"}, "no playground: stat index.html: no such file or directory"},
		{[]string{"--tls-port", "1", "--port", "0"}, "No tls-cert-file configured!"},
		{[]string{"--tls-port", "1", "--port", "0", "--tls-cert-file", "$DIR/c", "--tls-key-file",
			"k"}, "/c: No such file or directory"},
		{[]string{"--logfile", "$DIR/missing/log"},
			"Can't open the log file: No such file or directory"},
	} {
		args := inDir(dir, c.args...)
		if out := refused(t, args, ""); !strings.Contains(out, c.want) {
			t.Errorf("%q: output %q; want %q", args, out, c.want)
		}
	}
}

func TestVersionAndHelp(t *testing.T) {
	var out, problems bytes.Buffer
	for _, arg := range []string{"-v", "--version"} {
		out.Reset()
		if code := run([]string{arg}, nil, &out, &problems); code != 0 ||
			!regexp.MustCompile(`^Redis server v=\S+ sha=\S+ malloc=\S+ bits=\d+ build=\S+\n$`).
				Match(out.Bytes()) {
			t.Errorf("%s: exit code %d, %q", arg, code, out.String())
		}
	}
	for _, arg := range []string{"-h", "--help"} {
		problems.Reset()
		if code := run([]string{arg}, nil, &out, &problems); code != 1 ||
			!strings.HasPrefix(problems.String(), "Usage: redlet ") {
			t.Errorf("%s: exit code %d, %q", arg, code, problems.String())
		}
	}
}

// process is redlet as a process of its own.
type process struct {
	*coretest.Process
	t *testing.T
}

// start starts redlet on a unix socket in dir and waits until it is ready.
func start(t *testing.T, dir string, args ...string) *process {
	t.Helper()
	args = append([]string{"--port", "0", "--unixsocket", filepath.Join(dir, "s")}, args...)
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), "REDLET_TEST_MAIN=1")
	cmd.Dir = dir
	cmd.Stderr = os.Stderr
	started, err := coretest.StartProcess(cmd)
	if err != nil {
		t.Fatal(err)
	}
	p := &process{started, t}
	t.Cleanup(func() { _ = p.Process.Process.Kill() }) // has no effect on one that has ended
	p.await("Ready to accept connections")
	return p
}

func TestLogo(t *testing.T) {
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0], "--port", "0", "--unixsocket", filepath.Join(dir, "s"),
		"--always-show-logo", "yes")
	cmd.Env, cmd.Dir = append(os.Environ(), "REDLET_TEST_MAIN=1"), dir
	started, err := coretest.StartProcess(cmd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = started.Process.Kill() })
	p := &process{started, t}
	p.await(fmt.Sprint("PID: ", started.Process.Pid))
	p.await("Server initialized")
}

// await reads the log to a line that contains text.
func (p *process) await(text string) {
	p.t.Helper()
	if _, err := p.Await(text); err != nil {
		p.t.Fatal(err)
	}
}

// signal sends a signal.
func (p *process) signal(sig os.Signal) {
	p.t.Helper()
	if err := p.Process.Process.Signal(sig); err != nil {
		p.t.Fatal(err)
	}
}

// end waits for the process's end and checks its exit code.
func (p *process) end(code int) {
	p.t.Helper()
	got, err := p.End()
	if err != nil || got != code {
		p.t.Errorf("exit code %d, %v; want %d; log:\n%s", got, err, code, p.Said())
	}
}

// ask sends inline commands to a server in dir and compares what it answers.
func ask(t *testing.T, dir, commands, want string) {
	t.Helper()
	askAt(t, "unix", filepath.Join(dir, "s"), commands, want)
}

// askAt is ask at an address.
func askAt(t *testing.T, network, address, commands, want string) {
	t.Helper()
	c, err := net.Dial(network, address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(coretest.Patience)); err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(c, commands)
	got := make([]byte, len(want))
	if n, err := io.ReadFull(c, got); err != nil || string(got) != want {
		t.Fatalf("%q: got %q, %v; want %q", commands, got[:n], err, want)
	}
}

// TestSignals ends servers by signals and looks at what they saved.
func TestSignals(t *testing.T) {
	for _, c := range []struct {
		signal os.Signal
		args   []string
		saved  bool
	}{
		{syscall.SIGTERM, []string{"--save", "3600 1"}, true},
		{syscall.SIGINT, []string{"--save", "3600 1"}, true},
		{syscall.SIGTERM, []string{"--save", ""}, false},
		{syscall.SIGTERM, []string{"--save", "3600 1", "--shutdown-on-sigterm", "nosave"}, false},
		{syscall.SIGINT, []string{"--save", "", "--shutdown-on-sigint", "save"}, true},
	} {
		dir := t.TempDir()
		p := start(t, dir, c.args...)
		ask(t, dir, "SET k v\r\n", "+OK\r\n")
		p.signal(c.signal)
		p.end(0)
		if _, err := os.Stat(filepath.Join(dir, "dump.rdb")); (err == nil) != c.saved {
			t.Errorf("%v %q: saved: %v", c.signal, c.args, err)
		}
		if _, err := os.Stat(filepath.Join(dir, "s")); err == nil {
			t.Error("the socket's file is still there")
		}
		want := "$-1\r\n"
		if c.saved {
			want = "$1\r\nv\r\n"
		}
		p = start(t, dir, "--save", "")
		ask(t, dir, "GET k\r\n", want)
		ask(t, dir, "SHUTDOWN NOSAVE\r\n", "")
		p.end(0)
	}
}

// TestSecondSignal ends a server at once that cannot save.
func TestSecondSignal(t *testing.T) {
	dir := t.TempDir()
	p := start(t, dir, "--save", "3600 1", "--dbfilename", "d")
	if err := os.Mkdir(filepath.Join(dir, "d"), 0o700); err != nil { // no file can take its place
		t.Fatal(err)
	}
	p.signal(syscall.SIGINT)
	p.await("Failed saving")
	ask(t, dir, "PING\r\n", "+PONG\r\n")
	p.signal(syscall.SIGINT)
	p.end(1)
}

// TestFiles checks the log file, the process file, relative paths and a damaged data file.
func TestFiles(t *testing.T) {
	dir := t.TempDir()
	sub := filepath.Join(dir, "sub")
	if err := os.Mkdir(sub, 0o700); err != nil {
		t.Fatal(err)
	}
	p := start(t, dir, "--dir", "sub", "--dbfilename", "x.rdb", "--pidfile", "pid", "--save", "")
	pid, err := os.ReadFile(filepath.Join(dir, "pid"))
	if err != nil || strings.TrimSpace(string(pid)) != fmt.Sprint(p.Process.Process.Pid) {
		t.Errorf("pidfile: %q, %v", pid, err)
	}
	ask(t, dir, "SET k v\r\nSAVE\r\nCONFIG GET dir\r\n",
		fmt.Sprintf("+OK\r\n+OK\r\n*2\r\n$3\r\ndir\r\n$%d\r\n%s\r\n", len(sub), sub))
	ask(t, dir, "SHUTDOWN\r\n", "")
	p.end(0)
	if _, err := os.Stat(filepath.Join(dir, "pid")); err == nil {
		t.Error("the process file is still there")
	}
	path := filepath.Join(sub, "x.rdb")
	image, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, image[:len(image)-4], 0o600); err != nil {
		t.Fatal(err)
	}
	out := refused(t, []string{"--dir", sub, "--dbfilename", "x.rdb", "--logfile", path + ".log"}, "")
	log, err := os.ReadFile(path + ".log")
	if out != "" || err != nil || !strings.Contains(string(log), "offset") {
		t.Errorf("damaged file: output %q, log %q, %v", out, log, err)
	}
}

// TestAppendOnly kills a server, and looks at what the next one has.
func TestAppendOnly(t *testing.T) {
	for _, engine := range []string{"native", "wasm"} {
		if _, err := guest.Module(); engine == "wasm" && err != nil {
			continue
		}
		dir := t.TempDir()
		args := []string{"--appendonly", "yes", "--save", "", "--engine", engine}
		for n := range 3 {
			p := start(t, dir, args...)
			ask(t, dir, "INCR n\r\n", fmt.Sprintf(":%d\r\n", n+1))
			p.signal(os.Kill)
			p.end(-1)
		}
		path := filepath.Join(dir, "appendonlydir", "appendonly.aof.1.incr.aof")
		log, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, log[1:], 0o600); err != nil {
			t.Fatal(err)
		}
		out := refused(t, append(args, "--dir", dir), "")
		const want = "Bad file format reading the append only file appendonly.aof.1.incr.aof: make a " +
			"backup of your AOF file, then use ./redis-check-aof --fix <filename.manifest> (at offset 0)\n"
		if !strings.HasSuffix(out, want) {
			t.Errorf("%s: output %q; want %q", engine, out, want)
		}
	}
}

func TestPlayground(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "app-1"), 0o700); err != nil {
		t.Fatal(err)
	}
	text := strings.Repeat("export {};\n", 100)
	for name, text := range map[string]string{"index.html": "<p>page</p>", "app-1/a.js": text} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	page, err := openPlayground(0, dir, 6390)
	if err != nil {
		t.Fatal(err)
	}
	defer page.close()
	browser := http.Client{Timeout: coretest.Patience}
	get := func(path, tag string) (*http.Response, string) {
		t.Helper()
		ask, err := http.NewRequest("GET", page.url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		ask.Header.Set("If-None-Match", tag)
		res, err := browser.Do(ask)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res, string(body)
	}
	const lasting = "public, max-age=31536000, immutable"
	files := []struct{ path, kind, keep, body string }{
		{"", "text/html; charset=utf-8", "no-cache", "<p>page</p>"},
		{"server.json", "application/json", "no-cache", "{\"websocket\":6390}\n"},
		{"app-1/a.js", "text/javascript; charset=utf-8", lasting, text},
	}
	if module, err := guest.Module(); err == nil {
		files = append(files, struct{ path, kind, keep, body string }{
			"app-1/" + guestPath, "application/wasm", lasting, string(module)})
	}
	for _, want := range files {
		res, body := get(want.path, "")
		kind, keep := res.Header.Get("Content-Type"), res.Header.Get("Cache-Control")
		if kind != want.kind || keep != want.keep || body != want.body {
			t.Errorf("%s: %s, %s, %d bytes; want %s, %s, %d", want.path, kind, keep, len(body), want.kind,
				want.keep, len(want.body))
		}
		if packed := want.keep == lasting; res.Uncompressed != packed {
			t.Errorf("%s: packed is %v", want.path, !packed)
		}
		if res, body = get(want.path, res.Header.Get("ETag")); res.StatusCode != 304 || body != "" {
			t.Errorf("%s again: %s, %d bytes", want.path, res.Status, len(body))
		}
	}
	if res, _ := get("../go.mod", ""); res.StatusCode != 404 {
		t.Errorf("a file outside: %s", res.Status)
	}
}
