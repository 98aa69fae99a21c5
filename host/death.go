package host

import (
	"errors"
	"fmt"
	"os"

	"github.com/redlet/redlet/core"
)

// bury ends an engine that has died and puts another in its place. Its connections are hung up:
// what it had promised them is not known.
func (l *Loop) bury(why error) {
	clear(l.out)
	l.out = l.out[:0]
	l.log(3, why.Error())
	var death *Death
	if errors.As(why, &death) && death.Detail != "" {
		l.log(3, death.Detail)
	}
	if n := l.hangupAll(); n > 0 {
		l.log(3, fmt.Sprintf("%d clients were disconnected", n))
	}
	_ = l.engine.Close() // it is dead already; there is nobody to tell
	l.engine, l.deadline = nil, core.Never
	l.life++
	l.closeLog()
	if err := l.revive(); err != nil {
		l.log(3, "no new engine: "+err.Error())
		l.shutdown(why.Error())
	}
}

// revive makes a new engine with the data that was kept.
func (l *Loop) revive() error {
	engine, err := l.make()
	if err != nil {
		return err
	}
	image, from := l.kept, "the last snapshot"
	if image == nil && l.saved != "" {
		from = l.saved
		if image, err = os.ReadFile(l.saved); err != nil {
			l.log(3, "the last save cannot be read: "+err.Error())
		}
	}
	l.engine, l.deadline = engine, l.now() // a step at once tells the true deadline
	if image == nil {
		l.log(3, "a new engine starts empty: no snapshot was kept")
		return nil
	}
	refusal, err := l.ask(core.InRestore, image)
	switch {
	case err != nil:
		l.log(3, from+" kills a new engine: "+err.Error())
		l.engine, l.deadline = nil, core.Never
		return errors.Join(err, engine.Close())
	case len(refusal) > 0:
		l.log(3, "a new engine starts empty: "+from+" is refused: "+string(refusal))
	default:
		l.log(3, "a new engine starts with the data of "+from)
	}
	return nil
}
