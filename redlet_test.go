package redlet_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/redlet/redlet"
	"github.com/redlet/redlet/core/coretest"
)

func TestDo(t *testing.T) {
	s := redlet.RunT(t)
	for _, c := range []struct {
		args []any
		want string
	}{
		{[]any{"PING"}, "PONG"},
		{[]any{"SET", "k", "v"}, "OK"},
		{[]any{"GET", "k"}, `"v"`},
		{[]any{"GET", "none"}, "(nil)"},
		{[]any{"INCRBY", "n", 41}, "(integer) 41"},
		{[]any{"INCRBYFLOAT", "n", 0.5}, `"41.5"`},
		{[]any{"SET", []byte("b\x00"), []byte{0, 255}}, "OK"},
		{[]any{"GET", "b\x00"}, `"\x00\xff"`},
		{[]any{"MGET", "k", "none", "n"}, "1) \"v\"\n2) (nil)\n3) \"41.5\""},
		{[]any{"INCR", "k"}, "(error) ERR value is not an integer or out of range"},
		{[]any{"NOSUCH"}, "(error) ERR unknown command 'NOSUCH', with args beginning with: "},
		{[]any{"SELECT", 1}, "OK"}, // no call has an effect on another
		{[]any{"GET", "k"}, `"v"`},
		{[]any{"MULTI"}, "OK"},
		{[]any{"INCR", "m"}, "(integer) 1"},
		{[]any{"EXEC"}, "(error) ERR EXEC without MULTI"},
		{[]any{"RESET"}, "RESET"},
		{[]any{"QUIT"}, "OK"},
		{[]any{"HGETALL", "none"}, "(empty hash)"},
	} {
		if got := do(s, c.args...).String(); got != c.want {
			t.Errorf("%v: got %s; want %s", c.args, got, c.want)
		}
	}
}

func TestReplyAccessors(t *testing.T) {
	s := redlet.RunT(t)
	do(s, "MSET", "a", "1", "b", "2.5")
	if n := do(s, "GET", "a").Int(); n != 1 {
		t.Errorf("Int: %d", n)
	}
	if f := do(s, "GET", "b").Float(); f != 2.5 {
		t.Errorf("Float: %v", f)
	}
	if !do(s, "EXISTS", "a").Bool() || do(s, "EXISTS", "c").Bool() {
		t.Error("Bool of EXISTS")
	}
	if got := do(s, "MGET", "a", "b").Texts(); strings.Join(got, " ") != "1 2.5" {
		t.Errorf("Texts: %q", got)
	}
	hello := do(s, "HELLO", 3).Map()
	if hello["proto"].Int() != 3 || hello["server"].Text() != "redis" {
		t.Errorf("Map of HELLO: %v", hello)
	}
	if !do(s, "GET", "none").IsNull() {
		t.Error("IsNull of a missing key")
	}
	_, err := s.Do(t.Context(), "SET")
	var refusal redlet.ServerError
	if !errors.As(err, &refusal) || !strings.HasPrefix(err.Error(), "ERR wrong number") {
		t.Errorf("Err: %v", err)
	}
}

func TestDoRefuses(t *testing.T) {
	s := redlet.RunT(t)
	for _, args := range [][]any{
		{}, {"SET", "k", struct{}{}}, {"SUBSCRIBE", "c"}, {"monitor"}, {"CLIENT", "reply", "OFF"},
		{"PUNSUBSCRIBE"},
	} {
		var refusal redlet.ServerError
		if reply, err := s.Do(t.Context(), args...); err == nil || errors.As(err, &refusal) {
			t.Errorf("%v: %v, %v", args, reply, err)
		}
	}
	if got := do(s, "PING").Text(); got != "PONG" {
		t.Errorf("afterwards PING: %q", got)
	}
}

