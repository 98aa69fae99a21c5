package core

import (
	"bytes"
	"math"
	"slices"
	"strconv"

	"github.com/redlet/redlet/core/internal/aofile"
)

// A ReplayError tells where a file of an append-only file cannot be understood, and why.
type ReplayError struct {
	Offset int    // of the command, counted from the file's first byte
	Reason string // a clause without a full stop
}

// Error gives the reason and the offset.
func (r *ReplayError) Error() string { return r.Reason + " at offset " + strconv.Itoa(r.Offset) }

// replay applies a file of an append-only file: an RDB image, or commands, or an image and then
// commands. The first one after an EventLoad replaces all data. It returns the bytes that it
// applied. They are fewer than the file has where it ends in the midst of a command or a
// transaction and aof-load-truncated allows that: the host is then to cut off the rest.
//
// Keys whose time is over are kept, since what follows may yet change that; they go after Loaded.
// After an error the data are what was applied before.
func (e *Engine) replay(file []byte) (good int, err error) {
	a := &e.aof
	if a.loading == nil {
		return 0, &ReplayError{0, "nothing is being loaded"}
	}
	if a.loading.files++; a.loading.files == 1 {
		a.size = 0
		for _, d := range e.dbs {
			e.flushDB(d)
		}
		e.functions = functions{}
	}
	rest := file
	if bytes.HasPrefix(file, []byte("REDIS")) {
		l := loader{e: e, clock: e.clock, random: e.random}
		if err := l.load(file); err != nil {
			return 0, err
		}
		l.commit()
		rest = file[l.r.Offset():]
	}
	r := replayer{e: e, file: file, at: len(file) - len(rest), good: len(file) - len(rest)}
	r.conn = conn{db: e.dbs[0], flags: connExec | connClosing}
	now := e.now
	a.replayed, e.now = now, 0
	err = r.run()
	a.replayed, e.now = 0, now
	a.size += int64(r.good)
	return r.good, err
}

// replay is a file of commands being applied. Meanwhile the engine's time is 0, so that nothing
// expires.
type replayer struct {
	e      *Engine
	conn   conn // on behalf of which commands run
	reader aofile.Reader
	file   []byte
	at     int      // where the next command stands
	good   int      // up to here all is applied
	multi  bool     // between MULTI and EXEC
	queue  []queued // what stands there
}

func (r *replayer) run() error {
	for n := 0; ; n++ {
		size, status := r.reader.Next(r.file[r.at:], true)
		switch status {
		case aofile.Complete:
			if problem := r.command(r.reader.Args); problem != "" {
				return r.fail(problem)
			}
		case aofile.End:
			if r.multi {
				r.e.log(logWarning, "Revert incomplete MULTI/EXEC transaction from AOF file")
				return r.cut()
			}
			r.good = r.at
			return nil
		case aofile.Short:
			return r.cut()
		default:
			return r.fail("bad file format")
		}
		if r.at += size; !r.multi && len(r.reader.Args) > 0 {
			r.good = r.at
		}
		r.e.yieldIn(n)
	}
}

func (r *replayer) fail(reason string) error { return &ReplayError{r.at, reason} }

// cut ends a file that ends too early.
func (r *replayer) cut() error {
	if r.e.cfg.aofTruncated {
		return nil
	}
	r.at = r.good
	return r.fail("unexpected end of file, and aof-load-truncated is no,")
}

// command applies a command, or keeps it until the transaction is complete, and returns what is
// wrong with it. An annotation has no arguments.
func (r *replayer) command(args [][]byte) (problem string) {
	if len(args) == 0 {
		return ""
	}
	cmd := r.e.lookupCommand(args)
	c := Call{e: r.e, conn: &r.conn, cmd: cmd, Args: args}
	if v := c.check(atTrusted); v != allowed {
		return string(v)
	}
	switch {
	case cmd.Flags&StartsMulti != 0:
		r.multi = true
	case cmd.Flags&RunsQueue != 0:
		for _, q := range r.queue {
			r.apply(q.cmd, q.args)
		}
		r.multi, r.queue = false, nil
	case r.multi:
		r.queue = append(r.queue, queued{cmd, slices.Clone(args)})
	default:
		r.apply(cmd, args)
	}
	return ""
}

// apply runs a command if it is of those that a server writes into its file.
func (r *replayer) apply(cmd *Command, args [][]byte) {
	if cmd.Flags&(Write|MayReplicate|SelectsDB) == 0 {
		return
	}
	e := r.e
	c := Call{Writer: &r.conn.w, e: e, conn: &r.conn, db: r.conn.db, cmd: cmd, Args: args}
	cmd.Run(&c)
	for e.has(engineScript) {
		e.scripts.step(e)
	}
	r.conn.w.Buf = r.conn.w.Buf[:0]
}

// sinceMs is the time, in milliseconds, from which durations count.
func (c *Call) sinceMs() int64 {
	if at := c.e.aof.replayed; at != 0 {
		return int64(at) / 1000
	}
	return c.nowMs()
}

// used notes of the values that were made by commands of a file that they were used now.
func (e *Engine) used() {
	for _, d := range e.dbs {
		for i := range d.keys.Len() {
			_, p := d.keys.At(i)
			o := *p
			switch {
			case !e.cfg.lfu && o.lru == 0:
				o.lru = uint32(e.now / 1e6)
			case e.cfg.lfu && o.lru>>8 == 0:
				o.lru |= uint32(e.now/60e6) << 8
			}
			e.yieldIn(i)
		}
	}
}

// appendCommands appends all data as commands, for a base where aof-use-rdb-preamble is no. What
// is no string is written as RESTORE, which does for every type.
func (e *Engine) appendCommands(dst []byte) []byte {
	one := func(name string, args ...[]byte) { dst = appendRequest(dst, name, args) }
	for _, l := range e.functions.libraries {
		one("FUNCTION", []byte("LOAD"), []byte(l.source))
	}
	for _, d := range e.dbs {
		if d.keys.Len() > 0 {
			one("SELECT", decimal(int64(d.id)))
		}
		for i := range d.keys.Len() {
			key, p := d.keys.At(i)
			o := *p
			switch at := o.expiry(); {
			case o.kind != kindString:
				one("RESTORE", []byte(key), decimal(max(at, 0)), e.payload(o), []byte("ABSTTL"))
			case at == stays:
				one("SET", []byte(key), o.text(nil))
			default:
				one("SET", []byte(key), o.text(nil), []byte("PXAT"), decimal(at))
			}
			e.yieldIn(i)
		}
	}
	return dst
}
