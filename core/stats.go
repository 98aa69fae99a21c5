package core

import (
	"bytes"

	"github.com/redlet/redlet/core/internal/histogram"
)

// stats is what INFO and COMMAND statistics tell.
type stats struct {
	started       Time
	connections   int64
	rejectedConns int64
	processed     int64
	hits, misses  int64
	expired       int64
	lazyfreed     int64 // values that Redis would have had a thread free
	expiredFields int64
	evicted       int64
	netIn, netOut int64
	reads, writes int64 // inputs taken and outputs given
	memoryPeak    int64 // the largest estimate that was made
	outputLimited int64
	failures      int64 // error replies
	commands      []commandStats
	errors        map[string]int64 // by the first word of the error
}

// commandStats counts one command.
type commandStats struct {
	calls, rejected, failed int64
	took                    int64                // nanoseconds, as far as there is a stopwatch
	spread                  *histogram.Histogram // of the same; nil if there is nothing to tell
}

// errorKindsMax bounds how many kinds of errors are told apart: scripts can invent them.
const errorKindsMax = 128

// start begins anew, as CONFIG RESETSTAT does.
func (s *stats) start(e *Engine) {
	started := s.started
	if started == 0 {
		started = e.now
	}
	*s = stats{started: started, commands: make([]commandStats, len(e.table.all)),
		errors: map[string]int64{}}
}

// failure counts an error reply by its first word.
func (s *stats) failure(text []byte) {
	s.failures++
	word := text
	if i := bytes.IndexAny(text, " \r\n"); i >= 0 {
		word = text[:i]
	}
	if _, known := s.errors[string(word)]; known || len(s.errors) < errorKindsMax {
		s.errors[string(word)]++
	}
}
