package core

import (
	"encoding/binary"
	"slices"
	"strings"

	"github.com/redlet/redlet/core/internal/lua"
	"github.com/redlet/redlet/core/internal/random"
	"github.com/redlet/redlet/core/internal/rdb"
	"github.com/redlet/redlet/core/internal/resp"
	"github.com/redlet/redlet/core/internal/sha1"
	"github.com/redlet/redlet/core/internal/small"
)

// A snapshot is an RDB file. What such a file has no place for (the clock, the generator of random
// choices, the cache of scripts) is kept in auxiliary fields, which a redis-server that loads it
// passes over.

// Snapshot appends to dst an RDB file that holds everything but the connections and the
// configuration, and returns it. Any redis-server of version 8.0 or later can load it.
func (e *Engine) Snapshot(dst []byte) []byte { return e.image(dst, imageSnapshot) }

// Restore replaces all data by that of an RDB file: one that Snapshot gave, or one that a
// redis-server saved. It does so wholly or, with an error, not at all; an error about the file
// tells the offset of the fault. Keys whose time is over are left out.
//
//go:noinline
func (e *Engine) Restore(image []byte) error {
	l := loader{e: e, clock: e.clock, random: e.random}
	return e.restore(&l, image)
}

func (e *Engine) restore(l *loader, image []byte) error {
	e.stir()
	e.scripts.abandon(e)
	if err := l.load(image); err != nil {
		return err
	}
	l.commit()
	if e.aof.on {
		e.rewriteFirst()
	}
	e.handleBlockedOnKeys()
	e.beforeSleep()
	return nil
}

// imageUse is what an image serves.
type imageUse uint8

const (
	imageFile      imageUse = iota // a file, which may well be loaded by another server
	imageBase                      // the base of an append-only file
	imageSnapshot                  // a snapshot: it holds the engine's own state too
	imageFunctions                 // a file of the functions alone
	imageEmpty                     // a file of nothing
)

// noMemory is why an image is not made, as the system words it.
const noMemory = "Cannot allocate memory"

// hasRoomForImage tells whether there is memory for an image of all data and for a copy of it on
// its way to the host.
//
//go:noinline
func (e *Engine) hasRoomForImage() bool {
	return e.hasRoom(2 * (e.mem.used - e.mem.clients - e.mem.links))
}

// image appends an RDB file to dst.
func (e *Engine) image(dst []byte, use imageUse) []byte {
	state := use == imageSnapshot
	w, start := &e.persist.writer, len(dst)
	dst = slices.Grow(dst, e.persist.size+e.persist.size/16)
	w.Compress, w.Checksum = e.cfg.rdbCompression, e.cfg.rdbChecksum
	w.Version = e.rdbVersion()
	w.Begin(dst)
	w.Aux("redis-ver", e.Version())
	w.AuxInt("redis-bits", 64)
	w.AuxInt("ctime", int64(e.now)/1e6)
	if use == imageBase {
		w.AuxInt("aof-base", 1)
	} else {
		w.AuxInt("aof-base", 0)
	}
	if use == imageFile && e.replicas.backlog.on {
		w.AuxInt(auxStreamDB, int64(e.streamDB()))
		w.Aux(auxStreamID, e.ids.replication)
		w.AuxInt(auxStreamOffset, e.replicas.offset)
	}
	if state {
		w.Aux(auxClock, string(e.clock.appendState(nil)))
		w.Aux(auxRandom, string(e.random.AppendState(nil)))
		w.AuxInt(auxScripts, int64(e.scripts.random))
		w.Aux(auxSeeds, string(e.appendSeeds(nil)))
		e.saveScripts(w)
	}
	if use != imageEmpty {
		for _, l := range e.functions.libraries {
			w.Function(l.source)
		}
	}
	for _, d := range e.dbs {
		if d.keys.Len() == 0 || use >= imageFunctions {
			continue
		}
		w.SelectDB(d.id, d.keys.Len(), d.expires)
		for i := range d.keys.Len() {
			key, p := d.keys.At(i)
			e.saveKey(w, key, *p, state)
			e.yieldIn(i)
		}
	}
	dst = w.End()
	e.persist.size = len(dst) - start
	return dst
}

// The auxiliary fields of a snapshot: the clock, the states of the random generators, the seeds of
// the databases' tables, on which the order of SCAN depends, and the scripts that SCRIPT LOAD and
// that EVAL alone brought. And, as in Redis, where in the stream of changes the data stand.
const (
	auxStreamDB     = "repl-stream-db"
	auxStreamID     = "repl-id"
	auxStreamOffset = "repl-offset"

	auxClock   = "redlet-clock"
	auxRandom  = "redlet-random"
	auxScripts = "redlet-script-random"
	auxSeeds   = "redlet-seeds"
	auxScript  = "redlet-script"
	auxEval    = "redlet-eval"
)

// yieldIn lets the host's scheduler take a turn now and then during a long loop.
//
//go:noinline
func (e *Engine) yieldIn(i int) {
	if i%yieldEvery == yieldEvery-1 && e.yield != nil {
		e.yield()
	}
}

