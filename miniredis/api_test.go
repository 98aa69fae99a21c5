package miniredis_test

import (
	"context"
	"crypto/tls"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/redlet/redlet/miniredis"
	"github.com/redlet/redlet/miniredis/server"
)

// What follows are the names of miniredis 2.40.0 with their types: a program that uses one compiles
// with redlet as it does there.

type miniredisNames interface {
	Addr() string
	CheckGet(t miniredis.T, key, expected string)
	CheckList(t miniredis.T, key string, expected ...string)
	CheckSet(t miniredis.T, key string, expected ...string)
	ClockTTL(enabled bool)
	Close()
	CommandCount() int
	Copy(srcDB int, src string, destDB int, dest string) error
	CurrentConnectionCount() int
	DB(i int) *miniredis.RedisDB
	Del(k string) bool
	Dial() (net.Conn, error)
	Dump() string
	Exists(k string) bool
	FastForward(duration time.Duration)
	FlushAll()
	FlushDB()
	Get(k string) (string, error)
	HDel(k, f string)
	HExpire(key, field string, ttl time.Duration) bool
	HGet(k, f string) string
	HIncr(k, f string, delta int) (int, error)
	HIncrBy(k, f string, delta int) (int, error)
	HIncrByFloat(k, f string, delta float64) (float64, error)
	HIncrfloat(k, f string, delta float64) (float64, error)
	HKeys(k string) ([]string, error)
	HPersist(key, field string) bool
	HSet(k string, fv ...string)
	HSetEX(key string, ttl time.Duration, fv ...string)
	HTTL(key, field string) time.Duration
	Host() string
	Incr(k string, delta int) (int, error)
	IncrByFloat(k string, delta float64) (float64, error)
	Incrfloat(k string, delta float64) (float64, error)
	IsMember(k, v string) (bool, error)
	IsReadOnlyCommand(cmd string) bool
	Keys() []string
	List(k string) ([]string, error)
	Lpop(k string) (string, error)
	Lpush(k, v string) (int, error)
	Members(k string) ([]string, error)
	NewSubscriber() *miniredis.Subscriber
	PfAdd(k string, elems ...string) (int, error)
	PfCount(keys ...string) (int, error)
	PfMerge(destKey string, sourceKeys ...string) error
	Pop(k string) (string, error)
	Port() string
	PubSubChannels(pattern string) []string
	PubSubNumPat() int
	PubSubNumSub(channels ...string) map[string]int
	Publish(channel, message string) int
	Push(k string, v ...string) (int, error)
	RPop(k string) (string, error)
	RPush(k string, v ...string) (int, error)
	RequireAuth(pw string)
	RequireUserAuth(username, pw string)
	Restart() error
	SAdd(k string, elems ...string) (int, error)
	SCard(key string) (int, error)
	SIsMember(k, v string) (bool, error)
	SMembers(k string) ([]string, error)
	SRandMember(key string) (string, error)
	SRem(k string, fields ...string) (int, error)
	Seed(seed int)
	Select(i int)
	Server() *server.Server
	Set(k, v string) error
	SetAdd(k string, elems ...string) (int, error)
	SetError(msg string)
	SetTTL(k string, ttl time.Duration)
	SetTime(t time.Time)
	SortedSet(k string) (map[string]float64, error)
	Start() error
	StartAddr(addr string) error
	StartAddrTLS(addr string, cfg *tls.Config) error
	StartTLS(cfg *tls.Config) error
	Stream(k string) ([]miniredis.StreamEntry, error)
	SwapDB(i, j int) bool
	TTL(k string) time.Duration
	TotalConnectionCount() int
	Type(k string) string
	Unlink(k string) bool
	XAdd(k string, id string, values []string) (string, error)
	ZAdd(k string, score float64, member string) (bool, error)
	ZMScore(k string, members ...string) ([]float64, error)
	ZMembers(k string) ([]string, error)
	ZRem(k, member string) (bool, error)
	ZScore(k, member string) (float64, error)
	sync.Locker
}

