package redlet

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"sync"

	"github.com/redlet/redlet/internal/errs"
)

// Open gives the address of a Redis that a URL names, real or embedded, so that one setting decides
// where a program's data are:
//
//   - "redis://…", "rediss://…" and "unix://…" name a server, which is asked to answer PING; the
//     address is the URL as it was given.
//   - "memory:" and "memory:name" are a server in this process. It starts when a name is first
//     opened, is shared by all that open the same name, and ends when the last of them has closed
//     it. What follows a question mark are its parameters, as in
//     "memory:cache?maxkeys=100&maxmemory-policy=allkeys-lru"; who opens it further may leave them
//     out but not change them. The address is a URL of the kind "redis://127.0.0.1:41234".
//
// close must be called when the address is of no more use; a second call does nothing.
func Open(ctx context.Context, rawURL string) (address string, close func() error, err error) {
	u, err := url.Parse(rawURL)
	switch {
	case err != nil: // its own words show the password
		return "", nil, fmt.Errorf("redlet: that is no URL such as redis://127.0.0.1:6379: %w",
			errors.Unwrap(err))
	case ctx.Err() != nil:
		return "", nil, fmt.Errorf("redlet: %w", ctx.Err())
	}
	switch u.Scheme {
	case "memory":
		return openMemory(u)
	case "redis", "rediss", "unix":
		if err := ping(ctx, u); err != nil {
			return "", nil, fmt.Errorf("redlet: %s: %w", u.Redacted(), err)
		}
		return rawURL, func() error { return nil }, nil
	}
	return "", nil, fmt.Errorf("redlet: %q is neither a redis://, rediss:// or unix:// URL nor a "+
		"memory: one", u.Redacted())
}

// shared are the embedded servers that are open, by their names.
var shared struct {
	sync.Mutex
	servers map[string]*sharedServer
}

type sharedServer struct {
	*Server
	config map[string]string
	users  int
}

func openMemory(u *url.URL) (address string, close func() error, err error) {
	name, config := u.Opaque, map[string]string{}
	if *u != (url.URL{Scheme: u.Scheme, Opaque: name, RawQuery: u.RawQuery}) {
		return "", nil, fmt.Errorf("redlet: %q is not of the form memory:name?parameter=value",
			u.Redacted())
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return "", nil, fmt.Errorf("redlet: memory:%s: %w", name, err)
	}
	for parameter, values := range query {
		if len(values) > 1 {
			return "", nil, fmt.Errorf("redlet: memory:%s: %s is given twice", name, parameter)
		}
		config[parameter] = values[0]
	}
	shared.Lock()
	defer shared.Unlock()
	m := shared.servers[name]
	switch {
	case m == nil:
		s, err := Run(WithConfig(config))
		if err != nil {
			return "", nil, err
		}
		if shared.servers == nil {
			shared.servers = map[string]*sharedServer{}
		}
		m = &sharedServer{Server: s, config: config}
		shared.servers[name] = m
	case len(config) > 0 && !maps.Equal(config, m.config):
		return "", nil, fmt.Errorf("redlet: memory:%s is open with other parameters", name)
	}
	m.users++
	return m.URL(), sync.OnceValue(func() error { return m.leave(name) }), nil
}

// leave ends a shared server when nobody else has it open.
func (m *sharedServer) leave(name string) error {
	shared.Lock()
	m.users--
	last := m.users == 0
	if last {
		delete(shared.servers, name)
	}
	shared.Unlock()
	if !last {
		return nil
	}
	return m.Close()
}

// ping asks whether a server is there and lets its user in.
func ping(ctx context.Context, u *url.URL) error {
	conn, err := dialURL(ctx, u)
	if err != nil {
		return err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	r := bufio.NewReader(conn)
	requests := [][]any{{"PING"}}
	if password, given := u.User.Password(); given {
		auth := []any{"AUTH", password}
		if name := u.User.Username(); name != "" {
			auth = []any{"AUTH", name, password}
		}
		requests = [][]any{auth, {"PING"}}
	}
	for _, request := range requests {
		words, err := appendCommand(nil, request)
		if err != nil {
			return err
		}
		_, err = conn.Write(words)
		if err != nil {
			return errs.Join(ctx.Err(), err)
		}
		reply, err := readReply(r)
		if err = errs.Join(err, reply.Err()); err != nil {
			return errs.Join(ctx.Err(), err)
		}
	}
	return nil
}

func dialURL(ctx context.Context, u *url.URL) (net.Conn, error) {
	if u.Scheme == "unix" {
		return new(net.Dialer).DialContext(ctx, "unix", u.Path)
	}
	host, port := u.Hostname(), u.Port()
	if host == "" {
		host = "localhost"
	}
	if port == "" {
		port = "6379"
	}
	address := net.JoinHostPort(host, port)
	if u.Scheme == "rediss" {
		d := tls.Dialer{Config: &tls.Config{ServerName: host}}
		return d.DialContext(ctx, "tcp", address)
	}
	return new(net.Dialer).DialContext(ctx, "tcp", address)
}
