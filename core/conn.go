package core

import (
	"cmp"

	"github.com/redlet/redlet/core/internal/acl"
	"github.com/redlet/redlet/core/internal/reply"
	"github.com/redlet/redlet/core/internal/resp"
	"github.com/redlet/redlet/core/internal/small"
)

// conn is what the engine knows of a connection.
type conn struct {
	id      ConnID
	peer    Conn
	user    *acl.User
	db      *db
	created Time

	in []byte // input that no complete request has consumed yet
	// ownInput is set while commands of in run, until one has taken it: see takeArg.
	ownInput bool
	reader   resp.Reader
	w        reply.Writer
	request  int // the length of the request that is running

	flags     connFlags
	announced bool  // an EventData is on its way, or will be: see rests
	rests     bool  // it stands in Engine.resting
	asked     int   // how much output there was when the host was last asked for room for it
	given     int   // how much output the host got by the event that it is polling
	corked    bool  // the host can send nothing for now
	link      *link // not a client: the engine asked for it; or nil
	noEvict   bool
	noTouch   bool
	readOnly  bool // READONLY: a replica of a cluster serves what its master does
	asking    int8 // 2 after ASKING, 1 while the command behind it runs
	// authenticated is set when its user gave a password, guest when none was needed.
	authenticated, guest bool

	name, libName, libVer []byte
	lastInput             Time
	lastCmd               *Command
	messages              messages // noted while replies are dropped
	softSince             Time     // since when the output stands above the soft limit, or 0
	buffer                replyBuffer

	queue      []queued // what MULTI has queued
	queueBytes int64    // what that takes
	queueFlags Flag     // of all the commands there
	queueLacks Flag     // those that one of them has not
	dirtyExec  bool     // a command was refused at queueing: EXEC will not run
	watched    []watch
	dirtyCAS   bool // a watched key was changed

	blocked  *blockedCall // the command that waits
	filtered *filtered    // what the filter said of the next command, which waits
	replica  replica
	task     *task // the command that runs a script and is suspended
	subs     [subKinds]subscriptions
	tracking *clientTracking // since the first CLIENT TRACKING ON
	pushed   reply.Writer    // messages that wait until the reply to the command under way is complete

	fieldsets *fieldsets // those of HIMPORT; nil while there is none

	netIn, netOut, commands int64
	counted                 int64 // its part of the memory in use
	weight                  int64 // and of what makes clients too heavy: see weighClient
}

// drop forgets a connection and whatever it waited for, watched or listened to.
func (e *Engine) drop(cl *conn) {
	cl.flags |= connClosing
	if d := e.scripts.debug; d != nil && d.conn == cl {
		e.scripts.forgetDebugger()
		e.scripts.deserted = true
	}
	if f := e.forkOf(cl); f != nil {
		e.dropFork(f)
	}
	if cl.blocked != nil {
		e.unblock(cl)
	}
	e.release(cl)
	e.unmonitor(cl)
	e.detach(cl)
	e.countClient(cl, 0)
	delete(e.conns, cl.id)
	delete(e.links, cl.id)
	if known := &e.recentConns[cl.id%recentConnsSize]; *known == cl {
		*known = nil
	}
	if cl.link != nil {
		cl.link.ended()
	}
}

// release ends what a connection watches, listens to and tracks.
func (e *Engine) release(cl *conn) {
	e.unwatch(cl)
	e.unsubscribeAll(cl)
	e.dropTracking(cl)
}

// connsByID lists the connections by their ids.
//
//go:noinline
func (e *Engine) connsByID() []*conn {
	all := make([]*conn, 0, len(e.conns))
	for _, cl := range e.conns { // order: sorted below
		all = append(all, cl)
	}
	small.Sort(all, func(a, b *conn) int { return cmp.Compare(a.id, b.id) })
	return all
}
