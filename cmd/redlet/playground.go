package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net"
	"net/http"
	"os"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/redlet/redlet/cmd/redlet/page"
	"github.com/redlet/redlet/host/guest"
)

// playground serves the playground page, which runs an engine of its own in the browser, or is a
// client of this server by its WebSocket port.
type playground struct {
	url    string
	server http.Server
	done   chan struct{}
}

// openPlayground serves a folder, or the page that is built in, on a port of 127.0.0.1. websocket
// is the port by which the page may reach this server, 0 if there is none.
func openPlayground(port int, dir string, websocket int) (*playground, error) {
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
	s := &site{files: files, websocket: websocket, known: map[string]*pageFile{}}
	p.server.Handler = s
	p.server.ReadHeaderTimeout = 10 * time.Second
	go s.prepare()
	go func() {
		defer close(p.done)
		_ = p.server.Serve(l) // returns when the server is closed
	}()
	return p, nil
}

const (
	// guestPath is where the page looks for the guest, in the folder that is named after its content.
	guestPath = "redlet.wasm"
	// serverPath tells the page of this server.
	serverPath = "server.json"
	// lastingPrefix begins the name of the folder that is named after what is in it.
	lastingPrefix = "app-"
)

// site serves the page's files, packed for who takes that, and the program's own guest if the page
// comes without one.
type site struct {
	files     fs.FS
	websocket int

	mu    sync.Mutex
	known map[string]*pageFile // by path, once asked for
}

// pageFile is a file as it is sent.
type pageFile struct {
	kind, tag string
	plain     []byte
	lasting   bool
	packing   sync.Once
	gzip      []byte // once packed
}

// prepare packs the guest before somebody asks for it: that takes half a second.
func (s *site) prepare() {
	folders, _ := fs.Glob(s.files, lastingPrefix+"*") // the pattern is right
	for _, folder := range folders {
		if file, err := s.file(path.Join(folder, guestPath)); err == nil {
			file.packed()
		}
	}
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
	if name == "" {
		name = "index.html"
	}
	file, err := s.file(name)
	switch {
	case err != nil:
		http.NotFound(w, r)
		return
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		http.Error(w, "GET or HEAD", http.StatusMethodNotAllowed)
		return
	}
	head := w.Header()
	head.Set("Content-Type", file.kind)
	head.Set("ETag", file.tag)
	head.Set("Vary", "Accept-Encoding")
	head.Set("Cache-Control", "no-cache")
	if file.lasting {
		head.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	if r.Header.Get("If-None-Match") == file.tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	body := file.plain
	if file.lasting && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		if packed := file.packed(); len(packed) < len(body) {
			head.Set("Content-Encoding", "gzip")
			body = packed
		}
	}
	head.Set("Content-Length", fmt.Sprint(len(body)))
	if r.Method == http.MethodGet {
		_, _ = w.Write(body) // who has gone needs nothing
	}
}

// file returns a file, read anew each time unless its name says what is in it.
func (s *site) file(name string) (*pageFile, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if file := s.known[name]; file != nil {
		return file, nil
	}
	data, err := fs.ReadFile(s.files, name)
	switch {
	case name == serverPath:
		data, err = fmt.Appendf(nil, "{\"websocket\":%d}\n", s.websocket), nil
	case err != nil && strings.HasSuffix(name, guestPath):
		data, err = guest.Module()
	}
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	file := &pageFile{kind: mime.TypeByExtension(path.Ext(name)), plain: data,
		tag: `"` + hex.EncodeToString(sum[:8]) + `"`, lasting: strings.HasPrefix(name, lastingPrefix)}
	if file.lasting {
		s.known[name] = file
	}
	return file, nil
}

// packed returns what gzip makes of a file.
func (f *pageFile) packed() []byte {
	f.packing.Do(func() {
		var buf bytes.Buffer
		w := gzip.NewWriter(&buf)
		_, _ = w.Write(f.plain) // a buffer takes all
		_ = w.Close()
		f.gzip = buf.Bytes()
	})
	return f.gzip
}

func (p *playground) close() error {
	err := p.server.Close()
	<-p.done
	return err
}
