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

// listen opens every socket that the configuration asks for.
func (v *server) listen() error {
	if len(v.bind) == 0 || v.port == 0 && v.tlsPort == 0 {
		if v.unixsocket == "" {
			return fatal("Configured to not listen anywhere, exiting.")
		}
	}
	var kinds, urls []string
	if v.port != 0 && len(v.bind) > 0 {
		first, err := v.listenTCP(v.port, "tcp", nil)
		if err != nil {
			return err
		}
		kinds, urls = append(kinds, "tcp"), append(urls, urlOf("redis", first, v.port))
	}
	if v.tlsPort != 0 && len(v.bind) > 0 {
		secure, err := v.secure()
		if err != nil {
			return fatalf("Failed to configure TLS. Check logs for more info: %v", err)
		}
		first, err := v.listenTCP(v.tlsPort, "tls", secure)
		if err != nil {
			return err
		}
		kinds, urls = append(kinds, "tls"), append(urls, urlOf("rediss", first, v.tlsPort))
	}
	if v.unixsocket != "" {
		if _, err := v.bridge.ListenUnix(v.unixsocket, v.unixsocketperm); err != nil {
			return fatalf("Failed opening Unix socket: bind: %s", systemText(err))
		}
		kinds, urls = append(kinds, "unix"), append(urls, "unix://"+v.unixsocket)
	}
	for i, kind := range kinds {
		v.log.printf(levelNotice, "Ready to accept connections %s", kind)
		v.log.printf(levelNotice, "Listening at %s", urls[i])
	}
	return nil
}

// listenTCP opens one port of every bind address; a - before an address makes it optional. It
// returns the first address that is open, "" if none is.
func (v *server) listenTCP(port int, kind string, secure *tls.Config) (first string, err error) {
	for _, bind := range v.bind {
		host, optional := strings.CutPrefix(bind, "-")
		network, address := netbridge.Address(host, port)
		_, err := v.bridge.Listen(network, address, netbridge.TLS(secure))
		if err == nil && first == "" {
			first = host
		}
		if err == nil || optional && absent(err) {
			continue
		}
		v.log.printf(levelWarning, "Warning: Could not create server TCP listening socket "+
			"%s:%d: %s", host, port, bindText(err))
		if !optional {
			return "", fatalf("Failed listening on port %d (%s), aborting.", port, kind)
		}
	}
	return first, nil
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
