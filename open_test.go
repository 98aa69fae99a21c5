package redlet_test

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/redlet/redlet"
)

// open is Open for a test, whose close the caller calls.
func open(t *testing.T, name string) (address string, shut func() error) {
	t.Helper()
	address, shut, err := redlet.Open(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return address, shut
}

func TestOpenMemory(t *testing.T) {
	a, closeA := open(t, "memory:one?maxkeys=2&maxmemory-policy=allkeys-lru")
	b, closeB := open(t, "memory:one")
	other, closeOther := open(t, "memory:")
	if a != b || a == other {
		t.Errorf("addresses %s, %s and, of another, %s", a, b, other)
	}
	if _, _, err := redlet.Open(t.Context(), "memory:one?maxkeys=3"); err == nil {
		t.Error("other parameters were accepted")
	}
	if _, _, err := redlet.Open(t.Context(), "memory:two?no-such=3"); err == nil {
		t.Error("an unknown parameter was accepted")
	}
	for _, shut := range []func() error{closeA, closeA, closeOther} {
		if err := shut(); err != nil {
			t.Error(err)
		}
	}
	if _, _, err := redlet.Open(t.Context(), b); err != nil {
		t.Errorf("a server that is still open: %v", err)
	}
	if err := closeB(); err != nil {
		t.Error(err)
	}
	if _, _, err := redlet.Open(t.Context(), b); err == nil {
		t.Error("the server goes on after the last one closed it")
	}
}

func TestOpenRemote(t *testing.T) {
	s := redlet.RunT(t, redlet.WithPassword("secret"))
	address, shut := open(t, s.URL())
	if address != s.URL() || shut() != nil {
		t.Errorf("got %s, want %s", address, s.URL())
	}
	ended, end := context.WithCancel(t.Context())
	end()
	for _, c := range []struct {
		ctx       context.Context
		url, want string
	}{
		{t.Context(), "redis://" + s.Addr(), "NOAUTH"},
		{t.Context(), "redis://:wrong@" + s.Addr(), "WRONGPASS"},
		{ended, s.URL(), "cancel"},
		{t.Context(), "http://x", "neither"},
		{t.Context(), "unix:///no/such/socket", "no such file"},
	} {
		_, _, err := redlet.Open(c.ctx, c.url)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.url, err, c.want)
		}
		if u, _ := url.Parse(c.url); err != nil && u.User != nil &&
			strings.Contains(err.Error(), "wrong@") {
			t.Errorf("the password is told: %v", err)
		}
	}
}

func TestMaxKeys(t *testing.T) {
	s := redlet.RunT(t, redlet.WithMaxKeys(3))
	for i := range 10 {
		redlet.Must(s.Do(t.Context(), "SET", fmt.Sprint("k", i), "v"))
	}
	if n := redlet.Must(s.Do(t.Context(), "DBSIZE")).Int(); n != 3 {
		t.Errorf("%d keys", n)
	}
}
