package host

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/redlet/redlet/core"
	"github.com/redlet/redlet/internal/errs"
)

// readMax is how much of a file is read at a time.
const readMax = 1 << 20

// appended is a file that is being appended to.
type appended struct {
	path    string
	ticket  uint32   // of the last EventAppend
	file    *os.File // nil: it could not be opened
	size    int64    // what of it is good
	pending []byte   // what could not be appended yet
	failing bool     // the last attempt failed
}

// verb carries out what an event of the step asks of a file, and puts the outcome into the inbox.
func (l *Loop) verb(i int) {
	o := &l.out[i]
	path := l.under(o.Path)
	answer := core.Input{Kind: core.InDone, Ticket: o.Ticket}
	var err error
	switch o.Kind {
	case core.EventAppend:
		l.append(i, path)
		return
	case core.EventSync:
		err = l.retry(l.files[path])
		if a := l.files[path]; err == nil && a != nil {
			if o.Offset == 0 {
				l.sync(a.file, answer)
				return
			}
			err = a.file.Sync() // nothing runs before the answer
		}
	case core.EventRead:
		answer.Data, err = readPiece(path, o.Offset)
		answer.Kind = core.InContent
		if errors.Is(err, os.ErrNotExist) {
			answer.Kind, err = core.InAbsent, nil
		}
	case core.EventReplace:
		l.drop(path)
		if err = writeFile(path, o.Data); err == nil && bytes.HasPrefix(o.Data, []byte("REDIS")) {
			l.saved = path // an image: all data
			if l.options.Keep {
				l.kept = bytes.Clone(o.Data)
			}
		}
	case core.EventRemove:
		l.drop(path)
		if err = os.Remove(path); errors.Is(err, os.ErrNotExist) {
			err = nil
		}
	}
	if err != nil {
		answer.Kind, answer.Data = core.InDone, []byte(cause(err))
	}
	l.reply(answer)
}

// under is where a path of the engine lies.
func (l *Loop) under(path string) string {
	if l.options.Dir != "" && !filepath.IsAbs(path) {
		path = filepath.Join(l.options.Dir, path)
	}
	return filepath.Clean(path)
}

// reply puts an answer into the inbox, for the owner's next round. Where none is wanted a failure
// goes to the log.
func (l *Loop) reply(in core.Input) {
	if in.Ticket == 0 {
		if len(in.Data) > 0 {
			l.log(3, "a file: "+string(in.Data))
		}
		return
	}
	if !l.ready {
		l.answers = append(l.answers, in)
		return
	}
	l.mu.Lock()
	l.inbox.inputs = append(l.inbox.inputs, in)
	l.mu.Unlock()
}

// readPiece reads a piece of a file, and puts its size before it. It does not wait for whoever
// should write to a pipe.
func readPiece(path string, offset int64) ([]byte, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, syscall.EISDIR
	}
	size := info.Size()
	piece := make([]byte, 8+max(0, min(readMax, size-offset)))
	binary.LittleEndian.PutUint64(piece, uint64(size))
	n, err := file.ReadAt(piece[8:], offset)
	if errors.Is(err, io.EOF) {
		err = nil // it has become shorter meanwhile
	}
	return piece[:8+n], err
}

// append appends what the event asks for, and what those ask for that follow for the same file, in
// one write.
func (l *Loop) append(i int, path string) {
	data := l.out[i].Data
	for k := i + 1; k < len(l.out); k++ {
		switch o := &l.out[k]; {
		case o.Kind == core.EventAppend && o.Path == l.out[i].Path:
			data = append(data[:len(data):len(data)], o.Data...)
			o.Kind = 0 // done
			continue
		case o.Kind == core.EventData, o.Kind == core.EventLog, o.Kind == 0:
			continue
		}
		break
	}
	a := l.files[path]
	if a == nil {
		a = &appended{path: path}
		l.files[path] = a
	}
	a.ticket = l.out[i].Ticket
	l.try(a, data)
}

