package coretest

import (
	"bytes"
	"encoding/binary"
	"maps"
	"strings"

	"github.com/redlet/redlet/core"
)

// Disk is the files of an Engine, in memory.
type Disk struct {
	// Files holds what lies there, by path.
	Files map[string]string
	// Piece, when not 0, is how many bytes are read at a time.
	Piece int
	// Fails, if not nil, says why a verb is not carried out, or "".
	Fails func(ev *core.Event) string
	// Done, if not nil, is called when a verb has been carried out.
	Done func(ev *core.Event)
}

// Do carries out an event that is a verb of files and returns the engine's answer, if it gets one.
func (d *Disk) Do(ev *core.Event) (answer core.Input, answers bool) {
	answer = core.Input{Kind: core.InDone, Ticket: ev.Ticket}
	if d.Fails != nil {
		if why := d.Fails(ev); why != "" {
			if answer.Data = []byte(why); ev.Kind == core.EventAppend {
				answer.Kind = core.InAppended
			}
			return answer, ev.Ticket != 0
		}
	}
	switch ev.Kind {
	case core.EventRead:
		d.read(ev, &answer)
	case core.EventAppend:
		d.write(ev.Path, d.Files[ev.Path]+string(ev.Data))
	case core.EventReplace:
		d.write(ev.Path, string(ev.Data))
	case core.EventRemove:
		delete(d.Files, ev.Path)
	case core.EventSync:
	case core.EventConfig: // it is in force, but for TLS
		if bytes.HasPrefix(ev.Data, []byte("tls-")) {
			answer.Data = []byte("there are no certificates")
		}
	default:
		return answer, false
	}
	if d.Done != nil {
		d.Done(ev)
	}
	return answer, ev.Ticket != 0 && ev.Kind != core.EventAppend
}

func (d *Disk) write(path, text string) {
	if d.Files == nil {
		d.Files = map[string]string{}
	}
	d.Files[path] = text
}

func (d *Disk) read(ev *core.Event, answer *core.Input) {
	file, is := d.Files[ev.Path]
	if !is {
		answer.Kind = core.InAbsent
		return
	}
	piece := file[min(ev.Offset, int64(len(file))):]
	if d.Piece > 0 {
		piece = piece[:min(d.Piece, len(piece))]
	}
	answer.Kind = core.InContent
	answer.Data = append(binary.LittleEndian.AppendUint64(nil, uint64(len(file))), piece...)
}

// Clone returns a disk that holds the same.
func (d *Disk) Clone() *Disk {
	files := map[string]string{}
	maps.Copy(files, d.Files)
	return &Disk{Files: files, Piece: d.Piece}
}

// Log is the last file of an append-only file, which changes are appended to.
func (d *Disk) Log() string {
	const folder = "./appendonlydir/"
	words := strings.Fields(d.Files[folder+"appendonly.aof.manifest"])
	name := ""
	for i, word := range words {
		if word == "file" && i+1 < len(words) {
			name = words[i+1]
		}
	}
	return d.Files[folder+name]
}
