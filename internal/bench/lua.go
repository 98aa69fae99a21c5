package main

import (
	"bufio"
	"crypto/sha1"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/redlet/redlet/core/coretest"
)

// luaScript is a script.
type luaScript struct {
	name   string
	script string
	times  int // how often it is run in a round, in one pipeline
}

// luaRow is a script that is measured.
type luaRow struct {
	luaScript
	args   []string // numkeys, keys and arguments; nil are a key and a value
	before *luaRow  // what is run as often before, and not measured
}

// objects makes a table for cjson and cmsgpack.
const objects = "local t = {} for i = 1, 300 do " +
	"t[i] = {id = i, name = 'item ' .. i, price = i * 1.25, tags = {'a', 'b', 'c'}, ok = true} end "

var luaScripts = []luaScript{
	{"PING, no script", "", 5000}, // what is over it in the next row is the script's
	{"empty", "return 1", 5000},
	{"GET and SET", "redis.call('SET', KEYS[1], ARGV[1]) return redis.call('GET', KEYS[1])", 5000},
	{"a million iterations", "local x = 0 for i = 1, 1000000 do x = x + i % 7 end return x", 1},
	{"100,000 redis.call", "for i = 1, 100000 do redis.call('SET', KEYS[1], ARGV[1]) end", 1},
	{"cjson.encode", objects + "for i = 1, 50 do cjson.encode(t) end", 1},
	{"cjson.decode", objects + "local s = cjson.encode(t) for i = 1, 50 do cjson.decode(s) end", 1},
	{"cmsgpack.pack", objects + "for i = 1, 50 do cmsgpack.pack(t) end", 1},
	{"cmsgpack.unpack",
		objects + "local s = cmsgpack.pack(t) for i = 1, 50 do cmsgpack.unpack(s) end", 1},
	{"a table of 200,000", "local t = {} for i = 1, 200000 do t[i] = i end return #t", 1},
	{"100,000 fields", "local t = {} for i = 1, 100000 do t['field:' .. i % 5000] = i end", 1},
	{"100,000 strings joined",
		"local t = {} for i = 1, 100000 do t[#t + 1] = 'item' .. i end return #table.concat(t, ',')", 1},
	{"gsub of text", "local s = string.rep('hello world ', 2000) for i = 1, 20 do " +
		"s:gsub('o', '0') s:gsub('%w+', '<%0>') end", 1},
	{"gsub by a function", "local s = string.rep('hello world ', 2000) for i = 1, 10 do " +
		"s:gsub('%w+', function(w) return w:upper() end) end", 1},
	{"20,000 numbers sorted", "local t = {} for i = 1, 20000 do t[i] = (i * 7919) % 20011 end " +
		"table.sort(t, function(a, b) return a < b end)", 1},
	{"fib(24)", "local function f(n) if n < 2 then return n end return f(n - 1) + f(n - 2) end " +
		"return f(24)", 1},
	{"200,000 closures", "local t = {} for i = 1, 200000 do t[i % 1000] = function() return i end end",
		1},
}

// Goals of scripts: how many times redis-server's time they may take, and what an empty one may
// take in a guest.
var luaGoals = map[string]float64{"native": 2, "wazero": 10, "node": 5}

const (
	callGoal  = 1.1 // natively, of GET and SET
	emptyGoal = 3 * time.Microsecond
)

// nodeServer opens redlet in Node and listens.
const nodeServer = "import { open } from './js/src/node.js';" +
	"const port = Number(process.argv[process.argv.indexOf('--port') + 1]);" +
	"await (await open()).listen({ port, host: '127.0.0.1' });"

// scripts prints what scripts take.
func scripts(o options) error {
	fmt.Println(machine())
	node := &peer{name: "node",
		args: []string{"node", "--input-type=module", "-e", nodeServer, "--"}}
	return withPeers(o, func(peers []*peer) error {
		fmt.Printf("\nmilliseconds of an EVALSHA; times redis-server's\n")
		row("", names(peers), "")
		var rows []luaRow
		for _, s := range luaScripts {
			rows = append(rows, luaRow{luaScript: s})
		}
		queues, err := recorded(peers[0])
		if err != nil {
			fmt.Println("left out: BullMQ's addStandardJob and moveToActive:", err)
		}
		rows = append(rows, queues...)
		for i := range rows {
			if err := rows[i].measure(o, peers); err != nil {
				return err
			}
		}
		return nil
	}, node)
}

