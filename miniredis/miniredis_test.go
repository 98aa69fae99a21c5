package miniredis_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redlet/redlet/miniredis"
)

func TestClock(t *testing.T) {
	m := miniredis.RunT(t)
	if err := m.Set("k", "v"); err != nil {
		t.Fatal(err)
	}
	m.SetTTL("k", time.Minute)
	m.SetTime(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC))
	m.CheckGet(t, "k", "v")
	if id, err := m.XAdd("x", "*", []string{"a", "1"}); err != nil || id != "1893456000000-0" {
		t.Errorf("XADD: %s, %v", id, err)
	}
	m.FastForward(30 * time.Second)
	if ttl := m.TTL("k"); ttl != 30*time.Second {
		t.Errorf("TTL: %v", ttl)
	}
	m.FastForward(30 * time.Second)
	if m.Exists("k") {
		t.Error("the key is there after its time")
	}
}

func TestRestart(t *testing.T) {
	m := miniredis.RunT(t)
	addr := m.Addr()
	if _, err := m.DB(3).Push("l", "a", "b"); err != nil {
		t.Fatal(err)
	}
	m.SetTTL("k", time.Minute)
	c := dial(t, m)
	c.want("SET k v EX 60", "+OK")
	if n := m.CommandCount(); n != 1 {
		t.Errorf("%d commands were sent", n)
	}
	m.SetError("LOADING")
	m.Close()
	c.want("PING", "gone")
	if m.Addr() != "" || m.Ctx.Err() == nil {
		t.Error("it goes on after Close")
	}
	m.Select(3)
	m.CheckList(t, "l", "a", "b")
	if err := m.Restart(); err != nil || m.Addr() != addr || m.Ctx.Err() != nil {
		t.Errorf("Restart: %v, at %s, was %s", err, m.Addr(), addr)
	}
	m.CheckList(t, "l", "a", "b")
	if n := m.TotalConnectionCount() + m.CommandCount() + m.CurrentConnectionCount(); n != 0 {
		t.Errorf("%d connections and commands were counted before there were any", n)
	}
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	c = client(t, nc)
	c.want("TTL k", ":60")
	c.want("NONESUCH", "-ERR unknown command 'NONESUCH', with args beginning with: ")
	counts := []int{m.TotalConnectionCount(), m.CommandCount(), m.CurrentConnectionCount()}
	if !slices.Equal(counts, []int{1, 1, 1}) {
		t.Errorf("made connections, run commands, and connections: %d", counts)
	}
	if err := m.Start(); err == nil {
		t.Error("it listens twice")
	}
	m.Close()
	must(t, m.Start())
	same(t, m.Addr(), addr)
}

// tester is a framework's.
type tester struct {
	*testing.T
	cleanups []func()
}

func (t *tester) Cleanup(f func()) { t.cleanups = append(t.cleanups, f) }

func TestRunT(t *testing.T) {
	ours := &tester{T: t}
	m := miniredis.RunT(ours)
	addr := m.Addr()
	if m.Host() != "127.0.0.1" || net.JoinHostPort(m.Host(), m.Port()) != addr {
		t.Errorf("%s is host %s and port %s", addr, m.Host(), m.Port())
	}
	for _, f := range ours.cleanups {
		f()
	}
	if c, err := net.Dial("tcp", addr); err == nil {
		t.Errorf("somebody listens after the test: %v", c.Close())
	}
}

func TestTLS(t *testing.T) {
	web := httptest.NewTLSServer(nil) // it has a certificate
	defer web.Close()
	m, err := miniredis.RunTLS(web.TLS)
	must(t, err)
	t.Cleanup(m.Close)
	trusted := web.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	for range 2 {
		c, err := tls.Dial("tcp", m.Addr(), &tls.Config{RootCAs: trusted, ServerName: "example.com"})
		must(t, err)
		client(t, c).want("PING", "+PONG")
		m.Close()
		must(t, m.Restart())
	}
}

