package rdb

import (
	"bytes"
	"testing"
)

// FuzzReader reads anything as an image, and again as one whose checksum is off, so that the
// checksum does not keep mutations from what stands behind it.
func FuzzReader(f *testing.F) {
	image := sample()
	f.Add(image)
	f.Add(image[:len(image)-9])
	f.Add(arrayImage())
	for _, c := range oldLayouts() {
		w := Writer{}
		w.Begin(nil)
		w.Key(c.t, []byte("k"))
		c.write(&w)
		f.Add(w.End())
	}
	f.Fuzz(func(t *testing.T, image []byte) {
		kept := bytes.Clone(image)
		told(image)
		told(append(bytes.Clone(image), opEOF, 0, 0, 0, 0, 0, 0, 0, 0))
		if !bytes.Equal(kept, image) {
			t.Fatal("reading changed the image")
		}
	})
}

// FuzzString writes a string and reads it back.
func FuzzString(f *testing.F) {
	for _, s := range samples(20) {
		f.Add(s)
	}
	f.Add([]byte("-2147483648"))
	w := Writer{Compress: true}
	f.Fuzz(func(t *testing.T, s []byte) {
		w.BeginPayload(nil)
		w.String(s)
		r, err := NewPayloadReader(w.EndPayload(), false)
		if err != nil {
			t.Fatal(err)
		}
		back, err := r.String()
		if err != nil || !bytes.Equal(back, s) || r.at != len(r.in)-payloadFooter {
			t.Fatalf("%q came back as %q, %v", s, back, err)
		}
	})
}

func BenchmarkCRC64(b *testing.B) {
	p := make([]byte, 1<<16)
	b.SetBytes(1 << 16)
	for b.Loop() {
		CRC64(0, p)
	}
}

// BenchmarkCompress compresses a JSON-like string of 100 bytes, as values often are.
func BenchmarkCompress(b *testing.B) {
	s := []byte(`{"id":1234567,"name":"somebody","email":"somebody@example.com","also":"somebody"}`)
	w := Writer{Compress: true}
	w.out = make([]byte, 0, 1<<20)
	b.SetBytes(int64(len(s)))
	b.ReportAllocs()
	for b.Loop() {
		w.out = w.out[:0]
		w.String(s)
	}
}

func BenchmarkReadKeys(b *testing.B) {
	w := Writer{Compress: true}
	w.Begin(nil)
	for i := range 10000 {
		w.Key(TypeString, []byte{'k', byte(i), byte(i >> 8)})
		w.Int(int64(i) * 1000)
	}
	image := w.End()
	b.SetBytes(int64(len(image)))
	for b.Loop() {
		r, _ := NewReader(image)
		for {
			it, err := r.Next()
			if err != nil {
				b.Fatal(err)
			}
			if it.Kind == ItemEnd {
				break
			}
			r.String()
		}
	}
}
