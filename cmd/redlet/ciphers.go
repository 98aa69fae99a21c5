package main

import (
	"crypto/tls"
	"encoding/pem"
	"os"
	"slices"
	"strings"
)

// suite is a cipher suite of TLS 1.2 and before that Go has.
type suite struct {
	id   uint16
	tags []string // its name in OpenSSL's words, and what else a list may call it
}

// suites are those that OpenSSL has as well, which was built without RC4 and triple DES.
func suites() (all []suite) {
	for _, c := range slices.Concat(tls.CipherSuites(), tls.InsecureCipherSuites()) {
		keys, cipher, is := strings.Cut(strings.TrimPrefix(c.Name, "TLS_"), "_WITH_")
		if is && (strings.HasPrefix(cipher, "AES") || strings.HasPrefix(cipher, "CHACHA20")) {
			all = append(all, suite{c.ID, suiteTags(keys, cipher)})
		}
	}
	return all
}

// suiteTags words a suite of which Go says TLS_keys_WITH_cipher.
func suiteTags(keys, cipher string) []string {
	name := strings.NewReplacer("AES_128", "AES128", "AES_256", "AES256", "_CBC", "",
		"POLY1305_SHA256", "POLY1305", "_", "-").Replace(cipher)
	tags := []string{name, "kRSA", "RSA", "aRSA"}
	if auth, is := strings.CutPrefix(keys, "ECDHE_"); is {
		tags = []string{"ECDHE-" + auth + "-" + name, "a" + auth,
			"ECDHE", "EECDH", "kECDHE", "kEECDH", "ECDH"}
		if auth == "ECDSA" {
			tags = append(tags, auth)
		}
	}
	cipher, hash, _ := strings.Cut(name, "-")
	switch {
	case cipher == "CHACHA20":
		tags = append(tags, "CHACHA20", "TLSv1.2")
	case strings.HasPrefix(hash, "GCM"):
		tags = append(tags, "AES", cipher, "AESGCM", "TLSv1.2")
	case hash == "SHA":
		tags = append(tags, "AES", cipher, "SHA", "SHA1")
		if keys == "RSA" {
			tags = append(tags, "SSLv3")
		} else {
			tags = append(tags, "TLSv1", "TLSv1.0")
		}
	default:
		tags = append(tags, "AES", cipher, hash, "TLSv1.2")
	}
	return append(tags, "ALL", "DEFAULT", "HIGH")
}

// is tells whether a word of a list means the suite: a tag, or several that are joined by "+".
func (s suite) is(word string) bool {
	for tag := range strings.SplitSeq(word, "+") {
		if !slices.Contains(s.tags, tag) {
			return false
		}
	}
	return true
}

// cipherList reads a list as OpenSSL does, which passes over what it does not know. The order has
// no say: Go prefers what it thinks best.
func cipherList(text string) (ids []uint16) {
	all := suites()
	var never []uint16
	for _, word := range strings.FieldsFunc(text, func(r rune) bool {
		return strings.ContainsRune(":,; ", r)
	}) {
		name := strings.TrimLeft(word, "!-+")
		for _, s := range all {
			held := slices.Index(ids, s.id)
			switch {
			case !s.is(name) || word[0] == '+':
			case word[0] == '!' || word[0] == '-':
				if held >= 0 {
					ids = slices.Delete(ids, held, held+1)
				}
				if word[0] == '!' {
					never = append(never, s.id)
				}
			case held < 0 && !slices.Contains(never, s.id):
				ids = append(ids, s.id)
			}
		}
	}
	return ids
}

// ciphers reads tls-ciphers, tls-ciphersuites and tls-dh-params-file. The second names suites of
// TLS 1.3, of which Go has three and takes no choice, and the third is for a way of agreeing on a
// key that Go does not have: that they can be read is all that is asked of them.
func (s *settings) ciphers(c *tls.Config) error {
	list := s.value("tls-ciphers", "")
	if list == "" {
		list = "DEFAULT"
	}
	if c.CipherSuites = cipherList(list); c.CipherSuites == nil {
		return fatal("Failed to configure ciphers: " + list)
	}
	if text := s.value("tls-ciphersuites", ""); text != "" {
		known := slices.ContainsFunc(strings.Split(text, ":"), func(name string) bool {
			return slices.ContainsFunc(tls.CipherSuites(), func(c *tls.CipherSuite) bool {
				return c.Name == name && c.SupportedVersions[0] == tls.VersionTLS13
			})
		})
		if !known {
			return fatal("Failed to configure ciphersuites: " + text)
		}
	}
	path := s.value("tls-dh-params-file", "")
	if path == "" {
		return nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return fatalf("Failed to load %s: %s", path, systemText(err))
	}
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if strings.HasSuffix(block.Type, "DH PARAMETERS") {
			return nil
		}
	}
	return fatalf("%s: failed to read DH params.", path)
}
