package core

import (
	"slices"
	"strconv"
	"strings"

	"github.com/redlet/redlet/core/internal/random"
)

var infoCommands = []Command{
	{
		Name: "info", Since: "1.0", Group: "server",
		Flags:      Loading | Stale,
		Cats:       CatDangerous,
		Syntax:     "[section...]",
		Tips:       "nondeterministic_output request_policy:all_shards response_policy:special",
		Summary:    "Reports on the server, section by section.",
		Complexity: "O(1)",
		History:    "7.0 several sections",
		Run:        cmdInfo,
	},
	{
		Name: "role", Since: "2.8.12", Group: "server",
		Flags:      NoScript | Loading | Stale | Fast,
		Cats:       CatAdmin | CatDangerous,
		Summary:    "Tells the part that this server plays in replication.",
		Complexity: "O(1)",
		Run:        cmdRole,
	},
	{
		Name: "lolwut", Since: "5.0", Group: "server",
		Flags:   ReadOnly | Fast,
		Syntax:  "[VERSION version:int]",
		Summary: "Draws a picture and shows the version.",
		Run:     cmdLolwut,
	},
}

// infoSection is a section of INFO's report.
type infoSection struct {
	name  string // in lower case; the title begins with a capital
	shown infoLevel
	write func(w *infoText, e *Engine)
}

// infoLevel says which groups of sections a section belongs to.
type infoLevel uint8

const (
	infoDefault infoLevel = iota // in default and in all
	infoAll                      // in all
	infoNamed                    // only by its own name
)

// infoSections are the sections in the order of the report.
func infoSections() []infoSection {
	return []infoSection{
		{"server", infoDefault, infoServer},
		{"clients", infoDefault, infoClients},
		{"memory", infoDefault, infoMemory},
		{"persistence", infoDefault, infoPersistence},
		{"threads", infoDefault, infoThreads},
		{"stats", infoDefault, infoStats},
		{"replication", infoDefault, infoReplication},
		{"cpu", infoDefault, infoCPU},
		{"modules", infoDefault, infoModules},
		{"commandstats", infoAll, infoCommandstats},
		{"errorstats", infoDefault, infoErrorstats},
		{"latencystats", infoAll, infoLatencystats},
		{"cluster", infoDefault, infoCluster},
		{"keyspace", infoDefault, infoKeyspace},
		{"keysizes", infoDefault, infoKeysizes},
		{"debug", infoNamed, infoDebug},
	}
}

// infoText is the report under way.
type infoText struct{ b []byte }

//go:noinline
func (w *infoText) text(name, value string) {
	w.b = append(w.b, name...)
	w.b = append(w.b, ':')
	w.b = append(w.b, value...)
	w.b = append(w.b, '\r', '\n')
}

//go:noinline
func (w *infoText) int(name string, n int64) {
	w.text(name, itoa(n))
}

//go:noinline
func (w *infoText) count(name string, n int) { w.int(name, int64(n)) }

//go:noinline
func (w *infoText) flag(name string, yes bool) {
	if yes {
		w.text(name, "1")
	} else {
		w.text(name, "0")
	}
}

// fraction writes a number with two decimals.
func (w *infoText) fraction(name string, f float64, unit string) {
	w.text(name, strconv.FormatFloat(f, 'f', 2, 64)+unit)
}

// bytes writes a size and, under a second name, the same for people.
func (w *infoText) bytes(name string, n int64) {
	w.int(name, n)
	w.text(name+"_human", humanBytes(n))
}

// idle writes names, one a line, that are 0: what an engine never does, or does not measure.
//
//go:noinline
func (w *infoText) idle(names ...string) {
	for _, name := range names {
		w.text(name, "0")
	}
}

// humanBytes writes a size as INFO shows it to people.
func humanBytes(n int64) string {
	if n < 1024 {
		return itoa(n) + "B"
	}
	f, unit := float64(n), byte(0)
	for _, unit = range []byte("KMGTP") {
		f /= 1024
		if f < 1024 {
			break
		}
	}
	return strconv.FormatFloat(f, 'f', 2, 64) + string(unit)
}

