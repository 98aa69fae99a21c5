package coretest

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redlet/redlet/core"
	"github.com/redlet/redlet/core/internal/resp"
)

// Variant is another way to the same answers: a transcript played through it must not change. A
// step in which the variant would show is sent as it is, the others go the variant's way.
type Variant struct {
	Name string
	// Plain are words of the commands that are sent as they are (a command's name, or an argument
	// such as an option), and why each is.
	Plain map[string]string
	// way sends a command in the variant's way and returns what came of it; sent is false where the
	// command is still to be sent as it is.
	way func(w *Wrapped, client byte, args []string) (got []byte, sent bool, err error)
	// apart tells that the way must not come between what belongs together: a transaction, a watch, a
	// subscription and the like.
	apart bool
	// shadow has a second engine, which gets all commands as they are, answer those that are sent as
	// they are: what the variant has done to the first one shows in later replies too.
	shadow bool
	// resp3 tells that the clients speak RESP3 and believe that they speak RESP2.
	resp3 bool
}

// Variants are all of them.
var Variants = []Variant{
	{Name: "byte by byte", way: byteByByte},
	{Name: "within MULTI", way: within, apart: true, Plain: map[string]string{
		"AUTH":     "what is denied in a transaction ACL LOG says so of",
		"FLUSHALL": "a transaction leaves nothing to a thread to free",
	}},
	{Name: "through Lua", way: throughLua, apart: true, Plain: map[string]string{
		"FLUSHALL": "a script leaves nothing to a thread to free",
		"SELECT":   "a script selects a database for itself alone",
		"SORT":     "a script gets what has no order sorted",
		"BITFIELD": "an integer of Lua has 53 bits",
		"DECRBY":   "an integer of Lua has 53 bits",
		"FAR":      "so has the index of an element of this array",
		"INCREX":   "an integer of Lua has 53 bits",
		"HIMPORT":  "each run of a script has its own fieldsets",
	}},
	{Name: "snapshot and restore", way: restored, apart: true, shadow: true, Plain: map[string]string{
		"ENCODING": "a value that was loaded may have another",
		"ARINFO":   "an array that was loaded may be laid out otherwise",
		"DBSIZE":   "a snapshot leaves out keys whose time is over",
		"LATE":     "and so it does this key",
	}},
	{Name: "RESP3", way: version3, apart: true, resp3: true, Plain: map[string]string{
		"CLIENT":     "it shows the protocol, and invalidations differ by it",
		"GETUSER":    "its fields are a map, which in RESP2 is an array",
		"LOG":        "so are those of ACL LOG",
		"DEBUG":      "its PROTOCOL shows the protocol",
		"SUBSCRIBE":  "a subscriber of RESP3 may send anything",
		"PSUBSCRIBE": "a subscriber of RESP3 may send anything",
		"SSUBSCRIBE": "a subscriber of RESP3 may send anything",
		"WITHSCORES": "members and scores are pairs",
		"ZPOPMIN":    "with a count members and scores are pairs",
		"ZPOPMAX":    "with a count members and scores are pairs",
		"XREAD":      "its streams are a map, which in RESP2 is an array of pairs",
		"XREADGROUP": "its streams are a map, which in RESP2 is an array of pairs",
	}},
}

// Wrap puts the variant between a transcript and an engine. It may need two: start starts one.
func (v *Variant) Wrap(start func() *Engine) *Wrapped {
	w := &Wrapped{Engine: start(), variant: v, clients: map[byte]*standing{}}
	if v.shadow {
		w.shadow = start()
	}
	return w
}

// Wrapped is a Session with an engine by way of a Variant: it sends something else in the place of
// a command and makes of the replies that of the command.
type Wrapped struct {
	*Engine
	Varied  int // commands that went the variant's way
	variant *Variant
	shadow  *Engine
	clients map[byte]*standing
	paused  core.Time // until when CLIENT PAUSE holds clients up
	noted   bool      // HOTKEYS, MONITOR or the slow log shows what was sent
}

// standing is what a client has under way, as far as its commands tell.
type standing struct {
	got      []byte // what the variant has received for it
	plain    bool   // its last command was sent as it is
	tracks   bool
	speaks3  bool // it said HELLO 3 of its own accord
	upgraded bool // the variant said so

	// What its next command belongs to, if any, which commands of the variant's would disturb.
	multi, watches, muted, subscribed, caching bool
	// named tells that it said who it is: its user may be denied what the variant sends.
	named bool
}

