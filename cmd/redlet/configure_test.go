package main

import (
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redlet/redlet/core/coretest"
)

// speaker is a connection to a server over its unix socket.
type speaker struct {
	t *testing.T
	net.Conn
}

// speak starts a server in a folder of its own and connects to it.
func speak(t *testing.T, server string, args ...string) *speaker {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.Command(server, append([]string{"--port", "0", "--unixsocket",
		filepath.Join(dir, "s"), "--save", ""}, args...)...)
	cmd.Env, cmd.Dir = append(os.Environ(), "REDLET_TEST_MAIN=1"), dir
	started, err := coretest.StartProcess(cmd)
	if err != nil {
		t.Fatal(err)
	}
	p := &process{started, t}
	p.await("Ready to accept connections unix")
	c, err := net.Dial("unix", filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Close()
		p.signal(syscall.SIGKILL)
		_, _ = p.End()
	})
	return &speaker{t, c}
}

func (s *speaker) ask(args ...string) coretest.Reply {
	s.t.Helper()
	r, err := coretest.Ask(s, args...)
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

// servers are redlet and, if it is there, redis-server.
func servers() []string {
	all := []string{os.Args[0]}
	if reference, err := coretest.ReferencePath(); err == nil {
		all = append(all, reference)
	}
	return all
}

// TestConfigurePorts moves ports and addresses by CONFIG SET, which does all of it or nothing.
func TestConfigurePorts(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	const (
		listen = "ERR CONFIG SET failed (possibly related to argument 'port') - Unable to listen " +
			"on this port. Check server logs."
		bind = "ERR CONFIG SET failed (possibly related to argument 'bind') - Failed to bind to " +
			"specified addresses."
	)
	for _, server := range servers() {
		ports := strings.NewReplacer("$A", fmt.Sprint(freePort(t)), "$B", fmt.Sprint(freePort(t)),
			"$TAKEN", fmt.Sprint(taken.Addr().(*net.TCPAddr).Port))
		s := speak(t, server, "--bind", "127.0.0.1", "--port", fmt.Sprint(freePort(t)))
		for _, c := range []struct{ set, want, get, open, shut string }{
			{"port $A", "OK", "$A", "$A", ""},
			{"port $TAKEN", listen, "$A", "$A", ""},
			{"port $B", "OK", "$B", "$B", "$A"},
			{"maxclients 77 port $TAKEN", listen, "$B", "$B", ""},
			{"bind 999.999.999.999", bind, "$B", "$B", ""},
			{"port $A bind 999.999.999.999", listen, "$B", "$B", "$A"},
			{"port 0", "OK", "0", "", "$B"},
			{"bind 127.0.0.1 port $A", "OK", "$A", "$A", ""},
		} {
			set := ports.Replace(c.set)
			said := s.ask(append([]string{"CONFIG", "SET"}, strings.Fields(set)...)...).Text
			if said != c.want {
				t.Errorf("%s: CONFIG SET %s: %q; want %q", server, set, said, c.want)
			}
			got := s.ask("CONFIG", "GET", "port").Items
			if want := ports.Replace(c.get); len(got) != 2 || got[1].Text != want {
				t.Errorf("%s: after CONFIG SET %s port is %v; want %s", server, set, got, want)
			}
			if c.open != "" {
				askAt(t, "tcp", "127.0.0.1:"+ports.Replace(c.open), "PING\r\n", "+PONG\r\n")
			}
			if c.shut == "" {
				continue
			}
			if c, err := net.Dial("tcp", "127.0.0.1:"+ports.Replace(c.shut)); err == nil {
				_ = c.Close()
				t.Errorf("%s: after CONFIG SET %s its port of before is open", server, set)
			}
		}
		if got := s.ask("CONFIG", "GET", "maxclients").Items[1].Text; got != "10000" {
			t.Errorf("%s: maxclients is %s after a CONFIG SET that failed", server, got)
		}
	}
}

// TestConfigureTLS opens a TLS port by CONFIG SET and gives it other certificates. Those that
// cannot be had leave the ones in use.
func TestConfigureTLS(t *testing.T) {
	const refused = "ERR CONFIG SET failed (possibly related to argument '%s') - Unable to update " +
		"TLS configuration. Check server logs."
	one, other := t.TempDir(), t.TempDir()
	certs := map[string]tls.Certificate{one: certificate(t, one), other: certificate(t, other)}
	for _, server := range servers() {
		port := fmt.Sprint(freePort(t))
		s := speak(t, server, "--bind", "127.0.0.1")
		set := func(want string, words ...string) {
			t.Helper()
			if got := s.ask(append([]string{"CONFIG", "SET"}, words...)...).Text; got != want {
				t.Errorf("%s: CONFIG SET %q: %q; want %q", server, words, got, want)
			}
		}
		shows := func(dir string) {
			t.Helper()
			c, err := tls.DialWithDialer(&net.Dialer{Timeout: 10 * time.Second}, "tcp",
				"127.0.0.1:"+port, &tls.Config{InsecureSkipVerify: true})
			if err != nil {
				t.Fatalf("%s: %v", server, err)
			}
			defer c.Close()
			got := c.ConnectionState().PeerCertificates[0].Raw
			if string(got) != string(certs[dir].Certificate[0]) {
				t.Errorf("%s: another certificate is shown", server)
			}
		}
		set(fmt.Sprintf(refused, "tls-port"), "tls-port", port)
		set("OK", "tls-cert-file", filepath.Join(one, "cert"), "tls-key-file",
			filepath.Join(one, "key"), "tls-auth-clients", "no")
		set("OK", "tls-port", port)
		shows(one)
		set(fmt.Sprintf(refused, "tls-cert-file"), "tls-cert-file", filepath.Join(other, "cert"))
		set(fmt.Sprintf(refused, "tls-key-file"), "tls-key-file", "/nowhere")
		shows(one)
		set("OK", "tls-cert-file", filepath.Join(other, "cert"), "tls-key-file",
			filepath.Join(other, "key"))
		shows(other)
		for _, name := range []string{"cert", "key"} {
			text, err := os.ReadFile(filepath.Join(one, name))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(other, name), text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		shows(other)
		set("OK", "tls-cert-file", filepath.Join(other, "cert")) // the same name, another file
		shows(one)
		set(fmt.Sprintf(refused, "tls-protocols"), "tls-protocols", "TLSv9")
		set("OK", "tls-protocols", "TLSv1.2")
		set("OK", "tls-port", "0")
		certs[other] = certificate(t, other) // as it was, for the next server
	}
}

// TestConfigureScore has the system hear of oom-score-adj.
func TestConfigureScore(t *testing.T) {
	if _, err := os.Stat("/proc/self/oom_score_adj"); err != nil {
		t.Skip("the system has no such score")
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, port, _ := net.SplitHostPort(taken.Addr().String())
	for _, server := range servers() {
		s := speak(t, server)
		pid := strings.TrimSpace(s.info("process_id"))
		score := func() string {
			text, err := os.ReadFile("/proc/" + pid + "/oom_score_adj")
			if err != nil {
				t.Fatal(err)
			}
			return strings.TrimSpace(string(text))
		}
		base := score()
		for _, c := range []struct{ set, score string }{
			{"oom-score-adj-values|700 800 900", base},
			{"oom-score-adj|absolute", "700"},
			{"oom-score-adj-values|710 800 900", "710"},
			{"oom-score-adj|no", base},
			{"oom-score-adj|absolute|oom-score-adj-values|730 800 900|port|" + port, base}, // refused
			{"oom-score-adj-values|720 800 900|oom-score-adj|absolute", "720"},
			{"", "800"}, // as a replica
		} {
			if c.set == "" {
				s.ask("REPLICAOF", "127.0.0.1", "1")
			} else if got := s.ask(append([]string{"CONFIG", "SET"},
				strings.Split(c.set, "|")...)...).Text; got == "OK" == strings.Contains(c.set, "port") {
				t.Errorf("%s: CONFIG SET %s: %s", server, c.set, got)
			}
			if got := score(); got != c.score {
				t.Errorf("%s: after CONFIG SET %q the score is %s; want %s", server, c.set, got, c.score)
			}
		}
	}
}

// info returns a field of INFO.
func (s *speaker) info(field string) string {
	_, rest, _ := strings.Cut(s.ask("INFO", "everything").Text, "\n"+field+":")
	value, _, _ := strings.Cut(rest, "\r")
	return value
}
