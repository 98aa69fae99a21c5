package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/redlet/redlet/core"
	"github.com/redlet/redlet/host"
	"github.com/redlet/redlet/internal/sds"
)

// settings are what a configuration asks for.
type settings struct {
	file       string            // the configuration file, or ""
	given      bool              // something was configured
	values     map[string]string // the engine's parameters, as CONFIG SET takes them
	users      []string          // the names of those that user lines declare
	unresolved []directive       // names that nobody knows, which might be a module's

	cluster        int  // how many nodes; 0 is a server that is none of a cluster's
	replicas       int  // of each master
	apart          bool // its nodes are yet to meet
	wasm           bool
	playgroundPort int
	websocketPort  int
	origins        []string // whose pages may use it
	playgroundDir  string

	// These are the host's share of values.
	bind             []string
	port, tlsPort    int
	unixsocket       string
	unixsocketperm   os.FileMode
	backlog          int
	keepaliveS       int
	dir, dbfilename  string
	logfile, pidfile string
	loglevel         int
	daemonize, logo  bool
	supervised       string
	tlsReplication   bool
}

// value returns a parameter's value, which is checked, or what it is without one.
func (s *settings) value(name, standard string) string {
	if v, ok := s.values[name]; ok {
		return v
	}
	return standard
}

// severalWords are the parameters whose value is made of all arguments.
var severalWords = map[string]bool{
	"bind": true, "save": true, "client-output-buffer-limit": true, "oom-score-adj-values": true,
	"latency-tracking-info-percentiles": true, "shutdown-on-sigint": true,
	"shutdown-on-sigterm": true, "replicaof": true, "slaveof": true,
}

// maybeNothing are those of them that may have none: what that means their value says.
var maybeNothing = map[string]bool{"bind": true, "latency-tracking-info-percentiles": true,
	"shutdown-on-sigint": true, "shutdown-on-sigterm": true}

// badName is what core says of a name that it does not know.
const badName = "Bad directive or wrong number of arguments"

// settle obeys the directives one by one and stops at the first that is wrong.
func settle(directives []directive) (*settings, error) {
	dir, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	s := &settings{values: map[string]string{"dir": dir}}
	for _, d := range directives {
		if err := s.obey(d); err != nil {
			return nil, err
		}
	}
	if master := s.value("replicaof", ""); master != "" && !strings.EqualFold(master, "no one") &&
		strings.EqualFold(s.value("cluster-enabled", "no"), "yes") {
		return nil, &badDirective{reason: "replicaof directive not allowed in cluster mode"}
	}
	s.derive()
	return s, nil
}

// obey takes one directive in.
func (s *settings) obey(d directive) error {
	if done, err := s.own(d); done {
		return err
	}
	value := strings.Join(d.args, " ")
	name, known := core.Parameter(d.name)
	switch {
	case d.name == "user":
		return s.user(d)
	case d.name == "rename-command" && len(d.args) == 2:
		return s.rename(d)
	case !known && len(d.args) > 0:
		s.unresolved = append(s.unresolved, d)
		return nil
	case !known:
		return d.refuse(badName)
	case len(d.args) == 0 && (d.name == "save" || d.name == "client-output-buffer-limit"):
		if _, set := s.values[d.name]; !set && d.name == "save" {
			s.values[d.name] = ""
		}
		return nil // each line adds to those before, and this one nothing
	case len(d.args) != 1 && !severalWords[d.name],
		len(d.args) == 0 && !maybeNothing[d.name]:
		return d.refuse("wrong number of arguments")
	}
	if err := check(d.name, value); err != nil {
		return d.refuse(err.Error())
	}
	before := s.values[name]
	switch {
	case d.name == "dir":
		path, err := filepath.Abs(value)
		switch {
		case value == "":
			err = syscall.ENOENT
		case err == nil:
			err = isFolder(path)
		}
		if err != nil {
			return d.refuse(systemText(err))
		}
		value = path
	case before == "" || value == "":
	case d.name == "save" || d.name == "client-output-buffer-limit":
		value = before + " " + value // each line adds to those before
	}
	s.values[name] = value
	return nil
}

// user takes a user in. What names a command that is unknown the engine refuses when it starts.
func (s *settings) user(d directive) error {
	if len(d.args) == 0 {
		return d.refuse(badName)
	}
	if problem := core.UserProblem(d.args, s.users); problem != "" {
		return d.refuse(problem)
	}
	s.users = append(s.users, d.args[0])
	line := make([]string, len(d.args))
	for i, word := range d.args {
		line[i] = sds.Repr(word)
	}
	s.values["user"] += strings.Join(line, " ") + "\n"
	return nil
}

