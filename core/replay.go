package core

import (
	"strings"

	"github.com/redlet/redlet/core/internal/aofile"
)

// replayer applies a file of an append-only file: an RDB image, or commands, or an image and then
// commands. Commands are applied piece by piece, as the host reads them. Meanwhile the engine's
// time is 0, so that nothing expires: what follows may yet change that.
type replayer struct {
	applier
	name   string // of the file, for messages
	path   string
	last   bool   // it is the last file: it may have been cut short
	then   func() // what follows when all of it is applied
	reader aofile.Reader
	tail   []byte // what was read and not yet applied
	read   int64  // how much was read
	at     int64  // where tail begins, or, while a piece is applied, the next command
	good   int64  // up to here all is applied
}

// begin makes ready for a file.
//
//go:noinline
func (r *replayer) begin(e *Engine, name, path string, last bool) {
	*r = replayer{applier: newApplier(e), name: name, path: path, last: last}
}

// take applies a piece of the file, and asks for the next one.
func (r *replayer) take(in *reading) {
	switch {
	case in.absent:
		r.e.loaded("Unable to obtain the AOF file " + r.name + " length. stat: " + in.failure)
		return
	case in.failure != "":
		r.e.loaded("Fatal error: can't open the append log file " + r.name + " for reading: " +
			in.failure)
		return
	}
	text := in.piece
	if len(r.tail) > 0 {
		r.tail = append(r.tail, text...)
		text = r.tail
	}
	r.read += int64(len(in.piece))
	whole := len(in.piece) == 0 || r.read >= in.size
	image := r.at == 0 && isImage(text)
	if (image || r.at == 0 && strings.HasPrefix(magic, string(text))) && !whole {
		if len(r.tail) == 0 { // room for all, once
			r.tail = append(make([]byte, 0, max(in.size, int64(len(text)))), text...)
		}
		r.e.readPiece(r.path, r.read, r.take)
		return
	}
	if image {
		var ok bool
		if text, ok = r.load(text); !ok {
			return
		}
	}
	e, now, keys := r.e, r.e.now, r.e.keyTime
	e.aof.replayed, e.now, e.keyTime = now, 0, 0
	rest, status, problem := r.run(text, whole)
	e.aof.replayed, e.now, e.keyTime = 0, now, keys
	r.tail = append(r.tail[:0], rest...)
	if problem != "" {
		r.fail(problem)
		return
	}
	r.ended(status)
}

// magic is how an RDB file begins.
const magic = "REDIS"

// isImage tells whether a file begins as an RDB file does.
func isImage(file []byte) bool {
	return len(file) >= len(magic) && string(file[:len(magic)]) == magic
}

// load loads the image at the start of the file, and returns what stands behind it.
//
//go:noinline
func (r *replayer) load(file []byte) (rest []byte, ok bool) {
	e := r.e
	l := loader{e: e, clock: e.clock, random: e.random, keepExpired: true}
	if err := l.load(file); err != nil {
		e.logBadImage(err)
		e.aof.loading.where = ": " + err.Error()
		e.loaded("Error reading the RDB base file " + r.name + ", AOF loading aborted")
		return nil, false
	}
	l.commit()
	r.at = int64(l.r.Offset())
	r.good = r.at
	return file[l.r.Offset():], true
}

// run applies the commands of a text, and returns what is left of it and why, or what is wrong with
// a command. whole says that the file ends with text.
func (r *replayer) run(text []byte, whole bool) (
	rest []byte, status aofile.Status, problem string,
) {
	for n := 0; ; n++ {
		size, status := r.reader.Next(text, whole)
		if status != aofile.Complete {
			return text, status, ""
		}
		if problem := r.command(r.reader.Args); problem != "" {
			return nil, status, problem
		}
		text = text[size:]
		if r.at += int64(size); !r.multi && len(r.reader.Args) > 0 {
			r.good = r.at
		}
		r.e.yieldIn(n)
	}
}

// ended goes on behind what run could apply.
func (r *replayer) ended(status aofile.Status) {
	switch status {
	case aofile.More:
		r.e.readPiece(r.path, r.read, r.take)
	case aofile.End:
		if r.multi {
			r.e.note(logWarning, "Revert incomplete MULTI/EXEC transaction in AOF file ", r.name, "")
			r.cut()
			return
		}
		r.good = r.at
		r.end()
	case aofile.Short:
		r.cut()
	case aofile.Unreadable:
		r.fail("Unrecoverable error")
	default:
		r.fail(badFormat)
	}
}

// end goes on when all of the file is applied.
//
//go:noinline
func (r *replayer) end() {
	r.e.aof.size += r.good
	r.tail = nil
	r.then()
}

// badFormat is what redis-server says of damage.
const badFormat = "Bad file format"

// fail gives up, since what stands at r.at cannot be applied.
//
//go:noinline
func (r *replayer) fail(problem string) {
	r.e.aof.loading.where = " (at offset " + itoa(r.at) + ")"
	text := problem + " reading the append only file " + r.name
	if problem == badFormat {
		text += ": make a backup of your AOF file, then use ./redis-check-aof --fix <filename.manifest>"
	}
	r.e.loaded(text)
}

// cut ends a file that ends too early: the rest is cut off, if it may be. A transaction goes as a
// whole.
//
//go:noinline
func (r *replayer) cut() {
	e := r.e
	if !e.cfg.aofTruncated {
		r.unexpected()
		return
	}
	e.note(logWarning, "!!! Warning: short read while loading the AOF file ", r.name, "!!!")
	switch {
	case !r.last:
		e.loaded("Fatal error: the truncated file is not the last file")
		return
	case e.aof.loading.old != "": // another takes its place
		r.end()
		return
	}
	e.log(logWarning, "!!! Truncating the AOF "+r.name+" at offset "+
		itoa(r.good)+" !!!")
	failed := func(failure string) {
		e.log(logWarning, "Error truncating the AOF file "+r.name+": "+failure)
		r.unexpected()
	}
	r.tail = nil
	e.readFile(r.path, func(file []byte, in *reading) {
		if in.failure != "" || int64(len(file)) < r.good {
			failed(in.failure)
			return
		}
		e.replaceFile(r.path, file[:r.good], func(failure string) {
			if failure != "" {
				failed(failure)
				return
			}
			e.note(logWarning, "AOF ", r.name, " loaded anyway because aof-load-truncated is enabled")
			r.end()
		})
	})
}

// unexpected gives up since the file ends too early.
//
//go:noinline
func (r *replayer) unexpected() {
	r.e.aof.loading.where = " (at offset " + itoa(r.good) + ")"
	r.e.loaded("Unexpected end of file reading the append only file " + r.name + ". You can: " +
		"1) Make a backup of your AOF file, then use ./redis-check-aof --fix <filename.manifest>. " +
		"2) Alternatively you can set the 'aof-load-truncated' configuration option to yes and " +
		"restart the server.")
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
			case at < stays: // over: see gone
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
