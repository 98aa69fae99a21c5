package geohash

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestNumbers compares with what redis-server says of known places.
func TestNumbers(t *testing.T) {
	for _, test := range []struct {
		at   Point
		bits uint64
		text string
		back Point
	}{
		{Point{13.361389, 38.115556}, 3479099956230698, "sqc8b49rny0",
			Point{13.361389338970184, 38.1155563954963}},
		{Point{15.087269, 37.502669}, 3479447370796909, "sqdtr74hyu0",
			Point{15.087267458438873, 37.50266842333162}},
	} {
		bits := Encode(test.at)
		if bits != test.bits || Decode(bits) != test.back {
			t.Errorf("%v: %d, %v", test.at, bits, Decode(bits))
		}
		if text := string(Text(nil, Decode(bits))); text != test.text {
			t.Errorf("%v: %s, want %s", test.at, text, test.text)
		}
	}
}

func anywhere(rng *rand.Rand) Point {
	return Point{(rng.Float64()*2 - 1) * LonMax, (rng.Float64()*2 - 1) * LatMax}
}

// TestDecode shows that a number leads back to its square, and that edges have numbers too.
func TestDecode(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	points := []Point{{0, 0}, {-LonMax, -LatMax}, {-LonMax, LatMax}, {LonMax, -LatMax}}
	for range 10_000 {
		points = append(points, anywhere(rng))
	}
	for _, p := range points {
		q := Decode(Encode(p))
		if math.Abs(p.Lon-q.Lon) > 1e-5 || math.Abs(p.Lat-q.Lat) > 1e-5 {
			t.Fatalf("%v becomes %v", p, q)
		}
	}
	for _, bits := range []uint64{1 << 52, math.MaxUint64, 1 << 63} {
		if p := Decode(bits); !p.Valid() {
			t.Errorf("%d is at %v", bits, p)
		}
	}
}

// TestRanges compares searches by ranges with looks at every point. Near the poles, and where a
// shape reaches round the earth, Redis's squares leave points out: those are not asked for.
func TestRanges(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	points := make([]Point, 3000)
	for i := range points {
		points[i] = Decode(Encode(anywhere(rng)))
	}
	for range 500 {
		s := Shape{Center: Point{rng.Float64()*200 - 100, rng.Float64()*120 - 60}}
		size := math.Pow(10, 2+rng.Float64()*4.2)
		if s.IsBox = rng.IntN(2) == 0; s.IsBox {
			s.Width, s.Height = size, size*rng.Float64()
		} else {
			s.Radius = size
		}
		ranges := s.Ranges(nil)
		for _, p := range points {
			bits, in := Encode(p), false
			for _, r := range ranges {
				in = in || bits >= r.Min && bits < r.Max
			}
			if _, ok := s.Holds(p); ok && !in {
				t.Fatalf("%+v misses %v", s, p)
			}
		}
	}
}

// TestFinder compares with Holds: shapes of every size, and points near their edges and antipodes.
func TestFinder(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	found := 0
	for range 2000 {
		s := Shape{Center: Decode(Encode(anywhere(rng)))}
		size := math.Pow(10, rng.Float64()*7.4)
		if s.IsBox = rng.IntN(2) == 0; s.IsBox {
			s.Width, s.Height = size, size*rng.Float64()
		} else {
			s.Radius = size
		}
		finder := s.Finder()
		for n := range 300 {
			p := anywhere(rng)
			switch n % 3 {
			case 0: // about as far as the shape reaches
				reach := degrees(size / earthRadius)
				p.Lon = s.Center.Lon + (rng.Float64()*2.4-1.2)*reach/math.Cos(radians(s.Center.Lat))
				p.Lat = s.Center.Lat + (rng.Float64()*2.4-1.2)*reach
			case 1: // opposite to it
				p = Point{s.Center.Lon + 180 + float64(rng.IntN(3)-1)*rng.Float64(), -s.Center.Lat}
			}
			if p.Lon > LonMax {
				p.Lon -= 360
			}
			if !p.Valid() {
				continue
			}
			bits := Encode(p)
			p = Decode(bits)
			want, in := s.Holds(p)
			at, distance, ok := finder.Find(bits)
			if ok != in ||
				in && (at != p || math.Float64bits(distance) != math.Float64bits(want)) {
				t.Fatalf("%+v, %v: %v %v, not %v %v", s, p, distance, ok, want, in)
			}
			if in {
				found++
			}
		}
	}
	if found < 10_000 {
		t.Errorf("%d points were in a shape", found)
	}
}

// TestRangesTwice shows that on a grid of two columns neighbours are not looked through twice where
// they follow each other.
func TestRangesTwice(t *testing.T) {
	s := Shape{Radius: 3e7}
	for i, r := range s.Ranges(nil) {
		if r.Min >= r.Max {
			t.Errorf("range %d is empty", i)
		}
	}
	if n := len(s.Ranges(nil)); n > 9 {
		t.Errorf("%d ranges", n)
	}
}

// TestPrecise compares both ways to a distance, and known digits.
func TestPrecise(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	for range 5000 {
		a, b := anywhere(rng), anywhere(rng)
		x, y := Distance(a, b), Precise(a, b)
		if math.Abs(x-y) > 1e-13*y*(1+y/1e5) {
			t.Fatalf("%v to %v: %v, precisely %v", a, b, x, y)
		}
	}
	palermo, catania := Decode(3479099956230698), Decode(3479447370796909)
	if d := Precise(palermo, catania); d != 166274.15156960033 {
		t.Errorf("from Palermo to Catania it is %v", d)
	}
	if d := Precise(palermo, palermo); d != 0 {
		t.Errorf("from Palermo to Palermo it is %v", d)
	}
}

func BenchmarkPrecise(b *testing.B) {
	for range b.N {
		Precise(Point{15, 37}, Point{14, 38})
	}
}

func BenchmarkHolds(b *testing.B) {
	s := Shape{Center: Point{15, 37}, Radius: 200_000}
	for range b.N {
		s.Holds(Point{14, 38})
	}
}

func BenchmarkFind(b *testing.B) {
	s := Shape{Center: Point{15, 37}, Radius: 5000}
	finder, bits := s.Finder(), Encode(Point{15.1, 37.1})
	for range b.N {
		finder.Find(bits)
	}
}
