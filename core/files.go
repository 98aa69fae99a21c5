package core

import (
	"encoding/binary"
)

// verb has the host do something with a file. answer, if not nil, gets the answer. It is one place,
// like all of this file: an Event is large, and the guest counts bytes.
//
//go:noinline
func (e *Engine) verb(kind EventKind, path string, data []byte, answer func(in *Input)) {
	ev := Event{Kind: kind, Path: path, Data: data}
	if answer == nil {
		e.emit(ev)
		return
	}
	e.ask(ev, answer)
}

// reading is what the host has read of a file.
type reading struct {
	size    int64  // of the whole file
	piece   []byte // lent for the call; none at the end of the file
	failure string // why nothing could be read, "" if something was
	absent  bool   // it is that there is no such file
}

// readPiece has the host read a piece of a file.
//
//go:noinline
func (e *Engine) readPiece(path string, offset int64, then func(*reading)) {
	e.verb(EventRead, path, nil, func(in *Input) {
		switch {
		case in.Kind == InAbsent:
			then(&reading{failure: errNoFile, absent: true})
		case in.Kind == InContent && len(in.Data) >= 8:
			size := int64(binary.LittleEndian.Uint64(in.Data))
			then(&reading{size: size, piece: in.Data[8:]})
		case in.Kind == InDone && len(in.Data) > 0:
			then(&reading{failure: string(in.Data)})
		default:
			then(&reading{failure: "the host does not say what it read"})
		}
	})
	e.events[len(e.events)-1].Offset = offset
}

// readFile has the host read a whole file, which then gets as its own. Its size is made room for
// once: no part of it is held twice.
//
//go:noinline
func (e *Engine) readFile(path string, then func(file []byte, r *reading)) {
	var file []byte
	var next func(*reading)
	next = func(r *reading) {
		if r.failure != "" {
			then(nil, r)
			return
		}
		if file == nil {
			file = make([]byte, 0, max(r.size, int64(len(r.piece))))
		}
		file = append(file, r.piece...)
		if len(r.piece) == 0 || int64(len(file)) >= r.size {
			then(file, r)
			return
		}
		e.readPiece(path, int64(len(file)), next)
	}
	e.readPiece(path, 0, next)
}

// What systems say of paths. Where it matters hosts word it so.
const (
	errNoFile      = "No such file or directory"
	errNoFolder    = "Not a directory"
	errFolderFound = "Is a directory"
)

// askFolder has the host tell whether a path can be changed to, which the parameter name asks for.
// The command waits for that and then runs again, with a refusal in the waiter's told.
func (c *Call) askFolder(name, path string) {
	e, waiter := c.e, c.block(nil, kindCount, Never, nil)
	e.readPiece(path, 0, func(r *reading) {
		switch r.failure {
		case "":
			waiter.told = errConfigSet(name, errNoFolder)
		case errFolderFound:
		default:
			waiter.told = errConfigSet(name, r.failure)
		}
		if !waiter.over() {
			e.retry(waiter)
		}
	})
}

// replaceFile has the host put data in the place of a file. done gets why it could not.
//
//go:noinline
func (e *Engine) replaceFile(path string, data []byte, done func(failure string)) {
	e.verb(EventReplace, path, data, func(in *Input) { done(string(in.Data)) })
}

// makeFile has the host make a file that is to be appended to, if it is not there.
//
//go:noinline
func (e *Engine) makeFile(path string, ticket uint32) {
	e.verb(EventAppend, path, []byte{}, nil)
	e.events[len(e.events)-1].Ticket = ticket
}

// removeFile has the host remove a file, if it can: one that stays does no harm.
func (e *Engine) removeFile(path string) { e.verb(EventRemove, path, nil, nil) }

// note writes a line to the log that names a file.
//
//go:noinline
func (e *Engine) note(level int, before, name, after string) { e.log(level, before+name+after) }
