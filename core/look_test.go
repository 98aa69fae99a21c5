package core

import (
	"strings"
	"testing"
)

func TestLooking(t *testing.T) {
	c := control(t, map[string]string{"notify-keyspace-events": "KEAm"})
	c.open(1, Conn{Addr: local})
	c.open(2, Conn{Addr: local})
	c.ask(1, "SET k v PX 5", "+OK\r\n")
	c.ask(1, "SADD s a b c", ":3\r\n")
	c.ask(2, "MONITOR", "+OK\r\n")
	c.ask(1, "SUBSCRIBE __keyevent@0__:keymiss", "*3\r\n$9\r\nsubscribe\r\n"+
		"$22\r\n__keyevent@0__:keymiss\r\n:1\r\n")
	c.waited(2, c.out[2])
	info := func() string { // a step is a cycle, whatever it is for
		const field = "eventloop_cycles:"
		head, tail, _ := strings.Cut(c.told("info everything"), field)
		_, tail, _ = strings.Cut(tail, "\r\n")
		return head + tail
	}
	before, chance := info(), c.e.random
	c.order("look 0\nGET k\r\nOBJECT FREQ", "-look takes whole requests")
	c.order("look 0\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\nget none\r\nHGETALL none\r\n",
		"+$1\r\nv\r\n_\r\n%0\r\n")
	c.order("look 1\nGET k\r\n", "+_\r\n")
	c.order("look 0\nSRANDMEMBER s -30\r\n", c.told("look 0\nSRANDMEMBER s -30\r\n"))
	const refused = "-ERR this command does more than look\r\n"
	c.order("look 0\nSET k w\r\nEVAL x 0\r\nXREAD BLOCK 0 STREAMS x 0\r\nnone\r\nGET\r\n"+
		"PFCOUNT k\r\nMONITOR\r\n", "+"+refused+refused+"_\r\n"+
		"-ERR unknown command 'none', with args beginning with: \r\n"+
		"-ERR wrong number of arguments for 'get' command\r\n"+
		refused+refused)
	c.order("look", "-look takes the number of a database")
	c.order("look 16\nGET k\r\n", "-there is no such database")
	if after := info(); after != before {
		t.Errorf("INFO differs after looking:\n%s\nand before:\n%s", after, before)
	}
	if c.e.random != chance {
		t.Error("looking has moved chance on")
	}
	c.waited(1, "")
}

// told is what an order is answered.
func (c *controlled) told(order string) string {
	c.e.Input(&Input{Kind: InControl, Data: []byte(order)})
	return c.poll()
}

func TestLookingDoesNotUse(t *testing.T) {
	c := control(t, nil)
	c.open(1, Conn{Addr: local})
	c.ask(1, "SET k v", "+OK\r\n")
	c.now += 30e6
	c.order("look 0\nGET k\r\nOBJECT IDLETIME k\r\n", "+$1\r\nv\r\n:30\r\n")
	c.ask(1, "OBJECT IDLETIME k", ":30\r\n")
}

func TestOrderKillsAScript(t *testing.T) {
	c := control(t, nil)
	c.open(1, Conn{Addr: local})
	c.order("script kill", "-NOTBUSY No scripts in execution right now.")
	c.ask(1, "EVAL 'while true do end' 0", "")
	c.order("script kill", "+")
	c.now++
	c.e.Advance(c.now)
	c.poll()
	if got := c.out[1]; !strings.Contains(got, "Script killed by user with SCRIPT KILL") {
		t.Errorf("the script answers %q", got)
	}
	c.out[1] = ""
	c.ask(1, "EVAL \"redis.call('set','k','v') while true do end\" 0", "")
	c.order("script kill", "-"+errUnkillable)
}
