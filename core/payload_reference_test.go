package core_test

import (
	"encoding/binary"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"github.com/redlet/redlet/core/coretest"
	"github.com/redlet/redlet/core/internal/rdb"
)

var payloadsCompared = flag.Int("compared", 2_000,
	"how many damaged payloads are compared with redis-server")

// restores has a server restore a payload, and tells what it says and what is then there.
func (s server) restores(payload string) (reply, is string) {
	s.t.Helper()
	r := s.do("RESTORE", "k", "0", payload, "REPLACE")
	if r.Kind == '-' {
		return r.Text, ""
	}
	return r.Text, s.key("k") + "\n" + s.do("DEBUG", "DIGEST-VALUE", "k").String()
}

// TestLayoutsReference restores every layout, and of every version, as redis-server does.
func TestLayoutsReference(t *testing.T) {
	ref := theirs(t, t.TempDir())
	_, s := ours(t)
	for _, l := range layouts(t) {
		for _, version := range []int{0, 1, 3, 6, 9, 10, 11, 12, 13} {
			payload := seal(l.body, version)
			said, is := s.restores(payload)
			wantSaid, want := ref.restores(payload)
			if said != wantSaid || is != want {
				t.Errorf("%s of version %d: %s\n%.300s\nwant %s\n%.300s", l.name, version, said, is,
					wantSaid, want)
				break
			}
		}
	}
}

// TestDamagedPayloadsReference restores damaged payloads as a redis-server that checks all of them.
func TestDamagedPayloadsReference(t *testing.T) {
	d := newDamager(t)
	start := func() server {
		ref := theirs(t, t.TempDir())
		ref.do("CONFIG", "SET", "sanitize-dump-payload", "yes")
		ref.do("DEBUG", "SET-ACTIVE-EXPIRE", "0")
		return ref
	}
	ref := start()
	_, s := ours(t)
	s.do("CONFIG", "SET", "sanitize-dump-payload", "yes")
	s.do("DEBUG", "SET-ACTIVE-EXPIRE", "0")
	taken, differ := 0, map[string]int{}
	for range *payloadsCompared {
		l := d.next()
		if claimsMany(l.body) || isLater(l.body) {
			continue
		}
		payload := seal(l.body, rdb.Version)
		said, is := s.restores(payload)
		wantSaid, want, err := ref.tries(payload)
		switch {
		case err != nil:
			t.Logf("redis-server ends over %s %q", l.name, l.body)
			ref = start()
		case said != wantSaid:
			differ[fmt.Sprintf("%s: %s, want %s", l.name, said, wantSaid)]++
			t.Logf("%s %q", l.name, l.body)
		case is != want:
			differ[l.name+": it is another"]++
			t.Logf("%s %q is\n%.200s\nwant\n%.200s", l.name, l.body, is, want)
		case said == "OK":
			taken++
		}
	}
	t.Logf("%d of %d are taken by both", taken, *payloadsCompared)
	var kinds []string
	for what, n := range differ {
		kinds = append(kinds, fmt.Sprintf("%d times %s", n, what))
	}
	sort.Strings(kinds)
	if len(kinds) > 0 {
		t.Errorf("they differ:\n%s", strings.Join(kinds, "\n"))
	}
}

// TestSanitizeReference restores packed values that name an element twice, or have integers out of
// order, under each setting of sanitize-dump-payload and as users who need not be looked at.
func TestSanitizeReference(t *testing.T) {
	ref := theirs(t, t.TempDir())
	_, s := ours(t)
	for _, side := range []server{s, ref} {
		side.do("ACL", "SETUSER", "trusted", "on", "nopass", "~*", "+@all", "skip-sanitize-payload")
		side.do("ACL", "SETUSER", "any", "on", "nopass", "~*", "+@all")
	}
	all := append(repeating(),
		layout{"set", ofStrings(rdb.TypeSet, 3, "a", "b", "a")},
		layout{"hash ziplist", ofStrings(rdb.TypeHashZiplist, -1, ziplist("a", "1", "a", "2"))},
		layout{"zset ziplist", ofStrings(rdb.TypeZsetZiplist, -1, ziplist("a", "1", "a", "2"))})
	for _, setting := range []string{"no", "yes", "clients"} {
		for _, user := range []string{"default", "any", "trusted"} {
			for _, side := range []server{s, ref} {
				side.do("CONFIG", "SET", "sanitize-dump-payload", setting)
				side.do("AUTH", user, "x")
			}
			for _, l := range all {
				payload := seal(l.body, rdb.Version)
				said, is := s.restores(payload)
				wantSaid, want := ref.restores(payload)
				if said != wantSaid || is != want {
					t.Errorf("%s, %s, %s: %s\n%.300s\nwant %s\n%.300s", setting, user, l.name, said,
						is, wantSaid, want)
				}
			}
		}
	}
}

// claimsMany tells whether a payload claims to hold so many elements that redis-server would look
// for memory for them for minutes.
func claimsMany(body string) bool {
	return len(body) > 3 && strings.Contains("\x02\x03\x04\x05\x16\x18", body[:1]) &&
		(body[1] == 0x81 || body[1] == 0x80 && body[2] > 0)
}

// isLater tells whether a payload is of a type that Redis 8.0 does not have: one of a later
// version, or of these tests.
func isLater(body string) bool {
	return body != "" && rdb.Type(body[0]) > rdb.TypeHashListpackEx
}

// tries is restores for a server that may end over it.
func (s server) tries(payload string) (reply, is string, err error) {
	defer func() {
		if gone, is := recover().(error); is {
			err = gone
		}
	}()
	s.do = func(args ...string) coretest.Reply {
		r, e := s.asks(args...)
		if e != nil {
			panic(e)
		}
		return r
	}
	reply, is = s.restores(payload)
	return reply, is, nil
}

// imageOf is an RDB file of a version that holds values, and two keys that expire.
func imageOf(version int, all []layout) []byte {
	out := fmt.Appendf(nil, "REDIS%04d\xfe\x00", version)
	str := func(s string) { out = append(append(out, byte(len(s))), s...) }
	out = append(out, "\xfd\x00\xf0\xff\x7f\x00"...) // seconds, in 2038
	str("seconds")
	str("v")
	out = append(out, "\xfc\x00\xd8\xc3\x2c\xbb\x03\x00\x00\x00"...)
	str("milliseconds")
	str("v")
	for i, l := range all {
		out = append(out, l.body[0])
		str(fmt.Sprint(i, " ", l.name))
		out = append(out, l.body[1:]...)
	}
	if out = append(out, 0xff); version >= 5 {
		out = binary.LittleEndian.AppendUint64(out, rdb.CRC64(0, out))
	}
	return out
}

// TestVersionsReference loads files of every version as redis-server does.
func TestVersionsReference(t *testing.T) {
	all := layouts(t)
	for version := 1; version <= rdb.Version; version++ {
		image, dir := imageOf(version, all), t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "dump.rdb"), image, 0o644); err != nil {
			t.Fatal(err)
		}
		e, s := ours(t)
		if err := e.Restore(image); err != nil {
			t.Errorf("version %d: %v", version, err)
			continue
		}
		want := theirs(t, dir).told()
		if got := s.told(); len(want) < len(all) {
			t.Errorf("version %d: redis-server loads %d keys", version, len(want))
		} else {
			same(t, got, want)
		}
	}
}
