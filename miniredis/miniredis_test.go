package miniredis_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/redlet/redlet/miniredis"
)

// names are what miniredis 2.40.0 exports of its types, without SetError and Server.
var names = map[reflect.Type]string{
	reflect.TypeFor[*miniredis.Miniredis](): `Addr CheckGet CheckList CheckSet ClockTTL Close
		CommandCount Copy CurrentConnectionCount DB Del Dial Dump Exists FastForward FlushAll FlushDB
		Get HDel HExpire HGet HIncr HIncrBy HIncrByFloat HIncrfloat HKeys HPersist HSet HSetEX HTTL
		Host Incr IncrByFloat Incrfloat IsMember IsReadOnlyCommand Keys List Lock Lpop Lpush Members
		NewSubscriber PfAdd PfCount PfMerge Pop Port PubSubChannels PubSubNumPat PubSubNumSub Publish
		Push RPop RPush RequireAuth RequireUserAuth Restart SAdd SCard SIsMember SMembers SRandMember
		SRem Seed Select Set SetAdd SetTTL SetTime SortedSet Start StartAddr StartAddrTLS StartTLS
		Stream SwapDB TTL TotalConnectionCount TryLock Type Unlink Unlock XAdd ZAdd ZMScore ZMembers
		ZRem ZScore`,
	reflect.TypeFor[*miniredis.RedisDB](): `Del Exists FlushDB Get HDel HExpire HGet HIncr HIncrfloat
		HKeys HPersist HSet HSetEX HTTL HllAdd HllCount HllMerge Incr Incrfloat IsMember Keys List Lpop
		Lpush Members Pop Push SCard SRandMember SRem Set SetAdd SetTTL SortedSet Stream TTL Type Unlink
		XAdd ZAdd ZMScore ZMembers ZRem ZScore`,
	reflect.TypeFor[*miniredis.Subscriber](): `Channels Close Count Messages Patterns Pmessages
		Psubscribe Publish Punsubscribe Subscribe Unsubscribe`,
}

func TestNames(t *testing.T) {
	for typ, list := range names {
		var have []string
		for i := range typ.NumMethod() {
			have = append(have, typ.Method(i).Name)
		}
		if want := strings.Fields(list); !reflect.DeepEqual(have, want) {
			t.Errorf("%v has %q, want %q", typ, have, want)
		}
	}
}

func TestClock(t *testing.T) {
	m := miniredis.RunT(t)
	m.CheckGet(failing{}, "none", "")
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

// failing takes what a check reports, which is not the test's failure.
type failing struct{}

func (failing) Helper()                       {}
func (failing) Errorf(string, ...interface{}) {}

func TestRestart(t *testing.T) {
	m := miniredis.RunT(t)
	addr := m.Addr()
	if _, err := m.DB(3).Push("l", "a", "b"); err != nil {
		t.Fatal(err)
	}
	c, err := m.Dial()
	if err != nil {
		t.Fatal(err)
	}
	m.Close()
	if _, err := c.Read(make([]byte, 1)); err == nil {
		t.Error("a connection outlives Close")
	}
	if m.Addr() != "" || m.Ctx.Err() == nil {
		t.Error("it goes on after Close")
	}
	m.Select(3)
	m.CheckList(t, "l", "a", "b")
	if err := m.Restart(); err != nil || m.Addr() != addr || m.Ctx.Err() != nil {
		t.Errorf("Restart: %v, at %s, was %s", err, m.Addr(), addr)
	}
	m.CheckList(t, "l", "a", "b")
	if n := m.TotalConnectionCount(); n != 1 {
		t.Errorf("%d connections were made", n)
	}
	if n := m.CommandCount(); n != 0 {
		t.Errorf("%d commands were sent", n)
	}
}

func TestSubscriber(t *testing.T) {
	m := miniredis.NewMiniRedis()
	defer m.Close()
	s := m.NewSubscriber()
	defer s.Close()
	if n := s.Subscribe("news"); n != 1 {
		t.Errorf("%d subscriptions", n)
	}
	if n := s.Psubscribe("n*"); n != 2 || s.Count() != 2 {
		t.Errorf("%d subscriptions, counted %d", n, s.Count())
	}
	if n := m.Publish("news", "hello"); n != 2 {
		t.Errorf("%d have it", n)
	}
	if got := <-s.Messages(); got != (miniredis.PubsubMessage{Channel: "news", Message: "hello"}) {
		t.Errorf("got %v", got)
	}
	if got := <-s.Pmessages(); got.Pattern != "n*" || got.Channel != "news" {
		t.Errorf("got %v", got)
	}
	s.Unsubscribe("news")
	if got := s.Channels(); len(got) != 0 || m.PubSubNumSub("news")["news"] != 0 {
		t.Errorf("still listens to %q", got)
	}
}
