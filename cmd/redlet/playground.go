package main

import (
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/redlet/redlet/cmd/redlet/page"
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
	p.server.Handler = http.FileServerFS(files)
	p.server.ReadHeaderTimeout = 10 * time.Second
	go func() {
		defer close(p.done)
		_ = p.server.Serve(l) // returns when the server is closed
	}()
	return p, nil
}

func (p *playground) close() error {
	err := p.server.Close()
	<-p.done
	return err
}
