package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"
)

// plainKey is a private key without a password, and lockedKeys are the same with the password 1234,
// as OpenSSL writes it.
const plainKey = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgmJAQFpMiqU2NaQ4v
TgZ5oQ3cikK7eo4KHKIboUuhwIuhRANCAATiA8an22dQ7BQscfoB4ASxKRt2DLM/
MHq1bfO897wKm0FySRLL1REMeDFvlJlGpGquUcDm3rB8HjueMLxR9Uqy
-----END PRIVATE KEY-----
`

var lockedKeys = map[string]string{
	"PKCS #8, AES-256, SHA-256": `-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAiUvM47LSk3/AICCAAw
DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEA0lfM/k8ID+YVfKYI4VhOcEgZC1
skxqOv+8kBKsMXhZaMk2KOYgTBp27T/kACvIN5OSiKbABNJlOJW3OHP/M91GlAD8
6bO+x3xWeGvc4UWYh5wahrx1QpdavJ6jpzDYaiZZtTd5duLqLIt2gtY7YHfNLUBp
mMQQOnRa1OqvEABZIKKvzvb1rrAGrttX0cBLXs9HrZ8ZRkttp4spkcJk2RKZLgw=
-----END ENCRYPTED PRIVATE KEY-----
`,
	"PKCS #8, AES-192, SHA-512": `-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAhhBfO2Au/MxQICCAAw
DAYIKoZIhvcNAgsFADAdBglghkgBZQMEARYEEKTHeC5nPbtXc+3jKfVnZJAEgZAs
lRZAX1W0nPu0d7JxIgGHjTenHpRwn7MXuJIJl1G8yTIyf2QQyVuiXWrMIkTtYHEZ
+QqmK28Z/anSkDC1dx1sjCJPNEy/aTyo+9pLsYMAjEx5xR8su6G/wJ2Zx1JCRt1d
RtYQVHwgqN9VW+CcLiTyzg71gn1UEDsLulGax3S1nKFqgW5RSGIz4QbuXJdfIyQ=
-----END ENCRYPTED PRIVATE KEY-----
`,
	"PKCS #8, AES-128, SHA-1": `-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHeMEkGCSqGSIb3DQEFDTA8MBsGCSqGSIb3DQEFDDAOBAhfBYEP87xCfAICCAAw
HQYJYIZIAWUDBAECBBCkFZfSNlJr74H1mpWeLuUjBIGQapTiBqB0Q5S3REdNm+Ja
9c1f1U0AgYvS0lJovXSkVWKLtRCx45x3rITy+kWKu2UzdN3iwU6Rkgw9VZODwD4s
XdmfGW6MZGoN9YfH1O1wXlJHc5gv7pE8LhBB91gV6POixzKtew4kcBSZwJtqofwH
wPsd5XaS2ja7G5++IBdJpMcR+xZjmvIlvgAdSmuQMGiP
-----END ENCRYPTED PRIVATE KEY-----
`,
	"headers": `-----BEGIN EC PRIVATE KEY-----
Proc-Type: 4,ENCRYPTED
DEK-Info: AES-256-CBC,6AC5DF4A13E9791D2EA0E0488B0C41ED

jUiSkycUTkMJlAT7ODs1d/DcyAa5FL9x1o1bfSYmvOTT1KW5JlR7kMoVDluzyAlV
bzKg838HJOl9DsjG2diHnpWJXcG9en5SNX1cohtslEjPeTe3eexflPjmlKGC2KVg
R+WbX90QMisb5JKkDDCuR9319ddSdF1wPjlNuwnZtR4=
-----END EC PRIVATE KEY-----
`,
}

// keyOf is the key in a file.
func keyOf(t *testing.T, file []byte) *ecdsa.PrivateKey {
	t.Helper()
	block, _ := pem.Decode(file)
	if block == nil || len(block.Headers) > 0 {
		t.Fatalf("no key: %q", file)
	}
	if key, err := x509.ParseECPrivateKey(block.Bytes); err == nil {
		return key
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return key.(*ecdsa.PrivateKey)
}

// TestOpenKey takes the password off keys, and tries others and what is damaged.
func TestOpenKey(t *testing.T) {
	want := keyOf(t, []byte(plainKey))
	for name, locked := range lockedKeys {
		if file, err := openKey([]byte(locked), "1234"); err != nil {
			t.Errorf("%s: %v", name, err)
		} else if !keyOf(t, file).Equal(want) {
			t.Errorf("%s: another key", name)
		}
		for _, wrong := range []string{"", "12345"} {
			if _, err := openKey([]byte(locked), wrong); err == nil {
				t.Errorf("%s: opened with the password %q", name, wrong)
			}
		}
		block, _ := pem.Decode([]byte(locked))
		for n := range block.Bytes {
			short := *block
			short.Bytes = block.Bytes[:n]
			if _, err := openKey(pem.EncodeToMemory(&short), "1234"); err == nil {
				t.Errorf("%s: opened with %d bytes", name, n)
			}
		}
	}
	for _, file := range []string{plainKey, "", "no key", strings.ToLower(plainKey)} {
		got, err := openKey([]byte(file), "1234")
		if err != nil || !bytes.Equal(got, []byte(file)) {
			t.Errorf("%q: %q, %v", file, got, err)
		}
	}
}
