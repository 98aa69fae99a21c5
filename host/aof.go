package host

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/redlet/redlet/core"
)

// appendLog is the append-only file of an engine: a base and what was appended since, in files of
// their own, laid out as redis-server 8 lays them out.
type appendLog struct {
	path    string // of its files without what tells them apart
	parts   *manifest
	file    *os.File // the last of the files
	size    int64    // what of it is good
	pending []byte   // what could not be appended yet
}

// What the Ticket of an EventLogAppend asks for.
const (
	syncSoon  = 1
	syncFirst = 2
)

// load carries out an EventLoad, once the outputs of its step have been delivered.
func (l *Loop) load(path string) {
	answer := core.Input{Kind: core.InLoaded}
	err := l.replay(l.under(path))
	var death *Death
	if errors.As(err, &death) { // so would the next engine
		l.log(3, death.Detail)
		l.giveUp("the append-only file cannot be loaded: " + err.Error())
		return
	}
	if err != nil {
		answer.Data = []byte(err.Error())
	}
	l.step([]core.Input{answer})
}

// replay hands the files to the engine, and opens the last one. It leaves it to the engine to begin
// an append-only file where there is none.
func (l *Loop) replay(path string) error {
	l.closeLog()
	m, err := readManifest(path)
	if err == nil && m == nil {
		m, err = adopt(path)
	}
	if m == nil || err != nil {
		return err
	}
	files := m.files()
	if len(files) == 0 {
		return errors.New("FATAL AOF MANIFEST FILE ERROR: found an empty AOF manifest")
	}
	for i, f := range files {
		err := l.replayFile(filepath.Join(filepath.Dir(path), f.name), i == len(files)-1)
		if err != nil {
			return err
		}
	}
	l.aof = &appendLog{path: path, parts: m}
	if err := l.aof.open(); err != nil {
		l.closeLog()
		return err
	}
	return nil
}

// replayFile hands a file to the engine, and cuts off an end that the engine cannot use.
func (l *Loop) replayFile(path string, last bool) error {
	name := filepath.Base(path)
	file, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	answer, err := l.ask(core.InReplay, file)
	if err != nil {
		return err
	}
	good, fault := int(binary.LittleEndian.Uint32(answer)), answer[4:]
	switch {
	case len(fault) > 0:
		return fmt.Errorf("cannot load the append only file %s: %s", name, fault)
	case good == len(file):
		l.log(2, "DB loaded from append only file "+name)
		return nil
	case !last:
		return fmt.Errorf("cannot load the append only file %s: it ends too early at offset %d, "+
			"and it is not the last file", name, good)
	}
	l.log(3, fmt.Sprintf("!!! Warning: short read while loading the AOF file %s!!!", name))
	l.log(3, fmt.Sprintf("!!! Truncating the AOF %s at offset %d !!!", name, good))
	return os.Truncate(path, int64(good))
}

// adopt takes over an append-only file of redis-server before 7.0, one file in the folder above.
func adopt(path string) (*manifest, error) {
	dir, name := filepath.Split(path)
	before := filepath.Join(filepath.Dir(filepath.Clean(dir)), name)
	if info, err := os.Stat(before); err != nil || !info.Mode().IsRegular() {
		return nil, nil
	}
	m := &manifest{base: &logFile{name: name, seq: 1}}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	if err := m.write(path); err != nil {
		return nil, err
	}
	return m, os.Rename(before, path)
}

// open opens the last file, or a new one if there is only a base.
func (a *appendLog) open() error {
	n := len(a.parts.incrs)
	if n == 0 {
		a.parts.incrs = []logFile{{a.incrName(1), 1}}
		if err := a.parts.write(a.path); err != nil {
			return err
		}
		n = 1
	}
	path := filepath.Join(filepath.Dir(a.path), a.parts.incrs[n-1].name)
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	a.file = file
	info, err := file.Stat()
	if err == nil {
		a.size = info.Size()
	}
	return err
}

func (a *appendLog) incrName(seq int64) string {
	return fmt.Sprintf("%s.%d.incr.aof", filepath.Base(a.path), seq)
}

