package main

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"hash"
)

// errKey is that a key is not to be had by a password. A wrong one mostly shows in what it gives.
var errKey = errors.New("the private key cannot be decrypted: its password is wrong, it is " +
	"damaged, or its cipher is not AES")

// openKey takes the password off a private key in PEM: off PKCS #8, as OpenSSL 3 writes it, or off
// the headers of before. A key that has none stays as it is.
func openKey(file []byte, password string) ([]byte, error) {
	block, _ := pem.Decode(file)
	if block == nil { // crypto/tls says so
		return file, nil
	}
	var err error
	if block.Type == "ENCRYPTED PRIVATE KEY" {
		block.Type = "PRIVATE KEY"
		block.Bytes, err = openPKCS8(block.Bytes, password)
		//lint:ignore SA1019 nobody is asked to trust the form of before; Redis reads it
	} else if x509.IsEncryptedPEMBlock(block) {
		//lint:ignore SA1019 the same
		block.Bytes, err = x509.DecryptPEMBlock(block, []byte(password))
		block.Headers = nil
	}
	return pem.EncodeToMemory(block), err
}

// keyHashes are those of HMAC that PBKDF2 makes keys with, and keyLengths the bytes of keys for AES
// in CBC mode. Without a name the hash is SHA-1.
var (
	keyHashes = map[string]func() hash.Hash{"": sha1.New, "1.2.840.113549.2.7": sha1.New,
		"1.2.840.113549.2.9": sha256.New, "1.2.840.113549.2.11": sha512.New}
	keyLengths = map[string]int{"2.16.840.1.101.3.4.1.2": 16, "2.16.840.1.101.3.4.1.22": 24,
		"2.16.840.1.101.3.4.1.42": 32}
)

// openPKCS8 decrypts an EncryptedPrivateKeyInfo whose scheme is PBES2 (RFC 8018).
func openPKCS8(der []byte, password string) ([]byte, error) {
	var sealed struct {
		Scheme pkix.AlgorithmIdentifier
		Data   []byte
	}
	var scheme struct{ KDF, Cipher pkix.AlgorithmIdentifier }
	var kdf struct {
		Salt   []byte
		Rounds int
		Length int                      `asn1:"optional"`
		PRF    pkix.AlgorithmIdentifier `asn1:"optional"`
	}
	var iv []byte
	_, err1 := asn1.Unmarshal(der, &sealed)
	_, err2 := asn1.Unmarshal(sealed.Scheme.Parameters.FullBytes, &scheme)
	_, err3 := asn1.Unmarshal(scheme.KDF.Parameters.FullBytes, &kdf)
	_, err4 := asn1.Unmarshal(scheme.Cipher.Parameters.FullBytes, &iv)
	hashing, hashes := keyHashes[kdf.PRF.Algorithm.String()]
	length := keyLengths[scheme.Cipher.Algorithm.String()]
	plain := bytes.Clone(sealed.Data)
	if errors.Join(err1, err2, err3, err4) != nil || !hashes || length == 0 ||
		len(iv) != aes.BlockSize || len(plain) == 0 || len(plain)%aes.BlockSize != 0 {
		return nil, errKey
	}
	key, err := pbkdf2.Key(hashing, password, kdf.Salt, kdf.Rounds, length)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(plain, plain)
	pad := plain[len(plain)-1]
	text, padded := bytes.CutSuffix(plain, bytes.Repeat([]byte{pad}, int(pad)))
	if pad == 0 || pad > aes.BlockSize || !padded {
		return nil, errKey
	}
	return text, nil
}
