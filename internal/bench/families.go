package main

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/redlet/redlet/core/coretest"
)

// family is a command on values of a size. In its words and in what prepares it, {n} is the size,
// {half} the half of it, {end} the ninth after that, and {i} a number below it: each in turn as a
// value is filled, and a random one as the command is measured. It has zeros in front, as
// redis-benchmark writes it, and is a text therefore; {number} is {i} without them. {lon} and {lat}
// are a place of {i}.
type family struct {
	name string
	fill []string // commands for each {i}
	once []string // commands after them
	run  string
}

var families = []family{
	{name: "zadd", fill: []string{"ZADD z {i} element:{i}"}, run: "ZADD z {i} element:{i}"},
	{name: "zrange", fill: []string{"ZADD z {i} element:{i}"}, run: "ZRANGE z {half} {end}"},
	{name: "zrangebyscore", fill: []string{"ZADD z {i} element:{i}"},
		run: "ZRANGEBYSCORE z {i} +inf LIMIT 0 10"},
	{name: "zrank", fill: []string{"ZADD z {i} element:{i}"}, run: "ZRANK z element:{i}"},
	{name: "zunionstore", fill: []string{"ZADD z {i} element:{i}", "ZADD y {i} other:{i}"},
		run: "ZUNIONSTORE u 2 z y"},
	{name: "xadd", fill: []string{"XADD x * field value:{i}"},
		run: "XADD x MAXLEN ~ {n} * field value"},
	{name: "xrange", fill: []string{"XADD x {i}-1 field value:{i}"}, run: "XRANGE x {i} + COUNT 10"},
	{name: "xreadgroup", fill: []string{"XADD x {i}-1 field value:{i}"},
		once: []string{"XGROUP CREATE x g 0", "XREADGROUP GROUP g c COUNT {n} STREAMS x >"},
		run:  "XREADGROUP GROUP g c COUNT 10 STREAMS x {i}"},
	{name: "sort", fill: []string{"RPUSH l {i}"}, run: "SORT l LIMIT 0 10 DESC"},
	{name: "geosearch", fill: []string{"GEOADD g {lon} {lat} place:{i}"},
		run: "GEOSEARCH g FROMLONLAT 13.5 38.5 BYRADIUS 5 km ASC COUNT 10"},
	{name: "pfadd", fill: []string{"PFADD p element:{i}"}, run: "PFADD p element:{i}"},
	{name: "pfcount", fill: []string{"PFADD p element:{i}"}, run: "PFCOUNT p"},
	{name: "sinter", fill: []string{"SADD s element:{i}", "SADD t element:{i}"},
		once: []string{"SREM t element:1 element:2 element:3"}, run: "SINTER s t"},
	{name: "sinter of numbers", fill: []string{"SADD s {number}", "SADD t {number}"},
		run: "SINTER s t"},
	{name: "hgetall", fill: []string{"HSET h field:{i} value:{i}"}, run: "HGETALL h"},
	{name: "lrange", fill: []string{"RPUSH l element:{i}"}, run: "LRANGE l {half} {end}"},
}

// allTests are redis-benchmark's names of its whole list.
var allTests = []string{
	"ping_inline", "ping_mbulk", "set", "get", "incr", "lpush", "rpush", "lpop", "rpop", "sadd",
	"hset", "spop", "zadd", "zpopmin", "lrange_100", "lrange_300", "lrange_500", "lrange_600",
	"mset", "xadd",
}

// familySizes are how many elements a value has.
var familySizes = []int{10, 1000, 100_000}

// byFamily prints what the families do a second as their values grow, and what these take.
func byFamily(o options) error {
	fmt.Println(machine())
	if o.benchmark == "" {
		return errors.New("redis-benchmark is not installed")
	}
	err := withPeers(o, func(peers []*peer) error {
		fmt.Printf("\nredis-benchmark -P 16, thousands a second; microseconds of the server's " +
			"processors a request\n")
		row("", names(peers), "")
		for _, test := range allTests {
			if err := compare(o, peers, test, "-t", test); err != nil {
				return err
			}
		}
		return nil
	})
	for i := range families {
		if err != nil {
			return err
		}
		err = withPeers(o, func(peers []*peer) error {
			return families[i].measureSizes(o, peers)
		})
	}
	if err != nil {
		return err
	}
	return withPeers(o, valueSizes)
}

