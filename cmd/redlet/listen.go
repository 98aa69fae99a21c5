package main

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"

	"github.com/redlet/redlet/netbridge"
)

// fatal is an error in the words of redis-server, which begin and end as sentences do.
type fatal string

// Error returns the words.
func (f fatal) Error() string { return string(f) }

func fatalf(format string, args ...any) error { return fatal(fmt.Sprintf(format, args...)) }

// door is a listening socket that is open, and whom nobody serves yet.
type door struct {
	socket    net.Listener
	secure    netbridge.Secure
	kind, url string
	another   bool // of the addresses of the port before
}

// bindAll opens every socket that the configuration asks for, before anything is loaded: a server
// whose port is taken has touched no file. The plain port is open after the others: who has found
// it finds all.
func (v *server) bindAll() error {
	if len(v.bind) == 0 || v.port == 0 && v.tlsPort == 0 && v.websocketPort == 0 {
		if v.unixsocket == "" {
			return fatal("Configured to not listen anywhere, exiting.")
		}
	}
	if v.tlsPort != 0 && len(v.bind) > 0 {
		if err := v.certify(v.settings); err != nil {
			v.log.print(levelWarning, err.Error())
			return fatal("Failed to configure TLS. Check logs for more info.")
		}
		if err := v.bindTCP("tls"); err != nil {
			return err
		}
	}
	if v.websocketPort != 0 && len(v.bind) > 0 {
		if err := v.bindTCP("websocket"); err != nil {
			return err
		}
	}
	if v.port != 0 && len(v.bind) > 0 {
		if err := v.bindTCP("tcp"); err != nil {
			return err
		}
	}
	if v.unixsocket != "" {
		l, err := netbridge.Unix(v.unixsocket, v.unixsocketperm)
		if err != nil {
			return fatalf("Failed opening Unix socket: bind: %s", systemText(err))
		}
		v.doors = append(v.doors, door{socket: l, kind: "unix", url: "unix://" + v.unixsocket})
	}
	return nil
}

// accept serves who connects to any of the sockets, those of the cluster's other nodes as well,
// now that everything is there.
func (v *server) accept() error {
	v.changing.Lock()
	defer v.changing.Unlock()
	told := v.doors
	if err := v.open(); err != nil {
		return err
	}
	for _, d := range told {
		if !d.another {
			v.log.printf(levelNotice, "Ready to accept connections %s", d.kind)
			v.log.printf(levelNotice, "Listening at %s", d.url)
		}
	}
	for _, node := range v.others {
		if err := node.accept(); err != nil {
			return err
		}
	}
	return nil
}

// open serves who comes to the doors. Those that it could not open remain.
func (v *server) open() error {
	for len(v.doors) > 0 {
		d := v.doors[0]
		addr := d.socket.Addr()
		if err := v.bridge.Accept(d.socket, d.secure); err != nil {
			return err
		}
		v.doors, v.served = v.doors[1:], append(v.served, served{d.kind, addr})
	}
	return nil
}

// served is an address that is served.
type served struct {
	kind string
	addr net.Addr
}

// bindTCP opens the port of one kind at every bind address; a - before an address makes it
// optional.
func (v *server) bindTCP(kind string) error {
	d, scheme, port := door{kind: kind}, "redis", v.port
	switch kind {
	case "tls":
		d.secure, scheme, port = netbridge.TLS(v.certificates()), "rediss", v.tlsPort
	case "websocket":
		d.secure, scheme, port = netbridge.WebSocket(v.origins...), "ws", v.websocketPort
	}
	for _, bind := range v.bind {
		host, optional := strings.CutPrefix(bind, "-")
		var err error = &net.DNSError{IsNotFound: true} // of no name
		var l net.Listener
		if host != "" {
			l, err = netbridge.Socket(netbridge.Address(host, port))
		}
		if err == nil {
			d.socket, d.url = l, urlOf(scheme, host, port)
			v.doors = append(v.doors, d)
			d.another = true
			continue
		}
		if optional && absent(err) {
			continue
		}
		v.log.printf(levelWarning, "Warning: Could not create server TCP listening socket "+
			"%s:%d: %s", host, port, bindText(err))
		if !optional {
			return fatalf("Failed listening on port %d (%s), aborting.", port, kind)
		}
	}
	return nil
}

// absent tells whether this machine has no such address, or no such kind of addresses.
func absent(err error) bool {
	return errors.Is(err, syscall.EADDRNOTAVAIL) || errors.Is(err, syscall.EAFNOSUPPORT) ||
		errors.Is(err, syscall.EPROTONOSUPPORT)
}

// bindText words what went wrong with a listening socket.
func bindText(err error) string {
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return "Name or service not known"
	case dns != nil:
		return dns.Err
	}
	return "bind: " + systemText(err)
}

// urlOf is where a client on this machine finds a port of a bind address.
func urlOf(scheme, host string, port int) string {
	switch host {
	case "*", "0.0.0.0":
		host = "127.0.0.1"
	case "::*", "::":
		host = "::1"
	}
	return fmt.Sprintf("%s://%s", scheme, net.JoinHostPort(host, fmt.Sprint(port)))
}