func cmdInfo(c *Call) {
	c.Verbatim("txt", c.e.info(c.Args[1:]))
}

// info writes the sections that are asked for by name, or those that are shown without.
func (e *Engine) info(sections [][]byte) string {
	var w infoText
	for _, s := range infoSections() {
		if !infoWanted(&s, sections) {
			continue
		}
		if len(w.b) > 0 {
			w.b = append(w.b, '\r', '\n')
		}
		title := upper(s.name[:1]) + s.name[1:]
		if s.name == "cpu" {
			title = "CPU"
		}
		w.b = append(w.b, "# "+title+"\r\n"...)
		s.write(&w, e)
	}
	return string(w.b)
}

// infoWanted tells whether the arguments of INFO ask for a section.
func infoWanted(s *infoSection, args [][]byte) bool {
	if len(args) == 0 {
		return s.shown == infoDefault
	}
	for _, arg := range args {
		switch {
		case is(arg, s.name),
			is(arg, "module_list") && s.name == "modules",
			s.shown == infoDefault && is(arg, "default"),
			s.shown <= infoAll && (is(arg, "all") || is(arg, "everything")):
			return true
		}
	}
	return false
}

// infoServer tells about the engine. What a system or a compiler would answer is left at a value
// that does not change from host to host, for an engine gives the same answers everywhere.
func infoServer(w *infoText, e *Engine) {
	w.text("redis_version", e.Version())
	w.text("redis_git_sha1", "00000000")
	w.text("redis_git_dirty", "0")
	w.text("redis_build_id", "0")
	w.text("redis_mode", e.mode())
	w.text("os", e.fact("os", "redlet"))
	w.text("arch_bits", "64")
	w.text("monotonic_clock", "redlet")
	w.text("multiplexing_api", e.fact("multiplexing_api", "redlet"))
	w.text("atomicvar_api", "none")
	w.text("gcc_version", "0.0.0")
	w.text("process_id", e.fact("process_id", "1"))
	w.text("process_supervised", e.fact("process_supervised", "no"))
	w.text("run_id", e.ids.run)
	w.int("tcp_port", e.cfg.port)
	w.int("server_time_usec", int64(e.now))
	up := int64(e.now-e.stats.started) / 1e6
	w.int("uptime_in_seconds", up)
	w.int("uptime_in_days", up/86400)
	w.int("hz", e.cfg.hz)
	w.int("configured_hz", e.cfg.hz)
	w.int("lru_clock", int64(e.now/1e6)&(1<<24-1))
	w.text("executable", e.fact("executable", ""))
	w.text("config_file", e.cfg.file)
	w.text("io_threads_active", "0")
	if until := e.endingDue(); until != Never {
		w.int("shutdown_in_milliseconds", max(0, int64(until-e.clock.host)/1000))
	}
	infoListeners(w, e)
}

// hostFacts are the fields of INFO that a host may tell of its system, each in an entry of
// Options.Config whose name begins with hostFactPrefix.
const (
	hostFactPrefix = "info-"
	hostFacts      = "os multiplexing_api process_id process_supervised executable " +
		"total_system_memory"
)

// hostFact returns the place of a fact, -1 if it is none.
func hostFact(name string) int { return wordIndex(hostFacts, name) }

// toldByHost takes the facts out of a configuration.
func toldByHost(values map[string]string) []string {
	var told []string
	for i, name := range strings.Fields(hostFacts) {
		value, given := values[hostFactPrefix+name]
		if given && told == nil {
			told = make([]string, strings.Count(hostFacts, " ")+1)
		}
		if given {
			told[i] = value
		}
	}
	return told
}

// fact is what the host told of itself, or what an engine says whose host did not.
//
//go:noinline
func (e *Engine) fact(name, untold string) string {
	if i := hostFact(name); e.cfg.host != nil && e.cfg.host[i] != "" {
		return e.cfg.host[i]
	}
	return untold
}

