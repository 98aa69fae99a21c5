package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/redlet/redlet/cmd/redlet/page"
	"github.com/redlet/redlet/host/guest"
)

// playground serves the playground page, which runs an engine of its own in the browser.
type playground struct {
	url    string
	server http.Server
	done   chan struct{}
}

// openPlayground serves a folder, or the page that is built in, on a port of 127.0.0.1.
func openPlayground(port int, dir string) (*playground, error) {
	files, err := fs.FS(nil), error(nil)
	if dir != "" {
		files = os.DirFS(dir)
		_, err = fs.Stat(files, "index.html")
	} else {
		files, err = page.Files()
	}
	if err != nil {
		return nil, fmt.Errorf("no playground: %w", err)
	}
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", fmt.Sprint(port)))
	if err != nil {
		return nil, fmt.Errorf("no playground: %w", err)
	}
	p := &playground{url: fmt.Sprintf("http://%s/", l.Addr()), done: make(chan struct{})}
	p.server.Handler = handler(files)
	p.server.ReadHeaderTimeout = 10 * time.Second
	go func() {
		defer close(p.done)
		_ = p.server.Serve(l) // returns when the server is closed
	}()
	return p, nil
}

// guestPath is where the page looks for the guest.
const guestPath = "redlet/redlet.wasm"

// handler serves files, and the program's own guest if the page comes without one.
func handler(files fs.FS) http.Handler {
	serve := http.FileServerFS(files)
	module, err := guest.Module()
	if _, missing := fs.Stat(files, guestPath); missing == nil || err != nil {
		return serve
	}
	mux := http.NewServeMux()
	mux.Handle("/", serve)
	mux.HandleFunc("/"+guestPath, func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "redlet.wasm", time.Time{}, bytes.NewReader(module))
	})
	return mux
}

func (p *playground) close() error {
	err := p.server.Close()
	<-p.done
	return err
}
