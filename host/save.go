package host

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/redlet/redlet/core"
)

// save carries out an EventSave and puts its outcome into the inbox.
func (l *Loop) save(o *core.Event) {
	path := l.under(o.Path)
	answer := core.Input{Kind: core.InSaved, Ticket: o.Ticket}
	if err := writeFile(path, o.Data); err != nil {
		answer.Data = []byte(err.Error())
	} else {
		l.saved = path
		if l.options.Keep {
			l.kept = append([]byte(nil), o.Data...)
		}
	}
	l.reply(answer)
}

// under is where a path of the engine lies.
func (l *Loop) under(path string) string {
	if l.options.Dir != "" && !filepath.IsAbs(path) {
		path = filepath.Join(l.options.Dir, path)
	}
	return path
}

// reply puts the outcome of an event into the inbox, for the owner's next round.
func (l *Loop) reply(in core.Input) {
	l.mu.Lock()
	l.inbox.inputs = append(l.inbox.inputs, in)
	l.mu.Unlock()
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
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	if _, err = f.Write(data); err == nil {
		err = f.Chmod(0o644)
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
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