// infoListeners lists the sockets of a host that is a process of its own.
func infoListeners(w *infoText, e *Engine) {
	if e.cfg.host == nil {
		return
	}
	show := func(name string) string { return e.cfg.shows(findParameter([]byte(name))) }
	binds, n := "", 0
	for _, address := range strings.Fields(show("bind")) {
		binds += ",bind=" + address
	}
	listener := func(line string) {
		w.text("listener"+itoa(n), line)
		n++
	}
	if e.cfg.port != 0 && binds != "" {
		listener("name=tcp" + binds + ",port=" + itoa(e.cfg.port))
	}
	if path := show("unixsocket"); path != "" {
		listener("name=unix,bind=" + path)
	}
	if e.cfg.tlsPort != 0 && binds != "" {
		listener("name=tls" + binds + ",port=" + itoa(e.cfg.tlsPort))
	}
}

func infoClients(w *infoText, e *Engine) {
	var input, output, timed, watched, watching, pubsub, tracking int
	open := 0
	for _, cl := range e.conns { // order: sums and maxima
		if cl.has(connClosing) {
			continue
		}
		if !cl.peer.Own && !cl.has(connReplica) {
			open++
		}
		input = max(input, cap(cl.in))
		output = max(output, cl.w.Len())
		if n := cl.watches(); n > 0 {
			watched += n
			watching++
		}
		if cl.has(connSubscribed) {
			pubsub++
		}
		if cl.tracking != nil && cl.tracking.on {
			tracking++
		}
		if cl.blocked != nil && cl.blocked.Due() {
			timed++
		}
	}
	w.count("connected_clients", open)
	w.text("cluster_connections", "0")
	w.int("maxclients", e.cfg.maxclients)
	w.count("client_recent_max_input_buffer", input)
	w.count("client_recent_max_output_buffer", output)
	w.count("blocked_clients", e.blocked.count+len(e.blocked.postponed))
	w.count("tracking_clients", tracking)
	w.count("pubsub_clients", pubsub)
	w.count("watching_clients", watching)
	w.count("clients_in_timeout_table", timed)
	w.count("total_watched_keys", watched)
	keys, always := 0, 0
	for _, d := range e.dbs {
		keys += len(d.waiting)
		for _, waiting := range d.waiting { // order: counted
			if slices.ContainsFunc(waiting, func(p *blockedCall) bool { return p.always }) {
				always++
			}
		}
	}
	w.count("total_blocking_keys", keys)
	w.count("total_blocking_keys_on_nokey", always)
}

func infoPersistence(w *infoText, e *Engine) {
	p := &e.persist
	async := e.loading != nil && e.loading.async
	w.flag("loading", e.loading != nil && !async)
	w.flag("async_loading", async)
	w.idle("current_cow_peak", "current_cow_size", "current_cow_size_age")
	w.text("current_fork_perc", "0.00")
	w.idle("current_save_keys_processed", "current_save_keys_total")
	w.int("rdb_changes_since_last_save", p.dirty)
	w.flag("rdb_bgsave_in_progress", p.inBackground())
	w.int("rdb_last_save_time", int64(p.last/1e6))
	w.text("rdb_last_bgsave_status", okOrErr(!p.broken))
	took := int64(-1)
	if p.took >= 0 {
		took = int64(p.took / 1e6)
	}
	w.int("rdb_last_bgsave_time_sec", took)
	current := int64(-1)
	if p.inBackground() {
		current = int64((e.now - p.tried) / 1e6)
	}
	w.int("rdb_current_bgsave_time_sec", current)
	w.int("rdb_saves", p.saves)
	w.idle("rdb_last_cow_size")
	w.int("rdb_last_load_keys_expired", p.expired)
	w.int("rdb_last_load_keys_loaded", p.loaded)
	w.flag("aof_enabled", e.cfg.appendonly)
	infoAOF(w, e)
	infoLoading(w, e)
}

