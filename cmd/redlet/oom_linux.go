package main

import (
	"os"
	"strconv"
	"strings"
)

// oomScore is what the system is told of how gladly it may end the process when memory is short.
type oomScore struct {
	base int  // what it was before
	ours bool // it is ours now

	noted   bool // before and wasOurs are what was when begin was called
	before  int
	wasOurs bool
}

const oomFile = "/proc/self/oom_score_adj"

// begin has restore undo what is set from now on.
func (o *oomScore) begin() { o.noted = false }

// set takes "relative", "absolute" or "no" and a score.
func (o *oomScore) set(words string) error {
	kind, number, _ := strings.Cut(words, " ")
	score, err := strconv.Atoi(number)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(oomFile)
	if err != nil {
		return err
	}
	now, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return err
	}
	if !o.noted {
		o.noted, o.before, o.wasOurs = true, now, o.ours
	}
	if !o.ours {
		o.base = now
	}
	switch {
	case kind == "no" && !o.ours:
		return nil
	case kind == "no":
		score = o.base
	case kind == "relative":
		score += o.base
	}
	score = min(max(score, -1000), 1000)
	if err := writeOOM(score); err != nil {
		return err
	}
	o.ours = kind != "no"
	return nil
}

// restore undoes what was set since begin, as far as the system lets it.
func (o *oomScore) restore() {
	if o.noted && writeOOM(o.before) == nil {
		o.ours = o.wasOurs
	}
}

func writeOOM(score int) error {
	return os.WriteFile(oomFile, []byte(strconv.Itoa(score)), 0)
}
