package main

import (
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/redlet/redlet/core"
	"github.com/redlet/redlet/host"
	"github.com/redlet/redlet/host/guest"
	"github.com/redlet/redlet/netbridge"
)

// server is a running server with all its sockets.
type server struct {
	*settings
	log    *logger
	loop   *host.Loop
	bridge *netbridge.Bridge
	page   *playground
	super  supervisor
	doors  []door      // the sockets that are open and not served yet
	served []served    // and those that are
	others []*server   // the other nodes of its cluster
	over   chan ending // that an engine asked for the end
	closed chan struct{}

	changing sync.Mutex                 // held while CONFIG SET changes sockets or settings
	secure   atomic.Pointer[tls.Config] // what the server shows to its clients
	asClient atomic.Pointer[tls.Config] // and to a master; nil for no TLS there
	oom      oomScore
}

// ending is that the engine of a node asked for the end.
type ending struct {
	node   *server
	reason string
}

// serve runs a server until it is told to stop; it returns the exit code. The garbage collector is
// left as it is, but for small heaps (see floor), moments of rest and under maxmemory (see
// collector). With GOGC at 400, SET
// over a million keys at P16 gained 15 % and a small server nothing, for up to three times the
// memory.
func serve(s *settings, log *logger) int {
	v := &server{settings: s, log: log, over: make(chan ending, max(s.cluster, 1)),
		closed: make(chan struct{})}
	layFloor()
	v.super = supervise(s.supervised, log)
	v.greet()
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if v.values["crash-log-enabled"] != "no" {
		signal.Notify(signals, append(fatalSignals, syscall.SIGALRM)...)
	}
	defer signal.Stop(signals)
	if !v.start() {
		return 1
	}
	v.super.tell("STATUS=Ready to accept connections\n", "READY=1\n")
	code := v.wait(signals)
	v.super.tell("STOPPING=1\n")
	if err := v.close(); err != nil {
		log.print(levelWarning, err.Error())
	}
	return code
}

// greet writes the first lines of the log.
func (v *server) greet() {
	v.log.print(levelNotice, "redlet is starting")
	v.log.printf(levelNotice, "Redis version=%s, bits=64, commit=00000000, modified=0, pid=%d, "+
		"just started", version, os.Getpid())
	if v.given {
		v.log.print(levelNotice, "Configuration loaded")
	} else {
		v.log.print(levelWarning, "Warning: no config file specified, using the default config. "+
			"In order to specify a config file use redlet /path/to/redis.conf")
	}
	v.log.serving()
	if v.logo {
		v.log.raw(fmt.Sprintf(logo, version, v.port, os.Getpid()))
	} else {
		v.log.printf(levelNotice, "Running mode=standalone, port=%d.", v.port)
	}
}

// logo stands in the log where always-show-logo asks for it. Programs that start redis-server find
// the line with the PID.
const logo = `
    ______
   /\_____\      redlet, as Redis %s
  / /    / \     Running in standalone mode
  \ \___/  /     Port: %d
   \/_____/      PID: %d

`

// start brings everything up. It logs what fails, leaves nothing behind and answers false.
func (v *server) start() bool {
	if len(v.unresolved) > 0 {
		v.log.print(levelWarning, "Unresolved Configuration(s) Detected:")
		for _, d := range v.unresolved {
			v.log.printf(levelWarning, ">>> '%s'", strings.Join(append([]string{d.name}, d.args...), " "))
		}
		v.log.print(levelWarning, "Module Configuration detected without loadmodule directive or "+
			"no ApplyConfig call: aborting")
		return false
	}
	for _, step := range []func() error{v.bindAll, v.makeLoop, v.writePid, v.servePage,
		v.startCluster, v.retitle, v.accept} {
		if err := step(); err != nil {
			if !errors.Is(err, errTold) {
				v.log.print(levelWarning, err.Error())
			}
			_ = v.close() // what matters was just said
			return false
		}
	}
	return true
}

// collectLate keeps the collector from working until the heap is large, which taking the guest from
// wazero's cache does not make it: a tenth of the start. The function that it returns ends that.
func collectLate() func() {
	percent, limit := debug.SetGCPercent(-1), debug.SetMemoryLimit(-1)
	debug.SetMemoryLimit(min(limit, 256<<20))
	return func() {
		debug.SetMemoryLimit(limit)
		debug.SetGCPercent(percent)
	}
}

// giveBack gives memory back to the system that held the files which were loaded, if there is so
// much in use that it is worth the collector's time.
func giveBack() {
	var m runtime.MemStats
	if runtime.ReadMemStats(&m); m.HeapAlloc > 16<<20+floorBytes {
		debug.FreeOSMemory()
	}
}

