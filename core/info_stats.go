package core

import (
	"math/bits"
	"strconv"
	"strings"

	"github.com/redlet/redlet/core/internal/small"
)

// The sections of INFO that count: memory, statistics, keys.

// memoryReport is what an engine's memory is used for.
type memoryReport struct {
	total, startup, dataset, overhead int64
	clients                           int64
	keys                              int64
	perDB                             []dbMemory // of the databases that hold keys
}

type dbMemory struct {
	id            int
	main, expires int64
}

// memory puts together what memory is used for.
func (e *Engine) memory() memoryReport {
	r := memoryReport{total: e.mem.used, startup: startupBytes, clients: e.mem.clients}
	r.overhead = r.startup + r.clients + e.mem.links
	for _, d := range e.dbs {
		n := int64(d.keys.Len())
		if n == 0 {
			continue
		}
		m := dbMemory{d.id, n * (entryBytes + headBytes), int64(d.store.expires) * expiryBytes}
		r.overhead += m.main + m.expires
		r.keys += n
		r.perDB = append(r.perDB, m)
	}
	r.dataset = r.total - r.overhead
	e.stats.memoryPeak = max(e.stats.memoryPeak, r.total)
	return r
}

//go:noinline
func percent(part, whole int64) float64 {
	if whole == 0 {
		return 0
	}
	return 100 * float64(part) / float64(whole)
}

func infoMemory(w *infoText, e *Engine) {
	r := e.memory()
	w.bytes("used_memory", r.total)
	w.bytes("used_memory_rss", r.total)
	w.bytes("used_memory_peak", e.stats.memoryPeak)
	w.fraction("used_memory_peak_perc", percent(r.total, e.stats.memoryPeak), "%")
	w.int("used_memory_overhead", r.overhead)
	w.int("used_memory_startup", r.startup)
	w.int("used_memory_dataset", r.dataset)
	w.fraction("used_memory_dataset_perc", percent(r.dataset, r.total-r.startup), "%")
	for _, name := range []string{"allocator_allocated", "allocator_active", "allocator_resident"} {
		w.int(name, r.total)
	}
	w.idle("allocator_muzzy")
	system, _ := strconv.ParseInt(e.fact("total_system_memory", "0"), 10, 64)
	w.bytes("total_system_memory", system)
	scripts := e.scriptUsage()
	w.int("used_memory_lua", scripts.evalVM)
	w.int("used_memory_vm_eval", scripts.evalVM)
	w.text("used_memory_lua_human", humanBytes(scripts.evalVM))
	w.int("used_memory_scripts_eval", scripts.evalCache)
	w.count("number_of_cached_scripts", len(e.scripts.cache))
	functions := 0
	for _, l := range e.functions.libraries {
		functions += len(l.functions)
	}
	w.count("number_of_functions", functions)
	w.count("number_of_libraries", len(e.functions.libraries))
	w.int("used_memory_vm_functions", scripts.functionVM)
	w.bytes("used_memory_vm_total", scripts.evalVM+scripts.functionVM)
	w.int("used_memory_functions", scripts.functionCache)
	w.bytes("used_memory_scripts", scripts.evalCache+scripts.functionCache)
	w.bytes("maxmemory", e.cfg.maxmemory)
	w.text("maxmemory_policy", e.cfg.shows(findParameter([]byte("maxmemory-policy"))))
	w.text("allocator_frag_ratio", "1.00")
	w.idle("allocator_frag_bytes")
	w.text("allocator_rss_ratio", "1.00")
	w.idle("allocator_rss_bytes")
	w.text("rss_overhead_ratio", "1.00")
	w.idle("rss_overhead_bytes")
	w.text("mem_fragmentation_ratio", "1.00")
	w.idle("mem_fragmentation_bytes")
	w.int("mem_not_counted_for_evict", e.notCounted())
	w.count("mem_replication_backlog", len(e.replicas.backlog.buf))
	pending := 0
	for _, cl := range e.replicas.conns {
		pending += cl.w.Len()
	}
	w.count("mem_total_replication_buffers", len(e.replicas.backlog.buf)+pending)
	w.idle("mem_replica_full_sync_buffer")
	w.int("mem_clients_slaves", e.mem.links)
	w.int("mem_clients_normal", r.clients)
	w.idle("mem_cluster_links", "mem_aof_buffer")
	// The allocator of the builds of Redis that people run: its test suite, for one, measures
	// values only where this says so.
	w.text("mem_allocator", "jemalloc-5.3.0")
	w.idle("mem_overhead_db_hashtable_rehashing", "active_defrag_running",
		"lazyfree_pending_objects")
	w.int("lazyfreed_objects", e.stats.lazyfreed)
}

