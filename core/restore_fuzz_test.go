package core

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/redlet/redlet/core/internal/rdb"
	"github.com/redlet/redlet/core/internal/reply"
)

// afterwards are commands that walk through and change the value under the key k, whatever it is.
var afterwards = [][]string{
	{"OBJECT", "ENCODING", "k"}, {"DUMP", "k"}, {"COPY", "k", "k2"}, {"MEMORY", "USAGE", "k"},
	{"APPEND", "k", "x"}, {"INCR", "k"}, {"SETRANGE", "k", "5", "y"}, {"GETRANGE", "k", "0", "-1"},
	{"LRANGE", "k", "0", "-1"}, {"LINSERT", "k", "BEFORE", "a", "b"}, {"LSET", "k", "0", "z"},
	{"LPUSH", "k", "1", "xyz"}, {"LINDEX", "k", "-1"}, {"LREM", "k", "0", "a"}, {"RPOP", "k", "2"},
	{"LPOS", "k", "a", "COUNT", "0"}, {"LTRIM", "k", "1", "-2"}, {"SORT", "k", "ALPHA"},
	{"HGETALL", "k"}, {"HSCAN", "k", "0"}, {"HRANDFIELD", "k", "5"}, {"HSET", "k", "f", "v"},
	{"HPEXPIRE", "k", "100", "FIELDS", "2", "f", "g"}, {"HDEL", "k", "f"}, {"HKEYS", "k"},
	{"HPTTL", "k", "FIELDS", "2", "f", "g"}, {"HINCRBY", "k", "n", "1"}, {"SMEMBERS", "k"},
	{"SADD", "k", "x", "5", "100000"}, {"SREM", "k", "a", "1"}, {"SSCAN", "k", "0"},
	{"SRANDMEMBER", "k", "3"}, {"SINTERSTORE", "k2", "k", "k"}, {"SUNIONSTORE", "k2", "k"},
	{"SPOP", "k"}, {"SPOP", "k", "3"}, {"XADD", "k", "*", "f", "v"}, {"XRANGE", "k", "-", "+"},
	{"XREVRANGE", "k", "+", "-"}, {"XDEL", "k", "1-1", "1-2"}, {"XTRIM", "k", "MAXLEN", "1"},
	{"XTRIM", "k", "MINID", "2"}, {"XINFO", "STREAM", "k", "FULL", "COUNT", "0"},
	{"XGROUP", "CREATE", "k", "h", "$"}, {"XREADGROUP", "GROUP", "g", "c", "STREAMS", "k", ">"},
	{"XREADGROUP", "GROUP", "g", "c", "STREAMS", "k", "0"}, {"XACK", "k", "g", "1-1"},
	{"XPENDING", "k", "g"}, {"XPENDING", "k", "g", "-", "+", "9"}, {"XINFO", "GROUPS", "k"},
	{"XAUTOCLAIM", "k", "g", "d", "0", "0"}, {"XCLAIM", "k", "g", "d", "0", "1-1", "FORCE"},
	{"XREADGROUP", "GROUP", "g", "c", "CLAIM", "0", "STREAMS", "k", ">"},
	{"XNACK", "k", "g", "SILENT", "FORCE", "IDS", "2", "1-1", "1-2"},
	{"XADD", "k", "IDMP", "p", "i", "*", "a", "1"}, {"XCFGSET", "k", "IDMP-MAXSIZE", "1"},
	{"XDELEX", "k", "DELREF", "IDS", "1", "1-2"}, {"XTRIM", "k", "MINID", "1-3", "ACKED"},
	{"XGROUP", "DELCONSUMER", "k", "g", "c"}, {"XGROUP", "DESTROY", "k", "g"},
	{"ZRANGE", "k", "0", "-1", "WITHSCORES"}, {"ZADD", "k", "1", "a", "-inf", "b"}, {"ZREM", "k", "a"},
	{"ZRANGE", "k", "(1", "inf", "BYSCORE", "LIMIT", "1", "2"}, {"ZRANGEBYLEX", "k", "[a", "(c"},
	{"ZREVRANGEBYLEX", "k", "[c", "-"}, {"ZRANK", "k", "b"}, {"ZSCAN", "k", "0"}, {"ZPOPMIN", "k"},
	{"ZREMRANGEBYRANK", "k", "1", "2"}, {"ZREMRANGEBYSCORE", "k", "0", "1"}, {"ZCOUNT", "k", "0", "1"},
	{"ZUNIONSTORE", "k2", "2", "k", "k"}, {"ZINCRBY", "k", "1.5", "b"}, {"ZRANDMEMBER", "k", "2"},
	{"ZADD", "k", "7", "a member that is much too long for what a listpack of members may have"},
	{"PFCOUNT", "k"}, {"PFADD", "k", "x"}, {"PFMERGE", "k2", "k"}, {"PFDEBUG", "DECODE", "k"},
	{"PFDEBUG", "GETREG", "k"}, {"PFADD", "k", "y"},
	{"GEOSEARCH", "k", "FROMLONLAT", "0", "0", "BYRADIUS", "30000", "km", "WITHHASH", "WITHDIST"},
	{"GEOSEARCHSTORE", "k2", "k", "FROMMEMBER", "a", "BYBOX", "1", "9999999", "m", "STOREDIST"},
	{"GEOPOS", "k", "a", "1"}, {"GEOHASH", "k", "a"}, {"GEOADD", "k", "1", "1", "a"},
	{"ARSCAN", "k", "0", "18446744073709551614"}, {"ARINSERT", "k", "a"}, {"ARRING", "k", "3", "b"},
	{"ARSET", "k", "5", "a", "b"}, {"ARDEL", "k", "5"}, {"ARDELRANGE", "k", "6", "99999999"},
	{"ARLASTITEMS", "k", "5"}, {"ARINFO", "k", "FULL"}, {"AROP", "k", "0", "99", "SUM"},
	{"ARGREP", "k", "-", "+", "RE", "[a-c]+$", "MATCH", "x"}, {"ARSEEK", "k", "0"}, {"ARNEXT", "k"},
	{"DEBUG", "DIGEST-VALUE", "k"},
	{"VADD", "k", "VALUES", "2", "1", "3", "c", "EF", "7"}, {"VSIM", "k", "ELE", "a", "FILTER", ".y"},
	{"VSIM", "k", "VALUES", "3", "1", "2", "3", "TRUTH"}, {"VLINKS", "k", "a", "WITHSCORES"},
	{"VEMB", "k", "a"}, {"VEMB", "k", "a", "RAW"}, {"VREM", "k", "a"}, {"VINFO", "k"},
	{"VADD", "k", "REDUCE", "2", "VALUES", "3", "1", "2", "3", "a", "NOQUANT"},
	{"RENAME", "k", "k3"},
}

