package core

const errReload = "ERR Error trying to load the RDB dump, check server logs."

// reload is what DEBUG RELOAD is told: what is done before and while the RDB file is loaded.
type reload struct {
	merge   bool // what the file has takes the place of what is there
	noflush bool // what is there stays
	nosave  bool // the file stays as it is
}

// debugReload saves all data and loads them again, or loads the file as it is.
func debugReload(c *Call) {
	var r reload
	for _, arg := range c.Args[2:] {
		switch {
		case is(arg, "merge"):
			r.merge = true
		case is(arg, "noflush"):
			r.noflush = true
		case is(arg, "nosave"):
			r.nosave = true
		default:
			c.Error("ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.")
			return
		}
	}
	e := c.e
	switch {
	case c.conn.has(connScript), r.nosave && !c.mayBlock():
		c.Error(errReload)
	case r.nosave:
		r.file(c)
	case !c.mayMakeImage():
	default:
		e.beginSave(save{})
		c.replyReloaded(r.load(e, e.image(nil, imageFile)))
	}
}

// file has the host read the file. Nobody is served meanwhile.
func (r reload) file(c *Call) {
	e, waiter := c.e, c.block(nil, kindCount, Never, nil)
	e.sleepUntil(Never)
	e.readFile(e.cfg.rdbPath(), func(image []byte, in *reading) {
		done := false
		switch {
		case in.failure == "":
			done = r.load(e, image)
		default:
			e.log(logWarning, "Failed opening the RDB file: "+in.failure)
			if !r.noflush {
				e.emptyData()
			}
		}
		e.wakeUp()
		if !waiter.over() {
			e.unblockWithReply(waiter, func(c *Call) { c.replyReloaded(done) })
		}
	})
}

// load loads an image. Without MERGE nothing in it may be there already: Redis ends its process
// over a key that is.
func (r reload) load(e *Engine, image []byte) bool {
	l := loader{e: e, clock: e.clock, random: e.random}
	err := l.load(r.kept(e))
	if l.merge = r.merge; err == nil {
		err = l.read(image)
	}
	if err != nil {
		e.log(logWarning, err.Error())
		return false
	}
	l.commit()
	e.log(logWarning, "DB reloaded by DEBUG RELOAD")
	return true
}

// kept is an image of what is there before the file is loaded.
func (r reload) kept(e *Engine) []byte {
	if r.noflush {
		return e.image(nil, imageFile)
	}
	return e.image(nil, imageEmpty)
}

func (c *Call) replyReloaded(done bool) {
	if done {
		c.OK()
	} else {
		c.Error(errReload)
	}
}