// Send implements Session.
func (w *Wrapped) Send(client byte, request []byte) error {
	args := requested(request)
	s := w.clients[client]
	if s == nil {
		s = &standing{}
		w.clients[client] = s
	}
	if w.shadow != nil {
		if err := w.shadow.Send(client, request); err != nil {
			return err
		}
	}
	s.plain = w.isPlain(s, args)
	send := w.variant.way
	if s.plain {
		send = downgrade
	}
	got, sent, err := send(w, client, args)
	s.got = append(s.got, got...)
	s.note(args)
	w.note(args)
	if sent || err != nil {
		return err
	}
	return w.Engine.Send(client, request)
}

// isPlain tells whether a command is sent as it is.
func (w *Wrapped) isPlain(s *standing, args []string) bool {
	busy := s.named || s.multi || s.watches || s.muted || s.subscribed || s.caching || w.noted ||
		w.Now() < w.paused
	return busy && w.variant.apart || slices.ContainsFunc(args, func(word string) bool {
		return w.variant.Plain[strings.ToUpper(word)] != ""
	})
}

// requested are the arguments of a request.
func requested(request []byte) []string {
	var r resp.Reader
	r.Next(request, resp.Limits{BulkMax: 1 << 30})
	args := make([]string, len(r.Args))
	for i, arg := range r.Args {
		args[i] = string(arg)
	}
	return args
}

// named are the words that name a command: the first two.
func named(args []string) []string {
	words := slices.Clone(args[:min(2, len(args))])
	for i, w := range words {
		words[i] = strings.ToUpper(w)
	}
	return words
}

// note follows what a client sends.
func (s *standing) note(args []string) {
	s.caching = false
	words := append(named(args), "", "")
	switch words[0] {
	case "AUTH":
		s.named = true
	case "MULTI":
		s.multi = true
	case "EXEC", "DISCARD":
		s.multi, s.watches = false, false
	case "WATCH":
		s.watches = true
	case "UNWATCH":
		s.watches = false
	case "SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE":
		s.subscribed = true
	case "HELLO":
		s.named = s.named || len(args) > 2
		if len(args) > 1 {
			s.speaks3, s.upgraded = args[1] == "3", false
		}
	case "RESET":
		*s = standing{got: s.got, plain: s.plain}
	case "CLIENT":
		s.noteClient(append(args, "", "", "")[1:])
	}
}

// noteClient follows what a client tells CLIENT.
func (s *standing) noteClient(args []string) {
	on := strings.EqualFold(args[1], "on")
	switch strings.ToUpper(args[0]) {
	case "CACHING":
		s.caching = true
	case "REPLY":
		s.muted = !on
	case "TRACKING":
		s.tracks = on
	}
}

// note follows what concerns all clients.
func (w *Wrapped) note(args []string) {
	switch words := append(named(args), "", ""); words[0] + " " + words[1] {
	case "CLIENT PAUSE":
		if len(args) > 2 {
			ms, _ := strconv.Atoi(args[2])
			w.paused = w.Now() + core.Time(ms)*1000
		}
	case "CLIENT UNPAUSE":
		w.paused = 0
	case "HOTKEYS START":
		w.noted = true
	case "CONFIG SET":
		w.noted = w.noted || slices.Contains(args, "slowlog-log-slower-than")
	case "HOTKEYS RESET":
		w.noted = false
	}
	if named(args)[0] == "MONITOR" {
		w.noted = true
	}
}

// Turn implements Session.
func (w *Wrapped) Turn(by time.Duration) error {
	if w.shadow != nil {
		if err := w.shadow.Turn(by); err != nil {
			return err
		}
	}
	return w.Engine.Turn(by)
}

// Receive implements Session.
func (w *Wrapped) Receive(client byte, more bool) ([]byte, error) {
	b, err := w.Engine.Receive(client, more)
	s := w.clients[client]
	if err != nil || s == nil {
		return b, err
	}
	if w.shadow != nil {
		theirs, err := w.shadow.Receive(client, more)
		if err != nil {
			return nil, err
		}
		if s.plain {
			b = theirs
		}
	}
	b, s.got = append(s.got, b...), nil
	if w.variant.resp3 && !s.speaks3 {
		b = downgraded(b)
	}
	return b, err
}

// ask sends a command of the variant's own and returns its one reply, and all the bytes that came:
// the reply's, and of what was pushed before and behind it.
func (w *Wrapped) ask(client byte, args ...string) (r Reply, got [3][]byte, err error) {
	if err := w.Engine.Send(client, Request(args...)); err != nil {
		return r, got, err
	}
	b, err := w.Engine.Receive(client, true)
	if err != nil {
		return r, got, err
	}
	for at := 0; at < len(b); {
		r, n, err := Parse(b[at:])
		if err != nil || r.Kind != '>' {
			return r, [3][]byte{b[:at], b[at : at+n], b[at+n:]}, err
		}
		at += n
	}
	return r, got, fmt.Errorf("no reply to %q: %q", args, b)
}

