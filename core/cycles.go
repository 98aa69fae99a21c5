package core

import "strconv"

// A step, from one Advance to the next, is what Redis calls a cycle of its event loop. Redis looks
// at the counters ten times a second, and tells the mean of sixteen looks as what happens at
// present. An engine has no ticks: a step looks first whether a tenth of a second has gone by since
// the last look. What came since then came at its beginning, or a step would have looked.

// sampleEvery is how long a sample lasts, by the host's clock.
const sampleEvery Time = 100_000

// samplesKept is how many samples the mean is of.
const samplesKept = 16

// The counters that are sampled.
const (
	sampleOps = iota
	sampleIn
	sampleOut
	sampleReplIn
	sampleReplOut
	sampleCycles
	sampleDuration
	sampled
)

// samples are the last ones.
type samples struct {
	before [sampled]int64 // the counters at the last look
	next   int            // where the next sample goes
	values [samplesKept][sampled]int64
}

// cycles count steps.
type cycles struct {
	count, took, longest int64 // and nanoseconds, if there is a stopwatch
	busiest              int64 // the most commands of a step
	processed            int64 // up to the step that is under way
	sampleAt             Time  // when the next sample is due; 0 before the first step
	samples              *samples
}

// cycleOver counts the step that is over as another begins.
func (e *Engine) cycleOver() {
	s := &e.stats
	c := &s.cycles
	c.count++
	if e.lap != 0 {
		took := e.lap - e.cycleBegan
		c.took += took
		c.longest = max(c.longest, took)
		e.lap = 0
	}
	c.busiest = max(c.busiest, s.processed-c.processed)
	c.processed = s.processed
	if due := c.sampleAt - e.clock.host; due <= 0 || due > sampleEvery { // set back, it may be
		e.sample()
	}
}

// sample takes the samples that are due.
//
//go:noinline
func (e *Engine) sample() {
	s := &e.stats
	c := &s.cycles
	late := max((e.clock.host-c.sampleAt)/sampleEvery, 0)
	first := c.sampleAt == 0
	c.sampleAt = e.clock.host + sampleEvery
	if first {
		return
	}
	if c.samples == nil {
		c.samples = &samples{}
	}
	k := c.samples
	counts := [sampled]int64{s.processed, s.netIn - s.replIn, s.netOut - s.replOut, s.replIn,
		s.replOut, c.count, c.took / 1000}
	row := &k.values[k.next]
	for i, n := range counts {
		row[i] = (n - k.before[i]) * 10 // a second
	}
	row[sampleDuration] = 0
	if n := counts[sampleCycles] - k.before[sampleCycles]; n > 0 {
		row[sampleDuration] = (counts[sampleDuration] - k.before[sampleDuration]) / n
	}
	k.before = counts
	k.next = (k.next + 1) % samplesKept
	for range min(late, samplesKept) { // nothing happened
		k.values[k.next] = [sampled]int64{}
		k.next = (k.next + 1) % samplesKept
	}
}

// present is the mean of the last samples of a counter.
//
//go:noinline
func (e *Engine) present(counter int) int64 {
	k := e.stats.cycles.samples
	if k == nil {
		return 0
	}
	sum := int64(0)
	for i := range k.values {
		sum += k.values[i][counter]
	}
	return sum / samplesKept
}

// kbps writes bytes a second as INFO does.
func (w *infoText) kbps(name string, bytes int64) {
	w.text("instantaneous_"+name+"_kbps", strconv.FormatFloat(float64(bytes)/1024, 'f', 2, 64))
}