// FuzzRestore restores anything as a value and then uses it in every way: nothing may come of it
// but replies.
func FuzzRestore(f *testing.F) {
	for _, commands := range [][][]string{
		{{"SET", "k", "hello"}}, {{"SET", "k", "12345"}},
		{{"SET", "k", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}},
		{{"PFADD", "k", "a", "b", "c"}}, {{"PFADD", "k", "a"}, {"PFDEBUG", "TODENSE", "k"}},
		{{"RPUSH", "k", "a", "1", "", "-70000", "abcdefghijklmnopqrstuvwxyz"}},
		{{"CONFIG", "SET", "list-max-listpack-size", "2"}, {"RPUSH", "k", "a", "b", "c", "d", "e"}},
		{{"SADD", "k", "1", "-2", "70000"}}, {{"SADD", "k", "a", "1", "bcd"}},
		{{"CONFIG", "SET", "set-max-listpack-entries", "1"}, {"SADD", "k", "a", "1", "bcd"}},
		{{"ZADD", "k", "1", "a", "2.5", "b", "-inf", "7"}},
		{{"CONFIG", "SET", "zset-max-listpack-entries", "1"}, {"ZADD", "k", "1", "a", "2.5", "b"}},
		{{"HSET", "k", "f", "v", "g", "12"}},
		{{"HSET", "k", "f", "v", "g", "12"}, {"HPEXPIRE", "k", "100", "FIELDS", "1", "g"}},
		{{"CONFIG", "SET", "hash-max-listpack-entries", "1"}, {"HSET", "k", "f", "v", "g", "12"}},
		{{"CONFIG", "SET", "hash-max-listpack-entries", "1"}, {"HSET", "k", "f", "v", "g", "12"},
			{"HPEXPIRE", "k", "100", "FIELDS", "1", "g"}},
		{{"XADD", "k", "1-1", "a", "1"}, {"XADD", "k", "1-2", "a", "1", "b", "2"},
			{"XGROUP", "CREATE", "k", "g", "0"}, {"XDEL", "k", "1-1"},
			{"XREADGROUP", "GROUP", "g", "c", "STREAMS", "k", ">"}},
		{{"CONFIG", "SET", "stream-node-max-entries", "1"}, {"XADD", "k", "1-1", "a", "1"},
			{"XADD", "k", "1-2", "a", "1"}, {"XGROUP", "CREATE", "k", "g", "0"}},
		{{"ARMSET", "k", "0", "text", "1", "42", "2", "2.5", "9000000", "a longer text"}},
		{{"ARRING", "k", "5", "a", "b", "c", "d", "e", "f", "g"}},
		{{"XADD", "k", "IDMP", "p", "i", "*", "a", "1"}, {"XADD", "k", "IDMPAUTO", "q", "*", "a", "1"},
			{"XGROUP", "CREATE", "k", "g", "0"}},
		{{"XADD", "k", "1-1", "a", "1"}, {"XADD", "k", "IDMP", "p", "i", "*", "a", "1"},
			{"XGROUP", "CREATE", "k", "g", "0"},
			{"XREADGROUP", "GROUP", "g", "c", "STREAMS", "k", ">"},
			{"XNACK", "k", "g", "FATAL", "IDS", "1", "1-1"}},
		{{"VADD", "k", "VALUES", "2", "1", "2", "a", "SETATTR", `{"y":1}`},
			{"VADD", "k", "VALUES", "2", "1", "-2", "b"}, {"VADD", "k", "VALUES", "2", "3", "2", "d"}},
		{{"VADD", "k", "REDUCE", "2", "VALUES", "3", "1", "2", "3", "a", "NOQUANT"}},
		{{"VADD", "k", "VALUES", "2", "1", "2", "a", "BIN", "M", "4"},
			{"VADD", "k", "VALUES", "2", "1", "-2", "b", "BIN", "M", "4"}},
	} {
		e := start(f)
		for _, args := range commands {
			e.feed(1, request(args...))
		}
		o := *e.dbs[0].keys.Find([]byte("k"))
		w := rdb.Writer{Compress: true}
		w.BeginPayload(nil)
		w.Type(kinds[o.kind].rdbType(o))
		kinds[o.kind].save(&w, o)
		payload := w.EndPayload()
		f.Add(payload[:len(payload)-10])
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		payload := string(sealed(body))
		e := start(t)
		for _, args := range afterwards {
			e.feed(1, request("RESTORE", "k", "0", payload, "REPLACE"))
			e.feed(1, request(args...))
			e.feed(1, request("DUMP", "k"))
			sent(e, 1)
		}
		e.Advance(e.now + 1e6)
		if err := e.Restore(e.Snapshot(nil)); err != nil {
			t.Fatal(err)
		}
	})
}

// sealed is a payload of the given type and value: the version and the checksum stand behind it.
func sealed(body []byte) []byte {
	out := append(bytes.Clone(body), rdb.Version, 0)
	return binary.LittleEndian.AppendUint64(out, rdb.CRC64(0, out))
}

// request writes a command as clients send it.
func request(args ...string) []byte {
	w := reply.Writer{}
	w.Array(len(args))
	for _, a := range args {
		w.BulkString(a)
	}
	return w.Buf
}