// rename gives a command another name.
func (s *settings) rename(d directive) error {
	lines := s.values[d.name] + sds.Repr(d.args[0]) + " " + sds.Repr(d.args[1]) + "\n"
	if problem := core.RenameProblem(lines); problem != "" {
		return d.refuse(problem)
	}
	s.values[d.name] = lines
	return nil
}

// check has the engine judge a value.
func check(name, value string) error {
	_, err := core.New(core.Options{Config: map[string]string{name: value}})
	var refusal *core.ConfigError
	if errors.As(err, &refusal) {
		return errors.New(refusal.Problem)
	}
	return err
}

func isFolder(path string) error {
	d, err := os.Open(path + string(filepath.Separator) + ".")
	if err != nil {
		return err
	}
	return d.Close()
}

// own obeys the directives that only redlet has.
func (s *settings) own(d directive) (done bool, err error) {
	switch d.name {
	case "cluster", "cluster-replicas", "cluster-create",
		"engine", "playground-port", "playground-dir", "websocket-port":
	case "websocket-origin":
		s.origins = append(s.origins, d.args...)
		return true, nil
	default:
		return false, nil
	}
	if len(d.args) != 1 {
		return true, d.refuse("wrong number of arguments")
	}
	switch value := d.args[0]; d.name {
	case "cluster":
		n, err := strconv.Atoi(value)
		if err != nil || n < 1 || n > clusterMax {
			return true, d.refuse(fmt.Sprintf("argument must be between 1 and %d inclusive", clusterMax))
		}
		s.cluster = n
	case "cluster-replicas":
		n, err := strconv.Atoi(value)
		if err != nil || n < 0 || n > clusterMax {
			return true, d.refuse(fmt.Sprintf("argument must be between 0 and %d inclusive", clusterMax))
		}
		s.replicas = n
	case "cluster-create":
		if value != "yes" && value != "no" {
			return true, d.refuse("argument must be 'yes' or 'no'")
		}
		s.apart = value == "no"
	case "engine":
		if value != "native" && value != "wasm" {
			return true, d.refuse("argument(s) must be one of the following: native, wasm")
		}
		s.wasm = value == "wasm"
	case "playground-port", "websocket-port":
		n, err := strconv.Atoi(value)
		if err != nil {
			return true, d.refuse("argument couldn't be parsed into an integer")
		}
		if n < 0 || n > 65535 {
			return true, d.refuse("argument must be between 0 and 65535 inclusive")
		}
		if d.name == "websocket-port" {
			s.websocketPort = n
		} else {
			s.playgroundPort = n
		}
	case "playground-dir":
		s.playgroundDir = value
	}
	return true, nil
}

// derive picks the host's share from the values, which are checked, and fills in the defaults.
func (s *settings) derive() {
	value := s.value
	number := func(name string, standard int) int {
		n, _ := strconv.Atoi(value(name, fmt.Sprint(standard)))
		return n
	}
	if s.cluster > 0 {
		s.values["cluster-enabled"] = "yes"
		host.ClusterConfig(s.values)
	}
	s.bind = nil
	if addresses := value("bind", "* -::*"); addresses != "" {
		s.bind = strings.Split(addresses, " ")
	}
	s.port, s.tlsPort = number("port", 6379), number("tls-port", 0)
	s.unixsocket = value("unixsocket", "")
	perm, _ := strconv.ParseUint(value("unixsocketperm", "0"), 8, 32)
	s.unixsocketperm = os.FileMode(perm)
	s.backlog, s.keepaliveS = number("tcp-backlog", 511), number("tcp-keepalive", 300)
	s.dir, s.dbfilename = s.values["dir"], value("dbfilename", "dump.rdb")
	s.logfile, s.pidfile = value("logfile", ""), value("pidfile", "")
	levels := []string{"debug", "verbose", "notice", "warning", "nothing"}
	s.loglevel = levelNotice
	for i, name := range levels {
		if strings.EqualFold(name, value("loglevel", "")) {
			s.loglevel = i
		}
	}
	s.supervised = strings.ToLower(value("supervised", "no"))
	s.daemonize = strings.EqualFold(value("daemonize", "no"), "yes")
	s.logo = strings.EqualFold(value("always-show-logo", "no"), "yes")
	s.tlsReplication = strings.EqualFold(value("tls-replication", "no"), "yes")
}
