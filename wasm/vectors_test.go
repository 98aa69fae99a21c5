package main

import (
	"bytes"
	"encoding/hex"
	"flag"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redlet/redlet/core"
	"github.com/redlet/redlet/core/coretest"
	"github.com/redlet/redlet/wasm/abi"
	"github.com/redlet/redlet/wasm/vectors"
)

var rewrite = flag.Bool("rewrite", false, "write the test vectors anew")

// script plays a vector on a guest, and notes it down.
type script struct {
	*bench
	steps []vectors.Step
	next  vectors.Step // the coming step, so far
	disk  coretest.Disk
}

// about says what the coming step shows.
func (s *script) about(what string) *script {
	s.next.About = what
	return s
}

// put adds a frame to the coming step.
func (s *script) put(kind core.InputKind, conn core.ConnID, ticket uint32, data string) *script {
	s.next.In = append(s.next.In, vectors.Frame{Kind: uint32(kind), Conn: uint32(conn),
		Ticket: ticket, Payload: []byte(data)})
	return s
}

// configure adds a CONFIGURE with a seed of zeros.
func (s *script) configure(config string) *script {
	return s.put(core.InConfigure, 0, 1, string(make([]byte, abi.SeedSize))+config)
}

// open adds an OPEN.
func (s *script) open(conns ...core.ConnID) *script {
	for _, conn := range conns {
		s.put(core.InOpen, conn, 0, peer)
	}
	return s
}

// say adds commands of one connection, as lines.
func (s *script) say(conn core.ConnID, lines ...string) *script {
	return s.put(core.InData, conn, 0, strings.Join(lines, "\r\n")+"\r\n")
}

// later turns the clock before the coming step.
func (s *script) later(us float64) *script {
	s.now += us
	return s
}

// step takes the step, and returns what came out.
func (s *script) step() []core.Event {
	s.t.Helper()
	frames, err := s.next.Input()
	if err != nil {
		s.t.Fatal(err)
	}
	s.bench.next = append(s.bench.next, frames...)
	status, events := s.run()
	s.next.Now, s.next.Status = int64(s.now), int32(status)
	s.next.Out = []vectors.Frame{}
	for rest := s.output; len(rest) > 0; {
		end, err := abi.FrameEnd(rest)
		if err != nil {
			s.t.Fatal(err)
		}
		var in core.Input
		abi.NextInput(rest, &in) // the payload as it is, a path included
		s.next.Out = append(s.next.Out, vectors.Frame{Kind: uint32(in.Kind), Conn: uint32(in.Conn),
			Ticket: in.Ticket, Payload: bytes.Clone(in.Data)})
		rest = rest[end:]
	}
	if c := abi.ParseControl(s.control[:]); !math.IsInf(c.Deadline, 1) {
		s.next.Deadline = &c.Deadline
	}
	s.steps = append(s.steps, s.next)
	s.next = vectors.Step{}
	return events
}

// serve takes steps until the guest asks for no more files.
func (s *script) serve() {
	for events := s.step(); ; events = s.step() {
		asked := false
		for _, ev := range events {
			if answer, is := s.disk.Do(&ev); is {
				s.put(answer.Kind, 0, answer.Ticket, string(answer.Data))
				asked = true
			}
		}
		if !asked {
			return
		}
	}
}

// fresh has a new instance take the coming step.
func (s *script) fresh() *script {
	now := s.now
	s.bench = newBench(s.t)
	s.now, s.next.Fresh = now, true
	return s
}