func TestPassword(t *testing.T) {
	s := redlet.RunT(t, redlet.WithPassword("s e:c"))
	if _, err := s.Do(t.Context(), "PING"); err != nil {
		t.Error(err)
	}
	c := dial(t, s)
	fmt.Fprint(c, "AUTH wrong\r\nPING\r\nAUTH \"s e:c\"\r\nPING\r\n")
	expect(t, c, "-WRONGPASS invalid username-password pair or user is disabled.\r\n"+
		"-NOAUTH Authentication required.\r\n+OK\r\n+PONG\r\n")
	if got, want := s.URL(), "redis://:s%20e%3Ac@"+s.Addr(); got != want {
		t.Errorf("URL %s; want %s", got, want)
	}
}

func TestBadOptions(t *testing.T) {
	if _, err := redlet.Run(redlet.WithConfig(map[string]string{"no-such": "1"})); err == nil {
		t.Error("an unknown parameter was taken")
	}
	if _, err := redlet.Run(redlet.WithConfig(map[string]string{"maxclients": "x"})); err == nil {
		t.Error("a bad value was taken")
	}
	s := redlet.RunT(t)
	if other, err := redlet.Run(redlet.WithAddr(s.Addr())); err == nil {
		other.Close()
		t.Error("an address that is in use was taken")
	}
}

func TestAddr(t *testing.T) {
	s := redlet.RunT(t)
	addr := s.Addr()
	if again := s.Addr(); again != addr {
		t.Errorf("the address was %s and is %s", addr, again)
	}
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprint(c, "PING\r\n")
	expect(t, c, "+PONG\r\n")
}

func TestSeed(t *testing.T) {
	run := func(seed uint64) string {
		s := redlet.RunT(t, redlet.WithSeed(seed))
		for i := range 100 {
			do(s, "SET", i, i)
		}
		var keys strings.Builder
		for range 10 {
			keys.WriteString(do(s, "RANDOMKEY").Text() + " ")
		}
		return keys.String()
	}
	first, again, other := run(1), run(1), run(2)
	if first != again {
		t.Error("one seed, two runs")
	}
	if first == other {
		t.Error("two seeds, one run")
	}
}

func TestCloseEndsEverything(t *testing.T) {
	before := runtime.NumGoroutine()
	s, err := redlet.Run()
	if err != nil {
		t.Fatal(err)
	}
	tcp, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer tcp.Close()
	direct := dial(t, s)
	blocked := make(chan error, 1)
	go func() {
		_, err := s.Do(context.Background(), "BLPOP", "k", 0)
		blocked <- err
	}()
	awaitBlocked(t, s)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := coretest.Within(t, "the end of a blocked command", blocked); err == nil {
		t.Error("a blocked command was answered after Close")
	}
	for _, c := range []net.Conn{tcp, direct} {
		expectEnd(t, c)
	}
	if _, err := s.Do(context.Background(), "PING"); !errors.Is(err, redlet.ErrClosed) {
		t.Errorf("Do after Close: %v", err)
	}
	if _, err := s.Dial(); !errors.Is(err, redlet.ErrClosed) {
		t.Errorf("Dial after Close: %v", err)
	}
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines, were %d", runtime.NumGoroutine(), before)
		}
		runtime.Gosched()
	}
}

func TestShutdownCommand(t *testing.T) {
	s := redlet.RunT(t)
	c := dial(t, s)
	fmt.Fprint(c, "SHUTDOWN NOSAVE\r\n")
	expectEnd(t, c)
}

func TestSnapshotRestore(t *testing.T) {
	a, b := redlet.RunT(t), redlet.RunT(t)
	do(a, "SET", "k", "v", "PX", 100000)
	do(b, "SET", "other", "x")
	image, err := a.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Restore(image); err != nil {
		t.Fatal(err)
	}
	if got := do(b, "GET", "k").Text(); got != "v" {
		t.Errorf("restored k: %q", got)
	}
	if !do(b, "GET", "other").IsNull() {
		t.Error("what was there before Restore is still there")
	}
	if err := b.Restore(image[:len(image)/2]); err == nil {
		t.Error("half an image was restored")
	}
	if got := do(b, "GET", "k").Text(); got != "v" {
		t.Errorf("after a failed Restore k is %q", got)
	}
}