func infoStats(w *infoText, e *Engine) {
	s := &e.stats
	w.int("total_connections_received", s.connections)
	w.int("total_commands_processed", s.processed)
	w.int("instantaneous_ops_per_sec", e.present(sampleOps))
	w.int("total_net_input_bytes", s.netIn)
	w.int("total_net_output_bytes", s.netOut)
	w.int("total_net_repl_input_bytes", s.replIn)
	w.int("total_net_repl_output_bytes", s.replOut)
	w.kbps("input", e.present(sampleIn))
	w.kbps("output", e.present(sampleOut))
	w.kbps("input_repl", e.present(sampleReplIn))
	w.kbps("output_repl", e.present(sampleReplOut))
	w.int("rejected_connections", s.rejectedConns)
	w.int("sync_full", s.syncFull)
	w.int("sync_partial_ok", s.syncPartialOK)
	w.int("sync_partial_err", s.syncPartialErr)
	w.int("expired_subkeys", s.expiredFields)
	w.int("expired_keys", s.expired)
	w.text("expired_stale_perc", "0.00")
	w.idle("expired_time_cap_reached_count", "expire_cycle_cpu_milliseconds")
	w.int("evicted_keys", s.evicted)
	w.int("evicted_clients", s.evictedClients)
	w.int("evicted_scripts", e.scripts.count.evicted)
	w.idle("total_eviction_exceeded_time",
		"current_eviction_exceeded_time")
	w.int("keyspace_hits", s.hits)
	w.int("keyspace_misses", s.misses)
	w.count("pubsub_channels", e.pubsub.to[subChannel].Len())
	w.count("pubsub_patterns", e.pubsub.to[subPattern].Len())
	w.count("pubsubshard_channels", e.pubsub.to[subShard].Len())
	w.idle("latest_fork_usec")
	w.int("total_forks", e.stats.forks)
	w.count("migrate_cached_sockets", len(e.sockets))
	own := 0
	if e.master != nil {
		own = e.expires.heap.Len()
	}
	w.count("slave_expires_tracked_keys", own)
	w.idle("active_defrag_hits", "active_defrag_misses",
		"active_defrag_key_hits", "active_defrag_key_misses", "total_active_defrag_time",
		"current_active_defrag_time")
	w.count("tracking_total_keys", e.tracking.keys.Len())
	w.count("tracking_total_items", e.tracking.items)
	w.count("tracking_total_prefixes", len(e.tracking.prefixes))
	w.idle("unexpected_error_replies")
	w.int("total_error_replies", s.failures)
	w.idle("dump_payload_sanitizations")
	w.int("total_reads_processed", s.reads)
	w.int("total_writes_processed", s.writes)
	w.idle("io_threaded_reads_processed", "io_threaded_writes_processed")
	w.int("client_query_buffer_limit_disconnections", s.inputLimited)
	w.int("client_output_buffer_limit_disconnections", s.outputLimited)
	w.idle("reply_buffer_shrinks", "reply_buffer_expands")
	w.int("eventloop_cycles", s.cycles.count)
	w.int("eventloop_duration_sum", s.cycles.took/1000)
	w.int("eventloop_duration_cmd_sum", s.cycles.took/1000) // what is no command is not timed
	w.int("instantaneous_eventloop_cycles_per_sec", e.present(sampleCycles))
	w.int("instantaneous_eventloop_duration_usec", e.present(sampleDuration))
	w.int("acl_access_denied_auth", s.denied[deniedAuth])
	w.int("acl_access_denied_cmd", s.denied[deniedCommand])
	w.int("acl_access_denied_key", s.denied[deniedKey])
	w.int("acl_access_denied_channel", s.denied[deniedChannel])
}

// infoCommandstats counts commands, and tells how long they took if there is a stopwatch.
func infoCommandstats(w *infoText, e *Engine) {
	for i, st := range e.stats.commands {
		if st != nil && st.calls+st.rejected+st.failed > 0 {
			w.text("cmdstat_"+infoName(e.table.all[i].full()), "calls="+itoa(st.calls)+
				",usec="+itoa(st.took/1000)+
				",usec_per_call="+strconv.FormatFloat(perCall(st), 'f', 2, 64)+
				",rejected_calls="+
				itoa(st.rejected)+
				",failed_calls="+itoa(st.failed))
		}
	}
}

