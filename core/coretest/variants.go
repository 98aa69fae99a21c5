package coretest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/redlet/redlet/core/internal/resp"
)

// Variant is another way to the same answers: a transcript played through it must not change.
type Variant struct {
	Name string
	// Skips tells whether a transcript shows what the variant changes on purpose.
	Skips func(t *Transcript) bool
	// Wrap puts the variant between a transcript and an engine.
	Wrap func(e *Engine) Session
}

// Variants are all of them.
var Variants = []Variant{
	{"byte by byte", never, func(e *Engine) Session {
		e.Chunk = 1
		return e
	}},
	{"within MULTI", uses("WATCH", "RESET", "REPLY", "TRACKING", "UNBLOCK", "OBJECT", "DEBUG"),
		within},
	{"through Lua", uses("WATCH", "RESET", "REPLY", "UNBLOCK", "EVAL", "SCRIPT", "FUNCTION",
		"FCALL", "SELECT", "HELLO", "INFO", "DEBUG", "OBJECT"), throughLua},
	{"snapshot and restore", uses("WATCH", "SAVE", "BGSAVE", "OBJECT", "INFO", "DEBUG", "SCRIPT",
		"LASTSAVE", "B>"), restored},
	{"RESP3", uses("HELLO", "RESET", "SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "CLIENT",
		"COMMAND", "EVAL", "FCALL", "FUNCTION", "DEBUG", "INFO"), version3},
}

func never(*Transcript) bool { return false }

// uses tells of a transcript whether one of its commands, or a command's second word, is among
// the words; "B>" stands for any second client.
func uses(words ...string) func(*Transcript) bool {
	return func(t *Transcript) bool {
		for _, s := range t.Steps {
			if s.Client != 'A' && slices.Contains(words, "B>") {
				return true
			}
			for i := range min(2, len(s.Args)) {
				if slices.Contains(words, strings.ToUpper(s.Args[i])) {
					return true
				}
			}
		}
		return false
	}
}

// wrapped sends something else in the place of a command and makes of its replies that of the
// command.
type wrapped struct {
	*Engine
	// run runs a command in the variant's way; ok is false where it must be sent as it is.
	run func(w *wrapped, client byte, args []string) (reply []byte, ok bool, err error)
	got map[byte][]byte
}

func wrap(e *Engine, run func(*wrapped, byte, []string) ([]byte, bool, error)) Session {
	return &wrapped{e, run, map[byte][]byte{}}
}

// Send implements Session.
func (w *wrapped) Send(client byte, request []byte) error {
	var r resp.Reader
	r.Next(request, resp.Limits{BulkMax: 1 << 30})
	args := make([]string, len(r.Args))
	for i, arg := range r.Args {
		args[i] = string(arg)
	}
	reply, ok, err := w.run(w, client, args)
	if err != nil {
		return err
	}
	if !ok {
		return w.Engine.Send(client, request)
	}
	w.got[client] = append(w.got[client], reply...)
	return nil
}

// Receive implements Session.
func (w *wrapped) Receive(client byte, more bool) ([]byte, error) {
	b, err := w.Engine.Receive(client, more)
	b = append(w.got[client], b...)
	delete(w.got, client)
	return b, err
}

// ask sends a command and returns its one reply.
func (w *wrapped) ask(client byte, args ...string) (Reply, []byte, error) {
	if err := w.Engine.Send(client, Request(args...)); err != nil {
		return Reply{}, nil, err
	}
	b, err := w.Engine.Receive(client, true)
	if err != nil {
		return Reply{}, nil, err
	}
	r, n, err := Parse(b)
	if err == nil && n != len(b) {
		err = fmt.Errorf("not one reply to %q: %q", args, b)
	}
	return r, b, err
}