type databaseNames interface {
	Del(k string) bool
	Exists(k string) bool
	FlushDB()
	Get(k string) (string, error)
	HDel(k, f string)
	HExpire(key, field string, ttl time.Duration) bool
	HGet(k, f string) string
	HIncr(k, f string, delta int) (int, error)
	HIncrfloat(k, f string, delta float64) (float64, error)
	HKeys(key string) ([]string, error)
	HPersist(key, field string) bool
	HSet(k string, fv ...string)
	HSetEX(key string, ttl time.Duration, fv ...string)
	HTTL(key, field string) time.Duration
	HllAdd(k string, elems ...string) (int, error)
	HllCount(keys ...string) (int, error)
	HllMerge(destKey string, sourceKeys ...string) error
	Incr(k string, delta int) (int, error)
	Incrfloat(k string, delta float64) (float64, error)
	IsMember(k, v string) (bool, error)
	Keys() []string
	List(k string) ([]string, error)
	Lpop(k string) (string, error)
	Lpush(k, v string) (int, error)
	Members(k string) ([]string, error)
	Pop(k string) (string, error)
	Push(k string, v ...string) (int, error)
	SCard(key string) (int, error)
	SRandMember(key string) (string, error)
	SRem(k string, fields ...string) (int, error)
	Set(k, v string) error
	SetAdd(k string, elems ...string) (int, error)
	SetTTL(k string, ttl time.Duration)
	SortedSet(k string) (map[string]float64, error)
	Stream(key string) ([]miniredis.StreamEntry, error)
	TTL(k string) time.Duration
	Type(k string) string
	Unlink(k string) bool
	XAdd(k string, id string, values []string) (string, error)
	ZAdd(k string, score float64, member string) (bool, error)
	ZMScore(k string, members []string) ([]float64, error)
	ZMembers(k string) ([]string, error)
	ZRem(k, member string) (bool, error)
	ZScore(k, member string) (float64, error)
}

type subscriberNames interface {
	Channels() []string
	Close()
	Count() int
	Messages() <-chan miniredis.PubsubMessage
	Patterns() []string
	Pmessages() <-chan miniredis.PubsubPmessage
	Psubscribe(pat string) int
	Publish(c, msg string) int
	Punsubscribe(pat string) int
	Subscribe(c string) int
	Unsubscribe(c string) int
}

type serverNames interface {
	Addr() *net.TCPAddr
	ClientsLen() int
	Close()
	Dispatch(c *server.Peer, args []string)
	IsReadOnlyCommand(cmd string) bool
	IsRegisteredCommand(cmd string) bool
	Register(cmd string, f server.Cmd, options ...server.CmdOption) error
	ServeConn(conn net.Conn)
	SetPreHook(h server.Hook)
	TotalCommands() int
	TotalConnections() int
}

type peerNames interface {
	writerNames
	Block(f func(*server.Writer))
	Close()
	Closed() bool
	WriteOK()
}

type writerNames interface {
	Flush()
	WriteBulk(s string)
	WriteError(e string)
	WriteFloat(n float64)
	WriteInline(s string)
	WriteInt(n int)
	WriteLen(n int)
	WriteMapLen(n int)
	WriteNull()
	WritePushLen(n int)
	WriteRaw(s string)
	WriteSetLen(n int)
	WriteStrings(strs []string)
}

var (
	_ miniredisNames  = (*miniredis.Miniredis)(nil)
	_ databaseNames   = (*miniredis.RedisDB)(nil)
	_ subscriberNames = (*miniredis.Subscriber)(nil)
	_ serverNames     = (*server.Server)(nil)
	_ peerNames       = (*server.Peer)(nil)
	_ writerNames     = (*server.Writer)(nil)

	_ miniredis.T      = (*testing.T)(nil)
	_ miniredis.Tester = (*testing.T)(nil)

	_ func() *miniredis.Miniredis                     = miniredis.NewMiniRedis
	_ func() (*miniredis.Miniredis, error)            = miniredis.Run
	_ func(*tls.Config) (*miniredis.Miniredis, error) = miniredis.RunTLS
	_ func(miniredis.Tester) *miniredis.Miniredis     = miniredis.RunT
	_ func() server.CmdOption                         = server.ReadOnlyOption

	_ = miniredis.StreamEntry{ID: "1-0", Values: []string{}}
	_ = miniredis.PubsubMessage{Channel: "", Message: ""}
	_ = miniredis.PubsubPmessage{Pattern: "", Channel: "", Message: ""}
	_ = server.Peer{Resp3: true, Ctx: nil, ClientName: ""}
	_ = []error{miniredis.ErrKeyNotFound, miniredis.ErrWrongType, miniredis.ErrNotValidHllValue,
		miniredis.ErrIntValueError, miniredis.ErrIntValueOverflowError, miniredis.ErrFloatValueError}
	_ *int = &miniredis.DumpMaxLineLen
)

// fields are those of a Miniredis that users read.
var _ = func(m *miniredis.Miniredis) (context.Context, context.CancelFunc, sync.Locker) {
	return m.Ctx, m.CtxCancel, &m.Mutex
}

// both are the checks that other test frameworks than testing can be told of.
type both struct{}

func (both) Helper()                       {}
func (both) Errorf(string, ...interface{}) {}
func (both) Fatalf(string, ...interface{}) {}
func (both) Logf(string, ...interface{})   {}
func (both) Cleanup(func())                {}

var (
	_ miniredis.T      = both{}
	_ miniredis.Tester = both{}
)
