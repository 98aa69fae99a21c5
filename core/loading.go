package core

// loading is that data are being loaded, as clients are told of it. An engine loads between two
// commands, so that there is nothing to tell; but for where Redis loads what it still receives
// (repl-diskless-load), and where key-load-delay has it take long.
type loading struct {
	async bool // the data of before are served meanwhile
	began Time // by the host's clock
	due   Time // until when key-load-delay makes it last; Never: somebody else ends it
	total int64
	got   int64 // of so many bytes, if that is known
	then  func()
}

const errLoading = "LOADING Redis is loading the dataset in memory"

// beginLoading has clients told that data are being loaded, until endLoading.
func (e *Engine) beginLoading(l *loading) {
	l.began = e.clock.host
	e.loading = l
	e.flags.set(engineLoading, true)
}

// endLoading serves clients again, and does what was to follow.
func (e *Engine) endLoading() {
	l := e.loading
	e.loading = nil
	e.flags.set(engineLoading, false)
	if l.then != nil {
		l.then()
	}
}

// loadedIn has the data that were just loaded arrive as slowly as key-load-delay says. then
// follows.
func (e *Engine) loadedIn(then func()) {
	if d := keyDelay(e.cfg.keyLoadDelay, e.countKeys()); d > 0 {
		e.beginLoading(&loading{due: e.now + d, then: then})
		return
	}
	then()
}

// keyDelay is how long so many keys take, each so many microseconds; below 0 it is so many of them
// that take one.
func keyDelay(each Time, keys int) Time {
	if each < 0 {
		return Time(keys) / -each
	}
	return each * Time(keys)
}

// countKeys counts the keys of all databases.
//
//go:noinline
func (e *Engine) countKeys() (n int) {
	for _, d := range e.dbs {
		n += d.keys.Len()
	}
	return n
}

// loadingDue is when key-load-delay is over: at once, if it is no more.
func (e *Engine) loadingDue() Time {
	switch l := e.loading; {
	case l == nil || l.due == Never:
		return Never
	case e.cfg.keyLoadDelay == 0:
		return min(l.due, e.now)
	default:
		return l.due
	}
}

// checkLoading refuses what needs the data while they are loaded. While others are served, it is
// what would get into the way.
func checkLoading(c *Call, _ place) verdict {
	flags := c.commandFlags()
	if c.e.loading.async && flags&NoAsyncLoading != 0 || !c.e.loading.async && flags&Loading == 0 {
		return errLoading
	}
	return allowed
}

// infoLoading says how far it is.
func infoLoading(w *infoText, e *Engine) {
	l := e.loading
	if l == nil {
		return
	}
	took, left, percent := int64((e.clock.host-l.began)/1e6), int64(1), 0.0
	if l.total > 0 {
		left, percent = l.total-l.got, float64(l.got)*100/float64(l.total)
	}
	eta := int64(1)
	if took > 0 {
		eta = took * left / (l.got + 1)
	}
	w.int("loading_start_time", int64(l.began/1e6))
	w.int("loading_total_bytes", l.total)
	w.int("loading_rdb_used_mem", 0)
	w.int("loading_loaded_bytes", l.got)
	w.fraction("loading_loaded_perc", percent, "")
	w.int("loading_eta_seconds", eta)
}