// retry tries again what could not be appended.
func (l *Loop) retry(a *appended) error {
	if a == nil || !a.failing {
		return nil
	}
	return l.try(a, nil)
}

// try appends data, and tells the engine of a failure and of its end.
func (l *Loop) try(a *appended, data []byte) error {
	failed := a.failing
	err := a.append(data)
	a.failing = err != nil
	switch {
	case err != nil:
		l.reply(core.Input{Kind: core.InAppended, Ticket: a.ticket, Data: []byte(cause(err))})
	case failed:
		l.reply(core.Input{Kind: core.InAppended, Ticket: a.ticket})
	}
	return err
}

// append appends what could not be appended before, and data. After an error the file holds what
// it held before.
func (a *appended) append(data []byte) error {
	if len(a.pending) > 0 {
		a.pending = append(a.pending, data...)
		data = a.pending
	}
	n, err := 0, a.open()
	if err == nil {
		n, err = a.file.Write(data)
	}
	if err == nil {
		a.size += int64(n)
		a.pending = nil
		return nil
	}
	if n > 0 && a.file.Truncate(a.size) != nil { // then that much of it is there
		a.size += int64(n)
		data = data[n:]
	}
	a.pending = bytes.Clone(data)
	return err
}

// open opens the file. It makes the folder that it lies in, but none above that.
func (a *appended) open() error {
	if a.file != nil {
		return nil
	}
	const flags = os.O_WRONLY | os.O_APPEND | os.O_CREATE
	file, err := os.OpenFile(a.path, flags, 0o644)
	if errors.Is(err, os.ErrNotExist) && os.Mkdir(filepath.Dir(a.path), 0o755) == nil {
		file, err = os.OpenFile(a.path, flags, 0o644)
	}
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		return errs.Join(err, file.Close())
	}
	a.file, a.size = file, info.Size()
	return nil
}

// sync makes a file durable while the Loop goes on.
func (l *Loop) sync(file *os.File, answer core.Input) {
	life := l.life
	l.begin(func(h *home) {
		if err := file.Sync(); err != nil && !errors.Is(err, os.ErrClosed) {
			answer.Data = []byte(cause(err))
		}
		l.own(h)
		defer l.release()
		if l.engine != nil && l.life == life { // else whoever asked is no more
			l.reply(answer)
		}
	})
}

// drop forgets a file that is no longer appended to.
func (l *Loop) drop(path string) {
	if a := l.files[path]; a != nil {
		if a.file != nil {
			_ = a.file.Close() // what it holds is given up
		}
		delete(l.files, path)
	}
}

// closeFiles makes durable what was appended, and closes the files.
func (l *Loop) closeFiles() {
	for path, a := range l.files {
		err := l.retry(a)
		if a.file != nil {
			err = errs.Join(err, a.file.Sync(), a.file.Close())
		}
		if err != nil {
			l.log(3, "closing the file "+path+": "+cause(err))
		}
	}
	clear(l.files)
}

// writeFile replaces the file at path so that a failure at any moment, the machine's included,
// leaves either the old file or the new one, whole.
func writeFile(path string, data []byte) (err error) {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, "temp-*.rdb")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errs.Join(err, os.Remove(f.Name()))
		}
	}()
	if _, err = f.Write(data); err == nil {
		err = f.Chmod(0o644)
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errs.Join(err, f.Close()); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return err
	}
	syncDir(dir)
	return nil
}

// syncDir makes the new name durable. Systems that cannot sync a folder keep it in their own time.
func syncDir(dir string) {
	d, err := os.Open(dir)
	if err != nil {
		return
	}
	_ = d.Sync()
	_ = d.Close()
}

// cause words an error of the system as C does, without the path.
func cause(err error) string {
	if path, ok := errs.As[*os.PathError](err); ok {
		err = path.Err
	} else if link, ok := errs.As[*os.LinkError](err); ok {
		err = link.Err
	}
	text := err.Error()
	return strings.ToUpper(text[:1]) + text[1:]
}