func TestClock(t *testing.T) {
	start := time.UnixMilli(1_700_000_000_000)
	s := redlet.RunT(t, redlet.WithFrozenClock(start))
	check := func(want time.Time) {
		t.Helper()
		if got := do(s, "TIME").List()[0].Int(); got != want.Unix() {
			t.Errorf("TIME %d; want %d", got, want.Unix())
		}
	}
	check(start)
	do(s, "SET", "k", "v", "EX", 60)
	if err := s.FastForward(59 * time.Second); err != nil {
		t.Fatal(err)
	}
	if got := do(s, "TTL", "k").Int(); got != 1 {
		t.Errorf("TTL %d; want 1", got)
	}
	if err := s.FastForward(time.Second); err != nil {
		t.Fatal(err)
	}
	if !do(s, "GET", "k").IsNull() {
		t.Error("k outlived its time")
	}
	later := start.Add(1000 * time.Hour)
	if err := s.SetTime(later); err != nil {
		t.Fatal(err)
	}
	check(later)
}

// TestFastForwardWakesTheBlocked has a command of a second connection time out by the turned clock.
func TestFastForwardWakesTheBlocked(t *testing.T) {
	s := redlet.RunT(t)
	c := dial(t, s)
	fmt.Fprint(c, "BLPOP none 100\r\n")
	awaitBlocked(t, s)
	if err := s.FastForward(101 * time.Second); err != nil {
		t.Fatal(err)
	}
	expect(t, c, "*-1\r\n")
}

// do is Do, whose reply says by itself what is wrong with it.
func do(s *redlet.Server, args ...any) redlet.Reply {
	reply, _ := s.Do(context.Background(), args...)
	return reply
}

// awaitBlocked returns when a client is blocked.
func awaitBlocked(t *testing.T, s *redlet.Server) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); ; runtime.Gosched() {
		if strings.Contains(do(s, "INFO", "clients").Text(), "blocked_clients:1") {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("nobody blocked")
		}
	}
}

func dial(t *testing.T, s *redlet.Server) net.Conn {
	t.Helper()
	c, err := s.Dial()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// expectEnd wants nothing of a connection any more but its end.
func expectEnd(t *testing.T, c net.Conn) {
	t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(coretest.Patience)); err != nil {
		t.Error(err) // it is closed
	}
	n, err := c.Read(make([]byte, 1))
	if n != 0 || err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%d bytes, %v; want the end of the connection", n, err)
	}
}

func expect(t *testing.T, c net.Conn, want string) {
	t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(coretest.Patience)); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(want))
	r := bufio.NewReaderSize(c, 16)
	for i := range got {
		b, err := r.ReadByte()
		if err != nil {
			t.Fatalf("%v after %q; want %q", err, got[:i], want)
		}
		got[i] = b
	}
	if string(got) != want {
		t.Errorf("got %q; want %q", got, want)
	}
}

// BenchmarkFirstReply measures from Run to the first reply.
func BenchmarkFirstReply(b *testing.B) {
	for b.Loop() {
		s, err := redlet.Run()
		if err != nil {
			b.Fatal(err)
		}
		if do(s, "PING").Text() != "PONG" {
			b.Fatal("no PONG")
		}
		b.StopTimer()
		s.Close()
		b.StartTimer()
	}
}

// BenchmarkFirstReplyTCP is the same through a port.
func BenchmarkFirstReplyTCP(b *testing.B) {
	for b.Loop() {
		s, err := redlet.Run()
		if err != nil {
			b.Fatal(err)
		}
		c, err := net.Dial("tcp", s.Addr())
		if err != nil {
			b.Fatal(err)
		}
		fmt.Fprint(c, "PING\r\n")
		if _, err := c.Read(make([]byte, 16)); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		c.Close()
		s.Close()
		b.StartTimer()
	}
}

func BenchmarkDo(b *testing.B) {
	s := redlet.RunT(b)
	do(s, "SET", "k", "v")
	for b.Loop() {
		do(s, "GET", "k")
	}
}
