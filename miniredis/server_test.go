package miniredis_test

import (
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/redlet/redlet/miniredis"
	"github.com/redlet/redlet/miniredis/server"
)

func TestSetError(t *testing.T) {
	m := miniredis.NewMiniRedis()
	t.Cleanup(m.Close)
	m.SetError("LOADING all day")
	c := dial(t, m)
	c.want("PING", "-LOADING all day")
	c.want("NONESUCH", "-LOADING all day")
	must(t, m.Set("k", "v"))
	m.SetError("")
	c.want("STRLEN k", ":1")
	m.SetError("x")
	m.Server().SetPreHook(nil)
	c.want("STRLEN k", ":1")
}

// TestPreHook has a hook look, answer, use the server, wait and hang up.
func TestPreHook(t *testing.T) {
	m := miniredis.RunT(t)
	release := make(chan struct{})
	m.Server().SetPreHook(func(c *server.Peer, cmd string, args ...string) bool {
		seen, _ := c.Ctx.(int)
		c.Ctx = seen + 1
		switch {
		case cmd == "GET" && args[0] == "bad":
			c.WriteError("ERR bad luck")
		case cmd == "GET" && args[0] == "late":
			<-release
			return false
		case cmd == "ECHO":
			if _, err := m.Incr("echoes", 1); err != nil {
				c.WriteError(err.Error())
				return true
			}
			c.WriteInline(strings.Join(args, "+"))
		case cmd == "SEEN":
			c.WriteInt(seen)
		case cmd == "BYE":
			c.WriteOK()
			c.Close()
		default:
			return false
		}
		return true
	})
	c := dial(t, m)
	c.want("SET late v", "+OK")
	c.want("get bad", "-ERR bad luck")
	c.want("echo hello", "+hello")
	c.want("SEEN", ":3")
	dial(t, m).want("SEEN", ":0")
	must(t, m.Set("bad", "v"))
	c.want(`EVAL "return redis.pcall('GET', 'bad').err" 0`, "$12")
	c.want("", "ERR bad luck")
	c.want("MULTI", "+OK")
	c.want("GET bad", "-ERR bad luck")
	c.want("EXEC", "-EXECABORT Transaction discarded because of previous errors.")
	var waits sync.WaitGroup
	waits.Add(1)
	go func() {
		defer waits.Done()
		c.want("GET late", "$1")
	}()
	dial(t, m).want("ECHO others", "+others")
	must(t, m.Set("late", "w"))
	close(release)
	waits.Wait()
	c.want("", "w")
	m.CheckGet(t, "echoes", "2")
	c.want("BYE", "+OK")
	c.want("PING", "gone")
}

func TestRegister(t *testing.T) {
	m := miniredis.RunT(t)
	s := m.Server()
	must(t, s.Register("twice", func(c *server.Peer, cmd string, args []string) {
		if len(args) != 1 {
			c.WriteError("ERR wrong number of arguments for '" + strings.ToLower(cmd) + "' command")
			return
		}
		c.Block(func(w *server.Writer) {
			w.WriteLen(2)
			s.Dispatch(c, []string{"APPEND", args[0], "x"})
			s.Dispatch(c, []string{"APPEND", args[0], "y"})
		})
	}, server.ReadOnlyOption()))
	if err := s.Register("TWICE", nil); err == nil {
		t.Error("a command was registered twice")
	}
	must(t, s.Register("TIME", func(c *server.Peer, cmd string, args []string) { c.WriteNull() }))
	c := dial(t, m)
	c.want("SELECT 1", "+OK")
	c.want("TWICE k", "*2")
	c.want("", ":1")
	c.want("TIME", ":2")
	c.want("", "$-1")
	c.want("twice", "-ERR wrong number of arguments for 'twice' command")
	c.want(`EVAL "return redis.call('twice', 'k')" 0`, "*2")
	c.want("", ":3")
	c.want("GET k", ":4")
	c.want("", "$4")
	same(t, m.DB(1).Keys(), []string{"k"})
	same(t, s.IsRegisteredCommand("twice"), true)
	same(t, s.IsRegisteredCommand("get"), true)
	same(t, s.IsRegisteredCommand("none"), false)
	same(t, m.IsReadOnlyCommand("twice"), true)
	same(t, m.IsReadOnlyCommand("TIME"), false)
	same(t, m.IsReadOnlyCommand("GET"), true)
	same(t, m.IsReadOnlyCommand("SET"), false)
	same(t, s.Addr().String(), m.Addr())
	must(t, m.Server().Register("after", nil))
	m.Close()
	same(t, m.Server().IsRegisteredCommand("twice"), false)
}

// TestServeConn serves a connection that is no socket.
func TestServeConn(t *testing.T) {
	m := miniredis.NewMiniRedis()
	t.Cleanup(m.Close)
	near, far := net.Pipe()
	m.Server().ServeConn(far)
	c := client(t, near)
	c.want("PING", "+PONG")
	same(t, m.Server().ClientsLen(), 1)
	m.Server().Close()
	c.want("PING", "gone")
}

// TestReplies writes each kind of reply in both protocols.
func TestReplies(t *testing.T) {
	m := miniredis.RunT(t)
	must(t, m.Server().Register("all", func(c *server.Peer, cmd string, args []string) {
		c.WriteLen(9)
		c.WriteBulk("b")
		c.WriteFloat(1.5)
		c.WriteInt(-1)
		c.WriteNull()
		c.WriteOK()
		c.WriteMapLen(1)
		c.WriteStrings([]string{"k"})
		c.WriteRaw(":7\r\n")
		c.WriteSetLen(1)
		c.WriteInline("s")
		c.WriteStrings(nil)
		c.WriteError("ERR e")
	}))
	c := dial(t, m)
	for protocol, want := range map[string]string{
		"2": "*9 $1 b $3 1.5 :-1 $-1 +OK *2 *1 $1 k :7 *1 +s *0 -ERR e",
		"3": "*9 $1 b ,1.5 :-1 _ +OK %1 *1 $1 k :7 ~1 +s *0 -ERR e",
	} {
		c.says("HELLO " + protocol)
		for line := c.says("ECHO end"); line != "end"; {
			line = c.says("")
		}
		c.says("ALL")
		got := "*9"
		for !strings.HasSuffix(got, "-ERR e") {
			got += " " + c.says("")
		}
		same(t, got, want)
	}
}