// measureSizes prints a family's rows. Each family has servers of its own: what the one before has
// left to be collected would be charged to it, which made small streams behind large unions look
// five times as slow.
func (f *family) measureSizes(o options, peers []*peer) error {
	for _, size := range familySizes {
		if err := f.measure(o, peers, size); err != nil {
			return err
		}
	}
	return nil
}

// measure prints a row.
func (f *family) measure(o options, peers []*peer, size int) error {
	for _, p := range peers {
		if err := f.fillIn(p, size); err != nil {
			return err
		}
	}
	words := strings.Fields(fill(f.run, size, "__rand_int__"))
	return compare(o, peers, fmt.Sprintf("%s %d", f.name, size),
		append([]string{"-r", strconv.Itoa(size)}, words...)...)
}

// compare prints a row of what redis-benchmark with these arguments makes of each peer. First looks
// tell how many calls make a round of about a third of a second.
func compare(o options, peers []*peer, name string, args ...string) error {
	measure := func(p *peer, calls, clients int) (float64, error) {
		rate, err := p.measure(o, append([]string{"-P", "16", "-n", strconv.Itoa(calls), "-c",
			strconv.Itoa(clients)}, args...)...)
		if err != nil {
			err = fmt.Errorf("%s: %w", name, err)
		}
		return rate, err
	}
	calls, rates := make([]int, len(peers)), make([][]float64, len(peers))
	costs := make([][]float64, len(peers))
	for i, p := range peers {
		for n := 16; ; n *= 10 {
			rate, err := measure(p, n, 1)
			if err != nil {
				return err
			}
			if rate < 20*float64(n) || n >= 16_000 { // it took long enough to tell
				calls[i] = max(1, int(min(rate/3, 400_000))/16) * 16
				break
			}
		}
	}
	for range o.rounds {
		for i, p := range peers {
			clients := o.clients
			if calls[i] < 4*16*clients { // each takes long: all clients at once would wait for minutes
				clients = 1
			}
			before := p.used()
			rate, err := measure(p, calls[i], clients)
			if err != nil {
				return err
			}
			cost := float64((p.used() - before).Microseconds()) / float64(calls[i])
			rates[i], costs[i] = append(rates[i], rate), append(costs[i], cost)
		}
	}
	values, remark, cost, notes := make([]string, len(peers)), "", "", ""
	for i, p := range peers {
		values[i] = fmt.Sprintf("%.2f", median(rates[i])/1000)
		cost += fmt.Sprintf(" %.2f", median(costs[i]))
		if goal := goals[p.name][16]; goal > 0 && peers[0].name == "redis" {
			ratio := median(ratios(rates[i], rates[0]))
			remark += fmt.Sprintf("  %s %s", p.name, verdict(ratio, goal, ratio >= goal))
			if why := whyShort(p.name, name); ratio < goal && why != "" {
				notes += fmt.Sprintf("    %s: %s\n", p.name, why)
			}
		}
	}
	row(name, values, remark+"  µs"+cost)
	fmt.Print(notes)
	return nil
}

// fill puts numbers into a command.
func fill(command string, size int, i string) string {
	return strings.NewReplacer("{n}", strconv.Itoa(size), "{half}", strconv.Itoa(size/2),
		"{end}", strconv.Itoa(size/2+9), "{i}", i).Replace(command)
}

// place puts the place of a number into a command: they spread evenly over a square of a degree.
func place(command string, i int) string {
	if !strings.Contains(command, "{lon}") {
		return command
	}
	lon, lat := math.Mod(float64(i)*0.618034, 1), math.Mod(float64(i)*0.414214, 1)
	return strings.NewReplacer("{lon}", fmt.Sprintf("%.6f", 13+lon), "{lat}",
		fmt.Sprintf("%.6f", 38+lat)).Replace(command)
}

