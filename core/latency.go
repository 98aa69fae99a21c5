package core

import (
	"strconv"

	"github.com/redlet/redlet/core/internal/small"
)

// latencyEvent is a kind of thing that takes time, and when it last took long.
type latencyEvent struct {
	name    string
	samples []latencySample // the latest last, one a second
	max     int64           // of all, in milliseconds
}

// latencySample is the longest of a second.
type latencySample struct{ at, ms int64 }

// latencySamplesMax is how many samples of an event are kept.
const latencySamplesMax = 160

// noteLatency notes that an event took so many milliseconds, if that is long.
func (e *Engine) noteLatency(name string, ms int64) {
	if least := e.cfg.latencyThresholdMs; least == 0 || ms < least {
		return
	}
	ev := e.latencyOf(name)
	if ev == nil {
		ev = &latencyEvent{name: name}
		e.latencies = append(e.latencies, ev)
	}
	ev.max = max(ev.max, ms)
	at := int64(e.told() / 1e6)
	if n := len(ev.samples); n > 0 && ev.samples[n-1].at == at {
		ev.samples[n-1].ms = max(ev.samples[n-1].ms, ms)
		return
	}
	if len(ev.samples) == latencySamplesMax {
		ev.samples = small.Delete(ev.samples, 0, 1)
	}
	ev.samples = append(ev.samples, latencySample{at, ms})
}

// latencyOf finds an event; nil if nothing of the name took long.
//
//go:noinline
func (e *Engine) latencyOf(name string) *latencyEvent {
	for _, ev := range e.latencies {
		if ev.name == name {
			return ev
		}
	}
	return nil
}

// forgetLatency forgets an event, all of them if the name is "", and returns how many there were.
func (e *Engine) forgetLatency(name string) int {
	before := len(e.latencies)
	e.latencies = small.DeleteFunc(e.latencies, func(ev *latencyEvent) bool {
		return name == "" || ev.name == name
	})
	return before - len(e.latencies)
}

// timeIf shows the stopwatch where it is wanted to know whether an event takes long, else 0.
func (e *Engine) timeIf() int64 {
	if e.cfg.latencyThresholdMs == 0 {
		return 0
	}
	return e.look()
}

// The rows and columns of LATENCY GRAPH.
const (
	graphColumns = 80
	graphRows    = 4
)

// graph draws the samples of an event: how long each took, and below how long ago it was.
func (ev *latencyEvent) graph(now int64) string {
	low, high := ev.samples[0].ms, ev.samples[0].ms
	for _, s := range ev.samples {
		low, high = min(low, s.ms), max(high, s.ms)
	}
	ms := func(out []byte, n int64) []byte { return append(appendInt(out, n), " ms"...) }
	out := ms(append([]byte(ev.name), " - high "...), high)
	out = ms(append(out, ", low "...), low)
	out = append(ms(append(out, " (all time high "...), ev.max), ")\n"...)
	for range graphColumns {
		out = append(out, '-')
	}
	out = append(out, '\n')
	for from := 0; from < len(ev.samples); from += graphColumns {
		if from > 0 {
			out = append(out, '\n')
		}
		piece := ev.samples[from:min(from+graphColumns, len(ev.samples))]
		out = drawSamples(out, piece, low, high, now)
	}
	return string(out)
}

// drawSamples draws some samples side by side. A row has three steps, below which a column is full.
func drawSamples(out []byte, samples []latencySample, low, high, now int64) []byte {
	const marks = "_o#"
	span := float64(max(high-low, 1))
	for row := graphRows - 1; row >= 0; row-- {
		for _, s := range samples {
			step := int(float64((s.ms-low)*graphRows*int64(len(marks))) / span)
			switch step = min(step, graphRows*len(marks)-1) - row*len(marks); {
			case step < 0:
				out = append(out, ' ')
			case step < len(marks):
				out = append(out, marks[step])
			default:
				out = append(out, '|')
			}
		}
		out = append(out, '\n')
	}
	labels, longest := make([]string, len(samples)), 0
	for i, s := range samples {
		labels[i] = ago(now - s.at)
		longest = max(longest, len(labels[i]))
	}
	for row := -1; row < longest; row++ { // the first is empty
		for _, label := range labels {
			if row < 0 || row >= len(label) {
				out = append(out, ' ')
			} else {
				out = append(out, label[row])
			}
		}
		out = append(out, '\n')
	}
	return out
}

// ago writes so many seconds in their largest unit.
func ago(seconds int64) string {
	switch {
	case seconds < 60:
		return itoa(seconds) + "s"
	case seconds < 3600:
		return itoa(seconds/60) + "m"
	case seconds < 24*3600:
		return itoa(seconds/3600) + "h"
	}
	return itoa(seconds/(24*3600)) + "d"
}

// report is what LATENCY DOCTOR says of an event.
func (ev *latencyEvent) report(out []byte, now int64) []byte {
	n, sum, deviation := int64(len(ev.samples)), int64(0), int64(0)
	for _, s := range ev.samples {
		sum += s.ms
	}
	average := sum / n
	for _, s := range ev.samples {
		deviation += max(s.ms-average, average-s.ms)
	}
	number := func(before string, n int64) {
		out = appendInt(append(out, before...), n)
	}
	out = append(append(out, ev.name...), ": "...)
	number("", n)
	number(" latency spikes (average ", average)
	number("ms, mean deviation ", deviation/n)
	out = append(out, "ms, period "...)
	out = strconv.AppendFloat(out, float64(now-ev.samples[0].at)/float64(n), 'f', 2, 32)
	number(" sec). Worst all time event ", ev.max)
	return append(out, "ms.\n"...)
}