func infoAOF(w *infoText, e *Engine) {
	a := &e.aof
	w.flag("aof_rewrite_in_progress", a.rewriting != nil || a.wanted != nil && a.wanted.before != nil)
	w.flag("aof_rewrite_scheduled", a.wanted != nil && a.wanted.before == nil)
	took, current := int64(-1), int64(-1)
	if a.took >= 0 {
		took = int64(a.took / 1e6)
	}
	if a.rewriting != nil {
		current = int64((e.now - a.tried) / 1e6)
	}
	w.int("aof_last_rewrite_time_sec", took)
	w.int("aof_current_rewrite_time_sec", current)
	w.text("aof_last_bgrewrite_status", okOrErr(a.failures == 0))
	w.int("aof_rewrites", a.rewrites)
	w.int("aof_rewrites_consecutive_failures", a.failures)
	w.text("aof_last_write_status", okOrErr(a.failure == ""))
	w.idle("aof_last_cow_size", "module_fork_in_progress", "module_fork_last_cow_size")
	if e.cfg.appendonly {
		w.int("aof_current_size", a.size)
		w.int("aof_base_size", a.base)
		w.idle("aof_pending_rewrite")
		w.count("aof_buffer_length", len(a.buf))
		w.idle("aof_pending_bio_fsync", "aof_delayed_fsync")
	}
}

func okOrErr(ok bool) string {
	if ok {
		return "ok"
	}
	return "err"
}

func infoThreads(w *infoText, e *Engine) {
	w.text("io_thread_0", "clients="+itoa(len(e.conns))+",reads=0,writes=0")
}

func infoReplication(w *infoText, e *Engine) {
	r := &e.replicas
	if e.master != nil {
		w.text("role", "slave")
		infoMaster(w, e)
	} else {
		w.text("role", "master")
	}
	w.count("connected_slaves", len(r.conns))
	if e.has(engineMinReplicas) {
		w.int("min_slaves_good_slaves", e.goodReplicas())
	}
	for i, cl := range r.conns {
		w.text("slave"+itoa(i), "ip="+cl.replicaIP()+",port="+
			itoa(cl.replica.port)+
			",state="+cl.replica.word()+",offset="+itoa(cl.replica.acked)+
			",lag="+itoa(e.lag(cl)))
	}
	w.text("master_failover_state", e.failover.state.word())
	w.text("master_replid", e.ids.replication)
	w.text("master_replid2", e.ids.second)
	w.int("master_repl_offset", r.offset)
	w.int("second_repl_offset", e.ids.secondOffset)
	w.flag("repl_backlog_active", r.backlog.on)
	w.int("repl_backlog_size", e.cfg.replBacklogSize)
	first, kept := int64(0), int64(len(e.backlogKept()))
	if r.backlog.on {
		first = r.offset - kept + 1
	}
	w.int("repl_backlog_first_byte_offset", first)
	w.int("repl_backlog_histlen", kept)
}

// infoMaster tells about the master that is followed.
func infoMaster(w *infoText, e *Engine) {
	m := e.master
	seconds := func(since Time) int64 { return int64(max(0, e.clock.host-since)) / 1e6 }
	w.text("master_host", m.host)
	w.int("master_port", m.port)
	heard, link := int64(-1), "down"
	if m.state == linkUp {
		heard, link = seconds(m.heard), "up"
	}
	w.text("master_link_status", link)
	w.int("master_last_io_seconds_ago", heard)
	syncing := m.state == linkHeader || m.state == linkTransfer
	w.flag("master_sync_in_progress", syncing)
	offset := int64(1)
	if m.cached {
		offset = e.replicas.offset
	}
	read := offset
	if m.state == linkUp {
		read += int64(len(m.conn.in))
	}
	w.int("slave_read_repl_offset", read)
	w.int("slave_repl_offset", offset)
	w.idle("replica_full_sync_buffer_size", "replica_full_sync_buffer_peak")
	if syncing {
		size, read := m.image.size, int64(len(m.image.buf))
		w.int("master_sync_total_bytes", size)
		w.int("master_sync_read_bytes", read)
		w.int("master_sync_left_bytes", size-read)
		w.fraction("master_sync_perc", percent(read, size), "")
		w.int("master_sync_last_io_seconds_ago", seconds(m.heard))
	}
	if m.state != linkUp {
		down := int64(-1)
		if m.down != Never {
			down = seconds(m.down)
		}
		w.int("master_link_down_since_seconds", down)
	}
	w.int("slave_priority", e.cfg.replicaPriority)
	w.flag("slave_read_only", e.cfg.replicaReadOnly)
	w.flag("replica_announced", e.cfg.announced)
}

