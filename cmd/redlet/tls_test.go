package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestTLS serves TLS by the files that the configuration names, with and without client
// certificates.
func TestTLS(t *testing.T) {
	dir := t.TempDir()
	cert := certificate(t, dir)
	for _, auth := range []string{"no", "optional", "yes"} {
		port := freePort(t)
		p := start(t, dir, "--tls-port", fmt.Sprint(port), "--tls-cert-file", "cert", "--tls-key-file",
			"key", "--tls-ca-cert-file", "cert", "--tls-auth-clients", auth, "--save", "")
		for _, client := range []*tls.Config{
			{InsecureSkipVerify: true},
			{InsecureSkipVerify: true, Certificates: []tls.Certificate{cert}},
		} {
			got := pingTLS(t, fmt.Sprintf("127.0.0.1:%d", port), client)
			if want := auth != "yes" || client.Certificates != nil; got != want {
				t.Errorf("tls-auth-clients %s, with a certificate %v: answered %v", auth,
					client.Certificates != nil, got)
			}
		}
		p.signal(syscall.SIGTERM)
		p.end(0)
	}
}

// TestFollowTLS has a program follow another by TLS.
func TestFollowTLS(t *testing.T) {
	dir := t.TempDir()
	certificate(t, dir)
	port := fmt.Sprint(freePort(t))
	cert := filepath.Join(dir, "cert")
	files := []string{"--tls-cert-file", cert, "--tls-key-file", filepath.Join(dir, "key"),
		"--tls-ca-cert-file", cert, "--save", ""}
	master := start(t, dir, append(files, "--port", "0", "--tls-port", port,
		"--repl-diskless-sync-delay", "0")...)
	replica := start(t, t.TempDir(), append(files, "--port", fmt.Sprint(freePort(t)),
		"--tls-replication",
		"yes", "--replicaof", "127.0.0.1", port)...)
	const followed = "MASTER <-> REPLICA sync: Finished with success"
	if !strings.Contains(replica.Said(), followed) { // it may be before its ports are open
		replica.await(followed)
	}
	for _, p := range []*process{replica, master} {
		p.signal(syscall.SIGTERM)
		p.end(0)
	}
}

func pingTLS(t *testing.T, addr string, config *tls.Config) bool {
	t.Helper()
	c, err := tls.DialWithDialer(&net.Dialer{Timeout: 10 * time.Second}, "tcp", addr, config)
	if err != nil {
		return false
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(c, "PING\r\n")
	buf := make([]byte, 7)
	n, err := c.Read(buf)
	return err == nil && string(buf[:n]) == "+PONG\r\n"
}

// certificate writes a certificate that is its own authority, and its key, to dir.
func certificate(t *testing.T, dir string) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{
		"cert": {Type: "CERTIFICATE", Bytes: der}, "key": {Type: "PRIVATE KEY", Bytes: raw}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// TestDaemonize starts a server that leaves its parent, and ends it over its socket.
func TestDaemonize(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	t.Setenv("REDLET_TEST_MAIN", "1")
	var out bytes.Buffer
	args := []string{"--port", "0", "--unixsocket", "s", "--daemonize", "yes", "--logfile", "log",
		"--pidfile", "pid", "--save", ""}
	if code := run(args, nil, &out, &out); code != 0 || out.Len() > 0 {
		t.Fatalf("exit code %d, output %q", code, out.String())
	}
	await := func(what, text string) {
		t.Helper()
		for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
			log, _ := os.ReadFile("log")
			if strings.Contains(string(log), text) {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s: the log is %q", what, log)
			}
		}
	}
	await("start", "Ready to accept connections unix")
	ask(t, dir, "PING\r\nSHUTDOWN\r\n", "+PONG\r\n")
	await("end", "bye bye")
}
