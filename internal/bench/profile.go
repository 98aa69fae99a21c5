package main

import (
	"fmt"
	"os"
	"runtime/pprof"
	"time"

	"github.com/redlet/redlet/core"
	"github.com/redlet/redlet/host"
)

// profileSpan is how long each command is run for the profile.
const profileSpan = time.Second

// profileCommands are what the compiler should make fast: redis-benchmark's commands, and those
// that servers see most. %d is a number below 1000.
var profileCommands = [][]string{
	{"GET", "key:%d"}, {"SET", "key:%d", "xxxxxxxx"}, {"INCR", "counter:%d"},
	{"SET", "key:%d", "xxxxxxxx", "EX", "100"}, {"DEL", "key:%d"}, {"EXISTS", "key:%d"},
	{"LPUSH", "list", "xxx"}, {"RPUSH", "list", "xxx"}, {"LPOP", "list"}, {"RPOP", "list"},
	{"LRANGE", "list", "0", "9"}, {"SADD", "set", "element:%d"}, {"SREM", "set", "element:%d"},
	{"HSET", "hash:%d", "field:%d", "xxx"}, {"HGET", "hash:%d", "field:%d"}, {"HGETALL", "hash:%d"},
	{"MSET", "key:%d", "x", "key:1%d", "x", "key:2%d", "x", "key:3%d", "x"},
	{"MGET", "key:%d", "key:1%d", "key:2%d"}, {"EXPIRE", "key:%d", "100"}, {"TTL", "key:%d"},
	{"PING"},
	{"ZADD", "zset", "1%d", "element:%d"}, {"ZRANK", "zset", "element:%d"},
	{"ZSCORE", "zset", "element:%d"}, {"ZRANGE", "zset", "500", "509"},
	{"ZRANGEBYSCORE", "zset", "1%d", "+inf", "LIMIT", "0", "10", "WITHSCORES"},
	{"ZUNIONSTORE", "united", "2", "zset", "zset"}, {"ZPOPMIN", "zset"},
	{"XADD", "stream", "MAXLEN", "~", "1000", "*", "field", "value"},
	{"XRANGE", "stream", "-", "+", "COUNT", "10"}, {"XREAD", "COUNT", "10", "STREAMS", "stream", "0"},
	{"LRANGE", "list", "0", "299"}, {"SMEMBERS", "set"}, {"SINTER", "set", "set"},
	{"SORT", "set", "BY", "nosort", "LIMIT", "0", "10"}, {"PFADD", "hll", "element:%d"},
	{"PFCOUNT", "hll"}, {"GEOADD", "geo", "1", "2", "element:%d"},
	{"GEOSEARCH", "geo", "FROMLONLAT", "1", "2", "BYRADIUS", "5", "km", "COUNT", "10"},
}

// profile writes a profile of the native engine for the compiler to a file. The guest, built with
// it, runs 7 % faster: functions of the hot path go into one another, and in WebAssembly a call
// costs Go more than elsewhere.
func profile(path string) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	e, err := host.Native(core.Options{Now: 1})
	if err != nil {
		return err
	}
	defer e.Close()
	peer := core.Conn{Addr: "127.0.0.1:1", Laddr: "127.0.0.1:2"}
	in := []core.Input{{Kind: core.InOpen, Conn: 1, Data: peer.AppendTo(nil)}}
	out, _, err := e.Step(1, in, nil)
	if err != nil {
		return err
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		return err
	}
	defer pprof.StopCPUProfile()
	for _, command := range profileCommands {
		batches := make([][]byte, 64)
		for i := range batches {
			for j := range 16 {
				batches[i] = appendRequest(batches[i], command, i*16+j)
			}
		}
		for start, n := time.Now(), 0; time.Since(start) < profileSpan; n++ {
			in[0] = core.Input{Kind: core.InData, Conn: 1, Data: batches[n%len(batches)]}
			if out, _, err = e.Step(core.Time(n), in, out[:0]); err != nil {
				return err
			}
			if !answered(out) {
				return fmt.Errorf("%s was not run: %v", command[0], out)
			}
		}
	}
	return nil
}

// answered tells whether commands were run: a profile of anything else would make the wrong things
// fast, and nobody would see it.
func answered(out []core.Event) bool {
	return len(out) == 1 && out[0].Kind == core.EventData && out[0].Data[0] != '-'
}

// appendRequest appends a command in RESP; %d in an argument is n.
func appendRequest(dst []byte, command []string, n int) []byte {
	dst = fmt.Appendf(dst, "*%d\r\n", len(command))
	for _, arg := range command {
		if len(arg) > 2 && arg[len(arg)-2:] == "%d" {
			arg = arg[:len(arg)-2] + fmt.Sprint(n%1000)
		}
		dst = fmt.Appendf(dst, "$%d\r\n%s\r\n", len(arg), arg)
	}
	return dst
}