// plain tells whether a command goes its usual way: it waits, listens, or belongs to MULTI.
func plain(args []string) bool {
	switch name := strings.ToUpper(args[0]); name {
	case "MULTI", "EXEC", "DISCARD", "UNWATCH", "QUIT", "HELLO", "AUTH", "WAIT", "WAITAOF",
		"SHUTDOWN", "SAVE", "BGSAVE", "CLIENT", "REDLET.CLOCK", "MINIREDIS.FASTFORWARD":
		return true
	default:
		if strings.HasSuffix(name, "SUBSCRIBE") || name == "PING" || name == "MONITOR" ||
			strings.HasPrefix(name, "B") && name != "BITCOUNT" && name != "BITFIELD" {
			return true
		}
	}
	return false
}

// within runs each command as a transaction of its own.
func within(e *Engine) Session {
	multi := map[byte]bool{}
	return wrap(e, func(w *wrapped, client byte, args []string) ([]byte, bool, error) {
		name := strings.ToUpper(args[0])
		if name == "MULTI" && len(args) == 1 {
			multi[client] = true
		} else if name == "EXEC" || name == "DISCARD" {
			multi[client] = false
		}
		if plain(args) || multi[client] || w.subscribed(client) {
			return nil, false, nil
		}
		if _, _, err := w.ask(client, "MULTI"); err != nil {
			return nil, true, err
		}
		queued, raw, err := w.ask(client, args...)
		if err != nil || queued.Text != "QUEUED" {
			w.ask(client, "DISCARD")
			return raw, true, err
		}
		if _, raw, err = w.ask(client, "EXEC"); err != nil {
			return nil, true, err
		}
		return []byte(strings.TrimPrefix(string(raw), "*1\r\n")), true, nil
	})
}

// subscribed tells whether a client of RESP2 listens and can send little else.
func (w *wrapped) subscribed(client byte) bool {
	r, _, err := w.ask(client, "ECHO", "x")
	return err != nil || r.Kind == '-'
}

// throughLua has a script send each command.
func throughLua(e *Engine) Session {
	multi := map[byte]bool{}
	return wrap(e, func(w *wrapped, client byte, args []string) ([]byte, bool, error) {
		name := strings.ToUpper(args[0])
		multi[client] = name == "MULTI" || multi[client] && name != "EXEC" && name != "DISCARD"
		if plain(args) || multi[client] || w.subscribed(client) {
			return nil, false, nil
		}
		info, _, err := w.ask(client, "COMMAND", "INFO", args[0])
		if err != nil || len(info.Items) == 0 || len(info.Items[0].Items) < 3 ||
			strings.Contains(info.String(), " noscript\n") {
			return nil, false, err
		}
		script := append([]string{"EVAL", "return redis.pcall(unpack(ARGV))", "0"}, args...)
		r, raw, err := w.ask(client, script...)
		if err == nil && r.Kind == '-' && strings.Contains(r.Text, "from script") {
			return nil, false, nil // an error of arity or of an unknown command, worded otherwise
		}
		return raw, true, err
	})
}

// restored takes a snapshot before each command and restores it.
func restored(e *Engine) Session {
	return wrap(e, func(w *wrapped, _ byte, _ []string) ([]byte, bool, error) {
		return nil, false, w.Engine.Restore(w.Engine.Snapshot(nil))
	})
}

// version3 has every client speak RESP3 and compares what RESP2 would have made of it.
func version3(e *Engine) Session {
	greeted := map[byte]bool{}
	return downgraded{wrap(e, func(w *wrapped, client byte, args []string) ([]byte, bool, error) {
		if !greeted[client] {
			greeted[client] = true
			if _, _, err := w.ask(client, "HELLO", "3"); err != nil {
				return nil, true, err
			}
		}
		if err := w.Engine.Send(client, Request(args...)); err != nil {
			return nil, true, err
		}
		return nil, true, nil
	})}
}

// downgraded makes RESP2 of the replies of RESP3.
type downgraded struct{ Session }

// Receive implements Session.
func (d downgraded) Receive(client byte, more bool) ([]byte, error) {
	b, err := d.Session.Receive(client, more)
	var out []byte
	for len(b) > 0 {
		r, n, perr := Parse(b)
		if perr != nil || n == 0 {
			return append(out, b...), err
		}
		out, b = r.RESP2().Append(out), b[n:]
	}
	return out, err
}
