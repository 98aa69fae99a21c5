// Command redlet is a server that takes the place of redis-server: it takes the same arguments and
// the same redis.conf, and answers the same way.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// versionName is the server that redlet takes the place of, as its messages name it.
const versionName = "Redis " + version

// version is the version of Redis that redlet behaves as unless compat says otherwise.
const version = "8.0.2"

const usage = `Usage: redlet [/path/to/redis.conf] [--name value ...] [-]
       redlet - (read the configuration from standard input)
       redlet -v or --version
       redlet -h or --help

Every parameter of redis.conf is an option. Those of redlet's own:
  --cluster N               serve a cluster of N nodes, on this port and those behind it
  --cluster-replicas N      have N of its nodes follow each master; without it all are masters
  --cluster-create no       leave the nodes alone, for redis-cli --cluster create
  --engine native|wasm      run the engine as Go, or as a WebAssembly guest in a sandbox
  --compat VERSION          behave as this version of Redis, such as 7.2 or 8.0
  --websocket-port PORT     take RESP through WebSockets on this port
  --websocket-origin ORIGIN let the pages of this origin use it, or of all: "*"
  --playground-port PORT    serve the playground page on this port of 127.0.0.1
  --playground-dir FOLDER   serve the page from a folder instead of the one built in

Examples:
       redlet (with the default configuration)
       redlet --port 7777 --save ''
       redlet /etc/redis/redis.conf --loglevel verbose
       echo 'maxmemory 128mb' | redlet -
`

func main() {
	switch name := filepath.Base(os.Args[0]); {
	case strings.Contains(name, "redis-check-rdb"):
		os.Exit(checkRDB(os.Args, os.Stdout, os.Stderr))
	case strings.Contains(name, "redis-check-aof"):
		os.Exit(checkAOF(os.Args, os.Stdin, os.Stdout))
	case strings.Contains(name, "redis-sentinel"):
		os.Args = append(os.Args, "--sentinel")
	}
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// versionText is what the program says of its version and how it was built.
func versionText() string {
	return fmt.Sprintf("v=%s sha=00000000:0 malloc=%s bits=%d build=redlet", version,
		runtime.Version(), 32<<(^uint(0)>>63))
}

// unserved says why redlet is not the program that redis-server becomes by one of these arguments;
// "" without them. None of the three serves data.
func unserved(args []string) string {
	switch {
	case slices.Contains(args, "--sentinel"):
		return "--sentinel: it watches over servers of other processes, which is not here; " +
			"the replicas of --cluster take their masters' places by themselves"
	case len(args) > 0 && args[0] == "--check-system":
		return "--check-system: it asks whether this system is good for a server that forks, " +
			"and redlet does not"
	case len(args) > 0 && args[0] == "--test-memory":
		return "--test-memory: it tests the machine, not the server; memtester does so"
	}
	return ""
}

// run is the program; it returns the exit code.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if len(args) > 0 {
		switch args[0] {
		case "-v", "--version":
			fmt.Fprintf(stdout, "Redis server %s\n", versionText())
			return 0
		case "-h", "--help":
			fmt.Fprint(stderr, usage)
			return 1
		}
	}
	if why := unserved(args); why != "" {
		fmt.Fprintln(stderr, "redlet: "+why)
		return 1
	}
	log := newLogger(stdout)
	a := parseArguments(args)
	if a.stdin {
		log.print(levelNotice, "Reading config from stdin")
	}
	directives, err := readConfig(a, stdin)
	var s *settings
	if err == nil {
		s, err = settle(directives)
	}
	if err == nil && a.file != "" {
		s.values["config-file"], err = filepath.Abs(a.file)
	}
	var bad *badDirective
	switch {
	case errors.As(err, &bad):
		fmt.Fprint(stderr, err)
		return 1
	case err != nil:
		log.print(levelWarning, err.Error())
		return 1
	}
	s.file, s.given = a.file, len(directives) > 0 || a.file != ""
	if s.daemonize {
		return detach(args, log)
	}
	if s.logfile != "" {
		file, err := os.OpenFile(s.logfile, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		if err != nil {
			fmt.Fprint(stderr, &badDirective{reason: "Can't open the log file: " + systemText(err)})
			return 1
		}
		defer file.Close()
		log.w = file
	}
	log.least = s.loglevel
	return serve(s, log)
}