// infoCPU measures nothing: an engine does not see its host's clock while it works.
func infoCPU(w *infoText, _ *Engine) {
	for _, name := range []string{"used_cpu_sys", "used_cpu_user", "used_cpu_sys_children",
		"used_cpu_user_children", "used_cpu_sys_main_thread", "used_cpu_user_main_thread"} {
		w.text(name, "0.000000")
	}
}

func infoCluster(w *infoText, e *Engine) { w.flag("cluster_enabled", e.cfg.clusterEnabled) }

func infoDebug(w *infoText, e *Engine) {
	w.idle("eventloop_duration_aof_sum", "eventloop_duration_cron_sum")
	w.int("eventloop_duration_max", e.stats.cycles.longest/1000)
	w.int("eventloop_cmd_per_cycle_max", e.stats.cycles.busiest)
	w.idle("allocator_allocated_lua",
		"allocator_active_lua", "allocator_resident_lua", "allocator_frag_bytes_lua")
}

// identity is what tells one run of a server from another.
type identity struct {
	_ [0]func() // not compared

	run, replication string
	second           string // what the stream was called up to before secondOffset
	secondOffset     int64
	names            random.Generator // of streams, apart from what data depend on
}

const noReplicationID = "0000000000000000000000000000000000000000"

// newIdentity makes up the ids of a run from its seed.
func newIdentity(seed [32]byte) identity {
	for i := range seed {
		seed[i] ^= 0x5c // not the generator's own sequence
	}
	r := random.New(seed)
	ids := identity{run: hex40(&r), replication: hex40(&r)}
	ids.second, ids.secondOffset, ids.names = noReplicationID, -1, r
	return ids
}

// hex40 returns 40 random hexadecimal digits.
func hex40(r *random.Generator) string {
	var id [40]byte
	bits := uint64(0)
	for i := range id {
		if i%16 == 0 {
			bits = r.Next()
		}
		id[i] = "0123456789abcdef"[bits&15]
		bits >>= 4
	}
	return string(id[:])
}

func cmdRole(c *Call) {
	r := &c.e.replicas
	if m := c.e.master; m != nil {
		c.Array(5)
		c.BulkString("slave")
		c.BulkString(m.host)
		c.Int(m.port)
		c.BulkString(m.state.word())
		if m.state == linkUp {
			c.Int(r.offset)
		} else {
			c.Int(-1)
		}
		return
	}
	c.Array(3)
	c.BulkString("master")
	c.Int(r.offset)
	at, n := c.ArrayLater(), 0
	for _, cl := range r.conns {
		if !cl.replica.online {
			continue
		}
		n++
		c.Array(3)
		c.BulkString(cl.replicaIP())
		c.BulkInt(cl.replica.port)
		c.BulkInt(cl.replica.acked)
	}
	c.ArrayEnd(at, '*', n)
}

// cmdLolwut shows the version. It draws nothing: the pictures are Redis's own.
func cmdLolwut(c *Call) {
	if len(c.Args) > 2 && is(c.Args[1], "version") {
		if _, ok := c.ArgInt(2); !ok {
			return
		}
	}
	c.Verbatim("txt", "Redis ver. "+c.e.Version()+"\n")
}
