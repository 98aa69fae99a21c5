package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"time"
)

// connectTime is how long a connection to another server may take to stand.
const connectTime = 5 * time.Second

// connectTLS makes connections to other servers by TLS, as tls-replication asks for.
func (v *server) connectTLS() (func(ctx context.Context, address string) (net.Conn, error), error) {
	c, err := v.secure()
	if err != nil {
		return nil, err
	}
	c.RootCAs, c.ClientCAs, c.ClientAuth = c.ClientCAs, nil, tls.NoClientCert
	// As in Redis the certificate must be of the authority, and may be of any name.
	c.InsecureSkipVerify = true
	c.VerifyConnection = func(s tls.ConnectionState) error {
		if len(s.PeerCertificates) == 0 {
			return errors.New("the server has no certificate")
		}
		between := x509.NewCertPool()
		for _, cert := range s.PeerCertificates[1:] {
			between.AddCert(cert)
		}
		_, err := s.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: c.RootCAs,
			Intermediates: between, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
		return err
	}
	d := &tls.Dialer{NetDialer: &net.Dialer{Timeout: connectTime}, Config: c}
	return func(ctx context.Context, address string) (net.Conn, error) {
		return d.DialContext(ctx, "tcp", address)
	}, nil
}