func TestSubscriber(t *testing.T) {
	m := miniredis.NewMiniRedis()
	defer m.Close()
	m.RequireAuth("secret")
	s := m.NewSubscriber()
	if n := s.Subscribe("news"); n != 1 {
		t.Errorf("%d subscriptions", n)
	}
	if n := s.Psubscribe("n*"); n != 2 || s.Count() != 2 {
		t.Errorf("%d subscriptions, counted %d", n, s.Count())
	}
	if n := s.Publish("news", "hello"); n != 2 {
		t.Errorf("%d have it", n)
	}
	if got := <-s.Messages(); got != (miniredis.PubsubMessage{Channel: "news", Message: "hello"}) {
		t.Errorf("got %v", got)
	}
	want := miniredis.PubsubPmessage{Pattern: "n*", Channel: "news", Message: "hello"}
	if got := <-s.Pmessages(); got != want {
		t.Errorf("got %v", got)
	}
	if got := m.PubSubChannels(""); !slices.Equal(got, []string{"news"}) || m.PubSubNumPat() != 1 {
		t.Errorf("heard channels %q, patterns %d", got, m.PubSubNumPat())
	}
	s.Unsubscribe("news")
	if got := s.Channels(); len(got) != 0 || m.PubSubNumSub("news")["news"] != 0 {
		t.Errorf("still listens to %q", got)
	}
	if got := s.Patterns(); !slices.Equal(got, []string{"n*"}) || s.Punsubscribe("n*") != 0 {
		t.Errorf("listens to patterns %q", got)
	}
	s.Psubscribe("x*")
	m.Publish("xyz", "nobody reads it")
	s.Close()
	s.Close()
	for range s.Messages() {
		t.Error("a message after Close")
	}
	if n := m.CurrentConnectionCount() + m.TotalConnectionCount() + m.CommandCount(); n != 0 {
		t.Errorf("subscribers count as %d", n)
	}
}

func TestDump(t *testing.T) {
	m := miniredis.RunT(t)
	fill(t, m)
	want := `- h
   f: "v"
- l
   "a"
   "b"
- s
   "x"
- str
   "hello\tworld"
- x
   1-0
      "a": "1"
- z
   1.500000: "m"
`
	if got := m.Dump(); got != want {
		t.Errorf("Dump is\n%s\nwant\n%s", got, want)
	}
	if got := m.DB(1).Keys(); len(got) != 0 {
		t.Errorf("keys elsewhere: %q", got)
	}
	m.FlushDB()
	must(t, m.Set("long", strings.Repeat("x", 100)))
	if got := m.Dump(); got != "- long\n   \""+strings.Repeat("x", 52)+"\"...(100)\n" {
		t.Errorf("of a long value: %s", got)
	}
}

// fill has a key of each type.
func fill(t *testing.T, m *miniredis.Miniredis) {
	t.Helper()
	must(t, m.Set("str", "hello\tworld"))
	m.HSet("h", "f", "v")
	_, err := m.Push("l", "a", "b")
	must(t, err)
	_, err = m.SetAdd("s", "x")
	must(t, err)
	_, err = m.XAdd("x", "1-0", []string{"a", "1"})
	must(t, err)
	_, err = m.ZAdd("z", 1.5, "m")
	must(t, err)
}

// reports keeps what a check reports.
type reports []string

func (*reports) Helper() {}
func (r *reports) Errorf(format string, args ...interface{}) {
	*r = append(*r, fmt.Sprintf(format, args...))
}

func TestChecks(t *testing.T) {
	m := miniredis.RunT(t)
	fill(t, m)
	m.CheckGet(t, "str", "hello\tworld")
	m.CheckList(t, "l", "a", "b")
	m.CheckSet(t, "s", "x")
	var r reports
	m.CheckGet(&r, "str", "bye")
	m.CheckGet(&r, "none", "")
	m.CheckList(&r, "l", "b", "a")
	m.CheckList(&r, "str", "b")
	m.CheckSet(&r, "s")
	if len(r) != 5 {
		t.Errorf("reported %q", r)
	}
}