// infoName is a name that commands or scripts made up, without what has a meaning in INFO.
func infoName(name string) string { return replaceAny(name, ":#", '_') }

// replaceAny puts a byte in the place of each that is one of some. A strings.Replacer is much code.
func replaceAny(s, some string, by byte) string {
	b := []byte(s)
	for i := range b {
		if strings.IndexByte(some, b[i]) >= 0 {
			b[i] = by
		}
	}
	return string(b)
}

// perCall is how many microseconds a call took.
func perCall(st *commandStats) float64 {
	if st.calls == 0 {
		return 0
	}
	return float64(st.took/1000) / float64(st.calls)
}

func infoErrorstats(w *infoText, e *Engine) {
	codes := make([]string, 0, len(e.stats.errors))
	for code := range e.stats.errors { // order: sorted below
		codes = append(codes, code)
	}
	small.Sort(codes, strings.Compare)
	for _, code := range codes {
		w.text("errorstat_"+infoName(code), "count="+itoa(e.stats.errors[code]))
	}
}

// infoLatencystats tells what infoCommandstats tells, by percentiles.
func infoLatencystats(w *infoText, e *Engine) {
	if !e.cfg.latencyTracking || len(e.cfg.latencyPercentiles) == 0 {
		return
	}
	var line []byte
	for i, st := range e.stats.commands {
		if st == nil || st.calls == 0 {
			continue
		}
		line = line[:0]
		for i, p := range e.cfg.latencyPercentiles {
			if i > 0 {
				line = append(line, ',')
			}
			line = append(appendPercentile(append(line, 'p'), p), '=')
			ns := int64(0)
			if st.spread != nil {
				ns = st.spread.At(p)
			}
			line = strconv.AppendFloat(line, float64(ns)/1000, 'f', 3, 64)
		}
		w.text("latency_percentiles_usec_"+infoName(e.table.all[i].full()), string(line))
	}
}

func infoKeyspace(w *infoText, e *Engine) {
	for _, d := range e.dbs {
		n := d.keys.Len()
		if n == 0 {
			continue
		}
		w.text("db"+itoa(d.id), "keys="+itoa(n)+
			",expires="+itoa(d.store.expires)+
			",avg_ttl="+itoa(e.averageTTL(d))+
			",subexpiry="+itoa(d.store.subexpires))
	}
}

// samplesMax is about how many keys averageTTL looks at.
const samplesMax = 1024

// averageTTL is how many milliseconds the keys that expire have left, by a sample.
func (e *Engine) averageTTL(d *db) int64 {
	if d.store.expires == 0 {
		return 0
	}
	n := d.keys.Len()
	step := max(1, n/samplesMax)
	total, seen := int64(0), int64(0)
	for i := 0; i < n; i += step {
		_, o := d.keys.At(i)
		if t := (*o).ttl; t != nil {
			total += max(0, t.at-e.keyMs())
			seen++
		}
	}
	if seen == 0 {
		return 0
	}
	return total / seen
}

// keysizesMax is the number of keys up to which INFO without arguments tells how large they are:
// it has to look at every one.
const keysizesMax = 10_000

// infoKeysizes counts the values by their sizes, in powers of two.
func infoKeysizes(w *infoText, e *Engine) {
	for _, d := range e.dbs {
		n := d.keys.Len()
		if n == 0 || n > keysizesMax {
			continue
		}
		bins := make([][64]int, len(kinds))
		for i := range n {
			_, o := d.keys.At(i)
			bins[(*o).kind][bits.Len64(uint64((*o).ops().length(*o)))]++
		}
		for k, ops := range kinds {
			if line := keysizeLine(&bins[k]); line != "" && ops.sizes != "" {
				w.text("db"+itoa(d.id)+"_distrib_"+ops.sizes, line)
			}
		}
	}
}

// keysizeLine writes the bins that are not empty.
func keysizeLine(bins *[64]int) string {
	var line []byte
	for b, n := range bins {
		if n == 0 {
			continue
		}
		if len(line) > 0 {
			line = append(line, ',')
		}
		low, unit := uint64(0), ""
		if b > 0 {
			low = 1 << (b - 1)
		}
		for _, u := range []string{"K", "M", "G", "T"} {
			if low >= 1024 {
				low, unit = low/1024, u
			}
		}
		line = append(strconv.AppendUint(line, low, 10), unit...)
		line = append(append(line, '='), itoa(n)...)
	}
	return string(line)
}
