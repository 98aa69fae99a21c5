package redlet_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

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

// TestOpenRefuses has URLs of which a part would mean nothing, and could be taken to mean much.
func TestOpenRefuses(t *testing.T) {
	const form = " is not of the form memory:name?parameter=value"
	for name, want := range map[string]string{
		"memory://cache":               `"memory://cache"` + form,
		"memory:/cache":                `"memory:/cache"` + form,
		"memory:cache#1":               `"memory:cache#1"` + form,
		"memory://:p@":                 `"memory://:xxxxx@"` + form,
		"memory:c?maxkeys=3;timeout=1": "memory:c: invalid semicolon separator in query",
		"memory:c?maxkeys=3&maxkeys=4": "memory:c: maxkeys is given twice",
		"memory:c?port=1":              "the parameter port has no effect here: use WithAddr",
		"127.0.0.1:6379": "that is no URL such as redis://127.0.0.1:6379: " +
			"first path segment in URL cannot contain colon",
		"redis://:secret@here:port": "that is no URL such as redis://127.0.0.1:6379: " +
			`invalid port ":port" after host`,
	} {
		_, _, err := redlet.Open(t.Context(), name)
		if err == nil || err.Error() != "redlet: "+want {
			t.Errorf("%s: %v", name, err)
		}
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if _, _, err := redlet.Open(ended, "memory:c"); !errors.Is(err, context.Canceled) {
		t.Errorf("when there is no more need: %v", err)
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

// TestShop tests the program of the example as its authors would: it is told by the environment
// where its data are, and the test turns the clock.
func TestShop(t *testing.T) {
	s := redlet.RunT(t)
	t.Setenv("REDIS_URL", s.URL())
	shop, end, err := openShop(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer end()
	defer shop.redis.Close()
	asked := 0
	price := func() string { asked++; return "3.20" }
	for i := range 4 {
		if shop.price(t.Context(), "tea", price) != "3.20" || asked != 1 {
			t.Errorf("the price was looked up %d times", asked)
		}
		if allowed := shop.allows(t.Context(), "ann"); allowed != (i < 3) {
			t.Errorf("question %d is allowed: %v", i, allowed)
		}
	}
	if err := s.FastForward(time.Minute); err != nil {
		t.Fatal(err)
	}
	if shop.price(t.Context(), "tea", price); asked != 2 || !shop.allows(t.Context(), "ann") {
		t.Errorf("a minute later: the price was looked up %d times", asked)
	}
}