// TestErrors compares with ==, as users do.
func TestErrors(t *testing.T) {
	m := miniredis.RunT(t)
	fill(t, m)
	errs := map[string]error{}
	_, errs["Get"] = m.Get("none")
	_, errs["List"] = m.List("none")
	_, errs["Members"] = m.Members("none")
	_, errs["IsMember"] = m.IsMember("none", "x")
	_, errs["HKeys"] = m.HKeys("none")
	_, errs["SortedSet"] = m.SortedSet("none")
	_, errs["ZScore"] = m.ZScore("none", "m")
	_, errs["ZMScore"] = m.ZMScore("none", "m")
	_, errs["SRem"] = m.SRem("none", "m")
	_, errs["ZRem"] = m.ZRem("none", "m")
	_, errs["Pop"] = m.Pop("none")
	errs["Copy"] = m.Copy(0, "none", 1, "k")
	for name, err := range errs {
		if err != miniredis.ErrKeyNotFound {
			t.Errorf("%s of no key: %v", name, err)
		}
	}
	_, err := m.Get("l")
	same(t, err, miniredis.ErrWrongType)
	same(t, m.Set("l", "v"), miniredis.ErrWrongType)
	_, err = m.PfAdd("str", "a")
	same(t, err, miniredis.ErrWrongType)
	_, err = m.PfCount("str")
	same(t, err, miniredis.ErrNotValidHllValue)
	_, err = m.Incr("str", 1)
	same(t, err, miniredis.ErrIntValueError)
	_, err = m.Incrfloat("str", 1)
	same(t, err, miniredis.ErrFloatValueError)
	must(t, m.Set("n", "9223372036854775807"))
	_, err = m.Incr("n", 1)
	same(t, err, miniredis.ErrIntValueOverflowError)
	score, err := m.ZScore("z", "none")
	same(t, fmt.Sprint(score, err), "0 <nil>")
	is, err := m.IsMember("s", "none")
	same(t, fmt.Sprint(is, err), "false <nil>")
}

// TestDatabases reaches each by its number, by Select and by a client.
func TestDatabases(t *testing.T) {
	m := miniredis.RunT(t)
	must(t, m.DB(2).Set("k", "two"))
	c := dial(t, m)
	c.want("SELECT 2", "+OK")
	c.want("STRLEN k", ":3")
	m.Select(2)
	m.CheckGet(t, "k", "two")
	must(t, m.Copy(2, "k", 5, "copy"))
	same(t, m.DB(5).Keys(), []string{"copy"})
	same(t, m.SwapDB(2, 5), true)
	same(t, m.Exists("k"), false)
	m.FlushAll()
	same(t, m.DB(5).Keys(), []string{})
}

// TestShortTTL has a key with less than a millisecond to live.
func TestShortTTL(t *testing.T) {
	m := miniredis.RunT(t)
	must(t, m.Set("k", "v"))
	m.SetTTL("k", 500*time.Microsecond)
	same(t, m.Exists("k"), true)
	m.FastForward(500 * time.Microsecond)
	m.FastForward(500 * time.Microsecond)
	same(t, m.Exists("k"), false)
}

// TestNamedErrors has direct calls fail with the errors that the package names, where Redis has
// words of a command's own.
func TestNamedErrors(t *testing.T) {
	m := miniredis.RunT(t)
	m.HSet("h", "f", "text")
	_, err := m.HIncrBy("h", "f", 1)
	same(t, err, miniredis.ErrIntValueError)
	_, err = m.HIncrByFloat("h", "f", 1)
	same(t, err, miniredis.ErrFloatValueError)
	same(t, m.Copy(0, "none", 0, "none"), miniredis.ErrKeyNotFound)
	same(t, m.Copy(0, "h", 0, "h"), nil)
}

