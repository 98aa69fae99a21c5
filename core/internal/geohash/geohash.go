// Package geohash keeps points of the earth in numbers of 52 bits whose order keeps neighbours
// together for the most part: those of a square of a grid are one range. The grid, the earth and
// every step of the arithmetic are Redis's, so that the digits are.
package geohash

import "math"

// The points that have a number: the square of the Mercator projection (EPSG:900913).
const (
	LonMax = 180
	LatMax = 85.05112878
)

// stepMax is how often the grid halves both axes for the numbers of points.
const stepMax = 26

// Point is a place in degrees.
type Point struct{ Lon, Lat float64 }

// Valid tells whether a point has a number.
func (p Point) Valid() bool {
	return p.Lon >= -LonMax && p.Lon <= LonMax && p.Lat >= -LatMax && p.Lat <= LatMax
}

// Encode returns the number of a valid point.
func Encode(p Point) uint64 {
	c := cellOf(p, stepMax)
	return c.bits()
}

// Decode returns the middle of the square that a number stands for. Numbers that no point has give
// the nearest edge.
func Decode(bits uint64) Point {
	c := cell{lon: squeeze(bits >> 1), lat: squeeze(bits), step: stepMax}
	a := c.area()
	return Point{
		max(-LonMax, min((a.min.Lon+a.max.Lon)/2, LonMax)),
		max(-LatMax, min((a.min.Lat+a.max.Lat)/2, LatMax)),
	}
}

// Text appends the 11 letters by which others call a point: its number on a grid that reaches from
// pole to pole, of which the last letter has no bits left.
func Text(dst []byte, p Point) []byte {
	const letters = "0123456789bcdefghjkmnpqrstuvwxyz"
	c := cell{share(p.Lon, -180, 180, stepMax), share(p.Lat, -90, 90, stepMax), stepMax}
	bits := c.bits()
	for i := 1; i <= 10; i++ {
		dst = append(dst, letters[bits>>(52-5*i)&31])
	}
	return append(dst, letters[0])
}

// share is in which of 2^step parts of a range a number lies; its end lies in the part behind.
//
//go:noinline
func share(x, from, to float64, step uint) uint32 {
	return uint32((x - from) / (to - from) * float64(uint64(1)<<step))
}

// cell is a square of the grid that halves both axes step times.
type cell struct {
	lon, lat uint32
	step     uint
}

//go:noinline
func cellOf(p Point, step uint) cell {
	return cell{share(p.Lon, -LonMax, LonMax, step), share(p.Lat, -LatMax, LatMax, step), step}
}

// bits is the number of the square: the bits of both axes in turn, latitude the lowest.
func (c *cell) bits() uint64 { return spread(c.lat) | spread(c.lon)<<1 }

// moved is the square so many columns and rows further on, beyond the end from the start again.
func (c *cell) moved(lon, lat int) cell {
	to, mask := *c, uint32(1)<<c.step-1
	if lon != 0 {
		to.lon = (c.lon + uint32(lon)) & mask
	}
	if lat != 0 {
		to.lat = (c.lat + uint32(lat)) & mask
	}
	return to
}

// area is what a square covers.
type area struct{ min, max Point }

func (c *cell) area() area {
	return area{
		Point{edge(c.lon, LonMax, c.step), edge(c.lat, LatMax, c.step)},
		Point{edge(c.lon+1, LonMax, c.step), edge(c.lat+1, LatMax, c.step)},
	}
}

// edge is where part i of 2^step begins, of the range from -most to most. A power of two that is
// multiplied by, and not divided by, gives the same and takes a fraction of the time.
func edge(i uint32, most float64, step uint) float64 {
	part := math.Float64frombits(uint64(1023-step) << 52) // 2^-step
	return -most + float64(float64(i)*part*(2*most))
}

// spread puts a zero between each two bits.
//
//go:noinline
func spread(n uint32) uint64 {
	x := uint64(n)
	x = (x | x<<16) & 0x0000ffff0000ffff
	x = (x | x<<8) & 0x00ff00ff00ff00ff
	x = (x | x<<4) & 0x0f0f0f0f0f0f0f0f
	x = (x | x<<2) & 0x3333333333333333
	return (x | x<<1) & 0x5555555555555555
}

// squeeze takes every second bit.
func squeeze(x uint64) uint32 {
	x &= 0x5555555555555555
	x = (x | x>>1) & 0x3333333333333333
	x = (x | x>>2) & 0x0f0f0f0f0f0f0f0f
	x = (x | x>>4) & 0x00ff00ff00ff00ff
	x = (x | x>>8) & 0x0000ffff0000ffff
	return uint32(x | x>>16)
}

// earthRadius is in metres.
const earthRadius = 6372797.560856

// Here as elsewhere a conversion to float64 keeps a product from being fused with a sum, which some
// processors would do and others not.

func radians(degrees float64) float64 { return float64(degrees * (math.Pi / 180)) }
func degrees(radians float64) float64 { return radians / (math.Pi / 180) }

// Distance is how many metres two points are apart, by the haversine formula.
func Distance(a, b Point) float64 {
	v := math.Sin((radians(b.Lon) - radians(a.Lon)) / 2)
	if v == 0 {
		return latDistance(a.Lat, b.Lat)
	}
	from, to := radians(a.Lat), radians(b.Lat)
	u := math.Sin((to - from) / 2)
	h := float64(u*u) + float64(math.Cos(from)*math.Cos(to)*v*v)
	return 2 * earthRadius * math.Asin(math.Sqrt(h))
}

func latDistance(a, b float64) float64 {
	return earthRadius * math.Abs(radians(b)-radians(a))
}
