package redlet_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/redlet/redlet"
)

func TestSocketParametersAreRefused(t *testing.T) {
	for name, option := range map[string]string{
		"port": "WithAddr", "Bind": "WithAddr", "unixsocket": "WithUnixSocket",
		"tls-port": "WithTLS", "tls-cert-file": "WithTLS",
	} {
		s, err := redlet.Run(redlet.WithConfig(map[string]string{name: "1"}))
		if err == nil {
			s.Close()
		}
		if err == nil || !strings.Contains(err.Error(), option) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := redlet.Open(t.Context(), "memory:?port=1"); err == nil {
		t.Error("a port in a memory URL")
	}
}

func TestListen(t *testing.T) {
	s := redlet.RunT(t)
	if err := errors.Join(s.Listen(), s.Listen()); err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Listen(); !errors.Is(err, redlet.ErrClosed) {
		t.Errorf("a closed server listens: %v", err)
	}
}

func TestTLSOfATest(t *testing.T) {
	certs := redlet.TestTLS(t)
	certs.Server.ClientAuth = tls.RequireAndVerifyClientCert
	s := redlet.RunT(t, redlet.WithTLS(certs.Server), redlet.WithPassword("secret"))
	if url, want := s.URL(), "rediss://:secret@"+s.Addr(); url != want {
		t.Errorf("URL: %s, want %s", url, want)
	}
	o, err := redis.ParseURL(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	o.TLSConfig = certs.Client
	client := redis.NewClient(o)
	defer client.Close()
	if err := client.Set(t.Context(), "k", "v", 0).Err(); err != nil {
		t.Error(err)
	}
	pair, err := tls.LoadX509KeyPair(certs.ClientCertFile, certs.ClientKeyFile)
	if err != nil {
		t.Fatal(err)
	}
	ca, err := os.ReadFile(certs.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	byFile := &tls.Config{Certificates: []tls.Certificate{pair}, RootCAs: certs.Client.RootCAs.Clone()}
	if !byFile.RootCAs.AppendCertsFromPEM(ca) {
		t.Error("no certificate in the authority's file")
	}
	if _, err := tls.LoadX509KeyPair(certs.ServerCertFile, certs.ServerKeyFile); err != nil {
		t.Error(err)
	}
	for name, config := range map[string]*tls.Config{
		"by files": byFile, "without a certificate": {RootCAs: byFile.RootCAs},
		"without trust": {Certificates: byFile.Certificates},
	} {
		o.TLSConfig, o.MaxRetries = config, -1
		other := redis.NewClient(o)
		if err := other.Ping(t.Context()).Err(); (err == nil) != (name == "by files") {
			t.Errorf("%s: %v", name, err)
		}
		other.Close()
	}
}

func TestUnixSocket(t *testing.T) {
	dir, err := os.MkdirTemp("", "redlet") // the path of TempDir may be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "s")
	s, err := redlet.Run(redlet.WithUnixSocket(path))
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(&redis.Options{Network: "unix", Addr: path})
	defer client.Close()
	if err := client.Set(t.Context(), "k", "v", 0).Err(); err != nil {
		t.Error(err)
	}
	if _, end, err := redlet.Open(t.Context(), "unix://"+path); err != nil || end() != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	_, err = redlet.Run(redlet.WithUnixSocket(filepath.Join(dir, "none", "s")))
	if err == nil || !strings.HasPrefix(err.Error(), "redlet: ") {
		t.Error("a socket in a folder that is not there:", err)
	}
}

// TestClockRefuses has a time that no clock shows.
func TestClockRefuses(t *testing.T) {
	const want = "redlet: the clock goes from 1970 to 9999"
	if _, err := redlet.Run(redlet.WithFrozenClock(time.Time{})); err == nil || err.Error() != want {
		t.Error("a server that begins in the year 1:", err)
	}
	if err := redlet.RunT(t).SetTime(time.Time{}); err == nil || err.Error() != want {
		t.Error("a clock that is set to the year 1:", err)
	}
}

func TestDirAndVersion(t *testing.T) {
	dir := t.TempDir()
	if _, err := redlet.Run(redlet.WithDir(filepath.Join(dir, "none"))); err == nil {
		t.Error("a folder that is not there")
	}
	for i, config := range []map[string]string{nil, {"appendonly": "yes"}, {"appendonly": "yes"}} {
		s, err := redlet.Run(redlet.WithDir(dir), redlet.WithConfig(config),
			redlet.WithVersion("7.2"))
		if err != nil {
			t.Fatal(err)
		}
		// With an append-only file, dump.rdb is not loaded.
		want := int64([]int{1, 1, 2}[i])
		if n := redlet.Must(s.Do(t.Context(), "INCR", "n")).Int(); n != want {
			t.Errorf("server %d counts %d, want %d", i, n, want)
		}
		if i == 0 {
			redlet.Must(s.Do(t.Context(), "SAVE"))
		}
		if _, err := s.Do(t.Context(), "HEXPIRE", "h", 1, "FIELDS", 1, "f"); err == nil {
			t.Error("7.2 knows HEXPIRE")
		}
		info, err := s.Info("server")
		if err != nil || !strings.HasPrefix(info["redis_version"], "7.2.") {
			t.Errorf("%q, %v", info["redis_version"], err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestLogger(t *testing.T) {
	var out bytes.Buffer
	l := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug,
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				a = slog.Attr{}
			}
			return a
		}}))
	s := redlet.RunT(t, redlet.WithLogger(l))
	if _, err := s.Do(t.Context(), "NOSUCH"); err == nil {
		t.Error("NOSUCH is there")
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	const want = "level=INFO msg=\"Unknown command \\\"NOSUCH\\\"\"\n"
	if got := out.String(); !strings.HasSuffix(got, want) {
		t.Errorf("logged %s", got)
	}
}
