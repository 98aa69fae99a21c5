package core

import "strconv"

// notifyClass is a set of keyspace events, as notify-keyspace-events names them.
type notifyClass uint32

const (
	notifyKeyspace notifyClass = 1 << iota // K
	notifyKeyevent                         // E
	notifyGeneric                          // g
	notifyString                           // $
	notifyList                             // l
	notifySet                              // s
	notifyHash                             // h
	notifyZset                             // z
	notifyExpired                          // x
	notifyEvicted                          // e
	notifyStream                           // t
	notifyKeyMiss                          // m
	notifyModule                           // d
	notifyNew                              // n
	notifyArray                            // a
)

// notifyNone is the class of a change that has no event.
const notifyNone notifyClass = 0

// notifyAll is what A stands for: every class but m and n. Since 8.8 notifyArray is one of them.
const notifyAll = notifyGeneric | notifyString | notifyList | notifySet | notifyHash |
	notifyZset | notifyExpired | notifyEvicted | notifyStream | notifyModule

// notifyLetters spells the classes, from the lowest bit up.
const notifyLetters = "KEg$lshzxetmdna"

// parseNotify reads the value of notify-keyspace-events; known are the classes that there are.
func parseNotify(s string, known notifyClass) (notifyClass, bool) {
	var n notifyClass
letters:
	for i := 0; i < len(s); i++ {
		if s[i] == 'A' {
			n |= (notifyAll | notifyArray) & known
			continue
		}
		for j := range len(notifyLetters) {
			if s[i] == notifyLetters[j] && known&(1<<j) != 0 {
				n |= 1 << j
				continue letters
			}
		}
		return 0, false
	}
	return n, true
}

// formatNotify writes the value as CONFIG GET shows it, where all are the classes that A stands
// for: beside A, which it does not include, n is left out.
func formatNotify(n, all notifyClass) string {
	const order = "g$lshzxetdanKEm"
	var out []byte
	rest := n
	if n&all == all {
		out = append(out, 'A')
		rest &^= notifyAll | notifyArray | notifyNew
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
	at := "@" + strconv.Itoa(d.id) + "__:"
	if on&notifyKeyspace != 0 {
		e.publish([]byte("__keyspace"+at+key), []byte(event))
	}
	if on&notifyKeyevent != 0 {
		e.publish([]byte("__keyevent"+at+event), []byte(key))
	}
}
