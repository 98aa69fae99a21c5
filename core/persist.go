package core

import (
	"slices"
	"strings"

	"github.com/redlet/redlet/core/internal/rdb"
	"github.com/redlet/redlet/core/internal/small"
)

// persist is what the engine knows of its RDB file: what has changed since it was last saved, when
// it is to be saved next, and which saves the host is about.
type persist struct {
	writer rdb.Writer
	size   int   // of the last image: how much room to make for the next
	dirty  int64 // changes since the last save
	broken bool  // the last save in the background failed

	last      Time    // when a save last succeeded; at first, when the engine started
	tried     Time    // when a save in the background was last begun
	took      Time    // how long the last one in the background took, -1 before the first
	saves     int64   // that succeeded
	expired   int64   // keys that the last image to be loaded had but whose time was over
	loaded    int64   // keys that it had and whose time was not over
	pending   []*save // in the order in which they were begun
	unchecked bool    // DEBUG SET-SKIP-CHECKSUM-VALIDATION
	wanted    bool    // BGSAVE in a transaction: a save is to begin behind the transaction
}

// save is an image that the host is putting in its place.
type save struct {
	background bool         // BGSAVE, or a save point
	replicas   bool         // it is for replicas that wait for data, and no file is written
	ending     *ending      // it follows, or nil
	flushed    bool         // by FLUSHALL, whose changes count as saved from the beginning
	waiter     *blockedCall // the command that waits for the outcome, or nil
	dirty      int64        // the changes that the image holds
	begun      Time
	delayed    bool   // rdb-key-save-delay keeps the image from the host
	due        Time   // and until when
	image      []byte // this one
}

// saveRetry is how long after a failed save in the background the next one is tried.
const saveRetry Time = 5e6

func (p *persist) start(e *Engine) { p.last, p.took = e.now, -1 }

// due returns when a save point is reached, or else when a save is wanted.
func (p *persist) due(e *Engine) Time {
	if s := p.delayed(); s != nil && !e.has(engineClosing) {
		return e.delayedTo(s.due)
	}
	if e.has(engineClosing) || e.hasChild() {
		return Never
	}
	if p.wanted {
		return e.now
	}
	if p.dirty == 0 || len(e.cfg.save) == 0 {
		return Never
	}
	due := Never
	for _, point := range e.cfg.save {
		if p.dirty >= point.changes {
			due = min(due, p.last+Time(point.seconds)*1e6)
		}
	}
	if p.broken && due != Never {
		due = max(due, p.tried+saveRetry)
	}
	return due
}

// turn saves in the background, since a save point is reached.
func (p *persist) turn(e *Engine) {
	if s := p.delayed(); s != nil {
		e.writeSave(s)
		return
	}
	if p.wanted {
		p.wanted = false
	} else {
		e.log(logNotice, itoa(p.dirty)+" changes since the last save. Saving...")
	}
	e.beginSave(save{background: true})
}

// hasChild tells whether something is done in the background for which Redis has a child. It has
// one at a time.
func (e *Engine) hasChild() bool { return e.persist.inBackground() || e.aof.rewriting != nil }

//go:noinline
func (p *persist) inBackground() bool {
	return slices.ContainsFunc(p.pending, func(s *save) bool { return s.background })
}

// delayed is the save that the host is yet to be told of, nil if there is none.
func (p *persist) delayed() *save {
	for _, s := range p.pending {
		if s.delayed {
			return s
		}
	}
	return nil
}

// endDelayed ends such a save, as FLUSHALL does with one that is under way. It has not failed.
func (e *Engine) endDelayed() {
	p := &e.persist
	p.pending = small.DeleteFunc(p.pending, func(s *save) bool { return s.delayed })
	e.aof.plan(e)
	if e.replicas.delayed {
		e.replicas.delayed = false
		e.dropHeld()
		e.syncReplicas()
	}
}

// diskErrorChanged notes whether something failed that may keep commands from writing.
//
//go:noinline
func (e *Engine) diskErrorChanged() {
	e.flags.set(engineDiskError, e.persist.broken || e.aof.failure != "")
}

