package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
)

// The levels of the log, as core.EventLog numbers them.
const (
	levelDebug = iota
	levelVerbose
	levelNotice
	levelWarning
	levelNothing
)

// logger writes lines as redis-server does: process, role, time, level, text. It may be called
// from any goroutine.
type logger struct {
	mu    sync.Mutex
	w     io.Writer
	least int  // lower levels of the server's own lines are dropped
	role  byte // C while the configuration is read, then M
}

func newLogger(w io.Writer) *logger { return &logger{w: w, least: levelNotice, role: 'C'} }

// print writes a line of the server's own.
func (l *logger) print(level int, text string) {
	if level >= l.least {
		l.write(level, text)
	}
}

// write writes a line of the engine's, which knows what CONFIG SET has made of loglevel.
func (l *logger) write(level int, text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now().Format("02 Jan 2006 15:04:05.000")
	sign := ".-*#"[min(max(level, levelDebug), levelWarning)]
	// A log that cannot be written has nowhere to complain.
	_, _ = fmt.Fprintf(l.w, "%d:%c %s %c %s\n", os.Getpid(), l.role, now, sign,
		strings.TrimRight(text, "\n"))
}

// raw writes text as it is.
func (l *logger) raw(text string) {
	if levelNotice >= l.least {
		l.mu.Lock()
		defer l.mu.Unlock()
		_, _ = io.WriteString(l.w, text)
	}
}

func (l *logger) printf(level int, format string, args ...any) {
	l.print(level, fmt.Sprintf(format, args...))
}

// serving marks the end of the start: lines are the master's from now on.
func (l *logger) serving() {
	l.mu.Lock()
	l.role = 'M'
	l.mu.Unlock()
}
