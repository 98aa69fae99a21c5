package main

import (
	"cmp"
	"fmt"
	"os"
	"strings"
)

// program is the name that the program was called by.
var program = keepArguments()

// keepArguments takes the arguments out of the memory that showTitle writes over, before anything
// of them is kept; it returns the first.
func keepArguments() string {
	for i, a := range os.Args {
		os.Args[i] = strings.Clone(a)
	}
	return os.Args[0]
}

// retitle shows in the system's list of processes what proc-title-template says. Nothing is amiss
// where that cannot be shown.
func (v *server) retitle() error {
	if !strings.EqualFold(v.value("set-proc-title", "yes"), "yes") {
		return nil
	}
	at, mode := v.unixsocket, ""
	if port := cmp.Or(v.port, v.tlsPort); port != 0 {
		host := "*"
		if len(v.bind) > 0 {
			host = strings.TrimPrefix(v.bind[0], "-")
		}
		at = fmt.Sprintf("%s:%d", host, port)
	}
	if strings.EqualFold(v.value("cluster-enabled", "no"), "yes") {
		mode = "[cluster]"
	}
	title := strings.NewReplacer(
		"{title}", program,
		"{listen-addr}", at,
		"{server-mode}", mode,
		"{port}", fmt.Sprint(v.port),
		"{tls-port}", fmt.Sprint(v.tlsPort),
		"{unixsocket}", v.unixsocket,
		"{config-file}", v.values["config-file"],
	).Replace(v.value("proc-title-template", "{title} {listen-addr} {server-mode}"))
	showTitle(strings.TrimRight(title, " "))
	return nil
}