// beginSave hands an image of the data to the host. saved ends it.
func (e *Engine) beginSave(s save) {
	p := &e.persist
	s.dirty, s.begun = p.dirty, e.now
	if s.background {
		p.tried = e.now
		e.stats.forks++
		e.log(logNotice, "Background saving started")
	}
	p.pending = append(p.pending, &s)
	if s.flushed {
		e.settle(&s)
	}
	if !e.hasRoomForImage() {
		e.saved(&s, noMemory)
		return
	}
	s.image = e.image(nil, imageFile)
	if s.due = e.now + e.saveDelay(); s.background && s.due > e.now {
		s.delayed = true
		return
	}
	e.writeSave(&s)
}

// saveDelay is how long a save in the background takes, if it is to take longer than it does.
//
//go:noinline
func (e *Engine) saveDelay() Time {
	if e.cfg.keySaveDelay == 0 {
		return 0
	}
	return keyDelay(e.cfg.keySaveDelay, e.countKeys())
}

// delayedTo is until when something is held up that was to be until due: not any longer, if
// rdb-key-save-delay is no more.
func (e *Engine) delayedTo(due Time) Time {
	if e.cfg.keySaveDelay == 0 {
		return min(due, e.now)
	}
	return due
}

// writeSave has the host put the image in its place.
func (e *Engine) writeSave(s *save) {
	if s.replicas {
		e.persist.drop(s)
		e.persist.took = e.now - s.begun
		e.sendImages()
		e.aof.plan(e)
		return
	}
	image := s.image
	s.delayed, s.image = false, nil
	e.replaceFile(e.cfg.rdbPath(), image, func(failure string) { e.saved(s, failure) })
}

// saved tells the outcome of a save: "" is success, anything else says what went wrong.
func (e *Engine) saved(s *save, failure string) {
	p := &e.persist
	p.drop(s)
	switch {
	case failure != "":
		if s.flushed {
			e.addDirty(s.dirty)
		}
		p.broken = p.broken || s.background
		e.log(logWarning, "Failed saving the DB: "+failure)
	case s.flushed:
		e.isSaved()
	default:
		e.settle(s)
		p.saves++
		e.isSaved()
	}
	if s.background {
		if failure == "" {
			e.log(logNotice, "Background saving terminated with success")
		} else {
			e.log(logWarning, "Background saving error")
		}
		e.aof.plan(e)
	}
	e.diskErrorChanged()
	if s.background {
		p.took = e.now - s.begun
	}
	e.answerSave(s, failure == "")
}

// drop forgets a save.
func (p *persist) drop(s *save) {
	p.pending = small.DeleteFunc(p.pending, func(other *save) bool { return other == s })
}

// isSaved notes a save that succeeded.
func (e *Engine) isSaved() {
	e.persist.last, e.persist.broken = e.now, false
	e.log(logNotice, "DB saved on disk")
}

// settle takes the changes that a save holds from those since the last one, and from those of the
// saves that are under way: one begun later holds them too.
func (e *Engine) settle(s *save) {
	e.addDirty(-s.dirty)
	for _, other := range e.persist.pending {
		if other != s {
			other.dirty = max(0, other.dirty-s.dirty)
		}
	}
}

// answerSave goes on with the command that waits for a save.
func (e *Engine) answerSave(s *save, done bool) {
	waits := s.waiter != nil && s.waiter.conn.blocked == s.waiter
	switch how := s.ending; {
	case how != nil && how != e.ending: // it was called off
	case how != nil && (done || how.force):
		e.shutdown(shutdownAsked)
	case how != nil:
		e.log(logWarning, "Error trying to save the DB, can't exit.")
		e.endFailed()
	case !waits:
	case done:
		e.unblockWithReply(s.waiter, (*Call).replyOK)
	default:
		e.unblockWithReply(s.waiter, func(c *Call) { c.Error("ERR") })
	}
}

func (c *Call) replyOK() { c.OK() }

// rdbPath is where the RDB file stands.
func (cfg *config) rdbPath() string { return cfg.under(cfg.dbfilename) }

// under is the path of a name in the folder of the configuration.
//
//go:noinline
func (cfg *config) under(name string) string {
	if cfg.dir == "" || strings.HasSuffix(cfg.dir, "/") {
		return cfg.dir + name
	}
	return cfg.dir + "/" + name
}
