// Command reference says which redis-server the tests compare with, or in one line what they leave
// out for want of one. It fails where REDLET_REFERENCE names a server that does not do and, with
// -need, where there is none at all.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"

	"github.com/redlet/redlet/core/coretest"
)

func main() {
	need := flag.Bool("need", false, "fail where there is no redis-server to compare with")
	flag.Parse()
	path, err := coretest.ReferencePath()
	switch {
	case errors.Is(err, coretest.ErrNoReference) && !*need:
		fmt.Printf("left out: the tests that compare with redis-server (%v)\n", err)
		return
	case errors.Is(err, coretest.ErrNoReference):
		err = fmt.Errorf("%w; set it to the path of one", err)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("comparing with", path)
	dir, err := os.MkdirTemp("", "redlet-reference")
	if err == nil {
		defer os.RemoveAll(dir)
		_, err = coretest.BuildClock(dir)
	}
	if err != nil {
		fmt.Printf("left out: the tests that turn the clock of redis-server (%v)\n", err)
	}
}
