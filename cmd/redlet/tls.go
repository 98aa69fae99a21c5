package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/redlet/redlet/host"
)

// certify takes the tls-* parameters of a configuration into use, or leaves what was.
func (v *server) certify(s *settings) error {
	c, err := s.serverTLS()
	if err != nil {
		return err
	}
	client, err := s.clientTLS(c)
	if err != nil {
		return err
	}
	v.secure.Store(c)
	if !s.tlsReplication {
		client = nil
	}
	v.asClient.Store(client)
	return nil
}

// certificates is the configuration of a port: each connection has what is in use when it comes.
func (v *server) certificates() *tls.Config {
	return &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
		return v.secure.Load(), nil
	}}
}

// connect makes the connections to other servers: by TLS, as tls-replication asks for, or without.
func (v *server) connect(ctx context.Context, address, from string) (net.Conn, error) {
	d := host.Dialer(from)
	if c := v.asClient.Load(); c != nil {
		return (&tls.Dialer{NetDialer: d, Config: c}).DialContext(ctx, "tcp", address)
	}
	return d.DialContext(ctx, "tcp", address)
}

// serverTLS is what the tls-* parameters say of who connects.
func (s *settings) serverTLS() (*tls.Config, error) {
	cert, err := s.keyPair("tls-cert-file", "tls-key-file")
	if err != nil {
		return nil, err
	}
	c := &tls.Config{Certificates: []tls.Certificate{cert}}
	if err := s.protocols(c); err != nil {
		return nil, err
	}
	// A ticket of Go's needs no cache, so tls-session-cache-size and -timeout have no say.
	c.SessionTicketsDisabled = strings.EqualFold(s.value("tls-session-caching", "yes"), "no")
	c.ClientAuth = tls.RequireAndVerifyClientCert
	switch strings.ToLower(s.value("tls-auth-clients", "yes")) {
	case "no":
		c.ClientAuth = tls.NoClientCert
	case "optional":
		c.ClientAuth = tls.VerifyClientCertIfGiven
	}
	if c.ClientCAs, err = s.authorities(); err != nil {
		return nil, fatal("Failed to configure CA certificate(s) file/directory: " + systemText(err))
	}
	needed := c.ClientAuth != tls.NoClientCert || s.tlsReplication ||
		strings.EqualFold(s.value("tls-cluster", "no"), "yes")
	if c.ClientCAs == nil && needed {
		return nil, fatal("Either tls-ca-cert-file or tls-ca-cert-dir must be specified " +
			"when tls-cluster, tls-replication or tls-auth-clients are enabled!")
	}
	return c, s.ciphers(c)
}

// keyPair reads a certificate and its key, which may have a password.
func (s *settings) keyPair(cert, key string) (tls.Certificate, error) {
	for _, name := range []string{cert, key} {
		if s.value(name, "") == "" {
			return tls.Certificate{}, fatalf("No %s configured!", name)
		}
	}
	certFile, keyFile := s.value(cert, ""), s.value(key, "")
	shown, err := os.ReadFile(certFile)
	if block, _ := pem.Decode(shown); err == nil && block == nil {
		err = errors.New("there is no PEM in it")
	}
	if err != nil {
		return tls.Certificate{}, fatalf("Failed to load certificate: %s: %s", certFile, systemText(err))
	}
	var pair tls.Certificate
	secret, err := os.ReadFile(keyFile)
	if err == nil {
		secret, err = openKey(secret, s.value(key+"-pass", ""))
	}
	if err == nil {
		pair, err = tls.X509KeyPair(shown, secret)
	}
	if err != nil {
		return pair, fatalf("Failed to load private key: %s: %s", keyFile, systemText(err))
	}
	return pair, nil
}

// authorities reads those whose certificates are accepted; nil if none are named.
func (s *settings) authorities() (*x509.CertPool, error) {
	var paths []string
	if file := s.value("tls-ca-cert-file", ""); file != "" {
		paths = append(paths, file)
	}
	if dir := s.value("tls-ca-cert-dir", ""); dir != "" {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			paths = append(paths, filepath.Join(dir, e.Name()))
		}
	}
	if paths == nil {
		return nil, nil
	}
	pool, found := x509.NewCertPool(), false
	for i, path := range paths {
		pem, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		if pool.AppendCertsFromPEM(pem) {
			found = true
		} else if i == 0 && path == s.value("tls-ca-cert-file", "") {
			return nil, fatalf("no certificate in %s", path)
		}
	}
	if !found {
		return nil, fatalf("no certificate in %s", s.value("tls-ca-cert-dir", ""))
	}
	return pool, nil
}

// protocols reads tls-protocols; without it they are TLS 1.2 and 1.3.
func (s *settings) protocols(c *tls.Config) error {
	c.MinVersion, c.MaxVersion = tls.VersionTLS12, tls.VersionTLS13
	words := strings.Fields(s.value("tls-protocols", ""))
	if len(words) == 0 {
		return nil
	}
	c.MinVersion, c.MaxVersion = 0, 0
	for _, word := range words {
		var version uint16
		switch strings.ToLower(word) {
		case "tlsv1":
			version = tls.VersionTLS10
		case "tlsv1.1":
			version = tls.VersionTLS11
		case "tlsv1.2":
			version = tls.VersionTLS12
		case "tlsv1.3":
			version = tls.VersionTLS13
		default:
			return fatal("Invalid tls-protocols specified. " +
				"Use a combination of 'TLSv1', 'TLSv1.1', 'TLSv1.2' and 'TLSv1.3'.")
		}
		if c.MinVersion == 0 {
			c.MinVersion = version
		}
		c.MinVersion, c.MaxVersion = min(c.MinVersion, version), max(c.MaxVersion, version)
	}
	return nil
}

// clientTLS is what the tls-* parameters say of a master, which is to have a certificate of the
// authorities: of any name, as in Redis.
func (s *settings) clientTLS(server *tls.Config) (*tls.Config, error) {
	c := server.Clone()
	if s.value("tls-client-cert-file", "") != "" {
		cert, err := s.keyPair("tls-client-cert-file", "tls-client-key-file")
		if err != nil {
			return nil, err
		}
		c.Certificates = []tls.Certificate{cert}
	}
	c.RootCAs, c.ClientCAs, c.ClientAuth = c.ClientCAs, nil, tls.NoClientCert
	c.InsecureSkipVerify = true
	c.VerifyConnection = func(state tls.ConnectionState) error {
		if len(state.PeerCertificates) == 0 {
			return errors.New("the server has no certificate")
		}
		between := x509.NewCertPool()
		for _, cert := range state.PeerCertificates[1:] {
			between.AddCert(cert)
		}
		_, err := state.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: c.RootCAs,
			Intermediates: between, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
		return err
	}
	return c, nil
}