// saveKey writes a key with its expiry and its value; and, as Redis does, how it was used where
// eviction goes by that.
func (e *Engine) saveKey(w *rdb.Writer, key string, o *object, state bool) {
	if at := o.expiry(); at != stays {
		w.Expire(at)
	}
	switch {
	case e.cfg.lfu:
		w.Freq(uint8(o.lru))
	case state, e.cfg.maxmemoryPolicy == evictAllLRU, e.cfg.maxmemoryPolicy == evictVolatileLRU:
		if idle := e.idleSeconds(o); idle > 0 {
			w.Idle(uint64(idle))
		}
	}
	ops := o.ops()
	w.Key(ops.rdbType(o), []byte(key))
	ops.save(w, o)
}

// loader reads an image into stores of its own, so that a fault in it harms nothing.
type loader struct {
	e            *Engine
	r            *rdb.Reader
	stores       []*store
	db           *store // the database that keys go to
	clock        clock
	random       random.Generator
	scriptRandom lua.Random
	seeds        []uint64 // by database; as they are unless the image tells
	functions    functions
	state        bool // the image is a snapshot: the scripts that it holds are all that there are
	scripts      []*script
	// keepExpired says that commands follow, which may yet change that a key's time is over.
	keepExpired bool
	foreign     bool // a master's: what concerns this engine alone is none of its business
	at          streamPlace
	// merge says that keys and libraries take the places of those of the same names.
	merge   bool
	expired int64 // keys that were left out since their time is over
	loaded  int64 // keys that were not
	empty   int64 // keys that were left out since there was nothing in them
	gone    []goneKey
}

// goneKey is a key that a server which starts leaves out since its time is over. Its replicas have
// it still.
type goneKey struct {
	db  int
	key []byte
}

func (l *loader) load(image []byte) error {
	for _, d := range l.e.dbs {
		l.seeds = append(l.seeds, d.keys.Seed())
		l.stores = append(l.stores, &store{db: d})
	}
	return l.read(image)
}

// read loads an image beside what was loaded before.
func (l *loader) read(image []byte) error {
	r, err := rdb.NewReader(image)
	if err != nil {
		return err
	}
	if r.Version() > max(rdb.Version, int(l.e.rdbVersion())) {
		return r.Unread(len("REDIS"))
	}
	r.Unchecked, r.Room = l.e.persist.unchecked, l.e.rdbRoom()
	r.Sanitize = l.e.cfg.sanitize == sanitizeAll
	l.r = r
	l.selects(0)
	for i := 0; ; i++ {
		it, err := r.Next()
		if err != nil {
			return err
		}
		if it.Kind == rdb.ItemEnd {
			return nil
		}
		if err := l.item(&it); err != nil {
			return err
		}
		l.e.yieldIn(i)
	}
}

func (l *loader) item(it *rdb.Item) error {
	switch it.Kind {
	case rdb.ItemAux:
		return l.aux(it)
	case rdb.ItemFunction:
		return l.library(it)
	case rdb.ItemSelect:
		if it.DB >= len(l.stores) {
			return l.r.Fail(it.Offset, "there is no database "+itoa(it.DB))
		}
		l.selects(it.DB)
	case rdb.ItemKey:
		return l.key(it)
	}
	return nil
}

// library loads a library of functions.
func (l *loader) library(it *rdb.Item) error {
	others := &l.functions
	if l.merge {
		others = &functions{}
	}
	lib, problem := l.e.compileLibrary(it.Text, others)
	if problem == "" {
		problem = l.functions.add(lib)
	}
	if problem != "" {
		return l.r.Fail(it.Offset, "a library of functions cannot be loaded: "+problem)
	}
	return nil
}

// selects makes a database the one that keys go to.
//
//go:noinline
func (l *loader) selects(db int) {
	l.db = l.stores[db]
	if l.db.keys.Len() == 0 {
		l.db.keys.SetSeed(l.seeds[db])
	}
}

// aux takes the engine's own state from a snapshot; other fields mean nothing to it.
func (l *loader) aux(it *rdb.Item) error {
	ok, name := true, string(it.Name)
	switch n, _ := resp.Int(it.Text); {
	case name == auxStreamDB && n >= 0 && n < int64(len(l.stores)):
		l.at.db = int(n)
	case name == auxStreamID && len(it.Text) == len(noReplicationID):
		l.at.id = string(it.Text)
	case name == auxStreamOffset:
		l.at.offset = max(0, n)
	}
	if l.foreign {
		return nil
	}
	switch name {
	case auxClock:
		l.r.Notes, l.r.Sanitize = true, false
		ok, l.state = l.clock.setState(it.Text), true
	case auxRandom:
		ok = l.random.SetState(it.Text)
	case auxScripts:
		n, _ := resp.Int(it.Text)
		l.scriptRandom = lua.Random(n)
	case auxSeeds:
		ok = len(it.Text)%8 == 0
		for i := 0; ok && i < len(l.seeds) && 8*i < len(it.Text); i++ {
			l.seeds[i] = binary.LittleEndian.Uint64(it.Text[8*i:])
		}
	case auxScript, auxEval:
		var sc *script
		if sc, ok = l.e.loadScript(it.Text, string(it.Name) == auxEval); ok {
			l.scripts = append(l.scripts, sc)
		}
	}
	if !ok {
		return l.r.Fail(it.Offset, "the field "+string(it.Name)+" cannot be understood")
	}
	return nil
}