// TestNothingToAdd has lists of elements that happen to be empty, as a test's own tables have them:
// miniredis takes those, though Redis's commands do not.
func TestNothingToAdd(t *testing.T) {
	m := miniredis.RunT(t)
	must(t, m.Set("string", "v"))
	_, err := m.Push("list", "a", "b")
	must(t, err)
	_, err = m.SAdd("set", "a")
	must(t, err)
	_, err = m.ZAdd("zset", 1, "a")
	must(t, err)
	for name, call := range map[string]func(key string) (any, error){
		"Push":    func(k string) (any, error) { return m.Push(k) },
		"RPush":   func(k string) (any, error) { return m.RPush(k) },
		"SAdd":    func(k string) (any, error) { return m.SAdd(k) },
		"SetAdd":  func(k string) (any, error) { return m.SetAdd(k) },
		"SRem":    func(k string) (any, error) { return m.SRem(k) },
		"ZMScore": func(k string) (any, error) { return m.ZMScore(k) },
	} {
		key, want, missing := "set", "0 <nil>", "0 <nil>"
		switch name {
		case "Push", "RPush":
			key, want = "list", "2 <nil>"
		case "SRem":
			missing = "0 ERR no such key"
		case "ZMScore":
			key, want, missing = "zset", "[] <nil>", "[] ERR no such key"
		}
		got, err := call(key)
		same(t, fmt.Sprint(name, " ", got, " ", err), name+" "+want)
		got, err = call("none")
		same(t, fmt.Sprint(name, " ", got, " ", err), name+" "+missing)
		_, err = call("string")
		same(t, err, miniredis.ErrWrongType)
	}
	n, err := m.PfCount()
	same(t, fmt.Sprint(n, err), "0 <nil>")
	same(t, m.Keys(), []string{"list", "set", "string", "zset"})
}

func TestRequireUserAuth(t *testing.T) {
	m := miniredis.RunT(t)
	early := dial(t, m)
	early.want("PING", "+PONG")
	m.RequireUserAuth("ann", "one")
	m.RequireUserAuth("bob", "two")
	early.want("PING", "-NOAUTH Authentication required.")
	c := dial(t, m)
	const wrong = "-WRONGPASS invalid username-password pair or user is disabled."
	c.want("SET k v", "-NOAUTH Authentication required.")
	c.want("AUTH one", wrong)
	c.want("AUTH ann two", wrong)
	c.want("AUTH default one", wrong)
	c.want("AUTH bob two", "+OK")
	c.want("SET k v", "+OK")
	c.want("RESET", "+RESET")
	c.want("SET k v", "-NOAUTH Authentication required.")
	c.want("HELLO 3 AUTH ann wrong", wrong)
	c.want("HELLO 3 AUTH ann one", "%7")
	same(t, dial(t, m).says("PING"), "-NOAUTH Authentication required.")
	bob := dial(t, m)
	bob.want("AUTH bob two", "+OK")
	m.RequireAuth("all")
	bob.want("PING", "+PONG")
	c = dial(t, m)
	c.want("AUTH all", "+OK")
	c.want("AUTH default all", "+OK")
	c.want("AUTH ann one", "+OK")
	m.RequireUserAuth("ann", "")
	c.want("AUTH ann one", wrong)
	m.RequireUserAuth("bob", "")
	m.RequireAuth("")
	dial(t, m).want("PING", "+PONG")
}

// wire is a client that a test writes and reads by lines.
type wire struct {
	t *testing.T
	c net.Conn
	r *bufio.Reader
}

func client(t *testing.T, c net.Conn) *wire {
	t.Cleanup(func() { _ = c.Close() }) // the test may have closed it
	return &wire{t, c, bufio.NewReader(c)}
}

func dial(t *testing.T, m *miniredis.Miniredis) *wire {
	t.Helper()
	c, err := m.Dial()
	must(t, err)
	return client(t, c)
}

// says is the first line of the reply to a command; "gone" at the end of the connection.
func (w *wire) says(command string) string {
	_, _ = io.WriteString(w.c, command+"\r\n") // Read tells
	line, err := w.r.ReadString('\n')
	if err != nil {
		return "gone"
	}
	return strings.TrimSuffix(line, "\r\n")
}

func (w *wire) want(command, want string) {
	w.t.Helper()
	if got := w.says(command); got != want {
		w.t.Errorf("%s: %q, want %q", command, got, want)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func same(t *testing.T, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
