package main

import (
	"crypto/tls"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestCipherList reads lists as `openssl ciphers` of OpenSSL 3.0 does, but for suites that Go has
// not.
func TestCipherList(t *testing.T) {
	const (
		gcm = " ECDHE-ECDSA-AES256-GCM-SHA384 ECDHE-RSA-AES256-GCM-SHA384" +
			" ECDHE-ECDSA-AES128-GCM-SHA256 ECDHE-RSA-AES128-GCM-SHA256"
		kRSA = " AES256-GCM-SHA384 AES128-GCM-SHA256 AES128-SHA256 AES256-SHA AES128-SHA"
		cbc  = " ECDHE-ECDSA-AES128-SHA256 ECDHE-RSA-AES128-SHA256 ECDHE-ECDSA-AES256-SHA" +
			" ECDHE-RSA-AES256-SHA ECDHE-ECDSA-AES128-SHA ECDHE-RSA-AES128-SHA"
		chacha = " ECDHE-ECDSA-CHACHA20-POLY1305 ECDHE-RSA-CHACHA20-POLY1305"
	)
	for list, want := range map[string]string{
		"DEFAULT":                      gcm + kRSA + cbc + chacha,
		"HIGH:!aNULL:!MD5":             gcm + kRSA + cbc + chacha,
		"ECDHE+AESGCM":                 gcm,
		"ECDHE+AESGCM,CHACHA20; !aRSA": strings.ReplaceAll(gcm+chacha, "ECDHE-RSA", "-"),
		"kRSA":                         kRSA,
		"RSA+AES128":                   " AES128-GCM-SHA256 AES128-SHA256 AES128-SHA",
		"ALL:-SHA:-SHA256:!kRSA":       gcm + chacha,
		"!AES128:AES128":               "",
		"-AES128:RSA+AES128+AESGCM":    " AES128-GCM-SHA256",
		"SSLv3":                        " AES256-SHA AES128-SHA",
		"TLSv1.0": " ECDHE-ECDSA-AES256-SHA ECDHE-RSA-AES256-SHA ECDHE-ECDSA-AES128-SHA" +
			" ECDHE-RSA-AES128-SHA",
		"DEFAULT:-AES128-SHA256:+SHA:@STRENGTH": gcm + cbc + chacha +
			strings.Replace(kRSA, " AES128-SHA256", "", 1),
		"ECDHE-RSA-AES128-GCM-SHA256:NOPE": " ECDHE-RSA-AES128-GCM-SHA256",
		"NOPE":                             "",
	} {
		var got []string
		for _, s := range suites() {
			if slices.Contains(cipherList(list), s.id) {
				got = append(got, s.tags[0])
			}
		}
		names := slices.DeleteFunc(strings.Fields(want), func(s string) bool { return s[0] == '-' })
		slices.Sort(got)
		if slices.Sort(names); !slices.Equal(got, names) {
			t.Errorf("%s:\n%q, want\n%q", list, got, names)
		}
	}
}

// TestCiphers chooses the suites of TLS 1.2 by CONFIG SET, and refuses what names none.
func TestCiphers(t *testing.T) {
	const refused = "ERR CONFIG SET failed (possibly related to argument '%s') - Unable to update " +
		"TLS configuration. Check server logs."
	dir := t.TempDir()
	certificate(t, dir)
	params := filepath.Join(dir, "dh")
	const pem = "-----BEGIN DH PARAMETERS-----\nMAYCAQUCAQI=\n-----END DH PARAMETERS-----\n"
	if err := os.WriteFile(params, []byte(pem), 0o600); err != nil {
		t.Fatal(err)
	}
	port := fmt.Sprint(freePort(t))
	s := speak(t, os.Args[0], "--bind", "127.0.0.1")
	set := func(want string, words ...string) {
		t.Helper()
		if got := s.ask(append([]string{"CONFIG", "SET"}, words...)...).Text; got != want {
			t.Errorf("CONFIG SET %q: %q; want %q", words, got, want)
		}
	}
	takes := func(suite uint16) bool {
		return pingTLS(t, "127.0.0.1:"+port, &tls.Config{InsecureSkipVerify: true,
			CipherSuites: []uint16{suite}})
	}
	set("OK", "tls-cert-file", filepath.Join(dir, "cert"), "tls-key-file", filepath.Join(dir, "key"),
		"tls-auth-clients", "no", "tls-protocols", "TLSv1.2", "tls-port", port)
	const gcm, cbc = tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
		tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256
	if !takes(gcm) || !takes(cbc) {
		t.Error("OpenSSL's default is not what is served")
	}
	set("OK", "tls-ciphers", "DEFAULT:-AESGCM")
	if takes(gcm) || !takes(cbc) {
		t.Error("DEFAULT:-AESGCM is not what is served")
	}
	set(fmt.Sprintf(refused, "tls-ciphers"), "tls-ciphers", "NOPE")
	set("OK", "tls-ciphers", "ECDHE+AESGCM")
	if !takes(gcm) || takes(cbc) {
		t.Error("ECDHE+AESGCM is not what is served")
	}
	set(fmt.Sprintf(refused, "tls-ciphersuites"), "tls-ciphersuites", "NOPE")
	set("OK", "tls-ciphersuites", "TLS_AES_128_GCM_SHA256:NOPE")
	set(fmt.Sprintf(refused, "tls-dh-params-file"), "tls-dh-params-file", filepath.Join(dir, "no"))
	set(fmt.Sprintf(refused, "tls-dh-params-file"), "tls-dh-params-file", filepath.Join(dir, "cert"))
	set("OK", "tls-dh-params-file", params)
}