// append carries out the EventLogAppend at the start of out and those that follow for the same
// file, in one write. Where what follows must not be delivered without, a failure ends the engine.
func (l *Loop) append(out []core.Event) {
	ask := uint32(0)
	var data []byte
	for i := range out {
		if out[i].Kind == core.EventRewrite || out[i].Kind == core.EventLoad {
			break
		}
		if out[i].Kind == core.EventLogAppend {
			if ask = max(ask, out[i].Ticket); data == nil {
				data = out[i].Data
			} else {
				data = append(data, out[i].Data...) // its capacity ends with it: this copies
			}
			out[i].Kind = 0 // done
		}
	}
	a := l.aof
	if a == nil {
		return
	}
	failing := a.pending != nil
	err := a.append(data)
	if err == nil && ask == syncFirst {
		err = a.file.Sync()
	}
	switch {
	case err != nil && ask == syncFirst:
		l.log(3, "Error writing to the AOF file: "+cause(err))
		clear(out)
		l.giveUp("Can't recover from AOF write error when the AOF fsync policy is 'always'. " +
			"Exiting...")
	case err != nil:
		l.reply(core.Input{Kind: core.InLogged, Data: []byte(cause(err))})
	case failing:
		l.reply(core.Input{Kind: core.InLogged})
	}
	if err == nil && ask == syncSoon {
		go l.sync(a.file)
	}
}

// giveUp ends the engine for good.
func (l *Loop) giveUp(why string) {
	l.hangupAll()
	_ = l.end() // why is being said
	l.shutdown(why)
}

// sync makes a file durable while the Loop goes on.
func (l *Loop) sync(file *os.File) {
	if err := file.Sync(); err != nil && !errors.Is(err, os.ErrClosed) {
		l.Send([]core.Input{{Kind: core.InLogged, Data: []byte(cause(err))}})
	}
}

// append appends what could not be appended before, and data. After an error the file holds what
// it held before.
func (a *appendLog) append(data []byte) error {
	if a.pending != nil {
		a.pending = append(a.pending, data...)
		data = a.pending
	}
	n, err := a.file.Write(data)
	if err == nil {
		a.size += int64(n)
		a.pending = nil
		return nil
	}
	if a.file.Truncate(a.size) != nil { // then that much of it is there
		a.size += int64(n)
		data = data[n:]
	}
	if a.pending = data; len(data) == 0 {
		a.pending = []byte{}
	}
	a.pending = bytes.Clone(a.pending)
	return err
}

// rewrite carries out an EventRewrite and puts its outcome into the inbox.
func (l *Loop) rewrite(o *core.Event) {
	answer := core.Input{Kind: core.InRewritten, Ticket: o.Ticket}
	path := l.under(o.Path)
	parts, err := (*manifest)(nil), error(nil)
	if l.aof != nil && l.aof.path == path {
		parts = l.aof.parts
	} else {
		parts, err = readManifest(path)
	}
	var next *appendLog
	if err == nil {
		next, err = begin(path, parts, o.Data)
	}
	if err != nil {
		answer.Data = []byte(err.Error())
	} else {
		if l.aof != nil {
			_ = l.aof.file.Close() // nobody needs it any more
		}
		l.aof = next
		parts.remove(filepath.Dir(path))
	}
	l.reply(answer)
}

// begin makes an append-only file with a base, in place of one made of other parts.
func begin(path string, old *manifest, base []byte) (a *appendLog, err error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	baseSeq, incrSeq := old.lastSeqs()
	kind := "aof"
	if bytes.HasPrefix(base, []byte("REDIS")) {
		kind = "rdb"
	}
	a = &appendLog{path: path}
	name := fmt.Sprintf("%s.%d.base.%s", filepath.Base(path), baseSeq+1, kind)
	a.parts = &manifest{
		base:  &logFile{name, baseSeq + 1},
		incrs: []logFile{{a.incrName(incrSeq + 1), incrSeq + 1}},
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.drop())
		}
	}()
	a.file, err = os.OpenFile(filepath.Join(dir, a.parts.incrs[0].name),
		os.O_WRONLY|os.O_APPEND|os.O_CREATE|os.O_TRUNC, 0o644)
	if err == nil {
		err = writeFile(filepath.Join(dir, name), base)
	}
	if err == nil {
		err = a.parts.write(path)
	}
	return a, err
}

// drop removes the files of an append-only file that did not come to be.
func (a *appendLog) drop() error {
	if a.file == nil {
		return nil
	}
	err := a.file.Close()
	for _, f := range a.parts.files() {
		if gone := os.Remove(filepath.Join(filepath.Dir(a.path), f.name)); !errors.Is(gone,
			os.ErrNotExist) {
			err = errors.Join(err, gone)
		}
	}
	return err
}

// closeLog makes durable what was appended, and closes the file.
func (l *Loop) closeLog() {
	if l.aof == nil {
		return
	}
	if l.aof.file != nil {
		l.log(2, "Calling fsync() on the AOF file.")
		if err := errors.Join(l.aof.file.Sync(), l.aof.file.Close()); err != nil {
			l.log(3, "closing the AOF file: "+cause(err))
		}
	}
	l.aof = nil
}

// cause words an error of the system as C does, without the path.
func cause(err error) string {
	var path *os.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	text := err.Error()
	return strings.ToUpper(text[:1]) + text[1:]
}