func (v *server) makeLoop() error {
	maps.Copy(v.values, facts(v.super.socket != ""))
	began, limit := time.Now(), debug.SetMemoryLimit(-1)
	var told atomic.Bool
	o := host.LoopOptions{
		Config:    v.values,
		Stopwatch: func() int64 { return int64(time.Since(began)) },
		Connect:   v.connect,
		Configure: v.configure,
		Carrier: func(l *host.Loop) host.Carrier {
			v.bridge = netbridge.New(l, netbridge.Options{
				Backlog:   v.backlog,
				KeepAlive: time.Duration(v.keepaliveS) * time.Second,
				Thread:    true,
			})
			return v.bridge.Carrier()
		},
		Log: func(level int, text string) {
			told.Store(told.Load() || level >= levelWarning)
			v.log.write(level, text)
		},
		Shutdown: func(reason string) {
			select {
			case v.over <- ending{v, reason}:
			default: // it is ending already
			}
		},
	}
	if v.values["crash-log-enabled"] != "no" {
		o.Died = v.died
	}
	if v.tlsReplication {
		if err := v.certify(v.settings); err != nil {
			return err
		}
	}
	if _, err := rand.Read(o.Seed[:]); err != nil {
		return err
	}
	if v.wasm {
		o.Maker, o.Keep = guest.Maker(guest.Options{}), true
		defer collectLate()()
	}
	v.log.print(levelNotice, "Server initialized")
	loop, err := host.NewLoop(o)
	switch {
	case err != nil && told.Load(): // the engine has said it, in Redis's words
		return errTold
	case err != nil:
		return v.usersRefused(err)
	}
	v.loop = loop
	giveBack()
	go collect(loop.Memory, limit, v.closed)
	return nil
}

// errTold stands for an error that is in the log already.
var errTold = errors.New("see the log")

// usersRefused words, as redis-server does, that users of the configuration cannot be made.
func (v *server) usersRefused(err error) error {
	_, problem, is := strings.Cut(err.Error(), "configuration parameter 'user': ")
	if !is {
		return err
	}
	if !strings.HasPrefix(problem, "Configuring") {
		v.log.print(levelWarning, problem)
		problem = "Critical error while loading ACLs. Exiting."
	}
	return fatal(problem)
}

func (v *server) servePage() error {
	if v.playgroundPort == 0 {
		return nil
	}
	page, err := openPlayground(v.playgroundPort, v.playgroundDir, v.websocketPort)
	if err != nil {
		return err
	}
	v.page = page
	v.log.printf(levelNotice, "Playground at %s", page.url)
	return nil
}

func (v *server) writePid() error {
	if v.pidfile == "" {
		return nil
	}
	err := os.WriteFile(v.pidfile, fmt.Appendf(nil, "%d\n", os.Getpid()), 0o644)
	if err != nil { // a server without the file serves as well
		v.log.print(levelNotice, "Failed to write PID file: "+systemText(err))
	}
	return nil
}

// wait serves until the engine has stopped; it returns the exit code.
func (v *server) wait(signals <-chan os.Signal) int {
	asked, running := false, 1+len(v.others)
	for {
		select {
		case sig := <-signals:
			switch number, _ := sig.(syscall.Signal); {
			case sig == syscall.SIGALRM:
				v.log.print(levelWarning, "Received SIGALRM")
				v.traces(stacks())
				continue
			case slices.Contains(fatalSignals, sig):
				return v.crash(number)
			}
			name := signalName(sig)
			if asked && sig == os.Interrupt { // SIGTERM may come as often as it likes
				v.log.print(levelWarning, "You insist... exiting now.")
				return 1
			}
			asked = true
			v.log.printf(levelWarning, "Received %s scheduling shutdown...", name)
			v.stop(strings.ToLower(name))
		case end := <-v.over:
			if sig, is := crashed(end.reason); is {
				return v.crash(sig)
			}
			if end.reason != "SHUTDOWN" {
				v.log.print(levelWarning, end.reason)
				return 1
			}
			if running--; running > 0 { // the others of the cluster go on without it
				if err := end.node.endNode(); err != nil {
					v.log.print(levelWarning, err.Error())
				}
				continue
			}
			v.log.print(levelWarning, "Redis is now ready to exit, bye bye...")
			return 0
		}
	}
}

// stop asks the engine, and the others of its cluster, to shut down.
func (v *server) stop(why string) {
	in := []core.Input{{Kind: core.InStop, Data: []byte(why)}}
	v.loop.Send(in)
	for _, node := range v.others {
		node.loop.Send(in)
	}
}

func signalName(sig os.Signal) string {
	if sig == os.Interrupt {
		return "SIGINT"
	}
	return "SIGTERM"
}

// endNode ends the engine of a node and closes its ports.
func (v *server) endNode() error { return errors.Join(v.bridge.Close(), v.loop.Close()) }

// close ends what start began.
func (v *server) close() error {
	close(v.closed)
	var errs []error
	for _, node := range v.others {
		errs = append(errs, node.close())
	}
	if v.page != nil {
		errs = append(errs, v.page.close())
	}
	for _, d := range v.doors {
		errs = append(errs, d.socket.Close())
	}
	if v.loop != nil {
		errs = append(errs, v.endNode())
	}
	v.changing.Lock()
	pidfile := v.pidfile
	v.changing.Unlock()
	if pidfile != "" {
		if err := os.Remove(pidfile); !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
