package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
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
	kind, url string // "" for another address of the port before
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
		secure, err := v.secure()
		if err != nil {
			v.log.print(levelWarning, err.Error())
			return fatal("Failed to configure TLS. Check logs for more info.")
		}
		if err := v.bindTCP(v.tlsPort, "tls", "rediss", netbridge.TLS(secure)); err != nil {
			return err
		}
	}
	if v.websocketPort != 0 && len(v.bind) > 0 {
		err := v.bindTCP(v.websocketPort, "websocket", "ws", netbridge.WebSocket(v.origins...))
		if err != nil {
			return err
		}
	}
	if v.port != 0 && len(v.bind) > 0 {
		if err := v.bindTCP(v.port, "tcp", "redis", nil); err != nil {
			return err
		}
	}
	if v.unixsocket != "" {
		l, err := netbridge.Unix(v.unixsocket, v.unixsocketperm)
		if err != nil {
			return fatalf("Failed opening Unix socket: bind: %s", systemText(err))
		}
		v.doors = append(v.doors, door{l, nil, "unix", "unix://" + v.unixsocket})
	}
	return nil
}

// accept serves who connects to any of the sockets, those of the cluster's other nodes as well,
// now that everything is there.
func (v *server) accept() error {
	for len(v.doors) > 0 {
		d := v.doors[0]
		if err := v.bridge.Accept(d.socket, d.secure); err != nil {
			return err
		}
		if v.doors = v.doors[1:]; d.kind != "" {
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

// bindTCP opens one port of every bind address; a - before an address makes it optional.
func (v *server) bindTCP(port int, kind, scheme string, secure netbridge.Secure) error {
	d := door{secure: secure, kind: kind}
	for _, bind := range v.bind {
		host, optional := strings.CutPrefix(bind, "-")
		l, err := net.Listen(netbridge.Address(host, port))
		if err == nil {
			d.socket, d.url = l, urlOf(scheme, host, port)
			v.doors = append(v.doors, d)
			d.kind = ""
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

// secure makes the TLS configuration of the tls-* parameters.
func (v *server) secure() (*tls.Config, error) {
	if v.certFile == "" || v.keyFile == "" {
		return nil, fatal("No tls-cert-file configured!")
	}
	cert, err := tls.LoadX509KeyPair(v.certFile, v.keyFile)
	if err != nil {
		return nil, err
	}
	c := &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	if v.auth == "no" {
		return c, nil
	}
	if v.caFile == "" {
		return nil, fatal("Either tls-ca-cert-file or tls-ca-cert-dir must be specified " +
			"when tls-cluster, tls-replication or tls-auth-clients are enabled!")
	}
	pem, err := os.ReadFile(v.caFile)
	if err != nil {
		return nil, err
	}
	c.ClientCAs = x509.NewCertPool()
	if !c.ClientCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("no certificate in %s", v.caFile)
	}
	c.ClientAuth = tls.RequireAndVerifyClientCert
	if v.auth == "optional" {
		c.ClientAuth = tls.VerifyClientCertIfGiven
	}
	return c, nil
}
