package vector

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// Vector is a normalized vector as a set keeps it: one of floats, bytes and bits.
type Vector struct {
	floats []float32
	words  []uint64 // eight bytes each, the first the lowest: see words.go; or 64 bits
	scale  float32  // the greatest component that bytes stand for; 127 stands for it
	sum    int32    // of the bytes as they lie in words
}

// Scale is the greatest component of a vector of bytes.
func (v *Vector) Scale() float32 { return v.scale }

// The products here are converted so that no compiler may fuse them with a sum: the digits would
// then depend on the host.

// normalize makes a vector one of length 1, in place, and returns the length that it had; 1 for a
// vector without one, which stays as it is.
func normalize(x []float32) float32 {
	sum := float32(0)
	i := 0
	for ; i+4 <= len(x); i += 4 {
		a, b, c, d := x[i], x[i+1], x[i+2], x[i+3]
		sum += float32(a*a) + float32(b*b) + float32(c*c) + float32(d*d)
	}
	for ; i < len(x); i++ {
		sum += float32(x[i] * x[i])
	}
	if sum == 0 {
		return 1
	}
	norm := float32(math.Sqrt(float64(sum)))
	for i := range x {
		x[i] = quotient(x[i], norm)
	}
	return norm
}

// quotient is a/b, with the NaN that x86 gives, whose sign hosts disagree on.
func quotient(a, b float32) float32 {
	q := a / b
	switch {
	case q == q:
		return q
	case a != a:
		return math.Float32frombits(math.Float32bits(a) | 1<<22)
	case b != b:
		return math.Float32frombits(0x7fc00000)
	}
	return math.Float32frombits(0xffc00000)
}

// Make returns x, which it may change, as the set keeps vectors, and the length of x.
func (s *Set) Make(x []float32) (v Vector, norm float32) {
	norm = normalize(x)
	switch s.Quant {
	case None:
		v.floats = append(make([]float32, 0, len(x)), x...)
	case Q8:
		v.words, v.scale = quantize(x)
		v.sum = sumBytes(v.words)
	case Bin:
		v.words = make([]uint64, (len(x)+63)/64)
		for i, f := range x {
			if f > 0 {
				v.words[i/64] |= 1 << (i % 64)
			}
		}
	}
	return v, norm
}

func quantize(x []float32) (q []uint64, scale float32) {
	q = make([]uint64, (len(x)+7)/8)
	for _, f := range x {
		if f < 0 {
			f = -f
		}
		if f > scale {
			scale = f
		}
	}
	by := float32(0)
	if scale != 0 {
		by = 127 / scale
	}
	for i, f := range x {
		setByte(q, i, rounded(float32(f*by)))
	}
	return q, scale
}

// rounded is the nearest integer, the one further from 0 of two as near. What no integer of 32 bits
// comes near to is 0, as the last byte of what x86 makes of it.
func rounded(f float32) int8 {
	if f >= 0 {
		f += 0.5
	} else {
		f -= 0.5
	}
	if f > -1<<31 && f < 1<<31 {
		return int8(int32(f))
	}
	return 0
}

// Values appends the components of a node to dst, in the length that the vector had; of bits those
// of a vector of 1 and -1.
func (s *Set) Values(dst []float32, n *Node) []float32 {
	switch s.Quant {
	case None:
		for _, f := range n.floats {
			dst = append(dst, float32(f*n.norm))
		}
	case Q8:
		for i := range s.Dim {
			f := float32(float32(byteAt(n.words, i))*n.scale) / 127
			dst = append(dst, float32(f*n.norm))
		}
	case Bin:
		for i := range s.Dim {
			f := float32(-1)
			if n.words[i/64]>>(i%64)&1 != 0 {
				f = 1
			}
			dst = append(dst, f)
		}
	}
	return dst
}

// AppendRaw appends what is kept of a node's components as it lies in the memory of a server.
//
//go:noinline
func (s *Set) AppendRaw(dst []byte, n *Node) []byte {
	switch s.Quant {
	case None:
		for _, f := range n.floats {
			dst = binary.LittleEndian.AppendUint32(dst, math.Float32bits(f))
		}
	case Q8:
		for i := range s.Dim {
			dst = append(dst, byte(byteAt(n.words, i)))
		}
	case Bin:
		for _, b := range n.words {
			dst = binary.LittleEndian.AppendUint64(dst, b)
		}
	}
	return dst
}

// Distance is how far two vectors of a set are from each other: from 0, for the same direction, to
// 2, for opposite ones. It can be NaN.
func (s *Set) Distance(a, b *Vector) float32 {
	switch s.Quant {
	case None:
		return 1 - dot(a.floats, b.floats)
	case Q8:
		return s.distanceBytes(a, b)
	}
	differ := 0
	y := b.words[:len(a.words)]
	for i, x := range a.words {
		differ += bits.OnesCount64(x ^ y[i])
	}
	return float32(2*differ) / float32(s.Dim)
}

// dot is the scalar product.
func dot(a, b []float32) float32 {
	var even, odd float32
	b = b[:len(a)]
	i := 0
	for ; i+8 <= len(a); i += 8 {
		a, b := a[i:i+8:i+8], b[i:i+8:i+8]
		even += float32(a[0]*b[0]) + float32(a[1]*b[1]) + float32(a[2]*b[2]) + float32(a[3]*b[3])
		odd += float32(a[4]*b[4]) + float32(a[5]*b[5]) + float32(a[6]*b[6]) + float32(a[7]*b[7])
	}
	for ; i < len(a); i++ {
		even += float32(a[i] * b[i])
	}
	return even + odd
}

// distanceBytes is Distance for Q8.
func (s *Set) distanceBytes(a, b *Vector) float32 {
	scale := float32(a.scale/127) * float32(b.scale/127)
	return min(max(1-float32(scale*float32(s.product(a, b))), 0), 2)
}

// Project turns a vector of Input components into one of Dim: each is a sum of the given ones, half
// of them negative as the rows of a Hadamard matrix say.
func (s *Set) Project(x []float32) []float32 {
	out := make([]float32, s.Dim)
	scale := float32(1 / math.Sqrt(float64(s.Input)))
	for i := range out {
		sum := float32(0)
		for j, f := range x {
			m := scale
			switch {
			case s.matrix != nil:
				m = s.matrix[i*s.Input+j]
			case bits.OnesCount32(uint32(i&j))%2 != 0:
				m = -scale
			}
			sum += float32(m * f)
		}
		out[i] = sum
	}
	return out
}

// AppendMatrix appends the factors of Project, row by row, as they lie in the memory of a server.
func (s *Set) AppendMatrix(dst []byte) []byte {
	scale := float32(1 / math.Sqrt(float64(s.Input)))
	for i := range s.Dim * s.Input {
		m := scale
		switch {
		case s.matrix != nil:
			m = s.matrix[i]
		case bits.OnesCount32(uint32(i/s.Input&(i%s.Input)))%2 != 0:
			m = -scale
		}
		dst = binary.LittleEndian.AppendUint32(dst, math.Float32bits(m))
	}
	return dst
}
