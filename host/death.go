package host

import (
	"fmt"
	"os"
	"strings"

	"github.com/redlet/redlet/core"
	"github.com/redlet/redlet/internal/errs"
)

// bury ends an engine that has died and puts another in its place. Its connections are hung up:
// what it had promised them is not known.
func (l *Loop) bury(why error) {
	clear(l.out)
	l.out = l.out[:0]
	death, _ := errs.As[*Death](why)
	if l.options.Died != nil {
		l.options.Died(why)
		death = nil
	}
	l.log(3, why.Error())
	if death != nil && death.Detail != "" {
		l.log(3, death.Detail)
	}
	if n := l.hangupAll(); n > 0 {
		l.log(3, fmt.Sprintf("%d clients were disconnected", n))
	}
	_ = l.engine.Close() // it is dead already; there is nobody to tell
	l.engine, l.deadline = nil, core.Never
	l.life++
	l.closeFiles()
	if err := l.revive(); err != nil {
		l.log(3, "no new engine: "+err.Error())
		l.shutdown(why.Error())
		return
	}
	if err := l.bus.rejoin(l); err != nil {
		l.log(3, "the new engine is not of the cluster: "+err.Error())
	}
}

// revive makes a new engine with the data that was kept: that of its own files, if it has an
// append-only file; the last snapshot, if one was kept; what was last saved.
func (l *Loop) revive() error {
	if err := l.boot(); err != nil {
		if l.engine != nil {
			err = errs.Join(err, l.engine.Close())
		}
		l.engine, l.deadline = nil, core.Never
		return err
	}
	_, dir := l.options.Config["dir"]
	image, from := l.kept, "the last snapshot"
	switch {
	case strings.EqualFold(l.options.Config["appendonly"], "yes"), image == nil && dir:
		l.log(3, "a new engine starts with the data of its files")
		return nil
	case image == nil && l.saved == "":
		l.log(3, "a new engine starts empty: no snapshot was kept")
		return nil
	case image == nil:
		from = l.saved
		var err error
		if image, err = os.ReadFile(l.saved); err != nil {
			l.log(3, "a new engine starts empty: the last save cannot be read: "+err.Error())
			return nil
		}
	}
	refusal, err := l.ask(core.InRestore, image, false)
	switch {
	case err != nil:
		l.log(3, from+" kills a new engine: "+err.Error())
		err = errs.Join(err, l.engine.Close())
		l.engine, l.deadline = nil, core.Never
	case len(refusal) > 0:
		l.log(3, "a new engine starts empty: "+from+" is refused: "+string(refusal))
	default:
		l.log(3, "a new engine starts with the data of "+from)
	}
	return err
}
