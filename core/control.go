package core

import (
	"bytes"
	"encoding/binary"
	"strconv"

	"github.com/redlet/redlet/core/internal/random"
	"github.com/redlet/redlet/internal/sds"
)

// Orders are what the owner of an engine wants of it that is no client's business: InControl holds
// one in words, EventControlled answers it. None takes a connection, waits for a script or a pause,
// is kept off by a password or a limit, counts as a command or shows anywhere.
//
//	clock                       tells the time
//	clock forward MICROSECONDS  turns the clock ahead; what falls due happens in its order
//	clock set MICROSECONDS      sets the clock, forward or back
//	clock freeze                stops it
//	clock run                   lets it go on
//	clock apart                 gives keys a time of their own, which only forward turns
//	clock together              ends that: keys go by what clients are told
//	clock host MICROSECONDS     says that the host now goes by another clock: no time has passed
//	seed NUMBER                 begins the random choices anew
//	info [SECTION …]            tells what INFO tells
//	config NAME                 tells a parameter's value
//	cluster                     tells the node's id, that of its shard, how many nodes it knows and
//	                            how many slots are assigned; what is behind a line feed are nodes of
//	                            the cluster, as nodes.conf has them, which are known from then on
//	look DB                     runs the commands behind a line feed, requests that only read, and
//	                            tells their replies: nothing counts them. See look.go
//	script kill                 ends the script or function that runs, at once, as SCRIPT KILL does
//	guests ask                  has clients give a password that came while none was needed: Redis
//	                            lets them stay when one is set
//	filter on|off               has Options.Filter asked about commands, or no longer
//	filter resume CONN [drop]   lets a client go on whose command a Fault's Delay holds up; what is
//	                            behind a line feed answers it in place of the command, and with
//	                            "drop" its connection ends
//
// An answer begins with '+', or with '-' where it says why not. Orders to the clock are answered
// with the time in microseconds and, behind a blank, 1 if more is due than one order does: give
// another, as "clock forward 0"; else 0.
func (e *Engine) control(in *Input) {
	order, reply, answered := bytes.Cut(in.Data, []byte("\n"))
	words, _ := sds.SplitArgs(nil, order)
	answer, problem := "", "no such order"
	switch {
	case len(words) == 0:
	case string(words[0]) == "clock":
		answer, problem = e.orderClock(words[1:])
	case string(words[0]) == "seed" && len(words) == 2:
		answer, problem = e.orderSeed(words[1])
	case string(words[0]) == "cluster":
		if !answered {
			reply = nil
		}
		answer, problem = e.orderCluster(words[1:], reply)
	case string(words[0]) == "guests" && len(words) == 2 && string(words[1]) == "ask":
		e.orderGuests()
		problem = ""
	case string(words[0]) == "filter" && len(words) == 2:
		answer, problem = e.orderFilter(words[1])
	case string(words[0]) == "filter" && len(words) > 2 && string(words[1]) == "resume":
		if !answered {
			reply = nil
		}
		answer, problem = "", e.resumeFiltered(words[2:], reply)
	case string(words[0]) == "look":
		answer, problem = e.orderLook(words[1:], reply)
	case string(words[0]) == "script" && len(words) == 2 && string(words[1]) == "kill":
		answer, problem = "", e.orderScriptKill()
	case string(words[0]) == "info":
		answer, problem = e.info(words[1:]), ""
	case string(words[0]) == "config" && len(words) == 2:
		if i := e.parameter(words[1]); i >= 0 {
			answer, problem = e.cfg.shows(i), ""
		} else {
			problem = "no such parameter"
		}
	}
	if answer = "+" + answer; problem != "" {
		answer = "-" + problem
	}
	e.emit(Event{Kind: EventControlled, Ticket: in.Ticket, Data: []byte(answer)})
}

func (e *Engine) orderSeed(word []byte) (answer, problem string) {
	n, err := strconv.ParseUint(string(word), 10, 64)
	if err != nil {
		return "", "a seed is a number of 64 bits"
	}
	var seed [32]byte
	binary.LittleEndian.PutUint64(seed[:], n)
	e.random, e.scripts.random = random.New(seed), 0
	return "", ""
}

func (e *Engine) orderClock(words [][]byte) (answer, problem string) {
	verb, t := "", Time(0)
	if len(words) > 0 {
		verb = string(words[0])
	}
	if len(words) > 1 {
		n, err := strconv.ParseInt(string(words[1]), 10, 64)
		if err != nil || n < 0 || n > clockMax*1000 {
			return "", errClockRange
		}
		t = Time(n)
	}
	switch {
	case verb == "forward" && len(words) == 2:
		if problem = e.forward(t); problem != "" {
			return "", problem
		}
	case verb == "set" && len(words) == 2:
		e.setClock(t)
	case verb == "host" && len(words) == 2:
		e.changeHost(t)
	case len(words) > 1:
		return "", "no such order"
	case verb == "freeze":
		e.clock.freeze()
	case verb == "run":
		e.clock.run()
	case verb == "apart":
		e.clock.apart, e.clock.keys = true, e.now
	case verb == "together":
		e.clock.together()
		e.clockTurned()
	case verb != "":
		return "", "no such order"
	}
	e.beforeSleep()
	answer = itoa(int64(e.told()))
	if e.turns() && e.due() <= e.clock.read() {
		return answer + " 1", ""
	}
	return answer + " 0", ""
}

const errClockRange = "the clock goes from 1970 to 9999"

// forward turns the clock ahead, or says why not.
func (e *Engine) forward(d Time) (problem string) {
	switch {
	case e.clock.apart && d <= clockMax*1000-e.clock.keys:
		e.clock.keys += d
	case !e.clock.apart && d <= clockMax*1000-e.clock.read():
		e.clock.set(e.clock.read() + d)
	default:
		return errClockRange
	}
	e.clockTurned()
	return ""
}

// setClock sets the clock. Where keys have a time of their own, that stays, and only what TIME,
// streams and idle times tell is set: they stand still there.
func (e *Engine) setClock(t Time) {
	if e.clock.apart {
		e.clock.told = t
		e.setNow(e.now)
		return
	}
	e.clock.set(t)
	e.clockTurned()
}

// changeHost has the engine go by another clock of the host, at t. That is no passing of time: who
// waits has as long to wait as before. Only instants, such as when a key expires, stay.
func (e *Engine) changeHost(t Time) {
	e.shiftHost(t - e.clock.host)
	was := e.clock.read()
	e.clock.host = t
	e.turnBack(was - e.clock.read())
	e.setNow(e.clock.read())
}

// clockTurned does what falls due by a clock that was turned; while a script runs it waits for the
// end of it.
func (e *Engine) clockTurned() {
	if e.turns() {
		e.turn(e.clock.read())
	} else {
		e.setNow(e.clock.read())
	}
}

// turns reports whether anything falls due now: not while a script runs or files are waited for.
func (e *Engine) turns() bool { return !e.has(engineScript) && !e.waitsForFiles() }
