package core

import (
	"bytes"
	"maps"
	"slices"
	"strings"

	"github.com/redlet/redlet/core/internal/histogram"
	"github.com/redlet/redlet/core/internal/small"
)

// stats is what INFO and COMMAND statistics tell.
type stats struct {
	started                       Time
	connections                   int64
	rejectedConns                 int64
	processed                     int64
	hits, misses                  int64
	expired                       int64
	lazyfreed                     int64 // values that Redis would have had a thread free
	expiredFields                 int64
	evicted, evictedClients       int64
	netIn, netOut                 int64
	replIn                        int64 // of netIn what a master sent
	replOut                       int64 // of netOut what replicas were sent
	forks                         int64 // what Redis would have had a child do
	syncFull                      int64
	syncPartialOK, syncPartialErr int64
	reads, writes                 int64 // inputs taken and outputs given
	memoryPeak                    int64 // the largest estimate that was made
	inputLimited                  int64
	outputLimited                 int64
	denied                        [deniedReasons]int64
	cycles                        cycles
	failures                      int64            // error replies
	commands                      []*commandStats  // by their index; nil, or not there: never seen
	errors                        map[string]int64 // by their code
	// errorsDisabled is set when there were too many codes.
	errorsDisabled bool
}

// commandStats counts one command.
type commandStats struct {
	calls, rejected, failed int64
	took                    int64                // nanoseconds, as far as there is a stopwatch
	spread                  *histogram.Histogram // of the same; nil if there is nothing to tell
}

// of returns the counts of a command.
func (s *stats) of(cmd *Command) *commandStats {
	if st := s.seen(cmd); st != nil {
		return st
	}
	return s.add(cmd)
}

// seen returns the counts of a command; nil if it was never run.
func (s *stats) seen(cmd *Command) *commandStats {
	if int(cmd.index) < len(s.commands) {
		return s.commands[cmd.index]
	}
	return nil
}

// add begins to count a command. The list is as long as the last command needs: most servers that a
// test starts see few commands, and many none.
//
//go:noinline
func (s *stats) add(cmd *Command) *commandStats {
	if need := int(cmd.index) + 1 - len(s.commands); need > 0 {
		s.commands = append(s.commands, make([]*commandStats, need)...)
	}
	st := &commandStats{}
	s.commands[cmd.index] = st
	return st
}

// errorCodesMax bounds how many codes of errors are told apart, and errorCodeMax how long one is:
// scripts can invent them.
const (
	errorCodesMax = 128
	errorCodeMax  = 30
)

// start begins anew, as CONFIG RESETSTAT does.
//
//go:noinline
func (s *stats) start(e *Engine) {
	started := s.started
	if started == 0 {
		started = e.now
	}
	*s = stats{started: started, denied: s.denied, errors: map[string]int64{}}
	e.scripts.count.evicted = 0
}

// countError counts an error reply by its code. One code too many makes an end of it: from then on,
// until CONFIG RESETSTAT, just all of them are counted.
func (e *Engine) countError(text []byte) {
	s := &e.stats
	s.failures++
	if s.errorsDisabled {
		return
	}
	code := errorCode(text)
	if _, known := s.errors[string(code)]; known || len(s.errors) < errorCodesMax {
		s.errors[string(code)]++
		return
	}
	e.log(logWarning, "Errorstats stopped adding new errors because the number of errors "+
		"reached the limit; scripts may make codes up. CONFIG RESETSTAT begins anew.")
	codes := slices.Collect(maps.Keys(s.errors)) // order: they are sorted next
	small.Sort(codes, strings.Compare)
	e.log(logWarning, "Current errors code list: "+strings.Join(codes, ", "))
	s.lazyfreed += int64(len(s.errors))
	s.errors, s.errorsDisabled = map[string]int64{"ERRORSTATS_DISABLED": 1}, true
}

// errorCode is the first word of an error if a message follows it and it is of usual length.
func errorCode(text []byte) []byte {
	i := bytes.IndexAny(text[:min(len(text), errorCodeMax+1)], " \r\n")
	if i < 0 || i > errorCodeMax || text[i] != ' ' {
		return []byte("ERR")
	}
	return text[:i]
}