// emptyTold is of how many empty keys of an image the log tells.
const emptyTold = 10

// report logs what an image held.
func (l *loader) report() {
	text := "Done loading RDB, keys loaded: " + string(decimal(l.loaded)) + ", keys expired: " +
		string(decimal(l.expired))
	if l.empty > 0 {
		text += ", empty keys skipped: " + string(decimal(l.empty))
	}
	l.e.log(logNotice, text+".")
}

// key reads a key's value and stores it, unless its time is over.
func (l *loader) key(it *rdb.Item) error {
	o, err := l.e.loadValue(l.r, it.Type)
	if err != nil {
		return err
	}
	if o == nil {
		if l.empty++; l.empty <= emptyTold {
			l.e.note(logNotice, "rdbLoadObject skipping empty key: ", clip(it.Key, 128), "")
		}
		return nil
	}
	if it.Expire != rdb.NoExpiry && it.Expire <= int64(l.clock.keyTime())/1000 &&
		!l.keepExpired {
		if l.expired++; l.at.id != "" {
			l.gone = append(l.gone, goneKey{l.db.db.id, append([]byte{}, it.Key...)})
		}
		return nil
	}
	if !l.db.load(it.Key, o, it.Expire, l.merge) {
		return l.r.Fail(it.Offset, "a key stands there for the second time")
	}
	l.loaded++
	l.e.setUse(o, l.clock.tells(), it.Idle, it.Freq)
	return nil
}

// commit puts the new stores in place of the old and tells everybody.
func (l *loader) commit() {
	e := l.e
	e.clock, e.random = l.clock, l.random
	e.setNow(e.clock.read())
	for i := range l.stores {
		l.selects(i)
	}
	e.replaceAll(l.stores)
	e.functions = l.functions
	if l.state {
		e.scripts.random = l.scriptRandom
		e.scripts.forget()
		for _, sc := range l.scripts {
			e.scripts.remember(sc)
		}
	}
	e.persist.expired, e.persist.loaded = l.expired, l.loaded
}

// appendState writes a clock for a snapshot: its offset, where it stands still if it does, and the
// time of keys if that is apart.
func (k *clock) appendState(dst []byte) []byte {
	dst = binary.LittleEndian.AppendUint64(dst, uint64(k.offset))
	dst = binary.LittleEndian.AppendUint64(dst, uint64(k.at))
	flags := byte(0)
	if k.frozen {
		flags = clockFrozen
	}
	if !k.apart {
		return append(dst, flags)
	}
	dst = append(dst, flags|clockApart)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(k.keys))
	return binary.LittleEndian.AppendUint64(dst, uint64(k.told))
}

// The bits of a clock's state.
const (
	clockFrozen = 1
	clockApart  = 2
)

// setState reads what appendState wrote; the host's time stays.
func (k *clock) setState(b []byte) bool {
	if len(b) != 17 && len(b) != 33 || b[16] > clockFrozen|clockApart ||
		(b[16]&clockApart != 0) != (len(b) == 33) {
		return false
	}
	k.offset = Time(binary.LittleEndian.Uint64(b))
	k.at = Time(binary.LittleEndian.Uint64(b[8:]))
	k.frozen, k.apart = b[16]&clockFrozen != 0, len(b) == 33
	if k.apart {
		k.keys = Time(binary.LittleEndian.Uint64(b[17:]))
		k.told = Time(binary.LittleEndian.Uint64(b[25:]))
	}
	return true
}

// appendSeeds writes the seeds of all databases for a snapshot.
func (e *Engine) appendSeeds(dst []byte) []byte {
	for _, d := range e.dbs {
		dst = binary.LittleEndian.AppendUint64(dst, d.keys.Seed())
	}
	return dst
}

// saveScripts writes the scripts that EVALSHA knows: those that stay, and then those that EVAL
// left, the least recently used first.
func (e *Engine) saveScripts(w *rdb.Writer) {
	var stay []string
	for sha, sc := range e.scripts.cache { // order: sorted below
		if !sc.eval {
			stay = append(stay, sha)
		}
	}
	small.Sort(stay, strings.Compare)
	for _, sha := range stay {
		w.Aux(auxScript, string(e.scripts.cache[sha].body))
	}
	for _, sha := range e.scripts.evals {
		w.Aux(auxEval, string(e.scripts.cache[sha].body))
	}
}

// loadScript compiles a script of a snapshot.
func (e *Engine) loadScript(body []byte, eval bool) (*script, bool) {
	sc, source, problem := newScript(sha1.Hex(body), body, eval)
	if problem == "" {
		sc.fn, problem = e.machine().Compile("user_script", source)
	}
	return sc, problem == ""
}