// aside tells whether a command goes its usual way: it waits, listens, or is about the connection.
func aside(args []string) bool {
	switch name := strings.ToUpper(args[0]); name {
	case "MULTI", "EXEC", "DISCARD", "WATCH", "UNWATCH", "QUIT", "RESET", "HELLO", "AUTH", "CLIENT",
		"WAIT", "WAITAOF", "SHUTDOWN", "SAVE", "MONITOR", "PING", "REDLET.CLOCK",
		"MINIREDIS.FASTFORWARD":
		return true
	case "XREAD", "XREADGROUP":
		return slices.ContainsFunc(args, func(word string) bool {
			return strings.EqualFold(word, "block")
		})
	default:
		return strings.HasSuffix(name, "SUBSCRIBE") ||
			strings.HasPrefix(name, "B") && !strings.HasPrefix(name, "BIT")
	}
}

func byteByByte(w *Wrapped, _ byte, _ []string) ([]byte, bool, error) {
	w.Chunk = 1
	w.Varied++
	return nil, false, nil
}

// within runs each command as a transaction of its own.
func within(w *Wrapped, client byte, args []string) ([]byte, bool, error) {
	if aside(args) {
		return nil, false, nil
	}
	if _, _, err := w.ask(client, "MULTI"); err != nil {
		return nil, true, err
	}
	queued, got, err := w.ask(client, args...)
	if err == nil && queued.Text != "QUEUED" {
		_, _, err = w.ask(client, "DISCARD")
	} else if err == nil {
		_, got, err = w.ask(client, "EXEC")
		got[1] = bytes.TrimPrefix(got[1], []byte("*1\r\n"))
	}
	w.Varied++
	return bytes.Join(got[:], nil), true, err
}

// noscript are the commands that no script may send.
var noscript = sync.OnceValues(func() (map[string]bool, error) {
	e, err := NewEngine(nil)
	if err != nil {
		return nil, err
	}
	all, _, err := (&Wrapped{Engine: e}).ask('A', "COMMAND")
	names := map[string]bool{}
	for _, c := range all.Items {
		names[strings.ToUpper(c.Items[0].Text)] = slices.ContainsFunc(c.Items[2].Items,
			func(flag Reply) bool { return flag.Text == "noscript" })
	}
	return names, err
})

// throughLua has a script send each command. A script is answered in RESP2.
func throughLua(w *Wrapped, client byte, args []string) ([]byte, bool, error) {
	barred, err := noscript()
	if err != nil || aside(args) || barred[strings.ToUpper(args[0])] || w.clients[client].speaks3 {
		return nil, false, err
	}
	script := append([]string{"EVAL", "return redis.pcall(unpack(ARGV))", "0"}, args...)
	r, got, err := w.ask(client, script...)
	if err == nil && r.Kind == '-' && (strings.Contains(r.Text, "from script") ||
		strings.Contains(r.Text, "cript attempted")) {
		return nil, false, nil // of arity, an unknown command or slots: it is worded otherwise
	}
	w.Varied++
	return bytes.Join(got[:], nil), true, err
}

// restored takes a snapshot before each command and restores it, but for while a client tracks: to
// it a restored snapshot is a change of all keys.
func restored(w *Wrapped, _ byte, _ []string) ([]byte, bool, error) {
	for _, s := range w.clients {
		if s.tracks {
			return nil, false, nil
		}
	}
	w.Varied++
	return nil, false, w.Restore(w.Snapshot(nil))
}

// version3 has a client speak RESP3, unless that shows in what it has asked for.
func version3(w *Wrapped, client byte, _ []string) ([]byte, bool, error) {
	s := w.clients[client]
	if s.speaks3 || s.tracks {
		return nil, false, nil
	}
	w.Varied++
	if s.upgraded {
		return nil, false, nil
	}
	s.upgraded = true
	r, got, err := w.ask(client, "HELLO", "3")
	if err == nil && r.Kind == '-' { // it has to authenticate first
		s.upgraded = false
	}
	return slices.Concat(got[0], got[2]), false, err
}

// downgrade has a client that version3 has speak RESP3 speak RESP2 again, where it can.
func downgrade(w *Wrapped, client byte, _ []string) ([]byte, bool, error) {
	s := w.clients[client]
	if !s.upgraded || s.multi || s.muted {
		return nil, false, nil
	}
	s.upgraded = false
	_, got, err := w.ask(client, "HELLO", "2")
	return slices.Concat(got[0], got[2]), false, err
}

// downgraded makes RESP2 of replies of RESP3.
func downgraded(b []byte) []byte {
	var out []byte
	for len(b) > 0 {
		r, n, err := Parse(b)
		if err != nil || n == 0 {
			return append(out, b...)
		}
		out, b = r.RESP2().Append(out), b[n:]
	}
	return out
}
