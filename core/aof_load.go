package core

import (
	"strings"

	"github.com/redlet/redlet/core/internal/aofile"
	"github.com/redlet/redlet/core/internal/rdb"
)

// load is data being loaded from files, at the start or for DEBUG LOADAOF. Nobody is served
// meanwhile.
type load struct {
	waiter *blockedCall // DEBUG LOADAOF, or nil: it is the engine's start
	ticket uint32       // of the EventConfigured that tells of the start
	old    string       // the one file of a server before 7.0 that was loaded, "" if none was
	placed bool         // the data stand in a stream that a master may go on with
	logged bool         // why nothing can be loaded is in the log
	where  string       // more about a failure, which redis-server does not log
	replayer
}

// start loads what there is. Without the parameter dir and an append-only file there is nothing
// that could be: a program that embeds an engine asks for neither.
func (e *Engine) start(ticket uint32, dir bool) {
	a := &e.aof
	a.at, a.syncAt, a.retryAt, a.took = Never, Never, Never, -1
	a.loading = &load{ticket: ticket}
	if e.cfg.aclfile == "" {
		e.startNodes(dir)
		return
	}
	e.sleepUntil(Never)
	e.loadUsers(func(problem string) {
		if problem != "" {
			e.started("Aborting Redis startup because of ACL errors: " + problem)
			return
		}
		e.startNodes(dir)
	})
}

// startNodes loads what a node of a cluster knew of it, and then the data.
func (e *Engine) startNodes(dir bool) {
	if e.cluster == nil || !dir {
		e.loadData(dir)
		return
	}
	e.sleepUntil(Never)
	e.loadNodes(func(problem string) {
		if problem != "" {
			e.started(problem)
			return
		}
		e.loadData(dir)
	})
}

// loadData loads the data that there are, as start says.
func (e *Engine) loadData(dir bool) {
	if !dir && !e.cfg.appendonly {
		e.started("")
		return
	}
	e.loadFiles()
}

// loadFiles loads the append-only file or the RDB file.
func (e *Engine) loadFiles() {
	a := &e.aof
	e.sleepUntil(Never)
	e.readManifest(func(failure string) {
		switch {
		case failure != "":
			e.loaded(failure)
		case !e.cfg.appendonly && a.loading.waiter == nil:
			if e.forgetHistory() {
				e.replaceFile(a.manifest(), a.parts.Append(nil), func(string) {})
			}
			e.loadRDB()
		case len(a.parts.Files()) == 0:
			e.loadOldAOF()
		default:
			e.emptyData()
			e.loadNext(a.parts.Files())
		}
	})
}

// emptyData removes all data.
//
//go:noinline
func (e *Engine) emptyData() {
	e.aof.size = 0
	for _, d := range e.dbs {
		e.flushDB(d)
	}
	e.functions = functions{}
}

// readManifest finds out which files the append-only file has.
//
//go:noinline
func (e *Engine) readManifest(then func(failure string)) {
	a := &e.aof
	a.folder, a.name = e.cfg.under(e.cfg.appenddirname), e.cfg.appendfilename
	path := a.manifest()
	e.readFile(path, func(text []byte, r *reading) {
		a.parts = &aofile.Manifest{}
		switch {
		case r.absent:
			then("")
		case r.failure != "":
			then("Fatal error: can't open the AOF manifest file " + path + " for reading: " + r.failure)
		default:
			m, problem := aofile.ParseManifest(text)
			if m == nil {
				for _, line := range problem {
					e.log(logWarning, line)
				}
				if a.loading != nil {
					a.loading.logged = true
				}
				then("FATAL AOF MANIFEST FILE ERROR in " + path + problemText(problem))
				return
			}
			a.parts = m
			then("")
		}
	})
}

// problemText puts what ParseManifest complains of into one line.
func problemText(problem []string) (text string) {
	for _, line := range problem[1:] {
		text += ": " + line[:len(line)-1]
	}
	return text
}

// loadRDB loads the file that SAVE writes, if there is one.
func (e *Engine) loadRDB() {
	path := e.cfg.rdbPath()
	e.readFile(path, func(image []byte, r *reading) {
		switch {
		case r.absent:
			e.started("")
			return
		case r.failure == "":
			l := loader{e: e, clock: e.clock, random: e.random, keepExpired: e.startsAsReplica()}
			if err := e.restore(&l, image); err != nil {
				e.logBadImage(err)
				r.failure = err.Error()
			} else {
				l.report()
				e.goesOn(&l.at, l.gone)
			}
		default:
			e.log(logWarning, "Fatal error: can't open the RDB file "+path+" for reading: "+r.failure)
		}
		if r.failure != "" {
			e.log(logWarning, "Fatal error loading the DB, check server logs. Exiting.")
			e.aof.loading.logged = true
			e.loaded("Fatal error loading the DB from " + path + ", check server logs. Exiting: " +
				r.failure)
			return
		}
		e.log(logNotice, "DB loaded from disk: 0.000 seconds")
		e.addDirty(-e.persist.dirty)
		e.started("")
	})
}