// measure prints a row.
func (r *luaRow) measure(o options, peers []*peer) error {
	times := make([][]float64, len(peers))
	for round := range o.rounds + 1 {
		for i, p := range peers {
			took, err := r.run(p)
			if err != nil {
				return fmt.Errorf("%s: %s: %w", p.name, r.name, err)
			}
			if round > 0 { // the first makes everything ready
				times[i] = append(times[i], took.Seconds()*1000)
			}
		}
	}
	values, remark, why := make([]string, len(peers)), "", ""
	for i, p := range peers {
		took := median(times[i])
		values[i] = fmt.Sprintf("%.4g", took)
		switch goal := luaGoals[p.name]; {
		case r.name == "empty" && (p.name == "wazero" || p.name == "node"):
			most := emptyGoal.Seconds() * 1000
			remark += fmt.Sprintf("  %s µs %s", p.name, verdict(took*1000, most*1000, took <= most))
		case goal == 0 || r.script == "" || peers[0].name != "redis":
		default:
			if r.name == "GET and SET" && p.name == "native" {
				goal = callGoal
			}
			ratio := median(ratios(times[i], times[0]))
			remark += fmt.Sprintf("  %s %s", p.name, verdict(ratio, goal, ratio <= goal))
			if ratio > goal {
				why = luaReasons[r.name]
			}
		}
	}
	row(r.name, values, remark)
	if why != "" {
		fmt.Println("  " + why)
	}
	return nil
}

// run runs the script as often as a round does and returns what each time took.
func (r *luaRow) run(p *peer) (time.Duration, error) {
	c, err := net.Dial("tcp", p.address())
	if err != nil {
		return 0, err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(coretest.Patience)); err != nil {
		return 0, err
	}
	in := bufio.NewReader(c)
	if r.before != nil {
		if _, err := r.before.send(c, in); err != nil {
			return 0, err
		}
	}
	return r.send(c, in)
}

// send runs the script as often as a round does over a connection.
func (r *luaRow) send(c net.Conn, in *bufio.Reader) (time.Duration, error) {
	command := request("PING")
	if r.script != "" {
		if err := ask(c, in, request("SCRIPT", "LOAD", r.script), 1); err != nil {
			return 0, err
		}
		words := []string{"EVALSHA", fmt.Sprintf("%x", sha1.Sum([]byte(r.script)))}
		if r.args == nil {
			words = append(words, "1", "key:1", "value-of-some-bytes")
		}
		command = request(append(words, r.args...)...)
	}
	began := time.Now()
	if err := ask(c, in, strings.Repeat(command, r.times), r.times); err != nil {
		return 0, err
	}
	return time.Since(began) / time.Duration(r.times), nil
}

// request writes a command in RESP.
func request(words ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "*%d\r\n", len(words))
	for _, w := range words {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(w), w)
	}
	return b.String()
}

// ask sends requests and passes over as many replies.
func ask(c net.Conn, in *bufio.Reader, text string, replies int) error {
	sent := make(chan error, 1)
	go func() {
		_, err := io.WriteString(c, text)
		sent <- err
	}()
	for ; replies > 0; replies-- {
		line, err := in.ReadString('\n')
		if err != nil {
			return err
		}
		n, err := strconv.Atoi(strings.TrimSpace(line[1:]))
		switch {
		case line[0] == '-':
			return fmt.Errorf("it says %s", strings.TrimSpace(line))
		case err != nil || n < 0:
		case line[0] == '*':
			replies += n
		case line[0] == '$':
			if _, err := in.Discard(n + 2); err != nil {
				return err
			}
		}
	}
	return <-sent
}
