package redlet

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// TLS is what a test needs to speak TLS: certificates of an authority of its own, for a server and
// for a client, as configurations and as files. They hold for localhost, 127.0.0.1 and ::1, and in
// this century.
type TLS struct {
	// Server is for [WithTLS]. It looks at a client's certificate if one is given; set ClientAuth to
	// tls.RequireAndVerifyClientCert to let nobody else in.
	Server *tls.Config
	// Client trusts the authority, and has the client's certificate.
	Client *tls.Config

	CAFile                        string // the authority's certificate, PEM as are all files
	ServerCertFile, ServerKeyFile string
	ClientCertFile, ClientKeyFile string
}

// TestTLS makes certificates for a test. The files go with it.
//
//	certs := redlet.TestTLS(t)
//	s := redlet.RunT(t, redlet.WithTLS(certs.Server))
//	client := redis.NewClient(&redis.Options{Addr: s.Addr(), TLSConfig: certs.Client})
func TestTLS(t interface {
	TB
	TempDir() string
}) *TLS {
	t.Helper()
	certs, err := newTLS(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return certs
}

func newTLS(dir string) (*TLS, error) {
	ca, err := certify("redlet's authority", nil, 0)
	if err != nil {
		return nil, err
	}
	server, err := certify("localhost", ca, x509.ExtKeyUsageServerAuth)
	if err != nil {
		return nil, err
	}
	client, err := certify("client", ca, x509.ExtKeyUsageClientAuth)
	if err != nil {
		return nil, err
	}
	trusted := x509.NewCertPool()
	trusted.AddCert(ca.Leaf)
	file := func(name string) string { return filepath.Join(dir, name) }
	t := &TLS{
		Server: &tls.Config{Certificates: []tls.Certificate{*server}, ClientCAs: trusted,
			ClientAuth: tls.VerifyClientCertIfGiven, MinVersion: tls.VersionTLS12},
		Client: &tls.Config{Certificates: []tls.Certificate{*client}, RootCAs: trusted,
			MinVersion: tls.VersionTLS12},
		CAFile:         file("ca.crt"),
		ServerCertFile: file("server.crt"), ServerKeyFile: file("server.key"),
		ClientCertFile: file("client.crt"), ClientKeyFile: file("client.key"),
	}
	for name, cert := range map[string]*tls.Certificate{
		t.CAFile: ca, t.ServerCertFile: server, t.ClientCertFile: client,
	} {
		if err := writePEM(name, "CERTIFICATE", cert.Certificate[0]); err != nil {
			return nil, err
		}
	}
	for name, cert := range map[string]*tls.Certificate{
		t.ServerKeyFile: server, t.ClientKeyFile: client,
	} {
		key, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
		if err != nil {
			return nil, err
		}
		if err := writePEM(name, "PRIVATE KEY", key); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// certify makes a key and a certificate for it, signed by an authority, or by itself if ca is nil:
// then it is one.
func certify(name string, ca *tls.Certificate, usage x509.ExtKeyUsage) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	c := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: name, Organization: []string{"redlet, for a test"}},
		// A bubble of testing/synctest begins with the century.
		NotBefore:             time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:              time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC),
		BasicConstraintsValid: true,
	}
	parent, signer := c, any(key)
	if ca == nil {
		c.IsCA, c.KeyUsage = true, x509.KeyUsageCertSign
	} else {
		parent, signer = ca.Leaf, ca.PrivateKey
		c.KeyUsage, c.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{usage}
		c.DNSNames = []string{"localhost"}
		c.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, signer)
	if err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, nil
}

func writePEM(name, kind string, der []byte) error {
	return os.WriteFile(name, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600)
}