// logBadImage logs, in Redis's words, why an image cannot be read.
func (e *Engine) logBadImage(err error) {
	bad, is := err.(*rdb.Error)
	if !is {
		e.log(logWarning, err.Error())
		return
	}
	what := bad.Reason
	switch bad.Kind {
	case rdb.NoImage:
		e.log(logWarning, "Wrong signature trying to load DB from file")
		return
	case rdb.BadVersion:
		version, _, _ := strings.Cut(what, " cannot")
		e.log(logWarning, "Can't handle RDB format "+version)
		return
	case rdb.TooShort:
		e.log(logWarning, "Short read or OOM loading DB. Unrecoverable error, aborting now.")
		what = "Unexpected EOF reading RDB file"
	case rdb.BadChecksum:
		e.log(logWarning, "Wrong RDB checksum. Aborting now.")
		what = "RDB CRC error"
	}
	e.log(logWarning, "Internal error in RDB reading offset "+string(decimal(int64(bad.Offset)))+
		" -> "+what)
}

// loadOldAOF loads the one file that a server before 7.0 kept, if there is one. An append-only file
// begins then that takes its place.
func (e *Engine) loadOldAOF() {
	l := e.aof.loading
	if l.waiter != nil {
		e.emptyData()
		e.loaded("there is no append-only file")
		return
	}
	path := e.cfg.under(e.cfg.appendfilename)
	e.readPiece(path, 0, func(r *reading) {
		if r.absent {
			e.beginRewrite(&rewrite{start: true})
			return
		}
		l.old = path
		l.begin(e, e.cfg.appendfilename, path, true)
		l.then = func() { e.beginRewrite(&rewrite{start: true}) }
		l.take(r)
	})
}

// loadNext loads the files that are left.
//
//go:noinline
func (e *Engine) loadNext(files []*aofile.File) {
	l, name := e.aof.loading, files[0].Name
	l.begin(e, name, e.aof.path(name), len(files) == 1)
	l.then = func() {
		kind := "incr"
		if base := e.aof.parts.Base; base != nil && base.Name == name {
			kind = "base"
			e.aof.base = l.good
		}
		e.note(logNotice, "DB loaded from "+kind+" file ", name, ": 0.000 seconds")
		if len(files) > 1 {
			e.loadNext(files[1:])
			return
		}
		e.log(logNotice, "DB loaded from append only file: 0.000 seconds")
		if e.cfg.appendonly {
			e.openAOF()
		} else { // DEBUG LOADAOF of what BGREWRITEAOF has left
			e.loaded("")
		}
	}
	e.readPiece(l.path, 0, l.take)
}

// openAOF has what follows appended to the last of the files that were loaded, or to a new one.
//
//go:noinline
func (e *Engine) openAOF() {
	a := &e.aof
	verb, changed := "Opening", e.forgetHistory()
	if len(a.parts.Incrs) == 0 {
		verb, changed = "Creating", true
		a.parts = e.nextIncr()
		e.createIncr(a.parts)
	}
	e.appendTo(a.parts.LastIncr())
	ready := func(failure string) {
		if failure == "" {
			e.note(logNotice, verb+" AOF incr file ", a.parts.LastIncr().Name, " on server start")
			e.addDirty(-e.persist.dirty)
			e.logsChanges(true)
		}
		e.loaded(failure)
	}
	if !changed {
		ready("")
		return
	}
	e.replaceFile(a.manifest(), a.parts.Append(nil), ready)
}

// forgetHistory removes the files that have been replaced. It tells whether there were any: the
// manifest is then to be written.
//
//go:noinline
func (e *Engine) forgetHistory() bool {
	a := &e.aof
	if len(a.parts.History) == 0 {
		return false
	}
	for _, f := range a.parts.History {
		e.note(logNotice, "Removing the history file ", f.Name, " in the background")
		e.removeFile(a.path(f.Name))
	}
	a.parts.History = nil
	return true
}

// loaded tells that the files have been loaded, or why they could not be.
//
//go:noinline
func (e *Engine) loaded(failure string) {
	l := e.aof.loading
	if l.waiter == nil {
		e.started(failure)
		return
	}
	e.aof.loading = nil
	e.used()
	e.wakeUp()
	if failure != "" {
		e.log(logWarning, failure)
		e.unblockWithReply(l.waiter, func(c *Call) { c.Error(errLoadaof) })
		return
	}
	e.log(logNotice, "Append Only File loaded by DEBUG LOADAOF")
	e.unblockWithReply(l.waiter, (*Call).replyOK)
}

// started tells that the engine serves from now on, or why it never will.
//
//go:noinline
func (e *Engine) started(failure string) {
	l := e.aof.loading
	e.aof.loading = nil
	e.used()
	e.flags.set(engineClosing, failure != "")
	if failure != "" && !l.logged {
		e.log(logWarning, failure+l.where)
	}
	e.emit(Event{Kind: EventConfigured, Ticket: l.ticket, Data: []byte(failure + l.where)})
	e.wakeUp()
	if failure != "" {
		return
	}
	e.loadedIn(func() {
		if e.cfg.masterHost != "" {
			e.follow(e.cfg.masterHost, e.cfg.masterPort, l.placed)
		}
		if e.cluster != nil {
			e.followMaster()
		}
	})
}