// fillIn empties a server and gives it the values of a family.
func (f *family) fillIn(p *peer, size int) error {
	if err := p.command("FLUSHALL\r\n", 1); err != nil {
		return err
	}
	c, err := net.Dial("tcp", p.address())
	if err != nil {
		return err
	}
	defer c.Close()
	var batch bytes.Buffer
	send := func() error {
		batch.WriteString("ECHO filled-in\r\n")
		if err := exchange(c, batch.Bytes(), []byte("filled-in\r\n")); err != nil {
			return fmt.Errorf("%s, %s: %w", p.name, f.name, err)
		}
		batch.Reset()
		return nil
	}
	for i := range size {
		for _, command := range f.fill {
			command = strings.ReplaceAll(place(command, i), "{number}", strconv.Itoa(i))
			batch.WriteString(fill(command, size, fmt.Sprintf("%012d", i)) + "\r\n")
		}
		if batch.Len() > 1<<16 {
			if err := send(); err != nil {
				return err
			}
		}
	}
	for _, command := range f.once {
		batch.WriteString(fill(command, size, "") + "\r\n")
	}
	return send()
}

// exchange sends requests and reads what comes back up to its end; none may be refused.
func exchange(c net.Conn, requests, end []byte) error {
	sent := make(chan error, 1)
	go func() {
		_, err := c.Write(requests)
		sent <- err
	}()
	var got []byte
	buf := make([]byte, 1<<16)
	for !bytes.HasSuffix(got, end) {
		if err := c.SetReadDeadline(time.Now().Add(coretest.Patience)); err != nil {
			return err
		}
		n, err := c.Read(buf)
		if err != nil {
			return err
		}
		if got = append(got, buf[:n]...); bytes.Contains(got, []byte("-ERR")) {
			return fmt.Errorf("refused: %.80q", got)
		}
		got = got[max(0, len(got)-64):]
	}
	return <-sent
}

// valueSizes prints what values of 100,000 elements and a million keys take of used_memory.
func valueSizes(peers []*peer) error {
	const size = 100_000
	fmt.Printf("\nbytes of used_memory an element, %d elements\n", size)
	row("", names(peers), "")
	for _, f := range []family{
		{name: "keys", fill: []string{"SET key:{i} xxxxxxxx"}},
		{name: "list", fill: []string{"RPUSH l element:{i}"}},
		{name: "set", fill: []string{"SADD s element:{i}"}},
		{name: "set of numbers", fill: []string{"SADD s {number}"}},
		{name: "hash", fill: []string{"HSET h field:{i} value:{i}"}},
		{name: "sorted set", fill: []string{"ZADD z {i} element:{i}"}},
		{name: "stream", fill: []string{"XADD x * field value:{i}"}},
		{name: "geo", fill: []string{"GEOADD g {lon} {lat} place:{i}"}},
		{name: "string", fill: []string{"APPEND string element:{i}"}},
	} {
		values, remark := make([]string, len(peers)), ""
		var first float64
		for i, p := range peers {
			if err := p.command("FLUSHALL\r\n", 1); err != nil {
				return err
			}
			before, err := p.usedMemory()
			if err != nil {
				return err
			}
			if err := f.fillIn(p, size); err != nil {
				return err
			}
			after, err := p.usedMemory()
			if err != nil {
				return err
			}
			each := float64(after-before) / size
			values[i] = fmt.Sprintf("%.1f", each)
			if i == 0 {
				first = each
			} else if peers[0].name == "redis" {
				ratio := math.Round(each/first*100) / 100
				remark += "  " + p.name + " " + verdict(ratio, 1.3, ratio <= 1.3)
			}
		}
		row(f.name, values, remark)
	}
	return nil
}

// usedMemory is what INFO says.
func (p *peer) usedMemory() (int64, error) {
	c, err := net.Dial("tcp", p.address())
	if err != nil {
		return 0, err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(coretest.Patience)); err != nil {
		return 0, err
	}
	if _, err := c.Write([]byte("INFO memory\r\nQUIT\r\n")); err != nil {
		return 0, err
	}
	var text bytes.Buffer
	if _, err := text.ReadFrom(c); err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(text.String(), "used_memory:")
	number, _, ok := strings.Cut(rest, "\r\n")
	if !ok {
		return 0, fmt.Errorf("%s says nothing of its memory", p.name)
	}
	return strconv.ParseInt(number, 10, 64)
}