// scripts make the vectors.
var scripts = map[string]func(*script){
	"handshake": func(s *script) {
		s.about("CONFIGURE, two connections, commands cut anywhere").
			configure("maxclients 100\n").open(1, 2).say(1, "PING").
			put(core.InData, 2, 0, "*2\r\n$4\r\nEC").put(core.InData, 1, 0, "PI").step()
		s.about("the rest of them; DATA of a connection that is not there is ignored").
			put(core.InData, 2, 0, "HO\r\n$3\r\n\x00\xff\n\r\n").put(core.InData, 1, 0, "NG\r\n").
			say(9, "PING").step()
		s.about("RESP3").say(1, "HELLO 3", "SADD s a", "SMEMBERS s", "CLIENT ID").step()
		s.about("QUIT is a HANGUP with the last bytes; CLOSE is answered by nothing").
			say(1, "QUIT").put(core.InClose, 2, 0, "").step()
		s.about("a step of size 0").step()
	},
	"refused": func(s *script) {
		s.about("a parameter that is not known; what follows is ignored").
			configure("no-such-parameter 1\n").open(1).say(1, "PING").step()
		s.about("another CONFIGURE, with quotes").configure("requirepass \"a \\\"b\\x21\"\n").
			open(1, 2).say(1, "GET k").say(2, "AUTH 'a \"b!'").step()
		s.about("too late").configure("").step()
	},
	"default": func(s *script) {
		s.about("without CONFIGURE there are defaults").open(1).say(1, "SET k v", "GET k").step()
	},
	"memory": func(s *script) {
		const large = 8_000_000
		s.configure("").open(1).step()
		s.next.Grows = true
		s.about("more than the memory that an instance begins with").
			put(core.InData, 1, 0, "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$8000000\r\n"+
				strings.Repeat("x", large)+"\r\n").step()
		s.about("a long reply comes in turns, while the deadline has come").
			say(1, "GETRANGE k 0 3000000", "STRLEN k").step()
		for c := abi.ParseControl(s.control[:]); c.Deadline <= s.now; {
			s.step()
			c = abi.ParseControl(s.control[:])
		}
		s.about("a small step after it").say(1, "DEL k").step()
	},
	"cork": func(s *script) {
		s.configure("client-output-buffer-limit \"normal 2000 0 0 pubsub 1000 0 0\"\n").
			open(1, 2, 3).say(1, "SUBSCRIBE news").step()
		s.about("what a corked connection would get stays").put(core.InCork, 1, 0, "").
			say(2, "PUBLISH news a", "PUBLISH news b").step()
		s.about("until it is uncorked").put(core.InUncork, 1, 0, "").step()
		s.about("a corked connection over its limit is hung up").put(core.InCork, 1, 0, "").
			put(core.InData, 2, 0, "*3\r\n$7\r\nPUBLISH\r\n$4\r\nnews\r\n$40000\r\n"+
				strings.Repeat("x", 40000)+"\r\n").step()
		s.say(2, "PUBLISH news c").step()
		s.about("CLOSE of a corked connection").put(core.InCork, 3, 0, "").say(3, "PING").
			put(core.InClose, 3, 0, "").step()
		s.step()
	},
	"death": func(s *script) {
		s.configure("").open(1).say(1, "SET k v").put(core.InSnapshot, 0, 7, "").step()
		image := s.steps[0].Out[len(s.steps[0].Out)-1].Payload
		s.about("half a frame: status 2, nothing is applied, and the instance is to be dropped")
		half := abi.AppendInput(nil, in(core.InData, 1, 0, "SET k w\r\n"))
		s.next.Raw = hex.EncodeToString(half[:len(half)-1])
		s.step()
		s.about("another one, with the last image").fresh().configure("").
			put(core.InRestore, 0, 8, string(image)).open(2).say(2, "GET k", "CLIENT ID").step()
		s.about("a kind that there is not")
		s.next.Raw = hex.EncodeToString(append([]byte{99}, make([]byte, abi.HeaderSize-1)...))
		s.step()
	},
	"aof": func(s *script) {
		config := "appendonly yes\nappendfsync always\nauto-aof-rewrite-percentage 0\n"
		s.about("the guest looks for its files before it says CONFIGURED").
			configure(config).open(1).say(1, "SET k v").serve()
		s.about("the reply comes once the change is durable").
			say(1, "INCR n", "RPUSH l a b").serve()
		s.about("a new instance reads them").fresh().configure(config).open(1).
			say(1, "MGET k n", "LRANGE l 0 -1").serve()
		s.about("a failed APPEND refuses writes, until a SYNC has tried again").fresh().
			configure("appendonly yes\n").open(1).serve()
		s.say(1, "SET k w").step()
		s.put(core.InAppended, 0, appendTicket(s), "No space left on device").
			say(1, "SET k x").step()
		for _, ev := range s.later(1_000_000).step() {
			if ev.Kind == core.EventSync {
				s.put(core.InAppended, 0, appendTicket(s), "").put(core.InDone, 0, ev.Ticket, "")
			}
		}
		s.say(1, "SET k x").step()
	},
	"files": func(s *script) {
		s.about("dir has the guest load dump.rdb").configure("dir /data\nsave 60 1\n").open(1).
			say(1, "SET k v").serve()
		s.about("a save point falls due").later(61_000_000).serve()
		s.about("a save that fails").say(1, "SAVE")
		s.disk.Fails = func(*core.Event) string { return "Permission denied" }
		s.serve()
		s.disk.Fails = nil
		s.about("a signal: saved, then SHUTDOWN").put(core.InStop, 0, 0, "sigterm").serve()
	},
	"snapshot": func(s *script) {
		s.configure("").open(1).say(1, "SET k v", "EXPIRE k 100", "SELECT 3", "ZADD z 1.5 a").step()
		s.about("an RDB file").put(core.InSnapshot, 0, 9, "").step()
		image := s.steps[1].Out[0].Payload
		s.about("a damaged one changes nothing").say(1, "FLUSHALL", "SET other x").
			put(core.InRestore, 0, 10, string(image[:len(image)-9])).say(1, "DBSIZE").step()
		s.about("connections stay, data are replaced").put(core.InRestore, 0, 11, string(image)).
			say(1, "ZRANGE z 0 -1 WITHSCORES", "SELECT 0", "GET k", "PTTL k").step()
	},
	"copy": func(s *script) {
		s.configure("").open(1).say(1, "SET k v", "SADD s a b c d e f", "MULTI", "INCR n").step()
		s.next.Copy = true
		s.about("a copy goes on where the first was: data, connections, chance").
			say(1, "EXEC", "GET k", "SRANDMEMBER s 3", "ACL GENPASS 64").step()
	},
	"blocking": func(s *script) {
		s.configure("").open(1, 2).say(1, "BLPOP q 1.5").step()
		s.about("a step that comes early is harmless").later(100_000).step()
		s.about("the deadline").later(1_400_000).step()
		s.about("another connection serves it").say(1, "BLPOP q 0").say(2, "RPUSH q x y").step()
		s.about("a key expires when it is due").say(2, "SET k v PX 250").step()
		s.later(250_000).say(2, "GET k").step()
		s.about("time may run backwards").later(-3_600_000_000).say(2, "SET k v PX 250", "TIME").
			step()
	},
	"clock": func(s *script) {
		s.configure("").open(1).say(1, "SET k v PX 60000", "BLPOP q 5").step()
		s.about("CONTROL turns the clock ahead").
			put(core.InControl, 0, 4, "clock forward 5000000").step()
		s.put(core.InControl, 0, 5, "clock freeze").later(70_000_000).say(1, "PTTL k").step()
		s.put(core.InControl, 0, 6, "clock set 1900000000000000").say(1, "GET k", "TIME").step()
		s.put(core.InControl, 0, 7, "clock run").put(core.InControl, 0, 8, "clock").step()
		s.about("an order that there is not").put(core.InControl, 0, 9, "dance").step()
	},
	"pubsub": func(s *script) {
		s.configure("").open(1, 2, 3).say(1, "SUBSCRIBE a b").say(2, "HELLO 3", "PSUBSCRIBE a*").
			step()
		s.about("bytes for connections that sent nothing").say(3, "PUBLISH a hello").step()
		s.about("tracking, in RESP3").say(2, "CLIENT TRACKING on", "GET k").say(3, "SET k v").
			step()
		s.put(core.InClose, 2, 0, "").say(3, "PUBLISH a again").step()
	},
	"script": func(s *script) {
		s.configure("busy-reply-threshold 10\n").open(1, 2).
			about("a long script goes on in the next step, at a deadline that has come").
			say(1, "EVAL 'local n = 0 for i = 1, 300000 do n = n + i end return n' 0").step()
		for c := abi.ParseControl(s.control[:]); c.Deadline <= s.now; {
			s.step()
			c = abi.ParseControl(s.control[:])
		}
	},
	"connect": func(s *script) {
		s.about("a connection to another server is asked for").configure("").open(1).
			say(1, "REPLICAOF 127.0.0.1 6390").step()
		s.about("which there is not").put(core.InDone, 0, 1, "Connection refused").step()
		s.say(1, "REPLICAOF NO ONE").step()
	},
}

// appendTicket is the ticket of the last APPEND.
func appendTicket(s *script) uint32 {
	for i := len(s.steps) - 1; i >= 0; i-- {
		for _, f := range s.steps[i].Out {
			if f.Kind == uint32(core.EventAppend) {
				return f.Ticket
			}
		}
	}
	s.t.Fatal("nothing was appended")
	return 0
}

// TestVectors compares the vectors with what the guest does now.
func TestVectors(t *testing.T) {
	for name, play := range scripts {
		t.Run(name, func(t *testing.T) {
			s := &script{bench: newBench(t)}
			play(s)
			got, err := vectors.Marshal(s.steps)
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join("vectors", name+".jsonl")
			if *rewrite {
				if err := os.WriteFile(path, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if want, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s is stale: run make vectors (%v)", path, err)
			}
		})
	}
	all, err := vectors.Load("vectors")
	if err != nil || len(all) != len(scripts) {
		t.Errorf("%d vectors of %d scripts: %v", len(all), len(scripts), err)
	}
}
