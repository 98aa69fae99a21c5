package core

import (
	"strings"
)

// notifyClass is a set of keyspace events, as notify-keyspace-events names them.
type notifyClass uint32

const (
	notifyKeyspace         notifyClass = 1 << iota // K
	notifyKeyevent                                 // E
	notifyGeneric                                  // g
	notifyString                                   // $
	notifyList                                     // l
	notifySet                                      // s
	notifyHash                                     // h
	notifyZset                                     // z
	notifyExpired                                  // x
	notifyEvicted                                  // e
	notifyStream                                   // t
	notifyKeyMiss                                  // m
	notifyModule                                   // d
	notifyNew                                      // n
	notifyOverwritten                              // o
	notifyTypeChanged                              // c
	notifySubkeyspace                              // S
	notifySubkeyevent                              // T
	notifySubkeyspaceitem                          // I
	notifySubkeyspaceevent                         // V
	notifyArray                                    // a
)

// notifySubkeys are the channels that tell of fields.
const notifySubkeys = notifySubkeyspace | notifySubkeyevent | notifySubkeyspaceitem |
	notifySubkeyspaceevent

// notifyNone is the class of a change that has no event.
const notifyNone notifyClass = 0

// notifyAll is what A stands for: every class but m, n, o and c. Since 8.8 notifyArray is one of
// them.
const notifyAll = notifyGeneric | notifyString | notifyList | notifySet | notifyHash |
	notifyZset | notifyExpired | notifyEvicted | notifyStream | notifyModule

// notifyLetters spells the classes, from the lowest bit up.
const notifyLetters = "KEg$lshzxetmdnocSTIVa"

// notifyLater are the letters of classes that came after Redis 8.0, and when.
var notifyLater = []struct{ since, letters string }{
	{"8.2", "oc"},
	{"8.8", "aSTIV"},
}

// knownNotify are the letters that a version knows, as its error lists them.
func knownNotify(version compatLevel) string {
	letters := "Ag$lshzxeKEtmdn"
	for _, l := range notifyLater {
		if sinceOf(l.since) <= version {
			letters += l.letters
		}
	}
	return letters
}

// allNotify is what A stands for in a version.
func allNotify(version compatLevel) notifyClass {
	if version < sinceOf(arrayOps.since) {
		return notifyAll
	}
	return notifyAll | notifyArray
}

// parseNotify reads the value of notify-keyspace-events as a version takes it.
func parseNotify(s string, version compatLevel) (notifyClass, bool) {
	var n notifyClass
	known := knownNotify(version)
	for i := range len(s) {
		if strings.IndexByte(known, s[i]) < 0 {
			return 0, false
		}
		if s[i] == 'A' {
			n |= allNotify(version)
			continue
		}
		n |= 1 << strings.IndexByte(notifyLetters, s[i])
	}
	return n, true
}

// formatNotify writes the value as CONFIG GET shows it, where all are the classes that A stands
// for: beside A, which does not include them, n, o and c are left out.
func formatNotify(n, all notifyClass) string {
	const order = "g$lshzxetdanocKEmSTIV"
	var out []byte
	rest := n
	if n&all == all {
		out = append(out, 'A')
		rest &^= notifyAll | notifyArray | notifyNew | notifyOverwritten | notifyTypeChanged
	}
	for i := range len(order) {
		for j := range len(notifyLetters) {
			if order[i] == notifyLetters[j] && rest&(1<<j) != 0 {
				out = append(out, order[i])
			}
		}
	}
	return string(out)
}

// notify publishes a keyspace event.
func (e *Engine) notify(class notifyClass, event string, d *db, key string) {
	on := e.cfg.notify
	if on&class == 0 {
		return
	}
	at := "@" + itoa(d.id) + "__:"
	if on&notifyKeyspace != 0 {
		e.publish([]byte("__keyspace"+at+key), []byte(event))
	}
	if on&notifyKeyevent != 0 {
		e.publish([]byte("__keyevent"+at+event), []byte(key))
	}
}

// tellsFields tells whether anybody may hear of fields of hashes: only then need they be known.
func (e *Engine) tellsFields() bool {
	return e.cfg.notify&notifySubkeys != 0 && e.cfg.notify&notifyHash != 0
}

// notifyFields publishes which fields of a hash a keyspace event, that was just published, is
// about. In channels and messages what may hold any byte has its length before it, or ends them.
func (e *Engine) notifyFields(event string, d *db, key string, fields [][]byte) {
	on := e.cfg.notify
	if len(fields) == 0 || !e.tellsFields() {
		return
	}
	var list []byte
	for i, field := range fields {
		if i > 0 {
			list = append(list, ',')
		}
		list = appendSized(list, string(field))
	}
	at := "@" + itoa(d.id) + "__:"
	if on&notifySubkeyspace != 0 {
		e.publish([]byte("__subkeyspace"+at+key), append([]byte(event+"|"), list...))
	}
	if on&notifySubkeyevent != 0 {
		message := append(appendSized(nil, key), '|')
		e.publish([]byte("__subkeyevent"+at+event), append(message, list...))
	}
	if on&notifySubkeyspaceitem != 0 && strings.IndexByte(key, '\n') < 0 {
		for _, field := range fields {
			e.publish([]byte("__subkeyspaceitem"+at+key+"\n"+string(field)), []byte(event))
		}
	}
	if on&notifySubkeyspaceevent != 0 {
		e.publish([]byte("__subkeyspaceevent"+at+event+"|"+key), list)
	}
}

// appendSized appends bytes behind their number.
//
//go:noinline
func appendSized(dst []byte, s string) []byte {
	return append(append(appendInt(dst, int64(len(s))), ':'), s...)
}
