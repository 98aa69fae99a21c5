// Command bench measures redlet beside redis-server in one run and prints a table: `make bench`.
//
// Every figure of a comparison is the median of several short rounds in which the servers take
// turns, and a ratio the median of those of the rounds, so that what else the machine does falls on
// all of them alike. It takes about four minutes; with -families (`make bench-families`) it
// measures what the families of commands cost as their values grow, which takes about ten, and with
// -lua (`make bench-lua`) what scripts cost, in Node too, which takes about one, and with -server
// (`make bench-server`) what a server does round its data, which takes about three.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/redlet/redlet/core/coretest"
)

// options are the command's flags.
type options struct {
	rounds    int
	keys      int
	clients   int
	reference string   // redis-server; "" if there is none
	benchmark string   // redis-benchmark; "" if there is none
	args      []string // further ones of every server
}

func main() {
	var o options
	flag.IntVar(&o.rounds, "rounds", 5, "how many times each server is measured, an odd number")
	flag.IntVar(&o.keys, "keys", 1_000_000, "how many keys the memory of one is taken from")
	flag.IntVar(&o.clients, "clients", 50, "connections of redis-benchmark")
	families := flag.Bool("families", false, "measure each family at several sizes, and no more")
	lua := flag.Bool("lua", false, "measure scripts, and no more")
	server := flag.Bool("server", false, "measure what a server does round its data, and no more")
	into := flag.String("profile", "", "write a profile for the compiler to this file, and end")
	flag.Parse()
	if *into != "" {
		if err := profile(*into); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		return
	}
	var err error
	if o.reference, err = coretest.ReferencePath(); errors.Is(err, coretest.ErrNoReference) {
		fmt.Println("only redlet alone is measured:", err)
	} else if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	o.benchmark = beside(o.reference, "redis-benchmark")
	part := run
	if *families {
		part = byFamily
	}
	if *lua {
		part = scripts
	}
	if *server {
		part = roundData
	}
	if err := part(o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// beside finds a program in the folder of another one, or on the path.
func beside(program, name string) string {
	path := filepath.Join(filepath.Dir(program), name)
	if _, err := os.Stat(path); program == "" || err != nil {
		path, _ = exec.LookPath(name)
	}
	return path
}

func run(o options) error {
	fmt.Println(machine())
	if err := network(o); err != nil {
		return err
	}
	for _, part := range []func() error{inProcess, startUp, sizes} {
		if err := part(); err != nil {
			return err
		}
	}
	return nil
}

// machine names what the figures were measured on.
func machine() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "bench: no /proc: memory is not measured"
	}
	model, cores := "", 0
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(line, ":")
		if strings.TrimSpace(name) == "model name" {
			model = strings.TrimSpace(value)
			cores++
		}
	}
	load, _ := os.ReadFile("/proc/loadavg")
	first, _, _ := strings.Cut(string(load), " ")
	return fmt.Sprintf("%s, %d cores, load %s at the start", model, cores, first)
}

// row prints one line of a table: a name, values in columns, a remark.
func row(name string, values []string, remark string) {
	fmt.Printf("%-22s", name)
	for _, v := range values {
		fmt.Printf(" %12s", v)
	}
	fmt.Printf("  %s\n", remark)
}

// verdict says whether a figure reaches its goal.
func verdict(got, goal float64, ok bool) string {
	if ok {
		return fmt.Sprintf("%.2f (goal %.2f)", got, goal)
	}
	return fmt.Sprintf("%.2f (goal %.2f) FALLS SHORT", got, goal)
}
